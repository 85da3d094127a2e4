"""A charge study from its files, end to end."""

import dataclasses
import json
import shlex
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from viavolta.checks.charge import check_charge
from viavolta.cli.charge import charge, step_seconds
from viavolta.model.errors import InputError, UsageError
from viavolta.model.progress import silent
from viavolta.model.study import Study
from viavolta.services.charge_request import ChargeRequest
from viavolta.services.schedule_charging import schedule_charging

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


def make_study(folder: Path, *, options: dict[str, object] | None = None, **texts: str) -> Study:
    """The study of a small night; its clock stands still."""
    request = dataclasses.replace(write_files(folder, **texts), **(options or {}))
    return schedule_charging(request, progress=silent, clock=lambda: 0.0)


def findings(study: Study) -> list[object]:
    """What the check finds in a study."""
    return check_charge({"summary": study.summary}, study.tables)


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
        "command",
    } <= set(study.summary)
    assert set(study.summary["cost_items_eur"]) == {
        "energy",
        "wear",
        "ageing",
        "peak",
        "unmet",
        "fairness",
        "early",
        "carbon",
    }
    items = study.summary["cost_items_eur"].values()
    assert sum(items) == pytest.approx(study.summary["cost_eur"])
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
    assert findings(study) == []


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
    assert findings(study) == []


def test_energy_for_less_than_nothing_is_taken_and_said(tmp_path):
    """A stay without a known battery takes more than asked for at negative prices."""
    study = make_study(
        tmp_path,
        stays=STAYS.replace("02:00,20,11,,,,,,0.9", "02:00,2,11,,,,,,0.9"),
        limits=LIMITS.replace(",10,0.5", ",10,"),
        signals=SIGNALS.replace(",0.10,0.05", ",-0.10,-0.15"),
    )
    assert "charge-more-than-asked" in warned(study)
    assert findings(study) == []


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
    assert findings(study) == []


WITH_CARBON = "start,buy_eur_per_kwh,sell_eur_per_kwh,co2_g_per_kwh\n" + "".join(
    f"{row},{grams}\n"
    for row, grams in zip(SIGNALS.splitlines()[1:], (50, 100, 900, 300, 200, 400), strict=True)
)


def test_carbon_with_a_price_moves_energy_and_is_an_item_of_its_own(tmp_path):
    """Less carbon at a dearer energy; the table of signals keeps the prices as given."""
    plain = make_study(tmp_path, signals=WITH_CARBON)
    priced = make_study(tmp_path, signals=WITH_CARBON, options={"carbon_eur_per_t": 500.0})
    assert plain.summary["cost_items_eur"]["carbon"] == 0
    assert priced.summary["co2_kg"] < plain.summary["co2_kg"] - 1
    items, before = (study.summary["cost_items_eur"] for study in (priced, plain))
    assert items["carbon"] == pytest.approx(priced.summary["co2_kg"] * 0.5)
    assert items["energy"] > before["energy"]
    assert sum(items.values()) == pytest.approx(priced.summary["cost_eur"])
    assert priced.tables["signals"].equals(plain.tables["signals"])
    assert findings(plain) == findings(priced) == []


def test_carbon_is_worked_out_from_the_tables(tmp_path):
    """Net energy at the root times its grams; without the column nothing is known."""
    study = make_study(tmp_path, signals=WITH_CARBON)
    root = study.tables["limit_profile"].filter(pl.col("limit_id") == "root")
    joined = root.join(study.tables["signals"], on="start")
    grams = (joined["net_kw"] * 0.25 * joined["co2_g_per_kwh"]).sum()
    assert study.summary["co2_kg"] == pytest.approx(grams / 1000)
    assert make_study(tmp_path).summary["co2_kg"] is None


def test_a_price_of_carbon_needs_its_column(tmp_path):
    """The error names file and column."""
    with pytest.raises(InputError) as caught:
        make_study(tmp_path, options={"carbon_eur_per_t": 100.0})
    assert caught.value.code == "signals-without-carbon"
    assert caught.value.where is not None
    assert caught.value.where.field == "co2_g_per_kwh"


TIGHT = "limit_id,parent_id,import_kw,export_kw\nroot,,6,10\nsite,root,6,10\n"
UNEQUAL = """stay_id,arrival,departure,energy_kwh,max_kw,charge_efficiency
x,2025-03-30T00:00:00Z,2025-03-30T02:00:00Z,10,11,0.8
y,2025-03-30T00:00:00Z,2025-03-30T02:00:00Z,10,11,0.95
"""
"""With 2 kW of base load, 8 kWh for two that want 10 each; y makes more of them."""


def test_fairness_spreads_shortfall_and_its_price_is_stated(tmp_path):
    """By hand: y alone stores 7.6 kWh; by the rule y stores 5 with 5.26 kWh, and x the rest.

    Then 12.81 kWh instead of 12.4 are missing, at 10 EUR.
    """
    plain = make_study(tmp_path, stays=UNEQUAL, limits=TIGHT)
    options: dict[str, object] = {"unfair_eur_per_kwh": 5.0}
    fair = make_study(tmp_path, stays=UNEQUAL, limits=TIGHT, options=options)
    assert plain.summary["fairness_price_eur"] is None
    assert plain.tables["stays"]["unmet_kwh"].to_list() == pytest.approx([10, 2.4])
    x_kwh = (8 - 5 / 0.95) * 0.8
    assert fair.tables["stays"]["unmet_kwh"].to_list() == pytest.approx([10 - x_kwh, 5])
    assert fair.summary["fairness_price_eur"] == pytest.approx(10 * (7.6 - 5 - x_kwh))
    assert fair.summary["cost_items_eur"]["fairness"] == pytest.approx(5 * (5 - x_kwh))
    assert findings(plain) == findings(fair) == []


