"""How fast power flow in bulk is, beside power-grid-model and pandapower on the same task.

The grid is SimBench LV urban6 (59 nodes) as the golden cases hold it, with loads and feed-in drawn
at random around theirs. Times are wall time, the best of several runs, on one thread unless cores
are named; the first run, which loads the compiled kernels, is not measured. power-grid-model runs
in batch as its users would run it, by the faster of its two exact methods, voltages alone asked
for; pandapower in its own environment (`make bench` makes it), on few steps. Ours gives the
extremes of all voltages, loadings and losses. Ratio = theirs / ours.

Anchors, on another machine before this engine was built, per flow: pandapower runpp 51 ms, its
fastest series 11 ms, power-grid-model 51-64 us.

VIAVOLTA_BENCH_LARGE=1 runs all 1,000 draws of a year; without it, a part and what that comes to.
Ends with 1 where an aim is missed, methods disagree by more than 1e-6 pu, or one of our own kernels
is slower than power-grid-model where it is chosen.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import power_grid_model as pgm
from power_grid_model.errors import PowerGridError

from viavolta.engines.grid.flow import Draw, prepare
from viavolta.engines.kit.threads import n_threads
from viavolta.formats.grids import read_grid
from viavolta.model.grid import BranchKind, Grid, NodeKind, NodeLoads, Phase

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden" / "grid"
TYPES = HERE.parent / "src" / "viavolta" / "samples" / "grid_twins"
PEER = HERE.parent / ".venv-peers" / "pandapower" / "bin" / "python"
IS_LARGE = os.environ.get("VIAVOLTA_BENCH_LARGE") == "1"
YEAR, N_DRAWS, PART = 35_040, 1_000, 40
AGREEMENT_PU = 1e-6
FLOW_AIM_US, YEAR_AIM_S, DRAWS_AIM_S = 6.0, 0.5, 300.0
PEER_LIMIT_S, PEER_STEPS = 120, 20
BAND = {"low_pu": 0.94, "high_pu": 1.06}
Floats = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A grid and what its nodes draw: p_kw, q_kvar (N, T)."""

    grid: Grid
    p_kw: Floats
    q_kvar: Floats

    def first(self, n_steps: int) -> "Task":
        """The same with fewer steps."""
        p, q = (np.ascontiguousarray(values[:, :n_steps]) for values in (self.p_kw, self.q_kvar))
        return replace(self, p_kw=p, q_kvar=q)


def main() -> int:
    """Print the table and what was not reached; 1 where something was not."""
    task = urban6()
    missed = per_flow(task) + year(task) + draws(task) + where_chosen()
    print("not reached: " + ("; ".join(missed) or "nothing, every aim is reached"))
    return int(bool(missed))


