"""Highest power of a number of vehicles at one place, unmanaged and as low as management gets it.

A place that bears so much power at any time bears so many vehicles. The highest power is taken for
itself, wherever in the year it falls: it need not fall together with the highest base load, so the
number is on the safe side.
"""

import numpy as np

from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.grid.hosting.placement import Pool
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.limit import one_limit
from viavolta.services.hosting.vehicles import VehicleYears, flat_signals, stays_at

KNOTS = np.array([1, 2, 4, 8, 15, 30, 60])
"""Numbers of vehicles for which managed power is sought; straight lines between them."""

MOST_VEHICLES = int(KNOTS[-1])
"""Vehicles at one node that are counted at most."""

_WEEK_H = 168
_AFTER_H = 48
_GAP = 0.02
_PEAK_EUR_PER_KW = 1.0
_MOST_PASSES = 20


def unmanaged_peaks_kw(pool: Pool, vehicle: Ints, *, n_steps: int) -> Floats:
    """(MOST_VEHICLES,) highest power of the first 1, 2, ... of some vehicles."""
    total = np.zeros(n_steps)
    peak, peaks = 0.0, np.full(MOST_VEHICLES, np.inf)
    for n, v in enumerate(vehicle[:MOST_VEHICLES].tolist()):
        part = slice(pool.offsets[v], pool.offsets[v + 1])
        total[pool.step[part]] += pool.power_kw[part]
        peak = max(peak, float(total[pool.step[part]].max(initial=0.0)))
        peaks[n] = peak
    return peaks


def managed_peaks_kw(
    years: VehicleYears, vehicle: Ints, *, start: Times, step_s: int, has_v2x: bool
) -> Floats:
    """(MOST_VEHICLES,) lowest highest power at which the first 1, 2, ... vehicles get their energy.

    Found by the scheduler with a price on the peak, in the week with the most energy; never above
    the power without management.
    """
    knots = KNOTS[len(vehicle) >= KNOTS]
    unmanaged = unmanaged_peaks_kw(years.pool, vehicle, n_steps=len(start))
    found = [
        min(
            _week_peak_kw(years, vehicle[:n], start=start, step_s=step_s, has_v2x=has_v2x),
            unmanaged[n - 1],
        )
        for n in knots.tolist()
    ]
    peaks = np.full(MOST_VEHICLES, np.inf)
    counts = np.arange(1, int(knots[-1]) + 1)
    peaks[: len(counts)] = np.interp(counts, knots, np.maximum.accumulate(found))
    return peaks


def _week_peak_kw(
    years: VehicleYears, vehicle: Ints, *, start: Times, step_s: int, has_v2x: bool
) -> float:
    per_week = _WEEK_H * 3600 // step_s
    stays = years.drawn.stays
    every = years.stays_of(vehicle, first=start[0], end=stays.arrival.max() + 1)
    if not len(every.row):
        return 0.0
    n_weeks = max(1, len(start) // per_week)
    step = (stays.arrival[every.row] - start[0]).astype(np.int64) // step_s
    week = np.minimum(step // per_week, n_weeks - 1)
    hardest = int(np.bincount(week, weights=stays.energy_kwh[every.row]).argmax())
    first = hardest * per_week
    end = min(first + per_week + _AFTER_H * 3600 // step_s, len(start))
    part = start[first:end]
    until = part[-1] + np.timedelta64(step_s, "s")
    last = start[min(first + per_week, len(start)) - 1] + np.timedelta64(step_s, "s")
    chosen = years.stays_of(vehicle, first=part[0], end=last)
    table = stays_at(
        stays,
        chosen,
        limit=np.zeros(len(vehicle), dtype=np.int64),
        until=until,
        may_discharge=has_v2x,
    )
    limits = one_limit(
        "node",
        float(table.max_kw.sum()),
        n_steps=len(part),
        peak_eur_per_kw=_PEAK_EUR_PER_KW,
    )
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= _MOST_PASSES

    found = schedule(table, limits, flat_signals(part, step_s), gap=_GAP, stop=stop, n_parts=1)
    return float(found.plan.net_kw.max())


def n_vehicles_within(peaks_kw: Floats, firm_kw: Floats) -> Ints:
    """(n,) vehicles whose highest power stays within some powers. peaks_kw rises."""
    return np.searchsorted(peaks_kw, firm_kw + 1e-9, side="right")
