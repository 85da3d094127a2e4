"""Own kernels and power-grid-model give the same flow, whatever the grid."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grids import feeder, loads_of, make_grid, random_grid, random_loads

from viavolta.engines.grid.flow import Draw, Extremes, Flow, FlowSolver, Method, prepare
from viavolta.model.grid import BranchKind, Grid, NodeKind, NodeLoads

BAND = {"low_pu": 0.98, "high_pu": 1.02}
SEEDS = st.integers(0, 10**6)


def assert_same(one: Flow, other: Flow, *, pu: float = 1e-7) -> None:
    """Voltages agree within 1e-7 pu, loadings within 1e-6, powers within 1e-7 of the largest."""
    np.testing.assert_array_equal(one.is_converged, other.is_converged)
    np.testing.assert_array_equal(one.tap, other.tap)
    np.testing.assert_allclose(one.u_pu, other.u_pu, rtol=0, atol=pu)
    np.testing.assert_allclose(one.loading_share, other.loading_share, rtol=0, atol=10 * pu)
    largest = 1 + np.nanmax(np.abs(other.source_kw))
    for name in ("source_kw", "source_kvar", "loss_kw"):
        values = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(*values, rtol=0, atol=pu * largest)
    np.testing.assert_allclose(one.current_a, other.current_a, rtol=1e-5, atol=1e-3)


def assert_same_extremes(one: Extremes, flow: Flow, *, step_h: float = 0.25) -> None:
    """Extremes are those of the values themselves."""
    u, loading = flow.u_pu, flow.loading_share
    known = flow.is_supplied
    np.testing.assert_allclose(one.u_min_pu[known], u.min(axis=0)[known], rtol=0, atol=1e-6)
    np.testing.assert_allclose(one.u_max_pu[known], u.max(axis=0)[known], rtol=0, atol=1e-6)
    np.testing.assert_allclose(one.loading_max, loading.max(axis=0), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(
        one.hours_outside[known], ((u < 0.98) | (u > 1.02)).sum(axis=0)[known] * step_h
    )
    np.testing.assert_array_equal(one.hours_over, (loading > 1).sum(axis=0) * step_h)
    at = one.u_min_step[known], np.flatnonzero(known)
    np.testing.assert_allclose(u[at], one.u_min_pu[known], rtol=0, atol=1e-6)
    at = one.loading_max_step, np.arange(loading.shape[1])
    np.testing.assert_allclose(loading[at], one.loading_max, rtol=0, atol=1e-5)
    assert one.loss_kwh == pytest.approx(flow.loss_kw.sum() * step_h, rel=1e-5, abs=1e-3)
    assert one.source_max_kw == pytest.approx(flow.source_kw.max(), rel=1e-6, abs=1e-3)
    assert one.n_not_converged == 0
    assert one.n_steps == len(u)


def both(grid: Grid, method: Method) -> tuple[FlowSolver, FlowSolver]:
    """The solver that is chosen, which is of this method, and power-grid-model."""
    own = prepare(grid)
    assert own.method is method
    return own, prepare(grid, method=Method.POWER_GRID_MODEL)


def all_p(loads: NodeLoads, flow: Flow) -> np.ndarray:
    """What is drawn at supplied nodes."""
    return loads.p_kw[flow.is_supplied].sum(axis=0)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_trees(seed: int) -> None:
    """The sweep agrees with power-grid-model on random trees; extremes with the values."""
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, n_nodes=int(rng.integers(2, 25)))
    loads = random_loads(rng, grid, 20)
    own, peer = both(grid, Method.SWEEP)
    flow = own.solve(loads)
    assert_same(flow, peer.solve(loads))
    assert_same_extremes(own.extremes(loads.p_kw, loads.q_kvar, **BAND), flow)
    np.testing.assert_allclose(flow.source_kw, all_p(loads, flow) + flow.loss_kw, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n_loops=st.integers(0, 4))
def test_meshes(seed: int, n_loops: int) -> None:
    """The fixed point agrees with power-grid-model on random meshes, and on trees."""
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, n_nodes=int(rng.integers(2, 25)), n_loops=n_loops)
    loads = random_loads(rng, grid, 20)
    own = prepare(grid, method=Method.FIXED_POINT)
    flow = own.solve(loads)
    assert_same(flow, prepare(grid, method=Method.POWER_GRID_MODEL).solve(loads))
    assert_same_extremes(own.extremes(loads.p_kw, loads.q_kvar, **BAND), flow)


def test_two_sources() -> None:
    """Two sources that share a grid, one stiff and one not, make a mesh."""
    nodes = [(NodeKind.SOURCE, 20.0), (NodeKind.CONNECTION, 20.0), (NodeKind.SOURCE, 20.0)]
    branches = [(BranchKind.CABLE, 0, 1), (BranchKind.CABLE, 1, 2)]
    grid = make_grid(nodes, branches, u_ref_pu=[1.0, 1.0, 1.002], sk_mva=[np.inf, np.inf, 300])
    loads = loads_of([[10.0], [500.0], [0.0]])
    own, peer = both(grid, Method.FIXED_POINT)
    assert_same(own.solve(loads), peer.solve(loads))


def test_where_each_method_is_chosen() -> None:
    """Trees are for the sweep, meshes for the fixed point, many regulated ones for the peer."""
    ring = [(BranchKind.CABLE, row, (row + 1) % 20) for row in range(20)]
    nodes = [(NodeKind.SOURCE, 20.0)] + [(NodeKind.CONNECTION, 20.0)] * 19
    assert prepare(make_grid(nodes, ring)).method is Method.FIXED_POINT
    assert prepare(make_grid(nodes, ring[:-1])).method is Method.SWEEP
    beside = [(BranchKind.TRANSFORMER, 0, 1)] * 3
    three = make_grid([(NodeKind.SOURCE, 20.0), (NodeKind.BUSBAR, 0.4)], beside)
    assert prepare(three).method is Method.SWEEP
    for regulated, method in (
        ([1.0, 1.0, 1.0], Method.SWEEP),
        ([1.0, 1.01, np.nan], Method.FIXED_POINT),
        ([1.0, 1.01, 1.02], Method.POWER_GRID_MODEL),
    ):
        grid = replace(three, regulated_pu=np.array(regulated))
        assert prepare(grid).method is method
    with pytest.raises(ValueError, match="cannot calculate"):
        prepare(grid, method=Method.FIXED_POINT)
    sources = replace(
        make_grid(nodes[:2], [(BranchKind.SWITCH, 0, 1)], r_ohm=0.0, x_ohm=0.0),
        node_kind=(NodeKind.SOURCE, NodeKind.SOURCE),
    )
    assert prepare(sources).method is Method.POWER_GRID_MODEL


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_order_of_nodes(seed: int) -> None:
    """The order of nodes and branches does not matter."""
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, n_nodes=12, n_loops=int(rng.integers(2)))
    loads = random_loads(rng, grid, 5)
    nodes, branches = rng.permutation(grid.n_nodes), rng.permutation(grid.n_branches)
    flow = prepare(grid).solve(loads)
    shuffled = reordered(grid, nodes, branches)
    place = np.argsort(nodes)
    other = prepare(shuffled).solve(replace(loads, node=place[loads.node]))
    np.testing.assert_allclose(other.u_pu, flow.u_pu[:, nodes], atol=1e-7)
    np.testing.assert_allclose(other.loading_share, flow.loading_share[:, branches], atol=1e-6)


def reordered(grid: Grid, nodes: np.ndarray, branches: np.ndarray) -> Grid:
    """The same grid with rows in another order."""
    changed: dict[str, object] = {}
    for field in grid.__dataclass_fields__:
        values = getattr(grid, field)
        if field == "grade":
            continue
        is_of_node = field in {"node_id", "node_kind", "nominal_kv", "lat", "lon"} or (
            field in {"u_ref_pu", "sk_mva"}
        )
        rows = nodes if is_of_node else branches
        changed[field] = (
            tuple(values[row] for row in rows) if isinstance(values, tuple) else values[rows]
        )
    place = np.argsort(nodes)
    changed["from_node"] = place[grid.from_node[branches]]
    changed["to_node"] = place[grid.to_node[branches]]
    return replace(grid, **changed)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, share=st.floats(0.2, 0.95))
def test_stronger_cable(seed: int, share: float) -> None:
    """A stronger cable does not lower the voltage at its end, where all nodes only draw."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    p = rng.uniform(0, 100 / n, (n + 2, 4))
    weak = feeder(n)
    row = int(rng.integers(1, n + 1))
    factor = np.where(np.arange(n + 1) == row, share, 1.0)
    strong = replace(weak, r_ohm=weak.r_ohm * factor, x_ohm=weak.x_ohm * factor)
    end = weak.to_node[row]
    u_weak, u_strong = (prepare(grid).solve(loads_of(p)).u_pu[:, end] for grid in (weak, strong))
    assert (u_strong >= u_weak - 1e-9).all()


