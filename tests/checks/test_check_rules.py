"""Every rule of the bus check is documented, and there is a tampering that breaks it."""

import ast
import re
from pathlib import Path

from tamper import RULES

import viavolta.checks

ROOM = Path(viavolta.checks.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "check-rules.md"
NO_RULES = {"general-knowledge", "utf-8", "not-bought", "not-a-study", "study-table-unreadable"}
KEBAB = re.compile(r"[a-z]+(-[a-z]+)+")


def rules_in_code(*, with_grid: bool) -> set[str]:
    """Rules of the bus check; those on its grid and on files for operators have their own tests."""
    others = ("charge", "evsp", "grid", "simulation", "town")
    others += (
        ()
        if with_grid
        else (
            "bus_alternatives",
            "bus_grid",
            "bus_sensitivities",
            "bus_robustness",
            "bus_phase_in",
            "operators",
        )
    )
    modules = [p for p in ROOM.glob("*.py") if not p.name.startswith(others)]
    literals = (
        node.value
        for module in modules
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {value for value in literals if KEBAB.fullmatch(value)} - NO_RULES


def rules_on_page() -> list[str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = (line.split("|")[1].strip() for line in lines if line.startswith("| "))
    return [cell for cell in cells if KEBAB.fullmatch(cell)]


def test_every_rule_is_on_the_page_once() -> None:
    """The page lists the rules of the code, each once."""
    assert set(rules_on_page()) >= rules_in_code(with_grid=True)
    assert len(set(rules_on_page())) == len(rules_on_page())


def test_every_rule_is_broken_by_some_tampering() -> None:
    """No rule is there that nothing ever breaks."""
    assert set(RULES.values()) == rules_in_code(with_grid=False)
