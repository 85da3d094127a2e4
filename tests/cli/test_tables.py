"""`viavolta tables` as a user meets it."""

import json
import sys
from pathlib import Path

import fastexcel
import pytest
from typer.testing import CliRunner

from viavolta.cli.app import app

CHECKS = str(Path(__file__).parent.parent / "checks")
if CHECKS not in sys.path:
    sys.path.append(CHECKS)

import small_bus_study  # noqa: E402 - found by the path above


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A small study."""
    return small_bus_study.write_small_study(tmp_path / "study")


def test_every_table_is_a_sheet_with_all_its_rows(study: Path, tmp_path: Path) -> None:
    """The workbook holds the figures and every table, row by row."""
    out = tmp_path / "tables.xlsx"
    result = CliRunner().invoke(app, ["tables", str(study), "-o", str(out), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["out"] == str(out)
    book = fastexcel.read_excel(out)
    tables = small_bus_study.small_tables()
    assert set(book.sheet_names) >= {"summary", "assumptions", *tables}
    for name, table in tables.items():
        sheet = book.load_sheet(name).to_polars()
        assert sheet.columns == table.columns
        assert sheet.height == table.height == told["tables"][name]
    energy = book.load_sheet("blocks").to_polars()["energy_kwh"].sum()
    assert energy == pytest.approx(tables["blocks"]["energy_kwh"].sum())
    summary = dict(book.load_sheet("summary").to_polars().select("key", "value").iter_rows())
    assert summary["vehicles"] == 3


def test_a_workbook_is_not_replaced_unless_asked(study: Path, tmp_path: Path) -> None:
    """Exit 2 where the file is there; no study, exit 5."""
    out = tmp_path / "tables.xlsx"
    out.write_text("mine")
    command = ["tables", str(study), "-o", str(out)]
    assert CliRunner().invoke(app, command).exit_code == 2
    assert out.read_text() == "mine"
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0
    assert fastexcel.read_excel(out).sheet_names
    nothing = tmp_path / "empty"
    nothing.mkdir()
    command = ["tables", str(nothing), "-o", str(tmp_path / "other.xlsx")]
    assert CliRunner().invoke(app, command).exit_code == 5
