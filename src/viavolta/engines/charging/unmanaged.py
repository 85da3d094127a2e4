"""What happens without a scheduler: full power on arrival, and no vehicle at all."""

import numpy as np

from viavolta.engines.charging.cost import grid_cost_eur, plan_of
from viavolta.engines.charging.fleet import vehicle_starts
from viavolta.engines.charging.partition import vehicle_order
from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.vehicles import row_share, tapered_kw
from viavolta.engines.charging.window import Windows, windows
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_NOTHING_KWH = 1e-9


def unmanaged(
    stays: StayTable,
    *,
    limits: LimitTree,
    signals: SignalTable,
    unmet_eur_per_kwh: float = 10.0,
    unfair_eur_per_kwh: float = 0.0,
    early: Floats | None = None,
    max_share: Floats | None = None,
) -> PowerPlan:
    """Charge every vehicle at full power from arrival until it has its energy; ignore limits."""
    window = windows(stays, signals)
    power_kw = full_power_kw(stays, window, step_h=signals.step_h, max_share=max_share)
    return plan_of(
        power_kw,
        stays,
        limits=limits,
        signals=signals,
        unmet_eur_per_kwh=unmet_eur_per_kwh,
        unfair_eur_per_kwh=unfair_eur_per_kwh,
        early=early,
    )


def full_power_kw(
    stays: StayTable, window: Windows, *, step_h: float, max_share: Floats | None = None
) -> Floats:
    """(K,) power of charging at once: full until the energy wanted, or the battery, is reached.

    The curve of the battery and all losses count; what stands draws is charged again.
    """
    power_kw = np.zeros(len(window))
    order = vehicle_order(stays, np.zeros(len(stays), dtype=np.int64))
    known = stays.has_battery
    _full_power(
        order,
        vehicle_starts(stays, order),
        window.offsets,
        window.first_share,
        window.last_share,
        np.where(known, stays.soc_arrival_kwh, 0.0),
        stays.energy_kwh,
        np.where(known, stays.capacity_kwh, np.inf),
        stays.max_kw,
        np.stack((stays.charge_efficiency, stays.efficiency_above_knee)),
        np.minimum(stays.knee_kw, stays.max_kw),
        np.stack((stays.charging_loss_kw, stays.standing_loss_kw)),
        stays.taper_soc,
        np.zeros(0) if max_share is None else max_share,
        step_h,
        power_kw,
    )
    return power_kw


@kernel
def _full_power(
    order: Ints,
    vehicle: Ints,
    offsets: Ints,
    first_share: Floats,
    last_share: Floats,
    soc: Floats,
    wanted: Floats,
    capacity: Floats,
    max_kw: Floats,
    efficiency: Floats,
    knee: Floats,
    loss: Floats,
    taper: Floats,
    scale: Floats,
    step_h: float,
    power_kw: Floats,
) -> None:
    """Fill power_kw (K,)."""
    for v in range(len(vehicle) - 1):
        energy, target = 0.0, 0.0
        for place in range(vehicle[v], vehicle[v + 1]):
            s = order[place]
            energy = soc[s] if place == vehicle[v] else max(energy, target) - target + soc[s]
            target = soc[s] + wanted[s]
            full = min(soc[s] + max(wanted[s], 0.0), capacity[s])
            for r in range(offsets[s], offsets[s + 1]):
                share = row_share(r, offsets[s], offsets[s + 1], first_share[s], last_share[s])
                energy -= loss[1, s] * share * step_h
                lack = full - energy
                if lack <= _NOTHING_KWH or share <= 0.0:
                    continue
                most = max_kw[s] * share
                if scale.size:
                    most *= scale[r]
                if taper[s] < 1.0:
                    curve = tapered_kw(
                        max_kw[s] * share,
                        capacity[s],
                        taper[s],
                        efficiency[0, s],
                        loss[0, s] * share,
                        energy,
                        step_h,
                    )
                    most = min(most, curve)
                below = min(most, knee[s] * share)
                yields = efficiency[0, s] * below + efficiency[1, s] * (most - below)
                yields = (yields - loss[0, s] * share) * step_h
                if yields <= 0.0:
                    continue
                if yields > lack:
                    stored = lack / step_h + loss[0, s] * share
                    below = min(stored / efficiency[0, s], knee[s] * share)
                    most = below + (stored - efficiency[0, s] * below) / efficiency[1, s]
                    yields = lack
                power_kw[r] = most
                energy += yields


def wanted_kwh(stays: StayTable) -> Floats:
    """(S,) energy wanted, as far as the battery has room for it."""
    wanted: Floats = np.clip(stays.energy_kwh, 0.0, stays.room_kwh)
    return wanted


def without_vehicles_eur(limits: LimitTree, signals: SignalTable) -> float:
    """Cost of the base load alone, by the same rule."""
    return grid_cost_eur(headroom(limits).base_kw, limits, signals)
