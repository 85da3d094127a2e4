"""What one vehicle does when it knows the price at its plug: exact, in one pass back and one forth.

Back in time goes `cost_to_go`; it leaves levels of energy behind: charge up to one, discharge down
to another. Following them forward gives the cheapest powers.
"""

from viavolta.engines.charging.cost_to_go import cost_to_go
from viavolta.engines.charging.vehicles import Batteries, Room, Terms, unmet_cost
from viavolta.engines.kit.jit import kernel

_EXACT, _RELAXED = False, True


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
    cost_to_go(b, v, terms, room, n, _EXACT)
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
    return cost_to_go(b, v, terms, room, n, _RELAXED)


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
