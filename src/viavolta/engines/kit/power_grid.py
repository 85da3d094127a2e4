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
Arrays = dict[Any, Any]  # structured arrays of power-grid-model by component

FREQUENCY_HZ = 50.0
SOURCE_R_OVER_X = 0.1  # of a source's short-circuit impedance, power-grid-model's own default
TINY_OHM_PER_KV2 = 1e-9
"""Stands for no impedance at all: 1e-9 of 1 MVA, far below the 1e-6 pu that anyone asks for. The
own `link` of power-grid-model is 1,000 times as much."""
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


def clock(vector_group: str) -> int:
    """Return the hour of a vector group such as Dyn5; 0 where the group is not known."""
    found = _GROUP.fullmatch(vector_group)
    return int(found.group(3)) % 12 if found else 0


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
    """A grid in power-grid-model, made ready once for balanced and once for loads by phase."""

    def __init__(self, grid: Grid, *, base_kv: Floats, is_live: Flags, is_supplied: Flags) -> None:
        """Take a grid with (N,) base voltages, (B,) live branches and (N,) supplied nodes."""
        self._grid, self._base_kv, self._is_live = grid, base_kv, is_live
        self._is_supplied = is_supplied
        is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
        self._lines = np.flatnonzero(is_live & ~is_transformer)
        self._transformers = np.flatnonzero(is_live & is_transformer)
        self._sources = np.flatnonzero(grid.is_kind(NodeKind.SOURCE))

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
            return self._result({}, np.zeros(0, dtype=bool), by_phase=by_phase)
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
        return self._result(out, is_converged, by_phase=by_phase)

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
        rows = np.flatnonzero(self._is_supplied)
        nodes = pgm.initialize_array("input", "node", len(rows))
        nodes["id"] = rows
        nodes["u_rated"] = self._base_kv[rows] * 1e3
        sources = pgm.initialize_array("input", "source", len(self._sources))
        sources["id"] = grid.n_nodes + grid.n_branches + np.arange(len(self._sources))
        sources["node"] = self._sources
        sources["status"] = 1
        scale = grid.nominal_kv[self._sources] / self._base_kv[self._sources]
        sources["u_ref"] = grid.u_ref_pu[self._sources] * scale
        sources["sk"] = np.minimum(grid.sk_mva[self._sources] * 1e6, _STIFF_VA)
        sources["rx_ratio"] = SOURCE_R_OVER_X
        loads = pgm.initialize_array("input", load, len(node))
        loads["id"] = self._load_ids(len(node))
        loads["node"] = node
        loads["status"] = 1
        loads["type"] = pgm.LoadGenType.const_power
        loads["p_specified"] = 0
        loads["q_specified"] = 0
        return {
            "node": nodes,
            "line": self._line_input(),
            "transformer": self._transformer_input(),
            "source": sources,
            load: loads,
        }

    def _line_input(self) -> Any:
        grid, rows = self._grid, self._lines
        lines = self._branch_input("line", rows)
        n = grid.n_parallel[rows]
        # the whole branch is in ohm at its from_node, as is the base voltage of its section
        tiny = TINY_OHM_PER_KV2 * self._base_kv[grid.to_node[rows]] ** 2
        is_short = (grid.r_ohm[rows] == 0) & (grid.x_ohm[rows] == 0)
        lines["r1"] = grid.r_ohm[rows] / n
        lines["x1"] = np.where(is_short, tiny, grid.x_ohm[rows]) / n
        lines["c1"] = grid.c_nf[rows] * 1e-9 * n
        lines["tan1"] = 0
        lines["r0"] = np.where(is_short, 0, grid.r0_ohm[rows]) / n
        lines["x0"] = np.where(is_short, tiny, grid.x0_ohm[rows]) / n
        lines["c0"] = np.where(is_short, 0, grid.c0_nf[rows]) * 1e-9 * n
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
        for row, name in enumerate(grid.vector_group[branch] for branch in rows):
            winding_from, winding_to, hour = _windings(name)
            items["winding_from"][row] = winding_from
            items["winding_to"][row] = winding_to
            items["clock"][row] = hour
        return items

    def _branch_input(self, component: str, rows: Ints) -> Any:
        items = pgm.initialize_array("input", component, len(rows))
        items["id"] = self._id(rows)
        items["from_node"] = self._grid.from_node[rows]
        items["to_node"] = self._grid.to_node[rows]
        items["from_status"] = 1
        items["to_status"] = 1
        return items

    def _result(self, out: Arrays, is_converged: Flags, *, by_phase: bool) -> BatchFlow:
        grid, phases, n_steps = self._grid, 3 if by_phase else 1, len(is_converged)
        u_pu = np.full((n_steps, grid.n_nodes, phases), np.nan)
        current_a = np.zeros((n_steps, grid.n_branches, 2, phases))
        loss_kw, source_kw, source_kvar = np.zeros((3, n_steps))
        if n_steps:
            u_pu[:, self._is_supplied] = _by_phase(out["node"]["u_pu"], phases)
            for name, rows in (("line", self._lines), ("transformer", self._transformers)):
                if not len(rows):
                    continue
                for end, side in enumerate(("from", "to")):
                    current_a[:, rows, end] = _by_phase(out[name][f"i_{side}"], phases)
                    loss_kw += _by_phase(out[name][f"p_{side}"], phases).sum(axis=(1, 2)) / 1e3
            source_kw = _by_phase(out["source"]["p"], phases).sum(axis=(1, 2)) / 1e3
            source_kvar = _by_phase(out["source"]["q"], phases).sum(axis=(1, 2)) / 1e3
        for values in (u_pu, current_a, loss_kw, source_kw, source_kvar):
            values[~is_converged] = np.nan
        return BatchFlow(
            u_pu=u_pu,
            current_a=current_a,
            loss_kw=loss_kw,
            source_kw=source_kw,
            source_kvar=source_kvar,
            is_converged=is_converged,
        )


_BRANCH_WANTED = ["i_from", "i_to", "p_from", "p_to"]
_WANTED: Any = {
    "node": ["u_pu"],
    "line": _BRANCH_WANTED,
    "transformer": _BRANCH_WANTED,
    "source": ["p", "q"],
}


def _by_phase(values: Any, phases: int) -> Floats:
    shaped: Floats = np.asarray(values, dtype=np.float64).reshape(*values.shape[:2], phases)
    return shaped


def _windings(vector_group: str) -> tuple[int, int, int]:
    """Windings and hour; of an unknown group such as do no harm where loads are balanced."""
    found = _GROUP.fullmatch(vector_group)
    if found is None:
        return pgm.WindingType.wye_n, pgm.WindingType.wye_n, 0
    high, low, hour = found.groups()
    return _WINDINGS[high.lower()], _WINDINGS[low], int(hour)


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
    more = len(lacks) - _SHOWN
    raise InputError(
        code="no-zero-sequence",
        message=text(
            "loads on single phases need zero-sequence data, which {n} branches lack: {names}",
            n=len(lacks),
            names=names + (text(" and {n} more", n=more) if more > 0 else ""),
        ),
        expected=text("r0_ohm, x0_ohm, c0_nf of lines and vector_group of transformers"),
        hint=text("add them, or put loads on all three phases (abc) for a balanced calculation"),
    )
