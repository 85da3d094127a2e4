"""Why stays leave with less than they asked for, worked out from the tables.

What a stay lacks is taken apart in this order: what power times time cannot give at all, what the
battery has no room for, what the charging curve, losses and minimum power hold back, and the rest,
which a limit, a price or another vehicle holds back. The rest is laid at the door of the limit, its
phase or its capacity price above the plug whose prices sum up highest while the vehicle was there.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows, seconds
from viavolta.reports.charge.reach import detail, offered_kwh, reach_kwh
from viavolta.reports.charge.worth import PHASES

Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

_NOTHING_KWH = 1e-6
_NOTHING_EUR = 1e-9


class Reason(StrEnum):
    """What holds energy back; of several, the one that holds back most is the reason of a stay."""

    TIME = "time"
    BATTERY = "battery"
    CURVE = "curve"
    LIMIT = "limit"
    PEAK = "peak"
    OTHER = "other"


REASONS = tuple(Reason)
"""Reasons in the order in which they are asked for."""

PRICES = ("import_eur_per_kwh", "peak_eur_per_kwh", *PHASES)
"""Columns of the table prices that can hold charging back."""

PEAK = PRICES.index("peak_eur_per_kwh")

OWN_REASONS = (Reason.TIME, Reason.BATTERY, Reason.CURVE)
"""Reasons that lie in the stay itself; no limit or price has a part in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfalls:
    """Stays with a shortfall, largest first. Shapes: all (U,), `missing_kwh` (U, 4).

    Attributes
    ----------
    stays : their rows of the table stays, with begin_s and end_s since the first step.
    missing_kwh : by time, battery, curve and the rest; sums to unmet_kwh.
    reason : what holds back most, as a place in `REASONS`.
    limit : row of the tree that holds the rest back, -1 where none does.
    price : the price by which it does so, as a place in `PRICES`.
    offered_kwh : power times time, into the battery.
    reach_kwh : what the stay could get if it were alone.
    """

    stays: pl.DataFrame
    missing_kwh: Floats
    reason: Ints
    limit: Ints
    price: Ints
    offered_kwh: Floats
    reach_kwh: Floats

    def __len__(self) -> int:
        return self.stays.height


def shortfalls_of(facts: ChargeFacts, flows: Flows) -> Shortfalls | None:
    """Find the reason of every shortfall; None where the table stays is not there."""
    table = facts.table("stays")
    if table is None:
        return None
    clock = flows.clock
    stays = (
        table.lazy()
        .filter(pl.col("unmet_kwh") > _NOTHING_KWH)
        .with_columns(
            begin_s=pl.col("arrival").dt.epoch("s") - clock.first_s,
            end_s=pl.col("departure").dt.epoch("s") - clock.first_s,
        )
        .sort(["unmet_kwh", "stay_id"], descending=[True, False])
        .collect()
    )
    offered = offered_kwh(stays, _power_profile(facts, clock))
    reach = reach_kwh(stays, step_s=clock.step_s)
    missing = _taken_apart(stays, offered, reach)
    limit, price = _holding_limits(facts, flows, stays, missing[:, 3] > _NOTHING_KWH)
    return Shortfalls(
        stays=stays,
        missing_kwh=missing,
        reason=_reasons(missing, limit, price == PEAK),
        limit=limit,
        price=price,
        offered_kwh=offered,
        reach_kwh=reach,
    )


def _power_profile(facts: ChargeFacts, clock: LocalClock) -> pl.DataFrame | None:
    """Powers that vary over a stay: stay_id, s, max_kw; None where the study has none."""
    frame = facts.table("power_profile")
    return None if frame is None else frame.select("stay_id", seconds(clock), "max_kw")


def _taken_apart(stays: pl.DataFrame, offered: Floats, reach: Floats) -> Floats:
    """(U, 4) kWh by time, battery, curve and the rest."""
    wanted = stays["energy_kwh"].to_numpy()
    unmet = stays["unmet_kwh"].to_numpy()
    room = detail(stays, "capacity_kwh", np.inf) - detail(stays, "soc_arrival_kwh", 0.0)
    missing = np.zeros((stays.height, 4))
    left = unmet
    ceilings = (offered, np.minimum(offered, room), np.minimum(np.minimum(offered, room), reach))
    above = wanted
    for column, ceiling in enumerate(ceilings):
        missing[:, column] = np.minimum(left, np.maximum(above - np.maximum(ceiling, 0.0), 0.0))
        left, above = left - missing[:, column], np.minimum(above, ceiling)
    missing[:, 3] = left
    return np.where(missing > _NOTHING_KWH, missing, 0.0)


def _reasons(missing: Floats, limit: Ints, is_peak: Bools) -> Ints:
    """(U,) place in `REASONS` of what holds back most."""
    rest = np.where(
        limit < 0,
        REASONS.index(Reason.OTHER),
        np.where(is_peak, REASONS.index(Reason.PEAK), REASONS.index(Reason.LIMIT)),
    )
    main = missing.argmax(axis=1)
    reasons: Ints = np.where(main < len(OWN_REASONS), main, rest)
    return reasons


