"""The check of a simulation accepts what was made and finds what was tampered with."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta.checks.simulation import check_simulation
from viavolta.model.progress import silent
from viavolta.services.simulate import SimulationRequest, simulate

Tables = dict[str, pl.DataFrame]
Tamper = Callable[[dict[str, Any], Tables], None]

# Invented for these tests: two vehicles under a tight limit, one of which leaves early.
SESSIONS = """stay_id,arrival,departure,energy_kwh,max_kw,limit_id,vehicle_id,max_discharge_kw,\
stated_departure,stated_energy_kwh
a,2025-01-06T08:10:00Z,2025-01-06T12:00:00Z,5,7,site,ann,7,2025-01-06T12:00:00Z,5
b,2025-01-06T08:40:00Z,2025-01-06T11:20:00Z,16,7,site,bob,0,,
c,2025-01-06T13:10:00Z,2025-01-06T14:00:00Z,5,7,site,ann,7,,
d,2025-01-06T13:10:00Z,2025-01-06T16:00:00Z,4,7,site,bob,7,,
"""
LIMITS = """limit_id,parent_id,import_kw,export_kw,peak_eur_per_kw
root,,9,5,0.4
site,root,8,4,
"""
SIGNALS = """start,buy_eur_per_kwh,sell_eur_per_kwh
2025-01-06T08:00:00Z,0.5,0.45
2025-01-06T10:00:00Z,0.1,0.05
2025-01-06T14:00:00Z,0.4,0.35
2025-01-06T15:00:00Z,0.2,0.1
2025-01-06T16:00:00Z,0.2,0.1
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Tables]:
    """A study with binding limits, missing energy and power given back."""
    folder: Path = tmp_path_factory.mktemp("simulation")
    for name, content in (("s", SESSIONS), ("l", LIMITS), ("p", SIGNALS)):
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    study = simulate(
        SimulationRequest(
            sessions=folder / "s.csv",
            limits=folder / "l.csv",
            signals=folder / "p.csv",
            prices_known="all",
        ),
        progress=silent,
        clock=lambda: 0.0,
    )
    assert study.tables["schedule"]["power_kw"].min() < 0  # type: ignore[operator]
    assert study.tables["sessions"]["unmet_kwh"].max() > 0.1  # type: ignore[operator]
    return {"summary": study.summary}, study.tables


def test_what_was_made_is_accepted(made: tuple[dict[str, Any], Tables]) -> None:
    """No finding."""
    assert check_simulation(*made) == []


def add(table: str, column: str, amount: float, *, where: pl.Expr | None = None) -> Tamper:
    """Add to a column, in one row that fits."""

    def tamper(_: dict[str, Any], tables: Tables) -> None:
        frame = tables[table].with_row_index("nr")
        fits = frame.filter(pl.lit(value=True) if where is None else where)
        assert fits.height
        hit = pl.col("nr") == fits["nr"][0]
        changed = pl.when(hit).then(pl.col(column) + amount).otherwise(pl.col(column))
        tables[table] = frame.with_columns(changed.alias(column)).drop("nr")

    return tamper


def put(table: str, column: str, value: object) -> Tamper:
    """Put a value into the first row of a column."""

    def tamper(_: dict[str, Any], tables: Tables) -> None:
        values = [value, *tables[table][column].to_list()[1:]]
        dtype = tables[table].schema[column]
        tables[table] = tables[table].with_columns(pl.Series(column, values, dtype=dtype))

    return tamper


def figure(name: str, value: object) -> Tamper:
    """Change a figure of the summary."""

    def tamper(summary: dict[str, Any], _: Tables) -> None:
        summary[name] = value

    return tamper


def of_strategy(name: str, amount: float) -> Tamper:
    """Change a figure of the first strategy."""

    def tamper(summary: dict[str, Any], _: Tables) -> None:
        summary["strategies"][0][name] += amount

    return tamper


