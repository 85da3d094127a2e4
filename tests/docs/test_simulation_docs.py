"""The pages on simulations: the guide runs, and tables, keys and rules are those of the program."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta import checks
from viavolta.checks.simulation_data import STRATEGIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WORD = re.compile(r"[a-z][a-z0-9_]*")
KEBAB = re.compile(r"[a-z]+(-[a-z]+)+")
NO_RULES = {*STRATEGIES, "left-early", "more-than-believed"}


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the guide was followed, and what its commands printed."""
    folder, page = tmp_path_factory.mktemp("replay"), DOCS / "howto" / "simulate.md"
    content = page.read_text(encoding="utf-8")
    for name, table in zip(("sessions.csv", "prices.csv"), blocks(content, "csv"), strict=True):
        (folder / name).write_text(table, encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + "\n".join(blocks(content, "sh"))],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def blocks(content: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language, in order."""
    fence = rf"^```{language}\n(.*?)^```$"
    return re.findall(fence, content, flags=re.MULTILINE | re.DOTALL)


def sections() -> dict[str, str]:
    page = (DOCS / "reference" / "study-folder.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def summary(folder: Path) -> dict[str, Any]:
    document = json.loads((folder / "replay" / "study.json").read_text(encoding="utf-8"))
    found = document["summary"]
    assert isinstance(found, dict)
    return found


def test_the_guide_works(replay: tuple[Path, str]) -> None:
    """Its commands end well, and the check accepts the study."""
    folder, printed = replay
    assert "every rule holds" in printed
    figures = {entry["strategy"]: entry for entry in summary(folder)["strategies"]}
    assert figures["smart"]["eur_per_kwh"] < figures["uncontrolled"]["eur_per_kwh"]
    assert figures["uncontrolled"]["hours_above_limit"] > 0


def test_every_key_of_the_summary_is_on_the_page(replay: tuple[Path, str]) -> None:
    """The table of keys and the list of a strategy's figures are complete, and name no more."""
    section = sections()["kind simulation: summary"]
    table, _, rest = section.partition("Each strategy has:")
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    keys = {word for cell in cells for word in WORD.findall(cell)} - {"key"}
    found = summary(replay[0])
    assert keys == set(found)
    assert set(found["strategies"][0]) <= set(WORD.findall(rest))


def test_every_table_and_column_is_on_the_page(replay: tuple[Path, str]) -> None:
    """Each table has a row, and each of its columns is named there."""
    lines = sections()["kind simulation: tables"].splitlines()
    cells = [line.split("|") for line in lines if line.startswith("| ")][1:]
    described = {cell[1].strip(): set(WORD.findall(cell[2])) for cell in cells}
    paths = sorted((replay[0] / "replay").glob("*.parquet"))
    assert set(described) == {path.stem for path in paths}
    for path in paths:
        assert set(pl.read_parquet_schema(path)) <= described[path.stem], path.stem


def rules_in_code() -> set[str]:
    modules = sorted(Path(checks.__file__).parent.glob("simulation*.py"))
    words = {
        node.value
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {word for word in words if KEBAB.fullmatch(word)} - NO_RULES


def test_every_rule_is_on_the_page_once() -> None:
    """The page and the code have the same rules."""
    page = (DOCS / "reference" / "check-rules-simulation.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    rules = [cell for cell in cells if cell != "rule"]
    assert set(rules) == rules_in_code()
    assert len(rules) == len(set(rules))
