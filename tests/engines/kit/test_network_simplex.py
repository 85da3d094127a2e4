"""The network simplex algorithm: prices prove the optimum, wherever it begins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.kit.network_simplex import Longs, Tree, Ways, _entering, solve_network

EXAMPLES = settings(deadline=None, max_examples=60, derandomize=True)


def matching(costs: list[list[int]]) -> tuple[Longs, Longs, Longs, Longs]:
    """A network in which each row takes one column: tail, head, cost, supply."""
    n = len(costs)
    rows, columns = np.divmod(np.arange(n * n), n)
    supply = np.concatenate([np.ones(n), -np.ones(n)]).astype(np.int64)
    return rows, columns + n, np.array(costs).ravel(), supply


matchings = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 20), min_size=n, max_size=n), min_size=n, max_size=n)
)


@EXAMPLES
@given(costs=matchings)
def test_prices_prove_the_optimum(costs: list[list[int]]) -> None:
    """No way costs less than the prices at its ends differ, and those with flow cost no more."""
    tail, head, cost, supply = matching(costs)
    flow, prices, missing = solve_network(tail, head, cost, supply)
    reduced = cost + prices[tail] - prices[head]
    assert missing == 0
    assert reduced.min() >= 0
    assert not reduced[flow > 0].any()
    assert flow @ cost == -(supply @ prices)


@EXAMPLES
@given(costs=matchings, seed=st.integers(0, 99))
def test_where_it_begins_does_not_matter(costs: list[list[int]], seed: int) -> None:
    """From any matching the cheapest is reached."""
    tail, head, cost, supply = matching(costs)
    n = len(costs)
    start = np.eye(n, dtype=np.int64)[np.random.default_rng(seed).permutation(n)].ravel()
    flow, _, _ = solve_network(tail, head, cost, supply, start)
    without, _, _ = solve_network(tail, head, cost, supply)
    assert flow @ cost == without @ cost


def test_a_start_with_a_cycle_is_refused() -> None:
    """Two ways used between the same nodes are no forest."""
    ends = np.array([0, 0]), np.array([1, 1])
    with pytest.raises(ValueError, match="no cycle"):
        solve_network(*ends, np.array([1, 2]), np.array([2, -2]), np.array([1, 1]))


def test_what_cannot_be_routed_is_counted() -> None:
    """Three units have no way, both where they come from and where they are wanted."""
    empty = np.zeros(0, dtype=np.int64)
    _, _, missing = solve_network(empty, empty, empty, np.array([3, -3]))
    assert missing == 6


def test_the_worst_way_of_a_block_enters_uncompiled_too() -> None:
    """The compiled kernel and its twin choose the same way, and go on from the same row."""
    rng = np.random.default_rng(3)
    links = [np.full(5, -1, dtype=np.int32)] * 7
    tree = Tree(*links[:3], np.zeros(5, dtype=np.int8), *links[3:6], rng.integers(0, 9, 5))
    ends = rng.integers(0, 5, (2, 30)).astype(np.int32)
    ways = Ways(ends[0], ends[1], rng.integers(0, 9, 30), np.zeros(30, dtype=np.int64))
    for at in range(30):
        assert _entering(ways, tree, at, 7) == _entering.py_func(ways, tree, at, 7)
