"""What one vehicle does when it knows the price at its plug: exact, in one pass back and one forth.

The least cost still to come is a convex, piecewise linear function of the energy in the battery.
It is kept as segments (slope, length) from low to high energy. Going back in time, charging and
discharging each add a segment (the infimal convolution of convex functions merges their segments by
slope), and what lies outside the battery is cut off. Going forward, two levels per row say what to
do: charge up to one, discharge down to the other.

All energies are in the battery, in kWh; slopes in EUR/kWh. Method: the inverse of the derivative of
such functions adds up (Rockafellar, Convex Analysis, 1970, theorem 16.4).
"""

from typing import NamedTuple

import numpy as np

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints

_DUST_KWH = 1e-9
_EXACT, _RELAXED = False, True
_UP, _DOWN = 1, 2  # where the next segment comes from
_BOTH = 2  # pieces below and above the knee


class Batteries(NamedTuple):
    """Stays as the kernels see them, sorted by vehicle and time. S stays, K rows, V vehicles.

    Attributes
    ----------
    offset : (S + 1,) rows of stay s; step : (S,) first step; first_share, last_share : (S,).
    vehicle : (V + 1,) stays of vehicle v. is_plain : (V,) one stay that only charges: a sort does.
    is_stepped : (V,) power cannot take every value from zero on: minimum or charging loss.
    path : (S,) row of the paths through the limits.
    soc, target, low, capacity : (S,) kWh on arrival, wanted, reserve, full. For stays without a
        known battery soc is 0 and capacity inf.
    wanted : (S,) kWh of energy asked for, 0 at least.
    power, power_1, gain_1, gain_2 : (S,) charging power; up to power_1 it is stored with gain_1,
        above with gain_2 (kWh per kWh), the concave envelope of the true curve.
    efficiency, efficiency_2, knee, idle_loss : (S,) the true curve: kWh per kWh up to the knee (kW)
        and above, and kW lost while charging.
    discharge, loss : (S,) discharging power, and battery loss per kWh at the plug.
    wear, minimum : (S,) EUR/kWh, kW. taper, standing, aged_from, ageing : (S,) as in StayTable,
        aged_from in kWh.
    scale, discharge_scale : (K,) or (0,) share of the powers that a row allows.
    early : (K,) or (0,) chance to have left at the end of the row.
    """

    offset: Ints
    step: Ints
    first_share: Floats
    last_share: Floats
    vehicle: Ints
    is_plain: Ints
    is_stepped: Ints
    path: Ints
    soc: Floats
    target: Floats
    low: Floats
    capacity: Floats
    wanted: Floats
    power: Floats
    power_1: Floats
    gain_1: Floats
    gain_2: Floats
    efficiency: Floats
    efficiency_2: Floats
    knee: Floats
    idle_loss: Floats
    discharge: Floats
    loss: Floats
    wear: Floats
    minimum: Floats
    taper: Floats
    standing: Floats
    aged_from: Floats
    ageing: Floats
    scale: Floats
    discharge_scale: Floats
    early: Floats


class Terms(NamedTuple):
    """Prices that hold for all stays: step_h in hours, unmet and unfair in EUR/kWh."""

    step_h: float
    unmet: float
    unfair: float


class Room(NamedTuple):
    """Working arrays of one thread: rows of the vehicle at hand (M), pieces (M, J), segments.

    Attributes
    ----------
    price, most, least, answer, share, other : (M,) what kernels hand to each other per row.
    n_up, n_down : (M,) pieces in use. Charging pieces come cheapest first, discharging pieces best
        paid first. up_kw, down_kw : (M, J) width at the plug; up_gain : kWh stored per kWh;
        up_slope, down_slope : EUR per kWh in the battery; up_level, down_level : energy up to which
        to charge, and down to which to discharge, with a piece.
    slope, length, spare_slope, spare_length : segments of the cost to go.
    """

    price: Floats
    most: Floats
    least: Floats
    answer: Floats
    share: Floats
    other: Floats
    n_up: Ints
    n_down: Ints
    up_kw: Floats
    up_gain: Floats
    up_slope: Floats
    up_level: Floats
    down_kw: Floats
    down_slope: Floats
    down_level: Floats
    slope: Floats
    length: Floats
    spare_slope: Floats
    spare_length: Floats


MOST_PIECES = 9


