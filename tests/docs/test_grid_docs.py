"""The pages on grids: the guide runs, and tables, keys and rules are those of the program."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import polars as pl

from viavolta import checks
from viavolta.checks.grid_data import CAUSES, KINDS

DOCS = Path(__file__).parents[2] / "docs"
WORD = re.compile(r"[a-z][a-z0-9_]*")
RULE_CALLS = {"found", "_found", "_differs"}


def sections() -> dict[str, str]:
    page = (DOCS / "reference" / "study-folder.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def summary(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "study.json").read_text(encoding="utf-8"))["summary"]
    assert isinstance(found, dict)
    return found


def test_the_guide_works(grid_guide: tuple[Path, str]) -> None:
    """Its commands end well: planning keeps the grid, charging at once does not, dimming mends."""
    folder, printed = grid_guide
    assert "every rule holds" in printed
    hours = summary(folder / "street")["violation_hours"]
    assert hours["none"] == hours["planned"] == 0 < hours["unmanaged"]
    assert summary(folder / "dimmed")["violation_hours"]["unmanaged-dimmed"] == 0


def test_every_key_of_the_summary_is_on_the_page(grid_guide: tuple[Path, str]) -> None:
    """The table of keys is complete, and names no more."""
    lines = sections()["kind grid, assessment: summary"].splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("| ")]
    keys = {word for cell in cells for word in WORD.findall(cell)} - {"key"}
    assert keys == set(summary(grid_guide[0] / "street"))


def test_every_table_and_column_is_on_the_page(grid_guide: tuple[Path, str]) -> None:
    """Each table has a row, and each of its columns is named there."""
    lines = sections()["kind grid, assessment: tables"].splitlines()
    cells = [line.split("|") for line in lines if line.startswith("| ")][1:]
    described = {cell[1].strip(): set(WORD.findall(cell[2])) for cell in cells}
    paths = sorted((grid_guide[0] / "street").glob("*.parquet"))
    assert set(described) == {path.stem for path in paths}
    for path in paths:
        assert set(pl.read_parquet_schema(path)) <= described[path.stem], path.stem


def test_kinds_and_causes_are_on_the_page() -> None:
    """Every kind of violation and every cause is explained."""
    text = sections()["kind grid, assessment: tables"].replace("\n", " ")
    assert all(word in text for word in (*KINDS, *CAUSES))


def rules_in_code() -> set[str]:
    """First arguments of the calls that make findings, and first parts of pairs with a test."""
    rules: set[str] = set()
    for path in sorted(Path(checks.__file__).parent.glob("grid*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            first: ast.expr | None = None
            if isinstance(node, ast.Call) and ast.unparse(node.func) in RULE_CALLS and node.args:
                first = node.args[0]
            elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
                first = node.elts[0]
                if not isinstance(node.elts[1], ast.BinOp | ast.UnaryOp):
                    first = None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                rules.add(first.value)
    return rules


def test_every_rule_is_on_the_page_once() -> None:
    """The page and the code have the same rules."""
    page = (DOCS / "reference" / "check-rules-grid.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    rules = [cell for cell in cells if cell != "rule"]
    assert set(rules) == rules_in_code()
    assert len(rules) == len(set(rules))
