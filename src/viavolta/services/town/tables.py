"""The tables of a town study; docs/reference/study-folder.md describes them."""

from collections import defaultdict
from typing import Any

import numpy as np
import polars as pl

from viavolta.formats.stays import utc_series
from viavolta.model.arrays import Floats
from viavolta.model.grid import BranchKind, Grid
from viavolta.model.grid_prices import GridPrices
from viavolta.services.town.build import allowed_in
from viavolta.services.town.calendar import STEP_H, WEEK_STEPS, study_year
from viavolta.services.town.draw import NONE, CaseResult, Town
from viavolta.services.town.headline import (
    Outcome,
    interval,
    measure_years,
    spent_by_year,
)
from viavolta.services.town.strategy import Strategy

_PERCENT = 100.0


def town_tables(town: Town, outcome: Outcome) -> dict[str, pl.DataFrame]:
    """Build all tables, by name."""
    last = town.ev_shares[-1]
    shown = outcome.shown_draw(last)
    cases = [case for name in outcome.strategies for case in outcome.of(name, last)]
    cases = [case for case in cases if case.draw == shown]
    return {
        "nodes": _nodes(town),
        "branches": _branches(town.place.grid),
        "voltages": pl.concat([_voltages(case) for case in cases]),
        "loadings": pl.concat([_loadings(case) for case in cases]),
        "violations": _violations(town, cases),
        "measures": _measures(outcome, [case for case in outcome.cases if case.draw == shown]),
        "draw_measures": _measures(outcome, outcome.cases),
        "draws": _draws(outcome),
        "needs": _needs(outcome),
        "years": _years(outcome),
        "power": _power(town, cases),
        "areas": _areas([case for case in outcome.cases if case.draw == shown]),
        "prices": _prices(town.rules.prices),
    }


def _nodes(town: Town) -> pl.DataFrame:
    grid = town.place.grid
    allowed = allowed_in(grid, town.rules)
    return pl.DataFrame(
        {
            "node_id": pl.Series(grid.node_id, dtype=pl.String),
            "kind": pl.Series([kind.value for kind in grid.node_kind], dtype=pl.String),
            "nominal_kv": grid.nominal_kv,
            "lat": _known(grid.lat),
            "lon": _known(grid.lon),
            "low_pu": allowed.low_pu,
            "high_pu": allowed.high_pu,
            "n_households": np.bincount(
                town.place.node[town.place.home], minlength=grid.n_nodes
            ).astype(np.int64),
        }
    )


def _branches(grid: Grid) -> pl.DataFrame:
    names = pl.Series(grid.node_id, dtype=pl.String)
    return pl.DataFrame(
        {
            "branch_id": pl.Series(grid.branch_id, dtype=pl.String),
            "kind": pl.Series([kind.value for kind in grid.branch_kind], dtype=pl.String),
            "from_node": names.gather(grid.from_node),
            "to_node": names.gather(grid.to_node),
            "is_closed": grid.is_closed,
            "length_km": grid.length_km,
            "max_a": _known(grid.max_a),
            "sn_kva": _known(grid.sn_kva),
        }
    )


def _voltages(case: CaseResult) -> pl.DataFrame:
    grid, flow = case.flow_grid, case.flow
    return pl.DataFrame(
        {
            "strategy": _same(case.strategy, grid.n_nodes),
            "ev_share": np.full(grid.n_nodes, case.ev_share),
            "node_id": pl.Series(grid.node_id, dtype=pl.String),
            "min_pu": flow.u_min_pu,
            "max_pu": flow.u_max_pu,
            "hours_outside": flow.hours_low + flow.hours_high,
        }
    )


def _loadings(case: CaseResult) -> pl.DataFrame:
    grid, flow = case.flow_grid, case.flow
    return pl.DataFrame(
        {
            "strategy": _same(case.strategy, grid.n_branches),
            "ev_share": np.full(grid.n_branches, case.ev_share),
            "branch_id": pl.Series(grid.branch_id, dtype=pl.String),
            "max_percent": flow.loading_max * _PERCENT,
            "hours_over": flow.hours_over,
        }
    )


