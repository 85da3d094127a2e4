"""The tables of a hosting capacity.

hosting : what each node takes, by strategy and share of households that have a vehicle already.
hosting_areas : what the grid, its transformers and its feeders take, by strategy.
hosting_draws : every draw behind hosting_areas.
hosting_nodes : where the nodes are, and how many households each has.
"""

import numpy as np
import polars as pl

from viavolta.engines.grid.hosting.areas import Areas
from viavolta.model.arrays import Floats, Ints
from viavolta.services.hosting.draws import DrawResult, HostingJob
from viavolta.services.hosting.peaks import n_vehicles_within
from viavolta.services.hosting.request import UNMANAGED

QUANTILES = (0.05, 0.5, 0.95)
"""Shares of the draws in which a node or area takes less, at most."""

_HOSTING = {
    "node_id": pl.String,
    "strategy": pl.String,
    "share": pl.Float64,
    "p05_kw": pl.Float64,
    "p50_kw": pl.Float64,
    "p95_kw": pl.Float64,
    "n_vehicles_p05": pl.Int64,
    "n_vehicles_p50": pl.Int64,
    "n_vehicles_p95": pl.Int64,
    "firm_p05_kw": pl.Float64,
    "firm_p50_kw": pl.Float64,
    "firm_p95_kw": pl.Float64,
    "n_draws": pl.Int64,
    "grade": pl.String,
}
_AREAS = {
    "area_id": pl.String,
    "kind": pl.String,
    "strategy": pl.String,
    "households": pl.Int64,
    "p05_kw": pl.Float64,
    "p50_kw": pl.Float64,
    "p95_kw": pl.Float64,
    "n_vehicles_p05": pl.Int64,
    "n_vehicles_p50": pl.Int64,
    "n_vehicles_p95": pl.Int64,
    "full_share": pl.Float64,
    "n_draws": pl.Int64,
    "method": pl.String,
    "grade": pl.String,
}
_DRAWS = {
    "draw": pl.Int64,
    "strategy": pl.String,
    "area_id": pl.String,
    "n_vehicles": pl.Int64,
    "plugs_kw": pl.Float64,
    "is_full": pl.Boolean,
}
METHODS = {True: "power flow", False: "scheduler within limits proven for the grid"}
"""How numbers were found: without management, and with."""


def hosting_tables(
    job: HostingJob, areas: Areas, results: list[DrawResult]
) -> dict[str, pl.DataFrame]:
    """All tables; results in order of their draws."""
    return {
        "hosting": _hosting(job, results),
        "hosting_areas": _areas(job, areas, results),
        "hosting_draws": _draws(areas, results),
        "hosting_nodes": _nodes(job, areas),
    }


def quantile(values: Floats | Ints) -> list[float]:
    """Values that were reached, at each of QUANTILES, lowest first. values is (draws, ...)."""
    found = np.quantile(values, QUANTILES, axis=0, method="inverted_cdf")
    return list(found)


def _hosting(job: HostingJob, results: list[DrawResult]) -> pl.DataFrame:
    names = [job.grid.node_id[node] for node in job.nodes.tolist()]
    parts = []
    for share in job.shares:
        alike = share == 0 or round(share * int(job.households.sum())) == 0
        firm = {r.number: r.firm_kw[share] for r in results if share in r.firm_kw}
        if not firm:
            continue
        for strategy in job.strategies:
            if strategy != UNMANAGED and not alike:
                continue  # what vehicles elsewhere draw is known without management only
            used = [r for r in results if strategy in r.peaks_kw and (alike or r.number in firm)]
            if not used:
                continue
            firm_kw = np.array([firm[min(firm)] if alike else firm[r.number] for r in used])
            count = np.array(
                [
                    n_vehicles_within(r.peaks_kw[strategy], row)
                    for r, row in zip(used, firm_kw, strict=True)
                ]
            )
            plugs = np.array([r.plugs_kw[row] for r, row in zip(used, count, strict=True)])
            parts.append(
                pl.DataFrame(
                    {
                        "node_id": names,
                        "strategy": [strategy] * len(names),
                        "share": [share] * len(names),
                        **_named("p{}_kw", quantile(plugs)),
                        **_named("n_vehicles_p{}", quantile(count)),
                        **_named("firm_p{}_kw", quantile(firm_kw)),
                        "n_draws": [len(used)] * len(names),
                        "grade": [job.grid.grade.value] * len(names),
                    },
                    schema=_HOSTING,
                )
            )
    return pl.concat(parts) if parts else pl.DataFrame(schema=_HOSTING)


def _named(name: str, found: list[float]) -> dict[str, float]:
    return dict(zip((name.format(q) for q in ("05", "50", "95")), found, strict=True))


def _areas(job: HostingJob, areas: Areas, results: list[DrawResult]) -> pl.DataFrame:
    parts = []
    n_areas = len(areas.area_id)
    for strategy in job.strategies:
        found = [r.found[strategy] for r in results if strategy in r.found]
        if not found:
            continue
        count = np.array([one.n_vehicles for one in found])
        plugs = np.array([one.plug_kw for one in found])
        is_full = np.array([one.is_full for one in found])
        parts.append(
            pl.DataFrame(
                {
                    "area_id": areas.area_id,
                    "kind": areas.kind,
                    "strategy": [strategy] * n_areas,
                    "households": areas.is_below @ job.households,
                    **_named("p{}_kw", quantile(plugs)),
                    **_named("n_vehicles_p{}", quantile(count)),
                    "full_share": is_full.mean(axis=0),
                    "n_draws": [len(found)] * n_areas,
                    "method": [METHODS[strategy == UNMANAGED]] * n_areas,
                    "grade": [job.grid.grade.value] * n_areas,
                },
                schema=_AREAS,
            )
        )
    return pl.concat(parts)


def _draws(areas: Areas, results: list[DrawResult]) -> pl.DataFrame:
    n_areas = len(areas.area_id)
    parts = [
        pl.DataFrame(
            {
                "draw": [r.number] * n_areas,
                "strategy": [strategy] * n_areas,
                "area_id": areas.area_id,
                "n_vehicles": found.n_vehicles,
                "plugs_kw": found.plug_kw,
                "is_full": found.is_full,
            },
            schema=_DRAWS,
        )
        for r in results
        for strategy, found in r.found.items()
    ]
    return pl.concat(parts)


def _nodes(job: HostingJob, areas: Areas) -> pl.DataFrame:
    at = job.nodes
    feeder = [
        areas.area_id[area] if areas.kind[area] == "feeder" else None
        for area in areas.node_area[at].tolist()
    ]
    return pl.DataFrame(
        {
            "node_id": [job.grid.node_id[node] for node in at.tolist()],
            "feeder": feeder,
            "households": job.households[at],
            "lat": job.grid.lat[at],
            "lon": job.grid.lon[at],
        },
        schema={
            "node_id": pl.String,
            "feeder": pl.String,
            "households": pl.Int64,
            "lat": pl.Float64,
            "lon": pl.Float64,
        },
    )
