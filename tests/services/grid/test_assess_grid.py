"""From files to a grid study: hours by hand, strategies compared, time and places."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from assess_grids import loads, lv_behind_station, station_and_mv
from typer.testing import CliRunner

from viavolta.checks.grid import check_grid
from viavolta.cli.app import app
from viavolta.engines.grid.bands import Split
from viavolta.engines.grid.flow import prepare
from viavolta.formats.grids import write_grid
from viavolta.model.errors import InputError, UsageError
from viavolta.model.progress import silent
from viavolta.model.study import Study
from viavolta.services.assess_grid import assess_grid
from viavolta.services.charge_request import ChargeRequest
from viavolta.services.grid.request import AssessRequest, ChargingSource
from viavolta.services.schedule_charging import schedule_charging
from viavolta.storage.study_folder import study_document, write_study


def read(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def clock() -> float:
    return 0.0


def assess(tmp_path: Path, **options: object) -> Study:
    grid = tmp_path / "grid"
    if not grid.exists():
        write_grid(grid, lv_behind_station())
    request = AssessRequest(**{"grid": grid, **options})  # type: ignore[arg-type]
    return assess_grid(request, read=read, progress=silent, clock=clock)


def table(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def quarter_hours(path: Path, powers: Mapping[str, list[float]], *, step_min: int = 15) -> Path:
    """A table of loads from 17 January 2023, midnight UTC, on."""
    start = np.datetime64("2023-01-17T00:00", "s")
    rows = [
        f"{node},{start + np.timedelta64(60 * step_min * t, 's')}Z,{kw}"
        for node, values in powers.items()
        for t, kw in enumerate(values)
    ]
    return table(path, "node_id,start,p_kw", *rows)


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A charge study of two cars at one node, both at home at eight."""
    stays = table(
        tmp_path / "stays.csv",
        "stay_id,arrival,departure,energy_kwh,max_kw,limit_id",
        "one,2023-01-17T01:00:00Z,2023-01-17T05:00:00Z,22,22,n3",
        "two,2023-01-17T01:00:00Z,2023-01-17T05:00:00Z,22,22,n3",
    )
    limits = table(tmp_path / "limits.csv", "limit_id,parent_id,import_kw,export_kw", "n3,,22,0")
    signals = table(
        tmp_path / "signals.csv",
        "start,buy_eur_per_kwh,sell_eur_per_kwh",
        *(f"2023-01-17T{h:02d}:00:00Z,{0.3 if h < 3 else 0.2},0.01" for h in range(6)),
    )
    request = ChargeRequest(stays=stays, limits=limits, signals=signals)
    study = schedule_charging(request, progress=silent, clock=clock)
    return write_study(tmp_path / "night", study, force=False)


def hours(study: Study, strategy: str, kind: str, element: str) -> float:
    rows = study.tables["violations"].filter(
        (pl.col("strategy") == strategy) & (pl.col("kind") == kind) & (pl.col("element") == element)
    )
    return float(rows["hours"].sum())


def test_hours_and_worst_values_are_those_of_the_power_flow(tmp_path: Path) -> None:
    """200 kW at the end of the street for half an hour: the flow says what follows."""
    file = quarter_hours(tmp_path / "loads.csv", {"n3": [10, 200, 200, 10, -120, 10]})
    study = assess(tmp_path, loads=file)
    grid = lv_behind_station()
    flow = prepare(grid).solve(loads(grid, [[10, 200, 200, 10, -120, 10]], node=[3]))
    voltages = study.tables["voltages"].filter(pl.col("node_id") == "n3")
    assert voltages["min_pu"][0] == pytest.approx(flow.u_pu[1, 3], abs=1e-9)
    assert voltages["max_pu"][0] == pytest.approx(flow.u_pu[4, 3], abs=1e-9)
    low = int((flow.u_pu[:, 3] < 0.915).sum()) / 4
    high = int((flow.u_pu[:, 3] > 1.05).sum()) / 4
    assert (hours(study, "none", "low-voltage", "n3"), low) == (0.5, 0.5)
    assert (hours(study, "none", "high-voltage", "n3"), high) == (0.25, 0.25)
    over = (flow.loading_share > 1).sum(axis=0) / 4
    assert study.tables["loadings"]["hours_over"].to_list() == over.tolist()
    causes = study.tables["violations"].group_by("kind").agg(pl.col("cause").unique())
    found = dict(zip(causes["kind"], causes["cause"].to_list(), strict=True))
    assert found["low-voltage"] == ["base load"]
    assert found["high-voltage"] == ["sun"]
    assert study.summary["grade"] == "D"
    assert set(study.tables["violations"]["grade"]) == {"D"}
    assert study.summary["violation_hours"]["none"] == pytest.approx(
        study.tables["violations"]["hours"].sum()
    )


