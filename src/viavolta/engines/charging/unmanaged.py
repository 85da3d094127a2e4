"""What happens without a scheduler: full power on arrival, and no vehicle at all."""

import numpy as np

from viavolta.engines.charging.cost import grid_cost_eur, plan_of
from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.window import Windows, cumulate_by_stay, windows
from viavolta.model.arrays import Floats
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable


def unmanaged(
    stays: StayTable, *, limits: LimitTree, signals: SignalTable, unmet_eur_per_kwh: float = 10.0
) -> PowerPlan:
    """Charge every vehicle at full power from arrival until it has its energy; ignore limits."""
    window = windows(stays, signals)
    power_kw = full_power_kw(stays, window, step_h=signals.step_h)
    return plan_of(
        power_kw, stays, limits=limits, signals=signals, unmet_eur_per_kwh=unmet_eur_per_kwh
    )


def full_power_kw(stays: StayTable, window: Windows, *, step_h: float) -> Floats:
    """(K,) power of charging at once: full until the energy wanted, or the battery, is reached."""
    stay = window.stay
    efficiency = stays.charge_efficiency[stay]
    offered_kwh = stays.max_kw[stay] * window.share * step_h * efficiency
    before_kwh = cumulate_by_stay(offered_kwh, window.offsets) - offered_kwh
    left_kwh = wanted_kwh(stays)[stay] - before_kwh
    power_kw: Floats = np.clip(left_kwh, 0.0, offered_kwh) / (efficiency * step_h)
    return power_kw


def wanted_kwh(stays: StayTable) -> Floats:
    """(S,) energy wanted, as far as the battery has room for it."""
    wanted: Floats = np.clip(stays.energy_kwh, 0.0, stays.room_kwh)
    return wanted


def without_vehicles_eur(limits: LimitTree, signals: SignalTable) -> float:
    """Cost of the base load alone, by the same rule."""
    return grid_cost_eur(headroom(limits).base_kw, limits, signals)