def test_source_at_low_voltage() -> None:
    """A transformer fed from its to_node, as when a low-voltage grid feeds one above it."""
    nodes = [(NodeKind.CONNECTION, 20.0), (NodeKind.SOURCE, 0.4), (NodeKind.CONNECTION, 20.0)]
    branches = [(BranchKind.TRANSFORMER, 0, 1), (BranchKind.CABLE, 0, 2)]
    grid = make_grid(nodes, branches, tap_pos=[2, 0])
    loads = loads_of([[50.0, 80.0], [0.0, 0.0], [20.0, -90.0]])
    own, peer = both(grid, Method.SWEEP)
    assert_same(own.solve(loads), peer.solve(loads))


@pytest.mark.parametrize("method", list(Method))
def test_draws(method: Method) -> None:
    """A draw is the same as its power in the loads."""
    rng = np.random.default_rng(3)
    grid = feeder(6)
    p, q = rng.uniform(0, 10, (2, grid.n_nodes, 50))
    draws = [
        Draw(node=[2, 5], p_kw=rng.uniform(0, 11, (2, 50)), q_kvar=np.zeros((2, 50)))
        for _ in range(5)
    ]
    solver = prepare(grid, method=method)
    for draw, found in zip(draws, solver.extremes_of_draws(p, q, draws, **BAND), strict=True):
        with_draw = p.copy()
        with_draw[draw.node] += draw.p_kw
        alone = solver.extremes(with_draw, q, **BAND)
        np.testing.assert_array_equal(found.u_min_pu, alone.u_min_pu)
        np.testing.assert_array_equal(found.loading_max, alone.loading_max)


