"""`viavolta config` as a command."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
import typer
from typer.testing import CliRunner

from viavolta.catalogue import Assumptions
from viavolta.cli.config import bus_config_text, config, town_config_text
from viavolta.services.bus_config import BUS_SUBJECTS
from viavolta.services.town.figures import TOWN_SUBJECTS

app = typer.Typer()
app.command()(config)
runner = CliRunner()


def test_bus_prints_valid_toml() -> None:
    """What is printed is what the library writes."""
    result = runner.invoke(app, ["bus"])
    assert result.exit_code == 0
    assert result.stdout == bus_config_text()
    assert set(tomllib.loads(result.stdout)) == set(BUS_SUBJECTS)


def test_grid_prints_valid_toml() -> None:
    """A town's grid study has a configuration of its own, with all that it rests on."""
    result = runner.invoke(app, ["grid"])
    assert result.exit_code == 0
    assert result.stdout == town_config_text()
    assert set(tomllib.loads(result.stdout)) == set(TOWN_SUBJECTS)


def test_json_carries_one_document() -> None:
    """With --json the text stands in one field."""
    result = runner.invoke(app, ["bus", "--json"])
    document = json.loads(result.stdout)
    assert document == {"kind": "bus", "config": bus_config_text()}


def test_every_figure_has_its_unit_source_and_status_above_it() -> None:
    """Each line that sets a figure follows a comment that says what the figure is."""
    assumptions = Assumptions(BUS_SUBJECTS)
    comment, table = "", ""
    seen = []
    for line in bus_config_text().splitlines():
        if line.startswith("["):
            table, comment = line.strip("[]"), ""
        elif line.startswith("#"):
            comment += " " + line.removeprefix("# ").strip()
        elif line:
            figure = assumptions.figure(f"{table}.{line.partition(' = ')[0]}")
            told = re.sub(r"\s+", " ", comment)
            for fact in (figure.unit, figure.source, str(figure.year or ""), figure.status):
                assert re.sub(r"\s+", " ", fact) in told, figure.key
            seen.append(figure.key)
            comment = ""
    assert sorted(seen) == sorted(assumptions.keys())


@pytest.mark.parametrize("kind", ["freight", "sites"])
def test_other_kinds_are_not_there_yet(kind: str) -> None:
    """They are named, and said to be missing."""
    result = runner.invoke(app, [kind, "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "config-not-available"


def test_an_unknown_kind_is_an_error_of_use() -> None:
    """The kinds there are stand in the error."""
    result = runner.invoke(app, ["tram", "--json"])
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "unknown-config-kind"
    assert error["expected"] == "bus, freight, sites, grid"


def test_the_command_loads_nothing_heavy() -> None:
    """Importing the command group does not load numpy, polars or a solver."""
    code = (
        "import sys, viavolta.cli.config;"
        "print([m for m in ('numpy', 'polars', 'numba', 'highspy') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.decode().strip() == "[]"
