"""What a stay that only charges does: buy its energy where it is cheapest.

A sort would do; a selection weighted with energy is faster, and finds the same rows.
"""

from viavolta.engines.charging.vehicles import Batteries, Room, Terms, unmet_cost
from viavolta.engines.kit.jit import kernel


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
