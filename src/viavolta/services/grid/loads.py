"""All loads of a grid on the same steps: what is not charging, and charging by strategy."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from viavolta.engines.grid.dimming import Charging
from viavolta.formats.grid_customers import (
    ChargingPlaces,
    Customers,
    read_charging_places,
    read_customers,
)
from viavolta.formats.grids import read_loads
from viavolta.formats.standard_profiles import ZONE
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.grid import Grid, NodeLoads, Phase
from viavolta.model.messages import text
from viavolta.services.grid.charging import ChargingRead, ReadFolder, read_charging
from viavolta.services.grid.request import AssessRequest

_STEP_S = 900
_YEARS = (1970, 2199)
_MAX_CELLS = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Charging of one strategy at points of the grid, on the steps of the study.

    Attributes
    ----------
    charging : stays; their points are rows of node and devices, (P,). devices : that the operator
        may dim, -1 where nobody said how many. phase : (S,). q_kvar : (R,).
    """

    name: str
    charging: Charging
    node: Ints
    devices: Ints
    phase: tuple[Phase, ...]
    q_kvar: Floats

    def loads(self, start: Times, step_s: int, *, steps: Ints | None = None) -> NodeLoads:
        """Charging at nodes, by phase; at the steps that start names, or at some of them."""
        phases = list(Phase)
        of_stay = np.array([phases.index(phase) for phase in self.phase], dtype=np.int64)
        key = self.node[self.charging.point] * len(phases) + of_stay
        unique, row = np.unique(key, return_inverse=True)
        stay, step = self.charging.stay, self.charging.step
        power, reactive = self.charging.power_kw, self.q_kvar
        if steps is not None:
            column = np.full(len(start), -1)
            column[steps] = np.arange(len(steps))
            step = column[step]
            kept = step >= 0
            stay, step, power, reactive = stay[kept], step[kept], power[kept], reactive[kept]
            start = start[steps]
        place, size = row[stay] * len(start) + step, len(unique) * len(start)
        p_kw, q_kvar = (
            np.asarray(np.bincount(place, weights=values, minlength=size), dtype=np.float64)
            for values in (power, reactive)
        )
        return NodeLoads(
            start=start,
            step_s=step_s,
            node=unique // len(phases),
            phase=tuple(phases[number] for number in unique % len(phases)),
            p_kw=p_kw.reshape(len(unique), -1),
            q_kvar=q_kvar.reshape(len(unique), -1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTask:
    """Everything that hangs on a grid: what is not charging, and strategies of charging.

    n_cut : steps of the files that lie outside what all of them cover.
    """

    rest: NodeLoads
    strategies: tuple[Strategy, ...]
    n_cut: int


def read_load_task(
    request: AssessRequest,
    grid: Grid,
    *,
    read: ReadFolder,
    least_kw: float,
    yield_kwh_per_kwp: float,
) -> LoadTask:
    """Read loads, customers and charging, and lay them over the steps that all of them cover.

    The step is the shortest of the files'; longer ones hold. Customers have a profile for any time;
    alone they are looked at for a calendar year.

    Raises
    ------
    UsageError: a missing file, or a step that does not divide an hour.
    InputError: the files hold something unusable, or have no time in common.
    """
    customers = None if request.customers is None else read_customers(request.customers, grid)
    places = None if request.places is None else read_charging_places(request.places, grid)
    charging = [
        read_charging(source, grid, read=read, step_s=request.step_s, least_kw=least_kw)
        for source in request.charging
    ]
    loads = None if request.loads is None else read_loads(request.loads, grid, step_s=None)
    steps = [one.step_s for one in charging] + ([] if loads is None else [loads.step_s])
    step_s = request.step_s or min(steps, default=_STEP_S)
    _check_steps(steps, step_s)
    spans = [(one.begin_s, one.begin_s + one.n_steps * one.step_s) for one in charging]
    if loads is not None:
        begin = _second(loads.start)
        spans.append((begin, begin + loads.n_steps * loads.step_s))
    begin_s, end_s = _common(spans or [_year(request.year)], step_s)
    start = np.datetime64(begin_s, "s") + np.arange((end_s - begin_s) // step_s) * np.timedelta64(
        step_s, "s"
    )
    parts = [] if loads is None else [_resampled(loads, start, step_s)]
    parts += _customer_loads(customers, start, step_s, yield_kwh_per_kwp)
    return LoadTask(
        rest=_joined(parts, start, step_s),
        strategies=tuple(_at_points(one, grid, places, start, step_s) for one in charging),
        n_cut=sum((last - first - (end_s - begin_s)) // step_s for first, last in spans),
    )


def _customer_loads(
    customers: Customers | None, start: Times, step_s: int, yield_kwh_per_kwp: float
) -> list[NodeLoads]:
    if customers is None:
        return []
    if len(customers.node) * len(start) > _MAX_CELLS:
        raise InputError(
            code="loads-too-large",
            message=text(
                "{n} customers over {t} steps are too many", n=len(customers.node), t=len(start)
            ),
            where=Where(field="--customers"),
            expected=text("at most {n} customers times steps", n=_MAX_CELLS),
            hint=text("sum up customers of the same profile at a node, or use longer steps"),
        )
    return [customers.loads(start, step_s=step_s, yield_kwh_per_kwp=yield_kwh_per_kwp)]


def _check_steps(steps: Sequence[int], step_s: int) -> None:
    wrong = [one for one in steps if one % step_s]
    if wrong or step_s <= 0 or 3600 % step_s:
        raise UsageError(
            code="grid-steps-do-not-fit",
            message=text("steps of {a} s and of {b} s do not fit", a=step_s, b=(*wrong, 3600)[0]),
            where=Where(field="--step", value=str(step_s)),
            expected=text("a step of which every other, and an hour, holds a whole number"),
            hint=text("choose --step {n}s, which fits all files", n=math.gcd(3600, step_s, *steps)),
        )


def _year(year: int) -> tuple[int, int]:
    """A calendar year by the clock of the customers, in seconds since 1970."""
    if not _YEARS[0] < year < _YEARS[1]:
        raise UsageError(
            code="option-out-of-range",
            message=text("--year {year} is not usable", year=year),
            where=Where(field="--year", value=str(year)),
            expected=text("a year from {a} to {b}", a=_YEARS[0] + 1, b=_YEARS[1] - 1),
        )
    zone = ZoneInfo(ZONE)
    first, last = (int(dt.datetime(y, 1, 1, tzinfo=zone).timestamp()) for y in (year, year + 1))
    return first, last


def _common(spans: list[tuple[int, int]], step_s: int) -> tuple[int, int]:
    begin, end = max(first for first, _ in spans), min(last for _, last in spans)
    if begin >= end:
        raise InputError(
            code="grid-no-common-time",
            message=text("the loads and the strategies of charging have no time in common"),
            where=Where(field="start", value=str(np.datetime64(begin, "s"))),
            expected=text("loads and charging that overlap"),
            hint=text("check the years of the files; charging is not moved to another year"),
        )
    off = [first for first, _ in spans if (first - begin) % step_s]
    if off:
        raise InputError(
            code="grid-steps-off",
            message=text("the steps of the files do not begin at the same moments"),
            where=Where(field="start", value=str(np.datetime64(off[0], "s"))),
            expected=text("begins that differ by whole steps of {n} s", n=step_s),
            hint=text("choose a shorter --step, or move the rows of one file to full steps"),
        )
    return begin, begin + (end - begin) // step_s * step_s


def _second(start: Times) -> int:
    return int(start[0].astype("datetime64[s]").astype(np.int64))


def _resampled(loads: NodeLoads, start: Times, step_s: int) -> NodeLoads:
    """The same power on shorter steps, and only those asked for."""
    since = (start.astype(np.int64) - _second(loads.start)) // loads.step_s
    return NodeLoads(
        start=start,
        step_s=step_s,
        node=loads.node,
        phase=loads.phase,
        p_kw=loads.p_kw[:, since],
        q_kvar=loads.q_kvar[:, since],
    )


def _joined(parts: list[NodeLoads], start: Times, step_s: int) -> NodeLoads:
    if not parts:
        nothing = np.zeros((0, len(start)))
        return NodeLoads(
            start=start,
            step_s=step_s,
            node=np.zeros(0, dtype=np.int64),
            phase=(),
            p_kw=nothing,
            q_kvar=nothing,
        )
    return NodeLoads(
        start=start,
        step_s=step_s,
        node=np.concatenate([part.node for part in parts]),
        phase=tuple(phase for part in parts for phase in part.phase),
        p_kw=np.concatenate([part.p_kw for part in parts]),
        q_kvar=np.concatenate([part.q_kvar for part in parts]),
    )


def _at_points(
    read: ChargingRead, grid: Grid, places: ChargingPlaces | None, start: Times, step_s: int
) -> Strategy:
    """Charging at nodes, on the steps of the study."""
    node, devices = _nodes(read, grid, places)
    charging, rows = _on_steps(read, start, step_s)
    return Strategy(
        name=read.name,
        charging=replace(charging, is_controllable=charging.is_controllable & _may(devices, read)),
        node=node,
        devices=devices,
        phase=read.phase,
        q_kvar=read.q_kvar[rows],
    )


def _may(devices: Ints, read: ChargingRead) -> np.ndarray:
    """(S,) whether a stay stands where the operator may dim at all."""
    return np.asarray(devices[read.charging.point] != 0)


def _nodes(read: ChargingRead, grid: Grid, places: ChargingPlaces | None) -> tuple[Ints, Ints]:
    row = {name: number for number, name in enumerate(grid.node_id)}
    given = (
        {}
        if places is None
        else {
            name: (int(node), int(n))
            for name, node, n in zip(places.place, places.node, places.devices, strict=True)
        }
    )
    used = np.bincount(read.charging.point, minlength=len(read.place)) > 0
    node, devices = np.zeros(len(read.place), dtype=np.int64), read.devices.copy()
    for number, name in enumerate(read.place):
        if name in given:
            node[number], said = given[name]
            devices[number] = said if said >= 0 else devices[number]
        elif name in row:
            node[number] = row[name]
        elif used[number] and _has_power(read, number):
            raise InputError(
                code="grid-place-unknown",
                message=text(
                    "{name} charges at {place}, which is no node", name=read.name, place=name
                ),
                where=Where(field="--places", value=name),
                expected=text("a node_id of the grid"),
                hint=text("say with --places PLACES.csv which node_id each limit_id is at"),
            )
    return node, devices


def _has_power(read: ChargingRead, number: int) -> bool:
    rows = read.charging.point[read.charging.stay] == number
    return bool((read.charging.power_kw[rows] != 0).any())


def _on_steps(read: ChargingRead, start: Times, step_s: int) -> tuple[Charging, Ints]:
    """Stays cut to the steps of the study, on its shorter steps; and (R,) rows they come from."""
    per_step = read.step_s // step_s
    shift = (read.begin_s - _second(start)) // step_s
    of = read.charging
    first, length = of.first_step * per_step + shift, np.diff(of.offsets) * per_step
    begin = np.clip(first, 0, len(start))
    end = np.clip(first + length, 0, len(start))
    n_rows = end - begin
    offsets = np.concatenate(([0], np.cumsum(n_rows)))
    stay = np.repeat(np.arange(len(n_rows)), n_rows)
    step = begin[stay] + np.arange(len(stay)) - offsets[stay]
    rows = of.offsets[stay] + (step - first[stay]) // per_step
    charging = Charging(
        point=of.point,
        first_step=begin,
        offsets=offsets,
        is_controllable=of.is_controllable,
        power_kw=of.power_kw[rows],
        most_kw=of.most_kw[rows],
    )
    return charging, rows