def _violations(town: Town, cases: list[CaseResult]) -> pl.DataFrame:
    start = study_year(town.n_steps)
    rows: list[dict[str, Any]] = []
    for case in cases:
        grid, flow = case.flow_grid, case.flow
        without = next(one for one in cases if one.strategy == NONE).flow
        kinds = (
            ("low-voltage", grid.node_id, flow.hours_low, flow.u_min_step, flow.u_min_pu),
            ("high-voltage", grid.node_id, flow.hours_high, flow.u_max_step, flow.u_max_pu),
            (
                "overload",
                grid.branch_id,
                flow.hours_over,
                flow.loading_step,
                flow.loading_max * _PERCENT,
            ),
        )
        alone = (without.hours_low, without.hours_high, without.hours_over)
        for (kind, names, hours, step, worst), base in zip(kinds, alone, strict=True):
            rows += [
                {
                    "strategy": case.strategy,
                    "ev_share": case.ev_share,
                    "element": names[row],
                    "kind": kind,
                    "start": start[step[row]],
                    "hours": float(hours[row]),
                    "worst": float(worst[row]),
                    "cause": _cause(case, base, row),
                }
                for row in np.flatnonzero(hours > 0).tolist()
            ]
        if len(flow.lost_steps):
            rows.append(
                {
                    "strategy": case.strategy,
                    "ev_share": case.ev_share,
                    "element": "grid",
                    "kind": "not-converged",
                    "start": start[flow.lost_steps[0]],
                    "hours": len(flow.lost_steps) * STEP_H,
                    "worst": None,
                    "cause": "both",
                }
            )
    moments = np.array([row.pop("start") for row in rows], dtype="datetime64[s]")
    frame = pl.DataFrame(
        rows,
        schema={
            "strategy": pl.String,
            "ev_share": pl.Float64,
            "element": pl.String,
            "kind": pl.String,
            "hours": pl.Float64,
            "worst": pl.Float64,
            "cause": pl.String,
        },
    )
    return frame.with_columns(utc_series(moments).alias("start")).select(
        *("strategy", "ev_share", "element", "kind", "start", "hours", "worst", "cause")
    )


def _cause(case: CaseResult, base_hours: Floats, row: int) -> str:
    """Whether the town without cars breaks the element too."""
    if case.strategy == NONE:
        return "base"
    return "both" if row < len(base_hours) and base_hours[row] > 0 else "cars"


def _measures(outcome: Outcome, cases: Any) -> pl.DataFrame:
    rows = [
        {
            "draw": case.draw,
            "strategy": case.strategy,
            "ev_share": case.ev_share,
            "measure_id": f"{case.draw}-{case.strategy}-{case.ev_share:g}-{measure.measure_id}",
            "kind": measure.kind,
            "element": measure.element,
            "year": year,
            "cost_eur": measure.cost_eur,
            "removes": measure.removes,
            "node": measure.node,
            "type_id": measure.type_id,
            "count": measure.count,
            "length_km": measure.length_km,
            "needed_share": share,
            "binds": measure.binds,
            "value": _number(measure.value),
            "limit": _number(measure.limit),
            "eur_per_kw": _number(measure.eur_per_kw),
        }
        for case in cases
        for measure, year, share in zip(
            case.measures, measure_years(outcome, case), case.measure_share, strict=True
        )
    ]
    return pl.DataFrame(
        rows,
        schema={
            "draw": pl.Int64,
            "strategy": pl.String,
            "ev_share": pl.Float64,
            "measure_id": pl.String,
            "kind": pl.String,
            "element": pl.String,
            "year": pl.Int64,
            "cost_eur": pl.Float64,
            "removes": pl.String,
            "node": pl.String,
            "type_id": pl.String,
            "count": pl.Int64,
            "length_km": pl.Float64,
            "needed_share": pl.Float64,
            "binds": pl.String,
            "value": pl.Float64,
            "limit": pl.Float64,
            "eur_per_kw": pl.Float64,
        },
    )


def _draws(outcome: Outcome) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "draw": case.draw,
                "strategy": case.strategy,
                "ev_share": case.ev_share,
                "n_cars": case.n_cars,
                "energy_kwh": case.energy_kwh,
                "wanted_kwh": case.wanted_kwh,
                "unmet_kwh": case.unmet_kwh,
                "cost_energy_eur": case.cost_energy_eur,
                "peak_kw": float(np.nanmax(case.flow.source_kw)),
                "violation_hours": case.flow.broken_hours,
                "n_violated": _n_violated(case),
                "cost_eur": case.cost_eur,
                "lower_bound_eur": case.lower_bound_eur,
                "reinforcement_eur": case.reinforcement_eur,
                "verified_hours": case.verified_hours,
                "is_solved": case.is_solved,
                "rounds": case.rounds,
                "dimmed_hours": case.dimmed_hours,
            }
            for case in outcome.cases
        ],
        schema_overrides={"dimmed_hours": pl.Float64},
    )


def _n_violated(case: CaseResult) -> int:
    flow = case.flow
    nodes = (flow.hours_low > 0) | (flow.hours_high > 0)
    return int(nodes.sum() + (flow.hours_over > 0).sum())


