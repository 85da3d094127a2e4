"""The oracle of a battery without details: one stay, one efficiency each way, nothing that ages.

Most vehicles that may feed back are such. `cost_to_go` answers them too, and gives the same; this
one is faster, since the segments of the cost to go stay where they are and make room for new ones.
"""

from viavolta.engines.charging.vehicles import Batteries, Room, Terms, unmet_cost
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats

_GUARDED, _RELAXED = True, False
_NEVER = 1e300  # a level that no battery reaches: no discharging


@kernel
def lean_answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Fill `answer` with the cheapest powers of a vehicle; returns its own cost in EUR."""
    s = b.vehicle[v]
    _go_back(b, s, terms, room, n, _GUARDED)
    energy, own = b.soc[s], 0.0
    per_kw, per_kw_down = b.gain_1[s] * terms.step_h, b.loss[s] * terms.step_h
    for row in range(n):
        power = 0.0
        if room.least[row] < 0.0:
            down = min(energy - room.down_level[row, 0], -room.least[row] * per_kw_down)
            if down > 0.0:
                energy -= down
                own += b.wear[s] * down
                power = -down / per_kw_down
        # never above full, whatever rounding left in the levels
        up = min(room.up_level[row, 0], b.capacity[s]) - energy
        if up > 0.0 and room.most[row] > 0.0:
            most = room.most[row] * per_kw
            if up >= most:
                energy += most
                power += room.most[row]
            else:
                energy += up
                power += up / per_kw
        room.answer[row] = power
    return own + unmet_cost(b.target[s] - energy, b.wanted[s], terms)


@kernel
def lean_value(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Least cost of a vehicle at the prices, charging and discharging at once allowed."""
    return _go_back(b, b.vehicle[v], terms, room, n, _RELAXED)


@kernel
def _go_back(b: Batteries, s: int, terms: Terms, room: Room, n: int, guards: bool) -> float:
    """Go back in time over all rows of a stay; returns the cost to go on arrival.

    Sets the levels of all rows. The cost to go is kept as in `cost_to_go`: segments first..end by
    slope, from the energy `left`, where it has a value. With `guards`, rows in which charging and
    discharging at once would pay do not discharge.
    """
    slope, length = room.slope, room.length
    per_kw, per_kw_down = b.gain_1[s] * terms.step_h, b.loss[s] * terms.step_h
    low, high = min(b.low[s], b.soc[s]), b.capacity[s]
    first, end = 0, _last_segments(b, s, terms, slope, length, low, high)
    left, right = low, high
    value = unmet_cost(b.target[s] - low, b.wanted[s], terms)
    for row in range(n - 1, -1, -1):
        price = room.price[row]
        up, down = room.most[row] * per_kw, -room.least[row] * per_kw_down
        up_slope, down_slope = -price / b.gain_1[s], b.wear[s] - price / b.loss[s]
        pays_at_once = down_slope < up_slope
        if guards and pays_at_once and up > 0.0:
            down = 0.0
        up_at, level = first, left
        while up_at < end and slope[up_at] < up_slope:
            level += length[up_at]
            up_at += 1
        room.up_level[row, 0] = level
        room.down_level[row, 0] = _NEVER
        if down > 0.0:
            down_at = up_at
            if pays_at_once:
                down_at, level = first, left
                up_at += 1  # its piece comes after the other
            while down_at < end and slope[down_at] <= down_slope:
                level += length[down_at]
                down_at += 1
            room.down_level[row, 0] = level
            _insert(slope, length, down_at, end, down_slope, down)
            end += 1
            right += down
        if up > 0.0:
            _insert(slope, length, up_at, end, up_slope, up)
            end += 1
            left -= up
            value -= up * up_slope
        while left < low and first < end:
            part = min(low - left, length[first])
            value += slope[first] * part
            left += part
            length[first] -= part
            if length[first] <= 0.0:
                first += 1
        while right > high and first < end:
            part = min(right - high, length[end - 1])
            right -= part
            length[end - 1] -= part
            if length[end - 1] <= 0.0:
                end -= 1
    for k in range(first, end):
        part = min(length[k], b.soc[s] - left)
        if part <= 0.0:
            break
        value += slope[k] * part
        left += part
    return value


@kernel
def _last_segments(
    b: Batteries, s: int, terms: Terms, slope: Floats, length: Floats, low: float, high: float
) -> int:
    """Set the segments at departure: what lacks costs, in two pieces; returns how many."""
    n, at = 0, low
    for reach, rise in (
        (b.target[s] - 0.5 * b.wanted[s], -terms.unmet - terms.unfair),
        (b.target[s], -terms.unmet),
        (high, 0.0),
    ):
        until = min(reach, high)
        if until > at:
            slope[n], length[n] = rise, until - at
            n, at = n + 1, until
    return n


@kernel
def _insert(
    slope: Floats, length: Floats, at: int, end: int, new_slope: float, new_length: float
) -> None:
    """Put a segment in its place; those behind make room."""
    for k in range(end, at, -1):
        slope[k] = slope[k - 1]
        length[k] = length[k - 1]
    slope[at], length[at] = new_slope, new_length
