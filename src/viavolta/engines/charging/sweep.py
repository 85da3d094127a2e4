"""One pass over vehicles: each answers the prices, and moves as far toward its answer as pays.

The master problem is the augmented Lagrangian of all rows (Hestenes 1969, Powell 1969, in the form
of Rockafellar 1973 for inequalities), minimised vehicle by vehicle with the block-coordinate
Frank-Wolfe method (Lacoste-Julien et al., ICML 2013) and an exact line search.
"""

from typing import NamedTuple

import numpy as np

from viavolta.engines.charging.cheapest_rows import plain_answer
from viavolta.engines.charging.lean_battery import lean_answer, lean_value
from viavolta.engines.charging.oracle import battery_answer, battery_value, pieces_answer
from viavolta.engines.charging.vehicles import MOST_PIECES, Batteries, Room, Terms, fill_powers
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints

_SEARCH_STEPS = 8
_PLACES = (-16.0, -4.0, -1.0, 1.0, 4.0, 16.0)
"""Breakpoints around the power a vehicle has, in grains."""
_PEAKS_PER_PASS = 16
_COARSEST, _FINEST, _CALM_GRAIN = 0.25, 2.0**-14, 2.0**-6
_SEARCH_TOLERANCE = 0.3  # of the slope at the start: where along the way to stop is not critical


class Rows(NamedTuple):
    """State of the rows of a part. R rows, T steps.

    Attributes
    ----------
    load : (R, T) kW. price : (R, T) EUR/kWh at that load.
    import_kw, export_kw : (R, T). up, down : (R, T) multipliers in EUR/kWh, >= 0.
    stiffness : (R,) EUR/kWh that the price rises per kW beyond the bounds.
    balance : (R,) row of low and span for the balance of a root, or -1. low, span : (B, T).
    start, row, share : paths, as in Network.
    reach : by how much a path's row changes per kW of a stay: its share, times the number of parts
        that work on the row at the same time. Others do much the same as one's own vehicles;
        expecting that keeps parts from all taking the same free place.
    """

    load: Floats
    price: Floats
    import_kw: Floats
    export_kw: Floats
    up: Floats
    down: Floats
    stiffness: Floats
    balance: Ints
    low: Floats
    span: Floats
    start: Ints
    row: Ints
    share: Floats
    reach: Floats
    peak_price: Floats
    so_far: Floats


class State(NamedTuple):
    """What the vehicles do. K rows of stays, V vehicles.

    Attributes
    ----------
    power : (K,) net plug power in kW.
    own_eur : (V,) upper bound of the vehicle's own cost: wear, ageing, unmet energy.
    idle : (V,) passes for which the vehicle need not be asked. calm : (V,) how long last time.
    grain : (V,) share of full power, how finely a vehicle sees its own effect on prices.
    """

    power: Floats
    own_eur: Floats
    idle: Ints
    calm: Ints
    grain: Floats


@kernel
def price_at(rows: Rows, g: int, t: int, load: float) -> float:
    """Price of a row at a load."""
    up = max(0.0, rows.up[g, t] + rows.stiffness[g] * (load - rows.import_kw[g, t]))
    k = rows.balance[g]
    if k >= 0:
        return float(rows.low[k, t] + min(up, rows.span[k, t]))
    down = max(0.0, rows.down[g, t] - rows.stiffness[g] * (load + rows.export_kw[g, t]))
    return float(up - down)


@kernel
def price_rows(rows: Rows) -> None:
    """Set all prices from the loads."""
    for g in range(rows.load.shape[0]):
        for t in range(rows.load.shape[1]):
            rows.price[g, t] = price_at(rows, g, t, rows.load[g, t])


@kernel
def gather_prices(b: Batteries, rows: Rows, v: int, room: Room) -> None:
    """Set the price at the plug for all rows of a vehicle."""
    at = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        n, t = b.offset[s + 1] - b.offset[s], b.step[s]
        for k in range(n):
            room.price[at + k] = 0.0
        for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
            g, share = rows.row[p], rows.share[p]
            for k in range(n):
                room.price[at + k] += share * rows.price[g, t + k]
        at += n


@kernel
def _slope(b: Batteries, rows: Rows, v: int, room: Room, way: float) -> float:
    """Cost per hour and unit of way of all rows, where the loads have gone `way` toward the answer.

    `other` holds the change of power.
    """
    total, at = 0.0, 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        n, t = b.offset[s + 1] - b.offset[s], b.step[s]
        for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
            g, share, reach = rows.row[p], rows.share[p], way * rows.reach[p]
            for k in range(n):
                change = room.other[at + k]
                if change != 0.0:
                    load = rows.load[g, t + k] + reach * change
                    total += price_at(rows, g, t + k, load) * share * change
        at += n
    return total