def _holding_limits(
    facts: ChargeFacts, flows: Flows, stays: pl.DataFrame, has_rest: Bools
) -> tuple[Ints, Ints]:
    """(U,) the limit on the way to the root whose price sums up highest, and which price it is."""
    best, kind = np.full(stays.height, -1), np.zeros(stays.height, dtype=np.int64)
    best_price = np.zeros(stays.height)
    plug = flows.tree.rows_of(stays["limit_id"])
    first, last = _steps(stays, flows.clock)
    for nth, column in enumerate(PRICES):
        rank, running = _running_prices(facts, flows, column)
        weight = _weight(stays, column)
        at = np.where(has_rest & (weight > 0), plug, -1)
        while (at >= 0).any():
            line = np.where(at >= 0, rank[at], -1)
            price = np.where(line >= 0, running[line, last] - running[line, first], 0.0) * weight
            is_better = price > best_price + _NOTHING_EUR
            best[is_better], best_price[is_better] = at[is_better], price[is_better]
            kind[is_better] = nth
            at = np.where(at >= 0, flows.tree.parent[at], -1)
    return best, kind


def _weight(stays: pl.DataFrame, column: str) -> Floats:
    """(U,) part of the plug's power that pays a price: a third on each phase, or all on one."""
    if column not in PHASES:
        return np.ones(stays.height)
    if "phase_used" not in stays.columns:
        return np.full(stays.height, 1 / len(PHASES))
    name = f"L{PHASES.index(column) + 1}"
    used = stays["phase_used"].fill_null("L123")
    weight: Floats = np.where(
        (used == name).to_numpy(), 1.0, np.where((used == "L123").to_numpy(), 1 / len(PHASES), 0.0)
    )
    return weight


def _steps(stays: pl.DataFrame, clock: LocalClock) -> tuple[Ints, Ints]:
    """First step of each stay, and the step after its last."""
    begin, end = stays["begin_s"].to_numpy(), stays["end_s"].to_numpy()
    first = np.clip(begin // clock.step_s, 0, clock.n_steps)
    last = np.clip(-(-end // clock.step_s), first, clock.n_steps)
    return first, last


def _running_prices(facts: ChargeFacts, flows: Flows, column: str) -> tuple[Ints, Floats]:
    """Sums of a price over time, only for limits that have one.

    Returns
    -------
    rank : (L,) line of the sums that belongs to a limit, -1 for none.
    running : (lines, T + 1) sum of the price over the steps before.
    """
    clock, tree = flows.clock, flows.tree
    rank = np.full(len(tree), -1)
    frame = facts.table("prices")
    if frame is None or column not in frame.columns:
        return rank, np.zeros((1, clock.n_steps + 1))
    priced = (
        frame.lazy()
        .filter(pl.col(column) > 0)
        .select("limit_id", seconds(clock), column)
        .collect()
    )  # fmt: skip
    row, step = tree.rows_of(priced["limit_id"]), priced["s"].to_numpy() // clock.step_s
    is_known = (row >= 0) & (step >= 0) & (step < clock.n_steps)
    row, step = row[is_known], step[is_known]
    lines = np.unique(row)
    rank[lines] = np.arange(len(lines))
    running = np.zeros((len(lines) + 1, clock.n_steps + 1))
    running[rank[row], step + 1] = priced[column].to_numpy()[is_known]
    return rank, np.cumsum(running, axis=1, out=running)


def priced_spans(
    facts: ChargeFacts, flows: Flows, pairs: list[tuple[int, int, int]], *, column: str
) -> list[list[tuple[int, int]]]:
    """When a limit has a price in a span: for each (row, begin_s, end_s) its runs in seconds."""
    frame, clock = facts.table("prices"), flows.clock
    if frame is None or not pairs:
        return [[] for _ in pairs]
    names = {row: flows.tree.name(row) for row, _, _ in pairs}
    wanted = pl.col("limit_id").is_in(sorted(set(names.values()))) & (pl.col(column) > 0)
    found = frame.lazy().filter(wanted).select("limit_id", seconds(clock)).collect()
    steps = {
        key[0]: np.sort(part["s"].to_numpy())
        for key, part in found.partition_by("limit_id", as_dict=True).items()
    }
    nothing = np.zeros(0, dtype=np.int64)
    return [
        _runs(steps.get(names[row], nothing), begin, end, step_s=clock.step_s)
        for row, begin, end in pairs
    ]  # fmt: skip


def _runs(starts: Ints, begin_s: int, end_s: int, *, step_s: int) -> list[tuple[int, int]]:
    """Unbroken runs of steps that overlap a span."""
    here = starts[(starts + step_s > begin_s) & (starts < end_s)]
    if here.size == 0:
        return []
    cuts = np.flatnonzero(np.diff(here) > step_s)
    firsts = here[np.concatenate(([0], cuts + 1))]
    lasts = here[np.concatenate((cuts, [here.size - 1]))]
    return [(int(a), int(b) + step_s) for a, b in zip(firsts, lasts, strict=True)]