def test_regulated_transformer() -> None:
    """Both choose the same taps; the voltage is within 0.6 of a step, save at an end."""
    regulated = np.array([1.0] + [np.nan] * 4)
    grid = feeder(4, tap_min=[-4, 0, 0, 0, 0], tap_max=[4, 0, 0, 0, 0], regulated_pu=regulated)
    rng = np.random.default_rng(5)
    p = rng.uniform(-60, 60, (6, 200)) * rng.uniform(0, 1, 200)
    loads = loads_of(p, p * 0.3)
    for u_ref in (0.93, 1.0, 1.07):
        own, peer = both(replace(grid, u_ref_pu=u_ref), Method.SWEEP)
        flow = own.solve(loads)
        assert_same(flow, peer.solve(loads))
        off = np.abs(flow.u_pu[:, 1] - 1)
        assert (off[np.abs(flow.tap[:, 0]) < 4] <= 0.6 * 0.025).all()
        assert_same_extremes(own.extremes(p, p * 0.3, **BAND), flow)
    assert len(np.unique(flow.tap[:, 0])) > 1


def test_regulated_in_a_mesh() -> None:
    """A ring behind two regulated transformers side by side: the same taps by either method."""
    nodes = [(NodeKind.SOURCE, 20.0)] + [(NodeKind.CONNECTION, 0.4)] * 4
    branches = [(BranchKind.TRANSFORMER, 0, 1)] * 2
    branches += [(BranchKind.CABLE, 1, 2), (BranchKind.CABLE, 2, 3), (BranchKind.CABLE, 3, 1)]
    branches += [(BranchKind.SWITCH, 3, 4)]
    grid = make_grid(
        nodes,
        branches,
        regulated_pu=[1.0, 1.0] + [np.nan] * 4,
        r_ohm=[np.nan, np.nan, 0.02, 0.03, 0.04, 0.0],
        x_ohm=[np.nan, np.nan, 0.02, 0.03, 0.04, 0.0],
        c_nf=[np.nan, np.nan, 20.0, 20.0, 20.0, 0.0],
        u_ref_pu=1.02,
    )
    p = np.array([0, 40, 60, 30, 30])[:, None] * np.random.default_rng(9).uniform(-1, 2, (5, 200))
    own, peer = both(grid, Method.FIXED_POINT)
    flow = own.solve(loads_of(p, 0.2 * p))
    assert_same(flow, peer.solve(loads_of(p, 0.2 * p)))
    assert len(np.unique(flow.tap[:, 0])) > 1
    assert_same_extremes(own.extremes(p, 0.2 * p, **BAND), flow)


