"""Vehicles as the kernels see them: their figures, the prices for all, and room to work in."""

from typing import NamedTuple

import numpy as np

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints


class Batteries(NamedTuple):
    """Stays as the kernels see them, sorted by vehicle and time. S stays, K rows, V vehicles.

    Attributes
    ----------
    offset : (S + 1,) rows of stay s; step : (S,) first step; first_share, last_share : (S,).
    vehicle : (V + 1,) stays of vehicle v. is_plain : (V,) one stay that only charges: a sort does.
    is_lean : (V,) one stay with a battery that has no details: see `lean_battery`.
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
    is_lean: Ints
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
def row_share(r: int, begin: int, end: int, first_share: float, last_share: float) -> float:
    """Part of row r of the rows begin..end of a stay during which the vehicle is there."""
    if r == begin:
        return first_share
    if r == end - 1:
        return last_share
    return 1.0


@kernel
def tapered_kw(
    full_kw: float,
    capacity: float,
    taper: float,
    efficiency: float,
    loss_kw: float,
    energy: float,
    step_h: float,
) -> float:
    """Highest power x with x = full (1 - e / capacity) / (1 - taper), e at the end of the row.

    `energy` is what the battery holds before, loss_kw what the vehicle uses while it charges.
    """
    rate = full_kw / (capacity * (1.0 - taper))
    free = capacity - energy + loss_kw * step_h
    return max(0.0, rate * free / (1.0 + rate * efficiency * step_h))


@kernel
def fill_powers(b: Batteries, v: int, room: Room) -> int:
    """Set share, most and least power (kW, mean over the row) of a vehicle's rows; return how many.

    `least` is minus the discharging power.
    """
    n = 0
    for s in range(b.vehicle[v], b.vehicle[v + 1]):
        first, end = b.offset[s], b.offset[s + 1]
        for r in range(first, end):
            share = row_share(r, first, end, b.first_share[s], b.last_share[s])
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
def unmet_cost(short: float, wanted: float, terms: Terms) -> float:
    """Price of a shortfall (kWh): beyond half of what was wanted it costs the surcharge too."""
    if short <= 0.0:
        return 0.0
    return terms.unmet * short + terms.unfair * max(0.0, short - 0.5 * wanted)
