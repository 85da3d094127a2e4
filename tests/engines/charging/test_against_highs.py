"""Thirty random tasks: the optimum of HiGHS lies between the engine's bound and cost.

From loose to hard limits, in quarters of an hour and five minutes, with and without feeding back,
with negative prices and capacity prices. The check of studies recomputes the bound from the prices.
"""

import pytest
from proofs import assert_check_agrees, assert_optimum_between, assert_rules_held, solve
from random_tasks import random_task
from reference_model import reference

NO_LIMIT, LOOSE, EVEN, HARD = 0.05, 0.3, 1.0, 2.0
POSITIVE, NEGATIVE, VERY_NEGATIVE = 0.05, -0.1, -0.5

# stays, steps, share that feeds back, tightness, lowest price, capacity price
TASKS = [
    (20, 96, 0.0, LOOSE, POSITIVE, 0.0),
    (20, 96, 0.5, LOOSE, POSITIVE, 0.0),
    (20, 96, 0.5, EVEN, POSITIVE, 0.5),
    (20, 96, 0.5, HARD, POSITIVE, 0.5),
    (20, 96, 1.0, EVEN, NEGATIVE, 0.0),
    (8, 96, 1.0, NO_LIMIT, VERY_NEGATIVE, 0.0),
    (20, 288, 0.0, EVEN, POSITIVE, 0.5),
    (20, 288, 0.5, HARD, NEGATIVE, 0.0),
    (20, 288, 1.0, EVEN, VERY_NEGATIVE, 0.5),
    (40, 96, 0.0, HARD, NEGATIVE, 0.5),
    (40, 96, 0.5, LOOSE, NEGATIVE, 0.5),
    (40, 96, 0.5, EVEN, VERY_NEGATIVE, 0.0),
    (40, 96, 1.0, HARD, POSITIVE, 0.0),
    (40, 288, 0.0, LOOSE, NEGATIVE, 0.0),
    (40, 288, 0.5, EVEN, POSITIVE, 0.0),
    (60, 96, 0.0, EVEN, POSITIVE, 0.0),
    (60, 96, 0.5, EVEN, NEGATIVE, 0.5),
    (60, 96, 1.0, LOOSE, POSITIVE, 0.5),
    (60, 288, 0.5, LOOSE, POSITIVE, 0.5),
    (60, 288, 0.0, HARD, POSITIVE, 0.5),
    (100, 96, 0.0, LOOSE, POSITIVE, 0.5),
    (100, 96, 0.4, EVEN, POSITIVE, 0.0),
    (100, 96, 0.4, HARD, NEGATIVE, 0.5),
    (100, 288, 0.4, HARD, POSITIVE, 0.0),
    (200, 96, 0.4, EVEN, NEGATIVE, 0.0),
    (200, 96, 0.0, HARD, POSITIVE, 0.5),
    (150, 96, 0.4, LOOSE, POSITIVE, 0.5),
    (300, 96, 0.4, HARD, NEGATIVE, 0.0),
    (3000, 96, 0.2, EVEN, POSITIVE, 0.0),
    (1000, 96, 0.0, EVEN, POSITIVE, 0.5),
]
GAP = 1e-3


@pytest.mark.parametrize("number", range(len(TASKS)))
def test_the_optimum_lies_between_bound_and_cost(number) -> None:
    """Rules held to a millionth, cost within the gap asked for, bound proven by prices alone."""
    n_stays, n_steps, v2g_share, tightness, lowest, peak = TASKS[number]
    task = random_task(
        100 + number,
        n_stays=n_stays,
        n_steps=n_steps,
        v2g_share=v2g_share,
        tightness=tightness,
        lowest_eur_per_kwh=lowest,
        peak_eur_per_kw=peak,
    )
    best = reference(task.stays, task.limits, signals=task.signals, options=task.options, gap=1e-3)
    found = solve(task, gap=GAP)
    assert_rules_held(task, found)
    assert_optimum_between(found, best)
    assert_check_agrees(task, found)
    assert found.cost_eur <= best.cost_eur + GAP * max(abs(best.cost_eur), 1.0)
