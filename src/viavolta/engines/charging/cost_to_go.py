"""The least cost still to come, as a convex function of the energy in the battery.

It is kept as segments (slope, length) from low to high energy, with its value at the left end.
Going back in time, charging and discharging each add segments: the infimal convolution of convex
functions merges their segments by slope (Rockafellar, Convex Analysis, 1970, theorem 16.4). What
lies outside the battery is cut off. Energies are in the battery, in kWh; slopes in EUR/kWh.
"""

import numpy as np

from viavolta.engines.charging.vehicles import Batteries, Room, Terms, unmet_cost
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats

_DUST_KWH = 1e-9
_UP, _DOWN = 1, 2  # where the next segment comes from
_BOTH = 2  # pieces below and above the knee


@kernel
def cost_to_go(b: Batteries, v: int, terms: Terms, room: Room, n: int, relaxed: bool) -> float:
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
