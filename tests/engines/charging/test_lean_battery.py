"""The oracle of batteries without details finds what the general one finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.charging.fleet import NO_ROWS, batteries
from viavolta.engines.charging.lean_battery import lean_answer, lean_value
from viavolta.engines.charging.oracle import battery_answer, battery_value
from viavolta.engines.charging.vehicles import Batteries, Room, Terms, fill_powers, room_for
from viavolta.engines.charging.window import windows
from viavolta.model.signal import one_zone
from viavolta.model.stay import stay_table

START, STEPS = np.datetime64("2026-01-12T00:00:00", "s"), 32
TERMS = Terms(step_h=0.25, unmet=10.0, unfair=3.0)


def one_battery(rng: np.random.Generator) -> Batteries:
    """A vehicle with a random battery, window and reserve; some tiny, some with nothing to want."""
    capacity = float(rng.choice([0.4, 20.0, 60.0]))
    soc = capacity * rng.choice([0.0, 0.3, 1.0])
    begin = int(rng.integers(0, 7000))
    stays = stay_table(
        ("one",),
        START + np.array([begin]),
        departure=START + np.array([begin + int(rng.integers(60, 20000))]),
        energy_kwh=rng.choice([-0.5 * soc, 0.0, 0.7 * (capacity - soc), 1.5 * capacity]),
        max_kw=rng.choice([0.0, 3.7, 11.0]),
        max_discharge_kw=rng.choice([2.0, 11.0]),
        capacity_kwh=capacity,
        soc_arrival_kwh=soc,
        soc_min_kwh=0.2 * capacity,
        charge_efficiency=rng.choice([0.8, 1.0]),
        discharge_efficiency=rng.choice([0.9, 1.0]),
        wear_eur_per_kwh=rng.choice([0.0, 0.05]),
        limit=np.zeros(1, dtype=np.int64),
    )
    signals = one_zone(START, 900, buy_eur_per_kwh=np.full(STEPS, 0.2))
    none = np.zeros(1, dtype=np.int64)
    return batteries(stays, windows(stays, signals), rows=NO_ROWS, path=none, order=none)


def at_prices(b: Batteries, price: np.ndarray) -> tuple[Room, int]:
    """A working room with the vehicle's powers and prices."""
    room = room_for(STEPS)
    n = fill_powers(b, 0, room)
    room.price[:n] = price[:n]
    return room, n


@settings(deadline=None, max_examples=300)
@given(seed=st.integers(0, 2**32 - 1), lowest=st.sampled_from([-0.6, -0.05, 0.05]))
def test_both_oracles_agree(seed: int, lowest: float) -> None:
    """Same cost of the answer, same value of the relaxed vehicle; equal prices among them."""
    rng = np.random.default_rng(seed)
    b = one_battery(rng)
    assert b.is_lean[0] == 1
    price = rng.choice(rng.uniform(lowest, 0.5, 6), STEPS)
    costs, values = [], []
    for answer, value in ((lean_answer, lean_value), (battery_answer, battery_value)):
        room, n = at_prices(b, price)
        own = answer(b, 0, TERMS, room, n)
        costs.append(own + float(room.price[:n] @ room.answer[:n]) * TERMS.step_h)
        room, n = at_prices(b, price)
        values.append(value(b, 0, TERMS, room, n))
    assert costs[0] == pytest.approx(costs[1], abs=1e-9)
    assert values[0] == pytest.approx(values[1], abs=1e-9)
    assert values[0] <= costs[0] + 1e-9


def test_the_kernel_also_runs_uncompiled() -> None:
    """The same figure from the plain Python of the kernel."""
    b = one_battery(np.random.default_rng(3))
    price = np.linspace(0.1, 0.4, STEPS)
    room, n = at_prices(b, price)
    compiled = lean_value(b, 0, TERMS, room, n)
    room, n = at_prices(b, price)
    assert lean_value.py_func(b, 0, TERMS, room, n) == pytest.approx(compiled, abs=1e-12)