def urban6() -> Task:
    """The golden grid with a year of loads."""
    grid = read_grid(GOLDEN / "lv-urban6" / "grid.json")[0]
    lines = (GOLDEN / "lv-urban6" / "loads.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    rng = np.random.default_rng(1)
    p_kw, q_kvar = np.zeros((2, grid.n_nodes, YEAR))
    for bus, p, q, feed in rows:
        at, share = grid.node_id.index(bus), rng.uniform(0.1, 1.3, YEAR)
        p_kw[at] = float(p) * share - float(feed) * rng.random(YEAR)
        q_kvar[at] = float(q) * share
    return Task(grid=grid, p_kw=p_kw, q_kvar=q_kvar)


def per_flow(task: Task) -> list[str]:
    """Compare one flow with both peers."""
    print("SimBench LV urban6, 59 nodes, per power flow, one thread")
    few = task.first(4_000)
    own = prepare(few.grid)
    ours_us = us_per_flow(lambda: own.extremes(few.p_kw, few.q_kvar, **BAND), 4_000)
    every_us = us_per_flow(lambda: own.solve(loads_of(few)), 4_000)
    theirs_us, u_peer = power_grid_model(few)
    line = aim_line(f"viavolta, {own.method}", ours_us, FLOW_AIM_US, "us")
    print(f"  {line}; every value kept {every_us:.3g} us")
    print(f"  power-grid-model {theirs_us:.3g} us: ratio {theirs_us / ours_us:.1f}")
    u = own.solve(loads_of(few)).u_pu
    missed = agreement("power-grid-model", u, u_peer)
    missed += [] if ours_us <= FLOW_AIM_US else ["time per flow"]
    missed += [] if ours_us <= theirs_us else ["faster than power-grid-model"]
    return missed + pandapower(few.first(PEER_STEPS), ours_us, u)


def pandapower(task: Task, ours_us: float, u_pu: Floats) -> list[str]:
    """Run pandapower on a few steps and print its line."""
    if not PEER.exists():
        print("  pandapower: not installed; make .venv-peers/pandapower/.made")
        return []
    with tempfile.TemporaryDirectory() as folder:
        rows = np.flatnonzero(task.p_kw.any(axis=1))
        file = Path(folder, "loads.npz")
        names = np.array(task.grid.node_id)[rows]
        np.savez(file, bus=names, p_kw=task.p_kw[rows], q_kvar=task.q_kvar[rows])
        grid = GOLDEN / "lv-urban6" / "grid.json"
        command = [str(PEER), str(HERE / "peers" / "pandapower_flow.py"), "time", str(grid)]
        done = subprocess.run(
            [*command, str(file)],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=PEER_LIMIT_S,
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for name, what in (("runpp_s", "runpp"), ("series_s", "runpp, recycled and warm")):
        its_us = answer[name] * 1e6
        print(f"  {answer['peer']}, {what} {its_us:,.0f} us: ratio {its_us / ours_us:,.0f}")
    at = [task.grid.node_id.index(name) for name in answer["bus"]]
    return agreement("pandapower", u_pu[:PEER_STEPS, at], np.array(answer["u_pu"]))


def year(task: Task) -> list[str]:
    """Time a year of the grid."""
    solver = prepare(task.grid)
    seconds = us_per_flow(lambda: solver.extremes(task.p_kw, task.q_kvar, **BAND), 1) / 1e6
    print(f"a year at 15 minutes of that grid\n  {aim_line('extremes', seconds, YEAR_AIM_S, 's')}")
    return [] if seconds <= YEAR_AIM_S else ["a year"]


def draws(task: Task) -> list[str]:
    """Time draws of a year of charging on top of the year's loads, over all cores."""
    solver, rng = prepare(task.grid), np.random.default_rng(2)
    n_draws, n_at_once = (N_DRAWS if IS_LARGE else PART), 20
    seconds, n_steps = 0.0, 0
    for _ in range(n_draws // n_at_once):
        some = [a_draw(rng, task.grid) for _ in range(n_at_once)]
        begin_s = time.perf_counter()
        found = solver.extremes_of_draws(task.p_kw, task.q_kvar, some, **BAND)
        seconds += time.perf_counter() - begin_s
        n_steps += sum(one.n_steps for one in found)
    whole_s = seconds * N_DRAWS * YEAR / n_steps
    print(f"{N_DRAWS:,} draws of a year: {N_DRAWS * YEAR:,} power flows on {n_threads()} cores")
    print(f"  {aim_line('all', whole_s, DRAWS_AIM_S, 's')}")
    how = "all measured" if IS_LARGE else f"{n_draws} draws measured, the rest like them"
    print(f"  {how}: {n_steps:,} flows in {seconds:.3g} s, {seconds / n_steps * 1e6:.3g} us each")
    return [] if whole_s <= DRAWS_AIM_S else ["1,000 draws"]


def a_draw(rng: np.random.Generator, grid: Grid) -> Draw:
    """Charging at 11 kW, an hour in ten, at every second node."""
    rows = np.sort(rng.choice(np.arange(2, grid.n_nodes), grid.n_nodes // 2, replace=False))
    p_kw = 11.0 * (rng.random((len(rows), YEAR), dtype=np.float32) < 0.1)
    return Draw(node=rows, p_kw=p_kw, q_kvar=np.zeros_like(p_kw))


def where_chosen() -> list[str]:
    """Compare with power-grid-model on grids of every kind that an own kernel is chosen for."""
    print("where an own kernel is chosen, per flow on one thread: ours, power-grid-model, ratio")
    tasks = [
        (folder.name, loaded(read_grid(folder)[0]))
        for folder in sorted(TYPES.iterdir())
        if (folder / "nodes.csv").exists()
    ]
    tasks += [(f"LV mesh of {n} nodes", loaded(mesh(n))) for n in (20, 60, 200, 600)]
    missed = []
    for name, task in tasks:
        own = prepare(task.grid)
        n_steps = task.p_kw.shape[1]
        ours_us = us_per_flow(lambda t=task, o=own: o.extremes(t.p_kw, t.q_kvar, **BAND), n_steps)
        fixed = replace(task.grid, regulated_pu=np.nan)
        theirs_us, u_peer = power_grid_model(replace(task, grid=fixed))
        is_faster = ours_us <= theirs_us
        taps = "; ours with taps that move" if np.isfinite(task.grid.regulated_pu).any() else ""
        print(
            f"  {name}: {own.method}, {ours_us:.3g} us, {theirs_us:.3g} us, "
            f"{theirs_us / ours_us:.1f}{'' if is_faster else ' SLOWER'}{taps}"
        )
        missed += [] if is_faster else [f"{name}: faster than power-grid-model"]
        u_pu = prepare(fixed).solve(loads_of(task)).u_pu
        missed += agreement(name, u_pu, u_peer, silent=True)
    return missed


def loaded(grid: Grid) -> Task:
    """Loads that bring the lowest voltage to about 0.94 pu, a few steps of them."""
    rng, n_steps = np.random.default_rng(3), 1_000
    most = np.where(grid.is_kind(NodeKind.SOURCE) | (grid.nominal_kv > 30), 0.0, 1.0)
    shape = most[:, None] * rng.uniform(-0.3, 1.0, (grid.n_nodes, n_steps))
    solver, kw = prepare(grid), 0.01
    for _ in range(40):
        found = solver.extremes(shape * kw * 1.3, 0.3 * shape * kw, **BAND)
        if found.n_not_converged or np.nanmin(found.u_min_pu) < BAND["low_pu"]:
            break
        kw *= 1.3
    return Task(grid=grid, p_kw=shape * kw, q_kvar=0.2 * shape * kw)


def mesh(n_nodes: int) -> Grid:
    """A transformer, cables with branches, and two loops."""
    rng = np.random.default_rng(4)
    above = [max(1, node - int(rng.integers(1, 6))) for node in range(2, n_nodes)]
    one = np.array([0, *above, n_nodes - 1, n_nodes // 3])
    other = np.array([1, *range(2, n_nodes), n_nodes // 2, n_nodes // 2])
    n = len(one)
    is_transformer = np.arange(n) == 0

    def of(transformer: float, line: float) -> Floats:
        return np.where(is_transformer, transformer, line)

    kinds = (BranchKind.TRANSFORMER,) + (BranchKind.CABLE,) * (n - 1)
    base = read_grid(TYPES / "lv-urban6")[0]
    return replace(
        base,
        node_id=tuple(f"n{row}" for row in range(n_nodes)),
        node_kind=(NodeKind.SOURCE,) + (NodeKind.CONNECTION,) * (n_nodes - 1),
        nominal_kv=np.r_[20.0, np.full(n_nodes - 1, 0.4)],
        lat=np.nan,
        lon=np.nan,
        u_ref_pu=1.0,
        sk_mva=np.inf,
        branch_id=tuple(f"b{row}" for row in range(n)),
        branch_kind=kinds,
        from_node=one,
        to_node=other,
        is_closed=True,
        length_km=of(0, 0.03),
        r_ohm=of(np.nan, 0.004),
        x_ohm=of(np.nan, 0.0024),
        c_nf=of(np.nan, 20.0),
        r0_ohm=np.nan,
        x0_ohm=np.nan,
        c0_nf=np.nan,
        max_a=of(np.inf, 270.0),
        n_parallel=1,
        sn_kva=of(630, np.nan),
        uk_percent=of(6, np.nan),
        pk_kw=of(6.9, np.nan),
        p0_kw=of(1.65, np.nan),
        i0_percent=of(0.26, np.nan),
        rated_from_kv=of(20, np.nan),
        rated_to_kv=of(0.4, np.nan),
        tap_pos=0,
        tap_step_percent=of(2.5, 0),
        tap_min=0,
        tap_max=0,
        regulated_pu=np.nan,
        vector_group=("Dyn5",) + ("",) * (n - 1),
    )


def power_grid_model(task: Task) -> tuple[float, Floats]:
    """Time power-grid-model itself, without our door; microseconds per flow, and voltages."""
    grid, n_steps = task.grid, min(task.p_kw.shape[1], 1_000)
    rows = np.flatnonzero(task.p_kw.any(axis=1))
    model = pgm.PowerGridModel(peer_input(grid, rows))
    steps = pgm.initialize_array("update", "sym_load", (n_steps, len(rows)))
    steps["id"] = 10**6 + rows
    steps["p_specified"] = task.p_kw[rows, :n_steps].T * 1e3
    steps["q_specified"] = task.q_kvar[rows, :n_steps].T * 1e3

    def run(method: pgm.CalculationMethod) -> Any:
        return model.calculate_power_flow(
            update_data={"sym_load": steps},
            calculation_method=method,
            output_component_types={"node": ["u_pu"]},
            threading=-1,
        )

    newton, iterative = (
        pgm.CalculationMethod.newton_raphson,
        pgm.CalculationMethod.iterative_current,
    )
    best_us = us_per_flow(lambda: run(newton), n_steps, times=3)
    with contextlib.suppress(PowerGridError):  # it does not settle near the limit of a grid
        best_us = min(best_us, us_per_flow(lambda: run(iterative), n_steps, times=3))
    return best_us, run(newton)["node"]["u_pu"]


def peer_input(grid: Grid, rows: np.ndarray) -> dict[str, Any]:
    """The grid as input of power-grid-model; for grids whose nodes are all supplied."""
    live = np.flatnonzero(grid.is_closed)
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)[live]
    node = pgm.initialize_array("input", "node", grid.n_nodes)
    node["id"], node["u_rated"] = np.arange(grid.n_nodes), grid.nominal_kv * 1e3
    data: dict[str, Any] = {"node": node}
    for name, some in (("line", live[~is_transformer]), ("transformer", live[is_transformer])):
        items = data[name] = pgm.initialize_array("input", name, len(some))
        items["id"] = grid.n_nodes + some
        items["from_node"], items["to_node"] = grid.from_node[some], grid.to_node[some]
        items["from_status"] = items["to_status"] = 1
        n = grid.n_parallel[some]
        if name == "line":
            items["r1"], items["x1"] = grid.r_ohm[some] / n, grid.x_ohm[some] / n
            items["c1"], items["tan1"] = grid.c_nf[some] * 1e-9 * n, 0
            continue
        items["u1"], items["u2"] = grid.rated_from_kv[some] * 1e3, grid.rated_to_kv[some] * 1e3
        items["sn"], items["uk"] = grid.sn_kva[some] * 1e3 * n, grid.uk_percent[some] / 100
        items["pk"], items["p0"] = grid.pk_kw[some] * 1e3 * n, grid.p0_kw[some] * 1e3 * n
        items["i0"], items["clock"] = grid.i0_percent[some] / 100, 5
        items["winding_from"], items["winding_to"] = pgm.WindingType.delta, pgm.WindingType.wye_n
        items["tap_side"], items["tap_nom"] = pgm.BranchSide.from_side, 0
        items["tap_pos"] = grid.tap_pos[some]
        items["tap_min"] = np.minimum(grid.tap_min, grid.tap_pos)[some]
        items["tap_max"] = np.maximum(grid.tap_max, grid.tap_pos)[some]
        items["tap_size"] = grid.tap_step_percent[some] / 100 * items["u1"]
    at = np.flatnonzero(grid.is_kind(NodeKind.SOURCE))
    source = data["source"] = pgm.initialize_array("input", "source", len(at))
    source["id"], source["node"], source["status"] = 2 * 10**6 + at, at, 1
    source["u_ref"], source["sk"] = grid.u_ref_pu[at], np.minimum(grid.sk_mva[at] * 1e6, 1e15)
    load = data["sym_load"] = pgm.initialize_array("input", "sym_load", len(rows))
    load["id"], load["node"], load["status"] = 10**6 + rows, rows, 1
    load["type"] = pgm.LoadGenType.const_power
    load["p_specified"] = load["q_specified"] = 0
    return data


def agreement(name: str, u_pu: Floats, u_peer: Floats, *, silent: bool = False) -> list[str]:
    """Print by how much voltages differ from a peer's; what was not reached."""
    largest = float(np.abs(u_pu[: len(u_peer)] - u_peer).max())
    if not silent:
        print(f"    largest difference to {name} {largest:.1e} pu")
    return [] if largest <= AGREEMENT_PU else [f"{name}: agreement within {AGREEMENT_PU:g} pu"]


def loads_of(task: Task) -> NodeLoads:
    """The loads of a task as the noun."""
    n_nodes, n_steps = task.p_kw.shape
    return NodeLoads(
        start=np.datetime64("2025-01-01T00:00:00") + np.arange(n_steps) * np.timedelta64(900, "s"),
        step_s=900,
        node=np.arange(n_nodes),
        phase=(Phase.ABC,) * n_nodes,
        p_kw=task.p_kw,
        q_kvar=task.q_kvar,
    )


def us_per_flow(run: Callable[[], object], n_flows: int, *, times: int = 5) -> float:
    """Microseconds per flow of the best of several runs, after one that is not counted."""
    run()
    seconds = []
    for _ in range(times):
        begin_s = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin_s)
    return min(seconds) / n_flows * 1e6


def aim_line(name: str, measured: float, most: float, unit: str) -> str:
    """A figure with its aim and whether it is reached."""
    verdict = "reached" if measured <= most else "NOT REACHED"
    return f"{name} {measured:.3g} {unit} (aim {most:g} {unit}: {verdict})"


if __name__ == "__main__":
    sys.exit(main())
