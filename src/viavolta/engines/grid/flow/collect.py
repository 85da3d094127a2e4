"""The worst values of flows that come part by part."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.flow.results import Extremes, Flags, Flow, Method
from viavolta.model.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What counts as outside: voltages (N,), loading as a share of the rating (B,)."""

    low_pu: Floats
    high_pu: Floats
    limit_share: Floats


class Worst:
    """The worst values so far, and the steps they occurred at; counts are in steps."""

    def __init__(self, n_nodes: int, n_branches: int) -> None:
        """Begin with nothing seen."""
        self.u_min, self.u_max = np.full(n_nodes, np.inf), np.full(n_nodes, -np.inf)
        self.u_min_step, self.u_max_step = np.full((2, n_nodes), -1)
        self.below, self.above = np.zeros((2, n_nodes))
        self.loading, self.over = np.full(n_branches, -1.0), np.zeros(n_branches)
        self.loading_step = np.full(n_branches, -1)
        self.loss, self.source_min, self.source_max = 0.0, np.inf, -np.inf
        self.n_steps = 0
        self.failed: list[int] = []

    def add_flow(self, flow: Flow, steps: Ints, band: Band) -> None:
        """Take in the flow at (n,) steps."""
        self.n_steps += len(steps)
        self.failed += steps[~flow.is_converged].tolist()
        steps = steps[flow.is_converged]
        if not len(steps):
            return
        u, loading = flow.u_pu[flow.is_converged], flow.loading_share[flow.is_converged]
        low, high = (u.min(axis=2), u.max(axis=2)) if u.ndim == 3 else (u, u)  # noqa: PLR2004
        with np.errstate(invalid="ignore"):
            self.below += (low < band.low_pu).sum(axis=0)
            self.above += (high > band.high_pu).sum(axis=0)
        self.over += (loading > band.limit_share).sum(axis=0)
        at_low, at_high, at_load = low.argmin(axis=0), high.argmax(axis=0), loading.argmax(axis=0)
        keep_lower(self.u_min, self.u_min_step, _pick(low, at_low), steps[at_low])
        keep_higher(self.u_max, self.u_max_step, _pick(high, at_high), steps[at_high])
        keep_higher(self.loading, self.loading_step, _pick(loading, at_load), steps[at_load])
        source = flow.source_kw[flow.is_converged]
        self.loss += float(flow.loss_kw[flow.is_converged].sum())
        self.source_min = min(self.source_min, float(source.min()))
        self.source_max = max(self.source_max, float(source.max()))

    def extremes(self, flow_of: Method, is_supplied: Flags, *, step_h: float) -> Extremes:
        """Give the worst values of all steps so far."""
        has_any = self.n_steps > len(self.failed)
        is_known = is_supplied & has_any
        return Extremes(
            u_min_pu=np.where(is_known, self.u_min, np.nan),
            u_max_pu=np.where(is_known, self.u_max, np.nan),
            u_min_step=np.where(is_known, self.u_min_step, -1),
            u_max_step=np.where(is_known, self.u_max_step, -1),
            hours_below=self.below * step_h,
            hours_above=self.above * step_h,
            loading_max=np.maximum(self.loading, 0.0),
            loading_max_step=self.loading_step,
            hours_over=self.over * step_h,
            loss_kwh=self.loss * step_h,
            source_min_kw=self.source_min if has_any else float("nan"),
            source_max_kw=self.source_max if has_any else float("nan"),
            n_steps=self.n_steps,
            not_converged=np.array(sorted(self.failed), dtype=np.int64),
            is_supplied=is_supplied,
            method=flow_of,
        )


def keep_lower(worst: Floats, worst_step: Ints, values: Floats, steps: Ints) -> None:
    """Replace what is lower now, in place."""
    is_lower = values < worst
    worst[is_lower], worst_step[is_lower] = values[is_lower], steps[is_lower]


def keep_higher(worst: Floats, worst_step: Ints, values: Floats, steps: Ints) -> None:
    """Replace what is higher now, in place."""
    is_higher = values > worst
    worst[is_higher], worst_step[is_higher] = values[is_higher], steps[is_higher]


def _pick(values: Floats, at: Ints) -> Floats:
    picked: Floats = values[at, np.arange(values.shape[1])]
    return picked
