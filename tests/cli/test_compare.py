"""`viavolta compare` as a user meets it."""

import csv
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from viavolta.cli.app import app

CHECKS = str(Path(__file__).parent.parent / "checks")
if CHECKS not in sys.path:
    sys.path.append(CHECKS)

import small_bus_study  # noqa: E402 - found by the path above


@pytest.fixture
def studies(tmp_path: Path) -> tuple[Path, Path]:
    """A small study, and the same with a dearer year and a longer layover."""
    first = small_bus_study.write_small_study(tmp_path / "first")
    second = small_bus_study.write_small_study(tmp_path / "second")
    document = json.loads((second / "study.json").read_text(encoding="utf-8"))
    document["summary"] |= {"cost_eur_per_year": 2_000_000.0, "min_layover_s": 300}
    (second / "study.json").write_text(json.dumps(document), encoding="utf-8")
    return first, second


def test_people_read_what_changed(studies: tuple[Path, Path]) -> None:
    """Inputs, figures and blocks as lines."""
    result = CliRunner().invoke(app, ["compare", *map(str, studies)])
    assert result.exit_code == 0, result.output
    assert "Least layover: " in result.stdout
    assert "2,000,000 EUR/a" in result.stdout
    assert "blocks: 3 the same" in result.stdout


def test_programs_read_one_document(studies: tuple[Path, Path]) -> None:
    """Figures with values and differences, changes with what they act on, every block."""
    result = CliRunner().invoke(app, ["compare", *map(str, studies), "--json"])
    told = json.loads(result.stdout)
    costs = next(row for row in told["figures"] if row["figure"] == "cost_eur_per_year")
    assert costs["value_1"] == 2_000_000.0
    assert costs["difference_1"] == costs["value_1"] - costs["value_0"]
    assert [change["acts_on"] for change in told["changes"]] == [
        ["Buses", "Empty kilometres a day"]
    ]
    assert [block["pairing"] for block in told["blocks"]] == ["same"] * 3


def test_tables_are_written_as_csv(studies: tuple[Path, Path], tmp_path: Path) -> None:
    """Three files, not replaced unless asked."""
    command = ["compare", *map(str, studies), "--csv", str(tmp_path / "csv")]
    assert CliRunner().invoke(app, command).exit_code == 0
    with (tmp_path / "csv" / "blocks.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["pairing"] for row in csv.DictReader(stream)] == ["same"] * 3
    assert (tmp_path / "csv" / "figures.csv").read_text(encoding="utf-8").startswith("figure,label")
    assert "Least layover" in (tmp_path / "csv" / "changes.csv").read_text(encoding="utf-8")
    assert CliRunner().invoke(app, command).exit_code == 2
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0


def test_studies_of_two_kinds_are_refused(studies: tuple[Path, Path]) -> None:
    """A plan and a charge study have nothing to compare."""
    document = json.loads((studies[1] / "study.json").read_text(encoding="utf-8"))
    (studies[1] / "study.json").write_text(json.dumps({**document, "kind": "charge"}))
    result = CliRunner().invoke(app, ["compare", *map(str, studies), "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "compare-other-kind"
