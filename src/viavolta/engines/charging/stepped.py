"""Vehicles whose power cannot take every value: a minimum, or a loss while they charge.

Their choices are not convex, so the cost to go is tabulated over a grid of energies: sixteen steps
for what a row at full power brings. Within the grid the answer is exact; what charging at full
brings is on it, so that full power is never given away. Used once per vehicle and repair.
"""

import numpy as np

from viavolta.engines.charging.vehicles import Batteries, Room, Terms, tapered_kw, unmet_cost
from viavolta.engines.kit.jit import kernel

_PARTS = 16
_MOST_LEVELS = 4000
_ON = 32000  # a choice: charging just what the vehicle itself uses


@kernel
def stored_kw(b: Batteries, s: int, power: float, share: float) -> float:
    """True charging of the battery at a plug power > 0, before standing loss."""
    below = min(power, b.knee[s] * share)
    gross = b.efficiency[s] * below + b.efficiency_2[s] * (power - below)
    return float(gross - b.idle_loss[s] * share)


@kernel
def power_for(b: Batteries, s: int, stored: float, share: float) -> float:
    """Plug power that charges the battery with `stored` kW."""
    gross = stored + b.idle_loss[s] * share
    below = min(gross / b.efficiency[s], b.knee[s] * share)
    return float(below + max(0.0, gross - b.efficiency[s] * below) / b.efficiency_2[s])


@kernel
def stepped_answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    """Fill `answer` with (nearly) the cheapest powers of a stepped vehicle; returns its own cost.

    Powers are zero or at least the minimum, within most and least.
    """
    first, end = b.vehicle[v], b.vehicle[v + 1]
    grain, below, levels = _grid(b, v, terms)
    if grain <= 0.0:
        for k in range(n):
            room.answer[k] = 0.0
        return follow_true(b, v, terms, room)
    cost = np.empty(levels)
    after = np.empty(levels)
    choice = np.zeros((n, levels), dtype=np.int16)
    row = n
    for s in range(end - 1, first - 1, -1):
        rows = b.offset[s + 1] - b.offset[s]
        hours = 0.0
        for r in range(row - rows, row):
            hours += room.share[r]
        gone = b.standing[s] * hours * terms.step_h
        base = _base(b, s, gone, grain)
        rest = 1.0
        if b.early.size:
            for r in range(b.offset[s], b.offset[s + 1]):
                rest -= b.early[r]
            rest = max(rest, 0.0)
        for j in range(levels):
            energy = base - gone + (j - below) * grain
            value = rest * unmet_cost(b.target[s] - energy, b.wanted[s], terms)
            if s < end - 1:
                value += cost[_next_level(energy - b.target[s], grain, below, levels)]
            after[j] = value
        cost, after = after, cost
        for r in range(row - 1, row - rows - 1, -1):
            share = room.share[r]
            stood = b.standing[s] * share * terms.step_h
            _charge_holding(
                b,
                s,
                terms,
                cost,
                base - gone,
                grain,
                below,
                share,
                b.early[b.offset[s] + r - row + rows] if b.early.size else 0.0,
            )
            # the true energy is up to a grain above the grid's
            low = min(b.low[s], b.soc[s] - gone) - (b.soc[s] - base)
            _row_back(b, s, terms, room, r, cost, after, choice[r], base - gone, low, grain, below)
            cost, after = after, cost
            gone -= stood
        row -= rows
    return _forward(b, v, terms, room, choice, grain, below, levels)


@kernel
def _grid(b: Batteries, v: int, terms: Terms) -> tuple[float, int, int]:
    """Grain in kWh, levels below the charge on arrival, and number of levels."""
    grain, span, drop = 0.0, 0.0, 0.0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        full = stored_kw(b, s, b.power[s], 1.0) * terms.step_h if b.power[s] > 0.0 else 0.0
        grain = max(grain, full / _PARTS)
        rows = (b.offset[s + 1] - b.offset[s]) * terms.step_h
        # where the battery is not known, more than what is wanted only counts at negative prices
        space = min(b.capacity[s] - b.soc[s], b.power[s] * rows)
        span = max(span, space + b.standing[s] * rows)
        drop = max(drop, b.soc[s] - min(b.low[s], b.soc[s]))
    if grain <= 0.0:
        return 0.0, 0, 0
    grain = max(grain, (span + drop) / _MOST_LEVELS)
    below = int(drop / grain)
    return grain, below, below + int(span / grain) + 2


@kernel
def _base(b: Batteries, s: int, gone: float, grain: float) -> float:
    """Energy on arrival, rounded down so that the target lies on the grid after standing losses."""
    need = b.target[s] - (b.soc[s] - gone)
    return float(b.soc[s] + need - np.ceil(need / grain - 1e-9) * grain)


@kernel
def _next_level(surplus: float, grain: float, below: int, levels: int) -> int:
    """Level at the next arrival of a vehicle that left with a surplus over its target."""
    return min(levels - 1, below + max(0, int(np.floor(surplus / grain + 1e-9))))


@kernel
def _charge_holding(
    b: Batteries,
    s: int,
    terms: Terms,
    cost: np.ndarray,
    base: float,
    grain: float,
    below: int,
    share: float,
    early: float,
) -> None:
    """Add ageing and the chance of leaving at the end of a row."""
    if b.ageing[s] <= 0.0 and early <= 0.0:
        return
    for j in range(len(cost)):
        energy = base + (j - below) * grain
        cost[j] += b.ageing[s] * max(0.0, energy - b.aged_from[s]) * share * terms.step_h
        if early > 0.0:
            cost[j] += early * unmet_cost(b.target[s] - energy, b.wanted[s], terms)