def room_for(n_rows: int) -> Room:
    """Working arrays for vehicles of up to n_rows rows."""
    n_segments = (2 * MOST_PIECES + 4) * (n_rows + 4)
    rows = [np.zeros(n_rows + 1) for _ in range(6)]
    counts = [np.zeros(n_rows + 1, dtype=np.int64) for _ in range(2)]
    pieces = [np.zeros((n_rows + 1, MOST_PIECES)) for _ in range(7)]
    segments = [np.zeros(n_segments) for _ in range(4)]
    return Room(*rows, *counts, *pieces, *segments)  # type: ignore[arg-type] # in this order


@kernel
def fill_powers(b: Batteries, v: int, room: Room) -> int:
    """Set share, most and least power (kW, mean over the row) of a vehicle's rows; return how many.

    `least` is minus the discharging power.
    """
    n = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        first, end = b.offset[s], b.offset[s + 1]
        for r in range(first, end):
            share = 1.0
            if r == end - 1:
                share = b.last_share[s]
            if r == first:
                share = b.first_share[s]
            room.share[n] = share
            up, down = b.power[s] * share, b.discharge[s] * share
            if b.scale.size:
                up *= b.scale[r]
            if b.discharge_scale.size:
                down *= b.discharge_scale[r]
            room.most[n] = up
            room.least[n] = -down
            n += 1
    return n


@kernel
def plain_answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Fill `answer` with the cheapest powers of a stay that only charges; return its unmet cost.

    Energy is bought where it is cheapest: what is asked for as long as that costs less than its
    lack, and what costs less than nothing as long as the battery has room. Expected time O(n).
    """
    s = b.vehicle[v]
    per_kw = b.gain_1[s] * terms.step_h
    space = b.capacity[s] - b.soc[s]
    need = min(b.wanted[s], space)
    half = min(0.5 * b.wanted[s], space)
    taken = _most_below(room, n, per_kw, -0.0, space)
    if taken < need:
        taken = max(taken, _most_below(room, n, per_kw, terms.unmet * b.gain_1[s], need))
    if terms.unfair > 0.0 and taken < half:
        dear = (terms.unmet + terms.unfair) * b.gain_1[s]
        taken = max(taken, _most_below(room, n, per_kw, dear, half))
    _take_cheapest(room, n, per_kw, taken)
    return unmet_cost(b.wanted[s] - taken, b.wanted[s], terms)


@kernel
def unmet_cost(short: float, wanted: float, terms: Terms) -> float:
    """Price of a shortfall (kWh): beyond half of what was wanted it costs the surcharge too."""
    if short <= 0.0:
        return 0.0
    return terms.unmet * short + terms.unfair * max(0.0, short - 0.5 * wanted)


@kernel
def _most_below(room: Room, n: int, per_kw: float, price: float, cap: float) -> float:
    """Energy that rows cheaper than a price offer, at most cap."""
    total = 0.0
    for r in range(n):
        if room.price[r] < price:
            total += room.most[r] * per_kw
    return min(total, cap)


@kernel
def _take_cheapest(room: Room, n: int, per_kw: float, energy: float) -> None:
    """Fill `answer` with the cheapest powers that bring an energy; rows of one price in order."""
    if energy <= 0.0:
        for r in range(n):
            room.answer[r] = 0.0
        return
    dearest = _price_of_last(room, n, per_kw, energy)
    left = energy
    for r in range(n):
        room.answer[r] = 0.0
        if room.price[r] < dearest:
            room.answer[r] = room.most[r]
            left -= room.most[r] * per_kw
    for r in range(n):
        if room.price[r] == dearest and left > 0.0:
            power = min(room.most[r], left / per_kw)
            room.answer[r] = power
            left -= power * per_kw


@kernel
def _price_of_last(room: Room, n: int, per_kw: float, energy: float) -> float:
    """Price of the dearest row that is needed, by quickselect weighted with energy."""
    value = room.other
    weight = room.slope
    for r in range(n):
        value[r] = room.price[r]
        weight[r] = room.most[r] * per_kw
    low, high, before = 0, n, 0.0
    while high - low > 1:
        pivot = _median(value[low], value[(low + high) // 2], value[high - 1])
        smaller, middle, larger = low, low, high
        below = 0.0
        same = 0.0
        while middle < larger:  # three-way partition of low:high around the pivot
            if value[middle] < pivot:
                below += weight[middle]
                value[smaller], value[middle] = value[middle], value[smaller]
                weight[smaller], weight[middle] = weight[middle], weight[smaller]
                smaller += 1
                middle += 1
            elif value[middle] > pivot:
                larger -= 1
                value[larger], value[middle] = value[middle], value[larger]
                weight[larger], weight[middle] = weight[middle], weight[larger]
            else:
                same += weight[middle]
                middle += 1
        if before + below >= energy and smaller > low:
            high = smaller
        elif before + below + same >= energy or larger == high:
            return pivot
        else:
            before += below + same
            low = larger
    return float(value[low])


@kernel
def _median(a: float, b: float, c: float) -> float:
    return max(min(a, b), min(max(a, b), c))


@kernel
def whole_pieces(b: Batteries, v: int, room: Room) -> None:
    """Set the pieces of all rows for prices that do not depend on the vehicle's own power."""
    row = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        for _ in range(b.offset[s], b.offset[s + 1]):
            price, most, least = room.price[row], room.most[row], room.least[row]
            first = min(most, b.power_1[s] * room.share[row])
            n = 0
            if first > 0.0:
                room.up_kw[row, 0], room.up_gain[row, 0] = first, b.gain_1[s]
                room.up_slope[row, 0] = -price / b.gain_1[s]
                n = 1
            if most > first:
                room.up_kw[row, n], room.up_gain[row, n] = most - first, b.gain_2[s]
                room.up_slope[row, n] = -price / b.gain_2[s]
                n += 1
            room.n_up[row] = n
            room.n_down[row] = 0
            if least < 0.0:
                room.down_kw[row, 0] = -least
                room.down_slope[row, 0] = b.wear[s] - price / b.loss[s]
                room.n_down[row] = 1
            row += 1


