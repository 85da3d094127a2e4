"""Minimum-cost flow: whole, balanced, and as cheap as a textbook algorithm finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.kit.flow import FlowNetwork, min_cost_flow
from viavolta.model.errors import NoSolutionError

Arc = tuple[int, int, int]
"""Tail, head, cost."""


def network(arcs: list[Arc], supply: list[int]) -> FlowNetwork:
    """A network from lists."""
    table = np.array(arcs, dtype=np.int64).reshape(len(arcs), 3)
    return FlowNetwork(
        tail=table[:, 0],
        head=table[:, 1],
        cost=table[:, 2].astype(np.float64),
        supply=np.array(supply, dtype=np.int64),
    )


def test_a_flow_to_begin_with_must_meet_the_supplies() -> None:
    """Else part of what is to flow would be lost without a word."""
    net = network([(0, 1, 3), (1, 2, 0)], [1, -1, 0])
    with pytest.raises(ValueError, match="supplies"):
        min_cost_flow(net, np.zeros(2, dtype=np.int64))


def successive_shortest_paths(arcs: list[Arc], supply: list[int]) -> int | None:
    """Cost of a cheapest flow, one unit at a time along a cheapest path; None if there is none."""
    flow, left, total = [0] * len(arcs), list(supply), 0
    while any(s > 0 for s in left):
        source = next(v for v, s in enumerate(left) if s > 0)
        far = {source: 0}
        by: dict[int, tuple[int, int]] = {}
        for _ in left:
            for a, (tail, head, cost) in enumerate(arcs):
                if tail in far and far[tail] + cost < far.get(head, 10**9):
                    far[head], by[head] = far[tail] + cost, (a, 1)
                if flow[a] and head in far and far[head] - cost < far.get(tail, 10**9):
                    far[tail], by[tail] = far[head] - cost, (a, -1)
        sinks = [v for v, s in enumerate(left) if s < 0 and v in far]
        if not sinks:
            return None
        sink = min(sinks, key=lambda v: far[v])
        total += far[sink]
        left[source], left[sink] = left[source] - 1, left[sink] + 1
        while sink != source:
            a, sign = by[sink]
            flow[a] += sign
            sink = arcs[a][0] if sign > 0 else arcs[a][1]
    return total


def test_two_ways_take_the_cheaper() -> None:
    """Three units go by the way that costs 1 + 1, none by the one that costs 3."""
    arcs = [(0, 1, 1), (1, 2, 1), (0, 2, 3)]
    flow, bound = min_cost_flow(network(arcs, [3, 0, -3]))
    assert flow.tolist() == [3, 3, 0]
    assert bound == pytest.approx(6.0)
    assert bound <= 6.0


def test_a_supply_without_a_way_has_no_solution() -> None:
    """A node that nothing leads to cannot take anything."""
    with pytest.raises(NoSolutionError) as caught:
        min_cost_flow(network([(1, 0, 1)], [1, -1]))
    assert caught.value.code == "flow-infeasible"


def test_nothing_to_move_costs_nothing() -> None:
    """Without supply all flows are zero."""
    flow, bound = min_cost_flow(network([(0, 1, 5)], [0, 0]))
    assert flow.tolist() == [0]
    assert bound == pytest.approx(0.0, abs=1e-8)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    arcs=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=14
    ),
    wanted=st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_flow_is_balanced_and_cheapest(arcs: list[Arc], wanted: list[int]) -> None:
    """What leaves a node less what enters is its supply; the cost is the least, and the bound."""
    arcs = [(tail, head, cost) for tail, head, cost in arcs if tail != head] or [(0, 3, 1)]
    supply = [*wanted, *(-n for n in wanted)]
    least = successive_shortest_paths(arcs, supply)
    if least is None:
        with pytest.raises(NoSolutionError):
            min_cost_flow(network(arcs, supply))
        return
    given_network = network(arcs, supply)
    flow, bound = min_cost_flow(given_network)
    balance = np.zeros(6, dtype=np.int64)
    np.add.at(balance, given_network.tail, flow)
    np.subtract.at(balance, given_network.head, flow)
    assert balance.tolist() == supply
    assert flow.min() >= 0
    assert flow @ given_network.cost == pytest.approx(least)
    assert least - 1e-6 <= bound <= least
