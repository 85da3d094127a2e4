"""A simulation from its files to a study that the check accepts."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from viavolta.checks.simulation import check_simulation
from viavolta.cli.app import app
from viavolta.model.errors import InputError
from viavolta.model.progress import silent
from viavolta.model.study import Study
from viavolta.services.simulate import SimulationRequest, simulate
from viavolta.services.simulation.strategies import Strategy

# All rows below are invented for these tests.
HEADS = {
    "norway": "session,garage,user,user_type,start_local,end_local,energy_kwh",
    "acn": "arrival,departure,requested_energy (kWh),delivered_energy (kWh),station_id,session_id,"
    "estimated_departure,claimed,site",
    "perth": "_id,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Site,Model",
    "stays": "stay_id,arrival,departure,energy_kwh,max_kw,limit_id",
}


def rows(format_: str, *, n: int = 12) -> str:
    """Sessions of two sites in each of the formats, on three days of January 2019."""
    rng = np.random.default_rng(5)
    lines = [HEADS[format_]]
    for i in range(n):
        a = dt.datetime.fromisoformat("2019-01-07T08:00") + dt.timedelta(
            hours=4 * i, minutes=int(rng.integers(60))
        )
        d = a + dt.timedelta(minutes=int(rng.integers(60, 600)))
        kwh = round(float(rng.uniform(1, 6)), 2)
        guess = a + dt.timedelta(hours=3)
        line = {
            "norway": f"{i},G{i % 2},U{i % 3},Private,{a:%Y-%m-%dT%H:%M},{d:%Y-%m-%dT%H:%M},{kwh}",
            "acn": f"{a}-08:00,{d}-08:00,{kwh + 2},{kwh},ST{i % 3},{i},{guess}-08:00,"
            f"{i % 4 > 0},S{i % 2}",
            "perth": f"{i},5{i % 3},1,{a:%Y-%m-%d}T00:00:00,{a:%H:%M},{d:%Y-%m-%d}T00:00:00,"
            f"{d:%H:%M},{kwh},P{i % 2},X 22kW",
            "stays": f"{i},{a}+00:00,{d}+00:00,{kwh},11,L{i % 2}",
        }[format_]
        lines.append(line)
    return "\n".join(lines) + "\n"


PRICES = "utc,price_eur_mwh\n" + "".join(
    f"2019-01-{7 + h // 24:02d}T{h % 24:02d}:00Z,{50 + 40 * np.sin(h / 4):.2f}\n"
    for h in range(24 * 5)
)
LIMITS = """limit_id,parent_id,import_kw,export_kw,peak_eur_per_kw
root,,9,3,0.5
L0,root,7,7,
L1,root,7,7,
"""
SIGNALS = "start,buy_eur_per_kwh,sell_eur_per_kwh\n" + "".join(
    f"2019-01-{7 + h // 24:02d}T{h % 24:02d}:00:00Z,{0.2 + 0.1 * np.cos(h / 3):.4f},0.05\n"
    for h in range(24 * 5)
)


def request(folder: Path, format_: str, **changes: object) -> SimulationRequest:
    for name, content in (
        ("sessions", rows(format_)),
        ("prices", PRICES),
        ("limits", LIMITS),
        ("signals", SIGNALS),
        ("base", "limit_id,start,load_kw\nL0,2019-01-01T00:00:00Z,1.5\n"),
    ):
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    base = SimulationRequest(
        sessions=folder / "sessions.csv", signals=folder / "prices.csv", site_kw=6.0, step_s=1800
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def study_of(asked: SimulationRequest) -> Study:
    return simulate(asked, progress=silent, clock=lambda: 0.0)


def codes(study: Study) -> set[str]:
    return {warning.code for warning in study.warnings}


@pytest.mark.parametrize("format_", sorted(HEADS))
def test_each_format_becomes_a_study_that_the_check_accepts(tmp_path: Path, format_: str) -> None:
    """Four strategies, each adding up; uncontrolled never misses energy."""
    study = study_of(request(tmp_path, format_))
    assert (study.kind, study.summary["format"]) == ("simulation", format_)
    assert check_simulation({"summary": study.summary}, study.tables) == []
    figures = {entry["strategy"]: entry for entry in study.summary["strategies"]}
    assert list(figures) == [strategy.value for strategy in Strategy]
    assert figures["uncontrolled"]["unmet_kwh"] == pytest.approx(0, abs=1e-6)
    assert figures["first-come"]["hours_above_limit"] == 0
    assert any(a.key == "charging.capacity_kwh" for a in study.assumptions)
    json.dumps(study.summary, allow_nan=False)


def test_limits_base_load_peaks_and_signals(tmp_path: Path) -> None:
    """A tree of limits with base load and a capacity price, at contract prices."""
    asked = request(
        tmp_path,
        "stays",
        site_kw=None,
        limits=tmp_path / "limits.csv",
        base_load=tmp_path / "base.csv",
        signals=tmp_path / "signals.csv",
        prices_known="all",
    )
    study = study_of(asked)
    assert check_simulation({"summary": study.summary}, study.tables) == []
    assert study.summary["cost_without_vehicles_eur"] > 0
    for entry in study.summary["strategies"]:
        assert entry["peak_eur"] > 0
        assert entry["cost_eur"] > entry["vehicles_cost_eur"]
    assert study.tables["sites"].height == 12


def test_what_is_not_given_is_said(tmp_path: Path) -> None:
    """No prices and no limits: the catalogue's weekday, strong connections, two warnings."""
    study = study_of(request(tmp_path, "norway", signals=None, site_kw=None))
    assert {"simulation-prices-assumed", "simulation-no-limit"} <= codes(study)
    assert check_simulation({"summary": study.summary}, study.tables) == []
    keys = {a.key for a in study.assumptions}
    assert any(key.startswith("prices.winter") for key in keys)
    assert not any(key.startswith("prices.summer") for key in keys)


