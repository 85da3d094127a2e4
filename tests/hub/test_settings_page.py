"""The page of settings names every setting the hub reads."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_setting_is_described() -> None:
    """Each VIAVOLTA_ name in the hub's configuration has a row, and no row is of another name."""
    site = ROOT / "src/viavolta/hub/site"
    code = "".join(path.read_text("utf-8") for path in sorted(site.glob("*.py")))
    page = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    read = set(re.findall(r'"(VIAVOLTA_[A-Z_]+|DATABASE_URL)"', code))
    assert read == set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
