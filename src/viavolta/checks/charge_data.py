"""The tables of a charge study as arrays."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.checks.charge_book import Book
from viavolta.checks.charge_keys import Floats, Ints, Keys, Stepped, read_keys, rows_of, top_down
from viavolta.checks.charge_shapes import (
    EXTRA_SHAPES,
    LIMIT_NUMBERS,
    PHASE_PRICES,
    PRICES,
    PROFILE,
    SHAPES,
    STAY_DETAILS,
    STAY_NUMBERS,
    Tables,
    plain_tables,
)
from viavolta.checks.table_shape import check_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRows:
    """A table with rows per stay and step, by stay; R rows.

    offset : (S + 1,) rows of each stay. stay, step : (R,). value : columns, (R,) each.
    """

    offset: Ints
    stay: Ints
    step: Ints
    value: dict[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeData:
    """A charge study as arrays: S stays, L limits, T steps.

    Attributes
    ----------
    stay : numbers per stay, (S,) each, columns left out filled with what changes nothing. Where
        the battery is not known, capacity_kwh is inf, soc_arrival_kwh 0 and soc_min_kwh -inf.
        target_kwh : charge at departure with which nothing is unmet.
    is_known : (S,) whether the battery is known. begin, end : (S,) in steps since the first one,
        with fractions. first_step, n_rows : (S,) the steps that each touches.
    stay_limit : (S,) row of the limits. vehicle : (S,) number of the vehicle that has several
        stays, -1 for one of its own.
    phase, phase_used : (S,) as in PHASES.
    parent : (L,) row above, -1 for a root. order : rows of the limits, parents first.
    limit : numbers per limit, (L,). profile, price : per limit and step, (L, T).
    phase_price : (3, L, T), or None where no phase is priced.
    buy, sell, co2 : (L, T) of the root's zone, zero below the roots; co2 NaN where not known.
    schedule, early, power : rows per stay and step; None where there is no such table.
    """

    stay_id: pl.Series
    stay: dict[str, Floats]
    is_known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    begin: Floats
    end: Floats
    first_step: Ints
    n_rows: Ints
    stay_limit: Ints
    vehicle: Ints
    phase: Ints
    phase_used: Ints
    limit_id: pl.Series
    parent: Ints
    order: list[int]
    limit: dict[str, Floats]
    profile: dict[str, Floats]
    price: dict[str, Floats]
    phase_price: Floats | None
    buy: Floats
    sell: Floats
    co2: Floats
    n_steps: int
    step_h: float
    schedule: StepRows
    early: StepRows | None
    power: StepRows | None

    def summed_up(self, values: Floats) -> Floats:
        """Values of each limit plus those of all limits below it. (L, T) -> (L, T)."""
        total = values.copy()
        for row in self.order[::-1]:
            if self.parent[row] >= 0:
                total[self.parent[row]] += total[row]
        return total

    def summed_down(self, values: Floats) -> Floats:
        """Values of each limit plus those of all limits above it. (L, T) -> (L, T)."""
        total = values.copy()
        for row in self.order:
            if self.parent[row] >= 0:
                total[row] += total[self.parent[row]]
        return total


def read_charge_data(tables: Tables, book: Book) -> ChargeData | None:
    """Turn the tables into arrays; findings, and no data, where they do not fit together."""
    tables = plain_tables(tables)
    shapes = {**SHAPES, **{name: EXTRA_SHAPES[name] for name in EXTRA_SHAPES if name in tables}}
    book.add(check_shapes(tables, shapes))
    if not book.is_empty:
        return None
    keys = read_keys(tables, book)
    return None if keys is None else _data(tables, keys)


def _data(tables: Tables, keys: Keys) -> ChargeData:
    stays, limits, n_steps = tables["stays"], tables["limits"], keys.n_steps
    stay = _stay_numbers(stays)
    is_known = ~np.isnan(stay["capacity_kwh"] + stay["soc_arrival_kwh"])
    for name, filler in (
        ("capacity_kwh", np.inf),
        ("soc_arrival_kwh", 0.0),
        ("soc_min_kwh", -np.inf),
    ):
        stay[name] = np.where(is_known, stay[name], filler)
    stay["target_kwh"] = stay["soc_arrival_kwh"] + stay["energy_kwh"]
    begin, end = (
        (stays[name].to_physical().to_numpy() - keys.start_us) / keys.step_us
        for name in ("arrival", "departure")
    )
    first_step = np.floor(begin).astype(np.int64)
    phase = _whole(stays, "phase")
    prices = keys.stepped["prices"]
    has_phases = all(name in tables["prices"].columns for name in PHASE_PRICES)
    return ChargeData(
        stay_id=stays["stay_id"],
        stay=stay,
        is_known=is_known,
        begin=begin,
        end=end,
        first_step=first_step,
        n_rows=np.ceil(end).astype(np.int64) - first_step,
        stay_limit=keys.stay_limit,
        vehicle=_vehicles(stays),
        phase=phase,
        phase_used=_whole(stays, "phase_used") if "phase_used" in stays.columns else phase,
        limit_id=limits["limit_id"],
        parent=keys.parent,
        order=top_down(keys.parent),
        limit={
            **{name: _floats(limits, name) for name in LIMIT_NUMBERS},
            "phase_kw": _floats(limits, "phase_kw", default=np.inf),
        },
        profile=_by_limit(tables["limit_profile"], keys.stepped["limit_profile"], PROFILE, n_steps),
        price=_by_limit(tables["prices"], prices, PRICES, n_steps),
        phase_price=_phase_prices(tables["prices"], prices, n_steps) if has_phases else None,
        **_signals(tables, keys),
        n_steps=n_steps,
        step_h=keys.step_us / 3.6e9,
        schedule=_step_rows(tables, keys, "schedule"),
        early=_step_rows(tables, keys, "early_departures")
        if "early_departures" in tables
        else None,
        power=_step_rows(tables, keys, "power_profile") if "power_profile" in tables else None,
    )


def _floats(table: pl.DataFrame, name: str, *, default: float = np.nan) -> Floats:
    if name not in table.columns:
        return np.full(table.height, default)
    return np.array(table[name].cast(pl.Float64).fill_null(default).to_numpy())


def _whole(table: pl.DataFrame, name: str) -> Ints:
    if name not in table.columns:
        return np.zeros(table.height, dtype=np.int64)
    return np.array(table[name].cast(pl.Int64).fill_null(0).to_numpy())


def _stay_numbers(stays: pl.DataFrame) -> dict[str, Floats]:
    stay = {name: _floats(stays, name) for name in STAY_NUMBERS}
    for name, default in STAY_DETAILS.items():
        stay[name] = _floats(stays, name, default=np.nan if default is None else default)
    above = stay["efficiency_above_knee"]
    stay["efficiency_above_knee"] = np.where(np.isnan(above), stay["charge_efficiency"], above)
    return stay


def _vehicles(stays: pl.DataFrame) -> Ints:
    """Number the vehicles that have a name."""
    if "vehicle_id" not in stays.columns:
        return np.full(stays.height, -1)
    names = stays["vehicle_id"].cast(pl.String).fill_null("")
    known = names.filter(names != "").unique().sort()
    return rows_of(names, known)


def _by_limit(
    table: pl.DataFrame, rows: Stepped, columns: tuple[str, ...], n_steps: int
) -> dict[str, Floats]:
    """Columns of a table with one row per limit and step, as (L, T)."""
    return {name: rows.column(table, name).reshape(-1, n_steps) for name in columns}


def _phase_prices(table: pl.DataFrame, rows: Stepped, n_steps: int) -> Floats:
    by_name = _by_limit(table, rows, PHASE_PRICES, n_steps)
    return np.nan_to_num(np.stack([by_name[name] for name in PHASE_PRICES]), nan=0.0)


def _signals(tables: Tables, keys: Keys) -> dict[str, Floats]:
    """Prices of each root's zone, (L, T) each; where there is only one zone, it serves all."""
    rows, n_steps = keys.stepped["signals"], keys.n_steps
    zone = rows_of(tables["limits"]["zone"], keys.zones) if len(keys.zones) > 1 else 0
    zone = np.where(keys.parent < 0, zone, -1)
    columns = {"buy": "buy_eur_per_kwh", "sell": "sell_eur_per_kwh", "co2": "co2_g_per_kwh"}
    found = {}
    for name, column in columns.items():
        if column in tables["signals"].columns:
            by_zone = rows.column(tables["signals"], column).reshape(-1, n_steps)
        else:
            by_zone = np.full((len(keys.zones), n_steps), np.nan)
        found[name] = np.concatenate((by_zone, np.zeros((1, n_steps))))[zone]
    return found


def _step_rows(tables: Tables, keys: Keys, name: str) -> StepRows:
    rows, table = keys.stepped[name], tables[name]
    counts = np.bincount(rows.owner, minlength=tables["stays"].height)
    columns = [c for c in table.columns if c in {"power_kw", "energy_kwh", "share", "max_kw"}]
    columns += [c for c in table.columns if c == "max_discharge_kw"]
    return StepRows(
        offset=np.concatenate(([0], np.cumsum(counts))),
        stay=rows.owner,
        step=rows.step,
        value={column: rows.column(table, column) for column in columns},
    )
