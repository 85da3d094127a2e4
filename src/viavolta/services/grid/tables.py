"""The tables of an assessment; docs/reference/study-folder.md describes them.

Beside voltages, loadings and violations stands all that a check from the tables alone needs: the
grid, its limits, and every load, voltage and loading at the worst steps. Results carry the grade of
the grid they come from.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from viavolta.engines.grid.assess.marks import AT_NODES, KINDS, ViolationKind
from viavolta.engines.grid.bands import GridRules
from viavolta.formats.stays import utc_series
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.grid import Grid, NodeLoads, Phase
from viavolta.services.grid.calculate import Calculated, GridTask

_PERCENT = 100.0
_IN_PERCENT = (ViolationKind.OVERLOAD, ViolationKind.RESERVE)
_PER_DAY = 24
_PHASE_NAMES = ("a", "b", "c")
WHOLE_GRID = "grid"
"""Element of a violation that concerns all of the grid."""


def assess_tables(
    task: GridTask, runs: Sequence[Calculated], *, rules: GridRules, ambient_c: Floats
) -> dict[str, pl.DataFrame]:
    """Build all tables, by name."""
    samples = [(run, worst_steps(run)) for run in runs]
    start = runs[0].load.rest.start
    results = {
        "voltages": pl.concat([_voltages(task.grid, run) for run in runs]),
        "loadings": pl.concat([_loadings(task.grid, run) for run in runs]),
        "transformers": pl.concat([_transformers(task, run) for run in runs]),
        "violations": pl.concat([_violations(task.grid, run) for run in runs]),
        "strategies": pl.concat([_strategies(run) for run in runs]),
    }
    grade = pl.lit(task.grid.grade.value).alias("grade")
    return {
        **{name: table.with_columns(grade) for name, table in results.items()},
        "profile": _profile(runs),
        "nodes": _nodes(task, rules),
        "branches": _branches(task),
        "worst_steps": pl.concat([_worst(run, steps) for run, steps in samples]),
        "step_loads": pl.concat([_step_loads(task.grid, run, s) for run, s in samples]),
        **_step_flows(task, samples),
        "transformer_hours": pl.concat(
            [_transformer_hours(task, run, start=start, ambient_c=ambient_c) for run in runs]
        ),
    }


def worst_steps(run: Calculated) -> dict[int, str]:
    """Steps that anyone may calculate again, and why each: the first of each kind of extreme."""
    outcome = run.outcome
    picks: dict[int, str] = {}
    seen = ~np.isnan(outcome.loss_kw)
    if not seen.any():
        return picks
    for why, values in (
        ("lowest voltage", -outcome.lowest_pu),
        ("highest voltage", outcome.highest_pu),
        ("highest loading", outcome.highest_share),
        ("highest import", outcome.source_kw),
        ("highest export", -outcome.source_kw),
        ("highest losses", outcome.loss_kw),
    ):
        known = np.where(np.isnan(values), -np.inf, values)
        picks.setdefault(int(known.argmax()), why)
    middle = np.flatnonzero(seen)
    picks.setdefault(int(middle[len(middle) // 2]), "middle of all steps")
    return dict(sorted(picks.items()))


def _voltages(grid: Grid, run: Calculated) -> pl.DataFrame:
    found = run.outcome
    return pl.DataFrame(
        {
            "strategy": _of(run.name, grid.n_nodes),
            "node_id": pl.Series(grid.node_id, dtype=pl.String),
            "min_pu": _finite(found.u_min_pu),
            "max_pu": _finite(found.u_max_pu),
            "hours_outside": found.hours_outside,
        }
    )


def _loadings(grid: Grid, run: Calculated) -> pl.DataFrame:
    found = run.outcome
    return pl.DataFrame(
        {
            "strategy": _of(run.name, grid.n_branches),
            "branch_id": pl.Series(grid.branch_id, dtype=pl.String),
            "max_percent": found.loading_max * _PERCENT,
            "hours_over": found.hours_over,
            "hours_over_reserve": found.hours_over_reserve,
        }
    )


def _transformers(task: GridTask, run: Calculated) -> pl.DataFrame:
    warm, n = run.warmth, len(task.x)
    empty = np.zeros(n)
    return pl.DataFrame(
        {
            "strategy": _of(run.name, n),
            "branch_id": _names(task.grid.branch_id, task.x),
            "max_percent": run.outcome.loading_max[task.x] * _PERCENT,
            "max_hot_spot_c": warm.hot_spot_c.max(axis=0) if len(warm.hot_spot_c) else empty,
            "max_oil_c": warm.oil_c.max(axis=0) if len(warm.oil_c) else empty,
            "hours_over": warm.hours_over,
            "ageing_rate": warm.ageing,
        }
    )


def _violations(grid: Grid, run: Calculated) -> pl.DataFrame:
    found, load = run.found, run.load.rest
    kinds = [KINDS[number] for number in found.kind]
    scale = np.array([_PERCENT if kind in _IN_PERCENT else 1.0 for kind in kinds])
    return pl.DataFrame(
        {
            "strategy": _of(run.name, len(found)),
            "element": pl.Series(
                [
                    _element(grid, kind, int(row))
                    for kind, row in zip(kinds, found.element, strict=True)
                ],
                dtype=pl.String,
            ),
            "kind": pl.Series([kind.value for kind in kinds], dtype=pl.String),
            "start": utc_series(load.start[found.first_step]),
            "hours": found.n_steps * load.step_h,
            "worst": _finite(found.worst * scale),
            "worst_start": utc_series(load.start[found.worst_step]),
            "cause": pl.Series(run.cause, dtype=pl.String),
        }
    )


def _element(grid: Grid, kind: ViolationKind, row: int) -> str:
    if kind is ViolationKind.NOT_CONVERGED:
        return WHOLE_GRID
    return grid.node_id[row] if kind in AT_NODES else grid.branch_id[row]


def _strategies(run: Calculated) -> pl.DataFrame:
    """One row of totals; energy of sources, losses in the grid, and what dimming took."""
    outcome, step_h = run.outcome, run.load.rest.step_h
    source, loss = outcome.source_kw, outcome.loss_kw
    charging = run.load.charging
    dimmed = run.dimmed
    return pl.DataFrame(
        {
            "strategy": [run.name],
            "import_kwh": [float(np.nansum(np.maximum(source, 0)) * step_h)],
            "export_kwh": [float(np.nansum(np.maximum(-source, 0)) * step_h)],
            "peak_import_kw": [most_kw(source)],
            "peak_export_kw": [most_kw(-source)],
            "loss_kwh": [float(np.nansum(loss) * step_h)],
            "charging_kwh": [0.0 if charging is None else float(charging.p_kw.sum() * step_h)],
            "violation_hours": [float(run.found.n_steps.sum() * step_h)],
            "steps_not_converged": [outcome.n_not_converged],
            "dimmed_hours": [None if dimmed is None else float(dimmed.is_dimmed.sum() * step_h)],
            "unmet_kwh": [None if dimmed is None else float(dimmed.unmet_kwh.sum())],
        },
        schema_overrides={"dimmed_hours": pl.Float64, "unmet_kwh": pl.Float64},
    )


def most_kw(values: Floats) -> float:
    """The highest of powers, at least 0; steps without a solution do not count."""
    known = values[~np.isnan(values)]
    return float(max(known.max(), 0.0)) if len(known) else 0.0


def _profile(runs: Sequence[Calculated]) -> pl.DataFrame:
    """Import of the grid on the day of the highest import of any strategy, by strategy."""
    source = np.array([np.nan_to_num(run.outcome.source_kw, nan=-np.inf) for run in runs])
    load = runs[0].load.rest
    peak = int(source.max(axis=0).argmax())
    per_day = max(round(_PER_DAY / load.step_h), 1)
    first = max(min(peak - per_day // 2, load.n_steps - per_day), 0)
    steps = np.arange(first, min(first + per_day, load.n_steps))
    parts = [
        pl.DataFrame(
            {
                "strategy": _of(run.name, len(steps)),
                "start": utc_series(load.start[steps]),
                "import_kw": _finite(run.outcome.source_kw[steps]),
                "rest_kw": run.load.rest.p_kw[:, steps].sum(axis=0),
                "charging_kw": np.zeros(len(steps))
                if run.load.charging is None
                else run.load.charging.p_kw[:, steps].sum(axis=0),
            }
        )
        for run in runs
    ]
    return pl.concat(parts)


def _nodes(task: GridTask, rules: GridRules) -> pl.DataFrame:
    grid = task.grid
    is_lv, is_mv = rules.is_lv(grid), rules.is_mv(grid)
    return pl.DataFrame(
        {
            "node_id": pl.Series(grid.node_id, dtype=pl.String),
            "kind": [kind.value for kind in grid.node_kind],
            "level": [
                "lv" if lv else "mv" if mv else "hv" for lv, mv in zip(is_lv, is_mv, strict=True)
            ],
            "nominal_kv": grid.nominal_kv,
            "lat": _finite(grid.lat),
            "lon": _finite(grid.lon),
            "u_ref_pu": grid.u_ref_pu,
            "sk_mva": _finite(grid.sk_mva),
            "low_pu": task.limits.low_pu,
            "high_pu": task.limits.high_pu,
        }
    )


def _branches(task: GridTask) -> pl.DataFrame:
    grid = task.grid
    numbers = (
        *("length_km", "r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf", "max_a"),
        *("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent"),
        *("rated_from_kv", "rated_to_kv", "tap_step_percent", "regulated_pu"),
    )
    return pl.DataFrame(
        {
            "branch_id": pl.Series(grid.branch_id, dtype=pl.String),
            "kind": [kind.value for kind in grid.branch_kind],
            "from_node": _names(grid.node_id, grid.from_node),
            "to_node": _names(grid.node_id, grid.to_node),
            "is_closed": grid.is_closed,
            "n_parallel": grid.n_parallel,
            **{name: _finite(getattr(grid, name)) for name in numbers},
            "tap_pos": grid.tap_pos,
            "tap_min": grid.tap_min,
            "tap_max": grid.tap_max,
            "vector_group": pl.Series(grid.vector_group, dtype=pl.String),
            "reserve_percent": task.limits.reserve_share * _PERCENT,
        }
    )


def _worst(run: Calculated, steps: dict[int, str]) -> pl.DataFrame:
    rows, outcome = np.array(list(steps), dtype=np.int64), run.outcome
    return pl.DataFrame(
        {
            "strategy": _of(run.name, len(rows)),
            "start": utc_series(run.load.rest.start[rows]),
            "why": pl.Series(list(steps.values()), dtype=pl.String),
            "import_kw": outcome.source_kw[rows],
            "loss_kw": outcome.loss_kw[rows],
            "lowest_pu": outcome.lowest_pu[rows],
            "highest_pu": outcome.highest_pu[rows],
            "highest_percent": outcome.highest_share[rows] * _PERCENT,
        }
    )


def _step_loads(grid: Grid, run: Calculated, steps: dict[int, str]) -> pl.DataFrame:
    """Loads at the worst steps, summed by node, phase and whether they are charging."""
    rows = np.array(list(steps), dtype=np.int64)
    parts = [_loads_frame(grid, run.name, run.load.rest, rows, is_charging=False)]
    if run.load.charging is not None:
        parts.append(_loads_frame(grid, run.name, run.load.charging, rows, is_charging=True))
    return pl.concat(parts)


def _loads_frame(
    grid: Grid, name: str, loads: NodeLoads, rows: Ints, *, is_charging: bool
) -> pl.DataFrame:
    phases = list(Phase)
    number = np.array([phases.index(phase) for phase in loads.phase], dtype=np.int64)
    key, place = np.unique(loads.node * len(phases) + number, return_inverse=True)
    p_kw, q_kvar = np.zeros((2, len(key), len(rows)))
    np.add.at(p_kw, place, loads.p_kw[:, rows])
    np.add.at(q_kvar, place, loads.q_kvar[:, rows])
    at, step = np.nonzero((p_kw != 0) | (q_kvar != 0))
    return pl.DataFrame(
        {
            "strategy": _of(name, len(at)),
            "start": utc_series(loads.start[rows[step]]),
            "node_id": _names(grid.node_id, key[at] // len(phases)),
            "phase": pl.Series([phases[n].value for n in key[at] % len(phases)], dtype=pl.String),
            "is_charging": np.full(len(at), is_charging),
            "p_kw": p_kw[at, step],
            "q_kvar": q_kvar[at, step],
        }
    )


def _step_flows(
    task: GridTask, samples: Sequence[tuple[Calculated, dict[int, str]]]
) -> dict[str, pl.DataFrame]:
    """Voltages by phase, loadings and taps at the worst steps."""
    voltages, loadings = [], []
    for run, picks in samples:
        rows = np.array(list(picks), dtype=np.int64)
        if not len(rows):
            continue
        flow = task.solver.solve(run.load.at(rows))
        start = run.load.rest.start[rows]
        u_pu = flow.u_pu if flow.u_pu.ndim == len(_PHASE_NAMES) else flow.u_pu[..., None]
        phases = _PHASE_NAMES if u_pu.shape[2] > 1 else (Phase.ABC.value,)
        step, node, phase = (axis.reshape(-1) for axis in np.indices(u_pu.shape))
        voltages.append(
            pl.DataFrame(
                {
                    "strategy": _of(run.name, len(step)),
                    "start": utc_series(start[step]),
                    "node_id": _names(task.grid.node_id, node),
                    "phase": pl.Series(phases, dtype=pl.String).gather(phase),
                    "u_pu": _finite(u_pu.reshape(-1)),
                }
            )
        )
        step, branch = (axis.reshape(-1) for axis in np.indices(flow.loading_share.shape))
        loadings.append(
            pl.DataFrame(
                {
                    "strategy": _of(run.name, len(step)),
                    "start": utc_series(start[step]),
                    "branch_id": _names(task.grid.branch_id, branch),
                    "percent": flow.loading_share.reshape(-1) * _PERCENT,
                    "tap_pos": flow.tap.reshape(-1),
                }
            )
        )
    return {
        "step_voltages": pl.concat(voltages) if voltages else _NO_VOLTAGES,
        "step_loadings": pl.concat(loadings) if loadings else _NO_LOADINGS,
    }


def _transformer_hours(
    task: GridTask, run: Calculated, *, start: Times, ambient_c: Floats
) -> pl.DataFrame:
    """Two days up to the highest hot spot of each transformer, step by step."""
    warm = run.warmth
    length = max(round(2 * _PER_DAY / run.load.rest.step_h), 2)
    parts = []
    for column, branch in enumerate(task.x):
        peak = int(warm.hot_spot_c[:, column].argmax()) if len(warm.hot_spot_c) else 0
        steps = np.arange(max(peak - length + 1, 0), peak + 1)
        share = run.outcome.transformer_share[steps, column]
        parts.append(
            pl.DataFrame(
                {
                    "strategy": _of(run.name, len(steps)),
                    "branch_id": _of(task.grid.branch_id[branch], len(steps)),
                    "start": utc_series(start[steps]),
                    "percent": _finite(share * _PERCENT),
                    "ambient_c": ambient_c[steps],
                    "oil_c": warm.oil_c[steps, column],
                    "hot_spot_c": warm.hot_spot_c[steps, column],
                }
            )
        )
    return pl.concat(parts) if parts else _NO_HOURS


_MOMENT = pl.Datetime("us", "UTC")
_KEYS: dict[str, pl.DataType | type[pl.DataType]] = {"strategy": pl.String, "start": _MOMENT}
_NO_VOLTAGES = pl.DataFrame(
    schema={**_KEYS, "node_id": pl.String, "phase": pl.String, "u_pu": pl.Float64}
)
_NO_LOADINGS = pl.DataFrame(
    schema={**_KEYS, "branch_id": pl.String, "percent": pl.Float64, "tap_pos": pl.Int64}
)
_NO_HOURS = pl.DataFrame(
    schema={
        "strategy": pl.String,
        "branch_id": pl.String,
        "start": _MOMENT,
        **dict.fromkeys(("percent", "ambient_c", "oil_c", "hot_spot_c"), pl.Float64),
    }
)


def _of(name: str, n: int) -> pl.Series:
    return pl.repeat(name, n, dtype=pl.String, eager=True)


def _names(names: Sequence[str], rows: Ints) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(rows)


def _finite(values: Floats) -> pl.Series:
    """Numbers, null where there is none."""
    return pl.Series(np.where(np.isfinite(values), values, np.nan)).fill_nan(None)
