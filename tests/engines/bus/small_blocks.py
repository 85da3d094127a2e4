"""Small block problems, and slow twins of the chain kernels: plain Python, no shortcut."""

from itertools import pairwise, product

import numpy as np
from hypothesis import strategies as st

from viavolta.engines.bus.problem import Battery, BlockProblem
from viavolta.model.trip import Floats

DAY_S = 86400.0
SECONDS_PER_STEP = 120.0
KWH_PER_STEP = 1.5

Trip = tuple[int, float, int, float, float]
"""From node, start in minutes, to node, end in minutes, energy in kWh."""


def battery(
    soc_min_kwh: float = 20.0,
    soc_max_kwh: float = 180.0,
    curve: tuple[tuple[float, float], ...] = ((0.0, 80.0), (150.0, 80.0), (200.0, 5.0)),
) -> Battery:
    """A battery with a charging curve of (kWh, kW) points, twice as strong at terminals."""
    return Battery(
        soc_min_kwh=soc_min_kwh,
        soc_max_kwh=soc_max_kwh,
        curve_kwh=np.array([e for e, _ in curve]),
        curve_kw=np.array([p for _, p in curve]),
        terminal_curves_kw=np.array([[2.0 * p for _, p in curve]]),
    )


def problem(
    trips: list[Trip],
    places: tuple[tuple[int, int], ...] = ((0, 0), (4, 0), (0, 5)),
    *,
    depots: tuple[int, ...] = (0,),
    stations: tuple[int, ...] | None = None,
    layover_s: float = 120.0,
    plug_s: float = 60.0,
    night_is_bounded: bool = True,
    points: tuple[list[int], list[int]] | None = None,
) -> BlockProblem:
    """Trips between places on a street grid: ways take 120 s and 1.5 kWh per block."""
    at = np.array(places, dtype=np.float64)
    steps: Floats = np.abs(at[:, None, :] - at[None, :, :]).sum(axis=2)
    table = np.array(trips, dtype=np.float64).reshape(len(trips), 5)
    return BlockProblem(
        start_s=table[:, 1] * 60.0,
        end_s=table[:, 3] * 60.0,
        energy_kwh=table[:, 4].copy(),
        from_node=table[:, 0].astype(np.int64),
        to_node=table[:, 2].astype(np.int64),
        way_s=steps * SECONDS_PER_STEP,
        way_cost=steps * 2.0,
        way_kwh=steps * KWH_PER_STEP,
        depots=np.array(depots, dtype=np.int64),
        stations=np.array(depots if stations is None else stations, dtype=np.int64),
        layover_s=layover_s,
        plug_s=plug_s,
        wait_cost_per_s=0.01,
        free_wait_s=900.0,
        night_is_bounded=night_is_bounded,
        end_point=None if points is None else np.array(points[0], dtype=np.int64),
        start_point=None if points is None else np.array(points[1], dtype=np.int64),
    )


@st.composite
def problems(
    draw: st.DrawFn,
    max_trips: int = 8,
    max_kwh: int = 90,
    night_is_bounded: bool | None = None,
    *,
    may_have_points: bool = False,
) -> BlockProblem:
    """Random days: several depots, trips that take no time, run at once or go downhill.

    On some there may be points where trips end or begin, for each trip or not.
    """
    coordinate = st.integers(0, 9)
    n_depots = draw(st.integers(1, 2))
    places = draw(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=5, unique=True))
    if draw(st.booleans()):
        places[0] = (30, 30)  # a depot far from everything
    node = st.integers(0, len(places) - 1)
    trip = st.tuples(
        node, st.integers(300, 1300), node, st.integers(0, 120), st.integers(-20, max_kwh)
    )
    rows = draw(st.lists(trip, min_size=1, max_size=max_trips))
    trips = [(a, float(s), b, float(s + d), float(e)) for a, s, b, d, e in rows]
    closed_or_not = st.lists(st.sampled_from([-1, 0]), min_size=len(rows), max_size=len(rows))
    has_points = may_have_points and draw(st.booleans())
    return problem(
        sorted(trips, key=lambda row: row[1]),
        tuple(places),
        depots=tuple(range(n_depots)),
        layover_s=float(draw(st.sampled_from([0, 120, 600]))),
        night_is_bounded=draw(st.booleans()) if night_is_bounded is None else night_is_bounded,
        points=(draw(closed_or_not), draw(closed_or_not)) if has_points else None,
    )


@st.composite
def batteries(draw: st.DrawFn) -> Battery:
    """Random batteries: any reserve, any falling curve."""
    size = draw(st.integers(60, 300))
    soc_min = draw(st.sampled_from([0.0, 0.1, 0.2])) * size
    soc_max = draw(st.sampled_from([0.8, 0.95, 1.0])) * size
    powers = sorted(draw(st.lists(st.integers(1, 200), min_size=2, max_size=4)), reverse=True)
    corners = np.linspace(0.0, float(size), len(powers))
    curve = tuple((float(e), float(p)) for e, p in zip(corners, powers, strict=True))
    return battery(soc_min, soc_max, curve)


