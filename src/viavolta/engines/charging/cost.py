"""What given powers lead to: energy, unmet energy, net power, peaks and cost by the one rule."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.fleet import vehicle_starts
from viavolta.engines.charging.partition import vehicle_order
from viavolta.engines.charging.tree import add_up, root_prices
from viavolta.engines.charging.vehicles import row_share
from viavolta.engines.charging.window import Windows, windows
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import CostItems, PowerPlan
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_NOTHING_KWH = 1e-7  # what rounding leaves over is not unmet energy


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What powers do to the batteries: energy_kwh (K,) at the end of each row, and the rest (S,).

    short_kwh is unmet energy; early_short_kwh the expected lack on leaving early, and
    early_unfair_kwh the part of it beyond half of what was wanted.
    """

    energy_kwh: Floats
    short_kwh: Floats
    taken_kwh: Floats
    aged_kwh_h: Floats
    early_short_kwh: Floats
    early_unfair_kwh: Floats
    early_share: Floats


def follow(
    power_kw: Floats,
    stays: StayTable,
    *,
    window: Windows,
    step_h: float,
    early: Floats | None = None,
) -> Followed:
    """Follow all batteries through given powers (K,), with every loss of the vehicles."""
    order = vehicle_order(stays, np.zeros(len(stays), dtype=np.int64))
    n = len(stays)
    known = stays.has_battery
    energy_kwh = np.zeros(len(window))
    per_stay = np.zeros((6, n))
    _follow(
        power_kw,
        order,
        vehicle_starts(stays, order),
        window.offsets,
        window.first_share,
        window.last_share,
        np.where(known, stays.soc_arrival_kwh, 0.0),
        stays.energy_kwh,
        np.where(known, stays.capacity_kwh, np.inf),
        np.stack((stays.charge_efficiency, stays.efficiency_above_knee)),
        np.minimum(stays.knee_kw, stays.max_kw),
        np.stack((stays.charging_loss_kw, stays.standing_loss_kw)),
        stays.discharge_efficiency,
        stays.ageing_soc,
        np.zeros(0) if early is None else early,
        step_h,
        energy_kwh,
        per_stay,
    )
    return Followed(
        energy_kwh=energy_kwh,
        short_kwh=per_stay[0],
        taken_kwh=per_stay[1],
        aged_kwh_h=per_stay[2],
        early_short_kwh=per_stay[3],
        early_unfair_kwh=per_stay[4],
        early_share=per_stay[5],
    )


@kernel
def _follow(
    power_kw: Floats,
    order: Ints,
    vehicle: Ints,
    offsets: Ints,
    first_share: Floats,
    last_share: Floats,
    soc: Floats,
    wanted: Floats,
    capacity: Floats,
    efficiency: Floats,
    knee: Floats,
    loss: Floats,
    discharge_efficiency: Floats,
    ageing_soc: Floats,
    early: Floats,
    step_h: float,
    energy_kwh: Floats,
    per_stay: Floats,
) -> None:
    """Fill energy_kwh (K,) and per_stay (6, S): see Followed for what they mean."""
    for v in range(len(vehicle) - 1):
        energy, target = 0.0, 0.0
        for place in range(vehicle[v], vehicle[v + 1]):
            s = order[place]
            energy = soc[s] if place == vehicle[v] else max(energy, target) - target + soc[s]
            target = soc[s] + wanted[s]
            for r in range(offsets[s], offsets[s + 1]):
                share = row_share(r, offsets[s], offsets[s + 1], first_share[s], last_share[s])
                power = power_kw[r]
                energy -= loss[1, s] * share * step_h
                if power > 0.0:
                    below = min(power, knee[s] * share)
                    stored = efficiency[0, s] * below + efficiency[1, s] * (power - below)
                    energy += (stored - loss[0, s] * share) * step_h
                else:
                    taken = -power / discharge_efficiency[s] * step_h
                    energy -= taken
                    per_stay[1, s] += taken
                energy_kwh[r] = energy
                if capacity[s] < np.inf:
                    aged = max(0.0, energy - ageing_soc[s] * capacity[s])
                    per_stay[2, s] += aged * share * step_h
                if early.size and early[r] > 0.0:
                    short = max(0.0, target - energy)
                    per_stay[3, s] += early[r] * short
                    per_stay[4, s] += early[r] * max(0.0, short - 0.5 * max(wanted[s], 0.0))
                    per_stay[5, s] += early[r]
            per_stay[0, s] = max(0.0, target - energy)


