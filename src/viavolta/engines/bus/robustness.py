"""How sure a planned day is: the same block driven through many drawn days.

A draw is one day: its temperature, its traffic, how each bus is driven, how late each trip comes,
and one charging point that is out of order from the night before. The block keeps its trips, ways
and stays; only energies, delays and time at the plug change. Each block draws from a stream of its
own, named by its trips, so that neither the order of blocks nor the number of cores matters.

A late bus gives up waiting time and time at the plug before it gives up its next departure. Where a
point is out of order, buses take turns: whoever comes first charges first, and leaves the point as
soon as the planned energy is in.
"""

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from viavolta.engines.bus.blocks import Block, Kind
from viavolta.engines.bus.chains import DAY_S, curve_at, reach_along_kwh, reach_kwh
from viavolta.engines.bus.problem import BlockArrays, Longs
from viavolta.engines.kit.jit import kernel
from viavolta.model.trip import Floats

DRIVES, WAITS, CHARGES = 0, 1, 2
NO_POINT_FAILED = -1
TOLERANCE_KWH = 1e-6
"""A planned day may end this little below its reserve by rounding."""
HOUR_S = 3600.0
_SHARED = "the day itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How much days differ; all zero: every day is as planned.

    driving_share, trip_share: standard deviation of the energy by who drives and by the trip, as
    shares of it. delay_share: mean delay of a trip as a share of its time. day_share: standard
    deviation of the logarithm of a day's traffic, by which all its delays are multiplied.
    """

    driving_share: float
    trip_share: float
    delay_share: float
    day_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTemperatures:
    """Temperatures of a year's days as a distribution.

    levels (Q,): rising from 0 to 1. temperature_c (Q,): the temperature below which that share of
    the days lies; between two levels it is interpolated.
    """

    levels: Floats
    temperature_c: Floats

    def drawn_c(self, u: Floats) -> Floats:
        """Temperature of each day (N,) from numbers between 0 and 1."""
        return np.interp(u, self.levels, self.temperature_c)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnDays:
    """What all blocks share on each of N days; arrays have shape (N,).

    day_u: between 0 and 1, where the day lies among the year's temperatures. traffic: standard
    normal. failed_node: where a point is out of order, NO_POINT_FAILED where none is.
    """

    seed: int
    day_u: Floats
    traffic: Floats
    failed_node: Longs

    @property
    def n(self) -> int:
        """Number of days."""
        return int(self.day_u.size)


def drawn_days(seed: int, n: int, points: Sequence[tuple[int, int]]) -> DrawnDays:
    """Draw what the blocks share on `n` days.

    points: (node, number of charging points) of each place; each point fails as often as another.
    """
    rng = _stream(seed, _SHARED)
    day_u, traffic, which = rng.random(n), rng.standard_normal(n), rng.random(n)
    nodes = np.array([node for node, count in sorted(points) for _ in range(count)], dtype=np.int64)
    if not nodes.size:
        failed = np.full(n, NO_POINT_FAILED, dtype=np.int64)
    else:
        failed = nodes[np.floor(which * nodes.size).astype(np.int64)]
    return DrawnDays(seed=seed, day_u=day_u, traffic=traffic, failed_node=failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDraws:
    """What a block draws for itself on N days with A activities.

    driver (N,), trip (N, A): standard normal. delay (N, A): exponential with mean 1.
    """

    driver: Floats
    trip: Floats
    delay: Floats


def block_draws(days: DrawnDays, key: str, n_activities: int) -> BlockDraws:
    """Draw for one block; `key` names it by what it drives."""
    rng = _stream(days.seed, key)
    shape = (days.n, n_activities)
    return BlockDraws(
        driver=rng.standard_normal(days.n),
        trip=rng.standard_normal(shape),
        delay=rng.standard_exponential(shape),
    )


def _stream(seed: int, key: str) -> np.random.Generator:
    words = np.frombuffer(hashlib.blake2b(key.encode(), digest_size=16).digest(), dtype="<u4")
    return np.random.default_rng([seed, *(int(word) for word in words)])


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShape:
    """A block's day as arrays over its A activities.

    kind (A,): DRIVES, WAITS or CHARGES. duration_s (A,). is_trip (A,): with passengers; only trips
    are late. node (A,): where a stay charges, NO_POINT_FAILED elsewhere. point (A,): at which kind
    of point, as PlannedStay has it. queue_s (A,): how long the
    stay waits for a point while one is out of order, inf where it gets none. start_kwh: charge in
    the morning; short_start_kwh: the same where a point at `night_node` was out of order.
    """

    kind: Longs
    duration_s: Floats
    is_trip: Floats
    node: Longs
    point: Longs
    queue_s: Floats
    start_kwh: float
    short_start_kwh: float
    night_node: int


def day_shape(
    block: Block, *, waits_s: Sequence[float], plug_s: float, arrays: BlockArrays
) -> DayShape:
    """Lay out a block; `waits_s` per stay of the block: time until a point is free."""
    rows = block.activities
    kinds = {Kind.LAYOVER: WAITS, Kind.CHARGE: CHARGES}
    node = np.full(len(rows), NO_POINT_FAILED, dtype=np.int64)
    queue = np.zeros(len(rows))
    start = rows[0].soc_start_kwh
    short, night_node = start, NO_POINT_FAILED
    for stay, wait in zip(block.stays, waits_s, strict=True):
        if stay.activity >= 0:
            node[stay.activity], queue[stay.activity] = stay.node, wait
        else:
            hours = (stay.departure_s - stay.arrival_s - plug_s - wait) / HOUR_S
            night_node = stay.node
            short = min(start, float(reach_kwh(stay.soc_arrival_kwh, hours, arrays)))
    return DayShape(
        kind=np.array([kinds.get(row.kind, DRIVES) for row in rows], dtype=np.int64),
        duration_s=np.array([row.end_s - row.start_s for row in rows]),
        is_trip=np.array([float(row.kind is Kind.TRIP) for row in rows]),
        node=node,
        point=np.array([row.point for row in rows], dtype=np.int64),
        queue_s=queue,
        start_kwh=start,
        short_start_kwh=short,
        night_node=night_node,
    )


class Need(NamedTuple):
    """Energy and delay of each activity on each day: both (N, A)."""

    energy_kwh: Floats
    delay_s: Floats


def day_needs(
    shape: DayShape,
    draws: BlockDraws,
    days: DrawnDays,
    spread: Spread,
    *,
    energy_kwh: Floats,
    idle_kw: Floats,
) -> Need:
    """What the activities take on the drawn days.

    energy_kwh (N, A): as planned at each day's temperature. idle_kw (N,): what a bus draws at a
    standstill. Energy = planned + |planned| x (spread by driver + spread by trip) + standstill.
    """
    day = np.exp(spread.day_share * days.traffic - 0.5 * spread.day_share**2)
    delay = spread.delay_share * day[:, None] * draws.delay * (shape.duration_s * shape.is_trip)
    more = spread.driving_share * draws.driver[:, None] + spread.trip_share * draws.trip
    drives = shape.kind == DRIVES
    energy = energy_kwh + np.abs(energy_kwh) * more * drives + idle_kw[:, None] * delay / HOUR_S
    return Need(energy_kwh=energy, delay_s=delay)


class Outcome(NamedTuple):
    """How each day went (N,): lowest charge, and the first activity below the reserve or -1."""

    lowest_kwh: Floats
    first_short: Longs


def outcome(shape: DayShape, need: Need, failed_node: Longs, arrays: BlockArrays) -> Outcome:
    """Drive the block through the days; `failed_node` (N,) as in `DrawnDays`."""
    start = np.where(
        (failed_node == shape.night_node) & (failed_node != NO_POINT_FAILED),
        shape.short_start_kwh,
        shape.start_kwh,
    )
    lowest, first = drive_days(
        start,
        need.energy_kwh,
        need.delay_s,
        shape.kind,
        shape.duration_s,
        shape.node,
        shape.point,
        shape.queue_s,
        failed_node,
        arrays,
    )
    return Outcome(lowest_kwh=lowest, first_short=first)


@kernel
def drive_days(  # noqa: PLR0917 - a kernel: the day's arrays, one by one
    start_kwh: Floats,
    energy_kwh: Floats,
    delay_s: Floats,
    kind: Longs,
    duration_s: Floats,
    node: Longs,
    point: Longs,
    queue_s: Floats,
    failed_node: Longs,
    a: BlockArrays,
) -> tuple[Floats, Longs]:
    """Lowest charge (N,) and first activity below the reserve (N,), -1 where there is none.

    Shapes: start_kwh, failed_node (N,); energy_kwh, delay_s (N, A); the others (A,). Charge goes on
    below zero, so that it tells how much is missing.
    """
    lowest = np.empty(start_kwh.size)
    first = np.full(start_kwh.size, -1)
    for n in range(start_kwh.size):
        charge = start_kwh[n]
        low, late = charge, 0.0
        for k in range(kind.size):
            if kind[k] == DRIVES:
                left = charge - energy_kwh[n, k]
                charge = min(max(charge, a.soc_max_kwh), left)
                late += delay_s[n, k]
            else:
                if kind[k] == CHARGES:
                    at_plug = duration_s[k] - late - a.plug_s
                    if failed_node[n] == node[k]:
                        at_plug -= queue_s[k]
                    curve_kw = curve_at(point[k], a)
                    reached = reach_along_kwh(charge, at_plug / HOUR_S, curve_kw, a)
                    charge = max(charge, reached)
                late = max(0.0, late - duration_s[k])
            low = min(low, charge)
            if first[n] < 0 and charge < a.soc_min_kwh - TOLERANCE_KWH:
                first[n] = k
        lowest[n] = low
    return lowest, first


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPoint:
    """A stay that holds a point: when, how long it charges, and a name that tells ties apart."""

    arrival_s: float
    departure_s: float
    charging_s: float
    name: str


def waits_s(stays: Sequence[HeldPoint], n_points: int) -> list[float]:
    """How long each stay waits for one of `n_points`, first come first served; inf: it gets none.

    The day repeats: the waits are those of the second of two equal days. A stay leaves its point
    when it has charged, at its departure at the latest.
    """
    if n_points <= 0:
        return [np.inf] * len(stays)
    order = sorted(
        range(len(stays)),
        key=lambda k: (stays[k].arrival_s % DAY_S, stays[k].departure_s, stays[k].name),
    )
    free_s = [-np.inf] * n_points
    waits = [0.0] * len(stays)
    for day in range(2):
        for k in order:
            stay = stays[k]
            arrival = stay.arrival_s % DAY_S + day * DAY_S
            departure = arrival + stay.departure_s - stay.arrival_s
            begin = max(arrival, free_s[0])
            if begin >= departure:
                waits[k] = np.inf
                continue
            waits[k] = begin - arrival
            heapq.heapreplace(free_s, min(departure, begin + stay.charging_s))
    return waits
