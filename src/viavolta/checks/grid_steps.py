"""The worst steps of a grid assessment, calculated again by a power flow of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.grid_data import GridData, found
from viavolta.checks.grid_flow import Floats, Ints, TwinFlow, TwinGrid
from viavolta.model.messages import text

NEAR_PU = 5e-6
NEAR_PERCENT = 1e-2
_NEAR_SHARE = 1e-4
_PHASES = ("a", "b", "c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One worst step as the tables have it.

    power_va : (N, P) drawn. charging_va : (N, P) the part of it that is charging. u_pu : (N, P).
    percent, tap : (B,). row : of worst_steps.
    """

    key: tuple[str, object]
    row: dict[str, float]
    power_va: np.ndarray
    charging_va: np.ndarray
    u_pu: Floats
    percent: Floats
    tap: Ints


def check_steps(data: GridData) -> Iterator[Finding]:
    """Voltages, loadings, import and losses of every worst step, by the twin."""
    steps = list(read_steps(data))
    twin = TwinGrid(data.tables["nodes"], data.tables["branches"])
    for step, flow, k in flows(twin, [(step, step.power_va) for step in steps]):
        yield from _compare(data, step, flow, k)


def flows(
    twin: TwinGrid, asked: list[tuple[Step, np.ndarray]]
) -> Iterator[tuple[Step, TwinFlow, int]]:
    """Power flows of steps, those with the same taps and phases together."""
    groups: dict[tuple[bytes, int], list[tuple[Step, np.ndarray]]] = {}
    for step, power in asked:
        groups.setdefault((step.tap.tobytes(), power.shape[1]), []).append((step, power))
    for members in groups.values():
        flow = twin.flow(members[0][0].tap, np.stack([power for _, power in members]))
        for k, (step, _) in enumerate(members):
            yield step, flow, k


def read_steps(data: GridData) -> Iterator[Step]:
    """All worst steps with their loads and results as arrays."""
    keys = ["strategy", "start"]
    parts = {
        name: data.tables[name].partition_by(keys, as_dict=True)
        for name in ("step_loads", "step_voltages", "step_loadings")
    }
    node = {name: row for row, name in enumerate(data.tables["nodes"]["node_id"])}
    branch = {name: row for row, name in enumerate(data.tables["branches"]["branch_id"])}
    for row in data.tables["worst_steps"].iter_rows(named=True):
        key = (row["strategy"], row["start"])
        voltages, loadings = parts["step_voltages"][key], parts["step_loadings"][key]
        is_equal = set(voltages["phase"]) == {"abc"}
        n_phases = 1 if is_equal else len(_PHASES)
        u_pu = np.full((len(node), n_phases), np.nan)
        for node_id, phase, value in voltages.select("node_id", "phase", "u_pu").iter_rows():
            at = 0 if is_equal else _PHASES.index(phase) if phase in _PHASES else 0
            u_pu[node[node_id], at] = np.nan if value is None else value
        percent, tap = np.zeros(len(branch)), np.zeros(len(branch), dtype=np.int64)
        rows = [branch[name] for name in loadings["branch_id"]]
        percent[rows], tap[rows] = loadings["percent"].to_numpy(), loadings["tap_pos"].to_numpy()
        power, charging = _power(parts["step_loads"].get(key), node, n_phases)
        yield Step(
            key=key,
            row=row,
            power_va=power,
            charging_va=charging,
            u_pu=u_pu,
            percent=percent,
            tap=tap,
        )


def _power(
    loads: pl.DataFrame | None, node: dict[str, int], n_phases: int
) -> tuple[np.ndarray, np.ndarray]:
    """(N, P) all loads, and the part of them that is charging."""
    power, charging = np.zeros((2, len(node), n_phases), dtype=complex)
    if loads is None:
        return power, charging
    columns = ("node_id", "phase", "is_charging", "p_kw", "q_kvar")
    for node_id, phase, is_charging, p_kw, q_kvar in loads.select(columns).iter_rows():
        one = 1e3 * (p_kw + 1j * q_kvar)
        at = slice(None) if phase == "abc" or n_phases == 1 else _PHASES.index(phase)
        share = 3 if phase == "abc" or n_phases == 1 else 1
        power[node[node_id], at] += one / share
        if is_charging:
            charging[node[node_id], at] += one / share
    return power, charging


def _compare(data: GridData, step: Step, flow: TwinFlow, k: int) -> Iterator[Finding]:
    if not flow.is_settled[k]:
        yield found("step-not-settled", "worst_steps", step.key, text("no power flow was found"))
        return
    u_pu, row = flow.u_pu[k], step.row
    off = np.abs(u_pu - step.u_pu) > NEAR_PU
    off |= np.isnan(u_pu) != np.isnan(step.u_pu)
    for at in np.flatnonzero(off.any(axis=1))[:5]:
        name = data.tables["nodes"]["node_id"][int(at)]
        message = text("{a} pu, expected {b}", a=step.u_pu[at].tolist(), b=u_pu[at].tolist())
        yield found("step-voltage", "step_voltages", (*step.key, name), message)
    for at in np.flatnonzero(np.abs(flow.percent[k] - step.percent) > NEAR_PERCENT)[:5]:
        name = data.tables["branches"]["branch_id"][int(at)]
        message = text("{a} %, expected {b}", a=step.percent[at], b=flow.percent[k, at])
        yield found("step-loading", "step_loadings", (*step.key, name), message)
    near_kw = _NEAR_SHARE * max(1.0, float(np.abs(step.power_va).sum()) / 1e3)
    for column, value in (("import_kw", flow.import_kw[k]), ("loss_kw", flow.loss_kw[k])):
        if not abs(row[column] - value) <= near_kw:
            message = text("{c} {a:.6g}, expected {b:.6g}", c=column, a=row[column], b=value)
            yield found("step-power", "worst_steps", step.key, message)
    for column, value, near in (
        ("lowest_pu", np.nanmin(step.u_pu), NEAR_PU),
        ("highest_pu", np.nanmax(step.u_pu), NEAR_PU),
        ("highest_percent", step.percent.max(initial=0.0), NEAR_PERCENT),
    ):
        if not abs(row[column] - value) <= near:
            message = text("{c} {a:.6g}, the step has {b:.6g}", c=column, a=row[column], b=value)
            yield found("step-extreme", "worst_steps", step.key, message)
