"""What must be known before the figures of a charge study are trusted."""

import numpy as np

from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.schedule import Schedule
from viavolta.services.charge_request import ChargeRequest
from viavolta.services.charge_summary import ChargeResult, ChargeTask, base_load_excess
from viavolta.services.charge_tables import battery_gain_kwh

_NOTHING_KWH = 1e-6


def charge_warnings(
    request: ChargeRequest, task: ChargeTask, *, result: ChargeResult
) -> tuple[StudyWarning, ...]:
    """Give the warnings that follow from the schedule; those of the files come with the files."""
    found = result.found
    messages = (
        _stopped(result),
        _gap_not_reached(request, found),
        _unmet(request, found),
        _base_load_above(request, task),
        _overcharged(request, task, found=found),
    )
    return tuple(warning for warning in messages if warning is not None)


def _stopped(result: ChargeResult) -> StudyWarning | None:
    both = (result.found, result.unfair)
    if not any(found is not None and found.was_stopped for found in both):
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


def _base_load_above(request: ChargeRequest, task: ChargeTask) -> StudyWarning | None:
    excess = base_load_excess(task.limits, task.signals)
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


def _overcharged(
    request: ChargeRequest, task: ChargeTask, *, found: Schedule
) -> StudyWarning | None:
    stays = task.stays
    gain_kwh = battery_gain_kwh(found.plan, stays, signals=task.signals)
    surplus_kwh = gain_kwh - np.maximum(stays.energy_kwh, 0.0)
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
