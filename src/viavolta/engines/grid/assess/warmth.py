"""Thermal inertia of the transformers of a grid, beside the plain limit of their rating."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.assess.marks import Marks, ViolationKind, marks_where
from viavolta.engines.grid.assess.thermal import ThermalKind, ageing_rate, temperatures
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalRules:
    """Limits of normal cyclic loading (IEC 60076-7), and what ageing is normal.

    distribution, power : kinds of transformers up to, and above, distribution_most_kva.
    """

    distribution: ThermalKind
    power: ThermalKind
    distribution_most_kva: float
    hot_spot_most_c: float
    oil_most_c: float
    normal_hot_spot_c: float
    doubling_k: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """Temperatures of X transformers.

    Attributes
    ----------
    oil_c, hot_spot_c : (T, X) at the end of each step. ageing : (X,) mean rate of ageing over all
        steps; 1 is the normal rate. hours_over : (X,) with hot spot or oil above their limits.
    marks : every step above a limit.
    """

    oil_c: Floats
    hot_spot_c: Floats
    ageing: Floats
    hours_over: Floats
    marks: Marks


def warmth(
    share: Floats, ambient_c: Floats, *, step_s: float, grid: Grid, x: Ints, rules: ThermalRules
) -> Warmth:
    """How warm transformers get; share (T, X) of their rating, ambient_c (T,), x (X,) branches.

    A step without a power flow counts as the one before it, or as no load at the begin.
    """
    load = _filled(share)
    oil, hot = np.empty(load.shape), np.empty(load.shape)
    for column, branch in enumerate(x):
        small = grid.sn_kva[branch] <= rules.distribution_most_kva
        found = temperatures(
            np.ascontiguousarray(load[:, column]),
            ambient_c,
            step_s=step_s,
            kind=rules.distribution if small else rules.power,
            loss_ratio=loss_ratio(grid, int(branch)),
        )
        oil[:, column], hot[:, column] = found.oil_c, found.hot_spot_c
    rate = ageing_rate(hot, normal_c=rules.normal_hot_spot_c, doubling_k=rules.doubling_k)
    is_hot, is_oily = hot > rules.hot_spot_most_c, oil > rules.oil_most_c
    marks = [
        marks_where(hot, is_hot, kind=ViolationKind.HOT_SPOT, first_step=0, rows=x),
        marks_where(oil, is_oily, kind=ViolationKind.TOP_OIL, first_step=0, rows=x),
    ]
    return Warmth(
        oil_c=oil,
        hot_spot_c=hot,
        ageing=rate.mean(axis=0) if len(rate) else np.zeros(len(x)),
        hours_over=(is_hot | is_oily).sum(axis=0) * (step_s / 3600),
        marks=Marks.joined(marks),
    )


def loss_ratio(grid: Grid, branch: int) -> float:
    """Load losses at rated current over no-load losses of a transformer."""
    no_load_kw = float(grid.p0_kw[branch])
    return float(grid.pk_kw[branch]) / no_load_kw if no_load_kw > 0 else _MOST_RATIO


_MOST_RATIO = 100.0
"""Where no-load losses are not known (0): nearly all losses then are those of the load."""


def _filled(share: Floats) -> Floats:
    known = ~np.isnan(share)
    last = np.maximum.accumulate(np.where(known, np.arange(len(share))[:, None], -1), axis=0)
    filled = np.take_along_axis(share, np.maximum(last, 0), axis=0)
    return np.asarray(np.where(last >= 0, filled, 0.0), dtype=np.float64)
