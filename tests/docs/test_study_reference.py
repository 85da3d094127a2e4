"""The page of the study folder names every table, column and key of a real study, and no other."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "study-folder.md"
WORD = re.compile(r"[a-z][a-z0-9_]*")


def sections(level: str, page: str) -> dict[str, str]:
    parts = re.split(rf"^{level} (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_cells(section: str) -> set[str]:
    """All names in the first column of a section's tables."""
    cells = (line.split("|")[1] for line in section.splitlines() if line.startswith("| "))
    return {word for cell in cells for word in WORD.findall(cell)} - {"key", "column", "table"}


def kinds() -> dict[str, str]:
    return sections("##", PAGE.read_text(encoding="utf-8"))


def study(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def columns(folder: Path) -> dict[str, set[str]]:
    return {path.stem: set(pl.read_parquet_schema(path)) for path in folder.glob("*.parquet")}


def stay_columns() -> set[str]:
    text = kinds()["Input of viavolta charge"].split("**LIMITS.csv**", maxsplit=1)[0]
    return {word for word in WORD.findall(text) if "_" in word} | {"arrival", "departure"}


def test_keys_of_the_study_file(tutorial: tuple[Path, str], charging: tuple[Path, str]) -> None:
    """study.json has the documented keys, and no other."""
    documented = first_cells(kinds()["study.json"])
    assert set(study(tutorial[0] / "first-plan")) == documented
    assert set(study(charging[0] / "night")) == documented


def test_summary_of_a_bus_plan(tutorial: tuple[Path, str]) -> None:
    """The summary has the documented keys, and no other."""
    keys = set(study(tutorial[0] / "first-plan")["summary"])
    assert first_cells(kinds()["kind bus: summary"]) == keys


def test_summary_of_a_charge_study(charging: tuple[Path, str]) -> None:
    """The summary has the documented keys, and no other."""
    keys = set(study(charging[0] / "night")["summary"])
    assert first_cells(kinds()["kind charge: summary"]) == keys


def test_tables_of_a_bus_plan(tutorial: tuple[Path, str]) -> None:
    """Each table has a section, and each of its columns is named there."""
    described = sections("###", kinds()["kind bus: tables"])
    names = {name for heading in described for name in heading.split(", ")}
    built = columns(tutorial[0] / "first-plan")
    assert names == set(built)
    for heading, section in described.items():
        for name in heading.split(", "):
            known = set(WORD.findall(section)) | (stay_columns() if name == "stays" else set())
            assert built[name] <= known, name
            if "| column |" in section:
                assert first_cells(section) == built[name], name


def test_tables_of_a_charge_study(charging: tuple[Path, str]) -> None:
    """Each table has a row, and each of its columns is named there."""
    section = kinds()["kind charge: tables"]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ")]
    described = {row[1].strip(): set(WORD.findall(row[2])) for row in rows[1:]}
    built = columns(charging[0] / "night")
    assert set(described) == set(built)
    for name, known in described.items():
        assert built[name] <= known | (stay_columns() if name == "stays" else set()), name
