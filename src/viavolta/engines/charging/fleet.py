"""Stays, limits and prices as arrays for the kernels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.charging.vehicles import Batteries
from viavolta.engines.charging.window import Windows
from viavolta.model.arrays import Floats, Ints
from viavolta.model.stay import StayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShares:
    """What may change from row to row; (K,) each, or empty where it does not.

    scale, discharge_scale : share of max_kw and max_discharge_kw that a row allows.
    early : chance that the vehicle has left for good at the end of a row.
    """

    scale: Floats
    discharge_scale: Floats
    early: Floats


NO_ROWS = RowShares(scale=np.zeros(0), discharge_scale=np.zeros(0), early=np.zeros(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Concave envelope of what charging stores: (S,) power_1, gain_1, gain_2, and usable power."""

    power: Floats
    power_1: Floats
    gain_1: Floats
    gain_2: Floats


def envelope(stays: StayTable) -> Envelope:
    """Relax knee, charging loss and minimum power to a concave curve through zero.

    Without charging loss the curve is concave already. With one, low power stores poorly; the
    envelope goes straight from zero to the power with the best yield.
    """
    top = stays.max_kw
    low = np.maximum(stays.min_kw, 0.0)
    knee = np.minimum(np.maximum(stays.knee_kw, low), top)

    def stored(power: Floats) -> Floats:
        below = np.minimum(power, stays.knee_kw)
        above = np.maximum(power - stays.knee_kw, 0.0)
        with np.errstate(invalid="ignore"):
            gain = stays.charge_efficiency * below + stays.efficiency_above_knee * above
        return gain - stays.charging_loss_kw

    with np.errstate(divide="ignore", invalid="ignore"):
        at_knee, at_top = stored(knee) / knee, stored(top) / top
    is_plain = (stays.charging_loss_kw == 0) & (stays.knee_kw >= top)
    is_top_best = is_plain | ~(knee > 0) | (at_top >= at_knee)
    gain_1 = np.where(is_plain, stays.charge_efficiency, np.where(is_top_best, at_top, at_knee))
    useless = ~(gain_1 > 0)  # the loss eats all: charging brings nothing
    return Envelope(
        power=np.where(useless, 0.0, top),
        power_1=np.where(is_top_best, top, knee),
        gain_1=np.where(useless, stays.charge_efficiency, gain_1),
        gain_2=np.where(is_top_best, stays.charge_efficiency, stays.efficiency_above_knee),
    )


def batteries(
    stays: StayTable, window: Windows, *, rows: RowShares, path: Ints, order: Ints
) -> Batteries:
    """Lay out stays for the kernels in an order that keeps each vehicle's stays together.

    Parameters
    ----------
    path
        (S,) path of each stay through the limits.
    order
        (S,) stays in the order of the kernels; those of one vehicle follow each other in time.
    """
    curve = envelope(stays)
    known = stays.has_battery
    soc = np.where(known, stays.soc_arrival_kwh, 0.0)
    lengths = np.diff(window.offsets)[order]
    offset = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    flat = flat_order(window.offsets, order)
    vehicle = vehicle_starts(stays, order)
    is_simple = _is_simple(stays) & (rows.early.size == 0)
    is_plain = is_simple & (stays.max_discharge_kw == 0)
    is_lean = is_simple & (stays.max_discharge_kw > 0)
    is_stepped = (stays.min_kw > 0) | (stays.charging_loss_kw > 0)
    firsts = vehicle[:-1]
    alone = np.diff(vehicle) == 1
    stepped = np.add.reduceat(is_stepped[order], firsts) > 0 if len(order) else np.zeros(0)
    return Batteries(
        offset=offset,
        step=window.first_step[order],
        first_share=window.first_share[order],
        last_share=window.last_share[order],
        vehicle=vehicle,
        is_plain=(is_plain[order][firsts] & alone).astype(np.int64),
        is_lean=(is_lean[order][firsts] & alone & (stepped == 0)).astype(np.int64),
        is_stepped=np.asarray(stepped).astype(np.int64),
        path=path[order],
        soc=soc[order],
        target=(soc + stays.energy_kwh)[order],
        low=np.where(known, stays.soc_min_kwh, 0.0)[order],
        capacity=np.where(known, stays.capacity_kwh, np.inf)[order],
        wanted=np.maximum(stays.energy_kwh, 0.0)[order],
        power=curve.power[order],
        power_1=curve.power_1[order],
        gain_1=curve.gain_1[order],
        gain_2=curve.gain_2[order],
        efficiency=stays.charge_efficiency[order],
        efficiency_2=stays.efficiency_above_knee[order],
        knee=stays.knee_kw[order],
        idle_loss=stays.charging_loss_kw[order],
        discharge=stays.max_discharge_kw[order],
        loss=(1.0 / stays.discharge_efficiency)[order],
        wear=stays.wear_eur_per_kwh[order],
        minimum=stays.min_kw[order],
        taper=stays.taper_soc[order],
        standing=stays.standing_loss_kw[order],
        aged_from=np.where(known, stays.ageing_soc * stays.capacity_kwh, np.inf)[order],
        ageing=stays.ageing_eur_per_kwh_h[order],
        scale=rows.scale[flat] if rows.scale.size else rows.scale,
        discharge_scale=rows.discharge_scale[flat] if rows.discharge_scale.size else np.zeros(0),
        early=rows.early[flat] if rows.early.size else rows.early,
    )


def _is_simple(stays: StayTable) -> NDArray[np.bool_]:
    """(S,) whether a stay charges at one efficiency, and nothing looks at its energy."""
    simple: NDArray[np.bool_] = (
        (stays.taper_soc >= 1)
        & (stays.knee_kw >= stays.max_kw)
        & (stays.charging_loss_kw == 0)
        & (stays.standing_loss_kw == 0)
        & (stays.ageing_eur_per_kwh_h == 0)
    )
    return simple


def flat_order(offsets: Ints, order: Ints) -> Ints:
    """(K,) rows of all stays, taken stay by stay in an order."""
    lengths = np.diff(offsets)[order]
    begin = np.repeat(offsets[:-1][order], lengths)
    within = np.arange(len(begin)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows: Ints = begin + within
    return rows


def vehicle_starts(stays: StayTable, order: Ints) -> Ints:
    """(V + 1,) where each vehicle's stays begin in the order."""
    if not stays.vehicle_id:
        return np.arange(len(order) + 1)
    names = np.array(stays.vehicle_id, dtype=object)[order]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (names[1:] != names[:-1]) | (names[1:] == "")
    return np.append(np.flatnonzero(is_new), len(order)).astype(np.int64)