def test_the_whole_band_is_wider(tmp_path: Path) -> None:
    """What the part of low voltage forbids, EN 50160 at the customer allows."""
    file = quarter_hours(tmp_path / "loads.csv", {"n3": [145, 145]})
    shared = assess(tmp_path, loads=file)
    whole = assess(tmp_path, loads=file, split=Split.WHOLE)
    assert hours(shared, "none", "low-voltage", "n3") == 0.5
    assert hours(whole, "none", "low-voltage", "n3") == 0


def test_strategies_of_a_charge_study(tmp_path: Path, night: Path) -> None:
    """The schedule waits for the cheap hours; unmanaged charging begins on arrival."""
    base = quarter_hours(tmp_path / "loads.csv", {"n3": [105.0] * 24})
    study = assess(
        tmp_path,
        loads=base,
        charging=(
            ChargingSource(name="planned", path=night),
            ChargingSource(name="at-once", path=night, strategy="unmanaged"),
        ),
        dim=("planned",),
    )
    assert study.summary["strategies"] == ["none", "planned", "at-once", "planned-dimmed"]
    energy = dict(study.tables["strategies"].select("strategy", "charging_kwh").rows())
    assert energy["planned"] == pytest.approx(44)
    assert energy["at-once"] == pytest.approx(44)
    profile = study.tables["profile"].filter(pl.col("charging_kw") > 1e-6)
    first = dict(profile.group_by("strategy").agg(pl.col("start").min()).rows())
    assert first["at-once"].hour == 1
    assert first["planned"].hour == 3
    late = hours(study, "at-once", "low-voltage", "n3")
    assert late == 1.0
    causes = study.tables["violations"].filter(pl.col("strategy") == "at-once")["cause"]
    assert set(causes) == {"charging"}


