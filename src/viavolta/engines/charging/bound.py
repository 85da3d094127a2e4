"""The lower bound from prices alone: what makes a schedule's gap a proof."""

import numpy as np

from viavolta.engines.charging.cheapest_rows import plain_answer
from viavolta.engines.charging.fleet import NO_ROWS, RowShares, batteries
from viavolta.engines.charging.lean_battery import lean_value
from viavolta.engines.charging.network import PHASES
from viavolta.engines.charging.oracle import battery_value, relaxed_value, whole_pieces
from viavolta.engines.charging.partition import vehicle_order
from viavolta.engines.charging.tree import add_down, headroom, root_prices
from viavolta.engines.charging.vehicles import Batteries, Room, Terms, fill_powers, room_for
from viavolta.engines.charging.window import windows
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints, require
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
    unfair_eur_per_kwh: float = 0.0,
    rows: RowShares = NO_ROWS,
) -> float:
    """Cost in EUR that no schedule can go below, whatever produced the prices.

    The Lagrangian bound: limits, phases, peaks and the balance at the roots are priced instead of
    enforced, and every vehicle then does what is cheapest for itself. The vehicle is relaxed (no
    minimum power, the concave envelope of its gain, charging and discharging at once allowed), so
    the bound also holds where that matters, and a small gap may remain that no price closes. A
    stay that may choose its phase takes the cheapest of the three.

    Raises
    ------
    ValueError: prices that no bound follows from (see LimitPrices).
    """
    _require_valid(prices, limits, signals)
    window = windows(stays, signals)
    order = vehicle_order(stays, np.zeros(len(stays), dtype=np.int64))
    b = batteries(stays, window, rows=rows, path=stays.limit, order=order)
    terms = Terms(step_h=signals.step_h, unmet=unmet_eur_per_kwh, unfair=unfair_eur_per_kwh)
    longest = int(np.diff(b.offset[b.vehicle]).max()) if len(stays) else 0
    vehicles_eur = vehicles_at_prices(
        b, plug_prices(prices, limits), stays.phase[order], terms, room_for(longest)
    )
    return constant_eur(prices, limits, step_h=signals.step_h) + vehicles_eur


def plug_prices(prices: LimitPrices, limits: LimitTree) -> Floats:
    """(4, L, T) what a kWh at a plug is worth, all prices on the way up: three phases, or one."""
    common = (
        prices.import_eur_per_kwh
        - prices.export_eur_per_kwh
        + prices.peak_eur_per_kwh
        + prices.energy_eur_per_kwh
    )
    own = np.repeat(common[np.newaxis], PHASES + 1, axis=0)
    if prices.phase_eur_per_kwh is not None:
        own[0] += prices.phase_eur_per_kwh.mean(axis=1)
        own[1:] += prices.phase_eur_per_kwh.transpose(1, 0, 2)
    return np.stack([add_down(values, limits.parent) for values in own])


@kernel
def vehicles_at_prices(
    b: Batteries, at_limit: Floats, phase: Ints, terms: Terms, room: Room
) -> float:
    """Least cost of all vehicles, each by itself. at_limit: (4, L, T); b.path holds limits."""
    total = 0.0
    for v in range(len(b.vehicle) - 1):
        n = fill_powers(b, v, room)
        first, end = b.vehicle[v], b.vehicle[v + 1]
        is_free = False
        for s in range(first, end):
            is_free = is_free or phase[s] < 0
        if not is_free:
            _prices_of(b, at_limit, phase, v, 0, room)
            total += _value(b, v, terms, room, n)
        elif end - first == 1:
            best = np.inf
            for choice in range(1, PHASES + 1):
                _prices_of(b, at_limit, phase, v, choice, room)
                best = min(best, _value(b, v, terms, room, n))
            total += best
        else:
            total += _value_of_free_chain(b, v, at_limit, phase, terms, room, n)
    return total


@kernel
def _prices_of(
    b: Batteries, at_limit: Floats, phase: Ints, v: int, choice: int, room: Room
) -> None:
    """Set the prices of all rows of a vehicle; stays with a free phase use the choice."""
    at = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        which = choice if phase[s] < 0 else phase[s]
        for k in range(b.offset[s + 1] - b.offset[s]):
            room.price[at] = at_limit[which, b.path[s], b.step[s] + k]
            at += 1


@kernel
def _value(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    if b.is_lean[v]:
        return lean_value(b, v, terms, room, n)
    if not b.is_plain[v]:
        return battery_value(b, v, terms, room, n)
    cost = plain_answer(b, v, terms, room, n)
    for k in range(n):
        cost += room.price[k] * room.answer[k] * terms.step_h
    return cost


@kernel
def _value_of_free_chain(
    b: Batteries, v: int, at_limit: Floats, phase: Ints, terms: Terms, room: Room, n: int
) -> float:
    """Least cost of a chain that may choose phases: every row at the best of the three."""
    _prices_of(b, at_limit, phase, v, 1, room)
    for k in range(n):
        room.other[k] = room.price[k]
        room.answer[k] = room.price[k]
    for choice in range(2, PHASES + 1):
        _prices_of(b, at_limit, phase, v, choice, room)
        for k in range(n):
            room.other[k] = min(room.other[k], room.price[k])
            room.answer[k] = max(room.answer[k], room.price[k])
    for k in range(n):
        room.price[k] = room.other[k]
    whole_pieces(b, v, room)
    at = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        for _ in range(b.offset[s], b.offset[s + 1]):
            room.down_slope[at, 0] = b.wear[s] - room.answer[at] / b.loss[s]
            at += 1
    return relaxed_value(b, v, terms, room, n)


def constant_eur(prices: LimitPrices, limits: LimitTree, *, step_h: float) -> float:
    """Add up what the prices make of base load, limits and peaks so far."""
    room = headroom(limits)
    per_hour = (
        prices.import_eur_per_kwh * (room.base_kw - room.import_kw)
        + prices.export_eur_per_kwh * (-room.base_kw - room.export_kw)
        + prices.peak_eur_per_kwh * (room.base_kw - limits.peak_so_far_kw[:, np.newaxis])
        + prices.energy_eur_per_kwh * room.base_kw
    )
    total = float(per_hour.sum())
    if prices.phase_eur_per_kwh is not None:
        base_kw = room.base_kw[:, np.newaxis] / PHASES
        free_kw = np.maximum(limits.phase_kw[:, np.newaxis, np.newaxis] - base_kw, 0.0)
        free_kw[~np.isfinite(free_kw)] = 0.0  # no limit, no price
        total -= float((prices.phase_eur_per_kwh * free_kw).sum())
    return total * step_h


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
    if prices.phase_eur_per_kwh is not None:
        idle = prices.phase_eur_per_kwh[~np.isfinite(limits.phase_kw)] == 0
        require(idle, "a phase price at a limit that does not look at phases")
