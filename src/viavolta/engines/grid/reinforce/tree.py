"""A radial grid as a tree: each node with the branches that feed it.

Powers are in kW, kvar and kVA, voltages squared in pu of the node's nominal one, impedances in pu
of 1 kVA at the nominal voltage of the node below (`kv**2 * 1000` ohm). With v the squared voltage,
S = P + jQ what arrives at the node below and z = r + jx the impedance of the branch, power flow on
a tree is (Baran and Wu 1989)

    l = (P^2 + Q^2) / v_below,    v_below = a v_above - 2 (r P + x Q) - (r^2 + x^2) l,

and P + r l, Q + x l are drawn from the node above. `a` are the squared turns of a transformer,
which stand before its impedance (as in engines.grid.flow).
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import BranchKind, Grid, NodeKind

_SOURCE_R_OVER_X = 0.1  # of a source's impedance, as in engines.grid.flow
FREQUENCY_HZ = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Electrical values of all branches between a node and the one above it, taken together.

    Attributes
    ----------
    r, x : pu of 1 kVA. a : squared turns. cap_kva : what they bear at nominal voltage of the node
        below, infinite where not known. shunt_kw : no-load losses at nominal voltage;
        charge_kvar : charging less magnetising at nominal voltage.
    """

    r: float
    x: float
    a: float
    cap_kva: float
    shunt_kw: float
    charge_kvar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A grid without meshes. Nodes without supply belong to no tree.

    Attributes
    ----------
    order : supplied nodes from the sources downwards. parent : (N,) node above; -1 at a source and
        without supply. rows : (N,) closed branches to the node above. edge : (N,) their values; at
        a source those of what lies behind it.
    source_v : (N,) squared voltage behind a source, 0 elsewhere.
    """

    order: Ints
    parent: Ints
    rows: tuple[tuple[int, ...], ...]
    edge: tuple[Edge, ...]
    source_v: Floats

    def path(self, node: int) -> list[int]:
        """Nodes from one below a source, or the source itself, down to a node."""
        path = [node]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path[::-1]

    def children(self) -> list[list[int]]:
        """(N,) nodes below each node."""
        below: list[list[int]] = [[] for _ in self.parent]
        for node in self.order.tolist():
            if self.parent[node] >= 0:
                below[self.parent[node]].append(node)
        return below


NO_EDGE = Edge(r=0.0, x=0.0, a=1.0, cap_kva=float("inf"), shunt_kw=0.0, charge_kvar=0.0)


def tree_of(grid: Grid) -> Tree | None:
    """The tree of a grid; None where it has meshes, sources that are joined, or odd transformers.

    Branches side by side make one edge. A transformer that is fed from its lower voltage, or that
    stands beside one of other turns, is odd.
    """
    at = defaultdict(list)
    for row in np.flatnonzero(grid.is_closed).tolist():
        a, b = int(grid.from_node[row]), int(grid.to_node[row])
        at[a].append((row, b))
        at[b].append((row, a))
    parent = np.full(grid.n_nodes, -1, dtype=np.int64)
    rows: list[list[int]] = [[] for _ in range(grid.n_nodes)]
    sources = np.flatnonzero(grid.is_kind(NodeKind.SOURCE)).tolist()
    order, is_seen = list(sources), np.zeros(grid.n_nodes, dtype=bool)
    is_seen[sources] = True
    for node in order:  # grows while it is read
        for row, other in at[node]:
            if row in rows[node]:
                continue
            if is_seen[other] and parent[other] != node:
                return None
            if not is_seen[other]:
                is_seen[other] = True
                parent[other] = node
                order.append(other)
            rows[other].append(row)
    edges = _edges(grid, parent=parent, rows=rows, sources=sources)
    if edges is None:
        return None
    source_v = np.zeros(grid.n_nodes)
    source_v[sources] = grid.u_ref_pu[sources] ** 2
    return Tree(
        order=np.array(order, dtype=np.int64),
        parent=parent,
        rows=tuple(tuple(one) for one in rows),
        edge=tuple(edges),
        source_v=source_v,
    )


def _edges(
    grid: Grid, *, parent: Ints, rows: list[list[int]], sources: list[int]
) -> list[Edge] | None:
    edges = [NO_EDGE] * grid.n_nodes
    for node in sources:
        impedance = 1 / (grid.sk_mva[node] * 1000)
        x = impedance / np.hypot(1, _SOURCE_R_OVER_X)
        edges[node] = Edge(
            r=x * _SOURCE_R_OVER_X,
            x=x,
            a=1.0,
            cap_kva=float("inf"),
            shunt_kw=0.0,
            charge_kvar=0.0,
        )
    for node, of_node in enumerate(rows):
        if not of_node:
            continue
        parts = [edge_of_row(grid, row, above=int(parent[node])) for row in of_node]
        if any(part is None for part in parts):
            return None
        joined = beside([part for part in parts if part is not None])
        if joined is None:
            return None
        edges[node] = joined
    return edges


def edge_of_row(grid: Grid, row: int, *, above: int) -> Edge | None:
    """Values of one branch, all its parallel systems; None for a transformer fed from below."""
    n = int(grid.n_parallel[row])
    if grid.branch_kind[row] is BranchKind.TRANSFORMER:
        if int(grid.from_node[row]) != above:
            return None
        return transformer_edge(
            sn_kva=float(grid.sn_kva[row]),
            uk_percent=float(grid.uk_percent[row]),
            pk_kw=float(grid.pk_kw[row]),
            p0_kw=float(grid.p0_kw[row]),
            i0_percent=float(grid.i0_percent[row]),
            turns=(
                float(grid.rated_from_kv[row] / grid.nominal_kv[grid.from_node[row]]),
                float(grid.rated_to_kv[row] / grid.nominal_kv[grid.to_node[row]]),
            ),
            tap_share=float(grid.tap_pos[row] * grid.tap_step_percent[row]) / 100,
            n=n,
        )
    below = int(grid.to_node[row] if grid.from_node[row] == above else grid.from_node[row])
    return cable_edge(
        r_ohm=float(grid.r_ohm[row]),
        x_ohm=float(grid.x_ohm[row]),
        c_nf=float(grid.c_nf[row]),
        max_a=float(grid.max_a[row]),
        kv=(float(grid.nominal_kv[above]), float(grid.nominal_kv[below])),
        n=n,
    )


def cable_edge(
    *, r_ohm: float, x_ohm: float, c_nf: float, max_a: float, kv: tuple[float, float], n: int
) -> Edge:
    """Values of n equal lines between nominal voltages above and below."""
    above, below = kv
    ohm = below**2 * 1000
    return Edge(
        r=r_ohm / ohm / n,
        x=x_ohm / ohm / n,
        a=(above / below) ** 2,
        cap_kva=float(np.sqrt(3)) * below * max_a * n,
        shunt_kw=0.0,
        charge_kvar=2 * np.pi * FREQUENCY_HZ * c_nf * 1e-9 * ohm * n,
    )


def transformer_edge(
    *,
    sn_kva: float,
    uk_percent: float,
    pk_kw: float,
    p0_kw: float,
    i0_percent: float,
    turns: tuple[float, float],
    tap_share: float,
    n: int,
) -> Edge:
    """Values of n equal transformers, `turns` rated over nominal voltage above and below.

    Its rated current counts at both ends: a tap below 0 raises that of the upper one.
    """
    rated_above, rated_below = turns
    base = rated_below**2 / sn_kva
    z, r = uk_percent / 100 * base, pk_kw / sn_kva * base
    magnetising = float(np.sqrt(max((i0_percent / 100 * sn_kva) ** 2 - p0_kw**2, 0.0)))
    return Edge(
        r=r / n,
        x=float(np.sqrt(max(z**2 - r**2, 0.0))) / n,
        a=(rated_below / (rated_above * (1 + tap_share))) ** 2,
        cap_kva=sn_kva / rated_below * n * min(1.0, 1 + tap_share),
        shunt_kw=p0_kw / rated_below**2 * n,
        charge_kvar=-magnetising / rated_below**2 * n,
    )


def beside(parts: list[Edge]) -> Edge | None:
    """Edges side by side as one; None where their turns differ. Current divides by impedance."""
    if len(parts) == 1:
        return parts[0]
    if any(abs(part.a - parts[0].a) > 1e-9 for part in parts):  # noqa: PLR2004 - the same turns
        return None
    z = np.array([complex(part.r, part.x) for part in parts])
    if (z == 0).any():
        return NO_EDGE if len(parts) == 1 else None
    whole = 1 / (1 / z).sum()
    share = np.abs(whole / z)
    cap = np.array([part.cap_kva for part in parts])
    return Edge(
        r=float(whole.real),
        x=float(whole.imag),
        a=parts[0].a,
        cap_kva=float((cap / share).min()),
        shunt_kw=sum(part.shunt_kw for part in parts),
        charge_kvar=sum(part.charge_kvar for part in parts),
    )
