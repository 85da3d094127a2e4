"""`viavolta profiles` as a user meets it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from viavolta.cli.profiles import profiles
from viavolta.protocols.ocpp.charging_profile import violation
from viavolta.protocols.ocpp.schemas import Version

cli = typer.Typer()
cli.command()(profiles)

START = dt.datetime(2025, 3, 10, 17, tzinfo=dt.UTC)
KEYS = ("inputs", "assumptions", "repairs", "warnings", "files")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of two vans over an hour."""
    folder = tmp_path / "night"
    folder.mkdir()
    meta = {
        "kind": "charge",
        "title": "Two vans",
        "viavolta": "0.1.0",
        "seed": 1,
        "effort": "normal",
        "service_date": None,
        "timezone": "UTC",
        "summary": {"step_s": 1800},
        "timings_s": {},
        **{key: [] for key in KEYS},
    }
    (folder / "study.json").write_text(json.dumps(meta), encoding="utf-8")
    later = START + dt.timedelta(minutes=30)
    end = START + dt.timedelta(hours=1)
    moment = pl.Datetime("us", "UTC")
    pl.DataFrame(
        {"stay_id": ["a", "b"], "arrival": [START] * 2, "departure": [end] * 2},
        schema_overrides={"arrival": moment, "departure": moment},
    ).write_parquet(folder / "stays.parquet")
    pl.DataFrame(
        {"stay_id": ["a", "a", "b"], "start": [START, later, later], "power_kw": [7.0, 3.0, 11.0]},
        schema_overrides={"start": moment},
    ).write_parquet(folder / "schedule.parquet")
    return folder


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def ask(study: Path, *options: str | Path, ocpp: str = "1.6", periods: str = "1") -> Any:
    out = study.parent / "profiles"
    return run(study, "--out", out, "--ocpp", ocpp, "--max-periods", periods, *options)


@pytest.mark.parametrize("version", list(Version))
def test_each_version_is_written(study: Path, version: Version) -> None:
    """One valid profile a line; the loss in a table; the study lists both."""
    result = ask(study, "--json", ocpp=version.value)
    assert result.exit_code == 0, result.output
    out = study.parent / "profiles"
    lines = (out / "profiles.jsonl").read_text(encoding="ascii").splitlines()
    assert [json.loads(line)["stay_id"] for line in lines] == ["a", "b"]
    assert [violation(version, json.loads(line)["profile"]) for line in lines] == [None, None]
    assert pl.read_parquet(out / "loss.parquet")["deviation_kwh"].to_list() == [2.0, 5.5]
    document = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert document["kind"] == "profiles"
    assert [file["name"] for file in document["files"]] == ["loss.parquet", "profiles.jsonl"]
    summary = json.loads(result.stdout)
    assert summary["out"] == str(out)
    assert summary["deviation_kwh"] == 7.5
    assert summary["stays_simplified"] == 2


def test_people_see_what_is_lost(study: Path) -> None:
    """Energy, deviation and the warning stand in plain lines."""
    result = ask(study, "--unit", "a", "--keep", "ENERGY", "--purpose", "txprofile")
    assert result.exit_code == 0, result.output
    assert "2 profiles for OCPP 1.6, 2 periods of at most 1 each" in result.stdout
    assert "of 10.5 kWh" in result.stdout
    assert "profiles-simplified" in result.stdout


def test_one_stay(study: Path) -> None:
    """The profile of one stay is a file by itself, replaced with --force only."""
    assert ask(study, "--stay", "b").exit_code == 0
    profile = json.loads((study.parent / "profiles" / "profile.json").read_text(encoding="ascii"))
    assert profile["chargingProfileId"] == 2
    again = ask(study, "--stay", "b", "--json")
    assert again.exit_code == 2
    assert json.loads(again.stdout)["error"]["code"] == "out-not-empty"
    assert ask(study, "--force").exit_code == 0
    assert not (study.parent / "profiles" / "profile.json").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"ocpp": "3"}, "unknown-choice"),
        ({"ocpp": "1.6", "periods": "0"}, "option-out-of-range"),
        ({"ocpp": "1.6", "periods": "1025"}, "option-out-of-range"),
    ],
)
def test_unknown_versions_and_periods(study: Path, options: dict[str, str], code: str) -> None:
    """They are wrong uses, with exit code 2, and nothing is written."""
    result = ask(study, "--json", **options)
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["code"] == code
    assert error["expected"]
    assert not (study.parent / "profiles").exists()


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--unit", "kW", "unknown-choice"),
        ("--keep", "peace", "unknown-choice"),
        ("--purpose", "ChargingStationMaxProfile", "unknown-choice"),
        ("--stack-level", "-1", "option-out-of-range"),
        ("--stay", "nobody", "profiles-unknown-stay"),
        ("--lang", "xx", "unknown-language"),
    ],
)
def test_wrong_options(study: Path, option: str, value: str, code: str) -> None:
    """Each says what it takes, with exit code 2."""
    result = ask(study, option, value, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == code


def test_folders_that_are_no_study(study: Path, tmp_path: Path) -> None:
    """A missing folder is a wrong use; an empty or damaged one is invalid content."""
    missing = ask(tmp_path / "absent", "--json")
    assert (missing.exit_code, json.loads(missing.stdout)["error"]["code"]) == (2, "missing-path")
    (tmp_path / "empty").mkdir()
    empty = ask(tmp_path / "empty", "--json")
    assert (empty.exit_code, json.loads(empty.stdout)["error"]["code"]) == (5, "not-a-study")
    (study / "schedule.parquet").write_bytes(b"PAR1 and nothing more")
    damaged = ask(study, "--json")
    assert damaged.exit_code == 5
    assert json.loads(damaged.stdout)["error"]["code"] == "study-table-unreadable"
    assert not (tmp_path / "profiles").exists()
