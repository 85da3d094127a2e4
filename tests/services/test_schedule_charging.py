"""A charge study from its files, end to end."""

from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from viavolta.checks.charge import check_charge
from viavolta.cli.charge import charge, step_seconds
from viavolta.model.errors import UsageError
from viavolta.model.progress import silent
from viavolta.model.study import Study
from viavolta.services.schedule_charging import ChargeRequest, schedule_charging

STAYS = """stay_id,arrival,departure,energy_kwh,max_kw,min_kw,max_discharge_kw,capacity_kwh,\
soc_arrival_kwh,soc_min_kwh,charge_efficiency,discharge_efficiency,wear_eur_per_kwh,limit_id
a,2025-03-30T00:10:00+01:00,2025-03-30T06:00:00+02:00,20,11,,,,,,0.9,,,
b,2025-03-30T00:00:00+01:00,2025-03-30T07:00:00+02:00,20,11,,11,60,30,5,0.95,0.95,0.02,site
c,2025-03-30T01:00:00+01:00,2025-03-30T03:30:00+02:00,40,22,4.14,,,,,,,,site
"""
LIMITS = """limit_id,parent_id,import_kw,export_kw,peak_eur_per_kw
root,,24,10,0.5
site,root,20,10,
"""
SIGNALS = """start,buy_eur_per_kwh,sell_eur_per_kwh
2025-03-30T00:00:00+01:00,0.30,0.25
2025-03-30T01:00:00+01:00,0.20,0.15
2025-03-30T03:00:00+02:00,0.10,0.05
2025-03-30T04:00:00+02:00,0.15,0.05
2025-03-30T05:00:00+02:00,0.25,0.2
2025-03-30T06:00:00+02:00,0.5,0.4
"""
BASE_LOAD = "limit_id,start,load_kw\nroot,2025-03-29T00:00:00Z,2\nroot,2025-03-30T03:00:00Z,-6\n"


def write_files(folder: Path, *, stays=STAYS, limits=LIMITS, signals=SIGNALS) -> ChargeRequest:
    """Write the files of a small night and ask for its schedule."""
    texts = {"stays": stays, "limits": limits, "signals": signals, "base": BASE_LOAD}
    for name, content in texts.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return ChargeRequest(
        stays=folder / "stays.csv",
        limits=folder / "limits.csv",
        signals=folder / "signals.csv",
        base_load=folder / "base.csv",
    )


def make_study(folder: Path, **texts: str) -> Study:
    """The study of a small night; its clock stands still."""
    return schedule_charging(write_files(folder, **texts), progress=silent, clock=lambda: 0.0)


def warned(study: Study) -> list[str]:
    """Codes of the study's warnings."""
    return [warning.code for warning in study.warnings]


def test_a_study_holds_what_the_contract_promises(tmp_path):
    """Summary, tables and their columns, inputs by hash; the check accepts it."""
    study = make_study(tmp_path)
    assert {
        "stays",
        "steps",
        "cost_eur",
        "lower_bound_eur",
        "gap",
        "unmet_kwh",
        "unmet_stays",
        "peak_import_kw",
        "binding_limits",
        "cost_unmanaged_eur",
        "peak_unmanaged_kw",
        "cost_without_vehicles_eur",
    } <= set(study.summary)
    assert study.tables["schedule"].columns == ["stay_id", "start", "power_kw", "energy_kwh"]
    assert study.tables["schedule"].schema["start"] == pl.Datetime("us", "UTC")
    assert study.tables["prices"].columns[:5] == [
        "limit_id",
        "start",
        "import_eur_per_kwh",
        "export_eur_per_kwh",
        "peak_eur_per_kwh",
    ]
    assert [source.name for source in study.inputs] == [
        "stays.csv",
        "limits.csv",
        "signals.csv",
        "base.csv",
    ]
    assert study.summary["steps"] == 24
    assert study.summary["unmet_stays"] == 1
    assert study.summary["cost_eur"] < study.summary["cost_unmanaged_eur"]
    assert "charge-unmet-energy" in warned(study)
    assert check_charge({"summary": study.summary}, study.tables) == []