def _needs(outcome: Outcome) -> pl.DataFrame:
    """How often the same kind is built at the same element, and from when on."""
    years: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    costs: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    built: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for case in outcome.cases:
        for measure, year in zip(case.measures, measure_years(outcome, case), strict=True):
            key = (case.strategy, measure.kind, measure.element)
            built[key].add(case.draw)
            costs[key].append(measure.cost_eur)
            if year is not None:
                years[key].append(year)
    rows = []
    for key, in_draws in sorted(built.items()):
        between = interval(years[key])
        rows.append(
            {
                "strategy": key[0],
                "kind": key[1],
                "element": key[2],
                "draws_share": len(in_draws) / len(outcome.draws),
                "year_p05": None if between is None else between["p05"],
                "year_p50": None if between is None else between["p50"],
                "year_p95": None if between is None else between["p95"],
                "cost_p50_eur": float(np.median(costs[key])),
            }
        )
    return pl.DataFrame(
        rows,
        schema={
            **dict.fromkeys(("strategy", "kind", "element"), pl.String),
            **dict.fromkeys(
                ("draws_share", "year_p05", "year_p50", "year_p95", "cost_p50_eur"), pl.Float64
            ),
        },
    )


def _years(outcome: Outcome) -> pl.DataFrame:
    rows = []
    for strategy in outcome.strategies:
        spent = [spent_by_year(outcome, strategy, draw) for draw in outcome.draws]
        for year, share in sorted(outcome.uptake.items()):
            between = interval(one[year] for one in spent)
            if between is not None:
                rows.append(
                    {
                        "strategy": strategy,
                        "year": year,
                        "ev_share": share,
                        **{f"{name}_eur": value for name, value in between.items()},
                    }
                )
    return pl.DataFrame(rows)


def _power(town: Town, cases: list[CaseResult]) -> pl.DataFrame:
    """The week with the highest unmanaged power, in all strategies."""
    unmanaged = next(case for case in cases if case.strategy == Strategy.UNMANAGED)
    step = int(np.nanargmax(unmanaged.flow.source_kw))
    week = slice(step // WEEK_STEPS * WEEK_STEPS, (step // WEEK_STEPS + 1) * WEEK_STEPS)
    start = study_year(town.n_steps)[week]
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "strategy": _same(case.strategy, len(start)),
                    "ev_share": np.full(len(start), case.ev_share),
                    "start": utc_series(start),
                    "net_kw": _known(case.flow.source_kw[week]),
                    "base_kw": case.base_kw[week],
                }
            )
            for case in cases
        ]
    )


def _areas(cases: list[CaseResult]) -> pl.DataFrame:
    parts = []
    for case in cases:
        areas = case.areas
        names = pl.Series(areas.name, dtype=pl.String)
        parents = [areas.name[row] if row >= 0 else None for row in areas.parent.tolist()]
        branches = [
            case.flow_grid.branch_id[row] if row >= 0 else None for row in areas.branch.tolist()
        ]
        parts.append(
            pl.DataFrame(
                {
                    "strategy": _same(case.strategy, len(names)),
                    "ev_share": np.full(len(names), case.ev_share),
                    "area": names,
                    "parent": pl.Series(parents, dtype=pl.String),
                    "kind": pl.Series(_area_kinds(case.flow_grid, areas), dtype=pl.String),
                    "branch_id": pl.Series(branches, dtype=pl.String),
                    "capacity_kva": _known(areas.capacity_kva),
                    "n_connections": areas.n_connections,
                    "n_cars": areas.n_cars,
                    "peak_kw": areas.peak_kw,
                    "unmet_kwh": areas.unmet_kwh,
                    "limit_kw": _known(areas.limit_kw),
                }
            )
        )
    return pl.concat(parts)


def _area_kinds(grid: Grid, areas: Any) -> list[str]:
    kinds = []
    for row in areas.branch.tolist():
        if row < 0:
            kinds.append("town")
        else:
            is_transformer = grid.branch_kind[row] is BranchKind.TRANSFORMER
            kinds.append("transformer" if is_transformer else "feeder")
    return kinds


def _prices(prices: GridPrices) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item": pl.Series(prices.items, dtype=pl.String),
            "price_eur": [prices.price_of(item) for item in prices.items],
        }
    )


def _same(word: str, n: int) -> pl.Series:
    return pl.Series([word] * n, dtype=pl.String)


def _known(values: Floats) -> pl.Series:
    """Null where a value is not known."""
    finite = np.isfinite(values)
    return pl.Series(
        [float(v) if ok else None for v, ok in zip(values, finite, strict=True)], dtype=pl.Float64
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
