"""From a grid to a study of what it can take: many draws of who gets a vehicle and when it charges.

The tables of the study are described in `services.hosting.tables`; `hosting_at` reads one node.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl

from viavolta.catalogue.assumptions import Assumptions
from viavolta.engines.grid.bands import reserve_shares, voltage_bands
from viavolta.engines.kit.threads import side_by_side
from viavolta.formats.geopackage import points_as_geopackage
from viavolta.formats.grids import read_grid
from viavolta.formats.input_file import input_of
from viavolta.formats.standard_profiles import ZONE, LoadProfile, load_profile_kw
from viavolta.model.arrays import Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.grid import Grid, NodeKind, NodeLoads, Phase
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.progress import Progress, StopRule
from viavolta.model.study import Study
from viavolta.services.ev_behaviour import behaviour_input, recorded_behaviour
from viavolta.services.grid.charging import ReadFolder
from viavolta.services.grid.loads import read_load_task
from viavolta.services.grid.rules import grid_rules
from viavolta.services.hosting.draws import DrawOrder, DrawResult, HostingJob, run_draw, task_of
from viavolta.services.hosting.notices import capacity_warnings
from viavolta.services.hosting.request import UNMANAGED, CapacityRequest
from viavolta.services.hosting.tables import hosting_tables
from viavolta.services.hosting.vehicles import vehicle_years
from viavolta.services.used_assumptions import used_assumptions

Clock = Callable[[], float]
"""Seconds that only go forward."""

_STEP_S = 900
_MOST_HOUSEHOLDS = 20_000
_N_POOL = 1000
_AT_ONCE = 8  # draws between two looks at the clock
_N_WEEKS = 2
_MOST_PASSES = {"low": 20, "normal": 30, "high": 60}


class MapDraws(Protocol):
    """Port: calls a function for one job and many items, on whatever cores or machines there are.

    Results in order of the items; the same results wherever they were made.
    """

    def __call__(
        self,
        function: Callable[[HostingJob, DrawOrder], DrawResult],
        job: HostingJob,
        items: Sequence[DrawOrder],
    ) -> list[DrawResult]:
        """Results in order of the items."""


def on_this_machine(
    function: Callable[[HostingJob, DrawOrder], DrawResult],
    job: HostingJob,
    items: Sequence[DrawOrder],
) -> list[DrawResult]:
    """Map draws over the cores of this machine."""
    return side_by_side(lambda item: function(job, item), items)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCapacity:
    """What one node takes: kW of charging points and vehicles at 5, 50 and 95 % of the draws.

    Attributes
    ----------
    firm_kw : power that may be drawn at any time. grade : of the grid, A measured to D twin.
    """

    node_id: str
    strategy: str
    share: float
    p05_kw: float
    p50_kw: float
    p95_kw: float
    n_vehicles_p50: int
    firm_p05_kw: float
    firm_p50_kw: float
    firm_p95_kw: float
    grade: str


def hosting_at(
    hosting: pl.DataFrame, node_id: str, *, strategy: str = UNMANAGED, share: float = 0.0
) -> NodeCapacity | None:
    """Read what a node takes from table `hosting` of a study; None where it does not say."""
    found = hosting.filter(
        (pl.col("node_id") == node_id)
        & (pl.col("strategy") == strategy)
        & ((pl.col("share") - share).abs() < 1e-9)  # noqa: PLR2004 - rounding
    )
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    return NodeCapacity(**{name: row[name] for name in NodeCapacity.__slots__})


def hosting_map(tables: Mapping[str, pl.DataFrame]) -> bytes | None:
    """Table `hosting` as a GeoPackage; None where no node has coordinates."""
    joined = tables["hosting"].join(tables["hosting_nodes"], on="node_id", how="left")
    if not (joined["lat"].is_finite() & joined["lon"].is_finite()).any():
        return None
    return points_as_geopackage(joined, layer="hosting")


def host_vehicles(
    request: CapacityRequest,
    *,
    read: ReadFolder,
    progress: Progress,
    clock: Clock,
    map_draws: MapDraws = on_this_machine,
) -> Study:
    """Read the files, make all draws, and put the study together.

    Raises
    ------
    UsageError: a missing file, or options that make no sense.
    InputError: the files hold something that cannot be calculated.
    PeerError: an answer did not stand up to power flows over all steps.
    """
    began_s = clock()
    _check_options(request)
    figures = Assumptions(["grid", "behaviour", "charging", "hosting"])
    progress(text("read"), 0.0)
    grid, repairs, warnings = read_grid(request.grid)
    loads = _base_load(request, grid, figures, read=read)
    households = _households(request, grid, loads, figures)
    progress(text("vehicles"), 0.05)
    job = _job(request, grid, loads, households=households, figures=figures)
    read_s = clock()
    end_s = np.inf if request.time_limit_s is None else read_s + request.time_limit_s
    results = _draw_all(request, job, map_draws, progress=progress, stop=lambda: clock() >= end_s)
    drawn_s = clock()
    study = _study(
        request, job, results, figures=figures, repairs=repairs, warnings=tuple(warnings)
    )
    study.timings_s.update(read=read_s - began_s, draws=drawn_s - read_s, tables=clock() - drawn_s)
    return study


def _check_options(request: CapacityRequest) -> None:
    checks: list[tuple[str, object, bool, str]] = [
        ("--draws", request.draws, request.draws >= 1, text("one draw at least")),
        (
            "--managed-draws",
            request.n_managed,
            request.n_managed is None or request.n_managed >= 0,
            text("a number that is not negative"),
        ),
        (
            "--households",
            request.households,
            request.households is None or 1 <= request.households <= _MOST_HOUSEHOLDS,
            text("from 1 to {n}", n=_MOST_HOUSEHOLDS),
        ),
        (
            "--shares",
            ",".join(map(str, request.shares)),
            len(request.shares) > 0 and all(0 <= share <= 2 for share in request.shares),  # noqa: PLR2004 - two vehicles each
            text("shares from 0 to 2 vehicles per household"),
        ),
    ]
    for option, value, is_fine, expected in checks:
        if not is_fine:
            raise UsageError(
                code="option-out-of-range",
                message=text("{option} {value} is not usable", option=option, value=value),
                where=Where(field=option, value=str(value)),
                expected=expected,
            )


def _base_load(
    request: CapacityRequest, grid: Grid, figures: Assumptions, *, read: ReadFolder
) -> NodeLoads:
    """What hangs on the grid without charging; households alone where no file says."""
    if request.loads is None and request.customers is None:
        return _household_load(request, grid, figures)
    task = read_load_task(
        request.loads_asked,
        grid,
        read=read,
        least_kw=figures.number("grid.dimming.device_kw"),
        yield_kwh_per_kwp=figures.number("grid.sun.yield_kwh_per_kwp"),
    )
    if not task.rest.is_balanced:
        raise InputError(
            code="hosting-needs-three-phases",
            message=text("the hosting capacity takes loads on all three phases"),
            where=Where(field="phase"),
            expected=text("phase abc everywhere"),
            hint=text("put abc into column phase; `viavolta grid assess` looks at single phases"),
        )
    return task.rest


def _household_load(request: CapacityRequest, grid: Grid, figures: Assumptions) -> NodeLoads:
    step_s = request.step_s or _STEP_S
    start = _year(request.year, step_s)
    connections = _connections(grid)
    count = _spread(request.households or len(connections), len(connections))
    one_kw = load_profile_kw(LoadProfile.H0, start, step_s=step_s)
    p_kw = np.outer(count, one_kw * figures.number("hosting.household_kwh"))
    return NodeLoads(
        start=start,
        step_s=step_s,
        node=connections,
        phase=(Phase.ABC,) * len(connections),
        p_kw=p_kw,
        q_kvar=p_kw * figures.number("hosting.household_q_share"),
    )


def _year(year: int, step_s: int) -> Times:
    first = np.datetime64(f"{year:04d}-01-01T00:00:00", "s")
    end = np.datetime64(f"{year + 1:04d}-01-01T00:00:00", "s")
    return np.arange(first, end, np.timedelta64(step_s, "s"))


def _connections(grid: Grid) -> Ints:
    found = np.flatnonzero(grid.is_kind(NodeKind.CONNECTION))
    if not len(found):
        raise InputError(
            code="hosting-without-connections",
            message=text("no node of the grid is a connection"),
            where=Where(field="kind"),
            expected=text("nodes of kind connection, where customers are"),
            hint=text("write connection into column kind of nodes.csv"),
        )
    return found


def _spread(total: int, n: int) -> Ints:
    """So many for each of n, as even as whole numbers can be; more for the first."""
    return np.full(n, total // n) + (np.arange(n) < total % n)


def _households(
    request: CapacityRequest, grid: Grid, loads: NodeLoads, figures: Assumptions
) -> Ints:
    """(N,) households at each connection: as many as were asked for, else by the base load."""
    connections = _connections(grid)
    found = np.zeros(grid.n_nodes, dtype=np.int64)
    if request.households is not None:
        found[connections] = _spread(request.households, len(connections))
    elif request.loads is None and request.customers is None:
        found[connections] = 1
    else:
        kwh = np.zeros(grid.n_nodes)
        hours = loads.n_steps * loads.step_h
        np.add.at(kwh, loads.node, np.maximum(loads.p_kw, 0).sum(axis=1) * loads.step_h)
        each = figures.number("hosting.household_kwh") * hours / 8760
        found[connections] = np.maximum(np.rint(kwh[connections] / each), 1)
    if found.sum() > _MOST_HOUSEHOLDS:
        raise InputError(
            code="hosting-too-many-households",
            message=text("{n} households are too many for one run", n=int(found.sum())),
            where=Where(field="--households", value=str(int(found.sum()))),
            expected=text("at most {n}", n=_MOST_HOUSEHOLDS),
            hint=text("look at one feeder or one transformer area at a time"),
        )
    return found


def _job(
    request: CapacityRequest,
    grid: Grid,
    loads: NodeLoads,
    *,
    households: Ints,
    figures: Assumptions,
) -> HostingJob:
    rules = grid_rules(figures)
    low_pu, _ = voltage_bands(grid, rules, request.split)
    wanted = (UNMANAGED, *(one for one in request.strategies if one != UNMANAGED))
    return HostingJob(
        grid=grid,
        loads=loads,
        households=households,
        low_pu=low_pu,
        limit_share=reserve_shares(grid, rules),
        years=vehicle_years(
            _N_POOL,
            behaviour=recorded_behaviour(figures),
            start=loads.start,
            step_s=loads.step_s,
            rng=np.random.default_rng([request.seed, 0]),
            timezone=ZONE,
        ),
        nodes=np.flatnonzero(~grid.is_kind(NodeKind.SOURCE)),
        shares=tuple(dict.fromkeys(request.shares)),
        strategies=wanted,
        unmet_share=figures.number("hosting.unmet_share"),
        n_weeks=_N_WEEKS,
        most_passes=_MOST_PASSES[request.effort],
        seed=request.seed,
    )


def _draw_all(
    request: CapacityRequest,
    job: HostingJob,
    map_draws: MapDraws,
    *,
    progress: Progress,
    stop: StopRule,
) -> list[DrawResult]:
    """All draws, or as many as the time allows; those with management are spread over the run."""
    n_nodes_draws = max(1, min(request.draws, request.managed_draws or request.draws // 10))
    orders = [
        DrawOrder(
            number=number,
            is_managed=number < request.managed_draws,
            has_nodes=number < n_nodes_draws,
            is_verified=number < request.verified_draws,
            is_scheduled=number < request.scheduled_draws,
        )
        for number in range(request.draws)
    ]
    results: list[DrawResult] = []
    while len(results) < len(orders) and not (results and stop()):
        part = orders[len(results) : len(results) + _AT_ONCE]
        results += map_draws(run_draw, job, part)
        progress(text("draws"), 0.1 + 0.85 * len(results) / len(orders))
    return results


def _study(
    request: CapacityRequest,
    job: HostingJob,
    results: list[DrawResult],
    *,
    figures: Assumptions,
    repairs: tuple[Repair, ...],
    warnings: tuple[StudyWarning, ...],
) -> Study:
    task = task_of(job)
    tables = hosting_tables(job, task.areas, results)
    return Study(
        kind="grid",
        title=text("What {grid} can take", grid=request.grid.name),
        seed=request.seed,
        effort=request.effort,
        service_date=None,
        timezone="UTC",
        inputs=(*(input_of(path) for path in request.files), behaviour_input()),
        assumptions=used_assumptions(figures),
        repairs=repairs,
        warnings=(*warnings, *capacity_warnings(request, job, task, results)),
        summary=_summary(request, job, results, areas=tables["hosting_areas"]),
        tables=tables,
    )


def _summary(
    request: CapacityRequest,
    job: HostingJob,
    results: list[DrawResult],
    *,
    areas: pl.DataFrame,
) -> dict[str, Any]:
    whole = areas.filter(pl.col("kind") == "grid")
    checks = [r.is_verified for r in results if r.is_verified is not None]
    managed = [(name, one) for r in results for name, one in r.managed_checks.items()]
    return {
        "question": "capacity",
        "grade": job.grid.grade.value,
        "n_nodes": job.grid.n_nodes,
        "n_branches": job.grid.n_branches,
        "steps": job.loads.n_steps,
        "households": int(job.households.sum()),
        "strategies": whole["strategy"].to_list(),
        "draws": len(results),
        "draws_asked": request.draws,
        "draws_verified": len(checks),
        "n_vehicles": {
            row["strategy"]: {q: row[f"n_vehicles_{q}"] for q in ("p05", "p50", "p95")}
            for row in whole.iter_rows(named=True)
        },
        "plugs_kw": {
            row["strategy"]: {q: row[f"{q}_kw"] for q in ("p05", "p50", "p95")}
            for row in whole.iter_rows(named=True)
        },
        "full_share": dict(zip(whole["strategy"], whole["full_share"], strict=True)),
        "managed_unmet_share": {
            name: max(one[0] for other, one in managed if other == name)
            for name in dict.fromkeys(name for name, _ in managed)
        },
        "power_flows": sum(int(getattr(r.found[UNMANAGED], "n_flows", 0)) for r in results),
    }