def test_dimming_keeps_the_grid_and_counts_what_lacks(tmp_path: Path) -> None:
    """Six cars at one connection: 4.2 kW + 5 x 0.6 x 4.2 kW are left while they are dimmed."""
    power = {"n3": [0, 132, 132, 132, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}
    charging = quarter_hours(tmp_path / "ev.csv", power)
    base = quarter_hours(tmp_path / "loads.csv", {"n3": [20.0] * 18})
    places = table(tmp_path / "places.csv", "node_id,devices", "n3,6")
    study = assess(
        tmp_path,
        loads=base,
        charging=(ChargingSource(name="ev", path=charging),),
        places=places,
        dim=("ev",),
    )
    assert study.summary["violation_hours"]["ev"] > 0
    assert study.summary["violation_hours"]["ev-dimmed"] == 0
    profile = study.tables["profile"].filter(pl.col("strategy") == "ev-dimmed")
    assert profile["charging_kw"][1] == pytest.approx(4.2 * (1 + 5 * 0.6))
    energy = dict(study.tables["strategies"].select("strategy", "charging_kwh").rows())
    unmet = study.summary["unmet_kwh"]["ev-dimmed"]
    assert energy["ev-dimmed"] + unmet == pytest.approx(energy["ev"])


def test_public_points_are_not_dimmed(tmp_path: Path) -> None:
    """No device that the operator may dim: the charging stays as it is."""
    charging = quarter_hours(tmp_path / "ev.csv", {"n3": [150.0] * 4})
    places = table(tmp_path / "places.csv", "node_id,devices", "n3,0")
    study = assess(
        tmp_path,
        charging=(ChargingSource(name="ev", path=charging),),
        places=places,
        dim=("ev",),
    )
    of = study.summary["violation_hours"]
    assert of["ev-dimmed"] == of["ev"] > 0


def test_customers_alone_take_a_year(tmp_path: Path) -> None:
    """35,040 quarter hours by the local clock, and the energy that was said."""
    customers = table(
        tmp_path / "customers.csv",
        "node_id,profile,kwh_per_year,kwp,power_factor",
        "n2,h0,20000,,0.95",
        "n3,sun,,10,",
    )
    study = assess(tmp_path, customers=customers)
    assert study.summary["steps"] == 35_040
    assert study.summary["begin"] == "2022-12-31T23:00:00Z"
    totals = study.tables["strategies"].row(0, named=True)
    net = totals["import_kwh"] - totals["export_kwh"] - totals["loss_kwh"]
    assert net == pytest.approx(20_000 - 10 * 1_000, rel=1e-3)
    assert {used.key for used in study.assumptions} >= {"grid.sun.yield_kwh_per_kwp"}


def test_steps_of_files_are_brought_together(tmp_path: Path) -> None:
    """Loads by the hour and charging by the quarter: quarters of what both cover."""
    base = quarter_hours(tmp_path / "loads.csv", {"n3": [40, 50, 60]}, step_min=60)
    charging = quarter_hours(tmp_path / "ev.csv", {"n3": [1, 2, 3, 4, 5, 6]})
    study = assess(tmp_path, loads=base, charging=(ChargingSource(name="ev", path=charging),))
    assert (study.summary["steps"], study.summary["step_s"]) == (6, 900)
    profile = study.tables["profile"].filter(pl.col("strategy") == "ev")
    assert profile["rest_kw"].to_list() == [40, 40, 40, 40, 50, 50]
    assert profile["charging_kw"].to_list() == [1, 2, 3, 4, 5, 6]
    assert [warning.code for warning in study.warnings if "cut" in warning.code] == [
        "grid-steps-cut"
    ]


def test_loads_by_phase(tmp_path: Path) -> None:
    """A single phase falls further than three that share the same power."""
    rows = [f"n3,2023-01-17T00:00:00Z,20,{phase}" for phase in ("a", "abc")]
    one = table(tmp_path / "one.csv", "node_id,start,p_kw,phase", rows[0])
    three = table(tmp_path / "three.csv", "node_id,start,p_kw,phase", rows[1])
    unequal, equal = (assess(tmp_path, loads=file) for file in (one, three))
    assert not unequal.summary["is_balanced"]
    assert unequal.tables["voltages"]["min_pu"][3] < equal.tables["voltages"]["min_pu"][3] - 0.02
    assert unequal.tables["voltages"]["max_pu"][3] > 1.0
    assert set(unequal.tables["step_voltages"]["phase"]) == {"a", "b", "c"}


def test_steps_without_a_solution_are_violations(tmp_path: Path) -> None:
    """Far more than the cable can carry: reported with the step, never dropped."""
    file = quarter_hours(tmp_path / "loads.csv", {"n3": [10, 5_000, 10]})
    study = assess(tmp_path, loads=file)
    lost = study.tables["violations"].filter(pl.col("kind") == "not-converged")
    assert lost["element"].to_list() == ["grid"]
    assert str(lost["start"][0]) == "2023-01-17 00:15:00+00:00"
    assert lost["cause"].to_list() == ["base load"]
    assert lost["worst"].to_list() == [None]
    assert study.summary["steps_not_converged"] == {"none": 1}
    assert "grid-not-converged" in [warning.code for warning in study.warnings]


def test_reserve_and_warmth(tmp_path: Path) -> None:
    """A ring's cable above half, and a station that is too warm after hours above its rating."""
    write_grid(tmp_path / "grid", station_and_mv())
    file = quarter_hours(tmp_path / "loads.csv", {"n2": [5_500.0] * 40, "n3": [520.0] * 40})
    study = assess(tmp_path, loads=file)
    assert hours(study, "none", "reserve", "b0") == 10
    assert hours(study, "none", "overload", "b2") == 10
    warm = study.tables["transformers"].row(0, named=True)
    assert warm["max_hot_spot_c"] > 120
    assert warm["ageing_rate"] > 1
    assert hours(study, "none", "hot-spot", "b2") == warm["hours_over"] > 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "grid-without-loads"),
        ({"charging": ("none",)}, "grid-strategy-name"),
        ({"charging": ("ev", "ev")}, "grid-strategy-name"),
        ({"charging": ("ev",), "dim": ("bus",)}, "grid-strategy-name"),
        ({"charging": ("ev",), "dim": ("ev",)}, "grid-devices-unknown"),
        ({"charging": ("late",)}, "grid-no-common-time"),
        ({"charging": ("off",)}, "grid-steps-off"),
        ({"charging": ("odd",)}, "grid-steps-do-not-fit"),
        ({"charging": ("ev:best",)}, "grid-charging-strategy"),
        ({"charging": ("lost",)}, "grid-node-unknown"),
        ({"year": 1900, "customers": "customers.csv"}, "option-out-of-range"),
        ({"customers": "wrong.csv"}, "customers-power-factor"),
        ({"customers": "customers.csv", "places": "many.csv"}, "places-devices"),
    ],
)
def test_what_cannot_be_assessed_is_refused(
    tmp_path: Path, options: dict[str, object], code: str
) -> None:
    """Each refusal has its code, and says where and what to do."""
    quarter_hours(tmp_path / "loads.csv", {"n3": [10.0] * 8})
    quarter_hours(tmp_path / "ev", {"n3": [150.0] * 8})
    quarter_hours(tmp_path / "none", {"n3": [150.0] * 8})
    table(tmp_path / "late", "node_id,start,p_kw", "n3,2024-01-17T00:00:00Z,1")
    table(
        tmp_path / "off",
        "node_id,start,p_kw",
        "n3,2023-01-17T00:05:00Z,1",
        "n3,2023-01-17T00:20:00Z,1",
    )
    table(
        tmp_path / "odd",
        "node_id,start,p_kw",
        *(f"n3,2023-01-17T00:{m:02d}:00Z,1" for m in range(0, 60, 10)),
    )
    table(tmp_path / "lost", "node_id,start,p_kw", "n9,2023-01-17T00:00:00Z,1")
    table(tmp_path / "customers.csv", "node_id,profile,kwh_per_year", "n3,h0,3000")
    table(tmp_path / "wrong.csv", "node_id,profile,kwh_per_year,power_factor", "n3,h0,1,1.2")
    table(tmp_path / "many.csv", "node_id,devices", "n3,1000000")
    given = dict(options)
    if "charging" in given:
        words = [str(word).split(":") for word in given["charging"]]  # type: ignore[attr-defined]
        given["charging"] = tuple(
            ChargingSource(name=word[0], path=tmp_path / word[0], strategy=(*word[1:], None)[0])
            for word in words
        )
    for name in ("customers", "places"):
        if name in given:
            given[name] = tmp_path / str(given[name])
    if given and "customers" not in given:
        given["loads"] = tmp_path / "loads.csv"
    with pytest.raises((InputError, UsageError)) as caught:
        assess(tmp_path, **given)
    assert caught.value.code == code


