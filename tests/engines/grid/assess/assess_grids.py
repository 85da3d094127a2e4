"""Small grids for tests, a few nodes each."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from viavolta.engines.grid.bands import GridRules
from viavolta.model.grid import BranchKind, Grade, Grid, NodeKind, NodeLoads, Phase


def rules() -> GridRules:
    """Limits as in the catalogue."""
    return GridRules(
        low_pu=0.9,
        high_pu=1.1,
        mv_drop=0.015,
        mv_rise=0.05,
        station_drop=0.02,
        station_rise=0.015,
        lv_drop=0.065,
        lv_rise=0.035,
        lv_most_kv=1,
        mv_most_kv=60,
        n1_line=0.5,
        n1_transformer=0.5,
    )


def make_grid(
    kv: list[float], ends: list[tuple[int, int]], *, kinds: list[BranchKind], **more: Any
) -> Grid:
    """A grid of cables of 0.2 km and transformers of 400 kVA; node 0 is the source."""
    n, b = len(kv), len(ends)
    is_transformer = np.array([kind is BranchKind.TRANSFORMER for kind in kinds])

    def of(transformer: float, line: float) -> np.ndarray:
        return np.where(is_transformer, transformer, line)

    nan = np.nan
    start, end = np.array(ends).reshape(b, 2).T
    levels = np.array(kv)
    fields: dict[str, Any] = {
        "node_id": tuple(f"n{i}" for i in range(n)),
        "node_kind": (NodeKind.SOURCE, *[NodeKind.CONNECTION] * (n - 1)),
        "nominal_kv": levels,
        "lat": nan,
        "lon": nan,
        "u_ref_pu": 1.0,
        "sk_mva": np.inf,
        "branch_id": tuple(f"b{i}" for i in range(b)),
        "branch_kind": tuple(kinds),
        "from_node": start,
        "to_node": end,
        "is_closed": True,
        "length_km": of(0, 0.2),
        "r_ohm": of(nan, 0.041),
        "x_ohm": of(nan, 0.016),
        "c_nf": of(nan, 50),
        "r0_ohm": of(nan, 0.164),
        "x0_ohm": of(nan, 0.064),
        "c0_nf": of(nan, 50),
        "max_a": of(np.inf, 270),
        "n_parallel": 1,
        "sn_kva": of(400, nan),
        "uk_percent": of(4, nan),
        "pk_kw": of(4.6, nan),
        "p0_kw": of(0.6, nan),
        "i0_percent": of(0.5, nan),
        "rated_from_kv": of(0, nan) + levels[start],
        "rated_to_kv": of(0, nan) + levels[end],
        "tap_pos": 0,
        "tap_step_percent": 0,
        "tap_min": 0,
        "tap_max": 0,
        "regulated_pu": nan,
        "vector_group": tuple("Dyn5" if t else "" for t in is_transformer),
        "grade": Grade.TWIN,
    }
    return Grid(**{**fields, **more})


def lv_behind_station(*, is_fed_low: bool = False, **more: Any) -> Grid:
    """A station and two customers along one cable; or the cable alone, fed at its begin."""
    cable = BranchKind.CABLE
    if is_fed_low:
        return make_grid([0.4] * 3, [(0, 1), (1, 2)], kinds=[cable] * 2, **more)
    kinds = [BranchKind.TRANSFORMER, cable, cable]
    return make_grid([20, 0.4, 0.4, 0.4], [(0, 1), (1, 2), (2, 3)], kinds=kinds, **more)


def mv_ring(*, from_high: bool = False, n_parallel: int = 1) -> Grid:
    """Two cables of a half ring; with the transformer from high voltage, or without."""
    cable = BranchKind.CABLE
    if from_high:
        kinds = [BranchKind.TRANSFORMER, cable]
        return make_grid([110, 20, 20], [(0, 1), (1, 2)], kinds=kinds, n_parallel=n_parallel)
    return make_grid([20] * 3, [(0, 1), (1, 2)], kinds=[cable] * 2)


def station_and_mv() -> Grid:
    """A half ring with a station and a customer at low voltage at its end."""
    cable = BranchKind.CABLE
    kinds = [cable, cable, BranchKind.TRANSFORMER, cable]
    return make_grid([20, 20, 20, 0.4, 0.4], [(0, 1), (1, 2), (2, 3), (3, 4)], kinds=kinds)


def loads(grid: Grid, p_kw: Any, *, node: list[int] | None = None, step_s: int = 900) -> NodeLoads:
    """Balanced loads (M, T) at nodes, at all of them unless said otherwise."""
    power = np.atleast_2d(np.asarray(p_kw, dtype=float))
    rows = list(range(grid.n_nodes)) if node is None else node
    return NodeLoads(
        start=np.datetime64("2025-01-01T00:00", "s")
        + np.arange(power.shape[1]) * np.timedelta64(step_s, "s"),
        step_s=step_s,
        node=np.array(rows),
        phase=(Phase.ABC,) * len(rows),
        p_kw=power,
        q_kvar=np.zeros_like(power),
    )


@dataclass
class FakeFlow:
    """What a power flow gives, as a test sets it."""

    u_pu: np.ndarray
    loading_share: np.ndarray
    loss_kw: np.ndarray
    source_kw: np.ndarray
    is_converged: np.ndarray


class FakeSolver:
    """A grid whose voltages and loadings follow the sum of loads at each node in a straight line.

    Beyond `most_kw` in all there is no solution.
    """

    def __init__(self, grid: Grid, *, most_kw: float = np.inf) -> None:
        self.grid, self.most_kw = grid, most_kw

    def solve(self, of: NodeLoads, /) -> FakeFlow:
        """Voltage falls by 0.1 % a kW at the node; every branch is full at 100 kW."""
        at = np.zeros((of.n_steps, self.grid.n_nodes))
        for row, node in enumerate(of.node):
            at[:, node] += of.p_kw[row]
        total = at.sum(axis=1)
        ok = np.abs(total) <= self.most_kw
        u = np.where(ok[:, None], 1 - at / 1000, np.nan)
        share = np.where(ok, np.abs(total) / 100, np.nan)[:, None]
        return FakeFlow(
            u_pu=u,
            loading_share=np.broadcast_to(share, (of.n_steps, self.grid.n_branches)),
            loss_kw=np.where(ok, 1.0, np.nan),
            source_kw=np.where(ok, total + 1, np.nan),
            is_converged=ok,
        )
