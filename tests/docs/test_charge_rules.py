"""The page of the rules for charge studies has every rule of the check, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from viavolta import checks
from viavolta.checks import charge_summary

ROOM = Path(checks.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "check-rules-charge.md"
KEBAB = re.compile(r"[a-z]+(-[a-z]+)+")
SINGLE_WORDS = {"gap", "peak"}


def literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def rules_in_code() -> set[str]:
    modules = sorted(ROOM.glob("charge*.py"))
    words = {word for path in modules for word in literals(path)}
    figures = set(literals(Path(charge_summary.__file__)))
    counted = {f"summary-{word.replace('_', '-')}" for word in figures if is_compared(word)}
    return {word for word in words if KEBAB.fullmatch(word)} | (words & SINGLE_WORDS) | counted


def is_compared(figure: str) -> bool:
    """Whether the check works this figure of the summary out again under a rule of its own."""
    promised = set(charge_summary._FIGURES) | set(charge_summary._COUNTS)  # noqa: SLF001 - no twin
    return figure in promised - {"lower_bound_eur", "gap", "unmet_eur_per_kwh"}


def rules_on_page() -> list[str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = (line.split("|")[1].strip() for line in lines if line.startswith("| "))
    return [rule for cell in cells if cell != "rule" for rule in cell.split(", ")]


def test_every_charge_rule_is_on_the_page_once() -> None:
    """The page and the code have the same rules."""
    assert set(rules_on_page()) == rules_in_code()
    assert len(rules_on_page()) == len(set(rules_on_page()))
