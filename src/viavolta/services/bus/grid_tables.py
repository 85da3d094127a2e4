"""What a bus study says about its grid: tables, figures, warnings and reasons.

docs/reference/study-folder.md describes the tables.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.engines.grid.flow import Flow
from viavolta.engines.grid.room import LOST, Room, room_of
from viavolta.formats.stays import utc_series
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import NodeLoads, Phase
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.services.bus.charging import DepotCharging
from viavolta.services.bus.grid_case import (
    CASES,
    MANAGED,
    NONE,
    UNMANAGED,
    GridCase,
    GridDays,
    element_rows,
    grid_cases,
    hours_of_year,
    lost_hours_of_year,
    node_powers,
    violation_hours,
    worst_of,
)
from viavolta.services.bus.grid_limits import GridLimits
from viavolta.services.bus.grid_sites import DepotGrid
from viavolta.services.bus.reasons import Said, reason_row

_PERCENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GridAnswer:
    """The grid of a plan, from limits to measures.

    Attributes
    ----------
    place_id, name : (K,) of the depots. connection_kw : (K,) as planned. room : (K,) what each node
        takes while the other depots draw their connections. full : flow with all of them at once.
    start : of the service day, UTC. year : in which measures are needed, that of the service day.
    """

    grid: DepotGrid
    limits: GridLimits
    place_id: tuple[str, ...]
    name: tuple[str, ...]
    connection_kw: Floats
    room: tuple[Room, ...]
    full: Flow
    cases: tuple[GridCase, ...]
    days: GridDays
    start: np.datetime64
    year: int

    def case(self, name: str) -> GridCase:
        """A case by its name."""
        return self.cases[CASES.index(name)]


def answer_of(
    grid: DepotGrid,
    limits: GridLimits,
    charging: tuple[DepotCharging, ...],
    *,
    days: GridDays,
    places: tuple[tuple[str, str], ...],
    start: np.datetime64,
    year: int,
) -> GridAnswer:
    """Put together what the grid says of a plan; places (K,) are ids and names of the depots."""
    kw = np.array([depot.connection_kw for depot in charging], dtype=np.float64)
    p_kw, q_kvar = node_powers(grid, kw[:, None])
    full = grid.solver.solve(
        NodeLoads(
            start=np.array([start]),
            step_s=round(days.step_h * 3600),
            node=np.arange(grid.grid.n_nodes),
            phase=(Phase.ABC,) * grid.grid.n_nodes,
            p_kw=p_kw,
            q_kvar=q_kvar,
        )
    )
    return GridAnswer(
        grid=grid,
        limits=limits,
        place_id=tuple(place_id for place_id, _ in places),
        name=tuple(name for _, name in places),
        connection_kw=kw,
        room=tuple(room_of(grid.ceiling, grid.node, kw, k) for k in range(len(kw))),
        full=full,
        cases=grid_cases(grid, charging, days),
        days=days,
        start=start,
        year=year,
    )


def grid_summary(answer: GridAnswer) -> dict[str, Any]:
    """The figures under the key `grid` of the summary."""
    grid, cases = answer.grid, answer.cases
    eur = {case.name: case.reinforcement_eur for case in cases}
    return {
        "file": grid.file,
        "grade": grid.grid.grade.value,
        "n_nodes": grid.grid.n_nodes,
        "n_branches": grid.grid.n_branches,
        "method": grid.solver.method.value,
        "base_load_kw": float(grid.base_kw.sum()),
        "step_s": round(answer.days.step_h * 3600),
        "days_per_year": dict(zip(answer.days.name, answer.days.days, strict=True)),
        "strategies": list(CASES),
        "violation_hours": {case.name: violation_hours(case, answer.days) for case in cases},
        "violation_hours_sizing_day": {
            case.name: _sizing_day_hours(case, answer.days) for case in cases
        },
        "reinforcement_eur": eur,
        "lower_bound_eur": {
            case.name: None if case.plan is None else case.plan.lower_bound_eur for case in cases
        },
        "avoided_eur": _avoided(eur[UNMANAGED], eur[MANAGED]),
        "avoided_share": {MANAGED: avoided_share(eur[UNMANAGED], eur[MANAGED])},
        "limited_depots": [
            place
            for place, kw in zip(answer.place_id, answer.limits.limit_kw, strict=True)
            if not np.isnan(kw)
        ],
    }


def _avoided(plain: float | None, managed: float | None) -> float | None:
    return None if plain is None or managed is None else plain - managed


def avoided_share(plain: float | None, managed: float | None) -> float | None:
    """Share of the reinforcement that managed charging avoids; None where nothing must be built."""
    if plain is None or managed is None or plain <= 0:
        return None
    return 1 - managed / plain


def _sizing_day_hours(case: GridCase, days: GridDays) -> float:
    one = case.found[0]
    hours = one.hours_outside.sum() + one.hours_over.sum()
    return float(hours) + one.n_not_converged * days.step_h


def grid_tables(answer: GridAnswer) -> dict[str, pl.DataFrame]:
    """Build all tables, by name."""
    grade = pl.lit(answer.grid.grid.grade.value).alias("grade")
    results = {
        "voltages": pl.concat([_voltages(answer, case) for case in answer.cases]),
        "loadings": pl.concat([_loadings(answer, case) for case in answer.cases]),
        "violations": _violations(answer),
        "measures": _measures(answer),
        "grid_connections": _connections(answer),
    }
    return {
        **{name: table.with_columns(grade) for name, table in results.items()},
        "nodes": _nodes(answer),
        "branches": _branches(answer),
    }


def _connections(answer: GridAnswer) -> pl.DataFrame:
    grid, limits = answer.grid, answer.limits
    return pl.DataFrame(
        {
            "place_id": pl.Series(answer.place_id, dtype=pl.String),
            "node_id": [grid.node_id(k) for k in range(len(answer.place_id))],
            "distance_m": _finite(grid.distance_m),
            "asked_kw": limits.asked_kw,
            "alone_kw": [float(room.kw) for room in limits.alone],
            "node_kw": [float(room.kw) for room in answer.room],
            "connection_kw": answer.connection_kw,
            "is_limited": ~np.isnan(limits.limit_kw),
            "binds": [room.binds for room in answer.room],
        },
        schema_overrides={"node_id": pl.String, "binds": pl.String},
    )


def _voltages(answer: GridAnswer, case: GridCase) -> pl.DataFrame:
    names = answer.grid.grid.node_id
    below, above, _ = hours_of_year(case, answer.days)
    return pl.DataFrame(
        {
            "strategy": [case.name] * len(names),
            "node_id": pl.Series(names, dtype=pl.String),
            "min_pu": _finite(worst_of(case, "u_min_pu", lowest=True)[0]),
            "max_pu": _finite(worst_of(case, "u_max_pu", lowest=False)[0]),
            "hours_outside": below + above,
        }
    )


def _loadings(answer: GridAnswer, case: GridCase) -> pl.DataFrame:
    names = answer.grid.grid.branch_id
    return pl.DataFrame(
        {
            "strategy": [case.name] * len(names),
            "branch_id": pl.Series(names, dtype=pl.String),
            "max_percent": worst_of(case, "loading_max", lowest=False)[0] * _PERCENT,
            "hours_over": hours_of_year(case, answer.days)[2],
        }
    )


_VIOLATIONS = {
    **dict.fromkeys(("strategy", "element", "kind"), pl.String),
    **dict.fromkeys(("hours", "hours_sizing_day", "worst"), pl.Float64),
    "cause": pl.String,
}


def _violations(answer: GridAnswer) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    moments: list[np.datetime64] = []
    for case in answer.cases:
        for row, step in _broken(answer, case):
            rows.append(row)
            moments.append(answer.start + np.timedelta64(step, "s"))
    start = utc_series(np.array(moments, dtype="datetime64[s]"))
    return pl.DataFrame(rows, schema=_VIOLATIONS).with_columns(start.alias("start")).select(
        *("strategy", "element", "kind", "start", "hours", "hours_sizing_day", "worst", "cause")
    )  # fmt: skip


def _broken(answer: GridAnswer, case: GridCase) -> list[tuple[dict[str, Any], int]]:
    """Rows of a case, each with the second of the day at which it is worst."""
    grid, days = answer.grid.grid, answer.days
    below, above, over = hours_of_year(case, days)
    sizing, base = case.found[0], answer.case(NONE).found[0]
    kinds = (
        ("low-voltage", grid.node_id, below, "hours_below", "u_min_pu", 1.0),
        ("high-voltage", grid.node_id, above, "hours_above", "u_max_pu", 1.0),
        ("overload", grid.branch_id, over, "hours_over", "loading_max", _PERCENT),
    )
    step_s = round(days.step_h * 3600)
    found: list[tuple[dict[str, Any], int]] = []
    for kind, names, hours, field, value, scale in kinds:
        on_sizing, alone = getattr(sizing, field), getattr(base, field)
        worst, _, step = worst_of(case, value, lowest=value == "u_min_pu")
        found += [
            (
                {
                    "strategy": case.name,
                    "element": names[row],
                    "kind": kind,
                    "hours": float(hours[row]),
                    "hours_sizing_day": float(on_sizing[row]),
                    "worst": float(worst[row]) * scale,
                    "cause": "base load" if alone[row] > 0 else "charging",
                },
                int(step[row]) * step_s,
            )
            for row in np.flatnonzero((hours > 0) | (on_sizing > 0)).tolist()
        ]
    return [*found, *_lost(answer, case)]


def _lost(answer: GridAnswer, case: GridCase) -> list[tuple[dict[str, Any], int]]:
    """The steps without a solution of the power flow, as one row."""
    steps = [int(one.not_converged[0]) for one in case.found if one.n_not_converged]
    if not steps:
        return []
    step_s = round(answer.days.step_h * 3600)
    row = {
        "strategy": case.name,
        "element": LOST,
        "kind": "not-converged",
        "hours": lost_hours_of_year(case, answer.days),
        "hours_sizing_day": case.found[0].n_not_converged * answer.days.step_h,
        "worst": None,
        "cause": "base load" if answer.case(NONE).found[0].n_not_converged else "charging",
    }
    return [(row, steps[0] * step_s)]


_MEASURES: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("strategy", "measure_id", "kind", "element"), pl.String),
    "year": pl.Int64,
    "cost_eur": pl.Float64,
    **dict.fromkeys(("removes", "node", "type_id"), pl.String),
    "count": pl.Int64,
    "length_km": pl.Float64,
    "binds": pl.String,
    **dict.fromkeys(("value", "limit", "eur_per_kw"), pl.Float64),
}


def _measures(answer: GridAnswer) -> pl.DataFrame:
    grid = answer.grid.grid
    row_of = element_rows(grid)
    return pl.DataFrame(
        [
            {
                "strategy": case.name,
                "measure_id": f"{case.name}-{one.measure_id}",
                "kind": one.kind.value,
                "element": one.element,
                "year": answer.year,
                "cost_eur": one.cost_eur,
                "removes": one.removes,
                "node": one.node,
                "type_id": one.type_id,
                "count": one.count,
                "length_km": float(grid.length_km[row_of[one.element]]),
                "binds": one.why.element,
                "value": _number(one.why.value),
                "limit": _number(one.why.limit),
                "eur_per_kw": _number(one.why.eur_per_kw),
            }
            for case in answer.cases
            for one in case.measures
        ],
        schema=_MEASURES,
    )


def _nodes(answer: GridAnswer) -> pl.DataFrame:
    """The grid's nodes as in a grid study, with their base load and voltages at full load."""
    at, grid = answer.grid, answer.grid.grid
    return pl.DataFrame(
        {
            "node_id": pl.Series(grid.node_id, dtype=pl.String),
            "kind": [kind.value for kind in grid.node_kind],
            "nominal_kv": grid.nominal_kv,
            "lat": _finite(grid.lat),
            "lon": _finite(grid.lon),
            "u_ref_pu": grid.u_ref_pu,
            "sk_mva": _finite(grid.sk_mva),
            "low_pu": at.low_pu,
            "high_pu": at.high_pu,
            "base_kw": at.base_kw,
            "base_kvar": at.base_kvar,
            "full_pu": _finite(answer.full.u_pu[0]),
        }
    )