@kernel
def move(b: Batteries, rows: Rows, v: int, room: Room, way: float) -> None:
    """Add `way` times the change in `other` to the loads, and renew their prices."""
    at = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        n, t = b.offset[s + 1] - b.offset[s], b.step[s]
        for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
            g, reach = rows.row[p], way * rows.reach[p]
            for k in range(n):
                change = reach * room.other[at + k]
                if change != 0.0:
                    load = rows.load[g, t + k] + change
                    rows.load[g, t + k] = load
                    rows.price[g, t + k] = price_at(rows, g, t + k, load)
        at += n


@kernel
def answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Fill `answer` with what is cheapest for a vehicle; returns its own cost."""
    if b.is_plain[v]:
        return plain_answer(b, v, terms, room, n)
    if b.is_lean[v]:
        return lean_answer(b, v, terms, room, n)
    return battery_answer(b, v, terms, room, n)


@kernel
def sweep(
    b: Batteries,
    rows: Rows,
    state: State,
    terms: Terms,
    room: Room,
    first: int,
    end: int,
    is_fresh: bool,
    is_fine: bool,
    ease_eur: float,
) -> float:
    """Let vehicles first..end answer one after the other; returns the sum of their gaps in EUR.

    Fresh vehicles have no power yet and take their answer as it is. In a fine pass a vehicle sees
    what its own power does to the prices, in pieces around the power it has. A vehicle whose gap is
    at most ease_eur is not asked in the next passes.
    """
    total = 0.0
    every = max(1, (end - first) // _PEAKS_PER_PASS)
    for v in range(first, end):
        if (v - first) % every == every - 1:
            find_peaks(rows, terms.step_h)
        if state.idle[v] > 0 and not is_fresh:
            state.idle[v] -= 1
            continue
        begin = b.offset[b.vehicle[v]]
        n = fill_powers(b, v, room)
        gather_prices(b, rows, v, room)
        if is_fine:
            fine_pieces(b, rows, state, v, room)
            own = pieces_answer(b, v, terms, room, n)
        else:
            own = answer(b, v, terms, room, n)
        gap = state.own_eur[v] - own
        for k in range(n):
            room.other[k] = room.answer[k] - state.power[begin + k]
            gap -= room.price[k] * room.other[k] * terms.step_h
        total += max(gap, 0.0)
        if is_fresh:
            state.calm[v] = 0
        elif gap <= ease_eur and (not is_fine or state.grain[v] <= _CALM_GRAIN):
            state.calm[v] = min(2 * state.calm[v] + 1, 3)
            state.idle[v] = state.calm[v]
        else:
            state.calm[v] = 0
        way = 0.0
        if is_fresh:
            way = 1.0
        elif gap > 0.0:
            way = _way(b, rows, v, room, own - state.own_eur[v], gap, terms.step_h)
        if is_fine:
            state.grain[v] = _next_grain(state.grain[v], way)
        if way == 0.0:
            continue
        move(b, rows, v, room, way)
        for k in range(n):
            state.power[begin + k] += way * room.other[k]
        state.own_eur[v] += way * (own - state.own_eur[v])
    return total


@kernel
def find_peaks(rows: Rows, step_h: float) -> None:
    """Set each peak to where the capacity price is just used up by the steps that reach it.

    The minimum over the peak of its price and the augmented terms: the sum over the steps of
    max(0, up + stiffness (load - peak)) times the step is the capacity price, or the peak is the
    one so far. Found by Michelot's algorithm (JOTA 1986): leave out what lies below, and again.
    """
    n_steps = rows.load.shape[1]
    for g in range(rows.load.shape[0]):
        if rows.peak_price[g] <= 0.0:
            continue
        area = rows.peak_price[g] / (step_h * rows.stiffness[g])
        peak, before = -np.inf, n_steps + 1
        while True:
            count, total = 0, 0.0
            for t in range(n_steps):
                height = rows.up[g, t] / rows.stiffness[g] + rows.load[g, t]
                if height > peak:
                    total += height
                    count += 1
            # with rounding aside fewer steps reach a higher peak; where none is lost, it is found
            if count == 0 or count >= before:
                break
            peak, before = (total - area) / count, count
        peak = max(peak, rows.so_far[g])
        for t in range(n_steps):
            rows.import_kw[g, t] = peak
            rows.price[g, t] = price_at(rows, g, t, rows.load[g, t])


@kernel
def _next_grain(grain: float, way: float) -> float:
    """Finer where the answer was no better or went too far, coarser where all of it was taken."""
    if way >= 1.0:
        return min(grain * 2.0, _COARSEST)
    return max(grain * 0.5, _FINEST)


@kernel
def fine_pieces(b: Batteries, rows: Rows, state: State, v: int, room: Room) -> None:
    """Set the pieces of all rows by the prices that the vehicle's own power leads to.

    Breakpoints stand around the power it has, closely near it and widely apart further off; where
    no price changes over the whole range of power, one piece does.
    """
    row = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        for r in range(b.offset[s], b.offset[s + 1]):
            t = b.step[s] + r - b.offset[s]
            now, most, least = state.power[r], room.most[row], room.least[row]
            knee = min(most, b.power_1[s] * room.share[row])
            near = state.grain[v] * max(most, -least)
            is_flat = _price_with(b, rows, s, t, most - now) == _price_with(
                b, rows, s, t, least - now
            )
            if is_flat or b.taper[s] < 1.0:
                near = np.inf
            room.n_up[row] = _pieces(b, rows, s, t, room, row, now, near, most, knee, 1.0)
            room.n_down[row] = _pieces(b, rows, s, t, room, row, now, near, -least, np.inf, -1.0)
            row += 1


@kernel
def _pieces(
    b: Batteries,
    rows: Rows,
    s: int,
    t: int,
    room: Room,
    row: int,
    now: float,
    near: float,
    most: float,
    knee: float,
    sign: float,
) -> int:
    """Cut 0..most (charging: sign 1, discharging: -1) into pieces; returns how many."""
    n, start = 0, 0.0
    here = sign * now
    while start < most and n < MOST_PIECES:
        end = most
        if n < MOST_PIECES - 1:
            if near < np.inf:
                for k in range(6):
                    at = here + _PLACES[k] * near
                    if start < at < end:
                        end = at
            if start < knee < end:
                end = knee
        middle = sign * 0.5 * (start + end) - now
        price = room.price[row] if near == np.inf else _price_with(b, rows, s, t, middle)
        if sign > 0.0:
            gain = b.gain_1[s] if start < knee else b.gain_2[s]
            room.up_kw[row, n], room.up_gain[row, n] = end - start, gain
            room.up_slope[row, n] = -price / gain
        else:
            room.down_kw[row, n] = end - start
            room.down_slope[row, n] = b.wear[s] - price / b.loss[s]
        n += 1
        start = end
    return n


@kernel
def _price_with(b: Batteries, rows: Rows, s: int, t: int, change: float) -> float:
    """Price at the plug of a stay in a step, were its power higher by a change."""
    total = 0.0
    for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
        g = rows.row[p]
        load = rows.load[g, t] + rows.reach[p] * change
        total += rows.share[p] * price_at(rows, g, t, load)
    return total


@kernel
def _way(
    b: Batteries, rows: Rows, v: int, room: Room, own_change: float, gap: float, step_h: float
) -> float:
    """How far to go toward the answer: where the slope along the way is zero (Illinois method)."""
    low, slope_low = 0.0, -gap
    high = 1.0
    slope_high = _slope(b, rows, v, room, 1.0) * step_h + own_change
    if slope_high <= 0.0:
        return 1.0
    way = 0.0
    for _ in range(_SEARCH_STEPS):
        way = low - slope_low * (high - low) / (slope_high - slope_low)
        slope = _slope(b, rows, v, room, way) * step_h + own_change
        if abs(slope) <= _SEARCH_TOLERANCE * gap:
            break
        if slope < 0.0:
            low, slope_low = way, slope
            slope_high *= 0.5
        else:
            high, slope_high = way, slope
            slope_low *= 0.5
    return way


@kernel
def bound_sum(b: Batteries, rows: Rows, terms: Terms, room: Room, first: int, end: int) -> float:
    """Sum of what vehicles first..end pay at least at the prices of the rows, each by itself."""
    total = 0.0
    for v in range(first, end):
        n = fill_powers(b, v, room)
        gather_prices(b, rows, v, room)
        if b.is_plain[v]:
            total += plain_answer(b, v, terms, room, n)
            for k in range(n):
                total += room.price[k] * room.answer[k] * terms.step_h
        elif b.is_lean[v]:
            total += lean_value(b, v, terms, room, n)
        else:
            total += battery_value(b, v, terms, room, n)
    return total


@kernel
def change_powers(b: Batteries, rows: Rows, state: State, room: Room, power_kw: Floats) -> None:
    """Set the powers (K,) of all vehicles, and the loads that follow."""
    for v in range(len(b.vehicle) - 1):
        begin, end = b.offset[b.vehicle[v]], b.offset[b.vehicle[v + 1]]
        for k in range(end - begin):
            room.other[k] = power_kw[begin + k] - state.power[begin + k]
            state.power[begin + k] = power_kw[begin + k]
        move(b, rows, v, room, 1.0)
