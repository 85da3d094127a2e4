"""The check of a charge study: accepts what the engine makes, finds what was tampered with."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from viavolta.checks.charge import check_charge
from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.unmanaged import unmanaged, without_vehicles_eur
from viavolta.model.limit import LimitTree
from viavolta.model.signal import one_zone
from viavolta.model.stay import stay_table
from viavolta.services.charge_summary import peak_import_kw
from viavolta.services.charge_tables import charge_tables

T0 = np.datetime64("2025-01-06T00:00:00")
UNMET = 10.0
Summary = dict[str, Any]
Tables = dict[str, pl.DataFrame]


def make(n_stays: int, *, seed: int, least: float = 0.0, lowest_price: float = 0.05):
    """Study document and tables of a random night under two limits."""
    rng = np.random.default_rng(seed)
    n_steps, step_s = 24, 900
    arrival_s = rng.integers(0, 10_000, n_stays)
    two_way = np.arange(n_stays) % 2 == 0
    stays = stay_table(
        tuple(f"s{i}" for i in range(n_stays)),
        T0 + arrival_s.astype("timedelta64[s]"),
        departure=T0 + (arrival_s + rng.integers(4000, 11_000, n_stays)).astype("timedelta64[s]"),
        energy_kwh=np.where(two_way, rng.uniform(-5, 5, n_stays), rng.uniform(10, 30, n_stays)),
        max_kw=11,
        min_kw=least,
        max_discharge_kw=np.where(two_way, 11, 0),
        capacity_kwh=np.where(two_way, 50.0, np.nan),
        soc_arrival_kwh=np.where(two_way, 30.0, np.nan),
        soc_min_kwh=np.where(two_way, 10.0, 0.0),
        charge_efficiency=0.92,
        discharge_efficiency=0.93,
        wear_eur_per_kwh=0.01,
        limit=1,
    )
    limits = LimitTree(
        limit_id=("root", "site"),
        parent=np.array([-1, 0]),
        import_kw=np.full((2, n_steps), 4.0 * n_stays),
        export_kw=np.full((2, n_steps), 1.5 * n_stays),
        base_load_kw=rng.uniform(-2, 3, (2, n_steps)),
        peak_eur_per_kw=np.array([0.4, 0.0]),
        peak_so_far_kw=np.array([1.0, 0.0]),
        zone=("", ""),
    )
    buy = rng.uniform(lowest_price, 0.6, n_steps)
    signals = one_zone(T0, step_s, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy - 0.05)
    found = schedule(stays, limits, signals, unmet_eur_per_kwh=UNMET)
    plain = unmanaged(stays, limits=limits, signals=signals, unmet_eur_per_kwh=UNMET)
    summary = {
        "stays": n_stays,
        "steps": n_steps,
        "cost_eur": found.cost_eur,
        "lower_bound_eur": found.lower_bound_eur,
        "gap": found.gap,
        "unmet_kwh": float(found.plan.unmet_kwh.sum()),
        "unmet_stays": int((found.plan.unmet_kwh > 0).sum()),
        "unmet_eur_per_kwh": UNMET,
        "peak_import_kw": peak_import_kw(found.plan, limits),
        "binding_limits": [
            {
                "limit_id": limits.limit_id[binding.limit],
                "hours": binding.hours,
                "value_eur": binding.value_eur,
            }
            for binding in found.binding_limits
        ],
        "cost_unmanaged_eur": plain.cost_eur,
        "peak_unmanaged_kw": peak_import_kw(plain, limits),
        "cost_without_vehicles_eur": without_vehicles_eur(limits, signals),
    }
    tables = charge_tables(found, plain, stays=stays, limits=limits, signals=signals)
    return {"summary": summary}, tables


@pytest.mark.parametrize(
    ("n_stays", "options"),
    [
        (1, {}),
        (7, {}),
        (12, {"least": 3.0}),
        (9, {"lowest_price": -0.8}),
        (6, {"lowest_price": -0.8, "least": 5.0}),
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_real_studies_are_accepted(n_stays, options, seed):
    """One stay or many, minimum powers, prices far below zero."""
    study, tables = make(n_stays, seed=seed, **options)
    assert check_charge(study, tables) == []


@pytest.fixture(scope="module")
def study() -> tuple[dict[str, Any], Tables]:
    """A study with binding limits, unmet energy and discharging."""
    made = make(8, seed=3)
    assert made[0]["summary"]["binding_limits"]
    assert made[0]["summary"]["unmet_stays"]
    assert made[1]["schedule"]["power_kw"].min() < 0
    return made


def set_cell(table: str, row: int, column: str, value: object) -> Callable[[Summary, Tables], None]:
    """Put a value into a cell; a function gets the old one."""

    def tamper(_: Summary, tables: Tables) -> None:
        frame = tables[table]
        values = frame[column].to_list()
        values[row] = value(values[row]) if callable(value) else value
        tables[table] = frame.with_columns(pl.Series(column, values, dtype=frame.schema[column]))

    return tamper


def set_figure(name: str, value: object) -> Callable[[Summary, Tables], None]:
    """Put a value into the summary; a function gets the old one."""

    def tamper(summary: Summary, _: Tables) -> None:
        summary[name] = value(summary[name]) if callable(value) else value

    return tamper


def drop(table: str, *, row: int | None = None, column: str | None = None):
    """Leave out a table, a row or a column."""

    def tamper(_: Summary, tables: Tables) -> None:
        if row is not None:
            kept = [i for i in range(tables[table].height) if i != row]
            tables[table] = tables[table][kept]
        elif column is not None:
            tables[table] = tables[table].drop(column)
        else:
            del tables[table]

    return tamper


def repeat(table: str):
    """Say the first row twice."""

    def tamper(_: Summary, tables: Tables) -> None:
        tables[table] = pl.concat([tables[table], tables[table][:1]])

    return tamper


def scale(table: str, column: str, factor: float):
    """Multiply a column."""

    def tamper(_: Summary, tables: Tables) -> None:
        tables[table] = tables[table].with_columns(pl.col(column) * factor)

    return tamper


def fill(table: str, column: str, value: float):
    """Put one value into a whole column."""

    def tamper(_: Summary, tables: Tables) -> None:
        tables[table] = tables[table].with_columns(pl.lit(value).alias(column))

    return tamper


def first_discharge(tables: Tables) -> int:
    """Row of the first discharging step."""
    return int((tables["schedule"]["power_kw"] < 0).arg_true()[0])


TAMPERED = {
    "a power above the plug": (set_cell("schedule", 0, "power_kw", 50.0), "plug-power"),
    "all powers doubled": (scale("schedule", "power_kw", 2.0), "plug-power"),
    "discharging where nobody may": (
        lambda s, t: set_cell(
            "schedule", t["schedule"]["stay_id"].to_list().index("s1"), "power_kw", -3.0
        )(s, t),
        "plug-discharge",
    ),
    "a power at another time": (
        lambda s, t: set_cell("schedule", 0, "start", t["signals"]["start"][23])(s, t),
        "outside-stay",
    ),
    "a start off the steps": (
        set_cell("schedule", 0, "start", lambda old: old.replace(second=7)),
        "row-unknown",
    ),
    "a power left out": (drop("schedule", row=0), "net-power"),
    "a power said twice": (repeat("schedule"), "row-repeated"),
    "a stay nobody knows": (set_cell("schedule", 0, "stay_id", "ghost"), "row-unknown"),
    "discharging forgotten": (
        lambda s, t: drop("schedule", row=first_discharge(t))(s, t),
        "battery-energy",
    ),
    "a battery level": (
        lambda s, t: set_cell("schedule", first_discharge(t), "energy_kwh", 33.3)(s, t),
        "battery-energy",
    ),
    "a smaller battery": (
        scale("stays", "capacity_kwh", 0.62),
        "battery-full",
    ),
    "a larger reserve": (
        scale("stays", "soc_min_kwh", 2.99),
        "battery-reserve",
    ),
    "an efficiency above one": (set_cell("stays", 0, "charge_efficiency", 1.2), "stay-range"),
    "less unmet energy": (scale("stays", "unmet_kwh", 0.5), "energy-unmet"),
    "more delivered": (set_cell("stays", 2, "delivered_kwh", 99.0), "energy-delivered"),
    "a lower limit": (scale("limit_profile", "import_kw", 0.8), "limit-import"),
    "a lower export limit": (scale("limit_profile", "export_kw", 0.0), "limit-export"),
    "net power": (set_cell("limit_profile", 30, "net_kw", 1.0), "net-power"),
    "base load": (set_cell("limit_profile", 3, "base_load_kw", 9.0), "net-power"),
    "a step left out": (drop("limit_profile", row=5), "rows-missing"),
    "a circle of limits": (set_cell("limits", 0, "parent_id", "site"), "limit-circle"),
    "an unknown parent": (set_cell("limits", 1, "parent_id", "attic"), "limit-unknown"),
    "an unknown limit": (set_cell("stays", 0, "limit_id", "attic"), "limit-unknown"),
    "a peak": (set_cell("limits", 0, "peak_kw", 1.0), "peak"),
    "an unmanaged peak": (set_cell("limits", 0, "peak_unmanaged_kw", 1.0), "unmanaged-power"),
    "a stay that ends first": (
        lambda s, t: set_cell("stays", 0, "departure", t["stays"]["arrival"][0])(s, t),
        "stay-time",
    ),
    "signals out of step": (drop("signals", row=5), "steps-uneven"),
    "prices of energy": (set_cell("signals", 4, "buy_eur_per_kwh", 0.9), "summary-cost-eur"),
    "a selling price above buying": (
        set_cell("signals", 4, "sell_eur_per_kwh", 0.9),
        "buy-below-sell",
    ),
    "a negative limit price": (set_cell("prices", 4, "import_eur_per_kwh", -0.1), "price-negative"),
    "an energy price out of range": (
        set_cell("prices", 4, "energy_eur_per_kwh", 5.0),
        "price-energy",
    ),
    "an energy price below a root": (
        set_cell("prices", 30, "energy_eur_per_kwh", 0.1),
        "price-energy",
    ),
    "peak prices too high": (set_cell("prices", 4, "peak_eur_per_kwh", 9.0), "price-peak"),
    "export prices out of thin air": (
        fill("prices", "export_eur_per_kwh", 0.5),
        "bound-not-proven",
    ),
    "no peak prices": (scale("prices", "peak_eur_per_kwh", 0.0), "bound-not-proven"),
    "prices lost": (drop("prices"), "table-missing"),
    "a column lost": (drop("schedule", column="power_kw"), "column-missing"),
    "a power that is no number": (
        set_cell("schedule", 0, "power_kw", float("nan")),
        "value-not-finite",
    ),
    "the cost": (set_figure("cost_eur", lambda old: old * 0.99), "summary-cost-eur"),
    "the bound above the cost": (
        set_figure("lower_bound_eur", lambda old: old + 1),
        "bound-above-cost",
    ),
    "a bound of text": (set_figure("lower_bound_eur", "high"), "summary-missing"),
    "the gap": (set_figure("gap", 0.5), "gap"),
    "the count of stays": (set_figure("stays", 9), "summary-stays"),
    "the count of steps": (set_figure("steps", 9), "summary-steps"),
    "unmet energy": (set_figure("unmet_kwh", 0.0), "summary-unmet-kwh"),
    "unmet stays": (set_figure("unmet_stays", 0), "summary-unmet-stays"),
    "the peak": (set_figure("peak_import_kw", 1.0), "summary-peak-import-kw"),
    "the unmanaged cost": (
        set_figure("cost_unmanaged_eur", lambda old: old * 2),
        "summary-cost-unmanaged-eur",
    ),
    "the unmanaged peak": (set_figure("peak_unmanaged_kw", 999.0), "summary-peak-unmanaged-kw"),
    "the cost without vehicles": (
        set_figure("cost_without_vehicles_eur", 0.0),
        "summary-cost-without-vehicles-eur",
    ),
    "no binding limits": (set_figure("binding_limits", []), "binding-limits"),
    "binding limits of text": (set_figure("binding_limits", "none"), "binding-limits"),
    "a binding limit nobody knows": (
        set_figure("binding_limits", lambda old: [*old, {"limit_id": "attic"}]),
        "binding-limits",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found(study, what):
    """Each change to the study breaks the rule it should."""
    tamper, rule = TAMPERED[what]
    document, tables = copy.deepcopy(study[0]), dict(study[1])
    tamper(document["summary"], tables)
    assert rule in {finding.rule for finding in check_charge(document, tables)}


def test_a_minimum_power_that_is_not_kept_is_found():
    """The stays had no minimum when they were scheduled, and get one afterwards."""
    document, tables = make(8, seed=3)
    tables["stays"] = tables["stays"].with_columns(min_kw=pl.col("max_kw") * 0.999)
    assert "plug-minimum" in {finding.rule for finding in check_charge(document, tables)}


def test_a_study_without_summary_is_no_study(study):
    """Every promised figure is missed."""
    rules = [finding.rule for finding in check_charge({}, dict(study[1]))]
    assert rules.count("summary-missing") == 12
