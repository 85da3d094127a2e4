"""From the averaged powers of the master to a schedule that holds every rule.

`settle` makes each vehicle's powers fit its battery again: the average of two schedules may net
charging against discharging and then store more than planned. `repair` asks the vehicles that
take part in breaking a bound again, within what the others leave free.
"""

import numpy as np

from viavolta.engines.charging.stepped import follow_true, stepped_answer
from viavolta.engines.charging.sweep import Rows, State, answer, gather_prices, move
from viavolta.engines.charging.vehicles import Batteries, Room, Terms, fill_powers, unmet_cost
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Ints

_HOLDS, _IGNORES = True, False
_BREAKS = 1e-7  # of a bound's size, at least of 1 kW: more than that is repaired
_DEARER_EUR = 1e-6


@kernel
def settle(
    b: Batteries, rows: Rows, state: State, terms: Terms, room: Room, first: int, end: int
) -> int:
    """Clip the powers of vehicles first..end to their batteries and set their own cost exactly.

    Returns how many vehicles were clipped.
    """
    n_clipped = 0
    for v in range(first, end):
        n = fill_powers(b, v, room)
        begin = b.offset[b.vehicle[v]]
        for k in range(n):
            room.answer[k] = state.power[begin + k]
        if b.is_stepped[v]:
            state.own_eur[v] = follow_true(b, v, terms, room)
        else:
            state.own_eur[v] = fit_battery(b, v, terms, room)
        changed = 0.0
        for k in range(n):
            room.other[k] = room.answer[k] - state.power[begin + k]
            changed = max(changed, abs(room.other[k]))
            state.power[begin + k] = room.answer[k]
        if changed > 0.0:
            move(b, rows, v, room, 1.0)
            n_clipped += 1
    return n_clipped


@kernel
def fit_battery(b: Batteries, v: int, terms: Terms, room: Room) -> float:
    """Clip the powers in `answer` to what battery and curve allow; returns the vehicle's own cost.

    Follows the true gain of charging only where it is concave: stepped vehicles are settled by
    `stepped_answer`.
    """
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
            low = min(b.low[s], b.soc[s] - gone)
            energy -= stood
            if power < 0.0:
                down = min(-power * b.loss[s] * terms.step_h, max(0.0, energy - low))
                energy -= down
                own += b.wear[s] * down
                power = -down / (b.loss[s] * terms.step_h)
            elif power > 0.0:
                most = b.capacity[s] - energy
                if b.taper[s] < 1.0:
                    alpha = b.power[s] * share * b.gain_1[s] * terms.step_h
                    alpha /= b.capacity[s] * (1.0 - b.taper[s])
                    most *= alpha / (1.0 + alpha)
                power_1 = min(power, b.power_1[s] * share)
                up_1 = min(power_1 * b.gain_1[s] * terms.step_h, max(0.0, most))
                up_2 = min((power - power_1) * b.gain_2[s] * terms.step_h, max(0.0, most - up_1))
                fits = (
                    up_1 + up_2
                    >= (power_1 * b.gain_1[s] + (power - power_1) * b.gain_2[s]) * terms.step_h
                )
                energy += up_1 + up_2
                if not fits:
                    power = up_1 / (b.gain_1[s] * terms.step_h)
                    power += up_2 / (b.gain_2[s] * terms.step_h)
            room.answer[row] = power
            own += b.ageing[s] * max(0.0, energy - b.aged_from[s]) * share * terms.step_h
            if b.early.size:
                own += b.early[r] * unmet_cost(b.target[s] - energy, b.wanted[s], terms)
                rest -= b.early[r]
            row += 1
        own += max(rest, 0.0) * unmet_cost(b.target[s] - energy, b.wanted[s], terms)
    return own


@kernel
def n_broken(rows: Rows, is_soft: Ints) -> int:
    """Number of rows and steps at which a bound is exceeded, soft ones left out."""
    n = 0
    for g in range(rows.load.shape[0]):
        if is_soft[g] > 0:
            continue
        for t in range(rows.load.shape[1]):
            if excess_kw(rows, g, t) != 0.0:
                n += 1
    return n


@kernel
def excess_kw(rows: Rows, g: int, t: int) -> float:
    """By how much a bound is exceeded: positive for import, negative for export, else zero."""
    if rows.balance[g] >= 0:
        return 0.0
    load, most, least = rows.load[g, t], rows.import_kw[g, t], rows.export_kw[g, t]
    if load > most + _BREAKS * max(1.0, most):
        return float(load - most)
    if -load > least + _BREAKS * max(1.0, least):
        return float(load + least)
    return 0.0


@kernel
def repair(
    b: Batteries,
    rows: Rows,
    state: State,
    terms: Terms,
    room: Room,
    is_soft: Ints,
    most_rise_eur: float,
    with_stepped: bool,
) -> int:
    """Ask the vehicles again that take part in breaking a bound; returns how many changed.

    A vehicle changes only if that costs at most `most_rise_eur` at the current prices. After one
    without such a cap every bound is held, since base load alone never breaks one. Soft rows
    (peaks) are held unless that would cost the vehicle itself. Stepped vehicles are all asked when
    `with_stepped`, whatever it costs.
    """
    n_changed = 0
    for v in range(len(b.vehicle) - 1):
        begin = b.offset[b.vehicle[v]]
        is_due = with_stepped and b.is_stepped[v] > 0
        if not is_due and not takes_part(b, rows, state, v, is_soft, most_rise_eur < np.inf):
            continue
        n = fill_powers(b, v, room)
        for k in range(n):
            room.other[k] = -state.power[begin + k]
        move(b, rows, v, room, 1.0)
        gather_prices(b, rows, v, room)
        _within_bounds(b, rows, v, room, is_soft, _HOLDS)
        own = _answer(b, v, terms, room, n)
        if own > state.own_eur[v] + _DEARER_EUR:
            fill_powers(b, v, room)
            _within_bounds(b, rows, v, room, is_soft, _IGNORES)
            own = _answer(b, v, terms, room, n)
        rise = own - state.own_eur[v]
        for k in range(n):
            rise += room.price[k] * (room.answer[k] - state.power[begin + k]) * terms.step_h
        if is_due or rise <= most_rise_eur:
            n_changed += 1
            state.own_eur[v] = own
            for k in range(n):
                state.power[begin + k] = room.answer[k]
        for k in range(n):
            room.other[k] = state.power[begin + k]
        move(b, rows, v, room, 1.0)
    return n_changed


