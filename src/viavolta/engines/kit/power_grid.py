"""The door to power-grid-model: power flow of any grid, in batches, balanced or by phase."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import power_grid_model as pgm
from numpy.typing import NDArray
from power_grid_model.errors import PowerGridError  # type: ignore[attr-defined] # it is public

from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, PeerError
from viavolta.model.grid import BranchKind, Grid, NodeKind
from viavolta.model.messages import text

Flags = NDArray[np.bool_]
Complexes = NDArray[np.complex128]
Arrays = dict[Any, Any]  # structured arrays of power-grid-model by component

FREQUENCY_HZ = 50.0
SOURCE_R_OVER_X = 0.1  # of a source's short-circuit impedance, power-grid-model's own default
_STIFF_VA = 1e15  # short-circuit power that stands for an infinite one
_TOLERANCE = 1e-9  # pu
_MAX_ITERATIONS = 30
_SHOWN = 3  # names in a message

_GROUP = re.compile(r"(ZN|YN|Z|Y|D)(zn|yn|z|y|d)(1[0-2]|[0-9])")
_WINDINGS = {
    "y": pgm.WindingType.wye,
    "yn": pgm.WindingType.wye_n,
    "d": pgm.WindingType.delta,
    "z": pgm.WindingType.zigzag,
    "zn": pgm.WindingType.zigzag_n,
}


def clock(vector_group: str) -> int | None:
    """Return the hour of a vector group such as Dyn5; None where it cannot be read."""
    found = _GROUP.fullmatch(vector_group)
    return int(found.group(3)) % 12 if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFlow:
    """What power-grid-model found, NaN at steps that did not converge: P is 1, or 3 by phase.

    Attributes
    ----------
    u_pu : (T, N, P) over the base voltage. current_a : (T, B, 2, P) at from_node and to_node.
    loss_kw : (T,). source_kw, source_kvar : (T,). is_converged : (T,).
    """

    u_pu: Floats
    current_a: Floats
    loss_kw: Floats
    source_kw: Floats
    source_kvar: Floats
    is_converged: Flags


class PowerGrid:
    """A grid in power-grid-model.

    Branches without impedance are no branches there: the nodes they join are one. (Its `link` drops
    5e-6 pu at 10 MVA, and Newton's method does not settle with much smaller impedances.) What flows
    in them follows from the balance of each node, in equal shares where they form a ring. Lines
    beside them carry no more than their own charging.
    """

    def __init__(
        self,
        grid: Grid,
        *,
        base_kv: Floats,
        bus: Ints,
        hour: Ints,
        is_live: Flags,
        is_supplied: Flags,
    ) -> None:
        """Take a grid and what is known of it.

        Parameters
        ----------
        base_kv, is_supplied
            (N,) base voltages; nodes with a path to a source.
        bus
            (N,) row of the node that stands for all that are joined without impedance.
        hour, is_live
            (B,) hours of vector groups; closed branches with a path to a source.
        """
        self._grid, self._base_kv, self._hour, self._is_live = grid, base_kv, hour, is_live
        self._is_supplied, self._bus = is_supplied, bus
        is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
        is_inside = bus[grid.from_node] == bus[grid.to_node]
        self._lines = np.flatnonzero(is_live & ~is_transformer & ~is_inside)
        self._transformers = np.flatnonzero(is_live & is_transformer & ~is_inside)
        self._sources = np.flatnonzero(grid.is_kind(NodeKind.SOURCE))
        shorts = np.flatnonzero(is_live & is_inside & ~is_transformer)
        has_none = (grid.r_ohm[shorts] == 0) & (grid.x_ohm[shorts] == 0)
        self._shorts, self._beside = shorts[has_none], shorts[~has_none]
        out = np.zeros((grid.n_nodes, len(self._shorts)))
        pick = np.arange(len(self._shorts))
        out[grid.from_node[self._shorts], pick] += 1
        out[grid.to_node[self._shorts], pick] -= 1
        self._short_nodes = np.flatnonzero(out.any(axis=1))
        self._through = np.linalg.pinv(out[self._short_nodes])

    def flow(self, node: Ints, p_kw: Floats, q_kvar: Floats, tap: Ints | None = None) -> BatchFlow:
        """Calculate the flow of (M, T) loads at (M,) nodes, or of (M, 3, T) loads by phase.

        `tap` (T, B) are tap positions of transformers; those of the grid without.

        Raises
        ------
        InputError: loads by phase at a grid without zero sequence.
        PeerError: power-grid-model rejects the grid.
        """
        n_steps = p_kw.shape[-1]
        is_served = self._is_supplied[node]
        node, p_kw, q_kvar = node[is_served], p_kw[is_served], q_kvar[is_served]
        by_phase = p_kw.ndim == 3  # noqa: PLR2004 - loads, phases, steps
        if by_phase:
            require_zero_sequence(self._grid, self._is_live)
        if not n_steps:
            return self._empty(3 if by_phase else 1)
        load = "asym_load" if by_phase else "sym_load"
        batch: Arrays = {load: self._load_steps(load, node, p_kw, q_kvar)}
        if tap is not None and len(self._transformers):
            batch["transformer"] = self._tap_steps(tap)
        try:
            model = pgm.PowerGridModel(self._input(load, node), system_frequency=FREQUENCY_HZ)
            out = model.calculate_power_flow(
                symmetric=not by_phase,
                error_tolerance=_TOLERANCE,
                max_iterations=_MAX_ITERATIONS,
                update_data=batch,
                threading=-1,
                output_component_types=_WANTED,
                continue_on_batch_error=True,
            )
        except PowerGridError as error:
            raise PeerError(
                code="power-flow-failed",
                message=text(
                    "power-grid-model cannot calculate this grid: {reason}",
                    reason=str(error).strip(),
                ),
                hint=text("check impedances and ratings of the branches"),
            ) from error
        is_converged = np.ones(n_steps, dtype=bool)
        if model.batch_error is not None:
            is_converged[model.batch_error.failed_scenarios] = False
        found = self._result(out, is_converged, 3 if by_phase else 1)
        self._fill_beside(found)
        if len(self._shorts):
            loads = (
                np.asarray(p_kw + 1j * q_kvar, np.complex128).T.reshape(n_steps, -1, len(node))
                * 1e3
            )
            self._fill_shorts(found, out, node, loads.transpose(0, 2, 1))
        for values in (found.u_pu, found.current_a, found.loss_kw):
            values[~is_converged] = np.nan
        for values in (found.source_kw, found.source_kvar):
            values[~is_converged] = np.nan
        return found

    def _id(self, branch: Ints) -> Ints:
        return self._grid.n_nodes + branch

    def _load_ids(self, n_loads: int) -> Ints:
        return self._grid.n_nodes + self._grid.n_branches + len(self._sources) + np.arange(n_loads)

    def _load_steps(self, load: str, node: Ints, p_kw: Floats, q_kvar: Floats) -> Any:
        steps = pgm.initialize_array("update", load, (p_kw.shape[-1], len(node)))
        steps["id"] = self._load_ids(len(node))
        order = (2, 0, 1) if load == "asym_load" else (1, 0)
        steps["p_specified"] = p_kw.transpose(order) * 1e3
        steps["q_specified"] = q_kvar.transpose(order) * 1e3
        return steps

    def _tap_steps(self, tap: Ints) -> Any:
        steps = pgm.initialize_array("update", "transformer", (len(tap), len(self._transformers)))
        steps["id"] = self._id(self._transformers)
        steps["tap_pos"] = tap[:, self._transformers]
        return steps

    def _input(self, load: str, node: Ints) -> Arrays:
        grid = self._grid
        rows = self._rows()
        nodes = pgm.initialize_array("input", "node", len(rows))
        nodes["id"] = rows
        nodes["u_rated"] = self._base_kv[rows] * 1e3
        sources = pgm.initialize_array("input", "source", len(self._sources))
        sources["id"] = grid.n_nodes + grid.n_branches + np.arange(len(self._sources))
        sources["node"] = self._bus[self._sources]
        sources["status"] = 1
        scale = grid.nominal_kv[self._sources] / self._base_kv[self._sources]
        sources["u_ref"] = grid.u_ref_pu[self._sources] * scale
        sources["sk"] = np.minimum(grid.sk_mva[self._sources] * 1e6, _STIFF_VA)
        sources["rx_ratio"] = SOURCE_R_OVER_X
        loads = pgm.initialize_array("input", load, len(node))
        loads["id"] = self._load_ids(len(node))
        loads["node"] = self._bus[node]
        loads["status"] = 1
        loads["type"] = pgm.LoadGenType.const_power
        loads["p_specified"] = 0
        loads["q_specified"] = 0
        return {
            "node": nodes,
            "line": self._line_input(),
            "transformer": self._transformer_input(),
            "source": sources,
            "shunt": self._shunt_input(),
            load: loads,
        }

    def _line_input(self) -> Any:
        grid, rows = self._grid, self._lines
        lines = self._branch_input("line", rows)
        n = grid.n_parallel[rows]
        lines["r1"] = grid.r_ohm[rows] / n
        lines["x1"] = grid.x_ohm[rows] / n
        lines["c1"] = grid.c_nf[rows] * 1e-9 * n
        lines["tan1"] = 0
        lines["r0"] = grid.r0_ohm[rows] / n
        lines["x0"] = grid.x0_ohm[rows] / n
        lines["c0"] = grid.c0_nf[rows] * 1e-9 * n
        lines["tan0"] = 0
        return lines

    def _transformer_input(self) -> Any:
        grid, rows = self._grid, self._transformers
        items = self._branch_input("transformer", rows)
        n = grid.n_parallel[rows]
        items["u1"] = grid.rated_from_kv[rows] * 1e3
        items["u2"] = grid.rated_to_kv[rows] * 1e3
        items["sn"] = grid.sn_kva[rows] * 1e3 * n
        items["uk"] = grid.uk_percent[rows] / 100
        items["pk"] = grid.pk_kw[rows] * 1e3 * n
        items["i0"] = grid.i0_percent[rows] / 100
        items["p0"] = grid.p0_kw[rows] * 1e3 * n
        items["tap_side"] = pgm.BranchSide.from_side
        items["tap_pos"] = grid.tap_pos[rows]
        items["tap_nom"] = 0
        items["tap_min"] = np.minimum(0, np.minimum(grid.tap_min, grid.tap_pos))[rows]
        items["tap_max"] = np.maximum(0, np.maximum(grid.tap_max, grid.tap_pos))[rows]
        items["tap_size"] = grid.tap_step_percent[rows] / 100 * grid.rated_from_kv[rows] * 1e3
        for place, branch in enumerate(rows):
            high, low = _windings(grid.vector_group[branch], self._hour[branch])
            items["winding_from"][place] = high
            items["winding_to"][place] = low
        items["clock"] = self._hour[rows]
        return items

    def _shunt_input(self) -> Any:
        """Charging of lines beside branches without impedance."""
        grid, rows = self._grid, self._beside
        items = pgm.initialize_array("input", "shunt", len(rows))
        items["id"] = self._id(rows)
        items["node"] = self._bus[grid.from_node[rows]]
        items["status"] = 1
        items["g1"] = 0
        items["b1"] = self._charging_s(grid.c_nf)
        items["g0"] = 0
        items["b0"] = self._charging_s(grid.c0_nf)
        return items

    def _charging_s(self, c_nf: Floats) -> Floats:
        farad = c_nf[self._beside] * 1e-9 * self._grid.n_parallel[self._beside]
        siemens: Floats = 2 * np.pi * FREQUENCY_HZ * farad
        return siemens

    def _branch_input(self, component: str, rows: Ints) -> Any:
        items = pgm.initialize_array("input", component, len(rows))
        items["id"] = self._id(rows)
        items["from_node"] = self._bus[self._grid.from_node[rows]]
        items["to_node"] = self._bus[self._grid.to_node[rows]]
        items["from_status"] = 1
        items["to_status"] = 1
        return items

    def _empty(self, phases: int) -> BatchFlow:
        grid = self._grid
        return BatchFlow(
            u_pu=np.zeros((0, grid.n_nodes, phases)),
            current_a=np.zeros((0, grid.n_branches, 2, phases)),
            loss_kw=np.zeros(0),
            source_kw=np.zeros(0),
            source_kvar=np.zeros(0),
            is_converged=np.zeros(0, dtype=bool),
        )

    def _result(self, out: Arrays, is_converged: Flags, phases: int) -> BatchFlow:
        grid, n_steps = self._grid, len(is_converged)
        u_pu = np.full((n_steps, grid.n_nodes, phases), np.nan)
        place = np.full(grid.n_nodes, -1)
        place[self._rows()] = np.arange(len(self._rows()))
        u = _by_phase(out["node"]["u_pu"], phases)
        u_pu[:, self._is_supplied] = u[:, place[self._bus[self._is_supplied]]]
        current_a = np.zeros((n_steps, grid.n_branches, 2, phases))
        loss_kw = np.zeros(n_steps)
        for name, rows in self._kinds():
            for end, side in enumerate(("from", "to")):
                current_a[:, rows, end] = _by_phase(out[name][f"i_{side}"], phases)
                loss_kw += _by_phase(out[name][f"p_{side}"], phases).sum(axis=(1, 2)) / 1e3
        return BatchFlow(
            u_pu=u_pu,
            current_a=current_a,
            loss_kw=loss_kw,
            source_kw=_by_phase(out["source"]["p"], phases).sum(axis=(1, 2)) / 1e3,
            source_kvar=_by_phase(out["source"]["q"], phases).sum(axis=(1, 2)) / 1e3,
            is_converged=is_converged,
        )

    def _fill_beside(self, found: BatchFlow) -> None:
        """Set currents of lines that carry their own charging alone."""
        grid, rows = self._grid, self._beside
        volt = found.u_pu[:, grid.from_node[rows]] * self._base_kv[grid.from_node[rows], None] * 1e3
        ampere = self._charging_s(grid.c_nf)[:, None] / 2 * volt / np.sqrt(3)
        found.current_a[:, rows] = ampere[:, :, None]

    def _fill_shorts(self, found: BatchFlow, out: Arrays, node: Ints, loads_va: Complexes) -> None:
        """Set currents of branches without impedance; loads (T, M, P)."""
        grid, (n_steps, _, phases) = self._grid, loads_va.shape
        taken = np.zeros((grid.n_nodes, n_steps, phases), dtype=np.complex128)
        np.add.at(taken, node, loads_va.transpose(1, 0, 2))
        for name, rows in self._kinds():
            for side, ends in (("from", grid.from_node), ("to", grid.to_node)):
                power = out[name][f"p_{side}"] + 1j * out[name][f"q_{side}"]
                np.add.at(taken, ends[rows], power.reshape(n_steps, -1, phases).transpose(1, 0, 2))
        rows = self._beside
        squared = (
            found.u_pu[:, grid.from_node[rows]] * self._base_kv[grid.from_node[rows], None]
        ) ** 2
        charging = -0.5j * self._charging_s(grid.c_nf)[:, None] * squared * 1e6 / phases
        for ends in (grid.from_node, grid.to_node):
            np.add.at(taken, ends[rows], charging.transpose(1, 0, 2))
        fed = out["source"]["p"] + 1j * out["source"]["q"]
        np.add.at(taken, self._sources, -fed.reshape(n_steps, -1, phases).transpose(1, 0, 2))
        through = np.einsum("zn,ntp->tzp", self._through, -taken[self._short_nodes])
        at = grid.from_node[self._shorts]
        volt = found.u_pu[:, at] * self._base_kv[at, None] * 1e3
        per_volt = np.sqrt(3) if phases > 1 else 1 / np.sqrt(3)
        found.current_a[:, self._shorts] = (np.abs(through) / volt * per_volt)[:, :, None]

    def _kinds(self) -> list[tuple[str, Ints]]:
        """Kinds of branches that occur, with their rows."""
        kinds = [("line", self._lines), ("transformer", self._transformers)]
        return [(name, rows) for name, rows in kinds if len(rows)]

    def _rows(self) -> Ints:
        """Nodes that stand for themselves, and maybe for others."""
        is_own = self._bus == np.arange(self._grid.n_nodes)
        return np.flatnonzero(self._is_supplied & is_own)


_BRANCH_WANTED = ["i_from", "i_to", "p_from", "p_to", "q_from", "q_to"]
_WANTED: Any = {
    "node": ["u_pu"],
    "line": _BRANCH_WANTED,
    "transformer": _BRANCH_WANTED,
    "source": ["p", "q"],
}


def _by_phase(values: Any, phases: int) -> Floats:
    shaped: Floats = np.asarray(values, dtype=np.float64).reshape(*values.shape[:2], phases)
    return shaped


def _windings(vector_group: str, hour: int) -> tuple[int, int]:
    """Windings of a group; of an unknown one any that allow the hour, as balanced loads ask."""
    found = _GROUP.fullmatch(vector_group)
    if found is None:
        high = pgm.WindingType.delta if hour % 2 else pgm.WindingType.wye_n
        return high, pgm.WindingType.wye_n
    return _WINDINGS[found.group(1).lower()], _WINDINGS[found.group(2)]


def require_zero_sequence(grid: Grid, is_live: Flags) -> None:
    """Check that a grid says enough for loads by phase.

    Raises
    ------
    InputError: zero-sequence impedances of lines, or vector groups of transformers, are missing.
    """
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    is_known = np.isfinite(grid.r0_ohm) & np.isfinite(grid.x0_ohm) & np.isfinite(grid.c0_nf)
    is_short = (grid.r_ohm == 0) & (grid.x_ohm == 0)
    has_group = np.array([_GROUP.fullmatch(name) is not None for name in grid.vector_group])
    lacks = np.flatnonzero(is_live & ~np.where(is_transformer, has_group, is_known | is_short))
    if not len(lacks):
        return
    names = ", ".join(grid.branch_id[row] for row in lacks[:_SHOWN])
    if (more := len(lacks) - _SHOWN) > 0:
        names += text(" and {n} more", n=more)
    raise InputError(
        code="no-zero-sequence",
        message=text(
            "loads on single phases need zero-sequence data, which {n} branches lack: {names}",
            n=len(lacks),
            names=names,
        ),
        expected=text("r0_ohm, x0_ohm, c0_nf of lines and vector_group of transformers"),
        hint=text("add them, or put loads on all three phases (abc) for a balanced calculation"),
    )
