"""Planning again after a change: as good and as well proven as from scratch, from where one was."""

from dataclasses import replace

import numpy as np
import pytest
from proofs import assert_check_agrees, assert_rules_held
from random_tasks import Task, random_task

from viavolta.engines.charging.reschedule import reschedule
from viavolta.engines.charging.scheduler import schedule
from viavolta.model.schedule import Schedule
from viavolta.model.stay import StayTable

GAP = 1e-3


def planned(task: Task) -> Schedule:
    return schedule(
        task.stays,
        task.limits,
        task.signals,
        unmet_eur_per_kwh=task.options.unmet_eur_per_kwh,
        gap=GAP,
    )


def again(previous: Schedule, before: Task, now: Task, **options: object) -> Schedule:
    return reschedule(
        previous,
        before.stays,
        stays=now.stays,
        limits=now.limits,
        signals=now.signals,
        unmet_eur_per_kwh=now.options.unmet_eur_per_kwh,
        gap=GAP,
        **options,
    )


def some_leave_early(stays: StayTable, rng: np.random.Generator) -> StayTable:
    """A few of the stays last half as long and want half as much."""
    rows = rng.choice(len(stays), max(1, len(stays) // 20), replace=False)
    departure, energy_kwh = stays.departure.copy(), stays.energy_kwh.copy()
    departure[rows] = stays.arrival[rows] + (stays.departure - stays.arrival)[rows] // 2
    energy_kwh[rows] *= 0.5
    return replace(stays, departure=departure, energy_kwh=energy_kwh)


def without(stays: StayTable, rows: np.ndarray) -> StayTable:
    """The stays of some rows, in a new order."""
    fields = {
        name: tuple(value[row] for row in rows) if isinstance(value, tuple) and value else value
        for name, value in ((field, getattr(stays, field)) for field in stays.__slots__)
    }
    return StayTable(
        **{
            name: value[rows] if isinstance(value, np.ndarray) else value
            for name, value in fields.items()
        }
    )


@pytest.mark.parametrize("seed", range(4))
def test_changed_stays_are_planned_with_proof(seed: int) -> None:
    """Rules held, the bound proven by prices alone, and a gap no worse than asked for."""
    task = random_task(
        300 + seed, n_stays=60, n_steps=96, v2g_share=0.4, peak_eur_per_kw=0.5 * (seed % 2)
    )
    first = planned(task)
    changed = replace(task, stays=some_leave_early(task.stays, np.random.default_rng(seed)))
    found = again(first, task, changed)
    assert_rules_held(changed, found)
    assert_check_agrees(changed, found)
    scratch = planned(changed)
    assert found.gap <= max(GAP, scratch.gap) + 1e-9
    assert found.lower_bound_eur <= scratch.cost_eur + 1e-6
    assert scratch.lower_bound_eur <= found.cost_eur + 1e-6


def test_a_tighter_limit_is_held() -> None:
    """One limit loses a fifth of its power; the rest of the plan is the start."""
    task = random_task(310, n_stays=40, n_steps=96, v2g_share=0.4)
    first = planned(task)
    import_kw = task.limits.import_kw.copy()
    import_kw[0] *= 0.8
    changed = replace(task, limits=replace(task.limits, import_kw=import_kw))
    found = again(first, task, changed)
    assert_rules_held(changed, found)
    assert_check_agrees(changed, found)
    assert found.cost_eur >= first.lower_bound_eur - 1e-6


def test_stays_come_go_and_stand_in_another_order() -> None:
    """Stays are known again by name; those that are gone are forgotten."""
    task = random_task(320, n_stays=40, n_steps=96, v2g_share=0.4)
    rows = np.random.default_rng(1).permutation(len(task.stays))
    before = replace(task, stays=without(task.stays, rows[:36]))
    now = replace(task, stays=without(task.stays, rows[::-1][:36]))
    found = again(planned(before), before, now)
    assert_rules_held(now, found)
    assert_check_agrees(now, found)
    assert found.gap <= max(GAP, planned(now).gap) + 1e-9


def test_nothing_changed_needs_no_search() -> None:
    """The same task again: a handful of passes, the same proof."""
    task = random_task(330, n_stays=60, n_steps=96, v2g_share=0.4)
    first = planned(task)
    found = again(first, task, task, most_passes=4)
    assert found.gap <= max(GAP, first.gap) + 1e-9


def test_the_same_change_gives_the_same_bytes() -> None:
    """Planning again is as reproducible as planning."""
    task = random_task(340, n_stays=60, n_steps=96, v2g_share=0.4)
    first = planned(task)
    changed = replace(task, stays=some_leave_early(task.stays, np.random.default_rng(5)))
    one, two = (again(first, task, changed) for _ in range(2))
    assert one.plan.power_kw.tobytes() == two.plan.power_kw.tobytes()
    assert one.prices.import_eur_per_kwh.tobytes() == two.prices.import_eur_per_kwh.tobytes()


def test_another_tree_is_refused() -> None:
    """An earlier plan about other limits or stays cannot be a start."""
    task, other = random_task(350, n_stays=20, n_steps=96), random_task(351, n_stays=21, n_steps=96)
    first = planned(task)
    with pytest.raises(ValueError, match="other stays"):
        again(first, other, other)
