"""Kernels that keep what is asked for of a tree's flow: every value, or the worst alone.

i node of the tree, e branch, t step of the block.
"""

from typing import NamedTuple

import numpy as np

from viavolta.engines.grid.flow.sweep import Block, Flags, Powers, put, settle
from viavolta.engines.grid.flow.tree import Tree
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints


class Bounds(NamedTuple):
    """What counts as outside: low_v, high_v : (K,). limit : (L,) squared loading.

    per_child, per_parent : (L,) squared loading of one unit of squared current at an end.
    """

    low_v: Floats
    high_v: Floats
    limit: Floats
    per_child: Floats
    per_parent: Floats


class Lanes(NamedTuple):
    """The worst of every S-th step: K nodes, L branches; steps as floats.

    Attributes
    ----------
    v_min, v_max, v_min_step, v_max_step, n_below, n_above : (K, S).
    load, load_step, n_over : (L, S) squared loading.
    loss, source_min, source_max : (S,) loss is a sum.
    """

    v_min: Floats
    v_max: Floats
    v_min_step: Floats
    v_max_step: Floats
    n_below: Floats
    n_above: Floats
    load: Floats
    load_step: Floats
    n_over: Floats
    loss: Floats
    source_min: Floats
    source_max: Floats


class Every(NamedTuple):
    """Every value of T steps: K nodes, L branches.

    v : (K, T). child, parent : (L, T) squared currents at the ends.
    source_p, source_q, loss : (T,).
    """

    v: Floats
    child: Floats
    parent: Floats
    source_p: Floats
    source_q: Floats
    loss: Floats


def new_lanes(n_nodes: int, n_branches: int, n_steps: int) -> Lanes:
    """Return lanes that have seen nothing."""

    def full(value: float, rows: int) -> Floats:
        return np.full((rows, n_steps), value)

    inf = np.inf
    return Lanes(
        *(full(value, n_nodes) for value in (inf, -inf, -1.0, -1.0, 0.0, 0.0)),
        *(full(value, n_branches) for value in (-1.0, -1.0, 0.0)),
        *(np.full(n_steps, value) for value in (0.0, inf, -inf)),
    )


@kernel
def worst_of_all(
    tree: Tree, powers: Powers, bounds: Bounds, block: Block, lanes: Lanes, has_flow: Flags
) -> None:
    """Go through all steps; has_flow (T,) is set."""
    n_steps, size = len(has_flow), len(block.drop)
    load = np.empty(size)
    for first in range(0, n_steps, size):
        n = min(size, n_steps - first)
        settle(tree, powers, first, n, block)
        for t in range(n):
            has_flow[first + t] = block.settled[t]
        _watch_nodes(tree, bounds, first, n, block, lanes)
        for e in range(len(tree.edge)):
            _square_loading(tree, powers, bounds, first, n, block, e, load)
            for t in range(n):
                is_worse = load[t] > lanes.load[e, t]
                lanes.load[e, t] = load[t] if is_worse else lanes.load[e, t]
                lanes.load_step[e, t] = first if is_worse else lanes.load_step[e, t]
            for t in range(n):
                lanes.n_over[e, t] += 1.0 if load[t] > bounds.limit[e] else 0.0


@kernel
def _watch_nodes(
    tree: Tree, bounds: Bounds, first: int, n: int, block: Block, lanes: Lanes
) -> None:
    v = block.v
    for i in range(len(tree.parent)):
        for t in range(n):
            is_lower = v[i, t] < lanes.v_min[i, t]
            lanes.v_min[i, t] = v[i, t] if is_lower else lanes.v_min[i, t]
            lanes.v_min_step[i, t] = first if is_lower else lanes.v_min_step[i, t]
        for t in range(n):
            is_higher = v[i, t] > lanes.v_max[i, t]
            lanes.v_max[i, t] = v[i, t] if is_higher else lanes.v_max[i, t]
            lanes.v_max_step[i, t] = first if is_higher else lanes.v_max_step[i, t]
        for t in range(n):
            lanes.n_below[i, t] += 1.0 if v[i, t] < bounds.low_v[i] else 0.0
        for t in range(n):
            lanes.n_above[i, t] += 1.0 if v[i, t] > bounds.high_v[i] else 0.0
    source = block.drop
    _sum_sources(tree, n, block.p, source)
    for t in range(n):
        if block.settled[t]:
            lanes.loss[t] += source[t] - block.all_p[t]
            lanes.source_min[t] = min(lanes.source_min[t], source[t])
            lanes.source_max[t] = max(lanes.source_max[t], source[t])


