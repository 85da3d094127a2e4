"""The figures of a charge study."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.unmanaged import without_vehicles_eur
from viavolta.model.arrays import Floats
from viavolta.model.limit import LimitTree
from viavolta.model.notices import StudyWarning
from viavolta.model.schedule import PowerPlan, Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable
from viavolta.services.charge_carbon import carbon_eur, carbon_kg
from viavolta.services.charge_request import N_SAMPLES, ChargeRequest

BOUND_KIND = "lagrangian-at-prices"
"""Limits priced, every stay at its own best, minimum powers relaxed; see `charging_bound`."""

_NOTHING_KW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTask:
    """What was read.

    Attributes
    ----------
    signals, priced : as given, and with the price of carbon in the prices of energy.
    early_share : (K,) chance to leave at the end of a row; None where departures are certain.
    power_shares : (K,) of max_kw and of max_discharge_kw; None where powers do not vary.
    """

    stays: StayTable
    warnings: tuple[StudyWarning, ...]
    limits: LimitTree
    signals: SignalTable
    priced: SignalTable
    early_share: Floats | None
    power_shares: tuple[Floats, Floats] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeResult:
    """What was found; `unfair` is the schedule without the rule of fairness, where there is one."""

    found: Schedule
    without_management: PowerPlan
    unfair: Schedule | None


def charge_summary(
    request: ChargeRequest, task: ChargeTask, *, result: ChargeResult
) -> dict[str, Any]:
    """Give the summary of study.json; docs/reference/study-folder.md says what each key means."""
    limits, signals, found = task.limits, task.signals, result.found
    plan, without_management = found.plan, result.without_management
    co2_kg = carbon_kg(plan.net_kw, limits, signals=signals)
    return {
        "stays": len(task.stays),
        "steps": signals.n_steps,
        "step_s": signals.step_s,
        "cost_eur": plan.cost_eur,
        "cost_items_eur": _cost_items_eur(request, plan, co2_kg=co2_kg),
        "lower_bound_eur": found.lower_bound_eur,
        "bound_kind": BOUND_KIND,
        "gap": found.gap,
        "unmet_kwh": float(plan.unmet_kwh.sum()),
        "unmet_stays": int((plan.unmet_kwh > 0).sum()),
        "unmet_eur_per_kwh": request.unmet_eur_per_kwh,
        "unfair_eur_per_kwh": request.unfair_eur_per_kwh,
        "fairness_price_eur": _fairness_price_eur(result),
        "carbon_eur_per_t": request.carbon_eur_per_t,
        "co2_kg": co2_kg,
        "early_spread_h": request.early_spread_h,
        "early_samples": 0 if task.early_share is None else N_SAMPLES[request.effort],
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
        "cost_without_vehicles_eur": without_vehicles_eur(limits, task.priced),
        "base_load_excess": base_load_excess(limits, signals),
        "was_stopped": found.was_stopped,
        "command": request.command(),
    }


def _cost_items_eur(
    request: ChargeRequest, plan: PowerPlan, *, co2_kg: float | None
) -> dict[str, float]:
    """Items of the cost; what carbon adds to the price of energy stands by itself."""
    items: dict[str, float] = asdict(plan.cost_items)
    carbon = carbon_eur(co2_kg, request.carbon_eur_per_t)
    return {**items, "energy": items["energy"] - carbon, "carbon": carbon}


def _fairness_price_eur(result: ChargeResult) -> float | None:
    """Cost without the surcharge, of this schedule less that of one without the rule.

    None where there is no rule, or where the other search was cut short: no price then.
    """
    if result.unfair is None or result.unfair.was_stopped:
        return None
    ordinary = result.found.cost_eur - result.found.plan.cost_items.fairness
    return ordinary - result.unfair.cost_eur


def peak_import_kw(plan: PowerPlan, limits: LimitTree) -> float:
    """Highest net import of the horizon, all roots together."""
    at_roots_kw = plan.net_kw[limits.parent < 0]
    return float(np.maximum(at_roots_kw, 0.0).sum(axis=0).max())


def base_load_excess(limits: LimitTree, signals: SignalTable) -> list[dict[str, Any]]:
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
