"""What given powers lead to: energy, unmet energy, net power, peaks and cost by the one rule."""

import numpy as np

from viavolta.engines.charging.tree import add_up, root_prices
from viavolta.engines.charging.window import Windows, cumulate_by_stay, sum_by_stay, windows
from viavolta.model.arrays import Floats
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_NOTHING_KWH = 1e-7  # what a solver leaves over is not unmet energy


def battery_gain_kwh(
    power_kw: Floats, stays: StayTable, *, window: Windows, step_h: float
) -> Floats:
    """Energy into the battery per step: power times charge efficiency, or over discharge
    efficiency where it is negative. Shapes: (K,) -> (K,).
    """  # noqa: D205 - one sentence
    efficiency = np.where(
        power_kw >= 0,
        stays.charge_efficiency[window.stay],
        1.0 / stays.discharge_efficiency[window.stay],
    )
    return power_kw * efficiency * step_h


def plan_of(
    power_kw: Floats,
    stays: StayTable,
    *,
    limits: LimitTree,
    signals: SignalTable,
    unmet_eur_per_kwh: float,
) -> PowerPlan:
    """Work out everything that follows from the power of every stay; limits are not enforced.

    Parameters
    ----------
    power_kw
        (K,) mean power per stay and step, laid out as `windows(stays, signals)` says.
    """
    window = windows(stays, signals)
    gain_kwh = battery_gain_kwh(power_kw, stays, window=window, step_h=signals.step_h)
    missing_kwh = stays.energy_kwh - sum_by_stay(gain_kwh, window.offsets)
    unmet_kwh = np.where(missing_kwh > _NOTHING_KWH, missing_kwh, 0.0)
    net_kw = net_power_kw(power_kw, stays, window=window, limits=limits)
    cost_eur = (
        grid_cost_eur(net_kw, limits, signals)
        + wear_cost_eur(gain_kwh, stays, window=window)
        + float(unmet_kwh.sum()) * unmet_eur_per_kwh
    )
    return PowerPlan(
        first_step=window.first_step,
        offsets=window.offsets,
        power_kw=power_kw,
        energy_kwh=stays.soc_arrival_kwh[window.stay] + cumulate_by_stay(gain_kwh, window.offsets),
        unmet_kwh=unmet_kwh,
        net_kw=net_kw,
        peak_kw=np.maximum(net_kw.max(axis=1), 0.0),
        cost_eur=cost_eur,
    )


def net_power_kw(
    power_kw: Floats, stays: StayTable, *, window: Windows, limits: LimitTree
) -> Floats:
    """Net power at each limit, base load included. Shapes: (K,) -> (L, T)."""
    shape = limits.import_kw.shape
    flat = stays.limit[window.stay] * shape[1] + window.step
    own_kw = np.bincount(flat, weights=power_kw, minlength=shape[0] * shape[1]).reshape(shape)
    return add_up(own_kw + limits.base_load_kw, limits.parent)


def grid_cost_eur(net_kw: Floats, limits: LimitTree, signals: SignalTable) -> float:
    """Energy bought and sold at the roots, and capacity prices. net_kw is (L, T)."""
    prices = root_prices(limits, signals)
    at_roots_kw = net_kw[prices.root]
    energy_eur = np.where(at_roots_kw >= 0, prices.buy, prices.sell) * at_roots_kw
    above_kw = np.maximum(net_kw.max(axis=1) - limits.peak_so_far_kw, 0.0)
    return float(energy_eur.sum() * signals.step_h + above_kw @ limits.peak_eur_per_kw)


def wear_cost_eur(gain_kwh: Floats, stays: StayTable, *, window: Windows) -> float:
    """Wear of what discharging takes out of the batteries. gain_kwh is (K,)."""
    taken_kwh = np.maximum(-gain_kwh, 0.0)
    return float(taken_kwh @ stays.wear_eur_per_kwh[window.stay])