@kernel
def cut(b: Batteries, rows: Rows, state: State, terms: Terms, room: Room, is_soft: Ints) -> None:
    """Take power away, step by step in time, from whoever takes part in breaking a bound.

    The last resort, where a vehicle that gave power to others has changed its mind: what a cut
    does to a battery shows in later steps only, and those are still to come.
    """
    for t in range(rows.load.shape[1]):
        for v in range(len(b.vehicle) - 1):
            begin = b.offset[b.vehicle[v]]
            for s in range(b.vehicle[v], b.vehicle[v + 1]):
                r = b.offset[s] + t - b.step[s]
                if r < b.offset[s] or r >= b.offset[s + 1] or state.power[r] == 0.0:
                    continue
                power = _without_excess(b, rows, s, t, state.power[r], is_soft)
                if power == state.power[r]:
                    continue
                n = fill_powers(b, v, room)
                if b.is_stepped[v] and 0.0 < power < b.minimum[s] * room.share[r - begin]:
                    power = 0.0
                for k in range(n):
                    room.answer[k] = state.power[begin + k]
                room.answer[r - begin] = power
                if b.is_stepped[v]:
                    state.own_eur[v] = follow_true(b, v, terms, room)
                else:
                    state.own_eur[v] = fit_battery(b, v, terms, room)
                for k in range(n):
                    room.other[k] = room.answer[k] - state.power[begin + k]
                    state.power[begin + k] = room.answer[k]
                move(b, rows, v, room, 1.0)


@kernel
def _without_excess(b: Batteries, rows: Rows, s: int, t: int, power: float, is_soft: Ints) -> float:
    """Power of a stay in a step, less what it takes part in breaking; never beyond zero."""
    left = power
    for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
        g = rows.row[p]
        if rows.balance[g] >= 0 or is_soft[g] > 0:
            continue
        excess = excess_kw(rows, g, t)
        if excess > 0.0 and power > 0.0:
            left = min(left, max(0.0, power - excess / rows.share[p]))
        elif excess < 0.0 and power < 0.0:
            left = max(left, min(0.0, power - excess / rows.share[p]))
    return left


@kernel
def _answer(b: Batteries, v: int, terms: Terms, room: Room, n: int) -> float:
    if b.is_stepped[v]:
        return stepped_answer(b, v, terms, room, n)
    return answer(b, v, terms, room, n)


@kernel
def takes_part(
    b: Batteries, rows: Rows, state: State, v: int, is_soft: Ints, looks_at_soft: bool
) -> bool:
    """Whether a vehicle draws where import is exceeded, or feeds back where export is."""
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        r, n, t = b.offset[s], b.offset[s + 1] - b.offset[s], b.step[s]
        for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
            g = rows.row[p]
            if rows.balance[g] >= 0 or (is_soft[g] > 0 and not looks_at_soft):
                continue
            for k in range(n):
                power = state.power[r + k]
                if power != 0.0 and excess_kw(rows, g, t + k) * power > 0.0:
                    return True
    return False


@kernel
def _within_bounds(
    b: Batteries, rows: Rows, v: int, room: Room, is_soft: Ints, holds_soft: bool
) -> None:
    """Narrow most and least to what the rows leave free; the vehicle's own power is not in them."""
    at = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        n, t = b.offset[s + 1] - b.offset[s], b.step[s]
        for p in range(rows.start[b.path[s]], rows.start[b.path[s] + 1]):
            g, share = rows.row[p], rows.share[p]
            if rows.balance[g] >= 0 or (is_soft[g] > 0 and not holds_soft):
                continue
            for k in range(n):
                load = rows.load[g, t + k]
                # stays of one vehicle within the same step divide what is free
                each = share * _stays_at(b, v, t + k)
                most = (rows.import_kw[g, t + k] - load) / each
                least = -(rows.export_kw[g, t + k] + load) / each
                room.most[at + k] = max(0.0, min(room.most[at + k], most))
                room.least[at + k] = min(0.0, max(room.least[at + k], least))
        at += n


@kernel
def _stays_at(b: Batteries, v: int, t: int) -> int:
    """How many stays of a vehicle touch a step."""
    first, end = b.vehicle[v], b.vehicle[v + 1]
    if end - first == 1:
        return 1
    n = 0
    for s in range(first, end):
        if b.step[s] <= t < b.step[s] + b.offset[s + 1] - b.offset[s]:
            n += 1
    return n


@kernel
def own_of_all(b: Batteries, terms: Terms, room: Room, state: State) -> None:
    """Set the own cost of doing nothing for all vehicles; their powers are zero."""
    for v in range(len(b.vehicle) - 1):
        n = fill_powers(b, v, room)
        for k in range(n):
            room.answer[k] = 0.0
        state.own_eur[v] = fit_battery(b, v, terms, room)