@kernel
def battery_answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Fill `answer` with the cheapest powers of any vehicle; return its own cost in EUR.

    Own cost: wear, ageing and (expected) unmet energy; not what the plug energy costs.
    """
    whole_pieces(b, v, room)
    return pieces_answer(b, v, terms, room, n)


@kernel
def pieces_answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """As battery_answer, for pieces that are set already."""
    _cost_to_go(b, v, terms, room, n, _EXACT)
    return _follow(b, v, terms, room)


@kernel
def battery_value(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Least cost of a vehicle at the prices, relaxed: a lower bound on what it can do."""
    whole_pieces(b, v, room)
    return relaxed_value(b, v, terms, room, n)


@kernel
def relaxed_value(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """As battery_value, for pieces that are set already."""
    _lose_freely(b, v, room)
    return _cost_to_go(b, v, terms, room, n, _RELAXED)


@kernel
def _lose_freely(b: Batteries, v: int, room: Room) -> None:
    """Let a vehicle lose what charging may cost it, for nothing: part of its relaxation.

    Idle, charging a little with the whole loss, and charging at full span a triangle of power and
    gain. The envelope's edge and a free loss together cover it.
    """
    row = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        for _ in range(b.offset[s], b.offset[s + 1]):
            n = room.n_down[row]
            if b.idle_loss[s] > 0.0:
                room.down_kw[row, n] = b.idle_loss[s] * room.share[row] / b.loss[s]
                room.down_slope[row, n] = 0.0
                if n > 0 and room.down_slope[row, 0] > 0.0:
                    for pieces in (room.down_kw, room.down_slope):
                        pieces[row, 0], pieces[row, 1] = pieces[row, 1], pieces[row, 0]
                room.n_down[row] = n + 1
            row += 1


@kernel
def _cost_to_go(b: Batteries, v: int, terms: Terms, room: Room, n: int, relaxed: bool) -> float:
    """Go back in time over all rows of a vehicle; returns the cost to go at its first arrival.

    Sets the levels of all pieces. Relaxed: charging and discharging at once is
    allowed where negative prices make it pay; else such rows do not discharge.
    """
    slope, length = room.slope, room.length
    other_slope, other_length = room.spare_slope, room.spare_length
    row = n
    count, left, value = 0, 0.0, 0.0
    for s in range(b.vehicle[v + 1] - 1, b.vehicle[v] - 1, -1):
        rows = b.offset[s + 1] - b.offset[s]
        hours = 0.0
        for r in range(row - rows, row):
            hours += room.share[r]
        hours *= terms.step_h
        gone = b.standing[s] * hours  # standing loss since arrival
        low, high = min(b.low[s], b.soc[s] - gone), _top(b, s, room, row - rows, row, terms)
        rest = 1.0
        if b.early.size:
            for r in range(b.offset[s], b.offset[s + 1]):
                rest -= b.early[r]
            rest = max(rest, 0.0)
        if s == b.vehicle[v + 1] - 1:
            left, value = low, 0.0
            slope[0], length[0], count = 0.0, high - low, 1
        else:
            trip = b.target[s] - b.soc[s + 1]
            count, left, value = _join(
                slope, length, count, left + trip, value, b.target[s], low, high, rest * terms.unmet
            )
        count, value = _add_unmet(slope, length, count, left, value, b, s, terms, rest)
        for r in range(row - 1, row - rows - 1, -1):
            count, value = _hold(
                slope, length, count, left, value, b, s, r - row + rows, terms, room.share[r]
            )
            stood = b.standing[s] * room.share[r] * terms.step_h
            gone -= stood
            low = min(b.low[s], b.soc[s] - gone)
            count, left, value = _step_back(
                b,
                s,
                terms,
                room,
                r,
                relaxed,
                slope,
                length,
                count,
                left,
                value,
                other_slope,
                other_length,
                low - stood,
                high - stood,
            )
            left += stood
            slope, other_slope = other_slope, slope
            length, other_length = other_length, length
        row -= rows
    return _value_at(slope, length, count, left, value, b.soc[b.vehicle[v]])


@kernel
def _top(b: Batteries, s: int, room: Room, first: int, end: int, terms: Terms) -> float:
    """Full battery; where it is not known, all that the stay could bring."""
    if b.capacity[s] < np.inf:
        return float(b.capacity[s])
    total = 0.0
    for r in range(first, end):
        total += room.most[r]
    return float(max(b.soc[s] + total * terms.step_h * b.gain_1[s], b.target[s]) + 1.0)


@kernel
def _join(
    slope: Floats,
    length: Floats,
    count: int,
    left: float,
    value: float,
    target: float,
    low: float,
    high: float,
    unmet: float,
) -> tuple[int, float, float]:
    """Lay the next stay's cost to go over the departure of this one; `left` is shifted already.

    Above the target the battery keeps its surplus; below, the lack is charged elsewhere and the
    next stay begins as planned. What the unmet price caps is capped from the right, so that the
    function only becomes smaller.
    """
    n = count
    # cut off what lies left of the target
    cut = max(target - left, 0.0)
    i = 0
    while i < n and length[i] <= cut:
        cut -= length[i]
        value += slope[i] * length[i]
        i += 1
    kept = 1
    if i < n:
        value += slope[i] * cut
    # shift the rest right by one place: the first place is the part below the target
    if i == 0:
        for k in range(n, 0, -1):
            slope[k], length[k] = slope[k - 1], length[k - 1]
        if n > 0:
            length[1] -= cut
        kept = n + 1
    else:
        for k in range(i, n):
            slope[kept], length[kept] = slope[k], length[k]
            if k == i:
                length[kept] -= cut
            kept += 1
    reach = max(target, left)
    for k in range(1, kept):
        reach += length[k]
        if slope[k] < -unmet:
            value += (slope[k] + unmet) * length[k]
            slope[k] = -unmet
    slope[0], length[0] = 0.0, max(target, left) - low
    # what the trip leaves free above is worth no less than the last segment
    if reach < high:
        slope[kept], length[kept] = max(0.0, slope[kept - 1]), high - reach
        kept += 1
    else:
        over = reach - high
        while kept > 1 and over >= length[kept - 1]:
            over -= length[kept - 1]
            kept -= 1
        length[kept - 1] -= over
    return kept, low, value


@kernel
def _tilt(
    slope: Floats, length: Floats, count: int, left: float, at: float, below: float, above: float
) -> int:
    """Add `below` to the slopes left of a level and `above` to those right of it."""
    position = left
    i = 0
    while i < count:
        end = position + length[i]
        if end <= at + _DUST_KWH:  # a sliver beyond would break the order of slopes
            slope[i] += below
        elif position >= at - _DUST_KWH:
            slope[i] += above
        else:
            for k in range(count, i, -1):
                slope[k], length[k] = slope[k - 1], length[k - 1]
            length[i] = at - position
            length[i + 1] = end - at
            slope[i] += below
            count += 1
            end = at
        position = end
        i += 1
    return count


@kernel
def _add_unmet(
    slope: Floats,
    length: Floats,
    count: int,
    left: float,
    value: float,
    b: Batteries,
    s: int,
    terms: Terms,
    weight: float,
) -> tuple[int, float]:
    """Add the price of leaving with less than the target, times a weight."""
    if weight <= 0.0:
        return count, value
    value += weight * unmet_cost(b.target[s] - left, b.wanted[s], terms)
    count = _tilt(slope, length, count, left, b.target[s], -weight * terms.unmet, 0.0)
    if terms.unfair > 0.0:
        at = b.target[s] - 0.5 * b.wanted[s]
        count = _tilt(slope, length, count, left, at, -weight * terms.unfair, 0.0)
    return count, value


@kernel
def _hold(
    slope: Floats,
    length: Floats,
    count: int,
    left: float,
    value: float,
    b: Batteries,
    s: int,
    r: int,
    terms: Terms,
    share: float,
) -> tuple[int, float]:
    """Add what stored energy costs at the end of row r of the stay: ageing, and leaving early."""
    if b.ageing[s] > 0.0:
        rate = b.ageing[s] * share * terms.step_h
        value += rate * max(0.0, left - b.aged_from[s])
        count = _tilt(slope, length, count, left, b.aged_from[s], 0.0, rate)
    if b.early.size:
        chance = b.early[b.offset[s] + r]
        count, value = _add_unmet(slope, length, count, left, value, b, s, terms, chance)
    return count, value


@kernel
def _step_back(
    b: Batteries,
    s: int,
    terms: Terms,
    room: Room,
    r: int,
    relaxed: bool,
    slope: Floats,
    length: Floats,
    count: int,
    left: float,
    value: float,
    new_slope: Floats,
    new_length: Floats,
    low: float,
    high: float,
) -> tuple[int, float, float]:
    """Merge the pieces of one row into the cost to go, and cut it to [low, high].

    Writes the new segments and the levels of row r; returns (count, left, value at left).
    """
    n_up, n_down = room.n_up[r], room.n_down[r]
    up_left, down_next = n_up, 0
    if relaxed and n_up == _BOTH and room.up_slope[r, 1] > room.up_slope[r, 0]:
        _swap_pieces(room, r)  # below zero poor storing pays; merging needs the order of slopes
    if not relaxed and n_up > 0:
        # charging and discharging at once would pay: not both
        while down_next < n_down and room.down_slope[r, down_next] < room.up_slope[r, 0]:
            room.down_level[r, down_next] = np.inf
            down_next += 1
    stretch_from, stretch = np.inf, 1.0
    if b.taper[s] < 1.0 and n_up > 0:
        alpha = b.power[s] * room.share[r] * room.up_gain[r, 0] * terms.step_h
        alpha /= b.capacity[s] * (1.0 - b.taper[s])
        give = room.up_kw[r, 0] * room.up_gain[r, 0] * terms.step_h
        stretch_from = b.capacity[s] - give / alpha
        stretch = 1.0 + alpha

    # where the new function begins
    position, start_value = left, value
    for j in range(n_up):
        give = room.up_kw[r, j] * room.up_gain[r, j] * terms.step_h
        position -= give
        start_value -= give * room.up_slope[r, j]
    if stretch > 1.0 and left > stretch_from:
        position = b.capacity[s] - (b.capacity[s] - left) * stretch
        start_value = value - (left - position) * room.up_slope[r, 0]
    low = max(low, position)
    skip = low - position  # still to be cut off at the left
    span = high - low

    level = left  # energy after the row
    n, total, i, used = 0, 0.0, 0, 0.0  # used: part of segment i that is written already
    while True:
        best, source = np.inf, 0
        if i < count:
            best = slope[i]
        if up_left > 0 and room.up_slope[r, up_left - 1] <= best:
            best, source = room.up_slope[r, up_left - 1], _UP
        if down_next < n_down and room.down_slope[r, down_next] < best:
            best, source = room.down_slope[r, down_next], _DOWN
        if source == 0 and i >= count:
            break
        if source == _UP:
            up_left -= 1
            room.up_level[r, up_left] = level
            piece = room.up_kw[r, up_left] * room.up_gain[r, up_left] * terms.step_h
            if stretch > 1.0 and level > stretch_from:
                # from the level the curve allows up to the level itself
                piece = level - (b.capacity[s] - (b.capacity[s] - level) * stretch)
        elif source == _DOWN:
            room.down_level[r, down_next] = level
            piece = room.down_kw[r, down_next] * b.loss[s] * terms.step_h
            down_next += 1
        else:
            piece = length[i] - used
            if stretch > 1.0 and up_left > 0 and level < stretch_from < level + piece:
                piece = stretch_from - level
                used += piece
            else:
                i += 1
                used = 0.0
            level += piece
            if stretch > 1.0 and up_left > 0 and level > stretch_from:
                piece *= stretch
                best = room.up_slope[r, 0] + (best - room.up_slope[r, 0]) / stretch
        if skip > 0.0:
            cut = min(skip, piece)
            start_value += best * cut
            skip -= cut
            piece -= cut
        if piece > 0.0 and total < span:
            piece = min(piece, span - total)
            new_slope[n], new_length[n] = best, piece
            n += 1
            total += piece
    if total < span:  # rounding only: nothing is lost where the function ends short
        if n > 0:
            new_length[n - 1] += span - total
        else:
            new_slope[0], new_length[0], n = 0.0, span, 1
    for j in range(n_up - 1, 0, -1):  # below zero, what stores poorly must not come first
        room.up_level[r, j - 1] = max(room.up_level[r, j - 1], room.up_level[r, j])
    return n, low, start_value


@kernel
def _swap_pieces(room: Room, r: int) -> None:
    """Exchange the two charging pieces of a row."""
    room.up_kw[r, 0], room.up_kw[r, 1] = room.up_kw[r, 1], room.up_kw[r, 0]
    room.up_gain[r, 0], room.up_gain[r, 1] = room.up_gain[r, 1], room.up_gain[r, 0]
    room.up_slope[r, 0], room.up_slope[r, 1] = room.up_slope[r, 1], room.up_slope[r, 0]


@kernel
def _value_at(
    slope: Floats, length: Floats, count: int, left: float, value: float, energy: float
) -> float:
    """Value of the function at an energy."""
    position = left
    for i in range(count):
        if position >= energy:
            break
        part = min(length[i], energy - position)
        value += slope[i] * part
        position += part
    return value


@kernel
def _follow(b: Batteries, v: int, terms: Terms, room: Room) -> float:
    """Go forward by the levels; fills `answer`, returns the vehicle's own cost."""
    own = 0.0
    row = 0
    energy = 0.0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        if s == b.vehicle[v]:
            energy = b.soc[s]
        else:
            energy = max(energy, b.target[s - 1]) - (b.target[s - 1] - b.soc[s])
        rest = 1.0
        for r in range(b.offset[s], b.offset[s + 1]):
            share = room.share[row]
            stood = b.standing[s] * share * terms.step_h
            energy -= stood
            power, down = 0.0, 0.0
            for j in range(room.n_down[row]):
                most = room.down_kw[row, j] * b.loss[s] * terms.step_h
                part = max(0.0, min(energy - room.down_level[row, j], most))
                energy -= part
                down += part
            if down > 0.0:
                power = -down / (b.loss[s] * terms.step_h)
            top = b.capacity[s]  # never above full, whatever rounding left in the levels
            if b.taper[s] < 1.0:
                alpha = b.power[s] * share * b.gain_1[s] * terms.step_h
                alpha /= b.capacity[s] * (1.0 - b.taper[s])
                top -= (b.capacity[s] - energy) / (1.0 + alpha)
            for j in range(room.n_up[row]):
                gain = room.up_gain[row, j] * terms.step_h
                most = room.up_kw[row, j] * gain
                part = max(0.0, min(min(room.up_level[row, j], top) - energy, most))
                energy += part
                if part >= most:
                    power += room.up_kw[row, j]
                else:
                    power += part / gain
                    break
            room.answer[row] = power
            own += b.wear[s] * down
            own += b.ageing[s] * max(0.0, energy - b.aged_from[s]) * share * terms.step_h
            if b.early.size:
                short = b.target[s] - energy
                own += b.early[r] * unmet_cost(short, b.wanted[s], terms)
                rest -= b.early[r]
            row += 1
        own += max(rest, 0.0) * unmet_cost(b.target[s] - energy, b.wanted[s], terms)
    return own
