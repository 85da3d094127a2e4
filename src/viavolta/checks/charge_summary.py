"""Rules on money and counts: the summary of a charge study follows from its tables."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from viavolta.checks.charge_bound import bound_eur
from viavolta.checks.charge_data import ChargeData, Floats, Ints
from viavolta.checks.charge_power import RELATIVE, delivered_kwh, gain_kwh, is_far, net_power_kw
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


def check_summary(data: ChargeData, summary: dict[str, Any]) -> Iterator[Finding]:
    """Check every promised figure of the summary against the tables."""
    missing = [
        *(name for name in _FIGURES if not _is_number(summary.get(name))),
        *(name for name in _COUNTS if type(summary.get(name)) is not int),
    ]
    for name in missing:
        yield _wrong("summary-missing", name, text("no such number in the summary"))
    if missing:
        return
    expected = {**_counted(data), **_money(data, float(summary["unmet_eur_per_kwh"]))}
    for name, value in expected.items():
        if is_far(float(summary[name]), value):
            message = text(
                "{found:.9g}, the tables make {expected:.9g}", found=summary[name], expected=value
            )
            yield _wrong(f"summary-{name.replace('_', '-')}", name, message)
    yield from _check_bound(data, summary)
    yield from _check_binding(data, summary.get("binding_limits"))
    yield from _check_unmanaged_table(data)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _wrong(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table="study.json", where=where, message=message)


def _counted(data: ChargeData) -> dict[str, float]:
    unmet = np.maximum(data.stay["energy_kwh"] - delivered_kwh(data), 0.0)
    net_kw = net_power_kw(data, data.row_power_kw, data.row_stay, data.row_step)
    return {
        "stays": len(data.stay_id),
        "steps": data.n_steps,
        "unmet_kwh": float(unmet.sum()),
        "unmet_stays": int((unmet > _NOTHING_KWH).sum()),
        "peak_import_kw": _peak_import_kw(data, net_kw),
    }


def _peak_import_kw(data: ChargeData, net_kw: Floats) -> float:
    return float(np.maximum(net_kw[data.parent < 0], 0.0).sum(axis=0).max())


def _money(data: ChargeData, unmet_eur_per_kwh: float) -> dict[str, float]:
    power_kw, stay, step = _unmanaged(data)
    unmanaged_kw = net_power_kw(data, power_kw, stay, step)
    nobody = np.zeros(0, dtype=np.int64)
    base_kw = net_power_kw(data, np.zeros(0), nobody, nobody)
    return {
        "cost_eur": _cost_eur(
            data, data.row_power_kw, data.row_stay, step=data.row_step, unmet=unmet_eur_per_kwh
        ),
        "cost_unmanaged_eur": _cost_eur(data, power_kw, stay, step=step, unmet=unmet_eur_per_kwh),
        "peak_unmanaged_kw": _peak_import_kw(data, unmanaged_kw),
        "cost_without_vehicles_eur": _grid_eur(data, base_kw),
    }


def _grid_eur(data: ChargeData, net_kw: Floats) -> float:
    bought, sold = np.maximum(net_kw, 0.0), np.maximum(-net_kw, 0.0)
    energy_eur = (data.buy * bought - data.sell * sold).sum() * data.step_h
    above_kw = np.maximum(net_kw.max(axis=1) - data.limit["peak_so_far_kw"], 0.0)
    return float(energy_eur + (above_kw * data.limit["peak_eur_per_kw"]).sum())


def _cost_eur(data: ChargeData, power_kw: Floats, stay: Ints, *, step: Ints, unmet: float) -> float:
    gain = gain_kwh(data, power_kw, stay)
    delivered = np.bincount(stay, weights=gain, minlength=len(data.stay_id))
    missing = np.maximum(data.stay["energy_kwh"] - delivered, 0.0).sum()
    wear = (np.maximum(-gain, 0.0) * data.stay["wear_eur_per_kwh"][stay]).sum()
    net_kw = net_power_kw(data, power_kw, stay, step)
    return float(_grid_eur(data, net_kw) + wear + unmet * missing)


def _unmanaged(data: ChargeData) -> tuple[Floats, Ints, Ints]:
    """Full power on arrival until the energy wanted, or the battery's room, is reached."""
    powers, stays, steps = (
        [np.zeros(0)],
        [np.zeros(0, dtype=np.int64)],
        [np.zeros(0, dtype=np.int64)],
    )
    for row in range(len(data.stay_id)):
        step, share = data.window(row)
        room = data.stay["capacity_kwh"][row] - data.stay["soc_arrival_kwh"][row]
        left = min(max(data.stay["energy_kwh"][row], 0.0), np.nan_to_num(room, nan=np.inf))
        per_kw = data.stay["charge_efficiency"][row] * data.step_h
        full_kw = data.stay["max_kw"][row] * share
        reached = np.minimum(np.cumsum(full_kw * per_kw), left)
        powers.append(np.diff(reached, prepend=0.0) / per_kw)
        stays.append(np.full(len(step), row))
        steps.append(step)
    return np.concatenate(powers), np.concatenate(stays), np.concatenate(steps)


