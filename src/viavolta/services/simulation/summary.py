"""The figures of a simulation, per strategy and about the sessions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from viavolta.engines.charging.unmanaged import without_vehicles_eur
from viavolta.model.signal import SECONDS_PER_HOUR
from viavolta.services.simulation.accounts import peak_eur, step_price
from viavolta.services.simulation.outcome import Case, Outcome
from viavolta.services.simulation.tables import limit_use, who

_NOTHING_KWH = 1e-6


def summary_of(
    case: Case, outcomes: Sequence[Outcome], *, unmet_eur_per_kwh: float
) -> dict[str, Any]:
    """Figures from which the report and the command line tell the story."""
    stays, signals = case.world.stays, case.signals
    connected_s = (stays.departure - stays.arrival).astype(np.int64)
    connected_h = float(connected_s.sum()) / SECONDS_PER_HOUR
    horizon_h = signals.n_steps * signals.step_h
    n_drivers = len(set(zip(*who(case), strict=True)))
    return {
        "stays": len(stays),
        "drivers": n_drivers,
        "sites": len(case.limits),
        "begin": f"{signals.start[0]}Z",
        "end": f"{signals.end}Z",
        "steps": signals.n_steps,
        "step_s": signals.step_s,
        "energy_kwh": float(stays.energy_kwh.sum()),
        "connected_h": connected_h,
        "plug_in_share": connected_h / (n_drivers * horizon_h),
        "believed_from": dict(sorted(Counter(case.world.beliefs.source).items())),
        "vehicles_giving_back": int((stays.max_discharge_kw > 0).sum()),
        "unmet_eur_per_kwh": unmet_eur_per_kwh,
        "cost_without_vehicles_eur": without_vehicles_eur(case.limits, signals),
        "strategies": [_strategy(case, outcome, connected_h) for outcome in outcomes],
    }


def _strategy(case: Case, outcome: Outcome, connected_h: float) -> dict[str, Any]:
    plan, account, limits = outcome.plan, outcome.account, case.limits
    step_h = case.signals.step_h
    grid_eur = float((step_price(plan, limits, case.signals) * plan.net_kw).sum()) * step_h
    peaks_eur, wear_eur = float(peak_eur(plan, limits).sum()), float(account.wear_eur.sum())
    at_limit, above_kw = limit_use(case, plan.net_kw)
    at_roots_kw = np.maximum(plan.net_kw[limits.parent < 0], 0.0).sum(axis=0)
    net_kwh = float((account.charged_kwh - account.discharged_kwh).sum())
    vehicles_eur = float(account.cost_eur.sum())
    ready_h = account.ready_h[~np.isnan(account.ready_h)]
    return {
        "strategy": outcome.strategy.value,
        "cost_eur": grid_eur + peaks_eur + wear_eur,
        "energy_eur": grid_eur,
        "peak_eur": peaks_eur,
        "wear_eur": wear_eur,
        "cost_with_unmet_eur": plan.cost_eur,
        "vehicles_cost_eur": vehicles_eur,
        "eur_per_kwh": vehicles_eur / net_kwh if net_kwh > _NOTHING_KWH else None,
        "charged_kwh": float(account.charged_kwh.sum()),
        "discharged_kwh": float(account.discharged_kwh.sum()),
        "delivered_kwh": float(account.delivered_kwh.sum()),
        "unmet_kwh": float(account.unmet_kwh.sum()),
        "unmet_stays": int((account.unmet_kwh > _NOTHING_KWH).sum()),
        "peak_kw": float(at_roots_kw.max()),
        "hours_at_limit": float(at_limit.sum()) * step_h,
        "hours_above_limit": float((above_kw > 0).sum()) * step_h,
        "charging_share": float(account.charging_h.sum()) / connected_h,
        "ready_h": float(ready_h.mean()) if len(ready_h) else None,
        "was_stopped": outcome.was_stopped,
    }
