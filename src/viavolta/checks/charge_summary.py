"""Rules on money and counts: the summary of a charge study follows from its tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from viavolta.checks.charge_battery import Outcome
from viavolta.checks.charge_best import Terms
from viavolta.checks.charge_blocks import Vehicles
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_bound import bound_eur, carbon_eur_per_kwh
from viavolta.checks.charge_data import ChargeData
from viavolta.checks.charge_keys import Floats
from viavolta.checks.charge_power import RELATIVE, is_far
from viavolta.checks.charge_unmanaged import unmanaged
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_NOTHING_KWH = 1e-6
_FIGURES = (
    "cost_eur",
    "lower_bound_eur",
    "gap",
    "unmet_kwh",
    "peak_import_kw",
    "cost_unmanaged_eur",
    "peak_unmanaged_kw",
    "cost_without_vehicles_eur",
    "unmet_eur_per_kwh",
)
_COUNTS = ("stays", "steps", "unmet_stays")
_EXTRAS = ("unfair_eur_per_kwh", "carbon_eur_per_t")
BINDS_KW = 1e-6
"""A limit binds where the power comes this near, relative to the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the tables make of the schedule: net power (L, T), and what the stays came to."""

    net_kw: Floats
    outcome: Outcome


def terms_of(summary: dict[str, Any]) -> Terms:
    """Prices that the summary states; those that it does not state are 0."""
    stated = {
        name: float(summary[name])
        for name in ("unmet_eur_per_kwh", *_EXTRAS)
        if _is_number(summary.get(name)) and summary[name] >= 0
    }
    return Terms(
        unmet=stated.get("unmet_eur_per_kwh", 0.0),
        unfair=stated.get("unfair_eur_per_kwh", 0.0),
        carbon_eur_per_t=stated.get("carbon_eur_per_t", 0.0),
    )


def check_summary(
    data: ChargeData, vehicles: Vehicles, summary: dict[str, Any], *, result: Result, book: Book
) -> None:
    """Check every promised figure of the summary against the tables."""
    missing = [
        *(name for name in _FIGURES if not _is_number(summary.get(name))),
        *(name for name in _COUNTS if type(summary.get(name)) is not int),
        *(name for name in _EXTRAS if name in summary and not _is_price(summary[name])),
    ]
    for name in missing:
        book.add([_wrong("summary-missing", name, text("no such number in the summary"))])
    if missing:
        return
    terms = terms_of(summary)
    net_kw, outcome = unmanaged(data, vehicles)
    plain = Result(net_kw=net_kw, outcome=outcome)
    items = _cost_items(data, terms, result)
    expected = {
        **_counted(data, result),
        "cost_eur": sum(items.values()),
        "cost_unmanaged_eur": sum(_cost_items(data, terms, plain).values()),
        "peak_unmanaged_kw": _peak_import_kw(data, net_kw),
        "cost_without_vehicles_eur": sum(
            _grid_items(data, terms, data.summed_up(data.profile["base_load_kw"])).values()
        ),
    }
    for name, value in expected.items():
        if is_far(float(summary[name]), value):
            message = text(
                "{found:.9g}, the tables make {expected:.9g}", found=summary[name], expected=value
            )
            book.add([_wrong(f"summary-{name.replace('_', '-')}", name, message)])
    book.add(_check_items(items, summary))
    book.add(_check_bound(summary, bound_eur(data, vehicles, terms)))
    book.add(_check_binding(data, summary.get("binding_limits")))
    _check_unmanaged_table(data, net_kw, book)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _is_price(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _wrong(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table="study.json", where=where[:200], message=message)


def _counted(data: ChargeData, result: Result) -> dict[str, float]:
    unmet = result.outcome.unmet_kwh
    return {
        "stays": len(data.stay_id),
        "steps": data.n_steps,
        "unmet_kwh": float(unmet.sum()),
        "unmet_stays": int((unmet > _NOTHING_KWH).sum()),
        "peak_import_kw": _peak_import_kw(data, result.net_kw),
    }


def _peak_import_kw(data: ChargeData, net_kw: Floats) -> float:
    return float(np.maximum(net_kw[data.parent < 0], 0.0).sum(axis=0).max())


def _grid_items(data: ChargeData, terms: Terms, net_kw: Floats) -> dict[str, float]:
    """Cost at the roots and of peaks, from net power (L, T)."""
    bought, sold = np.maximum(net_kw, 0.0), np.maximum(-net_kw, 0.0)
    above_kw = np.maximum(net_kw.max(axis=1) - data.limit["peak_so_far_kw"], 0.0)
    return {
        "energy": float((data.buy * bought - data.sell * sold).sum()) * data.step_h,
        "carbon": float((carbon_eur_per_kwh(data, terms) * net_kw).sum()) * data.step_h,
        "peak": float((above_kw * data.limit["peak_eur_per_kw"]).sum()),
    }


def _cost_items(data: ChargeData, terms: Terms, result: Result) -> dict[str, float]:
    outcome = result.outcome
    return {
        **_grid_items(data, terms, result.net_kw),
        "wear": outcome.wear_eur,
        "ageing": outcome.ageing_eur,
        "unmet": terms.unmet * outcome.late_kwh,
        "fairness": terms.unfair * outcome.beyond_kwh,
        "early": terms.unmet * outcome.early_kwh,
    }


def _check_items(items: dict[str, float], summary: dict[str, Any]) -> Iterator[Finding]:
    said = summary.get("cost_items_eur")
    if said is None:
        return
    if not isinstance(said, dict) or not all(_is_number(value) for value in said.values()):
        yield _wrong("cost-items", "cost_items_eur", text("is not an object of numbers"))
        return
    slack = RELATIVE * max(1.0, abs(float(summary["cost_eur"])))
    for name in sorted({*items, *said}):
        found, expected = float(said.get(name, 0.0)), items.get(name, 0.0)
        if abs(found - expected) > slack:
            message = text(
                "{found:.9g}, the tables make {expected:.9g}", found=found, expected=expected
            )
            yield _wrong("cost-items", f"cost_items_eur.{name}", message)
    if abs(sum(map(float, said.values())) - float(summary["cost_eur"])) > slack:
        yield _wrong("cost-items", "cost_items_eur", text("the items do not sum to cost_eur"))


def _check_unmanaged_table(data: ChargeData, net_kw: Floats, book: Book) -> None:
    is_wrong = is_far(data.profile["net_unmanaged_kw"], net_kw).any(axis=1)
    is_wrong |= is_far(data.limit["peak_unmanaged_kw"], np.maximum(net_kw.max(axis=1), 0.0))
    book.note(
        "unmanaged-power",
        "limit_profile",
        is_wrong,
        where=lambda row: str(data.limit_id[row]),
        message=lambda _: text("the unmanaged power is not full power on arrival"),
    )


def _check_bound(summary: dict[str, Any], proven: float) -> Iterator[Finding]:
    cost, bound = float(summary["cost_eur"]), float(summary["lower_bound_eur"])
    slack = RELATIVE * max(1.0, abs(cost))
    if bound > cost + slack:
        message = text(
            "the lower bound {bound:.9g} is above the cost {cost:.9g}", bound=bound, cost=cost
        )
        yield _wrong("bound-above-cost", "lower_bound_eur", message)
    if bound > proven + slack:
        message = text("the prices prove {proven:.9g}, not {bound:.9g}", proven=proven, bound=bound)
        yield _wrong("bound-not-proven", "lower_bound_eur", message)
    gap = (cost - bound) / max(abs(cost), 0.01)
    if is_far(float(summary["gap"]), gap):
        message = text("{found:.9g}, cost and bound make {gap:.9g}", found=summary["gap"], gap=gap)
        yield _wrong("gap", "gap", message)


def _check_binding(data: ChargeData, said: object) -> Iterator[Finding]:
    """Hours and values of the limits with a price, where the power stands at the limit."""
    net_kw, import_kw = data.profile["net_kw"], data.profile["import_kw"]
    at_import = net_kw >= import_kw - BINDS_KW * np.maximum(1.0, import_kw)
    price = np.where(at_import, data.price["import_eur_per_kwh"], 0.0)
    price += np.where(net_kw < -BINDS_KW, data.price["export_eur_per_kwh"], 0.0)
    hours, value_eur = (price > 0).sum(axis=1) * data.step_h, price.sum(axis=1) * data.step_h
    entries = [entry for entry in said if isinstance(entry, dict)] if isinstance(said, list) else []
    found = {str(entry.get("limit_id")): entry for entry in entries}
    for row, name in enumerate(data.limit_id.to_list()):
        entry = found.pop(name, None)
        if entry is None and hours[row] == 0:
            continue
        fits = (
            entry is not None
            and all(_is_number(entry.get(key)) for key in ("hours", "value_eur"))
            and not is_far(float(entry["hours"]), float(hours[row]))
            and not is_far(float(entry["value_eur"]), float(value_eur[row]))
        )
        if not fits:
            message = text(
                "the prices make {hours:.6g} h worth {value:.6g} EUR",
                hours=hours[row],
                value=value_eur[row],
            )
            yield _wrong("binding-limits", name, message)
    for strange in found:
        yield _wrong("binding-limits", strange, text("no such limit"))