@kernel
def _sum_sources(tree: Tree, n: int, values: Floats, total: Floats) -> None:
    for t in range(n):
        total[t] = 0.0
    for i in range(len(tree.parent)):
        if tree.parent[i] < 0:
            for t in range(n):
                total[t] += values[i, t]


@kernel
def _behind(
    tree: Tree, powers: Powers, first: int, n: int, block: Block, i: int, behind: Floats
) -> None:
    """V behind the ideal transformer of an edge."""
    above, k = tree.parent[i], tree.regulated[i]
    for t in range(n):
        behind[t] = tree.ratio[i] * block.v[above, t]
    if k >= 0:
        for t in range(n):
            behind[t] = powers.turns_v[k, first + t] * block.v[above, t]


@kernel
def _square_loading(
    tree: Tree,
    powers: Powers,
    bounds: Bounds,
    first: int,
    n: int,
    block: Block,
    e: int,
    load: Floats,
) -> None:
    """Set squared loading (block) of a branch, the larger of both ends."""
    i = tree.edge[e]
    above = tree.parent[i]
    r, x, g, b = tree.branch_r[e], tree.branch_x[e], tree.branch_g[e], tree.branch_b[e]
    fr, fi = tree.share_r[e], tree.share_i[e]
    size = fr * fr + fi * fi
    per_child, per_parent = bounds.per_child[e], bounds.per_parent[e]
    v, p, q, l, behind = block.v, block.p, block.q, block.l, block.drop  # noqa: E741
    _behind(tree, powers, first, n, block, i, behind)
    for t in range(n):
        mine, its = v[i, t], v[above, t]
        end_p, end_q = fr * p[i, t] + fi * q[i, t], fr * q[i, t] - fi * p[i, t]
        child_p, child_q = end_p - g * mine, end_q + b * mine
        begin_p = end_p + r * size * l[i, t] + g * behind[t]
        begin_q = end_q + x * size * l[i, t] - b * behind[t]
        at_child = per_child * (child_p * child_p + child_q * child_q) * its
        at_parent = per_parent * (begin_p * begin_p + begin_q * begin_q) * mine
        load[t] = (at_child if at_child > at_parent else at_parent) / (mine * its)


@kernel
def every_value(
    tree: Tree,
    powers: Powers,
    child: Bounds,
    parent: Bounds,
    block: Block,
    every: Every,
    has_flow: Flags,
) -> None:
    """Go through all steps; of the bounds `child` has ones per child and zeros per parent."""
    n_steps, size = len(has_flow), len(block.drop)
    total = np.empty(size)
    for first in range(0, n_steps, size):
        n = min(size, n_steps - first)
        settle(tree, powers, first, n, block)
        for i in range(len(tree.parent)):
            put(block.v[i], n, every.v[i], first)
        _sum_sources(tree, n, block.q, total)
        put(total, n, every.source_q, first)
        _sum_sources(tree, n, block.p, total)
        put(total, n, every.source_p, first)
        for t in range(n):
            has_flow[first + t] = block.settled[t]
            every.loss[first + t] = total[t] - block.all_p[t]
        for e in range(len(tree.edge)):
            _square_loading(tree, powers, child, first, n, block, e, total)
            put(total, n, every.child[e], first)
            _square_loading(tree, powers, parent, first, n, block, e, total)
            put(total, n, every.parent[e], first)


@kernel
def voltages_at(tree: Tree, powers: Powers, nodes: Ints, block: Block, found: Floats) -> None:
    """Go through all steps; found (len(nodes), T) is set to v."""
    n_steps, size = found.shape[1], len(block.drop)
    for first in range(0, n_steps, size):
        n = min(size, n_steps - first)
        settle(tree, powers, first, n, block)
        for k in range(len(nodes)):
            put(block.v[nodes[k]], n, found[k], first)
