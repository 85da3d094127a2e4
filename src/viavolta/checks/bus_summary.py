"""Rules on the summary: counts and costs equal the tables, bounds are not above their values."""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import isclose, isfinite
from typing import Any, TypeGuard

from viavolta.checks.bus_blocks import WAYS
from viavolta.checks.bus_power import power_spans
from viavolta.checks.bus_tables import BusStudy, Row
from viavolta.checks.day_circle import DAY_S, Span, peak_on_day
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_COUNTS = (
    "trips",
    "vehicles",
    "vehicles_lower_bound",
    "vehicles_without_energy_limit",
    "charging_points",
)
_AMOUNTS = (
    "cost_lower_bound_eur",
    "service_km",
    "deadhead_km",
    "peak_kw_unmanaged",
    "peak_kw_managed",
    "cost_eur_per_year",
    "cost_eur_per_km",
    "diesel_cost_eur_per_year",
    "co2_t_per_year",
    "diesel_co2_t_per_year",
)
_SIGNED = ("energy_kwh", "energy_cost_eur_unmanaged", "energy_cost_eur_managed")
_BOUNDS = (
    ("vehicles_lower_bound", "vehicles"),
    ("vehicles_without_energy_limit", "vehicles"),
    ("cost_lower_bound_eur", "cost_eur_per_year"),
)
_YEARLY_KM = ("km_per_year", "service_km_per_year")
_TOTAL_GRACE = 0.01  # km, kWh or kW: totals may be rounded to two places


def check_summary_shape(summary: Mapping[str, Any]) -> Iterator[Finding]:
    """Every key of the contract with a possible value; the other rules rest on this."""
    for key in (*_COUNTS, *_AMOUNTS, *_SIGNED):
        value = summary.get(key)
        if not is_number(value) or (key in _COUNTS and not isinstance(value, int)):
            kind = text("a whole number") if key in _COUNTS else text("a finite number")
            yield _of("summary-value", key, text("is {v!r}, expected {k}", v=value, k=kind))
        elif key not in _SIGNED and value < 0:
            yield _of("summary-value", key, text("{v} is negative", v=value))
    if not isinstance(summary.get("bound_kind"), str) or not summary["bound_kind"]:
        yield _of("summary-value", "bound_kind", text("names no kind of bound"))
    if not isinstance(summary.get("vehicles_by_type"), dict):
        yield _of("summary-value", "vehicles_by_type", text("is no object of type and count"))
    listed = summary.get("infeasible_trips")
    if not isinstance(listed, list) or not all(_is_reasoned(item) for item in listed):
        message = text("is no list of objects with a trip_id and a reason in words")
        yield _of("summary-value", "infeasible_trips", message)
    step = summary.get("step_s")
    if step is not None and not (is_number(step) and 1 <= step <= DAY_S):
        yield _of("summary-value", "step_s", text("{v!r} is no length of a step", v=step))


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a finite number of ordinary size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) if isinstance(value, float) else abs(value) < 10**15


def _is_reasoned(item: object) -> bool:
    """Whether an item of infeasible_trips names a trip and a reason."""
    if not isinstance(item, dict) or not isinstance(item.get("trip_id"), str):
        return False
    reason = item.get("reason")
    return isinstance(reason, str) and bool(reason.strip())


def check_summary(study: BusStudy) -> Iterator[Finding]:
    """Check the summary against the tables; its shape is already checked."""
    for key, expected in _counts(study).items():
        if study.summary[key] != expected:
            message = text("is {found}, tables say {e}", found=study.summary[key], e=expected)
            yield _of("summary-count", key, message)
    for key, total in _totals(study).items():
        found = study.summary[key]
        if not isclose(found, total, rel_tol=1e-6, abs_tol=_TOTAL_GRACE):
            message = text("is {found}, the tables add up to {e:.6f}", found=found, e=total)
            yield _of("summary-total", key, message)
    for low, high in _BOUNDS:
        bound, value = study.summary[low], study.summary[high]
        if bound > value + 0.005 + 1e-9 * abs(value):
            message = text("{low} {bound} is above {v}", low=low, bound=bound, v=value)
            yield _of("summary-bound", high, message)
    yield from _trips_at_once(study)
    yield from _cost_per_km(study)


def _counts(study: BusStudy) -> dict[str, object]:
    by_type = Counter(v["vehicle_type"] for v in study.vehicles.values())
    return {
        "trips": len(study.trips),
        "vehicles": len(study.vehicles),
        "vehicles_by_type": dict(by_type),
        "charging_points": sum(c["n_points"] for c in study.chargers.values()),
    }


def _totals(study: BusStudy) -> dict[str, float]:
    rows = list(study.all_rows())
    managed = [span for spans in power_spans(study).values() for span in spans]
    unmanaged = [span for stay in study.stays.values() for span in _at_full_power(study, stay)]
    return {
        "service_km": sum(r["distance_km"] for r in rows if r["kind"] == "trip"),
        "deadhead_km": sum(r["distance_km"] for r in rows if r["kind"] in WAYS),
        "energy_kwh": sum(r["energy_kwh"] for r in rows),
        "peak_kw_managed": peak_on_day(managed)[0],
        "peak_kw_unmanaged": peak_on_day(unmanaged)[0],
    }


def _at_full_power(study: BusStudy, stay: Row) -> Iterator[Span]:
    """Mean power per step of a vehicle that charges fully from its arrival, limits ignored."""
    too_long = stay["departure_s"] - stay["arrival_s"] > 2 * DAY_S  # a finding of its own
    if stay["max_kw"] <= 0 or stay["energy_kwh"] <= 0 or too_long:
        return
    needed_s = stay["energy_kwh"] / stay["charge_efficiency"] / stay["max_kw"] * 3600
    begin = stay["arrival_s"]
    end = min(begin + needed_s, stay["departure_s"])
    start = begin - (begin - study.first_step_s) % study.step_s
    while start < end:
        after = start + study.step_s
        share = (min(end, after) - max(begin, start)) / study.step_s
        yield start, after, stay["max_kw"] * share
        start = after


def _trips_at_once(study: BusStudy) -> Iterator[Finding]:
    """Trips that run at the same time need as many vehicles."""
    changes: Counter[int] = Counter()
    for row in study.served_rows():
        if row["end_s"] > row["start_s"]:
            changes[row["start_s"]] += 1
            changes[row["end_s"]] -= 1
    running = most = 0
    for moment in sorted(changes):
        running += changes[moment]
        most = max(most, running)
    for key in ("vehicles", "vehicles_without_energy_limit"):
        if study.summary[key] < most:
            message = text("is {f}, but {n} served trips run at once", f=study.summary[key], n=most)
            yield _of("summary-bound", key, message)


def _cost_per_km(study: BusStudy) -> Iterator[Finding]:
    for key in _YEARLY_KM:
        yearly_km = study.summary.get(key)
        if not is_number(yearly_km) or yearly_km is None or yearly_km <= 0:
            continue
        expected = study.summary["cost_eur_per_year"] / yearly_km
        if not isclose(study.summary["cost_eur_per_km"], expected, rel_tol=1e-4, abs_tol=0.005):
            message = text(
                "is {f}, cost per year over {key} is {e:.6f}",
                f=study.summary["cost_eur_per_km"],
                key=key,
                e=expected,
            )
            yield _of("summary-cost", "cost_eur_per_km", message)
        return


def _of(rule: str, key: str, message: str) -> Finding:
    return Finding(rule=rule, table="study", where=f"summary.{key}", message=message)