def test_the_same_files_give_the_same_tables(tmp_path):
    """Twice, to the last bit."""
    first, second = make_study(tmp_path), make_study(tmp_path)
    for name, table in first.tables.items():
        assert table.equals(second.tables[name], null_equal=True), name
    assert first.summary == second.summary


def test_base_load_above_a_limit_is_reported(tmp_path):
    """2 kW of base load under a limit of 1 kW."""
    study = make_study(tmp_path, limits=LIMITS.replace("root,,24", "root,,1"))
    assert "charge-base-load-above-limit" in warned(study)
    (excess,) = study.summary["base_load_excess"]
    assert (excess["limit_id"], excess["worst_kw"]) == ("root", 1.0)
    assert check_charge({"summary": study.summary}, study.tables) == []


def test_energy_for_less_than_nothing_is_taken_and_said(tmp_path):
    """A stay without a known battery takes more than asked for at negative prices."""
    study = make_study(
        tmp_path,
        stays=STAYS.replace("02:00,20,11,,,,,,0.9", "02:00,2,11,,,,,,0.9"),
        limits=LIMITS.replace(",10,0.5", ",10,"),
        signals=SIGNALS.replace(",0.10,0.05", ",-0.10,-0.15"),
    )
    assert "charge-more-than-asked" in warned(study)
    assert check_charge({"summary": study.summary}, study.tables) == []


def test_a_search_cut_short_says_so(tmp_path):
    """No time at all: first come, first served, with a bound that is still valid."""
    request = write_files(tmp_path)
    ticks = iter(range(1_000_000))
    stopped = ChargeRequest(
        stays=request.stays, limits=request.limits, signals=request.signals, time_limit_s=0.0
    )
    study = schedule_charging(stopped, progress=silent, clock=lambda: float(next(ticks)))
    assert {"charge-cut-short", "charge-gap-not-reached"} <= set(warned(study))
    assert study.summary["was_stopped"]
    assert check_charge({"summary": study.summary}, study.tables) == []


@pytest.mark.parametrize(
    ("step", "seconds"), [("15min", 900), ("900s", 900), ("1h", 3600), ("5 min", 300)]
)
def test_steps_are_read_with_their_unit(step, seconds):
    """Minutes, seconds, hours."""
    assert step_seconds(step) == seconds


@pytest.mark.parametrize("step", ["", "15", "-15min", "1d", "0.25h", "99999999999min"])
def test_steps_without_a_usable_unit_are_refused(step):
    """Exit code 2."""
    with pytest.raises(UsageError):
        step_seconds(step)


def run_command(folder: Path, *options: str):
    """Run `viavolta charge` on the small night."""
    write_files(folder)
    app = typer.Typer()
    app.command()(charge)
    arguments = [str(folder / "stays.csv"), "--out", str(folder / "out"), "--json"]
    for name in ("limits", "signals"):
        arguments += [f"--{name}", str(folder / f"{name}.csv")]
    return CliRunner().invoke(app, [*arguments, *options])


def test_the_command_writes_a_study(tmp_path):
    """Exit 0, one JSON document, a folder."""
    result = run_command(tmp_path)
    assert result.exit_code == 0, result.output
    assert '"cost_eur"' in result.stdout
    assert (tmp_path / "out" / "schedule.parquet").is_file()
    assert run_command(tmp_path).exit_code == 2  # not empty
    assert run_command(tmp_path, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--cluster", "tcp://x"), "cluster-not-available"),
        (("--gap", "-1"), "option-out-of-range"),
        (("--unmet-eur-per-kwh", "nan"), "option-out-of-range"),
        (("--step", "7min"), "step-does-not-divide-hour"),
        (("--step", "soon"), "step-unreadable"),
        (("--base-load", "nowhere.csv"), "missing-path"),
    ],
)
def test_bad_options_end_with_exit_code_two(tmp_path, options, code):
    """And leave no folder behind."""
    result = run_command(tmp_path, *options)
    assert result.exit_code == 2
    assert code in result.stdout
    assert not (tmp_path / "out").exists()
