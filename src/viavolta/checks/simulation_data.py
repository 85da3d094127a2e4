"""The tables of a simulation study as arrays, or what keeps them from being read as such."""

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

UNCONTROLLED, GIVES_BACK = "uncontrolled", "smart-v2x"
STRATEGIES = (UNCONTROLLED, "first-come", "smart", GIVES_BACK)
RELATIVE = 1e-6

_TEXT, _NUMBER, _MOMENT = Column(kind=Kind.TEXT), Column(kind=Kind.NUMBER), Column(kind=Kind.MOMENT)
_MAYBE = Column(kind=Kind.NUMBER, nullable=True)
_MAYBE_TEXT = Column(kind=Kind.TEXT, nullable=True)
_WHOLE = Column(kind=Kind.WHOLE)
STAY_NUMBERS = (
    "energy_kwh",
    "max_kw",
    "max_discharge_kw",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "capacity_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
)
SESSION_NUMBERS = ("charged_kwh", "discharged_kwh", "delivered_kwh", "unmet_kwh", "cost_eur")
HOURS = ("connected_h", "charging_h")
SITE_NUMBERS = (
    "peak_kw",
    "energy_kwh",
    "energy_eur",
    "peak_eur",
    "hours_at_limit",
    "hours_above_limit",
    "worst_excess_kw",
)
SHAPES = {
    "stays": {
        **dict.fromkeys(("stay_id", "driver", "driver_kind", "plug", "site", "limit_id"), _TEXT),
        **dict.fromkeys(("arrival", "departure", "believed_departure"), _MOMENT),
        **dict.fromkeys(STAY_NUMBERS, _NUMBER),
        "believed_energy_kwh": _NUMBER,
        "believed_from": _TEXT,
    },
    "limits": {
        "limit_id": _TEXT,
        "parent_id": _MAYBE_TEXT,
        "zone": _TEXT,
        "peak_eur_per_kw": _NUMBER,
        "peak_so_far_kw": _NUMBER,
    },
    "limit_profile": {
        "limit_id": _TEXT,
        "start": _MOMENT,
        **dict.fromkeys(("import_kw", "export_kw", "base_load_kw"), _NUMBER),
    },
    "signals": {
        "zone": _TEXT,
        "start": _MOMENT,
        "buy_eur_per_kwh": _NUMBER,
        "sell_eur_per_kwh": _NUMBER,
    },
    "schedule": {"strategy": _TEXT, "stay_id": _TEXT, "start": _MOMENT, "power_kw": _NUMBER},
    "power": {"strategy": _TEXT, "limit_id": _TEXT, "start": _MOMENT, "power_kw": _NUMBER},
    "sessions": {
        "strategy": _TEXT,
        "stay_id": _TEXT,
        **dict.fromkeys((*SESSION_NUMBERS, *HOURS), _NUMBER),
        "reason": _MAYBE_TEXT,
        "wait_h": _MAYBE,
        "ready_h": _MAYBE,
    },
    "drivers": {
        "strategy": _TEXT,
        "driver": _TEXT,
        "driver_kind": _TEXT,
        "stays": _WHOLE,
        "unmet_stays": _WHOLE,
        **dict.fromkeys((*SESSION_NUMBERS, *HOURS, "cost_share", "idle_h"), _NUMBER),
        "ready_h": _MAYBE,
    },
    "sites": {"strategy": _TEXT, "limit_id": _TEXT, **dict.fromkeys(SITE_NUMBERS, _NUMBER)},
}
_KEYS = {
    "stays": ["stay_id"],
    "limits": ["limit_id"],
    "limit_profile": ["limit_id", "start"],
    "signals": ["zone", "start"],
    "schedule": ["strategy", "stay_id", "start"],
    "power": ["strategy", "limit_id", "start"],
    "sessions": ["strategy", "stay_id"],
    "drivers": ["strategy", "driver", "driver_kind"],
    "sites": ["strategy", "limit_id"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One strategy: rows of its schedule (R,), sorted by stay and step, and net power (L, T)."""

    strategy: str
    stay: Ints
    step: Ints
    power_kw: Floats
    net_kw: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationData:
    """A simulation as arrays: S stays, L limits, T steps.

    Attributes
    ----------
    stay : numbers per stay, (S,). begin, end : (S,) in steps since the first, with fractions.
    limit : (S,) row of the limits. order : rows of the limits, parents first.
    buy, sell : (L, T) prices of the root above. root : (L,) row of it.
    """

    stay_id: list[str]
    stay: dict[str, Floats]
    begin: Floats
    end: Floats
    limit: Ints
    limit_id: list[str]
    parent: Ints
    root: Ints
    order: list[int]
    import_kw: Floats
    export_kw: Floats
    base_kw: Floats
    peak_eur_per_kw: Floats
    peak_so_far_kw: Floats
    buy: Floats
    sell: Floats
    step_h: float
    runs: tuple[Run, ...]

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return int(self.base_kw.shape[1])

    def summed_up(self, values: Floats) -> Floats:
        """Values (L, ...) of each limit plus those of all limits below it."""
        total = values.copy()
        for row in self.order[::-1]:
            if self.parent[row] >= 0:
                total[self.parent[row]] += total[row]
        return total

    def share(self, run: Run) -> Floats:
        """(R,) part of the step during which the vehicle is there; not above zero: it is not."""
        until = np.minimum(self.end[run.stay], run.step + 1)
        share: Floats = until - np.maximum(self.begin[run.stay], run.step)
        return share

    def gain_kwh(self, run: Run) -> Floats:
        """(R,) energy into the battery."""
        charged = np.maximum(run.power_kw, 0.0) * self.stay["charge_efficiency"][run.stay]
        taken = np.maximum(-run.power_kw, 0.0) / self.stay["discharge_efficiency"][run.stay]
        gain: Floats = (charged - taken) * self.step_h
        return gain


def is_far(found: Floats, expected: Floats) -> NDArray[np.bool_]:
    """Whether figures differ by more than a millionth of their size; NaN is far from all."""
    near = np.abs(found - expected) <= RELATIVE * np.maximum(1.0, np.abs(expected))
    return ~near


def read_simulation_data(tables: Tables) -> tuple[SimulationData | None, list[Finding]]:
    """Turn the tables into arrays; findings, and no data, where they do not fit together."""
    for check in (_shapes, _repeated, _references, _grid):
        findings = list(check(tables))
        if findings:
            return None, findings
    return _data(tables), []


def _shapes(tables: Tables) -> Iterator[Finding]:
    return check_shapes(tables, SHAPES)


def _repeated(tables: Tables) -> Iterator[Finding]:
    for name, keys in _KEYS.items():
        table = tables[name].select(keys)
        for row in table.filter(table.is_duplicated()).unique(maintain_order=True).iter_rows():
            message = text("more than one row with the same key")
            yield Finding(
                rule="row-repeated", table=name, where=", ".join(map(str, row)), message=message
            )
    for name in ("stays", "limits", "signals"):
        if tables[name].is_empty():
            message = text("the table has no rows")
            yield Finding(rule="table-empty", table=name, where=name, message=message)


def _references(tables: Tables) -> Iterator[Finding]:
    """Each limit, stay, strategy and step that a table names is there."""
    known = {
        "limit_id": tables["limits"]["limit_id"],
        "parent_id": tables["limits"]["limit_id"],
        "stay_id": tables["stays"]["stay_id"],
        "strategy": pl.Series(STRATEGIES),
        "start": tables["signals"]["start"].unique(),
    }
    for name in _KEYS:
        table = tables[name]
        for column, members in known.items():
            if column not in SHAPES[name]:
                continue
            strange = table[column].drop_nulls().unique()
            strange = strange.filter(~strange.is_in(members.implode())).sort()
            if len(strange):
                message = text("no such {column}: {first}", column=column, first=strange[0])
                yield Finding(
                    rule="row-unknown", table=name, where=str(strange[0])[:200], message=message
                )


def _grid(tables: Tables) -> Iterator[Finding]:
    """Even steps, a row for each combination, and stays within the horizon."""
    starts = tables["signals"]["start"].unique().sort()
    if starts.diff().drop_nulls().n_unique() != 1:
        message = text("the steps are not of one length")
        yield Finding(rule="steps-uneven", table="signals", where="start", message=message)
        return
    n_limits, n_steps = tables["limits"].height, len(starts)
    n_runs = tables["sessions"]["strategy"].n_unique()
    for name, expected in (
        ("signals", tables["signals"]["zone"].n_unique() * n_steps),
        ("limit_profile", n_limits * n_steps),
        ("power", n_runs * n_limits * n_steps),
        ("sessions", n_runs * tables["stays"].height),
        ("sites", n_runs * n_limits),
    ):
        if tables[name].height != expected:
            message = text("{n} rows, expected {m}", n=tables[name].height, m=expected)
            yield Finding(rule="rows-missing", table=name, where=name, message=message)
    step = starts[1] - starts[0]
    stays = tables["stays"]
    outside = stays.filter(
        (pl.col("arrival") < starts[0])
        | (pl.col("departure") > starts[-1] + step)
        | (pl.col("departure") <= pl.col("arrival"))
    )
    for stay_id in outside["stay_id"]:
        message = text("the stay ends before it begins, or reaches outside the signals")
        yield Finding(rule="stay-time", table="stays", where=stay_id, message=message)
    if len(_parents_first(tables["limits"])) < n_limits:
        message = text("the parents of a limit form a circle")
        yield Finding(rule="limit-circle", table="limits", where="parent_id", message=message)


def _parents_first(limits: pl.DataFrame) -> list[int]:
    names = limits["limit_id"].to_list()
    below: dict[str | None, list[int]] = {}
    for row, above in enumerate(limits["parent_id"].to_list()):
        below.setdefault(above, []).append(row)
    order = list(below.get(None, []))
    for row in order:  # grows while it is read
        order += below.get(names[row], [])
    return order


def floats(series: pl.Series) -> Floats:
    """Numbers of a column, NaN for null."""
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _data(tables: Tables) -> SimulationData:
    stays, limits = tables["stays"], tables["limits"]
    starts = tables["signals"]["start"].unique().sort().to_physical().to_numpy()
    step_us = int(starts[1] - starts[0])
    limit_row = {name: row for row, name in enumerate(limits["limit_id"])}
    parent = np.array([-1 if p is None else limit_row[p] for p in limits["parent_id"].to_list()])
    order = _parents_first(limits)
    root = np.arange(len(parent))
    for row in order:
        root[row] = root[parent[row]] if parent[row] >= 0 else row
    buy, sell = _prices(tables, root=root)
    return SimulationData(
        stay_id=stays["stay_id"].to_list(),
        stay={name: floats(stays[name]) for name in STAY_NUMBERS},
        begin=(stays["arrival"].to_physical().to_numpy() - starts[0]) / step_us,
        end=(stays["departure"].to_physical().to_numpy() - starts[0]) / step_us,
        limit=np.array([limit_row[name] for name in stays["limit_id"]], dtype=np.int64),
        limit_id=limits["limit_id"].to_list(),
        parent=parent,
        root=root,
        order=order,
        import_kw=_by_limit(tables["limit_profile"], "import_kw", limit_row=limit_row),
        export_kw=_by_limit(tables["limit_profile"], "export_kw", limit_row=limit_row),
        base_kw=_by_limit(tables["limit_profile"], "base_load_kw", limit_row=limit_row),
        peak_eur_per_kw=floats(limits["peak_eur_per_kw"]),
        peak_so_far_kw=floats(limits["peak_so_far_kw"]),
        buy=buy,
        sell=sell,
        step_h=step_us / 3.6e9,
        runs=_runs(tables, limit_row=limit_row, first=int(starts[0]), step_us=step_us),
    )


def _by_limit(table: pl.DataFrame, column: str, *, limit_row: dict[str, int]) -> Floats:
    """A column of a table with one row per limit and step, as (L, T)."""
    rows = pl.Series("row", [limit_row[name] for name in table["limit_id"]], dtype=pl.Int64)
    ordered = table.select(column, "start").with_columns(rows).sort("row", "start")
    return floats(ordered[column]).reshape(len(limit_row), -1)


def _prices(tables: Tables, *, root: Ints) -> tuple[Floats, Floats]:
    signals = tables["signals"].sort("zone", "start")
    zones = signals["zone"].unique().sort().to_list()
    buy = floats(signals["buy_eur_per_kwh"]).reshape(len(zones), -1)
    sell = floats(signals["sell_eur_per_kwh"]).reshape(len(zones), -1)
    of_root = [tables["limits"]["zone"][int(row)] for row in root]
    rows = [zones.index(zone) if len(zones) > 1 and zone in zones else 0 for zone in of_root]
    return buy[rows], sell[rows]


def _runs(
    tables: Tables, *, limit_row: dict[str, int], first: int, step_us: int
) -> tuple[Run, ...]:
    stay_row = {name: row for row, name in enumerate(tables["stays"]["stay_id"])}
    found = []
    for strategy in tables["sessions"]["strategy"].unique(maintain_order=True):
        own = tables["schedule"].filter(pl.col("strategy") == strategy)
        rows = pl.Series("row", [stay_row[name] for name in own["stay_id"]], dtype=pl.Int64)
        own = own.with_columns(rows).sort("row", "start")
        power = tables["power"].filter(pl.col("strategy") == strategy)
        found.append(
            Run(
                strategy=strategy,
                stay=own["row"].to_numpy(),
                step=(own["start"].to_physical().to_numpy() - first) // step_us,
                power_kw=floats(own["power_kw"]),
                net_kw=_by_limit(power, "power_kw", limit_row=limit_row),
            )
        )
    return tuple(found)
