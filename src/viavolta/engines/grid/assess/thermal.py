"""How warm a transformer gets, and how fast it ages (IEC 60076-7).

Oil and windings follow a load slowly, so that a transformer bears a peak above its rating that is
short enough. The differential equations of the standard are solved exactly for a load that is
constant within each step, so that steps may be longer than the time constants.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalKind:
    """Thermal characteristics of a kind of transformer, by the names of the standard.

    Attributes
    ----------
    oil_rise_k : top oil above ambient at rated losses. gradient_k : hot spot above top oil at
        rated current. oil_time_min, winding_time_min : time constants.
    oil_exponent (x), winding_exponent (y), k11, k21, k22 : constants of the model.
    """

    oil_rise_k: float
    gradient_k: float
    oil_time_min: float
    winding_time_min: float
    oil_exponent: float
    winding_exponent: float
    k11: float
    k21: float
    k22: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperatures:
    """Of one transformer at the end of each step: top oil and hot spot in degC, (T,)."""

    oil_c: Floats
    hot_spot_c: Floats


def temperatures(
    load_share: Floats, ambient_c: Floats, *, step_s: float, kind: ThermalKind, loss_ratio: float
) -> Temperatures:
    """Top oil and hot spot over time, from the steady state of the first step.

    load_share (T,) of the rated current; ambient_c (T,); loss_ratio is load losses at rated
    current over no-load losses (R of the standard).
    """
    oil_end = ((1 + load_share**2 * loss_ratio) / (1 + loss_ratio)) ** kind.oil_exponent
    oil_c, hot_spot_c = _follow(
        oil_end * kind.oil_rise_k,
        load_share**kind.winding_exponent * kind.gradient_k,
        np.ascontiguousarray(ambient_c, dtype=np.float64),
        _keeps(step_s, 60 * kind.k11 * kind.oil_time_min),
        _keeps(step_s, 60 * kind.k22 * kind.winding_time_min),
        _keeps(step_s, 60 * kind.oil_time_min / kind.k22),
        kind.k21,
    )
    return Temperatures(oil_c=oil_c, hot_spot_c=hot_spot_c)


def ageing_rate(hot_spot_c: Floats, *, normal_c: float, doubling_k: float) -> Floats:
    """(T,) how fast the insulation ages, as a multiple of its normal rate."""
    return np.asarray(2.0 ** ((hot_spot_c - normal_c) / doubling_k), dtype=np.float64)


def _keeps(step_s: float, time_s: float) -> float:
    """Share of a difference that is left after a step."""
    return float(np.exp(-step_s / time_s))


@kernel
def _follow(
    oil_rise_k: Floats,
    gradient_k: Floats,
    ambient_c: Floats,
    oil_keeps: float,
    winding_keeps: float,
    circulation_keeps: float,
    k21: float,
) -> tuple[Floats, Floats]:
    """Top oil and hot spot at the end of each step.

    oil_rise_k, gradient_k : (T,) where each step's load would lead in the end. The hot spot is
    the oil plus a fast rise (k21 of the gradient) less a slow one (k21 - 1): oil that has not yet
    begun to circulate makes it overshoot.
    """
    n = oil_rise_k.size
    oil_c, hot_spot_c = np.empty(n), np.empty(n)
    oil = ambient_c[0] + oil_rise_k[0]
    fast, slow = k21 * gradient_k[0], (k21 - 1) * gradient_k[0]
    for t in range(n):
        oil_end = ambient_c[t] + oil_rise_k[t]
        oil = oil_end + (oil - oil_end) * oil_keeps
        fast_end, slow_end = k21 * gradient_k[t], (k21 - 1) * gradient_k[t]
        fast = fast_end + (fast - fast_end) * winding_keeps
        slow = slow_end + (slow - slow_end) * circulation_keeps
        oil_c[t] = oil
        hot_spot_c[t] = oil + fast - slow
    return oil_c, hot_spot_c
