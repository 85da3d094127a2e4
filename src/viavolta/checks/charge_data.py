"""The tables of a charge study as arrays, or what keeps them from being read as such."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Tables = dict[str, pl.DataFrame]

_NUMBER, _TEXT, _MOMENT = Column(kind=Kind.NUMBER), Column(kind=Kind.TEXT), Column(kind=Kind.MOMENT)
_MAYBE = Column(kind=Kind.NUMBER, nullable=True)
STAY_NUMBERS = (
    "energy_kwh",
    "max_kw",
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "delivered_kwh",
    "unmet_kwh",
)
PRICES = ("import_eur_per_kwh", "export_eur_per_kwh", "peak_eur_per_kwh", "energy_eur_per_kwh")
PROFILE = ("import_kw", "export_kw", "base_load_kw", "net_kw", "net_unmanaged_kw")
SHAPES = {
    "stays": {
        "stay_id": _TEXT,
        "arrival": _MOMENT,
        "departure": _MOMENT,
        "limit_id": _TEXT,
        **dict.fromkeys(STAY_NUMBERS, _NUMBER),
        "capacity_kwh": _MAYBE,
        "soc_arrival_kwh": _MAYBE,
    },
    "limits": {
        "limit_id": _TEXT,
        "parent_id": Column(kind=Kind.TEXT, nullable=True),
        "zone": _TEXT,
        **dict.fromkeys(
            ("peak_eur_per_kw", "peak_so_far_kw", "peak_kw", "peak_unmanaged_kw"), _NUMBER
        ),
    },
    "limit_profile": {"limit_id": _TEXT, "start": _MOMENT, **dict.fromkeys(PROFILE, _NUMBER)},
    "signals": {
        "zone": _TEXT,
        "start": _MOMENT,
        "buy_eur_per_kwh": _NUMBER,
        "sell_eur_per_kwh": _NUMBER,
    },
    "schedule": {"stay_id": _TEXT, "start": _MOMENT, "power_kw": _NUMBER, "energy_kwh": _MAYBE},
    "prices": {"limit_id": _TEXT, "start": _MOMENT, **dict.fromkeys(PRICES, _NUMBER)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeData:
    """A charge study as arrays: S stays, L limits, T steps, R rows of the schedule.

    Attributes
    ----------
    stay : numbers per stay, (S,) each, NaN where not known. begin, end : (S,) in steps since the
        first one, with fractions. stay_limit : (S,) row of the limits.
    parent : (L,) row above, -1 for a root. order : rows of the limits, parents first.
    limit : numbers per limit, (L,). profile, price : per limit and step, (L, T).
    buy, sell : (L, T) prices of the root's zone, zero below the roots.
    row_stay, row_step : (R,) sorted by stay and step; row_power_kw, row_energy_kwh : (R,).
    """

    stay_id: list[str]
    stay: dict[str, Floats]
    begin: Floats
    end: Floats
    stay_limit: Ints
    limit_id: list[str]
    parent: Ints
    order: list[int]
    limit: dict[str, Floats]
    profile: dict[str, Floats]
    price: dict[str, Floats]
    buy: Floats
    sell: Floats
    n_steps: int
    step_h: float
    row_stay: Ints
    row_step: Ints
    row_power_kw: Floats
    row_energy_kwh: Floats

    def window(self, stay: int) -> tuple[Ints, Floats]:
        """Return the steps a stay can use, and the share of each during which it is there."""
        begin, end = self.begin[stay], self.end[stay]
        steps = np.arange(int(np.floor(begin)), int(np.ceil(end)))
        share = np.minimum(end, steps + 1) - np.maximum(begin, steps)
        return steps, share

    def summed_up(self, values: Floats) -> Floats:
        """Values of each limit plus those of all limits below it. (L, T) -> (L, T)."""
        total = values.copy()
        for row in self.order[::-1]:
            if self.parent[row] >= 0:
                total[self.parent[row]] += total[row]
        return total


def read_charge_data(tables: Tables) -> tuple[ChargeData | None, list[Finding]]:
    """Turn the tables into arrays; findings, and no data, where they do not fit together."""
    findings = list(check_shapes(tables, SHAPES))
    findings = findings or list(_check_keys(tables))
    if findings:
        return None, findings
    findings = list(_check_grid(tables))
    order = _parents_first(tables["limits"])
    if len(order) < tables["limits"].height:
        message = text("the parents of a limit form a circle")
        findings.append(_finding("limit-circle", "limits", "parent_id", message))
    findings = findings or list(_check_references(tables))
    if findings:
        return None, findings
    return _data(tables, order), []


def _finding(rule: str, table: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=where, message=message)


def _check_keys(tables: Tables) -> Iterator[Finding]:
    for name, keys in (
        ("stays", ["stay_id"]),
        ("limits", ["limit_id"]),
        ("limit_profile", ["limit_id", "start"]),
        ("signals", ["zone", "start"]),
        ("schedule", ["stay_id", "start"]),
        ("prices", ["limit_id", "start"]),
    ):
        table = tables[name]
        if name in {"limits", "signals"} and not table.height:
            yield _finding("table-empty", name, name, text("the table has no rows"))
        repeated = (
            table.filter(table.select(keys).is_duplicated())
            .select(keys)
            .unique(maintain_order=True)
        )
        for row in repeated.iter_rows():
            message = text("more than one row with the same key")
            yield _finding("row-repeated", name, ", ".join(map(str, row)), message)


def _check_grid(tables: Tables) -> Iterator[Finding]:
    """Signals at equal steps in every zone; profile and prices at each limit and step."""
    starts = tables["signals"]["start"].unique().sort()
    steps = starts.diff().drop_nulls().unique()
    if len(steps) != 1:
        message = text("the steps are not of one length")
        yield _finding("steps-uneven", "signals", "start", message)
    zones = tables["signals"]["zone"].unique()
    for name, key, members in (
        ("signals", "zone", zones),
        ("limit_profile", "limit_id", tables["limits"]["limit_id"]),
        ("prices", "limit_id", tables["limits"]["limit_id"]),
    ):
        table = tables[name]
        is_strange = ~(table["start"].is_in(starts.implode()) & table[key].is_in(members.implode()))
        for row in table.filter(is_strange).select(key, "start").iter_rows():
            message = text("no such limit, zone or step")
            yield _finding("row-unknown", name, ", ".join(map(str, row)), message)
        if not is_strange.any() and table.height != len(members) * len(starts):
            message = text(
                "{n} rows, expected one per {key} and step: {m}",
                n=table.height,
                key=key,
                m=len(members) * len(starts),
            )
            yield _finding("rows-missing", name, name, message)


def _check_references(tables: Tables) -> Iterator[Finding]:
    limits, stays = tables["limits"], tables["stays"]
    known = limits["limit_id"].implode()
    lost_stays = stays.filter(~stays["limit_id"].is_in(known)).select("stay_id", "limit_id")
    for stay_id, limit_id in lost_stays.iter_rows():
        message = text("limit {limit} is not in the limits", limit=limit_id)
        yield _finding("limit-unknown", "stays", stay_id, message)
    lost_limits = limits.filter(
        limits["parent_id"].is_not_null() & ~limits["parent_id"].is_in(known)
    )
    for limit_id, parent_id in lost_limits.select("limit_id", "parent_id").iter_rows():
        message = text("limit {limit} is not in the limits", limit=parent_id)
        yield _finding("limit-unknown", "limits", limit_id, message)
    zones = tables["signals"]["zone"].unique().to_list()
    roots = limits.filter(limits["parent_id"].is_null())
    for limit_id, zone in roots.select("limit_id", "zone").iter_rows():
        if zone not in zones and len(zones) > 1:
            message = text("zone {zone} is not in the signals", zone=zone)
            yield _finding("zone-unknown", "limits", limit_id, message)
    starts = tables["signals"]["start"]
    step = starts.unique().sort().diff().drop_nulls()[0]
    is_outside = (
        (stays["arrival"] < starts.min())
        | (stays["departure"] > starts.max() + step)
        | (stays["departure"] <= stays["arrival"])
    )
    for stay_id in stays.filter(is_outside)["stay_id"]:
        message = text("the stay ends before it begins, or reaches outside the signals")
        yield _finding("stay-time", "stays", stay_id, message)
    schedule = tables["schedule"]
    is_strange = ~(
        schedule["stay_id"].is_in(stays["stay_id"].implode())
        & schedule["start"].is_in(starts.unique().implode())
    )
    for row in schedule.filter(is_strange).select("stay_id", "start").iter_rows():
        message = text("no such stay or step")
        yield _finding("row-unknown", "schedule", ", ".join(map(str, row)), message)


def _parents_first(limits: pl.DataFrame) -> list[int]:
    names = limits["limit_id"].to_list()
    below: dict[str | None, list[int]] = {}
    for row, above in enumerate(limits["parent_id"].to_list()):
        below.setdefault(above if above in names else None, []).append(row)
    order = list(below.get(None, []))
    for row in order:  # grows while it is read
        order += below.get(names[row], [])
    return order


def _data(tables: Tables, order: list[int]) -> ChargeData:
    stays, limits, signals = tables["stays"], tables["limits"], tables["signals"]
    starts = signals["start"].unique().sort().to_physical().to_numpy()
    step_us = int(starts[1] - starts[0])
    limit_id, stay_id = limits["limit_id"].to_list(), stays["stay_id"].to_list()
    limit_row = {name: row for row, name in enumerate(limit_id)}
    stay_row = {name: row for row, name in enumerate(stay_id)}
    parent = np.array([limit_row.get(p, -1) for p in limits["parent_id"].to_list()])
    buy, sell = _root_prices(tables, parent=parent, n_steps=len(starts))
    schedule = tables["schedule"].with_columns(
        row=pl.Series([stay_row[s] for s in tables["schedule"]["stay_id"]], dtype=pl.Int64)
    )
    schedule = schedule.sort("row", "start")
    numbers = {name: _floats(stays[name]) for name in STAY_NUMBERS}
    is_half = np.isnan(numbers["capacity_kwh"]) | np.isnan(numbers["soc_arrival_kwh"])
    for name in ("capacity_kwh", "soc_arrival_kwh"):
        numbers[name] = np.where(is_half, np.nan, numbers[name])
    return ChargeData(
        stay_id=stay_id,
        stay=numbers,
        begin=(stays["arrival"].to_physical().to_numpy() - starts[0]) / step_us,
        end=(stays["departure"].to_physical().to_numpy() - starts[0]) / step_us,
        stay_limit=np.array([limit_row[name] for name in stays["limit_id"]], dtype=np.int64),
        limit_id=limit_id,
        parent=parent,
        order=order,
        limit={
            name: _floats(limits[name])
            for name in ("peak_eur_per_kw", "peak_so_far_kw", "peak_kw", "peak_unmanaged_kw")
        },
        profile=_by_limit(tables["limit_profile"], PROFILE, limit_row=limit_row),
        price=_by_limit(tables["prices"], PRICES, limit_row=limit_row),
        buy=buy,
        sell=sell,
        n_steps=len(starts),
        step_h=step_us / 3.6e9,
        row_stay=schedule["row"].to_numpy(),
        row_step=(schedule["start"].to_physical().to_numpy() - starts[0]) // step_us,
        row_power_kw=_floats(schedule["power_kw"]),
        row_energy_kwh=_floats(schedule["energy_kwh"]),
    )


def _floats(series: pl.Series) -> Floats:
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _by_limit(
    table: pl.DataFrame, columns: tuple[str, ...], *, limit_row: dict[str, int]
) -> dict[str, Floats]:
    """Columns of a table with one row per limit and step, as (L, T)."""
    rows = pl.Series([limit_row[name] for name in table["limit_id"]], dtype=pl.Int64)
    table = table.with_columns(row=rows).sort("row", "start")
    return {name: _floats(table[name]).reshape(len(limit_row), -1) for name in columns}


def _root_prices(tables: Tables, *, parent: Ints, n_steps: int) -> tuple[Floats, Floats]:
    signals = tables["signals"].sort("start")
    zones = signals["zone"].unique().to_list()
    buy, sell = np.zeros((len(parent), n_steps)), np.zeros((len(parent), n_steps))
    for row in np.flatnonzero(parent < 0).tolist():
        zone = zones[0] if len(zones) == 1 else tables["limits"]["zone"][row]
        of_zone = signals.filter(pl.col("zone") == zone)
        buy[row] = _floats(of_zone["buy_eur_per_kwh"])
        sell[row] = _floats(of_zone["sell_eur_per_kwh"])
    return buy, sell
