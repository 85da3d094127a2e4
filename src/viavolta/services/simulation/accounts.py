"""What a strategy led to, stay by stay: energy, time, and a share of the cost that adds up."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.tree import root_prices
from viavolta.engines.charging.window import Windows, sum_by_stay
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable
from viavolta.model.stay import StayTable
from viavolta.services.simulation.trees import trees

NOTHING_KW = 1e-6
AT_LIMIT = 1e-6
"""A limit is reached where the power comes this near, relative to the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Per stay (S,): energies at the plug and in the battery, costs, hours since arrival.

    wait_h : until the first power. ready_h : until the last energy was in. charging_h : of the
    steps with power. Each is NaN for a stay without any power, but charging_h, which is 0.
    """

    charged_kwh: Floats
    discharged_kwh: Floats
    delivered_kwh: Floats
    unmet_kwh: Floats
    energy_eur: Floats
    wear_eur: Floats
    peak_eur: Floats
    wait_h: Floats
    ready_h: Floats
    charging_h: Floats

    @property
    def cost_eur(self) -> Floats:
        """(S,) the stay's share of what the strategy costs, unmet energy left out."""
        return self.energy_eur + self.wear_eur + self.peak_eur


def account_of(
    plan: PowerPlan,
    stays: StayTable,
    *,
    window: Windows,
    limits: LimitTree,
    signals: SignalTable,
) -> Account:
    """Share out energy, wear and capacity prices.

    Energy counts at the price of the step: that of buying where the root imports, else that of
    selling. A capacity price is shared by power in the step of the peak. Both add up, with the
    share of the base load, to the cost by the one rule.
    """
    power_kw, stay, step_h = plan.power_kw, window.stay, signals.step_h
    price = step_price(plan, limits, signals)
    root = _root_of(limits)
    energy_eur = power_kw * price[root[stays.limit[stay]], window.step] * step_h
    taken_kwh = np.maximum(-power_kw, 0.0) / stays.discharge_efficiency[stay] * step_h
    stored_kwh = np.maximum(power_kw, 0.0) * stays.charge_efficiency[stay] * step_h
    wait_h, ready_h, charging_h = _times(plan, stays, window=window, signals=signals)

    def by_stay(values: Floats) -> Floats:
        return sum_by_stay(values, window.offsets)

    return Account(
        charged_kwh=by_stay(np.maximum(power_kw, 0.0)) * step_h,
        discharged_kwh=by_stay(np.maximum(-power_kw, 0.0)) * step_h,
        delivered_kwh=by_stay(stored_kwh - taken_kwh),
        unmet_kwh=np.asarray(plan.unmet_kwh),
        energy_eur=by_stay(energy_eur),
        wear_eur=by_stay(taken_kwh * stays.wear_eur_per_kwh[stay]),
        peak_eur=by_stay(_peak_shares(plan, stays, window=window, limits=limits)),
        wait_h=wait_h,
        ready_h=ready_h,
        charging_h=charging_h,
    )


def step_price(plan: PowerPlan, limits: LimitTree, signals: SignalTable) -> Floats:
    """(L, T) price at roots: buying where power flows in, selling where out; 0 elsewhere."""
    prices = root_prices(limits, signals)
    price = np.zeros(plan.net_kw.shape)
    price[prices.root] = np.where(plan.net_kw[prices.root] >= 0, prices.buy, prices.sell)
    return price


def _root_of(limits: LimitTree) -> Ints:
    root = np.zeros(len(limits), dtype=np.int64)
    for tree in trees(limits):
        root[tree.rows] = tree.rows[limits.parent[tree.rows] < 0][0]
    return root


def peak_eur(plan: PowerPlan, limits: LimitTree) -> Floats:
    """(L,) cost of the peak of each limit."""
    above_kw = np.maximum(plan.peak_kw - limits.peak_so_far_kw, 0.0)
    cost: Floats = above_kw * limits.peak_eur_per_kw
    return cost


def _peak_shares(
    plan: PowerPlan, stays: StayTable, *, window: Windows, limits: LimitTree
) -> Floats:
    """(K,) share of capacity prices, by power in the step of the peak."""
    share = np.zeros(len(plan.power_kw))
    cost = peak_eur(plan, limits)
    stay, step = window.stay, window.step
    for row in np.flatnonzero(cost > 0).tolist():
        at = int(np.argmax(plan.net_kw[row]))
        under = _is_under(limits, row)
        rows = np.flatnonzero((step == at) & under[stays.limit[stay]])
        share[rows] += cost[row] * plan.power_kw[rows] / plan.net_kw[row, at]
    return share


def _is_under(limits: LimitTree, row: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    inside = np.zeros(len(limits), dtype=bool)
    for limit in range(len(limits)):
        at = limit
        while at >= 0 and at != row:
            at = int(limits.parent[at])
        inside[limit] = at == row
    return inside


def _times(
    plan: PowerPlan, stays: StayTable, *, window: Windows, signals: SignalTable
) -> tuple[Floats, Floats, Floats]:
    """Hours until the first power and until the last energy, and of the steps with power.

    In its last step the energy counts as taken at full power from the beginning of the step.
    """
    stay, share = window.stay, window.share
    since_h = (signals.start[window.step] - stays.arrival[stay]).astype(np.int64)
    begin_h = np.maximum(since_h / SECONDS_PER_HOUR, 0.0)
    power_kw = plan.power_kw
    wait_h, ready_h = np.full(len(stays), np.nan), np.full(len(stays), np.nan)
    some = np.flatnonzero(np.abs(power_kw) > NOTHING_KW)
    wait_h[stay[some[::-1]]] = begin_h[some[::-1]]  # the first row of a stay is written last
    charged = np.flatnonzero(power_kw > NOTHING_KW)
    full_h = power_kw[charged] * signals.step_h / stays.max_kw[stay[charged]]
    ready_h[stay[charged]] = begin_h[charged] + full_h
    hours = np.where(np.abs(power_kw) > NOTHING_KW, share * signals.step_h, 0.0)
    return wait_h, ready_h, sum_by_stay(hours, window.offsets)