def _branches(answer: GridAnswer) -> pl.DataFrame:
    """The grid's branches as in a grid study, with taps and loadings at full load."""
    grid = answer.grid.grid
    numbers = (
        *("length_km", "r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf", "max_a"),
        *("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent"),
        *("rated_from_kv", "rated_to_kv", "tap_step_percent", "regulated_pu"),
    )
    return pl.DataFrame(
        {
            "branch_id": pl.Series(grid.branch_id, dtype=pl.String),
            "kind": pl.Series([kind.value for kind in grid.branch_kind], dtype=pl.String),
            "from_node": _names(grid.node_id, grid.from_node),
            "to_node": _names(grid.node_id, grid.to_node),
            "is_closed": grid.is_closed,
            "n_parallel": grid.n_parallel,
            **{name: _finite(getattr(grid, name)) for name in numbers},
            "tap_pos": grid.tap_pos,
            "tap_min": grid.tap_min,
            "tap_max": grid.tap_max,
            "vector_group": pl.Series(grid.vector_group, dtype=pl.String),
            "reserve_percent": answer.grid.load_share * _PERCENT,
            "full_percent": answer.full.loading_share[0] * _PERCENT,
            "full_tap": answer.full.tap[0],
        }
    )


def grid_warnings(answer: GridAnswer) -> list[StudyWarning]:
    """What must be known before the figures of the grid are trusted."""
    notes = [*answer.grid.warnings]
    for k, kw in enumerate(answer.limits.limit_kw):
        if not np.isnan(kw):
            message = text(
                "{depot} would have {asked:,.0f} kW; the grid bears {kw:,.0f} kW at node {node}, "
                "where {element} binds",
                depot=answer.name[k],
                asked=answer.limits.asked_kw[k],
                kw=kw,
                node=answer.grid.node_id(k),
                element=answer.limits.binds[k],
            )
            notes.append(
                StudyWarning(code="grid-limits-connection", file=answer.grid.file, message=message)
            )
    unsolved = [case.name for case in answer.cases if case.plan is None]
    if unsolved:
        message = text(
            "no list of allowed measures removes every violation: {cases}",
            cases=", ".join(unsolved),
        )
        notes.append(
            StudyWarning(code="grid-not-reinforced", file=answer.grid.file, message=message)
        )
    return notes


def grid_reasons(answer: GridAnswer) -> list[tuple[str, str, str, str, str]]:
    """Rows of the table why: what binds each depot's node, and what one kW more would take."""
    rows = []
    for k, name in enumerate(answer.name):
        room = answer.room[k]
        statement: Said = (
            "node",
            {
                "node": answer.grid.node_id(k),
                "kw": float(room.kw),
                "depot": name,
                "has": float(answer.connection_kw[k]),
            },
        )
        binds: Said = ("nothing-binds", {})
        if room.binds:
            binds = ("element-binds", {"element": room.binds})
        rows.append(reason_row("node_kw", statement, binds))
    return rows


def _finite(values: Floats) -> pl.Series:
    """Numbers, null where there is none."""
    return pl.Series(np.where(np.isfinite(values), values, np.nan)).fill_nan(None)


def _names(names: tuple[str, ...], rows: Ints) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(rows)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