def test_charging_at_a_limit_that_is_no_node(tmp_path: Path, night: Path) -> None:
    """A place must be known: by its name, or by --places."""
    write_grid(tmp_path / "other", lv_behind_station(node_id=("a", "b", "c", "d")))
    source = ChargingSource(name="planned", path=night)
    with pytest.raises(InputError) as caught:
        assess(tmp_path, grid=tmp_path / "other", charging=(source,))
    assert caught.value.code == "grid-place-unknown"
    places = table(tmp_path / "places.csv", "node_id,limit_id", "d,n3")
    study = assess(tmp_path, grid=tmp_path / "other", charging=(source,), places=places)
    assert study.tables["strategies"]["charging_kwh"][1] == pytest.approx(44)


def test_time_limit_leaves_the_later_steps(tmp_path: Path) -> None:
    """The study covers the steps that were calculated for all strategies, and says so."""
    grid = lv_behind_station()
    file = quarter_hours(tmp_path / "loads.csv", {"n3": [10.0] * 8})
    write_grid(tmp_path / "grid", grid)
    ticks = iter(range(1_000))
    request = AssessRequest(grid=tmp_path / "grid", loads=file, time_limit_s=0.0)
    study = assess_grid(request, read=read, progress=silent, clock=lambda: float(next(ticks)))
    assert study.summary["steps"] == 8  # one block is always done


