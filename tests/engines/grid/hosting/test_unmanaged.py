"""Vehicles before the first limit breaks: as if every step had been solved each time."""

import numpy as np
import pytest
from hosting_grids import pool, street, street_task
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.grid.hosting.placement import Placement, Pool, place
from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.engines.grid.hosting.unmanaged import Filled, fill
from viavolta.engines.grid.hosting.verify import broken_areas, broken_by_base, charging_kw

N_STEPS = 2 * 96
VEHICLES = pool(30, n_steps=N_STEPS)


def _placement(task: HostingTask, seed: int) -> Placement:
    return place(task.households, n_pool=len(VEHICLES), rng=np.random.default_rng(seed))


def _filled(task: HostingTask, seed: int) -> tuple[Filled, Placement]:
    placement = _placement(task, seed)
    return fill(task, VEHICLES, placement), placement


def _first_broken(task: HostingTask, placement: Placement) -> int:
    """One vehicle after the other, all steps solved: how many came before anything broke."""
    for n in range(len(placement)):
        added = charging_kw(task, VEHICLES, placement, np.arange(n + 1))
        if len(broken_areas(task, added)):
            return n
    return len(placement)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sn_kva", [100.0, 400.0])
def test_the_first_limit_is_found_as_by_solving_everything(seed: int, sn_kva: float) -> None:
    """Whether the transformer or a feeder is first."""
    task = street_task(street(sn_kva=sn_kva), n_steps=N_STEPS)
    filled, placement = _filled(task, seed)
    expected = _first_broken(task, placement)
    assert filled.n_before[0] == filled.n_vehicles[0] == expected
    assert filled.is_full[0] == (expected < len(placement))
    assert filled.n_flows < N_STEPS * len(placement) / 4


def test_a_full_feeder_takes_no_more_and_others_do() -> None:
    """What came to feeders keeps their limits, all together; the transformer may be over."""
    task = street_task(street(sn_kva=60.0), n_steps=N_STEPS)
    filled, placement = _filled(task, 2)
    kinds = np.array(task.areas.kind)
    assert filled.is_full[kinds == "transformer"].all()
    feeders = np.flatnonzero(kinds == "feeder")
    assert filled.is_full[feeders].any()
    for feeder in feeders.tolist():
        came = np.flatnonzero(
            filled.is_taken & (np.arange(len(placement)) < max(filled.n_before[feeder], 1))
        )
        added = charging_kw(task, VEHICLES, placement, came)
        assert feeder not in broken_areas(task, added)
    below = task.areas.is_below[feeders][:, placement.node]
    assert (filled.n_vehicles[feeders] <= below.sum(axis=1)).all()
    assert filled.n_vehicles[feeders].sum() >= filled.n_vehicles[0]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 50), st.floats(0.0, 3.0), st.floats(0.1, 2.0))
def test_adding_load_never_raises_it(seed: int, base_kw: float, more_kw: float) -> None:
    """The same placements over a higher base load break at the same vehicle, or earlier."""
    less, _ = _filled(street_task(street(), n_steps=N_STEPS, base_kw=base_kw), seed)
    more, _ = _filled(street_task(street(), n_steps=N_STEPS, base_kw=base_kw + more_kw), seed)
    assert more.n_vehicles[0] <= less.n_vehicles[0]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 50), st.floats(0.2, 0.6), st.floats(1.0, 2.0))
def test_a_stronger_cable_never_lowers_it(seed: int, ohm_per_km: float, factor: float) -> None:
    """Nor a stronger transformer."""
    weak, _ = _filled(street_task(street(ohm_per_km=factor * ohm_per_km), n_steps=N_STEPS), seed)
    strong, _ = _filled(street_task(street(ohm_per_km=ohm_per_km), n_steps=N_STEPS), seed)
    large, _ = _filled(
        street_task(street(ohm_per_km=ohm_per_km, sn_kva=160.0), n_steps=N_STEPS), seed
    )
    assert weak.n_vehicles[0] <= strong.n_vehicles[0] <= large.n_vehicles[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_is_irrelevant(seed: int) -> None:
    """The same placement on the same grid, nodes and branches turned around."""
    task, turned = (street_task(street(order=order), n_steps=N_STEPS) for order in (1, -1))
    placement = _placement(task, seed)
    names = np.array(task.grid.node_id)[placement.node]
    row = {name: number for number, name in enumerate(turned.grid.node_id)}
    same = Placement(node=np.array([row[name] for name in names]), vehicle=placement.vehicle)
    one, other = fill(task, VEHICLES, placement), fill(turned, VEHICLES, same)
    by_name = dict(zip(task.areas.area_id, one.n_vehicles.tolist(), strict=True))
    assert dict(zip(turned.areas.area_id, other.n_vehicles.tolist(), strict=True)) == by_name


def test_base_load_outside_limits_leaves_no_room_where_it_gets_worse() -> None:
    """The grid with an overloaded transformer takes nobody; the warning names it."""
    task = street_task(street(sn_kva=30.0), n_steps=N_STEPS, base_kw=12.0, low_pu=0.8)
    assert broken_by_base(task) == ["transformer"]
    filled, placement = _filled(task, 1)
    assert filled.n_vehicles[0] < 3
    assert _first_broken(task, placement) <= 3


def test_households_are_drawn_without_replacement() -> None:
    """Each household once, then each a second time; vehicles each once while they last."""
    households = np.array([0, 3, 1, 0, 2])
    drawn = place(households, n_pool=4, rng=np.random.default_rng(3))
    assert len(drawn) == 12
    for half in (drawn.node[:6], drawn.node[6:]):
        np.testing.assert_array_equal(np.bincount(half, minlength=5), households)
    for first in range(0, 12, 4):
        assert sorted(drawn.vehicle[first : first + 4].tolist()) == [0, 1, 2, 3]


def test_connections_are_drawn_in_proportion() -> None:
    """A connection of three households comes first three times as often as one of one."""
    households = np.array([3, 1])
    first = [
        int(place(households, n_pool=9, rng=np.random.default_rng(seed)).node[0])
        for seed in range(400)
    ]
    assert 0.68 < first.count(0) / 400 < 0.82


def test_a_pool_is_checked() -> None:
    """Vehicles that give back are no unmanaged ones."""
    with pytest.raises(ValueError, match="power_kw"):
        Pool(
            offsets=np.array([0, 1]),
            step=np.array([0]),
            power_kw=np.array([-1.0]),
            plug_kw=np.array([11.0]),
        )