def test_regulated_in_parallel_and_in_series() -> None:
    """Two equal ones side by side, and another behind them: the same taps by either method."""
    kv = [110.0, 20.0, 20.0, 0.4, 0.4]
    nodes = [(NodeKind.SOURCE if row == 0 else NodeKind.CONNECTION, kv[row]) for row in range(5)]
    branches = [(BranchKind.TRANSFORMER, 0, 1)] * 2
    branches += [(BranchKind.CABLE, 1, 2), (BranchKind.TRANSFORMER, 2, 3), (BranchKind.CABLE, 3, 4)]
    grid = make_grid(
        nodes,
        branches,
        sn_kva=[25000, 25000, np.nan, 400, np.nan],
        pk_kw=[100, 100, np.nan, 4.6, np.nan],
        p0_kw=[14, 14, np.nan, 0.6, np.nan],
        rated_from_kv=[110, 110, np.nan, 20, np.nan],
        rated_to_kv=[20, 20, np.nan, 0.4, np.nan],
        tap_step_percent=[1.5, 1.5, 0, 2.5, 0],
        tap_min=[-9, -9, 0, -2, 0],
        tap_max=[9, 9, 0, 2, 0],
        regulated_pu=[1.02, 1.02, np.nan, 1.0, np.nan],
        r_ohm=[np.nan, np.nan, 1.5, np.nan, 0.02],
        x_ohm=[np.nan, np.nan, 1.2, np.nan, 0.01],
    )
    rng = np.random.default_rng(8)
    p = np.array([0, 9000, 5000, 100, 60])[:, None] * rng.uniform(-0.5, 1.5, (5, 300))
    loads = loads_of(p, 0.3 * p)
    own, peer = both(grid, Method.SWEEP)
    flow = own.solve(loads)
    assert_same(flow, peer.solve(loads))
    assert (flow.tap[:, 0] == flow.tap[:, 1]).all()
    assert (np.abs(flow.u_pu[:, 1] - 1.02) <= 0.6 * 0.015).all()
    assert len(np.unique(flow.tap[:, 3])) > 1


