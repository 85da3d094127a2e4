"""Kernels for grids without meshes: many steps at once, backward and forward along the edges.

The branch flow equations (Baran and Wu, IEEE Transactions on Power Delivery 4, 1989) hold exactly
for a tree. With v = |u|^2 and l = |i|^2 of an edge, p and q what arrives at its end:

    backward: p, q = what the node draws + what its edges out take in, and l = (p^2 + q^2) / v;
              an edge takes in p + r l and q + x l
    forward:  v = v of the parent behind its turns - 2 (r p + x q) - (r^2 + x^2) l

No angle is needed. A round shrinks an error in v by about the losses times the drop, so that three
or four rounds do. Inner loops run over the steps of a block and touch few arrays each: only then
does the compiler turn them into vector instructions.

i node of the tree and the edge to it, t step of the block.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.grid.flow.tree import Tree
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints

Flags = NDArray[np.bool_]

MOST_ROUNDS = 40
CLOSE = 1e-8
"""How much more all further rounds together may move v, 5e-9 pu of a voltage."""

_LEAST_FACTOR = 0.1


class Powers(NamedTuple):
    """What N nodes draw over T steps.

    Attributes
    ----------
    p, q : (N, T) kW, kvar. more_row : (N,) row of what comes on top, or -1. more_p, more_q :
        (E, T). turns_v : (R, T) ratio of the tree for regulated transformers.
    """

    p: Floats
    q: Floats
    more_row: Ints
    more_p: Floats
    more_q: Floats
    turns_v: Floats


class Block(NamedTuple):
    """State of a block of steps, K nodes by S steps.

    Attributes
    ----------
    drawn_p, drawn_q : (K, S) by the nodes. v : (K, S).
    p, q, l : (K, S) at the end of each edge; p, q of a source are what it feeds in.
    all_p : (S,) drawn by all. drop : (S,).
    change, before : (S,) largest move of v in the last round and in the one before.
    settled : (S,).
    """

    drawn_p: Floats
    drawn_q: Floats
    v: Floats
    p: Floats
    q: Floats
    l: Floats  # noqa: E741 - the usual letter for a squared current
    all_p: Floats
    drop: Floats
    change: Floats
    before: Floats
    settled: Flags


def new_block(n_nodes: int, n_steps: int) -> Block:
    """Return room for a block."""
    drawn_p, drawn_q, v, p, q, l = np.zeros((6, n_nodes, n_steps))  # noqa: E741
    all_p, drop, change, before = np.zeros((4, n_steps))
    settled = np.zeros(n_steps, dtype=bool)
    return Block(drawn_p, drawn_q, v, p, q, l, all_p, drop, change, before, settled)


@kernel
def put(values: Floats, n: int, to: Floats, first: int) -> None:
    """Copy the first n values to a place; no slice, which costs seconds of compiling."""
    for t in range(n):
        to[first + t] = values[t]


@kernel
def settle(tree: Tree, powers: Powers, first: int, n: int, block: Block) -> None:
    """Find the flow of steps first .. first + n; all is NaN at steps without one."""
    _draw(tree, powers, first, n, block)
    for i in range(len(tree.parent)):
        for t in range(n):
            block.v[i, t] = tree.start_v[i]
    for t in range(n):
        block.before[t] = 0.0
    for _ in range(MOST_ROUNDS):
        _backward(tree, powers, first, n, block)
        _forward(tree, powers, first, n, block)
        if _is_settled(n, block):
            break
        for t in range(n):
            block.before[t] = block.change[t]
    for t in range(n):
        block.drop[t] = 1.0
    for i in range(len(tree.parent)):
        for t in range(n):
            block.drop[t] = block.drop[t] if block.v[i, t] > 0.0 else 0.0
    for t in range(n):
        block.settled[t] = block.settled[t] and block.drop[t] > 0.0
        if not block.settled[t]:
            for i in range(len(tree.parent)):
                block.v[i, t] = np.nan
    _backward(tree, powers, first, n, block)


@kernel
def _draw(tree: Tree, powers: Powers, first: int, n: int, block: Block) -> None:
    """Copy what the nodes draw to where it is near."""
    p, q, all_p = block.drawn_p, block.drawn_q, block.all_p
    for t in range(n):
        all_p[t] = 0.0
    for i in range(len(tree.parent)):
        row = tree.row[i]
        for t in range(n):
            p[i, t] = powers.p[row, first + t]
        for t in range(n):
            q[i, t] = powers.q[row, first + t]
        more = powers.more_row[row]
        if more >= 0:
            for t in range(n):
                p[i, t] += powers.more_p[more, first + t]
            for t in range(n):
                q[i, t] += powers.more_q[more, first + t]
        for t in range(n):
            all_p[t] += p[i, t]


@kernel
def _backward(tree: Tree, powers: Powers, first: int, n: int, block: Block) -> None:
    """Sum powers towards the sources."""
    v, p, q, l = block.v, block.p, block.q, block.l  # noqa: E741
    for i in range(len(tree.parent)):
        for t in range(n):
            p[i, t] = block.drawn_p[i, t]
        for t in range(n):
            q[i, t] = block.drawn_q[i, t]
    for i in range(len(tree.parent) - 1, -1, -1):
        r, x, g, b, above = tree.r[i], tree.x[i], tree.g[i], tree.b[i], tree.parent[i]
        if g != 0.0:
            for t in range(n):
                p[i, t] += g * v[i, t]
        if b != 0.0:
            for t in range(n):
                q[i, t] -= b * v[i, t]
        for t in range(n):
            l[i, t] = (p[i, t] * p[i, t] + q[i, t] * q[i, t]) / v[i, t]
        if above < 0:
            continue
        for t in range(n):
            p[above, t] += p[i, t] + r * l[i, t]
        for t in range(n):
            q[above, t] += q[i, t] + x * l[i, t]
        if tree.regulated[i] >= 0:
            ratio, k = powers.turns_v, tree.regulated[i]
            for t in range(n):
                p[above, t] += tree.half_g[i] * v[above, t] * ratio[k, first + t]
            for t in range(n):
                q[above, t] -= tree.half_b[i] * v[above, t] * ratio[k, first + t]


@kernel
def _forward(tree: Tree, powers: Powers, first: int, n: int, block: Block) -> None:
    """Renew v from the sources outward."""
    v, p, q, l = block.v, block.p, block.q, block.l  # noqa: E741
    drop, change = block.drop, block.change
    for t in range(n):
        change[t] = 0.0
    for i in range(len(tree.parent)):
        r, x, ratio, above = tree.r[i], tree.x[i], tree.ratio[i], tree.parent[i]
        z_squared = r * r + x * x
        for t in range(n):
            drop[t] = 2.0 * (r * p[i, t] + x * q[i, t]) + z_squared * l[i, t]
        if tree.regulated[i] >= 0:
            k = tree.regulated[i]
            for t in range(n):
                drop[t] += (ratio - powers.turns_v[k, first + t]) * v[above, t]
        if above < 0:
            for t in range(n):
                drop[t] = tree.root_v[i] - drop[t]
        else:
            for t in range(n):
                drop[t] = ratio * v[above, t] - drop[t]
        for t in range(n):
            moved = abs(drop[t] - v[i, t])
            change[t] = change[t] if moved <= change[t] else moved
        for t in range(n):
            v[i, t] = drop[t]


@kernel
def _is_settled(n: int, block: Block) -> bool:
    """Mark the steps that further rounds move by less than CLOSE; whether all are.

    Rounds shrink the change by about the same factor, so what is left is a geometric sum. The first
    round, from voltages without load, promises too much: a factor below a tenth is not believed.
    """
    all_are = True
    for t in range(n):
        change, before = block.change[t], block.before[t]
        factor = max(change / before, _LEAST_FACTOR)
        left = change * factor / (1.0 - factor)
        block.settled[t] = change < 1e-3 * CLOSE or (change < before and left < CLOSE)
        all_are = all_are and block.settled[t]
    return all_are