def test_options_replace_assumptions(tmp_path: Path) -> None:
    """A figure given counts and is marked as the user's; nobody gives back at a share of 0."""
    study = study_of(request(tmp_path, "norway", max_kw=11.0, capacity_kwh=40.0, v2x_share=0.0))
    found = {a.key: a for a in study.assumptions}
    assert found["charging.plug_kw"].status == "user"
    assert set(study.tables["stays"]["max_kw"]) == {11.0}
    assert set(study.tables["stays"]["capacity_kwh"]) == {40.0}
    assert study.summary["vehicles_giving_back"] == 0
    by_name = {entry["strategy"]: entry for entry in study.summary["strategies"]}
    assert by_name["smart"]["cost_eur"] == by_name["smart-v2x"]["cost_eur"]


def test_days_are_local(tmp_path: Path) -> None:
    """--from and --to take arrivals of these local days, both included."""
    day = dt.date(2019, 1, 8)
    study = study_of(request(tmp_path, "acn", first_day=day, last_day=day))
    zone = "America/Los_Angeles"
    days = study.tables["stays"]["arrival"].dt.convert_time_zone(zone).dt.date()
    assert set(days) == {day}


def test_sessions_beyond_the_prices_are_left_out(tmp_path: Path) -> None:
    """Counted and said; none left is an error."""
    asked = request(tmp_path, "stays")
    (tmp_path / "prices.csv").write_text("\n".join(PRICES.splitlines()[:26]) + "\n")
    study = study_of(asked)
    assert "simulation-sessions-outside" in codes(study)
    assert study.summary["stays"] < study.summary["sessions"]
    with pytest.raises(InputError) as caught:
        study_of(dataclasses.replace(asked, first_day=dt.date(2021, 1, 1)))
    assert caught.value.code == "simulation-no-sessions"
    (tmp_path / "prices.csv").write_text(PRICES.replace("2019", "2017"))
    with pytest.raises(InputError) as caught:
        study_of(asked)
    assert caught.value.code == "simulation-prices-elsewhere"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("2019-01-09T00:00Z,cheap", "price_eur_mwh"),
        ("2019-01-09T00:00Z,nan", "price_eur_mwh"),
        ("noon,50", "utc"),
        ("2018-01-01T00:00Z,50", "utc"),
    ],
)
def test_bad_day_ahead_prices_are_refused(tmp_path: Path, line: str, field: str) -> None:
    """With row and field."""
    asked = request(tmp_path, "stays")
    (tmp_path / "prices.csv").write_text(PRICES + line + "\n")
    with pytest.raises(InputError) as caught:
        study_of(asked)
    assert (caught.value.code, caught.value.where.field) == ("day-ahead-invalid", field)
    assert caught.value.where.row == 122


def test_a_site_without_limit_is_refused(tmp_path: Path) -> None:
    """Several roots, none of them named like the site."""
    asked = request(tmp_path, "stays", site_kw=None, limits=tmp_path / "limits.csv")
    (tmp_path / "limits.csv").write_text("limit_id,parent_id,import_kw,export_kw\nA,,9,3\nB,,9,3\n")
    with pytest.raises(InputError) as caught:
        study_of(asked)
    assert caught.value.code == "simulation-site-without-limit"