def test_a_price_of_fairness_from_a_search_cut_short_is_not_stated(tmp_path):
    """No figure rather than a wrong one, and a warning."""
    request = dataclasses.replace(
        write_files(tmp_path, stays=UNEQUAL, limits=TIGHT), unfair_eur_per_kwh=5.0, time_limit_s=0.0
    )
    ticks = iter(range(1_000_000))
    study = schedule_charging(request, progress=silent, clock=lambda: float(next(ticks)))
    assert study.summary["fairness_price_eur"] is None
    assert "charge-cut-short" in warned(study)


def test_uncertain_departures_are_a_table_an_item_and_repeat(tmp_path):
    """The same seed draws the same departures; another seed draws others."""
    options: dict[str, object] = {"early_spread_h": 1.5}
    study = make_study(tmp_path, options=options)
    early = study.tables["early_departures"]
    assert early.height > 0
    assert early.group_by("stay_id").agg(pl.col("share").sum())["share"].max() <= 1
    assert study.summary["cost_items_eur"]["early"] > 0
    assert study.summary["early_samples"] == 200
    assert findings(study) == []
    assert early.equals(make_study(tmp_path, options=options).tables["early_departures"])
    other = make_study(tmp_path, options={**options, "seed": 2})
    assert not early.equals(other.tables["early_departures"])
    assert make_study(tmp_path).summary["early_samples"] == 0
    low = make_study(tmp_path, options={**options, "effort": "low"})
    assert low.summary["early_samples"] == 50


def test_a_power_profile_binds_and_is_recorded(tmp_path):
    """Stay b may do next to nothing from 01:00 on; the file is an input."""
    profile = tmp_path / "power.csv"
    profile.write_text(
        "stay_id,start,max_kw,max_discharge_kw\nb,2025-03-30T00:00:00Z,0.5,0\n", encoding="utf-8"
    )
    study = make_study(tmp_path, options={"power_profile": profile})
    assert study.inputs[-1].name == "power.csv"
    assert study.tables["power_profile"]["max_kw"].to_list() == [0.5]
    late = study.tables["schedule"].filter(
        (pl.col("stay_id") == "b") & (pl.col("start") >= pl.datetime(2025, 3, 30, time_zone="UTC"))
    )
    assert late.height > 0
    assert late["power_kw"].is_between(0, 0.5 + 1e-9).all()
    assert findings(study) == []


def test_all_goals_hold_together(tmp_path):
    """Carbon, fairness, uncertain departures and a profile in one study that the check accepts."""
    profile = tmp_path / "power.csv"
    profile.write_text("stay_id,start,max_kw\na,2025-03-30T01:00:00Z,5\n", encoding="utf-8")
    options: dict[str, object] = {
        "carbon_eur_per_t": 100.0,
        "unfair_eur_per_kwh": 3.0,
        "early_spread_h": 0.5,
        "power_profile": profile,
    }
    study = make_study(tmp_path, limits=TIGHT, signals=WITH_CARBON, options=options)
    assert findings(study) == []
    assert {used.key for used in study.assumptions} == {
        "charge.unmet_eur_per_kwh",
        "charge.unfair_eur_per_kwh",
        "charge.carbon_eur_per_t",
        "charge.early_spread_h",
    }


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
    summary = json.loads(result.stdout)
    assert Path(summary["report"]).is_file()
    assert (tmp_path / "out" / "schedule.parquet").is_file()
    assert run_command(tmp_path).exit_code == 2  # not empty
    assert run_command(tmp_path, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--cluster", "tcp://x"), "cluster-address-unreadable"),
        (("--gap", "-1"), "option-out-of-range"),
        (("--unmet-eur-per-kwh", "nan"), "option-out-of-range"),
        (("--unfair-eur-per-kwh", "-0.1"), "option-out-of-range"),
        (("--carbon-eur-per-t", "inf"), "option-out-of-range"),
        (("--early-spread-h", "-1"), "option-out-of-range"),
        (("--power-profile", "nowhere.csv"), "missing-path"),
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


def test_the_recorded_command_makes_the_same_tables_again(tmp_path, monkeypatch):
    """Run where the inputs are, as the report says."""
    options = ("--unfair-eur-per-kwh", "2", "--base-load", str(tmp_path / "base.csv"))
    first = json.loads(run_command(tmp_path, *options).stdout)
    program, name, *words = shlex.split(first["command"])
    assert (program, name) == ("viavolta", "charge")
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(charge)
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    for path in sorted((tmp_path / "out").glob("*.parquet")):
        assert path.read_bytes() == (tmp_path / "STUDY" / path.name).read_bytes(), path.name
