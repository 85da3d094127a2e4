"""The reference model against hand calculations, and against the plain walk through the rules."""

import numpy as np
import pytest
from golden_cases import Case, golden_cases
from random_tasks import BINARY, CONVEX, random_task
from reference_model import reference
from rules_held import walk

CASES = golden_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_reference_costs_what_the_calculation_by_hand_says(case: Case) -> None:
    """Optimum and proven bound are the sum that stands beside the case."""
    best = reference(case.stays, case.limits, signals=case.signals, options=case.options)
    assert best.cost_eur == pytest.approx(case.cost_eur, abs=1e-7)
    assert best.bound_eur == pytest.approx(case.cost_eur, abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "extensions", [(), CONVEX, BINARY, ("chains",), (*CONVEX, *BINARY, "chains")], ids="+".join
)
def test_the_reference_keeps_the_rules_and_costs_what_they_say(extensions, seed) -> None:
    """Two readings of the rules, the program and the walk, agree on random tasks."""
    task = random_task(
        seed,
        n_stays=4,
        n_steps=12,
        with_=extensions,
        lowest_eur_per_kwh=(0.05, -0.4)[seed % 2],
        peak_eur_per_kw=0.5,
    )
    of_task = {"stays": task.stays, "limits": task.limits, "signals": task.signals}
    best = reference(**of_task, options=task.options)
    made = walk(best.power_kw, best.phase_used, **of_task, options=task.options)
    assert made.broken == []
    assert made.cost_eur == pytest.approx(best.cost_eur, abs=1e-5)
    assert best.bound_eur == pytest.approx(best.cost_eur, abs=1e-5)


def test_the_walk_finds_every_kind_of_broken_rule() -> None:
    """The powers of a good schedule, spoilt: the walk is not blind."""
    task = random_task(5, n_stays=6, n_steps=12, with_=(*CONVEX, "minimum"))
    of_task = {"stays": task.stays, "limits": task.limits, "signals": task.signals}
    best = reference(**of_task, options=task.options, gap=1e-3)
    spoilt = {
        "max_kw": best.power_kw + 30.0,
        "max_discharge_kw": best.power_kw - 30.0,
        "min_kw": np.where(best.power_kw > 0, 0.01, best.power_kw),
        "capacity": best.power_kw + 30.0,
        "reserve": best.power_kw - 30.0,
        "taper": best.power_kw + 9.0,
        "limit": best.power_kw + 30.0,
        "phase of limit": best.power_kw + 30.0,
    }
    for rule, power_kw in spoilt.items():
        broken = walk(power_kw, best.phase_used, **of_task).broken
        assert any(entry.startswith(rule) for entry in broken), rule
    wrong_phase = np.where(best.phase_used == 0, 1, 0)
    broken = walk(best.power_kw, wrong_phase, **of_task).broken
    assert any(entry.startswith("phase: stay") for entry in broken)
