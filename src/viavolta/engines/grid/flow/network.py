"""A grid in per unit: each branch as an ideal transformer before a pi of two ends.

Base power is 1 kW, so that powers in kW are per unit as they are. Base voltage is the nominal one,
the same throughout a section without transformers. A line is r + jx with half of its charging at
each end; a transformer the same at the side of its `to_node`, behind ideal turns at `from_node`
(IEC 60076-1; the same model as power-grid-model and the pi of pandapower).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.power_grid import FREQUENCY_HZ, SOURCE_R_OVER_X, clock
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import BranchKind, Grid, NodeKind

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A grid in per unit of 1 kW.

    Attributes
    ----------
    base_kv : (N,). bus : (N,) lowest row among the nodes joined without any impedance.
    is_supplied : (N,) has a path to a source. is_live : (B,) closed and supplied.
    r, x : (B,) in series, g, b : (B,) across (both halves together), at the side of to_node.
    turns : (B,) of the ideal transformer, from over to, at tap 0.
    hour : (B,) hours of 30 degrees by which the voltage of to_node lags; a transformer without a
        vector group takes that of the others between the same nominal voltages.
    tap, tap_min, tap_max : (B,). tap_step : (B,) share of the turns.
    ampere : (B, 2) of one unit of current at both ends, in one of the parallel systems.
    rated_a : (B, 2) rated current at both ends, of one system.
    regulated : (R,) rows of live transformers that hold a voltage by their taps.
    source : (S,) rows of nodes. source_u, source_r, source_x : (S,).
    """

    base_kv: Floats
    bus: Ints
    is_supplied: Flags
    is_live: Flags
    r: Floats
    x: Floats
    g: Floats
    b: Floats
    turns: Floats
    hour: Ints
    tap: Ints
    tap_min: Ints
    tap_max: Ints
    tap_step: Floats
    ampere: Floats
    rated_a: Floats
    regulated: Ints
    source: Ints
    source_u: Floats
    source_r: Floats
    source_x: Floats


def network_of(grid: Grid) -> Network:
    """Return a grid in per unit."""
    base_kv = section_kv(grid)
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    is_live, is_supplied = _supplied(grid)
    from_kv, to_kv = base_kv[grid.from_node], base_kv[grid.to_node]
    n = grid.n_parallel
    r, x, g, b = (np.where(is_transformer, *pair) for pair in _parts(grid, to_kv))
    turns = np.where(
        is_transformer, grid.rated_from_kv / grid.rated_to_kv * to_kv / from_kv, to_kv / from_kv
    )
    ends_kv = np.stack([from_kv, to_kv], axis=1)
    rated_kv = np.stack([grid.rated_from_kv, grid.rated_to_kv], axis=1)
    rated_a = np.where(
        is_transformer[:, None],
        grid.sn_kva[:, None] / (np.sqrt(3) * rated_kv),
        grid.max_a[:, None],
    )
    source = np.flatnonzero(grid.is_kind(NodeKind.SOURCE))
    impedance = 1 / (grid.sk_mva[source] * 1000)
    source_x = impedance / np.hypot(1, SOURCE_R_OVER_X)
    return Network(
        base_kv=base_kv,
        bus=_buses(grid),
        is_supplied=is_supplied,
        is_live=is_live,
        r=r / n,
        x=x / n,
        g=g * n,
        b=b * n,
        turns=turns,
        hour=_hours(grid),
        tap=grid.tap_pos,
        tap_min=np.minimum(grid.tap_min, grid.tap_pos),
        tap_max=np.maximum(grid.tap_max, grid.tap_pos),
        tap_step=grid.tap_step_percent / 100,
        ampere=1 / (np.sqrt(3) * ends_kv * n[:, None]),
        rated_a=rated_a,
        regulated=np.flatnonzero(is_live & np.isfinite(grid.regulated_pu)),
        source=source,
        source_u=grid.u_ref_pu[source] * grid.nominal_kv[source] / base_kv[source],
        source_r=source_x * SOURCE_R_OVER_X,
        source_x=source_x,
    )


def _parts(grid: Grid, to_kv: Floats) -> list[tuple[Floats, Floats]]:
    """Give r, x, g, b of one system as (for transformers, for lines), all in per unit."""
    ohm = to_kv**2 * 1000  # of one unit of impedance
    rated = (grid.rated_to_kv / to_kv) ** 2 / grid.sn_kva
    z = grid.uk_percent / 100 * rated
    r = grid.pk_kw / grid.sn_kva * rated
    g = grid.p0_kw / (grid.rated_to_kv / to_kv) ** 2
    y = grid.i0_percent / 100 / rated
    charging = 2 * np.pi * FREQUENCY_HZ * grid.c_nf * 1e-9 * ohm
    return [
        (r, grid.r_ohm / ohm),
        (np.sqrt(np.maximum(z**2 - r**2, 0)), grid.x_ohm / ohm),
        (g, np.zeros_like(ohm)),
        (-np.sqrt(np.maximum(y**2 - g**2, 0)), charging),
    ]


def _hours(grid: Grid) -> Ints:
    levels = zip(
        grid.nominal_kv[grid.from_node].tolist(),
        grid.nominal_kv[grid.to_node].tolist(),
        strict=True,
    )
    hours = [clock(group) for group in grid.vector_group]
    known: dict[tuple[float, float], int] = {}
    places = list(zip(levels, hours, strict=True))
    for level, hour in places:
        if hour is not None:
            known.setdefault(level, hour)
    filled = [known.get(level, 0) if hour is None else hour for level, hour in places]
    return np.array(filled, dtype=np.int64)


def section_kv(grid: Grid) -> Floats:
    """Return (N,) the base voltage: the highest nominal one among nodes joined without transformer.

    Nodes of a section have the same nominal voltage, as a rule; where they differ (20 and 20.5 kV
    side by side) the section needs one all the same.
    """
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    base_kv = grid.nominal_kv.copy()
    joins = ~is_transformer & grid.is_closed
    spread(base_kv, grid.from_node[joins], grid.to_node[joins])
    return base_kv


def _buses(grid: Grid) -> Ints:
    lowest = -np.arange(grid.n_nodes, dtype=np.float64)
    joins = grid.is_closed & (grid.r_ohm == 0) & (grid.x_ohm == 0)
    spread(lowest, grid.from_node[joins], grid.to_node[joins])
    return np.rint(-lowest).astype(np.int64)


def _supplied(grid: Grid) -> tuple[Flags, Flags]:
    """Find (B,) live branches and (N,) nodes with a path to a source."""
    reach = grid.is_kind(NodeKind.SOURCE).astype(np.float64)
    spread(reach, grid.from_node[grid.is_closed], grid.to_node[grid.is_closed])
    is_supplied = reach > 0
    return grid.is_closed & is_supplied[grid.from_node], is_supplied


def spread(values: Floats, one: Ints, other: Ints) -> None:
    """Raise (N,) values to the highest among all nodes that branches join, in place."""
    root = np.arange(len(values))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = int(root[node])
        return node

    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        root[find(a)] = find(b)
    roots = np.array([find(node) for node in range(len(values))])
    highest = np.full(len(values), -np.inf)
    np.maximum.at(highest, roots, values)
    values[:] = highest[roots]