def chain_of(
    day: BlockProblem, trips: list[int] | None = None
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Greedy chain: each trip that the one before still reaches, in time order."""
    chain: list[int] = []
    for j in np.argsort(day.start_s, kind="stable") if trips is None else trips:
        if not chain or slack_s(day, chain[-1], int(j)) >= 0:
            chain.append(int(j))
    return np.array(chain, dtype=np.int64)


def slack_s(day: BlockProblem, i: int, j: int, via: int | None = None) -> float:
    """Time to spare from trip i to trip j, direct or by a station, plugging included."""
    here, there = day.to_node[i], day.from_node[j]
    way = day.way_s[here, there]
    if via is not None:
        way = day.way_s[here, via] + day.way_s[via, there] + day.plug_s
    return float(day.start_s[j] - day.end_s[i] - day.layover_s - way)


def visited(day: BlockProblem, i: int, j: int, way: int) -> int | None:
    """Node of a way to charge: a row of the stations, then where i ends, then where j begins."""
    n_stations = day.stations.size
    if way < n_stations:
        return int(day.stations[way])
    if day.end_point is None or day.start_point is None:
        return None
    here, there = int(day.to_node[i]), int(day.from_node[j])
    if way == n_stations:
        return here if day.end_point[i] >= 0 else None
    return there if day.start_point[j] >= 0 and there != here else None


def slow_reach_kwh(charge: float, hours: float, cell: Battery, strength: float = 1.0) -> float:
    """Bisect for the highest charge e with e - charge <= hours x strength x P(e)."""
    if hours <= 0:
        return charge
    low, high = charge, cell.soc_max_kwh
    if high <= low:
        return charge
    for _ in range(80):
        middle = (low + high) / 2
        power = strength * float(np.interp(middle, cell.curve_kwh, cell.curve_kw))
        low, high = (middle, high) if middle - charge <= hours * power else (low, middle)
    return low


def slow_drive(charge: float | None, energy: float, cell: Battery) -> float | None:
    """Charge after using energy; None below the reserve."""
    if charge is None:
        return None
    after = min(cell.soc_max_kwh, charge - energy)
    return after if after >= cell.soc_min_kwh - 1e-7 else None


def slow_gap(
    day: BlockProblem, cell: Battery, i: int, j: int, *, way: int, charge: float | None
) -> float | None:
    """Charge before trip j after trip i: direct (-1) or by a place to charge."""
    here, there = day.to_node[i], day.from_node[j]
    if way < 0:
        direct = slow_drive(charge, day.way_kwh[here, there], cell)
        return direct if slack_s(day, i, j) >= 0 else None
    station = visited(day, i, j, way)
    if station is None:
        return None
    slack = slack_s(day, i, j, via=station)
    arrival = slow_drive(charge, day.way_kwh[here, station], cell)
    if slack <= 0 or arrival is None:
        return None
    strength = 1.0 if way < day.stations.size else 2.0
    full = slow_reach_kwh(arrival, slack / 3600.0, cell, strength)
    return slow_drive(full, day.way_kwh[station, there], cell)


def slow_day(
    day: BlockProblem,
    cell: Battery,
    chain: list[int],
    depot: int,
    *,
    ways: tuple[int, ...],
    start: float,
) -> float | None:
    """Charge back at the depot after a day by these ways, or None."""
    charge = slow_drive(start, day.way_kwh[depot, day.from_node[chain[0]]], cell)
    for k, trip in enumerate(chain):
        if k:
            charge = slow_gap(day, cell, chain[k - 1], trip, way=ways[k - 1], charge=charge)
        charge = slow_drive(charge, day.energy_kwh[trip], cell)
    return slow_drive(charge, day.way_kwh[day.to_node[chain[-1]], depot], cell)


def gap_ways(day: BlockProblem, i: int, j: int) -> list[int]:
    """Direct, and every place where one may charge between two trips."""
    places = [way for way in range(day.stations.size + 2) if visited(day, i, j, way) is not None]
    return [-1, *places]


def all_ways(day: BlockProblem, chain: list[int]) -> list[tuple[int, ...]]:
    """Every choice of direct or a place to charge for every gap."""
    return list(product(*(gap_ways(day, i, j) for i, j in pairwise(chain))))


def ways_cost(day: BlockProblem, chain: list[int], depot: int, ways: tuple[int, ...]) -> float:
    """Cost of a day by these ways: out, between, back; standing; half a unit per visit."""
    cost = (
        day.way_cost[depot, day.from_node[chain[0]]] + day.way_cost[day.to_node[chain[-1]], depot]
    )
    for k, way in enumerate(ways):
        i, j = chain[k], chain[k + 1]
        here, there = day.to_node[i], day.from_node[j]
        if way < 0:
            waiting = max(0.0, slack_s(day, i, j) - day.free_wait_s)
            cost += day.way_cost[here, there] + day.wait_cost_per_s * waiting
        elif way < day.stations.size:
            s = day.stations[way]
            cost += day.way_cost[here, s] + day.way_cost[s, there] + 0.5
        else:
            waiting = max(0.0, slack_s(day, i, j) - day.free_wait_s)
            cost += day.way_cost[here, there] + day.wait_cost_per_s * waiting + 0.5
    return float(cost)


def night_h(day: BlockProblem, chain: list[int], depot: int) -> float:
    """Hours at a plug from the last pull-in to the next morning's pull-out."""
    out = day.start_s[chain[0]] - day.way_s[depot, day.from_node[chain[0]]]
    back = day.end_s[chain[-1]] + day.way_s[day.to_node[chain[-1]], depot]
    return float(DAY_S - (back - out) - day.plug_s) / 3600.0
