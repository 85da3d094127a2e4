"""Golden cases: what pandapower calculates for grids of SimBench and for its own Oberrhein net."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_grids import loads_of

from viavolta.engines.grid.flow import Method, prepare
from viavolta.formats.grids import read_grid
from viavolta.model.grid import NodeLoads

CASES = Path(__file__).parents[3] / "golden" / "grid"


def case_loads(folder: Path, names: tuple[str, ...]) -> NodeLoads:
    """The loads of a case, by the formula of its README."""
    table = pl.read_csv(folder / "loads.csv", schema_overrides={"bus": pl.String})
    n, step = np.arange(len(table))[:, None], np.arange(300)
    draw = 0.1 + 1.2 * ((0.6180339887 * n + 0.4142135624 * step) % 1)
    feed = (0.7548776662 * n + 0.7320508076 * step) % 1
    row = {name: row for row, name in enumerate(names)}
    at = [row[bus] for bus in table["bus"]]
    base_p, base_q, base_feed = (
        table[name].to_numpy()[:, None] for name in ("p_kw", "q_kvar", "feed_kw")
    )
    p_kw, q_kvar = np.zeros((2, len(names), 300))
    p_kw[at], q_kvar[at] = base_p * draw - base_feed * feed, base_q * draw
    return loads_of(p_kw, q_kvar)


@pytest.mark.parametrize("case", ["lv-urban6", "mv-rural", "mv-oberrhein"])
@pytest.mark.parametrize("method", [Method.SWEEP, Method.FIXED_POINT, Method.POWER_GRID_MODEL])
def test_pandapower(case: str, method: Method) -> None:
    """All methods agree with pandapower within 1e-6 pu and 1e-5 of a rating, over 300 steps."""
    folder = CASES / case
    grid = read_grid(folder / "grid.json")[0]
    loads = case_loads(folder, grid.node_id)
    flow = prepare(grid, method=method).solve(loads)
    assert flow.is_converged.all()
    voltages, loadings = np.load(folder / "voltages.npz"), np.load(folder / "loadings.npz")
    at = [grid.node_id.index(name) for name in voltages["bus"]]
    assert np.abs(flow.u_pu[:, at] - voltages["u_e8"] * 1e-8).max() < 1e-6
    at = [grid.branch_id.index(name) for name in loadings["branch"]]
    assert np.abs(flow.loading_share[:, at] - loadings["share_e6"] * 1e-6).max() < 1e-5
    assert loadings["share_e6"].max() > 100_000
