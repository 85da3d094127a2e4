"""The network simplex algorithm for flows that only supplies limit, in whole numbers: exact.

A basis is a spanning tree, hung from an extra node (the root) to which every node also has a way of
prohibitive cost. A pivot lets the way in whose reduced cost is worst in a block of ways, and sends
flow round the cycle it closes until a way of the tree runs empty, which leaves. Among those that
run empty together the last one along the cycle from its highest node leaves, so that every empty
way of the tree leads towards the root: such trees are strongly feasible and never come round again
(Cunningham 1976, "A network simplex method", Mathematical Programming 11; blocks after Király and
Kovács 2012, "Efficient implementations of minimum-cost flow algorithms").
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.jit import kernel

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.int8]

_NONE = -1
_LEAST_BLOCK = 50


class Tree(NamedTuple):
    """A spanning tree over V nodes and the root V.

    parent, way, depth (V + 1,): the way to the parent by its row, -1 at the root. is_up (V + 1,): 1
    where that way leads to the parent, -1 where it comes from there. child, after, before (V + 1,):
    the first child, and the siblings on both sides. price (V + 1,): potentials, the root's 0.
    """

    parent: Ints
    way: Ints
    depth: Ints
    is_up: Bytes
    child: Ints
    after: Ints
    before: Ints
    price: Longs


class Ways(NamedTuple):
    """Ways (A + V,): those of the network, then for each node one to or from the root."""

    tail: Ints
    head: Ints
    cost: Longs
    flow: Longs


def solve_network(
    tail: Longs, head: Longs, cost: Longs, supply: Longs, start: Longs | None = None
) -> tuple[Longs, Longs, int]:
    """Route supplies at least cost: (flow (A,), prices (V,), how much cannot be routed).

    tail, head, cost (A,); supply (V,), sums to zero. Costs are whole, and no cycle has a negative
    one. start (A,): a flow that meets the supplies, to begin with; the ways it uses form no cycle,
    whatever their direction. cost + price[tail] - price[head] is at least 0, and 0 where there is
    flow.
    """
    n_ways, n_nodes = tail.size, supply.size
    if start is None:
        ways, tree = _star(tail, head, cost, supply)
    else:
        ways, tree = _forest(tail, head, cost, start, n_nodes)
    block = max(_LEAST_BLOCK, int(np.sqrt(n_ways + n_nodes)))
    _pivot_to_optimum(ways, tree, block)
    missing = int(ways.flow[n_ways:].sum())
    return ways.flow[:n_ways].copy(), tree.price[:n_nodes].copy(), missing


def _star(tail: Longs, head: Longs, cost: Longs, supply: Longs) -> tuple[Ways, Tree]:
    """Begin with every node hung from the root by its own way."""
    n_nodes, n_ways = supply.size, tail.size
    comes = supply < 0
    ways = _ways(tail, head, cost, comes, np.concatenate([np.zeros(n_ways), np.abs(supply)]))
    tree = _no_tree(n_nodes)
    for node in range(n_nodes):
        _hang_by(ways, tree, node, n_nodes, n_ways + node)
    return ways, tree


def _forest(tail: Longs, head: Longs, cost: Longs, start: Longs, n_nodes: int) -> tuple[Ways, Tree]:
    """Begin with the ways that are used, and a way to the root from one node of each part."""
    comes = np.zeros(n_nodes, dtype=np.bool_)
    ways = _ways(tail, head, cost, comes, np.concatenate([start, np.zeros(n_nodes)]))
    used = np.flatnonzero(start)
    ends = np.concatenate([tail[used], head[used]])
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(n_nodes + 1))
    tree = _no_tree(n_nodes)
    n_hung = _hang_parts(ways, tree, first, used[order % max(1, used.size)], tail.size)
    if n_hung - _n_parts(tree) != used.size:
        msg = "the ways of a flow to begin with must form no cycle"
        raise ValueError(msg)
    return ways, tree


def _n_parts(tree: Tree) -> int:
    return int((tree.parent[:-1] == tree.parent.size - 1).sum())


def _ways(
    tail: Longs, head: Longs, cost: Longs, comes: NDArray[np.bool_], flow: NDArray[np.float64]
) -> Ways:
    """The ways with those to the root behind them, or from it where `comes` (V,)."""
    n_nodes = comes.size
    nodes = np.arange(n_nodes)
    far = (int(np.abs(cost).max(initial=0)) + 1) * (n_nodes + 1)
    return Ways(
        tail=np.concatenate([tail, np.where(comes, n_nodes, nodes)]).astype(np.int32),
        head=np.concatenate([head, np.where(comes, nodes, n_nodes)]).astype(np.int32),
        cost=np.concatenate([cost, np.full(n_nodes, far)]).astype(np.int64),
        flow=flow.astype(np.int64),
    )


def _no_tree(n_nodes: int) -> Tree:
    links = [np.full(n_nodes + 1, _NONE, dtype=np.int32) for _ in range(5)]
    return Tree(
        parent=links[0],
        way=links[1],
        depth=np.zeros(n_nodes + 1, dtype=np.int32),
        is_up=np.zeros(n_nodes + 1, dtype=np.int8),
        child=links[2],
        after=links[3],
        before=links[4],
        price=np.zeros(n_nodes + 1, dtype=np.int64),
    )


@kernel
def _hang_parts(ways: Ways, tree: Tree, first: Longs, used: Longs, n_ways: int) -> int:
    """Hang all nodes part by part; `used` holds the ways of node n from first[n] on."""
    n = first.size - 1
    queue, size = np.empty(n, dtype=np.int64), 0
    for top in range(n):
        if tree.parent[top] >= 0:
            continue
        at = size
        _hang_by(ways, tree, top, n, n_ways + top)
        queue[size], size = top, size + 1
        while at < size:
            node, at = queue[at], at + 1
            for k in range(first[node], first[node + 1]):
                way = used[k]
                other = ways.head[way] if ways.tail[way] == node else ways.tail[way]
                if tree.parent[other] < 0:
                    _hang_by(ways, tree, other, node, way)
                    queue[size], size = other, size + 1
    return size


@kernel
def _hang_by(ways: Ways, tree: Tree, node: int, parent: int, way: int) -> None:
    """Hang a node without children by a way, with the price that makes the way worth its cost."""
    _hang(tree, node, parent)
    tree.way[node] = way
    tree.depth[node] = tree.depth[parent] + 1
    tree.is_up[node] = 1 if ways.tail[way] == node else -1
    tree.price[node] = tree.price[parent] - tree.is_up[node] * ways.cost[way]


@kernel
def _pivot_to_optimum(ways: Ways, tree: Tree, block: int) -> int:
    """Pivot until no way improves the flow; returns the number of pivots."""
    at, pivots = 0, 0
    while True:
        entering, at = _entering(ways, tree, at, block)
        if entering < 0:
            return pivots
        _pivot(ways, tree, entering)
        pivots += 1


@kernel
def _entering(ways: Ways, tree: Tree, at: int, block: int) -> tuple[int, int]:
    """The worst way of the first block that has one, from row `at` on, and where to go on."""
    n = ways.tail.size
    best, least, left = _NONE, 0, block
    for _ in range(n):
        reduced = ways.cost[at] + tree.price[ways.tail[at]] - tree.price[ways.head[at]]
        if reduced < least:
            best, least = at, reduced
        at += 1
        if at == n:
            at = 0
        left -= 1
        if left == 0:
            if best >= 0:
                return best, at
            left = block
    return best, at


@kernel
def _pivot(ways: Ways, tree: Tree, entering: int) -> None:
    """Send flow round the cycle of the entering way and change the tree."""
    first, second = ways.tail[entering], ways.head[entering]
    join = _join(tree, first, second)
    amount, out, on_first = np.int64(-1), _NONE, True
    node = first
    while node != join:
        way = tree.way[node]
        if tree.is_up[node] > 0 and (amount < 0 or ways.flow[way] < amount):
            amount, out, on_first = ways.flow[way], node, True
        node = tree.parent[node]
    node = second
    while node != join:
        way = tree.way[node]
        if tree.is_up[node] < 0 and (amount < 0 or ways.flow[way] <= amount):
            amount, out, on_first = ways.flow[way], node, False
        node = tree.parent[node]
    if amount > 0:
        ways.flow[entering] += amount
        node = first
        while node != join:
            ways.flow[tree.way[node]] -= tree.is_up[node] * amount
            node = tree.parent[node]
        node = second
        while node != join:
            ways.flow[tree.way[node]] += tree.is_up[node] * amount
            node = tree.parent[node]
    if on_first:
        _rehang(ways, tree, entering, first, second, out)
    else:
        _rehang(ways, tree, entering, second, first, out)


@kernel
def _join(tree: Tree, u: int, v: int) -> int:
    """The lowest node above both."""
    while u != v:
        if tree.depth[u] >= tree.depth[v]:
            u = tree.parent[u]
        else:
            v = tree.parent[v]
    return u


@kernel
def _rehang(  # noqa: PLR0917 - a kernel: nodes one by one
    ways: Ways, tree: Tree, entering: int, low: int, high: int, out: int
) -> None:
    """Hang the part below `out` from `high` by the entering way, `low` now its uppermost node."""
    node, parent, way = low, high, np.int32(entering)
    while True:
        old_parent, old_way = tree.parent[node], tree.way[node]
        _take_off(tree, node)
        _hang(tree, node, parent)
        tree.way[node] = way
        tree.is_up[node] = 1 if ways.tail[way] == node else -1
        if node == out:
            break
        node, parent, way = old_parent, node, old_way
    reduced = ways.cost[entering] + tree.price[ways.tail[entering]]
    reduced -= tree.price[ways.head[entering]]
    _shift(tree, low, -reduced if ways.tail[entering] == low else reduced)


@kernel
def _take_off(tree: Tree, node: int) -> None:
    before, after = tree.before[node], tree.after[node]
    if before >= 0:
        tree.after[before] = after
    else:
        tree.child[tree.parent[node]] = after
    if after >= 0:
        tree.before[after] = before


@kernel
def _hang(tree: Tree, node: int, parent: int) -> None:
    after = tree.child[parent]
    tree.parent[node], tree.before[node], tree.after[node] = parent, _NONE, after
    if after >= 0:
        tree.before[after] = node
    tree.child[parent] = node


@kernel
def _shift(tree: Tree, top: int, price: int) -> None:
    """Add to the prices of a node and all below it, and count their depths anew."""
    node = top
    while True:
        tree.price[node] += price
        tree.depth[node] = tree.depth[tree.parent[node]] + 1
        if tree.child[node] >= 0:
            node = tree.child[node]
            continue
        while node != top and tree.after[node] < 0:
            node = tree.parent[node]
        if node == top:
            return
        node = tree.after[node]
