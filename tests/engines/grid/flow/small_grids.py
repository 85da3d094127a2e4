"""Grids for tests of the power flow: one by hand, random trees and random meshes."""

from typing import Any

import numpy as np

from viavolta.model.grid import BranchKind, Grade, Grid, NodeKind, NodeLoads, Phase

START = np.datetime64("2025-01-01T00:00:00", "s")


def make_grid(
    nodes: list[tuple[NodeKind, float]], branches: list[tuple[BranchKind, int, int]], **fields: Any
) -> Grid:
    """Make a grid with fields of its own; a transformer is one of 400 kVA, 20 to 0.4 kV, Dyn5."""
    kinds = tuple(kind for kind, _, _ in branches)
    is_transformer = np.array([kind is BranchKind.TRANSFORMER for kind in kinds])

    def of(transformer: float, line: float) -> Any:
        return np.where(is_transformer, transformer, line)

    defaults: dict[str, Any] = {
        "node_id": tuple(f"n{row}" for row in range(len(nodes))),
        "node_kind": tuple(kind for kind, _ in nodes),
        "nominal_kv": np.array([kv for _, kv in nodes]),
        "lat": np.nan,
        "lon": np.nan,
        "u_ref_pu": 1.0,
        "sk_mva": np.inf,
        "branch_id": tuple(f"b{row}" for row in range(len(branches))),
        "branch_kind": kinds,
        "from_node": np.array([a for _, a, _ in branches]),
        "to_node": np.array([b for _, _, b in branches]),
        "is_closed": True,
        "length_km": of(0, 0.1),
        "r_ohm": of(np.nan, 0.02),
        "x_ohm": of(np.nan, 0.008),
        "c_nf": of(np.nan, 30.0),
        "r0_ohm": of(np.nan, 0.08),
        "x0_ohm": of(np.nan, 0.02),
        "c0_nf": of(np.nan, 10.0),
        "max_a": of(np.inf, 270.0),
        "n_parallel": 1,
        "sn_kva": of(400.0, np.nan),
        "uk_percent": of(4.0, np.nan),
        "pk_kw": of(4.6, np.nan),
        "p0_kw": of(0.61, np.nan),
        "i0_percent": of(0.5, np.nan),
        "rated_from_kv": of(20.0, np.nan),
        "rated_to_kv": of(0.4, np.nan),
        "tap_pos": 0,
        "tap_step_percent": of(2.5, 0.0),
        "tap_min": of(-2, 0),
        "tap_max": of(2, 0),
        "regulated_pu": np.nan,
        "vector_group": tuple("Dyn5" if one else "" for one in is_transformer),
        "grade": Grade.MODELLED,
    }
    return Grid(**(defaults | fields))


def feeder(n_customers: int = 5, **fields: Any) -> Grid:
    """A transformer and one cable from customer to customer."""
    nodes = [(NodeKind.SOURCE, 20.0), (NodeKind.BUSBAR, 0.4)]
    nodes += [(NodeKind.CONNECTION, 0.4)] * n_customers
    branches = [(BranchKind.TRANSFORMER, 0, 1)]
    branches += [(BranchKind.CABLE, row, row + 1) for row in range(1, n_customers + 1)]
    return make_grid(nodes, branches, **fields)


def loads_of(p_kw: Any, q_kvar: Any = None, *, phase: Phase = Phase.ABC) -> NodeLoads:
    """Loads at all nodes: (N, T)."""
    p = np.asarray(p_kw, float)
    return NodeLoads(
        start=START + np.arange(p.shape[1]) * np.timedelta64(900, "s"),
        step_s=900,
        node=np.arange(len(p)),
        phase=(phase,) * len(p),
        p_kw=p,
        q_kvar=np.zeros_like(p) if q_kvar is None else q_kvar,
    )