def _check_unmanaged_table(data: ChargeData) -> Iterator[Finding]:
    power_kw, stay, step = _unmanaged(data)
    net_kw = net_power_kw(data, power_kw, stay, step)
    is_wrong = is_far(data.profile["net_unmanaged_kw"], net_kw).any(axis=1)
    is_wrong |= is_far(data.limit["peak_unmanaged_kw"], np.maximum(net_kw.max(axis=1), 0.0))
    for row in np.flatnonzero(is_wrong).tolist():
        message = text("the unmanaged power is not full power on arrival")
        yield Finding(
            rule="unmanaged-power",
            table="limit_profile",
            where=data.limit_id[row],
            message=message,
        )


def _check_bound(data: ChargeData, summary: dict[str, Any]) -> Iterator[Finding]:
    cost, bound = float(summary["cost_eur"]), float(summary["lower_bound_eur"])
    slack = RELATIVE * max(1.0, abs(cost))
    if bound > cost + slack:
        message = text(
            "the lower bound {bound:.9g} is above the cost {cost:.9g}", bound=bound, cost=cost
        )
        yield _wrong("bound-above-cost", "lower_bound_eur", message)
    proven = bound_eur(data, float(summary["unmet_eur_per_kwh"]))
    if bound > proven + slack:
        message = text("the prices prove {proven:.9g}, not {bound:.9g}", proven=proven, bound=bound)
        yield _wrong("bound-not-proven", "lower_bound_eur", message)
    gap = (cost - bound) / max(abs(cost), 0.01)
    if is_far(float(summary["gap"]), gap):
        message = text("{found:.9g}, cost and bound make {gap:.9g}", found=summary["gap"], gap=gap)
        yield _wrong("gap", "gap", message)
    solver_bound = summary.get("solver_bound_eur")
    if solver_bound is not None and not (
        _is_number(solver_bound) and bound - slack <= solver_bound <= cost + slack
    ):
        message = text("the solver's bound is not between the lower bound and the cost")
        yield _wrong("solver-bound", "solver_bound_eur", message)


BINDS_KW = 1e-6
"""A limit binds where the power comes this near, relative to the limit."""


def _check_binding(data: ChargeData, said: object) -> Iterator[Finding]:
    """Hours and values of the limits with a price, where the power stands at the limit."""
    net_kw, import_kw = data.profile["net_kw"], data.profile["import_kw"]
    at_import = net_kw >= import_kw - BINDS_KW * np.maximum(1.0, import_kw)
    price = np.where(at_import, data.price["import_eur_per_kwh"], 0.0)
    price += np.where(net_kw < -BINDS_KW, data.price["export_eur_per_kwh"], 0.0)
    hours, value_eur = (price > 0).sum(axis=1) * data.step_h, price.sum(axis=1) * data.step_h
    entries = [entry for entry in said if isinstance(entry, dict)] if isinstance(said, list) else []
    found = {entry.get("limit_id"): entry for entry in entries}
    for row, name in enumerate(data.limit_id):
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
        yield _wrong("binding-limits", str(strange), text("no such limit"))
