"""One draw after the other: the work that maps over cores and machines.

A draw depends on the job, its own number and the seed, on nothing else: the same results by
whatever worker, in whatever order.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from viavolta.engines.grid.hosting.nodes import firm_kw
from viavolta.engines.grid.hosting.placement import Placement, place
from viavolta.engines.grid.hosting.task import HostingTask, hosting_task
from viavolta.engines.grid.hosting.unmanaged import Filled, fill
from viavolta.engines.grid.hosting.verify import broken_areas, charging_kw
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import Grid, NodeLoads
from viavolta.services.hosting.managed import Managed, Management, manage, whole_time
from viavolta.services.hosting.peaks import managed_peaks_kw, unmanaged_peaks_kw
from viavolta.services.hosting.request import UNMANAGED, V2X
from viavolta.services.hosting.vehicles import VehicleYears


@dataclass(frozen=True, kw_only=True, eq=False)
class HostingJob:
    """What all draws share; can be sent to other machines.

    Attributes
    ----------
    households : (N,). nodes : (n,) at which single loads are looked at.
    shares : of households that have a vehicle already, for these.
    """

    grid: Grid
    loads: NodeLoads
    households: Ints
    low_pu: Floats
    limit_share: Floats
    years: VehicleYears
    nodes: Ints
    shares: tuple[float, ...]
    strategies: tuple[str, ...]
    unmet_share: float
    n_weeks: int
    most_passes: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawOrder:
    """Which draw, and what is wanted of it beside the vehicles without management."""

    number: int
    is_managed: bool
    has_nodes: bool
    is_verified: bool
    is_scheduled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawResult:
    """What a draw gives. G areas, n nodes, m vehicles at one place.

    Attributes
    ----------
    found : by strategy. peaks_kw : by strategy, (m,). plugs_kw : (m + 1,) of the first 0, 1, ...
    firm_kw : by share, (n,); empty where not asked for.
    is_verified : None where not asked for.
    managed_checks : by strategy, of draws that are scheduled as a whole: share of the energy that
        lacks over all steps, and areas in which power flows over all steps find a limit broken.
    """

    number: int
    found: dict[str, Filled | Managed]
    peaks_kw: dict[str, Floats]
    plugs_kw: Floats
    firm_kw: dict[float, Floats] = field(default_factory=dict)
    is_verified: bool | None = None
    managed_checks: dict[str, tuple[float, list[str]]] = field(default_factory=dict)


@lru_cache(maxsize=2)
def task_of(job: HostingJob) -> HostingTask:
    """The grid of a job made ready, once in each process."""
    return hosting_task(
        job.grid,
        job.loads,
        households=job.households,
        low_pu=job.low_pu,
        limit_share=job.limit_share,
    )


def placement_of(job: HostingJob, number: int) -> Placement:
    """Who gets a vehicle in a draw."""
    rng = np.random.default_rng([job.seed, number])
    return place(job.households, n_pool=len(job.years.pool), rng=rng)


def run_draw(job: HostingJob, order: DrawOrder) -> DrawResult:
    """Find how many vehicles come in one draw before limits break."""
    task, pool = task_of(job), job.years.pool
    placement = placement_of(job, order.number)
    filled = fill(task, pool, placement)
    found: dict[str, Filled | Managed] = {UNMANAGED: filled}
    alone = _alone(placement, n_pool=len(pool))
    peaks = {UNMANAGED: unmanaged_peaks_kw(pool, alone, n_steps=task.n_steps)}
    for strategy in job.strategies if order.is_managed else ():
        if strategy == UNMANAGED:
            continue
        found[strategy] = manage(
            task,
            job.years,
            placement,
            filled=filled,
            management=management_of(job, strategy),
        )
        if order.has_nodes:
            peaks[strategy] = managed_peaks_kw(
                job.years,
                alone,
                start=task.start,
                step_s=task.step_s,
                has_v2x=strategy == V2X,
            )
    return DrawResult(
        number=order.number,
        found=found,
        peaks_kw=peaks,
        plugs_kw=np.concatenate(([0.0], np.cumsum(pool.plug_kw[alone]))),
        firm_kw=_firm(job, task, placement, number=order.number) if order.has_nodes else {},
        is_verified=_verified(task, job, placement, filled) if order.is_verified else None,
        managed_checks={
            strategy: _managed_check(task, job, placement, strategy, int(one.n_vehicles[0]))
            for strategy, one in found.items()
            if strategy != UNMANAGED and order.is_scheduled
        },
    )


def _managed_check(
    task: HostingTask, job: HostingJob, placement: Placement, strategy: str, n: int
) -> tuple[float, list[str]]:
    """Schedule all steps with the vehicles of the answer, and solve them all."""
    lacks, power_kw = whole_time(
        task,
        job.years,
        node=placement.node[:n],
        vehicle=placement.vehicle[:n],
        management=management_of(job, strategy),
    )
    return lacks, [task.areas.area_id[area] for area in broken_areas(task, power_kw).tolist()]


def management_of(job: HostingJob, strategy: str) -> Management:
    """How a strategy manages charging."""
    return Management(
        has_v2x=strategy == V2X,
        n_weeks=job.n_weeks,
        most_passes=job.most_passes,
        unmet_share=job.unmet_share,
    )


def _alone(placement: Placement, *, n_pool: int) -> Ints:
    """Vehicles of the draw at one place, each once."""
    first = placement.vehicle[:n_pool]
    if len(first) == n_pool:
        return first
    rest = np.setdiff1d(np.arange(n_pool), first)
    return np.concatenate([first, rest])


def _firm(
    job: HostingJob, task: HostingTask, placement: Placement, *, number: int
) -> dict[float, Floats]:
    """By share (n,) power that each node takes when so many households have a vehicle.

    Without vehicles all draws are the same: only the first one calculates that.
    """
    found = {}
    for share in job.shares:
        n = round(share * int(job.households.sum()))
        if n == 0 and number > 0:
            continue
        added = _charging(task, job, placement, n) if n else None
        found[share] = firm_kw(task, job.nodes, added_kw=added)
    return found


def _verified(task: HostingTask, job: HostingJob, placement: Placement, filled: Filled) -> bool:
    """Solve all steps with the vehicles of the answer, and with one more."""
    n = int(filled.n_before[0])
    is_fine = not len(broken_areas(task, _charging(task, job, placement, n)))
    if not filled.is_full[0]:
        return is_fine
    return is_fine and 0 in broken_areas(task, _charging(task, job, placement, n + 1))


def _charging(task: HostingTask, job: HostingJob, placement: Placement, n: int) -> Floats:
    return charging_kw(task, job.years.pool, placement, np.arange(n))