@kernel
def _row_back(
    b: Batteries,
    s: int,
    terms: Terms,
    room: Room,
    r: int,
    cost: np.ndarray,
    before: np.ndarray,
    choice: np.ndarray,
    base: float,
    low: float,
    grain: float,
    below: int,
) -> None:
    """Fill `before` with the cost to go ahead of a row, and `choice` with how many grains to move.

    Level j holds base + (j - below) * grain after the row; standing loss is in the base.
    """
    share, price = room.share[r], room.price[r]
    levels = len(cost)
    for j in range(levels):
        before[j] = cost[j]
        choice[j] = 0
        if (
            base + (j - below) * grain < low - 1e-9
            or base + (j - below) * grain > b.capacity[s] + 1e-9
        ):
            before[j] = np.inf if base + (j - below) * grain < low - 1e-9 else cost[j]
    for up in range(levels):
        power = power_for(b, s, up * grain / terms.step_h, share)
        if power <= 0.0:
            continue
        if power > room.most[r] + 1e-9:
            break
        if power < b.minimum[s] * share - 1e-9:
            continue
        paid = price * power * terms.step_h
        for j in range(levels - up):
            energy = base + (j + up - below) * grain
            if energy > b.capacity[s] + 1e-9:
                break
            if b.taper[s] < 1.0:
                curve = b.power[s] * share * (1.0 - energy / b.capacity[s]) / (1.0 - b.taper[s])
                if power > curve + 1e-9:
                    break
            if cost[j + up] + paid < before[j]:
                before[j] = cost[j + up] + paid
                choice[j] = up if up > 0 else _ON
    for down in range(1, levels):
        power = down * grain / (b.loss[s] * terms.step_h)
        if power > -room.least[r] + 1e-9:
            break
        paid = b.wear[s] * down * grain - price * power * terms.step_h
        for j in range(down, levels):
            if base + (j - down - below) * grain < low - 1e-9:
                continue
            if cost[j - down] + paid < before[j]:
                before[j] = cost[j - down] + paid
                choice[j] = -down


@kernel
def _forward(
    b: Batteries,
    v: int,
    terms: Terms,
    room: Room,
    choice: np.ndarray,
    grain: float,
    below: int,
    levels: int,
) -> float:
    """Follow the choices; what goes beyond the target by the grid's grain is taken back."""
    row, level, energy = 0, below, 0.0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        if s > b.vehicle[v]:
            level = _next_level(energy - b.target[s - 1], grain, below, levels)
            energy = max(energy, b.target[s - 1]) - (b.target[s - 1] - b.soc[s])
        else:
            energy = b.soc[s]
        last = -1
        for _ in range(b.offset[s], b.offset[s + 1]):
            moved = choice[row, level]
            share = room.share[row]
            power = 0.0
            if moved == _ON:
                moved = 0
                power = power_for(b, s, 0.0, share)
            elif moved > 0:
                power = power_for(b, s, moved * grain / terms.step_h, share)
                last = row
            elif moved < 0:
                power = moved * grain / (b.loss[s] * terms.step_h)
                last = -1
            room.answer[row] = power
            level += moved
            energy += moved * grain - b.standing[s] * share * terms.step_h
            row += 1
        spare = energy - b.target[s]
        if last >= 0 and 0.0 < spare < grain and room.price[last] > 0.0:
            share = room.share[last]
            stored = stored_kw(b, s, room.answer[last], share) - spare / terms.step_h
            power = power_for(b, s, stored, share)
            if power >= b.minimum[s] * share and power > 0.0:
                room.answer[last] = power
                energy = b.target[s]
    return follow_true(b, v, terms, room)


@kernel
def follow_true(b: Batteries, v: int, terms: Terms, room: Room) -> float:
    """Own cost of the powers in `answer` by the true gain; clips what no battery could take."""
    own, energy, row = 0.0, 0.0, 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        if s == b.vehicle[v]:
            energy = b.soc[s]
        else:
            energy = max(energy, b.target[s - 1]) - (b.target[s - 1] - b.soc[s])
        rest, gone = 1.0, 0.0
        for r in range(b.offset[s], b.offset[s + 1]):
            share, power = room.share[row], room.answer[row]
            stood = b.standing[s] * share * terms.step_h
            gone += stood
            energy -= stood
            if power > 0.0:
                if b.taper[s] < 1.0:
                    power = min(
                        power,
                        tapered_kw(
                            b.power[s] * share,
                            b.capacity[s],
                            b.taper[s],
                            b.efficiency[s],
                            b.idle_loss[s] * share,
                            energy,
                            terms.step_h,
                        ),
                    )
                    if power < b.minimum[s] * share:
                        power = 0.0
                    room.answer[row] = power
                stored = stored_kw(b, s, power, share) * terms.step_h if power > 0.0 else 0.0
                if energy + stored > b.capacity[s] + 1e-9:
                    # the surplus of an earlier stay fills the battery sooner than the grid knew
                    stored = b.capacity[s] - energy
                    power = power_for(b, s, stored / terms.step_h, share)
                    if power < b.minimum[s] * share or stored <= 0.0:
                        power, stored = 0.0, 0.0
                    room.answer[row] = power
                energy += stored
            elif power < 0.0:
                low = min(b.low[s], b.soc[s] - gone)
                taken = min(-power * b.loss[s] * terms.step_h, max(0.0, energy - low))
                room.answer[row] = -taken / (b.loss[s] * terms.step_h)
                energy -= taken
                own += b.wear[s] * taken
            own += b.ageing[s] * max(0.0, energy - b.aged_from[s]) * share * terms.step_h
            if b.early.size:
                own += b.early[r] * unmet_cost(b.target[s] - energy, b.wanted[s], terms)
                rest -= b.early[r]
            row += 1
        own += max(rest, 0.0) * unmet_cost(b.target[s] - energy, b.wanted[s], terms)
    return own
