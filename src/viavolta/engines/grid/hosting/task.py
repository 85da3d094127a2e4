"""A grid made ready for many draws: base load, limits, areas, and the stress of the base load."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.flow import FlowSolver, prepare
from viavolta.engines.grid.hosting.areas import Areas, areas_of
from viavolta.engines.grid.hosting.screen import Screen, screen_of, undominated
from viavolta.model.arrays import Flags, Floats, Ints, Times
from viavolta.model.grid import Grid, NodeLoads, Phase

_GRACE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingTask:
    """What all draws share. N nodes, B branches, T steps, R rows of the screen.

    Attributes
    ----------
    low_pu : (N,) lowest voltage allowed. limit_share : (B,) highest loading allowed.
    start : (T,). step_s : length of a step.
    p_kw, q_kvar : (N, T) base load, every node once.
    households : (N,).
    screen : None where every step must be solved. row_area : (R,) area of each row.
    stress : (T, R) of the base load.
    """

    grid: Grid
    solver: FlowSolver
    areas: Areas
    low_pu: Floats
    limit_share: Floats
    start: Times
    step_s: int
    p_kw: Floats
    q_kvar: Floats
    households: Ints
    screen: Screen
    row_area: Ints
    stress: Floats

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return len(self.start)

    def broken(self, steps: Ints, added_kw: Floats) -> Flags:
        """(t, G) areas in which charging breaks a limit at some steps, by power flow.

        A limit counts as broken by charging where the value is worse than with the base load alone.
        A step without a solution breaks all areas.

        Parameters
        ----------
        steps
            (t,) numbers of steps.
        added_kw
            (N, t) charging.
        """
        u, loading, is_solved = self.flow(steps, added_kw)
        low = u < self.low_pu - _GRACE
        over = loading > self.limit_share + _GRACE
        found = np.zeros((len(steps), len(self.areas.area_id)), dtype=bool)
        found[~is_solved] = True
        hit = np.flatnonzero((low.any(axis=1) | over.any(axis=1)) & is_solved)
        if not len(hit):
            return found
        u_base, loading_base, base_solved = self.flow(
            steps[hit], np.zeros((self.grid.n_nodes, len(hit)))
        )
        low = low[hit] & ((u[hit] < u_base - _GRACE) | ~base_solved[:, None])
        over = over[hit] & ((loading[hit] > loading_base + _GRACE) | ~base_solved[:, None])
        for at, nodes, branches in zip(hit.tolist(), low, over, strict=True):
            found[at, self.areas.node_area[nodes]] = True
            found[at, self.areas.branch_area[branches]] = True
            found[at, 0] |= bool(nodes.any() or branches.any())
        return found

    def flow(self, steps: Ints, added_kw: Floats) -> tuple[Floats, Floats, Flags]:
        """Voltages (t, N), loadings (t, B) and whether solved (t,) with charging (N, t) added."""
        n_nodes = self.grid.n_nodes
        found = self.solver.solve(
            NodeLoads(
                start=self.start[steps],
                step_s=self.step_s,
                node=np.arange(n_nodes),
                phase=(Phase.ABC,) * n_nodes,
                p_kw=self.p_kw[:, steps] + added_kw,
                q_kvar=self.q_kvar[:, steps],
            )
        )
        return found.u_pu, found.loading_share, found.is_converged


def hosting_task(
    grid: Grid,
    loads: NodeLoads,
    *,
    households: Ints,
    low_pu: Floats,
    limit_share: Floats,
) -> HostingTask:
    """Make a grid ready.

    Parameters
    ----------
    loads
        Base load without charging, on all three phases.
    households
        (N,) at each node; vehicles come to households.
    low_pu, limit_share
        (N,) and (B,) limits.

    Raises
    ------
    ValueError: loads hang on single phases.
    """
    if not loads.is_balanced:
        msg = "hosting capacity takes loads on all three phases"
        raise ValueError(msg)
    areas = areas_of(grid)
    p_kw, q_kvar = np.zeros((2, grid.n_nodes, loads.n_steps))
    np.add.at(p_kw, loads.node, loads.p_kw)
    np.add.at(q_kvar, loads.node, loads.q_kvar)
    screen = screen_of(grid, low_pu=low_pu, limit_share=limit_share)
    if screen is None:
        screen = _everything(grid)
    area = np.where(
        screen.node >= 0, areas.node_area[screen.node], areas.branch_area[screen.branch]
    )
    stress = screen.stress(p_kw, q_kvar)
    kept = undominated(screen, stress, group=area)
    return HostingTask(
        grid=grid,
        solver=prepare(grid),
        areas=areas,
        low_pu=low_pu,
        limit_share=limit_share,
        start=loads.start,
        step_s=loads.step_s,
        p_kw=p_kw,
        q_kvar=q_kvar,
        households=households,
        screen=screen.only(kept),
        row_area=area[kept],
        stress=np.ascontiguousarray(stress[:, kept]),
    )


def _everything(grid: Grid) -> Screen:
    """One row that says of every step that it must be solved."""
    nothing = np.zeros((1, grid.n_nodes))
    return Screen(
        node=np.array([int(grid.from_node[0])]),
        branch=np.array([-1]),
        own=np.array([2.0]),
        re=nothing,
        im=nothing,
        is_sum=np.array([True]),
    )