def plan_of(
    power_kw: Floats,
    stays: StayTable,
    *,
    limits: LimitTree,
    signals: SignalTable,
    unmet_eur_per_kwh: float,
    unfair_eur_per_kwh: float = 0.0,
    early: Floats | None = None,
    phase_used: Ints | None = None,
) -> PowerPlan:
    """Work out everything that follows from the power of every stay; limits are not enforced.

    Parameters
    ----------
    power_kw
        (K,) mean power per stay and step, laid out as `windows(stays, signals)` says.
    early
        (K,) chance to have left at the end of a row.
    phase_used
        (S,) phases of the plugs; those of the stays where none is given.
    """
    window = windows(stays, signals)
    followed = follow(power_kw, stays, window=window, step_h=signals.step_h, early=early)
    unmet_kwh = np.where(followed.short_kwh > _NOTHING_KWH, followed.short_kwh, 0.0)
    net_kw = net_power_kw(power_kw, stays, window=window, limits=limits)
    energy_eur, peak_eur = grid_costs_eur(net_kw, limits, signals)
    unfair_kwh = np.maximum(unmet_kwh - 0.5 * np.maximum(stays.energy_kwh, 0.0), 0.0)
    stayed = 1.0 - followed.early_share
    items = CostItems(
        energy=energy_eur,
        wear=float(followed.taken_kwh @ stays.wear_eur_per_kwh),
        ageing=float(followed.aged_kwh_h @ stays.ageing_eur_per_kwh_h),
        peak=peak_eur,
        unmet=float(unmet_kwh @ stayed) * unmet_eur_per_kwh,
        fairness=float(unfair_kwh @ stayed + followed.early_unfair_kwh.sum()) * unfair_eur_per_kwh,
        early=float(followed.early_short_kwh.sum()) * unmet_eur_per_kwh,
    )
    known = np.repeat(stays.has_battery, np.diff(window.offsets))
    return PowerPlan(
        first_step=window.first_step,
        offsets=window.offsets,
        power_kw=power_kw,
        energy_kwh=np.where(known, followed.energy_kwh, np.nan),
        unmet_kwh=unmet_kwh,
        net_kw=net_kw,
        peak_kw=np.maximum(net_kw.max(axis=1), 0.0),
        cost_items=items,
        phase_used=np.maximum(stays.phase, 0) if phase_used is None else phase_used,
    )


def net_power_kw(
    power_kw: Floats, stays: StayTable, *, window: Windows, limits: LimitTree
) -> Floats:
    """Net power at each limit, base load included. Shapes: (K,) -> (L, T)."""
    net_kw = limits.base_load_kw.copy()
    _add_powers(power_kw, stays.limit, window.first_step, window.offsets, net_kw)
    return add_up(net_kw, limits.parent)


@kernel
def _add_powers(
    power_kw: Floats, limit: Ints, first_step: Ints, offsets: Ints, net_kw: Floats
) -> None:
    """Add the power (K,) of every stay to its own limit's row of net_kw (L, T)."""
    for s in range(len(limit)):
        for r in range(offsets[s], offsets[s + 1]):
            net_kw[limit[s], first_step[s] + r - offsets[s]] += power_kw[r]


def grid_cost_eur(net_kw: Floats, limits: LimitTree, signals: SignalTable) -> float:
    """Energy bought and sold at the roots, and capacity prices. net_kw is (L, T)."""
    return sum(grid_costs_eur(net_kw, limits, signals))


def grid_costs_eur(net_kw: Floats, limits: LimitTree, signals: SignalTable) -> tuple[float, float]:
    """Cost of energy at the roots, and of peaks. net_kw is (L, T)."""
    prices = root_prices(limits, signals)
    at_roots_kw = net_kw[prices.root]
    energy_eur = np.where(at_roots_kw >= 0, prices.buy, prices.sell) * at_roots_kw
    above_kw = np.maximum(net_kw.max(axis=1) - limits.peak_so_far_kw, 0.0)
    return float(energy_eur.sum() * signals.step_h), float(above_kw @ limits.peak_eur_per_kw)
