"""What a vehicle can do in one row, and at what cost: the convex hull of its choices.

A choice is a pair of energy gained and cost. Not charging, charging with the minimum, to the knee
and in full, and discharging in full are points; the hull of them holds every choice between, losses
and minimum included, and nothing cheaper than a mixture of true choices.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.checks.charge_blocks import Rows
from viavolta.checks.charge_corners import lower_hull
from viavolta.checks.charge_keys import Floats

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The hull of each row of a block.

    Attributes
    ----------
    least_kwh, cost_eur : (W, B) lowest gain, discharging in full, and what it costs.
    length_kwh, slope : (N, W, B) stretches of gain from there on, and EUR per kWh gained.
    taper_kwh, taper_slope : (W, B) gain from charging in full where it shrinks near full, and
        EUR per kWh; alpha : (W, B) that gain per energy missing to full. 0 without a taper.
    burn_kwh : (W, B) what charging with next to no power loses, where there is a taper.
    """

    least_kwh: Floats
    cost_eur: Floats
    length_kwh: Floats
    slope: Floats
    taper_kwh: Floats
    taper_slope: Floats
    alpha: Floats
    burn_kwh: Floats


def choices(rows: Rows, price_up: Floats, price_back: Floats, *, step_h: float) -> Choices:
    """What each row of a block can do at prices (W, B) in EUR per kWh at the plug.

    Prices are for charging, and for discharging.
    """
    is_tapered = rows.taper < 1
    most_kw = np.where(rows.most_kw < rows.least_kw * (1 - _ROUNDING), 0.0, rows.most_kw)
    loss_kwh = np.where(most_kw > 0, rows.loss_kwh, 0.0)
    back_kwh = rows.back_kw * step_h / rows.efficiency_back
    gains = [-back_kwh, np.zeros_like(back_kwh)]
    costs = [rows.wear * back_kwh - price_back * rows.back_kw * step_h, np.zeros_like(back_kwh)]
    powers = [most_kw]
    if (loss_kwh > 0).any() or np.isfinite(rows.knee_kw).any():
        knee_kw = np.clip(rows.knee_kw, rows.least_kw, most_kw)
        powers = [np.minimum(rows.least_kw, most_kw), np.minimum(knee_kw, most_kw), most_kw]
    for power_kw in powers:
        kw = np.where(is_tapered, 0.0, power_kw)
        below = np.minimum(kw, rows.knee_kw)
        stored = below * rows.efficiency + (kw - below) * rows.efficiency_above
        gains.append(stored * step_h - np.where(is_tapered, 0.0, loss_kwh))
        costs.append(price_up * kw * step_h)
    g, cost = lower_hull(np.stack(gains), np.stack(costs))
    length = np.diff(g, axis=0)
    is_wide = length > 0
    slope = np.where(is_wide, np.diff(cost, axis=0) / np.where(is_wide, length, 1.0), 0.0)
    base_eur, taper = cost[0], _taper(rows, most_kw, loss_kwh, price_up=price_up, step_h=step_h)
    return Choices(
        least_kwh=g[0],
        cost_eur=base_eur + taper[0],
        length_kwh=length,
        slope=slope,
        taper_kwh=taper[1],
        taper_slope=taper[2],
        alpha=taper[3],
        burn_kwh=np.where(is_tapered, loss_kwh, 0.0),
    )


def _taper(
    rows: Rows, most_kw: Floats, loss_kwh: Floats, *, price_up: Floats, step_h: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Cost that charging for nothing may save, gain in full, EUR per kWh, and alpha.

    Charging x <= steep (capacity - e) ends at e = left + gain x / most, gain that of most power: so
    e <= capacity - (capacity - left) / (1 + alpha) with alpha = steep gain / most.
    """
    is_tapered = (rows.taper < 1) & (most_kw > 0)
    gain = np.where(is_tapered, most_kw * rows.efficiency * step_h - loss_kwh, 0.0)
    eur = np.where(is_tapered, price_up * most_kw * step_h, 0.0)
    is_gain = gain > 0
    capacity = np.where(is_tapered, rows.capacity, 1.0)
    steep = rows.full_kw / (capacity * np.where(is_tapered, 1 - rows.taper, 1.0))
    per_kw = np.where(is_gain, gain, 0.0) / np.where(is_gain, most_kw, 1.0)
    return (
        np.where(is_gain, 0.0, np.minimum(eur, 0.0)),
        np.where(is_gain, gain, 0.0),
        np.where(is_gain, eur, 0.0) / np.where(is_gain, gain, 1.0),
        steep * per_kw,
    )
