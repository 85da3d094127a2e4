"""The cheapest that single stays can do at given prices: exact, without limits between them.

The stay is relaxed: no minimum power, and charging and discharging at once is allowed. Its
optimum is therefore never above that of the real stay, which is what a lower bound needs.
"""

from bisect import insort

import numpy as np

from viavolta.engines.charging.window import Windows
from viavolta.model.arrays import Floats
from viavolta.model.stay import StayTable


def charge_only_cost_eur(
    stays: StayTable,
    price: Floats,
    *,
    window: Windows,
    step_h: float,
    unmet_eur_per_kwh: float,
) -> float:
    """Least cost of all stays that cannot discharge, summed; the others are left out.

    Sorting a stay's steps by price, the cheapest are used up to the energy wanted where they cost
    less than leaving it unmet, and up to the battery's room where the price is negative.

    Parameters
    ----------
    price
        (K,) price at the plug in EUR/kWh per stay and step.
    """
    rows = np.flatnonzero(stays.max_discharge_kw[window.stay] == 0)
    if rows.size == 0:
        return 0.0
    stay = window.stay[rows]
    slope = price[rows] / stays.charge_efficiency[stay]  # per kWh into the battery
    order = np.lexsort((slope, stay))
    rows, stay, slope = rows[order], stay[order], slope[order]
    offered_kwh = stays.max_kw[stay] * window.share[rows] * step_h * stays.charge_efficiency[stay]
    room_kwh = stays.room_kwh
    wanted_kwh = np.clip(stays.energy_kwh, 0.0, room_kwh)
    begin = np.flatnonzero(np.diff(stay, prepend=-1))
    running = np.cumsum(offered_kwh)
    before = running - offered_kwh
    before -= np.repeat(before[begin], np.diff(np.append(begin, len(stay))))
    ceiling = np.where(
        slope < 0, room_kwh[stay], np.where(slope < unmet_eur_per_kwh, wanted_kwh[stay], 0.0)
    )
    used_kwh = np.clip(ceiling - before, 0.0, offered_kwh)
    served_kwh = np.bincount(stay, weights=used_kwh, minlength=len(stays))
    missing_kwh = np.maximum(stays.energy_kwh - served_kwh, 0.0)[stays.max_discharge_kw == 0]
    return float(slope @ used_kwh + missing_kwh.sum() * unmet_eur_per_kwh)


def battery_cost_eur(
    stays: StayTable,
    stay: int,
    *,
    price: Floats,
    share: Floats,
    step_h: float,
    unmet_eur_per_kwh: float,
) -> float:
    """Least cost of one stay that can discharge, by its value function.

    The cost to go is convex and piecewise linear in the stored energy: kept as segments sorted by
    slope from the reserve to the capacity. Going backward, a step adds one segment for charging
    and one for discharging, and both ends are cut back to the battery's range.

    Parameters
    ----------
    price, share
        (W,) price at the plug in EUR/kWh, and part of the step, over the stay's window.
    """
    soc = float(stays.soc_arrival_kwh[stay])
    floor, capacity = min(float(stays.soc_min_kwh[stay]), soc), float(stays.capacity_kwh[stay])
    target = soc + float(stays.energy_kwh[stay])
    kink = min(max(target, floor), capacity)
    at_floor = unmet_eur_per_kwh * max(target - floor, 0.0)
    segments = [(-unmet_eur_per_kwh, kink - floor), (0.0, capacity - kink)]
    charge = float(stays.charge_efficiency[stay])
    discharge = float(stays.discharge_efficiency[stay])
    wear = float(stays.wear_eur_per_kwh[stay])
    gain_kwh = (float(stays.max_kw[stay]) * charge * step_h * share).tolist()
    loss_kwh = (float(stays.max_discharge_kw[stay]) / discharge * step_h * share).tolist()
    prices = price.tolist()
    for t in range(len(prices) - 1, -1, -1):
        charging = prices[t] / charge
        insort(segments, (-charging, gain_kwh[t]))
        insort(segments, (wear - prices[t] * discharge, loss_kwh[t]))
        at_floor += charging * gain_kwh[t] + _cut_start(segments, gain_kwh[t])
        _cut_end(segments, loss_kwh[t])
    return at_floor + _rise(segments, soc - floor)


def _cut_start(segments: list[tuple[float, float]], length: float) -> float:
    """Remove a length from the start; returns by how much the function rises over it."""
    rise, n_gone = 0.0, 0
    for slope, size in segments:
        if size > length:
            segments[n_gone] = (slope, size - length)
            rise += slope * length
            break
        rise += slope * size
        length -= size
        n_gone += 1
    del segments[:n_gone]
    return rise


def _cut_end(segments: list[tuple[float, float]], length: float) -> None:
    """Remove a length from the end."""
    while segments:
        slope, size = segments[-1]
        if size > length:
            segments[-1] = (slope, size - length)
            return
        length -= size
        segments.pop()


def _rise(segments: list[tuple[float, float]], length: float) -> float:
    """By how much the function rises from its start over a length."""
    rise = 0.0
    for slope, size in segments:
        rise += slope * min(size, length)
        length -= min(size, length)
    return rise
