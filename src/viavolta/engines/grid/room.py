"""How much constant power nodes can take on top of a base load, alone and together."""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.flow import Extremes, FlowSolver
from viavolta.model.arrays import Flags, Floats, Ints, freeze

MOST_KW = 1_000_000
"""No node is asked for more."""
_FIRST_KW = 250
PARTS = 1000
"""Steps of a share: thousandths."""
_WORSE_PU = 0.001
_WORSE_SHARE = 0.001
_NEAR = 1e-9
LOST = "grid"
"""What binds where the power flow has no solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a node can take.

    Attributes
    ----------
    kw : whole kW. binds : node_id or branch_id that breaks its limit with one kW more, `LOST` where
        the flow has no solution any more; "" where MOST_KW fit.
    """

    kw: int
    binds: str


class Ceiling:
    """The limits of a grid under a base load that stays as it is.

    What the base load breaks alone may get worse by 0.001 pu or 0.1 % of the rating, no more.

    Attributes
    ----------
    low_pu, high_pu : (N,). load_share : (B,) of the ratings. All as relaxed by the base load.
    """

    def __init__(
        self,
        solver: FlowSolver,
        base_kw: Floats,
        base_kvar: Floats,
        *,
        low_pu: Floats,
        high_pu: Floats,
        load_share: Floats,
    ) -> None:
        self._solver = solver
        nodes = (solver.grid.n_nodes,)
        self.base_kw, self.base_kvar = base_kw, base_kvar
        self.low_pu, self.high_pu, self.load_share = low_pu, high_pu, load_share
        found = self._extremes(np.zeros(nodes))
        self.is_supplied = found.is_supplied
        self.is_solved = found.n_not_converged == 0
        if self.is_solved:
            self.low_pu = np.where(found.u_min_pu < low_pu, found.u_min_pu - _WORSE_PU, self.low_pu)
            self.high_pu = np.where(
                found.u_max_pu > high_pu, found.u_max_pu + _WORSE_PU, self.high_pu
            )
            self.load_share = np.where(
                found.loading_max > load_share, found.loading_max + _WORSE_SHARE, self.load_share
            )
        for name in ("base_kw", "base_kvar", "low_pu", "high_pu"):
            freeze(self, name, "float64", nodes)
        freeze(self, "load_share", "float64", (solver.grid.n_branches,))

    def breaks(self, node: Ints, kw: Floats) -> str | None:
        """What is broken worst when the nodes (K,) draw kw (K,) too; None where all holds."""
        added = np.zeros(self._solver.grid.n_nodes)
        np.add.at(added, node, kw)
        found = self._extremes(added)
        if found.n_not_converged:
            return LOST
        grid = self._solver.grid
        outside = np.fmax(self.low_pu - found.u_min_pu, found.u_max_pu - self.high_pu)
        outside = np.where(np.isfinite(outside), outside, -1.0)
        over = found.loading_max / self.load_share - 1
        if over.max(initial=-1.0) > _NEAR:
            return grid.branch_id[int(over.argmax())]
        if outside.max(initial=-1.0) > _NEAR:
            return grid.node_id[int(outside.argmax())]
        return None

    def _extremes(self, added_kw: Floats) -> Extremes:
        return self._solver.extremes(
            (self.base_kw + added_kw)[:, None],
            self.base_kvar[:, None],
            low_pu=self.low_pu,
            high_pu=self.high_pu,
            limit_share=self.load_share,
        )


def room_of(ceiling: Ceiling, node: Ints, kw: Floats, k: int) -> Room:
    """The most whole kW of the k-th of the nodes (K,), while the others draw their kw (K,).

    Found by doubling, then by halving what is between: more load breaks what less load breaks.
    """

    def broken_by(one: int) -> str | None:
        asked = np.array(kw, dtype=np.float64)
        asked[k] = one
        return ceiling.breaks(node, asked)

    binds = broken_by(0)
    if binds is not None:
        return Room(kw=0, binds=binds)
    low, high = 0, _FIRST_KW
    while (broken := broken_by(high)) is None:
        if high == MOST_KW:
            return Room(kw=MOST_KW, binds="")
        low, high = high, min(2 * high, MOST_KW)
    while high - low > 1:
        middle = (low + high) // 2
        found = broken_by(middle)
        if found is None:
            low = middle
        else:
            high, broken = middle, found
    return Room(kw=low, binds=broken)


def shared_kw(ceiling: Ceiling, node: Ints, asked_kw: Floats) -> tuple[Ints, tuple[str, ...]]:
    """What nodes (K,) get of asked_kw (K,) together, in whole kW, and what binds each.

    All get the same share of what they ask for, in thousandths, as large as the grid allows; those
    that are not held by what binds then go on alone, in the same way, until nobody can.
    """
    level = np.zeros(len(node), dtype=np.int64)
    binds = [""] * len(node)
    active = asked_kw > 0

    def powers(parts: Ints) -> Floats:
        return np.floor(asked_kw * parts / PARTS + _NEAR)

    def at(rows: Flags | int, parts: int) -> Ints:
        raised = level.copy()
        raised[rows] = parts
        return raised

    while active.any():
        low, high = int(level[active].min()), PARTS + 1
        while high - low > 1:
            middle = (low + high) // 2
            fits = ceiling.breaks(node, powers(at(active, middle))) is None
            low, high = (middle, high) if fits else (low, middle)
        level = at(active, low)
        if low == PARTS:
            break
        held = {
            int(k): broken
            for k in np.flatnonzero(active)
            if (broken := ceiling.breaks(node, powers(at(int(k), low + 1)))) is not None
        }
        together = ceiling.breaks(node, powers(at(active, low + 1))) or ""
        for k in np.flatnonzero(active):
            if int(k) in held or not held:
                binds[int(k)] = held.get(int(k), together)
                active[k] = False
    return powers(level).astype(np.int64), tuple(binds)
