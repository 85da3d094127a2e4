"""The lower bound from prices alone: what makes a schedule's gap a proof."""

import numpy as np

from viavolta.engines.charging.answer import battery_cost_eur, charge_only_cost_eur
from viavolta.engines.charging.tree import add_down, headroom, root_prices
from viavolta.engines.charging.window import Windows, windows
from viavolta.model.arrays import Floats, require
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import LimitPrices
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_ROUNDING = 1e-9


def charging_bound(
    prices: LimitPrices,
    stays: StayTable,
    *,
    limits: LimitTree,
    signals: SignalTable,
    unmet_eur_per_kwh: float,
) -> float:
    """Cost in EUR that no schedule can go below, whatever produced the prices.

    The Lagrangian bound: limits, peaks and the balance at the roots are priced instead of
    enforced, and every stay then does what is cheapest for itself. The stay is relaxed (no minimum
    power, charging and discharging at once allowed), so the bound also holds for stays with a
    minimum power, where a small gap may remain that no price closes.

    Raises
    ------
    ValueError: prices that no bound follows from (see LimitPrices).
    """
    _require_valid(prices, limits, signals)
    window, step_h = windows(stays, signals), signals.step_h
    at_plug = plug_prices(prices, stays, window=window, limits=limits)
    total = _constant_eur(prices, limits, step_h=step_h) + charge_only_cost_eur(
        stays, at_plug, window=window, step_h=step_h, unmet_eur_per_kwh=unmet_eur_per_kwh
    )
    for stay in np.flatnonzero(stays.max_discharge_kw > 0).tolist():
        rows = slice(window.offsets[stay], window.offsets[stay + 1])
        total += battery_cost_eur(
            stays,
            stay,
            price=at_plug[rows],
            share=window.share[rows],
            step_h=step_h,
            unmet_eur_per_kwh=unmet_eur_per_kwh,
        )
    return total


def plug_prices(
    prices: LimitPrices, stays: StayTable, *, window: Windows, limits: LimitTree
) -> Floats:
    """(K,) what a kWh at the plug is worth to a stay: all prices on the way up to the root."""
    own = (
        prices.import_eur_per_kwh
        - prices.export_eur_per_kwh
        + prices.peak_eur_per_kwh
        + prices.energy_eur_per_kwh
    )
    at_limits = add_down(own, limits.parent)
    at_plug: Floats = at_limits[stays.limit[window.stay], window.step]
    return at_plug


def _constant_eur(prices: LimitPrices, limits: LimitTree, *, step_h: float) -> float:
    """Add up what the prices make of base load, limits and peaks so far."""
    room = headroom(limits)
    per_hour = (
        prices.import_eur_per_kwh * (room.base_kw - room.import_kw)
        + prices.export_eur_per_kwh * (-room.base_kw - room.export_kw)
        + prices.peak_eur_per_kwh * (room.base_kw - limits.peak_so_far_kw[:, np.newaxis])
        + prices.energy_eur_per_kwh * room.base_kw
    )
    return float(per_hour.sum() * step_h)


def _require_valid(prices: LimitPrices, limits: LimitTree, signals: SignalTable) -> None:
    roots = root_prices(limits, signals)
    energy = prices.energy_eur_per_kwh
    at_roots = energy[roots.root]
    slack = _ROUNDING * (1.0 + np.abs(roots.buy))
    require(at_roots <= roots.buy + slack, "energy price above the buying price")
    require(at_roots >= roots.sell - slack, "energy price below the selling price")
    require(np.delete(energy, roots.root, axis=0) == 0, "energy price below a root")
    peak_eur_per_kw = prices.peak_eur_per_kwh.sum(axis=1) * signals.step_h
    fits = peak_eur_per_kw <= limits.peak_eur_per_kw * (1.0 + _ROUNDING)
    require(fits, "peak prices sum to more than the capacity price")