def test_the_same_files_give_the_same_tables(tmp_path: Path) -> None:
    """Twice, to the last bit."""
    first, second = (study_of(request(tmp_path, "acn")) for _ in range(2))
    assert first.summary == second.summary
    for name, table in first.tables.items():
        assert table.equals(second.tables[name], null_equal=True), name


def test_cut_short_says_so(tmp_path: Path) -> None:
    """No time at all: smart is first come, first served."""
    ticks = iter(range(10_000_000))
    study = simulate(
        request(tmp_path, "stays", time_limit_s=0.0),
        progress=silent,
        clock=lambda: float(next(ticks)),
    )
    assert "simulation-cut-short" in codes(study)
    assert check_simulation({"summary": study.summary}, study.tables) == []


def run(folder: Path, *options: str) -> object:
    request(folder, "stays")
    return CliRunner().invoke(
        app, ["simulate", str(folder / "sessions.csv"), "--out", str(folder / "out"), *options]
    )


def test_the_command_writes_a_study_that_can_be_checked(tmp_path: Path) -> None:
    """Exit 0, one JSON document, a report; `viavolta check` accepts the folder."""
    options = ("--signals", str(tmp_path / "prices.csv"), "--site-kw", "6", "--json")
    done = run(tmp_path, *options, "--strategies", "smart,uncontrolled")
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    summary = json.loads(done.stdout)  # type: ignore[attr-defined]
    assert [e["strategy"] for e in summary["strategies"]] == ["uncontrolled", "smart"]
    assert Path(summary["report"]).stat().st_size > 10_000
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "out")])
    assert checked.exit_code == 0, checked.output
    assert run(tmp_path, *options).exit_code == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--format", "excel"), "option-unknown-choice"),
        (("--prices-known", "never"), "option-unknown-choice"),
        (("--strategies", "smart,clever"), "option-unknown-choice"),
        (("--strategies", ","), "option-unknown-choice"),
        (("--max-kw", "0"), "option-out-of-range"),
        (("--v2x-share", "1.5"), "option-out-of-range"),
        (("--site-kw", "nan"), "option-out-of-range"),
        (("--limits", "x.csv", "--site-kw", "5"), "simulation-limits-twice"),
        (("--base-load", "x.csv"), "simulation-limits-missing"),
        (("--signals", "nowhere.csv"), "missing-path"),
        (("--from", "yesterday"), "bad-date"),
        (("--step", "7min"), "step-does-not-divide-hour"),
    ],
)
def test_bad_options_end_with_exit_code_two(
    tmp_path: Path, options: tuple[str, ...], code: str
) -> None:
    """And leave no folder behind."""
    done = run(tmp_path, *options, "--json")
    assert done.exit_code == 2  # type: ignore[attr-defined]
    assert code in done.stdout  # type: ignore[attr-defined]
    assert not (tmp_path / "out").exists()


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("name", "first", "last", "site_kw"),
    [
        ("norway-residential/sessions.csv", "2019-10-07", "2019-10-09", 20.0),
        ("acn-caltech-jpl-2019/sessions.csv.gz", "2019-09-03", "2019-09-03", 80.0),
        ("perth-kinross-public/sessions_2017_18.csv.gz", "2018-03-05", "2018-03-06", 60.0),
    ],
)
def test_real_days(bench_data: Path, name: str, first: str, last: str, site_kw: float) -> None:
    """Days of the published files at real prices check; planning saves where stays are long."""
    study = study_of(
        SimulationRequest(
            sessions=bench_data / "ev-sessions" / name,
            signals=bench_data / "prices" / "day_ahead_NL_2015_2025_hourly.csv.gz",
            site_kw=site_kw,
            first_day=dt.date.fromisoformat(first),
            last_day=dt.date.fromisoformat(last),
            strategies=(Strategy.UNCONTROLLED, Strategy.FIRST_COME, Strategy.SMART),
        )
    )
    assert check_simulation({"summary": study.summary}, study.tables) == []
    figures = {entry["strategy"]: entry for entry in study.summary["strategies"]}
    ratio = figures["smart"]["eur_per_kwh"] / figures["uncontrolled"]["eur_per_kwh"]
    assert ratio < (1.005 if "perth" in name else 1.0)  # half an hour at a rapid charger
    assert figures["smart"]["unmet_kwh"] < 0.15 * study.summary["energy_kwh"]