def test_same_files_same_bytes(tmp_path: Path, night: Path) -> None:
    """Two runs give the same tables, written with the same bytes."""
    file = quarter_hours(tmp_path / "loads.csv", {"n3": [90.0] * 24})
    sources = (ChargingSource(name="planned", path=night),)
    folders = []
    for name in ("one", "two"):
        study = assess(tmp_path, loads=file, charging=sources, dim=("planned",))
        folders.append(write_study(tmp_path / name, study, force=False))
    files = [
        json.loads((folder / "study.json").read_text(encoding="utf-8"))["files"]
        for folder in folders
    ]
    assert files[0] == files[1]


def test_strategies_of_a_simulation(tmp_path: Path) -> None:
    """Recorded sessions under four strategies: each is asked for by its name."""
    stays = table(
        tmp_path / "sessions.csv",
        "stay_id,arrival,departure,energy_kwh,max_kw,limit_id",
        *(
            f"{k},2025-03-{10 + k}T17:00:00+01:00,2025-03-{11 + k}T06:00:00+01:00,30,11,n3"
            for k in range(3)
        ),
    )
    prices = table(
        tmp_path / "prices.csv",
        "utc,price_eur_mwh",
        *(f"2025-03-{d:02d}T{h:02d}:00Z,{200 - 5 * h}" for d in range(10, 14) for h in (0, 6, 16)),
    )
    limits = table(tmp_path / "limits.csv", "limit_id,parent_id,import_kw,export_kw", "n3,,40,0")
    folder = tmp_path / "replay"
    words = ["simulate", stays, "--signals", prices, "--limits", limits, "--out", folder]
    assert CliRunner().invoke(app, [str(word) for word in words]).exit_code == 0
    names = ("uncontrolled", "smart")
    study = assess(
        tmp_path,
        charging=tuple(ChargingSource(name=n, path=folder, strategy=n) for n in names),
    )
    energy = dict(study.tables["strategies"].select("strategy", "charging_kwh").rows())
    assert energy["uncontrolled"] == pytest.approx(90, rel=0.05)
    assert energy["smart"] == pytest.approx(90, rel=0.05)
    with pytest.raises(InputError) as caught:
        assess(tmp_path, charging=(ChargingSource(name="x", path=folder),))
    assert "smart" in str(caught.value.expected)


HOUR = ["2025-01-01T00:00Z", "2025-01-01T01:00Z", "2025-01-01T02:00Z"]


@pytest.mark.parametrize(
    ("node", "base", "ev", "hours", "causes"),
    [
        ("n3", "9000,abc", None, 3.0, {"base load"}),
        ("n3", "0,abc", None, 0.0, set()),
        ("n0", "1000,abc", None, 0.0, set()),
        ("n3", "10,abc", "9000,abc", 3.0, {"charging"}),
        ("n3", "10,abc", "-250,abc", 12.0, {"discharging"}),
        ("n3", "10,a", "-60,b", 6.0, {"discharging"}),
        ("n3", "-300,abc", "5,abc", 12.0, {"sun"}),
    ],
)
def test_ends_of_what_can_be_asked(  # noqa: PLR0917 - a case is one row
    tmp_path: Path, node: str, base: str, ev: str | None, hours: float, causes: set[str]
) -> None:
    """No solution at all, no load at all, vehicles that feed back, phases: the check agrees."""
    header = "node_id,start,p_kw,phase"
    options: dict[str, object] = {
        "loads": table(tmp_path / "loads.csv", header, *(f"{node},{t},{base}" for t in HOUR))
    }
    if ev is not None:
        path = table(tmp_path / "ev.csv", header, *(f"{node},{t},{ev}" for t in HOUR))
        options["charging"] = (ChargingSource(name="ev", path=path),)
    study = assess(tmp_path, **options)
    last = study.summary["strategies"][-1]
    assert study.summary["violation_hours"][last] == hours
    assert set(study.summary["violation_hours_by_cause"][last]) == causes
    assert check_grid(study_document(study, []), dict(study.tables)) == []