def rows(table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Tamper:
    """Change the rows of a table."""

    def tamper(_: dict[str, Any], tables: Tables) -> None:
        tables[table] = change(tables[table])

    return tamper


def shifted(column: str, **by: int) -> Tamper:
    """Move the first row's moment."""

    def tamper(_: dict[str, Any], tables: Tables) -> None:
        frame = tables["stays"].with_row_index("nr")
        moved = pl.when(pl.col("nr") == 0).then(pl.col(column) + pl.duration(**by))
        tables["stays"] = frame.with_columns(moved.otherwise(pl.col(column)).alias(column)).drop(
            "nr"
        )

    return tamper


SMART = (pl.col("strategy") == "smart") & (pl.col("power_kw") > 0)
PLAIN = pl.col("strategy") == "uncontrolled"
TAMPERED: dict[str, tuple[Tamper, str]] = {
    "no stays": (rows("stays", lambda t: t.clear()), "table-empty"),
    "a table lost": (lambda _, tables: tables.__delitem__("sites"), "table-missing"),
    "a row twice": (rows("schedule", lambda t: pl.concat([t, t.head(1)])), "row-repeated"),
    "an unknown limit": (put("stays", "limit_id", "attic"), "row-unknown"),
    "an unknown strategy": (put("schedule", "strategy", "magic"), "row-unknown"),
    "a step lost": (rows("power", lambda t: t.tail(-1)), "rows-missing"),
    "uneven steps": (
        rows("signals", lambda t: t.filter(pl.int_range(pl.len()) != 3)),
        "row-unknown",
    ),
    "a stay that ends before it begins": (shifted("departure", hours=-9), "stay-time"),
    "limits in a circle": (put("limits", "parent_id", "site"), "limit-circle"),
    "an efficiency above one": (put("stays", "charge_efficiency", 1.2), "stay-range"),
    "a plug with two vehicles": (shifted("departure", hours=2), "plug-taken"),
    "power after leaving": (shifted("departure", hours=-3), "outside-stay"),
    "too much power": (add("schedule", "power_kw", 9.0, where=SMART), "plug-power"),
    "giving back in smart": (add("schedule", "power_kw", -9.0, where=SMART), "plug-discharge"),
    "more energy than in truth": (put("stays", "energy_kwh", 1.0), "battery-above-truth"),
    "a reserve that is not kept": (
        rows("stays", lambda t: t.with_columns(soc_min_kwh=pl.lit(50.0), soc_arrival_kwh=40.0)),
        "battery-reserve",
    ),
    "net power": (add("power", "power_kw", 0.1), "net-power"),
    "a lower limit": (
        rows("limit_profile", lambda t: t.with_columns(import_kw=pl.lit(2.0))),
        "limit-import",
    ),
    "a lower export limit": (
        rows("limit_profile", lambda t: t.with_columns(export_kw=pl.lit(0.0), base_load_kw=-5.0)),
        "net-power",
    ),
    "uncontrolled with less": (
        add("schedule", "power_kw", -1.0, where=PLAIN),
        "uncontrolled-power",
    ),
    "uncontrolled that ends early": (
        rows("schedule", lambda t: t.filter(~PLAIN | (pl.col("stay_id") != "a"))),
        "uncontrolled-energy",
    ),
    "energy of a session": (add("sessions", "charged_kwh", 0.1), "session-sum"),
    "cost of a session": (add("sessions", "cost_eur", 0.1), "session-sum"),
    "waiting beyond the stay": (put("sessions", "ready_h", 99.0), "session-hours"),
    "a reason without want": (put("sessions", "reason", "limit"), "unmet-reason"),
    "cost of a driver": (add("drivers", "cost_eur", 0.1), "driver-sum"),
    "stays of a driver": (put("drivers", "stays", 9), "driver-sum"),
    "peak of a site": (add("sites", "peak_kw", 0.1), "site-sum"),
    "hours of a site": (add("sites", "hours_at_limit", 1.0), "site-sum"),
    "no price of missing energy": (figure("unmet_eur_per_kwh", None), "summary-missing"),
    "number of stays": (figure("stays", 3), "summary-sessions"),
    "plug-in share": (figure("plug_in_share", 0.9), "summary-sessions"),
    "no strategies": (figure("strategies", []), "summary-strategies"),
    "cost of a strategy": (of_strategy("cost_eur", 0.1), "summary-strategy"),
    "missing energy of a strategy": (of_strategy("unmet_kwh", 0.1), "summary-strategy"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found(made: tuple[dict[str, Any], Tables], what: str) -> None:
    """Each change breaks the rule it should."""
    tamper, rule = TAMPERED[what]
    document, tables = copy.deepcopy(made[0]), dict(made[1])
    tamper(document["summary"], tables)
    assert rule in {finding.rule for finding in check_simulation(document, tables)}
