"""The page of rules for towns names every rule of the check, and no other."""

import re
from pathlib import Path

from viavolta import checks

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "check-rules-town.md"


def test_every_rule_is_on_the_page_once() -> None:
    """The page and the code have the same rules."""
    code = "".join(
        path.read_text(encoding="utf-8") for path in Path(checks.__file__).parent.glob("town*.py")
    )
    rules = set(re.findall(r"_finding\(\s*\"([a-z-]+)\"", code))
    rules |= set(re.findall(r"rule=\"([a-z-]+)\"", code))
    cells = [
        line.split("|")[1].strip()
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    assert sorted(cells[1:]) == sorted(rules)
