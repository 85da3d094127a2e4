"""A year of power flow of a town, week by week, and what it breaks."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.flow import Flow, FlowSolver, prepare
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.grid import Grid, NodeLoads, Phase
from viavolta.services.town.areas import Areas
from viavolta.services.town.calendar import STEP_H, STEP_S, WEEK_STEPS
from viavolta.services.town.place import BaseLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What the grid may be: low_pu, high_pu (N,), load_share, feed_in_share (B,) of the ratings.

    The load case is when all connections together draw power, else it is the feed-in case.
    """

    low_pu: Floats
    high_pu: Floats
    load_share: Floats
    feed_in_share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFlow:
    """Worst values of a week: N nodes, B branches, and V times something is broken.

    Attributes
    ----------
    u_min_pu, u_max_pu, hours_low, hours_high : (N,). u_min_step, u_max_step : (N,) of the year.
    loading_max : (B,) over what is allowed: 1 is just allowed. loading_step, hours_over : (B,).
    lost_steps : steps without a solution.
    area, step : (V,) area in which something is broken, and the step of the year.
    room_share : (V,) what share of the area's net power would be just allowed.
    source_kw : (K,) what the sources give in each step, losses included.
    """

    u_min_pu: Floats
    u_max_pu: Floats
    u_min_step: Ints
    u_max_step: Ints
    hours_low: Floats
    hours_high: Floats
    loading_max: Floats
    loading_step: Ints
    hours_over: Floats
    lost_steps: Ints
    area: Ints
    step: Ints
    room_share: Floats
    source_kw: Floats

    @property
    def broken_hours(self) -> float:
        """Hours outside, summed over all elements."""
        hours = self.hours_low.sum() + self.hours_high.sum() + self.hours_over.sum()
        return float(hours + len(self.lost_steps) * STEP_H)


class TownFlow:
    """Power flow of one grid under the load of its connections."""

    def __init__(
        self,
        grid: Grid,
        node: Ints,
        *,
        base: BaseLoad,
        start: Times,
        allowed: Allowed,
        areas: Areas,
    ) -> None:
        self.grid = grid
        self.allowed = allowed
        self._solver: FlowSolver = prepare(grid)
        self._node = node
        self._base = base
        self._start = start
        self._areas = areas
        self._source_pu = float(grid.u_ref_pu.max())

    def weeks(self, power_kw: Floats | None, weeks: Iterable[int]) -> dict[int, WeekFlow]:
        """Calculate some weeks; power_kw (C, T) of cars, None for none."""
        return {week: self._week(power_kw, week) for week in weeks}

    def _week(self, power_kw: Floats | None, week: int) -> WeekFlow:
        steps = np.arange(week * WEEK_STEPS, min((week + 1) * WEEK_STEPS, len(self._start)))
        return self.at_steps(None if power_kw is None else power_kw[:, steps], steps)

    def at_steps(self, power_kw: Floats | None, steps: Ints) -> WeekFlow:
        """Calculate some steps of the year (K,); power_kw (C, K) of cars in them."""
        p_kw = self._base.p_kw(steps)
        if power_kw is not None:
            p_kw = p_kw + power_kw
        loads = NodeLoads(
            start=self._start[steps],
            step_s=STEP_S,
            node=self._node,
            phase=(Phase.ABC,) * len(self._node),
            p_kw=p_kw,
            q_kvar=self._base.q_kvar(steps),
        )
        flow = self._solver.solve(loads)
        u_pu = np.where(flow.is_converged[:, None], flow.u_pu, np.nan)
        loading = np.where(flow.is_converged[:, None], flow.loading_share, 0.0)
        share = np.where(
            (p_kw.sum(axis=0) >= 0)[:, None], self.allowed.load_share, self.allowed.feed_in_share
        )
        return self._worst(u_pu, loading, share, steps=steps, flow=flow)

    def _worst(
        self, u_pu: Floats, loading: Floats, share: Floats, *, steps: Ints, flow: Flow
    ) -> WeekFlow:
        allowed = self.allowed
        is_low = u_pu < allowed.low_pu
        is_high = u_pu > allowed.high_pu
        is_over = loading > share
        low_t, low_n = np.nonzero(is_low)
        high_t, high_n = np.nonzero(is_high)
        over_t, over_b = np.nonzero(is_over)
        lost_t = np.flatnonzero(~flow.is_converged)
        above = self._source_pu
        low = (above - allowed.low_pu[low_n]) / (above - u_pu[low_t, low_n])
        high = (allowed.high_pu[high_n] - above) / (u_pu[high_t, high_n] - above)
        over = share[over_t, over_b] / loading[over_t, over_b]
        of_node, of_branch = self._areas.of_node, self._areas.of_branch
        filled = np.where(np.isnan(u_pu), 1.0, u_pu)
        use = loading / share
        return WeekFlow(
            u_min_pu=filled.min(axis=0),
            u_max_pu=filled.max(axis=0),
            u_min_step=steps[filled.argmin(axis=0)],
            u_max_step=steps[filled.argmax(axis=0)],
            hours_low=is_low.sum(axis=0) * STEP_H,
            hours_high=is_high.sum(axis=0) * STEP_H,
            loading_max=use.max(axis=0),
            loading_step=steps[use.argmax(axis=0)],
            hours_over=is_over.sum(axis=0) * STEP_H,
            lost_steps=steps[lost_t],
            area=np.concatenate((of_node[low_n], of_node[high_n], of_branch[over_b], 0 * lost_t)),
            step=steps[np.concatenate((low_t, high_t, over_t, lost_t))],
            room_share=np.concatenate((low, high, over, np.full(len(lost_t), 0.5))),
            source_kw=np.where(flow.is_converged, flow.source_kw, np.nan),
        )


def year_of(weeks: dict[int, WeekFlow]) -> WeekFlow:
    """The worst of all weeks as one."""
    parts = [weeks[week] for week in sorted(weeks)]

    def worst(field: str, step_field: str, *, lowest: bool) -> tuple[Floats, Ints]:
        values = np.stack([getattr(part, field) for part in parts])
        steps = np.stack([getattr(part, step_field) for part in parts])
        row = values.argmin(axis=0) if lowest else values.argmax(axis=0)
        column = np.arange(values.shape[1])
        return values[row, column], steps[row, column]

    def total(field: str) -> Floats:
        return np.asarray(np.sum([getattr(part, field) for part in parts], axis=0))

    u_min, u_min_step = worst("u_min_pu", "u_min_step", lowest=True)
    u_max, u_max_step = worst("u_max_pu", "u_max_step", lowest=False)
    loading, loading_step = worst("loading_max", "loading_step", lowest=False)
    return WeekFlow(
        u_min_pu=u_min,
        u_max_pu=u_max,
        u_min_step=u_min_step,
        u_max_step=u_max_step,
        hours_low=total("hours_low"),
        hours_high=total("hours_high"),
        loading_max=loading,
        loading_step=loading_step,
        hours_over=total("hours_over"),
        lost_steps=np.concatenate([part.lost_steps for part in parts]),
        area=np.concatenate([part.area for part in parts]),
        step=np.concatenate([part.step for part in parts]),
        room_share=np.concatenate([part.room_share for part in parts]),
        source_kw=np.concatenate([part.source_kw for part in parts]),
    )
