"""A vehicle's whole day, activity by activity, with the charge in its battery.

From driven chains (who drives which trips, and where it charges between them) to the rows that a
planner reads: pull-out, trip, deadhead, layover, charge, pull-in. The same timed rows serve every
season: only the energies change.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from viavolta.engines.bus.chains import (
    AT_DEPOT,
    DAY_S,
    DrivenChain,
    curve_at,
    reach_along_kwh,
    reach_kwh,
    visit_node,
    visit_point,
)
from viavolta.engines.bus.problem import Battery, BlockArrays, BlockProblem
from viavolta.model.trip import Floats

NIGHT_STEPS = 200
NEGLIGIBLE_KWH = 1e-6


class Kind(StrEnum):
    """What a vehicle does in one row of its block."""

    PULL_OUT = "pull_out"
    TRIP = "trip"
    DEADHEAD = "deadhead"
    LAYOVER = "layover"
    CHARGE = "charge"
    PULL_IN = "pull_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One row of a block. Nodes are rows of the way matrices; `trip` is -1 where there is none.

    `point` is the kind of point that a charge row uses, as PlannedStay has it.
    """

    kind: Kind
    trip: int
    from_node: int
    to_node: int
    start_s: float
    end_s: float
    energy_kwh: float
    charged_kwh: float
    soc_start_kwh: float
    soc_end_kwh: float
    point: int = AT_DEPOT


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStay:
    """A vehicle at a plug. `activity` is the row of the block it belongs to, -1 at night.

    `point`: row of the points at terminals, or AT_DEPOT. `allowed_kw` is the power into the
    battery that any profile of this stay may use at any time.
    """

    activity: int
    node: int
    arrival_s: float
    departure_s: float
    energy_kwh: float
    soc_arrival_kwh: float
    allowed_kw: float
    point: int = AT_DEPOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One vehicle's day. lost_kwh: recuperation that found the battery full."""

    depot: int
    activities: tuple[Activity, ...]
    stays: tuple[PlannedStay, ...]
    lost_kwh: float

    @property
    def has_night_stay(self) -> bool:
        """Whether the vehicle charges at night."""
        return bool(self.stays) and self.stays[-1].activity < 0


def build_block(
    problem: BlockProblem, battery: Battery, chain: DrivenChain, *, charges_at_night: bool
) -> Block | None:
    """Lay out a chain in time and fill in the charge; None where the battery cannot do it.

    Charging visits use all slack, but at a terminal a vehicle leaves its point as soon as it is as
    full as it may be, for the next one to use. With `charges_at_night` the night brings the charge
    back to the morning's; without, the day's own visits must.

    Starting full and going down to what the night restores meets the highest morning charge, below
    which no day ends above its start; where that takes too many steps, the chain's own morning
    charge is tried.
    """
    arrays = problem.arrays(battery)
    rows = _timed_rows(problem, chain, arrays)
    night_h = _night_hours(problem, rows) if charges_at_night else 0.0
    start = battery.soc_max_kwh
    for step in range(NIGHT_STEPS):
        filled = _filled(rows, start, problem.plug_s, arrays)
        if filled is None:
            return None
        end = filled[0][-1].soc_end_kwh
        restored = float(reach_kwh(end, night_h, arrays))
        if restored >= start - NEGLIGIBLE_KWH and end <= start + NEGLIGIBLE_KWH:
            return _block(chain.depot, filled, start, arrays)
        start = restored if step < NIGHT_STEPS - 2 else chain.morning_kwh
    return None


def _timed_rows(problem: BlockProblem, chain: DrivenChain, arrays: BlockArrays) -> list[Activity]:
    """Rows with times and energies of ways and trips; charges are filled in later."""
    trips = chain.trips
    first, last = int(trips[0]), int(trips[-1])
    begin = problem.start_s[first] - problem.way_s[chain.depot, problem.from_node[first]]
    rows: list[Activity] = []
    _drive(problem, rows, Kind.PULL_OUT, chain.depot, int(problem.from_node[first]), begin)
    for k, trip in enumerate(map(int, trips)):
        if k > 0:
            visit = int(chain.ways[k - 1])
            point, station = AT_DEPOT, -1
            if visit >= 0:
                station = int(visit_node(visit, int(trips[k - 1]), trip, arrays))
                point = int(visit_point(visit, int(trips[k - 1]), trip, arrays))
            _gap(problem, rows, (int(trips[k - 1]), trip), station=station, point=point)
        rows.append(
            _row(
                Kind.TRIP,
                int(problem.from_node[trip]),
                int(problem.to_node[trip]),
                (problem.start_s[trip], problem.end_s[trip]),
                energy_kwh=float(problem.energy_kwh[trip]),
                trip=trip,
            )
        )
    home = int(problem.to_node[last])
    _drive(problem, rows, Kind.PULL_IN, home, chain.depot, float(problem.end_s[last]))
    return rows


def _gap(
    problem: BlockProblem,
    rows: list[Activity],
    trips: tuple[int, int],
    *,
    station: int,
    point: int,
) -> None:
    """Append what happens between two trips: straight on, or by a place to charge (not -1)."""
    i, j = trips
    here, there = int(problem.to_node[i]), int(problem.from_node[j])
    time, until = float(problem.end_s[i]), float(problem.start_s[j])
    if station >= 0:
        time = _drive(problem, rows, Kind.DEADHEAD, here, station, time)
        leave = until - problem.layover_s - float(problem.way_s[station, there])
        rows.append(_row(Kind.CHARGE, station, station, (time, leave), point=point))
        here, time = station, leave
    if here != there:
        time = _drive(problem, rows, Kind.DEADHEAD, here, there, time)
    if until > time:
        rows.append(_row(Kind.LAYOVER, there, there, (time, until)))


