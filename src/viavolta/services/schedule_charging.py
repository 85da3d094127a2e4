"""From stays, limits and signals to a charge study: who charges when, and what proves it good.

The tables of the study are described in `charge_tables`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.unmanaged import unmanaged, without_vehicles_eur
from viavolta.formats.input_file import input_of
from viavolta.formats.limits import read_limits
from viavolta.formats.signals import read_signals
from viavolta.formats.stays import StaysRead, read_stays
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.progress import Progress, StopRule
from viavolta.model.schedule import PowerPlan, Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.study import AssumptionUsed, Study
from viavolta.services.charge_tables import charge_tables, delivered_kwh

Clock = Callable[[], float]
"""Seconds that only go forward."""

BOUND_KIND = "lagrangian-at-prices"
"""Limits priced, every stay at its own best, minimum powers relaxed; see `charging_bound`."""

_NOTHING_KWH = 1e-6
_NOTHING_KW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """What `viavolta charge` is asked; all times in seconds."""

    stays: Path
    limits: Path
    signals: Path
    limit_profile: Path | None = None
    base_load: Path | None = None
    step_s: int = 900
    gap: float = 1e-3
    unmet_eur_per_kwh: float = 10.0
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files to read."""
        every = (self.stays, self.limits, self.signals, self.limit_profile, self.base_load)
        return tuple(path for path in every if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    read: StaysRead
    limits: LimitTree
    signals: SignalTable


def schedule_charging(request: ChargeRequest, *, progress: Progress, clock: Clock) -> Study:
    """Read the files, find the schedule, and put the study together.

    Raises
    ------
    UsageError: a missing file, or a step that does not divide an hour.
    InputError: the files hold something that cannot be scheduled.
    PeerError: the solver fails.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    task = _read(request)
    read_s = clock()
    progress(text("schedule"), 0.2)
    found = schedule(
        task.read.stays,
        task.limits,
        task.signals,
        unmet_eur_per_kwh=request.unmet_eur_per_kwh,
        gap=request.gap,
        stop=_deadline(request.time_limit_s, clock),
        seed=request.seed,
    )
    found_s = clock()
    progress(text("compare"), 0.9)
    study = _study(request, task, found=found)
    study.timings_s.update(
        read=read_s - began_s, schedule=found_s - read_s, compare=clock() - found_s
    )
    return study


def _read(request: ChargeRequest) -> _Task:
    signals = read_signals(request.signals, step_s=request.step_s)
    limits = read_limits(
        request.limits, signals, profile=request.limit_profile, base_load=request.base_load
    )
    return _Task(
        read=read_stays(request.stays, limits, signals=signals), limits=limits, signals=signals
    )


def _deadline(time_limit_s: float | None, clock: Clock) -> StopRule:
    end_s = np.inf if time_limit_s is None else clock() + time_limit_s
    return lambda: clock() >= end_s


def _study(request: ChargeRequest, task: _Task, *, found: Schedule) -> Study:
    stays, limits, signals = task.read.stays, task.limits, task.signals
    without_management = unmanaged(
        stays, limits=limits, signals=signals, unmet_eur_per_kwh=request.unmet_eur_per_kwh
    )
    summary = _summary(request, task, found=found, without_management=without_management)
    return Study(
        kind="charge",
        title=text("Charging of {file}", file=request.stays.name),
        seed=request.seed,
        effort=request.effort,
        service_date=None,
        timezone="UTC",
        inputs=tuple(input_of(path) for path in request.files),
        assumptions=(_unmet_price(request),),
        repairs=(),
        warnings=(*task.read.warnings, *_warnings(request, task, found=found)),
        summary=summary,
        tables=charge_tables(
            found, without_management, stays=stays, limits=limits, signals=signals
        ),
    )


def _unmet_price(request: ChargeRequest) -> AssumptionUsed:
    return AssumptionUsed(
        key="charge.unmet_eur_per_kwh",
        value=request.unmet_eur_per_kwh,
        unit="EUR/kWh",
        source=text("--unmet-eur-per-kwh: a price that makes shortfall a last resort"),
        year=None,
        status="user",
    )


def _summary(
    request: ChargeRequest, task: _Task, *, found: Schedule, without_management: PowerPlan
) -> dict[str, Any]:
    limits, signals, plan = task.limits, task.signals, found.plan
    summary: dict[str, Any] = {
        "stays": len(task.read.stays),
        "steps": signals.n_steps,
        "step_s": signals.step_s,
        "cost_eur": plan.cost_eur,
        "lower_bound_eur": found.lower_bound_eur,
        "bound_kind": BOUND_KIND,
        "solver_bound_eur": found.solver_bound_eur,
        "gap": found.gap,
        "unmet_kwh": float(plan.unmet_kwh.sum()),
        "unmet_stays": int((plan.unmet_kwh > 0).sum()),
        "unmet_eur_per_kwh": request.unmet_eur_per_kwh,
        "peak_import_kw": peak_import_kw(plan, limits),
        "binding_limits": [
            {
                "limit_id": limits.limit_id[binding.limit],
                "hours": binding.hours,
                "value_eur": binding.value_eur,
            }
            for binding in found.binding_limits
        ],
        "cost_unmanaged_eur": without_management.cost_eur,
        "peak_unmanaged_kw": peak_import_kw(without_management, limits),
        "cost_without_vehicles_eur": without_vehicles_eur(limits, signals),
        "base_load_excess": _base_load_excess(limits, signals),
        "was_stopped": found.was_stopped,
    }
    return summary


def peak_import_kw(plan: PowerPlan, limits: LimitTree) -> float:
    """Highest net import of the horizon, all roots together."""
    at_roots_kw = plan.net_kw[limits.parent < 0]
    return float(np.maximum(at_roots_kw, 0.0).sum(axis=0).max())


def _base_load_excess(limits: LimitTree, signals: SignalTable) -> list[dict[str, Any]]:
    """Limits that the base load breaks without any vehicle: hours and worst excess."""
    base_kw = headroom(limits).base_kw
    excess_kw = np.maximum(base_kw - limits.import_kw, -base_kw - limits.export_kw)
    return [
        {
            "limit_id": limits.limit_id[row],
            "hours": float((excess_kw[row] > _NOTHING_KW).sum() * signals.step_h),
            "worst_kw": float(excess_kw[row].max()),
        }
        for row in np.flatnonzero((excess_kw > _NOTHING_KW).any(axis=1)).tolist()
    ]


def _warnings(request: ChargeRequest, task: _Task, *, found: Schedule) -> tuple[StudyWarning, ...]:
    messages = (
        _stopped(found),
        _gap_not_reached(request, found),
        _unmet(request, found),
        _base_load_above(request, task),
        _overcharged(request, task, found=found),
    )
    return tuple(warning for warning in messages if warning is not None)


def _stopped(found: Schedule) -> StudyWarning | None:
    if not found.was_stopped:
        return None
    return StudyWarning(
        code="charge-cut-short",
        file=None,
        message=text("the search was cut short by --time-limit: a better schedule may exist"),
    )


def _gap_not_reached(request: ChargeRequest, found: Schedule) -> StudyWarning | None:
    if found.gap <= request.gap:
        return None
    message = text(
        "the proven gap is {gap:.3%}, asked for {asked:.3%}; where vehicles have a minimum power, "
        "a part of it cannot be closed by prices",
        gap=found.gap,
        asked=request.gap,
    )
    return StudyWarning(code="charge-gap-not-reached", file=None, message=message)


def _unmet(request: ChargeRequest, found: Schedule) -> StudyWarning | None:
    unmet_kwh = found.plan.unmet_kwh
    if not (unmet_kwh > 0).any():
        return None
    message = text(
        "{n} stays leave with {kwh:.1f} kWh less than asked for; the table stays lists them",
        n=int((unmet_kwh > 0).sum()),
        kwh=float(unmet_kwh.sum()),
    )
    return StudyWarning(code="charge-unmet-energy", file=request.stays.name, message=message)


def _base_load_above(request: ChargeRequest, task: _Task) -> StudyWarning | None:
    excess = _base_load_excess(task.limits, task.signals)
    if not excess:
        return None
    message = text(
        "the base load alone breaks {n} limits, {limit} by up to {kw:.1f} kW; vehicles only lower "
        "it there",
        n=len(excess),
        limit=excess[0]["limit_id"],
        kw=excess[0]["worst_kw"],
    )
    return StudyWarning(
        code="charge-base-load-above-limit", file=request.limits.name, message=message
    )


def _overcharged(request: ChargeRequest, task: _Task, *, found: Schedule) -> StudyWarning | None:
    stays = task.read.stays
    surplus_kwh = delivered_kwh(found.plan, stays, step_h=task.signals.step_h) - np.maximum(
        stays.energy_kwh, 0.0
    )
    is_over = ~stays.has_battery & (stays.min_kw == 0) & (surplus_kwh > _NOTHING_KWH)
    if not is_over.any():
        return None
    message = text(
        "{n} stays without a known battery take {kwh:.1f} kWh more than asked for, because energy "
        "costs nothing or less at times; capacity_kwh and soc_arrival_kwh would bound them",
        n=int(is_over.sum()),
        kwh=float(surplus_kwh[is_over].sum()),
    )
    return StudyWarning(code="charge-more-than-asked", file=request.stays.name, message=message)
