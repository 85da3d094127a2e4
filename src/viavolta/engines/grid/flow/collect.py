"""The worst values of flows that come chunk by chunk."""

import numpy as np

from viavolta.engines.grid.flow.network import Network
from viavolta.engines.grid.flow.results import Extremes, Flow, Method
from viavolta.model.arrays import Floats


class Collector:
    """Keeps the worst values of flows that come one after the other."""

    def __init__(
        self, *, network: Network, low_pu: Floats, high_pu: Floats, limit_share: Floats
    ) -> None:
        """Count against (N,) voltages and (B,) loadings."""
        n_nodes, n_branches = len(low_pu), len(limit_share)
        self._network = network
        self._low, self._high, self._limit = low_pu, high_pu, limit_share
        self._u_min, self._u_max = np.full(n_nodes, np.inf), np.full(n_nodes, -np.inf)
        self._u_min_step, self._u_max_step = np.full((2, n_nodes), -1)
        self._below, self._above = np.zeros((2, n_nodes))
        self._loading, self._over = np.full(n_branches, -np.inf), np.zeros(n_branches)
        self._loading_step = np.full(n_branches, -1)
        self._loss, self._source_min, self._source_max = 0.0, np.inf, -np.inf
        self._n_steps = 0
        self._failed: list[int] = []

    def add(self, flow: Flow) -> None:
        """Add the next steps."""
        steps = np.flatnonzero(flow.is_converged)
        first = self._n_steps
        self._n_steps += len(flow.is_converged)
        self._failed += (first + np.flatnonzero(~flow.is_converged)).tolist()
        if not len(steps):
            return
        u = flow.u_pu[steps]
        low, high = (u.min(axis=2), u.max(axis=2)) if u.ndim == 3 else (u, u)  # noqa: PLR2004
        loading = flow.loading_share[steps]
        self._below += (low < self._low).sum(axis=0)
        self._above += (high > self._high).sum(axis=0)
        self._over += (loading > self._limit).sum(axis=0)
        for worst, worst_step, values in (
            (self._u_min, self._u_min_step, low),
            (self._u_max, self._u_max_step, -high),
            (self._loading, self._loading_step, -loading),
        ):
            sign = 1.0 if worst is self._u_min else -1.0
            at = values.argmin(axis=0)
            best = values[at, np.arange(values.shape[1])]
            is_worse = best < sign * worst
            worst[is_worse] = sign * best[is_worse]
            worst_step[is_worse] = first + steps[at[is_worse]]
        self._loss += float(flow.loss_kw[steps].sum())
        self._source_min = min(self._source_min, float(flow.source_kw[steps].min()))
        self._source_max = max(self._source_max, float(flow.source_kw[steps].max()))

    def extremes(self, *, step_h: float, method: Method) -> Extremes:
        """Give the worst values of all steps so far."""
        has_any = self._n_steps > len(self._failed)
        is_known = self._network.is_supplied & has_any
        return Extremes(
            u_min_pu=np.where(is_known, self._u_min, np.nan),
            u_max_pu=np.where(is_known, self._u_max, np.nan),
            u_min_step=self._u_min_step,
            u_max_step=self._u_max_step,
            hours_below=self._below * step_h,
            hours_above=self._above * step_h,
            loading_max=np.maximum(self._loading, 0.0),
            loading_max_step=self._loading_step,
            hours_over=self._over * step_h,
            loss_kwh=self._loss * step_h,
            source_min_kw=self._source_min if has_any else float("nan"),
            source_max_kw=self._source_max if has_any else float("nan"),
            n_steps=self._n_steps,
            not_converged=np.array(self._failed, dtype=np.int64),
            is_supplied=self._network.is_supplied,
            method=method,
        )