def _drive(  # noqa: PLR0917 - a way has two ends and a time
    problem: BlockProblem, rows: list[Activity], kind: Kind, here: int, there: int, time: float
) -> float:
    """Append a way and return when it ends; a way to where one stands is no deadhead."""
    end = time + float(problem.way_s[here, there])
    if kind is not Kind.DEADHEAD or here != there:
        energy = float(problem.way_kwh[here, there])
        rows.append(_row(kind, here, there, (time, end), energy_kwh=energy))
    return end


def _row(
    kind: Kind,
    here: int,
    there: int,
    times: tuple[float, float],
    *,
    energy_kwh: float = 0.0,
    trip: int = -1,
    point: int = AT_DEPOT,
) -> Activity:
    return Activity(
        kind=kind,
        trip=trip,
        from_node=here,
        to_node=there,
        start_s=float(times[0]),
        end_s=float(times[1]),
        energy_kwh=energy_kwh,
        charged_kwh=0.0,
        soc_start_kwh=0.0,
        soc_end_kwh=0.0,
        point=point,
    )


def _night_hours(problem: BlockProblem, rows: list[Activity]) -> float:
    return (DAY_S - (rows[-1].end_s - rows[0].start_s) - problem.plug_s) / 3600.0


def _filled(
    rows: list[Activity], start_kwh: float, plug_s: float, arrays: BlockArrays
) -> tuple[list[Activity], float] | None:
    """Fill in the charge and add up the recuperation lost; None below the reserve."""
    charge, lost, filled = start_kwh, 0.0, []
    for row in rows:
        before, charged = charge, 0.0
        if row.kind is Kind.CHARGE:
            hours = (row.end_s - row.start_s - plug_s) / 3600.0
            curve_kw = curve_at(row.point, arrays)
            charge = float(reach_along_kwh(before, hours, curve_kw, arrays))
            charged = charge - before
        else:
            charge = before - row.energy_kwh
            if charge > arrays.soc_max_kwh:
                lost += charge - max(before, arrays.soc_max_kwh)
                charge = max(before, arrays.soc_max_kwh)
        if charge < arrays.soc_min_kwh - NEGLIGIBLE_KWH:
            return None
        kind = row.kind
        if kind is Kind.CHARGE and charged <= NEGLIGIBLE_KWH:
            kind, charge, charged = Kind.LAYOVER, before, 0.0
        done = replace(
            row, kind=kind, charged_kwh=charged, soc_start_kwh=before, soc_end_kwh=charge
        )
        filled += _leaving_the_point(done, plug_s, arrays)
    return filled, lost


def _leaving_the_point(row: Activity, plug_s: float, arrays: BlockArrays) -> list[Activity]:
    """A charge at a terminal ends when its energy is in; the vehicle then stands aside."""
    if row.kind is not Kind.CHARGE or row.point == AT_DEPOT:
        return [row]
    allowed_kw = _allowed_kw(row.soc_end_kwh, curve_at(row.point, arrays), arrays)
    leaves_s = float(np.ceil(row.start_s + plug_s + row.charged_kwh / allowed_kw * 3600.0))
    if leaves_s > row.end_s - 1.0:
        return [row]  # times are told in whole seconds
    aside = _row(Kind.LAYOVER, row.to_node, row.to_node, (leaves_s, row.end_s))
    return [
        replace(row, end_s=leaves_s),
        replace(aside, soc_start_kwh=row.soc_end_kwh, soc_end_kwh=row.soc_end_kwh),
    ]


def _allowed_kw(soc_kwh: float, curve_kw: Floats, arrays: BlockArrays) -> float:
    return float(np.interp(soc_kwh, arrays.curve_kwh, curve_kw))


def _block(
    depot: int,
    filled: tuple[list[Activity], float],
    start_kwh: float,
    arrays: BlockArrays,
) -> Block:
    rows, lost = filled
    stays = [
        _stay(k, r.from_node, (r.start_s, r.end_s), r.charged_kwh, r.soc_start_kwh, r.point, arrays)
        for k, r in enumerate(rows)
        if r.kind is Kind.CHARGE
    ]
    missing = start_kwh - rows[-1].soc_end_kwh
    if missing > NEGLIGIBLE_KWH:
        night = (rows[-1].end_s, rows[0].start_s + DAY_S)
        stays.append(_stay(-1, depot, night, missing, rows[-1].soc_end_kwh, AT_DEPOT, arrays))
    return Block(depot=depot, activities=tuple(rows), stays=tuple(stays), lost_kwh=lost)


def _stay(  # noqa: PLR0917 - one call per field, in the order of PlannedStay
    activity: int,
    node: int,
    times: tuple[float, float],
    energy_kwh: float,
    soc_kwh: float,
    point: int,
    arrays: BlockArrays,
) -> PlannedStay:
    allowed = _allowed_kw(soc_kwh + energy_kwh, curve_at(point, arrays), arrays)
    return PlannedStay(
        activity=activity,
        node=node,
        arrival_s=times[0],
        departure_s=times[1],
        energy_kwh=energy_kwh,
        soc_arrival_kwh=soc_kwh,
        allowed_kw=allowed,
        point=point,
    )