def random_tree(
    rng: np.random.Generator, n_nodes: int
) -> tuple[list[float], list[tuple[BranchKind, int, int]]]:
    """Voltages and branches of a random tree; some branches have another beside them."""
    kv = [20.0]
    branches: list[tuple[BranchKind, int, int]] = []
    for node in range(1, n_nodes):
        above = int(rng.integers(node))
        if kv[above] > 1 and rng.random() < 0.4:
            kv.append(0.4)
            branches += [(BranchKind.TRANSFORMER, above, node)] * int(rng.integers(1, 3))
            continue
        kv.append(kv[above])
        kind = BranchKind.SWITCH if rng.random() < 0.1 else BranchKind.CABLE
        ends = (above, node) if rng.random() < 0.5 else (node, above)
        branches.append((kind, *ends))
        if rng.random() < 0.1:
            branches.append((kind, *ends[::-1]))
    return kv, branches


def random_grid(rng: np.random.Generator, *, n_nodes: int, n_loops: int = 0, **fields: Any) -> Grid:
    """Nodes at 20 and 0.4 kV in a random tree, its branches any way round, some side by side.

    Taps, switches, parallel systems, open branches and the impedance of the source are random
    too. `n_loops` branches more close loops within a section.
    """
    kv, branches = random_tree(rng, n_nodes)
    is_closed = [True] * len(branches)
    for is_open in [True] * 3 + [False] * n_loops:
        one, other = rng.choice(n_nodes, 2, replace=False).tolist()
        if kv[one] == kv[other]:
            branches.append((BranchKind.CABLE, one, other))
            is_closed.append(not is_open)
    n = len(branches)
    kinds = np.array([kind for kind, _, _ in branches])
    is_transformer, is_switch = kinds == BranchKind.TRANSFORMER, kinds == BranchKind.SWITCH
    ends = np.array([(one, other) for _, one, other in branches])
    is_mv = np.array(kv)[ends[:, 0]] > 1
    km = np.where(is_mv, rng.uniform(0.2, 3.0, n), rng.uniform(0.01, 0.2, n)) * ~is_switch

    def of_lines(values: Any) -> Any:
        return np.where(is_transformer, np.nan, values)

    tap = np.zeros(n, dtype=int)
    for pair in {tuple(pair) for pair in ends[is_transformer].tolist()}:
        tap[(ends == pair).all(axis=1)] = rng.integers(-2, 3)
    defaults: dict[str, Any] = {
        "is_closed": np.array(is_closed),
        "length_km": km * ~is_transformer,
        "r_ohm": of_lines(km * rng.uniform(0.1, 0.6, n)),
        "x_ohm": of_lines(km * rng.uniform(0.07, 0.3, n)),
        "c_nf": of_lines(km * rng.uniform(0, 400, n)),
        "r0_ohm": of_lines(km * 1.2),
        "x0_ohm": of_lines(km * 0.4),
        "c0_nf": of_lines(km * 100),
        "tap_pos": tap,
        "n_parallel": rng.integers(1, 3, n),
        "u_ref_pu": rng.uniform(0.97, 1.05),
        "sk_mva": rng.choice([np.inf, 200.0]),
    }
    kinds_of_nodes = [NodeKind.SOURCE] + [NodeKind.CONNECTION] * (n_nodes - 1)
    return make_grid(list(zip(kinds_of_nodes, kv, strict=True)), branches, **(defaults | fields))


def random_loads(rng: np.random.Generator, grid: Grid, n_steps: int) -> NodeLoads:
    """Loads and feed-in at most nodes, more at 20 kV."""
    most = np.where(grid.nominal_kv > 1, 300.0, 200.0 / grid.n_nodes)
    p = rng.uniform(-0.5, 1.0, (grid.n_nodes, n_steps)) * most[:, None]
    p *= rng.random((grid.n_nodes, 1)) < 0.8
    return loads_of(p, p * rng.uniform(-0.2, 0.5, (grid.n_nodes, 1)))
