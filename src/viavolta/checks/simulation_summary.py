"""Rules on the summary of a simulation study: it follows from the tables."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from viavolta.checks.finding import Finding
from viavolta.checks.simulation_data import Floats, Run, SimulationData, Tables, is_far
from viavolta.checks.simulation_power import net_kw
from viavolta.checks.simulation_sums import expected_sessions, expected_sites
from viavolta.model.messages import text

_NOTHING_KWH = 1e-6


def check_summary(
    data: SimulationData, tables: Tables, summary: dict[str, Any]
) -> Iterator[Finding]:
    """Check the figures about the sessions, and those of every strategy."""
    unmet_price = summary.get("unmet_eur_per_kwh")
    if not isinstance(unmet_price, int | float) or not _is_number(unmet_price):
        message = text("no such number in the summary")
        yield _wrong("summary-missing", "unmet_eur_per_kwh", message)
        return
    for name, value in _about_sessions(data, tables).items():
        yield from _compare("summary-sessions", name, found=summary.get(name), expected=value)
    entries = summary.get("strategies")
    said = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    by_name = {entry.get("strategy"): entry for entry in said}
    if sorted(map(str, by_name)) != sorted(run.strategy for run in data.runs):
        message = text("the strategies are not those of the tables")
        yield _wrong("summary-strategies", "strategies", message)
        return
    for run in data.runs:
        expected = _strategy(data, run, unmet_eur_per_kwh=float(unmet_price))
        entry = by_name[run.strategy]
        for name, figure in expected.items():
            where = f"{run.strategy}.{name}"
            yield from _compare("summary-strategy", where, found=entry.get(name), expected=figure)


def _compare(rule: str, where: str, *, found: object, expected: float | None) -> Iterator[Finding]:
    if expected is None and found is None:
        return
    if expected is None or not _is_number(found):
        yield _wrong(rule, where, text("{found!r} is no such figure", found=str(found)[:80]))
    elif is_far(np.array(float(found)), np.array(expected)):  # type: ignore[arg-type] # a number
        message = text(
            "{found:.9g}, the tables make {expected:.9g}", found=found, expected=expected
        )
        yield _wrong(rule, where, message)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _wrong(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table="study.json", where=where, message=message)


def _about_sessions(data: SimulationData, tables: Tables) -> dict[str, float]:
    connected_h = float((data.end - data.begin).sum()) * data.step_h
    n_drivers = tables["stays"].select("driver", "driver_kind").unique().height
    base_kw = data.summed_up(data.base_kw)
    return {
        "stays": len(data.stay_id),
        "drivers": n_drivers,
        "sites": len(data.limit_id),
        "steps": data.n_steps,
        "energy_kwh": float(data.stay["energy_kwh"].sum()),
        "connected_h": connected_h,
        "plug_in_share": connected_h / (n_drivers * data.n_steps * data.step_h),
        "vehicles_giving_back": int((data.stay["max_discharge_kw"] > 0).sum()),
        "cost_without_vehicles_eur": _grid_eur(data, base_kw),
    }


def _grid_eur(data: SimulationData, net: Floats) -> float:
    roots = data.parent < 0
    price = np.where(net >= 0, data.buy, data.sell)
    above = np.maximum(net.max(axis=1) - data.peak_so_far_kw, 0.0)
    return float((price * net)[roots].sum()) * data.step_h + float(above @ data.peak_eur_per_kw)


def _strategy(
    data: SimulationData, run: Run, *, unmet_eur_per_kwh: float
) -> dict[str, float | None]:
    sessions, sites = expected_sessions(data, run), expected_sites(data, run)
    net = net_kw(data, run.stay, run.step, power_kw=run.power_kw)
    taken = np.maximum(-run.power_kw, 0.0) / data.stay["discharge_efficiency"][run.stay]
    wear_eur = float(taken @ data.stay["wear_eur_per_kwh"][run.stay]) * data.step_h
    unmet = np.where(sessions["unmet_kwh"] > _NOTHING_KWH, sessions["unmet_kwh"], 0.0)
    net_kwh = float((sessions["charged_kwh"] - sessions["discharged_kwh"]).sum())
    vehicles_eur = float(sessions["cost_eur"].sum())
    cost_eur = _grid_eur(data, net) + wear_eur
    return {
        "cost_eur": cost_eur,
        "energy_eur": float(sites["energy_eur"].sum()),
        "peak_eur": float(sites["peak_eur"].sum()),
        "wear_eur": wear_eur,
        "cost_with_unmet_eur": cost_eur + float(unmet.sum()) * unmet_eur_per_kwh,
        "vehicles_cost_eur": vehicles_eur,
        "eur_per_kwh": vehicles_eur / net_kwh if net_kwh > _NOTHING_KWH else None,
        "charged_kwh": float(sessions["charged_kwh"].sum()),
        "discharged_kwh": float(sessions["discharged_kwh"].sum()),
        "delivered_kwh": float(sessions["delivered_kwh"].sum()),
        "unmet_kwh": float(unmet.sum()),
        "unmet_stays": int((unmet > 0).sum()),
        "peak_kw": float(np.maximum(net[data.parent < 0], 0.0).sum(axis=0).max()),
        "hours_at_limit": float(sites["hours_at_limit"].sum()),
        "hours_above_limit": float(sites["hours_above_limit"].sum()),
        "charging_share": float(sessions["charging_h"].sum() / sessions["connected_h"].sum()),
    }