def test_beyond_the_limit() -> None:
    """Steps without a solution are named, the others are as if alone."""
    grid = feeder(3)
    p = np.zeros((5, 300))
    p[4] = 20.0
    p[4, [7, 250]] = 5000.0
    flow = prepare(grid).solve(loads_of(p))
    assert np.flatnonzero(~flow.is_converged).tolist() == [7, 250]
    assert np.isnan(flow.u_pu[7]).all()
    found = prepare(grid).extremes(p, 0 * p, **BAND)
    assert found.not_converged.tolist() == [7, 250]
    assert not found.is_within
    alone = prepare(grid).extremes(p[:, 8:200], 0 * p[:, 8:200], **BAND)
    np.testing.assert_allclose(found.u_min_pu, alone.u_min_pu, atol=1e-12)


def test_near_the_limit() -> None:
    """Close to the most a feeder can carry, where rounds shrink errors slowly, both agree."""
    grid = feeder(3)
    p = np.zeros((5, 60))
    p[4] = np.linspace(300, 700, 60)
    own, peer = both(grid, Method.SWEEP)
    flow, other = own.solve(loads_of(p)), peer.solve(loads_of(p))
    assert 5 < flow.is_converged.sum() < 55
    assert_same(flow, other, pu=1e-6)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("n_steps", [0, 1, 3])
def test_smallest_grids(method: Method, n_steps: int) -> None:
    """A lone source, a grid without any load, and no steps at all are no special cases."""
    lone = make_grid([(NodeKind.SOURCE, 0.4)], [], u_ref_pu=1.02)
    idle = feeder(2, sk_mva=100.0)
    for grid, p_kw in ((lone, [7.0]), (idle, [0.0] * 4)):
        p = np.repeat(np.array(p_kw)[:, None], n_steps, axis=1)
        solver = prepare(grid, method=method)
        flow = solver.solve(loads_of(p))
        assert flow.u_pu.shape == (n_steps, grid.n_nodes)
        assert flow.is_converged.all()
        np.testing.assert_allclose(flow.source_kw, p.sum(axis=0) + flow.loss_kw, atol=1e-6)
        found = solver.extremes(p, 0 * p, low_pu=-np.inf, high_pu=np.inf)
        assert found.n_steps == n_steps
        assert not found.hours_outside.any()
        assert np.isnan(found.u_min_pu).all() == (n_steps == 0)


@pytest.mark.parametrize("group", ["", "Dyn11", "YNd5", "YNyn0", "Yzn5", "Dyn"])
def test_vector_groups(group: str) -> None:
    """No group, read or not, changes a balanced flow; nor does less current than losses ask for."""
    nodes = [(NodeKind.SOURCE, 20.0), (NodeKind.BUSBAR, 0.4), (NodeKind.CONNECTION, 0.4)]
    branches = [(BranchKind.TRANSFORMER, 0, 1)] * 2
    branches += [(BranchKind.CABLE, 1, 2), (BranchKind.TRANSFORMER, 0, 2)]
    plain = make_grid(nodes, branches, vector_group=("Dyn5", "Dyn5", "", "Dyn5"), i0_percent=0.05)
    other = replace(plain, vector_group=(group, group, "", group))
    loads = loads_of([[0.0, 0.0], [100.0, -50.0], [200.0, 30.0]])
    expected = prepare(plain).solve(loads)
    for method in (Method.FIXED_POINT, Method.POWER_GRID_MODEL):
        assert_same(prepare(other, method=method).solve(loads), expected)


def test_cut_off_nodes() -> None:
    """Nodes without a path to a source have no voltage, and their loads count nowhere."""
    grid = feeder(3, is_closed=[True, True, False, True])
    loads = loads_of(np.full((5, 3), 10.0))
    own, peer = both(grid, Method.SWEEP)
    for flow in (own.solve(loads), peer.solve(loads)):
        assert flow.is_supplied.tolist() == [True, True, True, False, False]
        assert np.isnan(flow.u_pu[:, 3:]).all()
        np.testing.assert_allclose(flow.source_kw, 30 + flow.loss_kw, atol=1e-6)
    found = own.extremes(loads.p_kw, loads.q_kvar, **BAND)
    assert np.isnan(found.u_min_pu[3:]).all()
    assert found.u_min_step[3:].tolist() == [-1, -1]
