"""The engine against the golden cases of each physical extension, and against the reference."""

from dataclasses import replace

import pytest
from golden_cases import Case, golden_cases
from proofs import assert_check_agrees, assert_optimum_between, assert_rules_held, solve
from random_tasks import Task, random_task
from reference_model import reference

_SMALLEST_EUR = 0.1  # costs below this are near zero: the tolerance is a share of at least this

# How near the engine's cost must come to the optimum of a small random task. Where binaries
# decide, a task of five stays is hard on prices: they pay off in the sum of many.
NEAR = {
    "taper": 0.005,
    "knee": 0.005,
    "standing": 0.005,
    "ageing": 0.005,
    "fairness": 0.005,
    "early": 0.005,
    "phases": 0.005,
    "chains": 0.02,
    "charging_loss": 0.05,
    "minimum": 0.05,
    "choice": 0.05,
}


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)
def test_golden_cases(case: Case) -> None:
    """The calculation by hand lies between bound and cost, which is near enough."""
    task = Task(stays=case.stays, limits=case.limits, signals=case.signals, options=case.options)
    found = solve(task, gap=1e-4)
    assert_rules_held(task, found)
    assert found.lower_bound_eur <= case.cost_eur + 1e-6
    assert found.cost_eur >= case.cost_eur - 1e-6
    near_eur = case.tolerance * max(abs(case.cost_eur), _SMALLEST_EUR)
    assert found.cost_eur <= case.cost_eur + near_eur
    assert_check_agrees(task, found)


@pytest.mark.parametrize("lowest_eur_per_kwh", [0.05, -0.4], ids=["positive", "negative"])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("extension", list(NEAR))
def test_each_extension_against_the_reference(extension, seed, lowest_eur_per_kwh) -> None:
    """Five random stays: the optimum of the exact program lies between bound and cost."""
    task = random_task(
        seed,
        n_stays=5,
        n_steps=12,
        with_=(extension,),
        lowest_eur_per_kwh=lowest_eur_per_kwh,
        peak_eur_per_kw=0.3,
    )
    best = reference(task.stays, task.limits, signals=task.signals, options=task.options)
    found = solve(task, gap=1e-4)
    assert_rules_held(task, found)
    assert_optimum_between(found, best)
    assert found.cost_eur <= best.cost_eur + NEAR[extension] * max(abs(best.cost_eur), 1.0)
    assert_check_agrees(task, found)


@pytest.mark.parametrize("seed", range(6))
def test_all_extensions_together_against_the_reference(seed) -> None:
    """Ten stays with everything at once: within a tenth, since phases are chosen before powers."""
    task = random_task(seed, n_stays=10, n_steps=12, with_=tuple(NEAR), tightness=0.7)
    gap = 1e-4
    best = reference(task.stays, task.limits, signals=task.signals, options=task.options, gap=gap)
    found = solve(task)
    assert_rules_held(task, found)
    assert_optimum_between(found, best)
    assert found.cost_eur <= best.cost_eur + 0.1 * max(abs(best.cost_eur), 1.0)
    assert_check_agrees(task, found)


def test_fairness_has_a_price() -> None:
    """With it the worst served stay is served no worse, and energy costs no less."""
    task = random_task(4, n_stays=10, n_steps=24, tightness=2.0, v2g_share=0.0)
    fair = replace(task, options=replace(task.options, unfair_eur_per_kwh=20.0))
    plain_plan, fair_plan = solve(task, gap=1e-4).plan, solve(fair, gap=1e-4).plan
    half_kwh = task.stays.energy_kwh.clip(min=0) / 2

    def beyond_kwh(unmet_kwh):
        return (unmet_kwh - half_kwh).clip(min=0).sum()

    assert beyond_kwh(plain_plan.unmet_kwh) > 0
    assert beyond_kwh(fair_plan.unmet_kwh) <= beyond_kwh(plain_plan.unmet_kwh) + 0.01
