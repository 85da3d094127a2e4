"""What a schedule has to prove: rules held, cost as said, a bound that its prices alone prove."""

import numpy as np
import polars as pl
import pytest
from random_tasks import Task
from reference_model import Reference
from rules_held import walk

from viavolta.checks.charge_best import Terms
from viavolta.checks.charge_blocks import vehicles_of
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_bound import bound_eur, check_prices
from viavolta.checks.charge_data import read_charge_data
from viavolta.checks.charge_limits import check_limits
from viavolta.checks.charge_power import check_power
from viavolta.checks.charge_stays import check_stays
from viavolta.engines.charging.scheduler import schedule
from viavolta.model.progress import StopRule, never
from viavolta.model.schedule import Schedule
from viavolta.services.charge_tables import charge_tables

ROUNDING = 1e-6  # of a cost, at least of 1 EUR


def solve(
    task: Task, *, gap: float = 1e-3, stop: StopRule = never, n_parts: int | None = None
) -> Schedule:
    """The engine's schedule."""
    return schedule(
        task.stays,
        task.limits,
        task.signals,
        unmet_eur_per_kwh=task.options.unmet_eur_per_kwh,
        unfair_eur_per_kwh=task.options.unfair_eur_per_kwh,
        early_share=task.options.early_share,
        max_share=task.options.max_share,
        max_discharge_share=task.options.max_discharge_share,
        gap=gap,
        stop=stop,
        n_parts=n_parts,
    )


def slack_eur(*costs: float) -> float:
    """What rounding may make of costs."""
    return ROUNDING * max(1.0, *(abs(cost) for cost in costs))


def assert_rules_held(task: Task, found: Schedule) -> None:
    """Every rule holds, and cost, energy, unmet energy and net power are what the powers make."""
    plan = found.plan
    made = walk(
        plan.power_kw,
        plan.phase_used,
        stays=task.stays,
        limits=task.limits,
        signals=task.signals,
        options=task.options,
    )
    assert made.broken == []
    assert plan.cost_eur == pytest.approx(made.cost_eur, abs=slack_eur(made.cost_eur))
    np.testing.assert_allclose(plan.net_kw, made.net_kw, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(plan.unmet_kwh, made.unmet_kwh, atol=1e-5)
    is_known = task.stays.has_battery[plan.flat_stay()]
    np.testing.assert_allclose(plan.energy_kwh[is_known], made.energy_kwh[is_known], atol=1e-5)
    assert np.isnan(plan.energy_kwh[~is_known]).all()


def assert_optimum_between(found: Schedule, best: Reference) -> None:
    """The proven optimum lies between bound and cost."""
    assert found.lower_bound_eur <= best.cost_eur + slack_eur(best.cost_eur)
    assert found.cost_eur >= best.bound_eur - slack_eur(best.cost_eur)


def assert_check_agrees(task: Task, found: Schedule) -> None:
    """The check of studies finds nothing, and gets the same bound from the table of prices.

    Where a vehicle's own task is not convex, the check may relax it less than the engine does: its
    bound may then be above the engine's, never below.
    """
    book = Book()
    data = read_charge_data(_tables(task, found), book)
    assert data is not None, book.findings()
    terms = Terms(unmet=task.options.unmet_eur_per_kwh, unfair=task.options.unfair_eur_per_kwh)
    vehicles = vehicles_of(data)
    check_stays(data, vehicles, book)
    check_limits(data, book)
    check_prices(data, terms, book)
    check_power(data, vehicles, book)
    assert book.findings() == []
    proven = min(bound_eur(data, vehicles, terms), found.cost_eur)
    slack = slack_eur(found.cost_eur)
    assert found.lower_bound_eur <= proven + slack
    if _every_vehicle_is_convex(task, found):
        assert found.lower_bound_eur >= proven - slack


def _every_vehicle_is_convex(task: Task, found: Schedule) -> bool:
    """No minimum, charging loss or chain, and no price at a plug below zero: losing energy pays."""
    stays, prices = task.stays, found.prices
    is_stepped = ((stays.min_kw > 0) | (stays.charging_loss_kw > 0)).any()
    can_be_negative = (prices.export_eur_per_kwh > 0).any() or (prices.energy_eur_per_kwh < 0).any()
    return not (is_stepped or can_be_negative or any(stays.vehicle_id))


def _tables(task: Task, found: Schedule) -> dict[str, pl.DataFrame]:
    """The tables of a study; the plan stands for the unmanaged one too, which is not looked at."""
    shares = (task.options.max_share, task.options.max_discharge_share)
    ones = np.ones(len(found.plan.power_kw))
    full = tuple(ones if share is None else share for share in shares)
    return charge_tables(
        found,
        found.plan,
        stays=task.stays,
        limits=task.limits,
        signals=task.signals,
        early_share=task.options.early_share,
        power_shares=None if all(share is None for share in shares) else (full[0], full[1]),
    )
