"""Power flow of grids without meshes, by own kernels."""

import numpy as np

from viavolta.engines.grid.flow.collect import Band, Worst
from viavolta.engines.grid.flow.network import Network
from viavolta.engines.grid.flow.results import Draw, Flow, Method
from viavolta.engines.grid.flow.sweep import Block, Powers, new_block
from viavolta.engines.grid.flow.taps import chosen_taps
from viavolta.engines.grid.flow.tree import Tree
from viavolta.engines.grid.flow.worst import (
    Bounds,
    Every,
    Lanes,
    every_value,
    new_lanes,
    voltages_at,
    worst_of_all,
)
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid

_BLOCK_BYTES = 1_000_000  # what a block and its lanes may take of a core's own cache
_ARRAYS = 16  # of the size of a block
_LANES = (32, 256)


class RadialFlow:
    """Flow of a grid that is a tree; threads may share it."""

    def __init__(self, grid: Grid, network: Network, tree: Tree) -> None:
        """Take a grid, the same in per unit, and as a tree."""
        self._grid, self._network, self._tree = grid, network, tree
        self._scale = (network.base_kv / grid.nominal_kv)[tree.row]
        ampere, rated = network.ampere[tree.branch], network.rated_a[tree.branch]
        child = np.where(tree.is_outward, 1, 0)  # the column of the child's end
        pick = np.arange(len(child))
        self._child_a, self._parent_a = ampere[pick, child], ampere[pick, 1 - child]
        self._child_share = self._child_a / rated[pick, child]
        self._parent_share = self._parent_a / rated[pick, 1 - child]
        place = np.full(grid.n_nodes, -1)
        place[tree.row] = np.arange(len(tree.row))
        self._regulated_nodes = place[grid.to_node[network.regulated]]
        size = _BLOCK_BYTES // (8 * _ARRAYS * len(tree.row)) // 8 * 8
        self._size = int(np.clip(size, *_LANES))

    def flow(self, p_kw: Floats, q_kvar: Floats) -> Flow:
        """Calculate every value for (N, T) loads; NaN at steps that do not settle."""
        powers, tap = self._with_taps(p_kw, q_kvar, None)
        tree, grid, n_steps = self._tree, self._grid, p_kw.shape[1]
        every = Every(
            np.zeros((len(tree.row), n_steps)),
            *np.zeros((2, len(tree.edge), n_steps)),
            *np.zeros((3, n_steps)),
        )
        has_flow = np.zeros(n_steps, dtype=bool)
        one, zero = np.ones(len(tree.edge)), np.zeros(len(tree.edge))
        no = np.zeros(0)
        every_value(
            tree,
            powers,
            Bounds(no, no, no, one, zero),
            Bounds(no, no, no, zero, one),
            self._block(),
            every,
            has_flow,
        )
        u_pu = np.full((n_steps, grid.n_nodes), np.nan)
        u_pu[:, tree.row] = (np.sqrt(every.v) * self._scale[:, None]).T
        current_a, loading = np.zeros((2, n_steps, grid.n_branches))
        child, parent = np.sqrt(every.child).T, np.sqrt(every.parent).T
        current_a[:, tree.branch] = np.maximum(child * self._child_a, parent * self._parent_a)
        loading[:, tree.branch] = np.maximum(child * self._child_share, parent * self._parent_share)
        for values in (current_a, loading):
            values[~has_flow] = np.nan
        return Flow(
            u_pu=u_pu,
            current_a=current_a,
            loading_share=loading,
            loss_kw=every.loss,
            source_kw=every.source_p,
            source_kvar=every.source_q,
            is_converged=has_flow,
            is_supplied=self._network.is_supplied,
            tap=tap,
            method=Method.SWEEP,
        )

    def worst(
        self, p_kw: Floats, q_kvar: Floats, draw: Draw | None, band: Band
    ) -> tuple[Worst, Ints]:
        """Calculate the worst values for (N, T) loads; also the steps that do not settle."""
        powers, _ = self._with_taps(p_kw, q_kvar, draw)
        tree, n_steps = self._tree, p_kw.shape[1]
        lanes = new_lanes(len(tree.row), len(tree.edge), self._size)
        has_flow = np.zeros(n_steps, dtype=bool)
        bounds = Bounds(
            (np.maximum(band.low_pu[tree.row], 0) / self._scale) ** 2,
            (np.maximum(band.high_pu[tree.row], 0) / self._scale) ** 2,
            band.limit_share[tree.branch] ** 2,
            self._child_share**2,
            self._parent_share**2,
        )
        worst_of_all(tree, powers, bounds, self._block(), lanes, has_flow)
        return self._summed(lanes, int(has_flow.sum())), np.flatnonzero(~has_flow)

    def _block(self) -> Block:
        return new_block(len(self._tree.row), self._size)

    def _with_taps(self, p_kw: Floats, q_kvar: Floats, draw: Draw | None) -> tuple[Powers, Ints]:
        """Put loads together for the kernels; taps (T, B) as well."""
        grid, network, n_steps = self._grid, self._network, p_kw.shape[1]
        p, q = (_writable(values) for values in (p_kw, q_kvar))
        more_row = np.full(grid.n_nodes, -1)
        more_p, more_q = np.zeros((2, 0, n_steps))
        if draw is not None:
            more_row[draw.node] = np.arange(len(draw.node))
            more_p, more_q = _writable(draw.p_kw), _writable(draw.q_kvar)

        def with_turns(steps: Ints | slice, taps: Ints) -> Powers:
            rows = network.regulated
            turns = network.turns[rows, None] * (1 + taps * network.tap_step[rows, None])
            some_p, some_q, add_p, add_q = (
                np.ascontiguousarray(values[:, steps]) for values in (p, q, more_p, more_q)
            )
            return Powers(some_p, some_q, more_row, add_p, add_q, turns**-2.0)

        def voltages(steps: Ints, taps: Ints) -> Floats:
            found = np.zeros((len(network.regulated), len(steps)))
            some = steps if len(steps) < n_steps else slice(None)
            voltages_at(
                self._tree, with_turns(some, taps), self._regulated_nodes, self._block(), found
            )
            at = self._regulated_nodes
            scaled: Floats = np.sqrt(found) * self._scale[at, None]
            return scaled

        taps = chosen_taps(grid, network, n_steps, voltages)
        tap = np.repeat(network.tap[None], n_steps, axis=0)
        tap[:, network.regulated] = taps.T
        return with_turns(slice(None), taps), tap

    def _summed(self, lanes: Lanes, n_steps: int) -> Worst:
        """Bring lanes together, and nodes and branches back to their rows."""
        tree, grid = self._tree, self._grid
        worst = Worst(grid.n_nodes, grid.n_branches)
        rows, branches = tree.row, tree.branch
        v_min, worst.u_min_step[rows] = _lowest(lanes.v_min, lanes.v_min_step)
        v_max, worst.u_max_step[rows] = _lowest(-lanes.v_max, lanes.v_max_step)
        load, worst.loading_step[branches] = _lowest(-lanes.load, lanes.load_step)
        worst.u_min[rows] = np.sqrt(v_min) * self._scale
        worst.u_max[rows] = np.sqrt(np.maximum(-v_max, 0)) * self._scale
        worst.loading[branches] = np.sqrt(np.maximum(-load, 0))
        worst.below[rows] = lanes.n_below.sum(axis=1)
        worst.above[rows] = lanes.n_above.sum(axis=1)
        worst.over[branches] = lanes.n_over.sum(axis=1)
        worst.loss = float(lanes.loss.sum())
        worst.source_min = float(lanes.source_min.min())
        worst.source_max = float(lanes.source_max.max())
        worst.n_steps = n_steps
        return worst


def _lowest(values: Floats, steps: Floats) -> tuple[Floats, Ints]:
    """(K,) lowest of (K, S) lanes and its step; a lane's step is that of the block's first lane."""
    lane = values.argmin(axis=1)
    pick = np.arange(len(values)), lane
    return values[pick], np.where(steps[pick] < 0, -1, steps[pick] + lane).astype(np.int64)


def _writable(values: Floats) -> Floats:
    """Contiguous and writable: the kernels are compiled for such arrays alone."""
    return np.require(values, np.float64, ["C", "W"])
