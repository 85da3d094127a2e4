"""What holds for every schedule, on small random tasks with and without physical extensions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from proofs import assert_check_agrees, assert_optimum_between, assert_rules_held, slack_eur, solve
from random_tasks import BINARY, CONVEX, FIRST, Task, random_task
from reference_model import Options, reference
from stay_rows import rows_of_stays

from viavolta.model.schedule import Schedule
from viavolta.model.stay import StayTable

GAP = 1e-3
EXTENSIVE = (
    "energy_kwh",
    "max_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "knee_kw",
    "standing_loss_kw",
)
few = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a seed does not shrink to anything simpler
    suppress_health_check=[HealthCheck.too_slow],
)
seeds = st.integers(0, 2**32 - 1)
tightness = st.sampled_from([0.3, 1.0, 2.5])


@st.composite
def tasks(draw, extensions=CONVEX, some_always=(), lowest_eur_per_kwh=0.02) -> Task:
    """Up to six stays in up to twelve hours, with some of the extensions."""
    return random_task(
        draw(seeds),
        n_stays=draw(st.integers(1, 6)),
        n_steps=draw(st.integers(3, 12)),
        with_=(
            *some_always,
            *draw(st.sets(st.sampled_from(extensions) if extensions else st.nothing())),
        ),
        tightness=draw(tightness),
        lowest_eur_per_kwh=lowest_eur_per_kwh,
        peak_eur_per_kw=draw(st.sampled_from([0.0, 0.4])),
    )


def near_eur(*found: Schedule) -> float:
    """What the gaps asked for leave open."""
    return GAP * max(1.0, *(abs(each.cost_eur) for each in found))


def assert_no_dearer(after: Schedule, before: Schedule) -> None:
    """The optimum after is not above the cost before, and the cost after is near that."""
    assert after.lower_bound_eur <= before.cost_eur + slack_eur(before.cost_eur)
    assert after.cost_eur <= before.cost_eur + near_eur(after, before)


def assert_same_optimum(one: Schedule, other: Schedule) -> None:
    """Neither cost is below the other's bound, and both are near."""
    assert_no_dearer(one, other)
    assert_no_dearer(other, one)


@few
@given(tasks(extensions=(*CONVEX, "chains")))
def test_schedules_keep_the_rules_and_are_proven_good(task):
    """Where no binary decides, bound and cost are near."""
    found = solve(task, gap=GAP)
    assert_rules_held(task, found)
    assert_check_agrees(task, found)
    assert found.lower_bound_eur <= found.cost_eur
    if not any(task.stays.vehicle_id):
        assert found.cost_eur - found.lower_bound_eur <= near_eur(found)


@few
@given(tasks(extensions=(*CONVEX, *BINARY, "chains"), lowest_eur_per_kwh=-0.5))
def test_schedules_keep_the_rules_under_negative_prices(task):
    """Nobody burns energy by charging and discharging at once, and the bound stays a bound."""
    found = solve(task, gap=GAP)
    assert_rules_held(task, found)
    assert_check_agrees(task, found)
    gap = 1e-4
    best = reference(task.stays, task.limits, signals=task.signals, options=task.options, gap=gap)
    assert_optimum_between(found, best)


@few
@given(tasks(extensions=(*CONVEX, *BINARY, "chains")))
def test_a_search_that_is_stopped_at_once_still_answers(task):
    """The rules hold, and the bound is one."""
    found = solve(task, stop=lambda: True)
    assert_rules_held(task, found)
    assert_check_agrees(task, found)
    best = solve(task, gap=GAP)
    assert found.lower_bound_eur <= best.cost_eur + slack_eur(best.cost_eur)


@few
@given(tasks(), st.floats(1.0, 3.0))
def test_looser_limits_never_cost_more(task, factor):
    """Every limit larger by a factor."""
    looser = replace(
        task.limits,
        import_kw=task.limits.import_kw * factor,
        export_kw=task.limits.export_kw * factor,
        phase_kw=task.limits.phase_kw * factor,
    )
    assert_no_dearer(solve(replace(task, limits=looser), gap=GAP), solve(task, gap=GAP))


@few
@given(tasks(extensions=("taper", "knee", "fairness", "phases")))
def test_a_longer_stay_never_costs_more(task):
    """Everybody arrives with the first step, where time at the plug costs nothing."""
    longer = replace(task.stays, arrival=np.full(len(task.stays), FIRST))
    assert_no_dearer(solve(replace(task, stays=longer), gap=GAP), solve(task, gap=GAP))


@few
@given(tasks(extensions=("fairness", "early", "phases", "profile")), st.floats(0.0, 1.0))
def test_higher_efficiency_never_costs_more(task, share):
    """Where energy has a price above zero and no sun has to be taken, less of it is lost."""
    better = {
        field: getattr(task.stays, field) + share * (1 - getattr(task.stays, field))
        for field in ("charge_efficiency", "discharge_efficiency")
    }
    no_sun = replace(task.limits, base_load_kw=np.abs(task.limits.base_load_kw))
    signals = replace(task.signals, sell_eur_per_kwh=np.zeros((1, task.signals.n_steps)))
    worse = replace(task, limits=no_sun, signals=signals)
    improved = replace(worse, stays=replace(task.stays, **better))
    assert_no_dearer(solve(improved, gap=GAP), solve(worse, gap=GAP))


@few
@given(tasks(extensions=(*CONVEX, "chains")), st.floats(0.1, 10.0))
def test_scaled_prices_scale_the_cost(task, factor):
    """All prices: energy, wear, ageing, peaks, unmet energy and unfairness."""
    scaled = Task(
        stays=replace(
            task.stays,
            wear_eur_per_kwh=task.stays.wear_eur_per_kwh * factor,
            ageing_eur_per_kwh_h=task.stays.ageing_eur_per_kwh_h * factor,
        ),
        limits=replace(task.limits, peak_eur_per_kw=task.limits.peak_eur_per_kw * factor),
        signals=replace(
            task.signals,
            buy_eur_per_kwh=task.signals.buy_eur_per_kwh * factor,
            sell_eur_per_kwh=task.signals.sell_eur_per_kwh * factor,
        ),
        options=replace(
            task.options,
            unmet_eur_per_kwh=task.options.unmet_eur_per_kwh * factor,
            unfair_eur_per_kwh=task.options.unfair_eur_per_kwh * factor,
        ),
    )
    found, plain = solve(scaled, gap=GAP), solve(task, gap=GAP)
    open_eur = near_eur(plain) + near_eur(found) / factor
    assert found.lower_bound_eur / factor <= plain.cost_eur + slack_eur(plain.cost_eur)
    assert plain.lower_bound_eur <= found.cost_eur / factor + slack_eur(plain.cost_eur)
    if not any(task.stays.vehicle_id):
        assert found.cost_eur / factor == pytest.approx(plain.cost_eur, abs=open_eur)


def with_rows(task: Task, chosen) -> Task:
    """The stays of the chosen rows, in that order; a row may be chosen more than once."""
    fields = {
        name: getattr(task.stays, name)[chosen]
        for name in StayTable.__dataclass_fields__
        if name not in {"stay_id", "vehicle_id"}
    }
    names = task.stays.vehicle_id
    stays = StayTable(
        stay_id=tuple(f"{task.stays.stay_id[row]}-{n}" for n, row in enumerate(chosen)),
        vehicle_id=tuple(names[row] for row in chosen) if names else (),
        **fields,
    )
    offsets = rows_of_stays(task.stays, task.signals).offsets
    flat = np.concatenate([np.arange(offsets[row], offsets[row + 1]) for row in chosen])
    return replace(task, stays=stays, options=_options_of_rows(task.options, flat))


def _options_of_rows(options: Options, flat: np.ndarray) -> Options:
    names = ("early_share", "max_share", "max_discharge_share")
    per_row = {name: getattr(options, name) for name in names}
    return replace(
        options, **{n: None if share is None else share[flat] for n, share in per_row.items()}
    )


@few
@given(tasks(extensions=(*CONVEX, "chains")), seeds)
def test_order_does_not_matter(task, seed):
    """The stays shuffled cost the same, but for the gaps, which chains may leave wide open."""
    chosen = np.random.default_rng(seed).permutation(len(task.stays))
    one, other = solve(with_rows(task, chosen), gap=GAP), solve(task, gap=GAP)
    if any(task.stays.vehicle_id):
        assert one.lower_bound_eur <= other.cost_eur + slack_eur(other.cost_eur)
        assert other.lower_bound_eur <= one.cost_eur + slack_eur(one.cost_eur)
    else:
        assert_same_optimum(one, other)


@few
@given(tasks())
def test_a_vehicle_split_in_two_halves_changes_nothing(task):
    """The first stay as two of half the size."""
    chosen = np.r_[0, np.arange(len(task.stays))]
    doubled = with_rows(task, chosen)
    halves = np.where(np.arange(len(chosen)) < 2, 0.5, 1.0)
    halved = {name: getattr(doubled.stays, name) * halves for name in EXTENSIVE}
    split = replace(doubled, stays=replace(doubled.stays, **halved))
    assert_same_optimum(solve(split, gap=GAP), solve(task, gap=GAP))


@few
@given(tasks(extensions=(*CONVEX, *BINARY, "chains"), lowest_eur_per_kwh=-0.3))
def test_the_same_task_gives_the_same_bytes(task):
    """Twice the same power and prices, to the last bit."""
    first, second = solve(task), solve(task)
    assert first.plan.power_kw.tobytes() == second.plan.power_kw.tobytes()
    assert first.prices.import_eur_per_kwh.tobytes() == second.prices.import_eur_per_kwh.tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_properties_of_larger_tasks(seed):
    """Forty stays over a day: looser limits, another order, and prices of another size."""
    task = random_task(seed, n_stays=40, n_steps=96, with_=CONVEX, peak_eur_per_kw=0.5)
    found = solve(task, gap=GAP)
    assert_rules_held(task, found)
    assert_check_agrees(task, found)
    turned = with_rows(task, np.arange(len(task.stays))[::-1])
    assert_same_optimum(solve(turned, gap=GAP), found)
    looser = replace(task, limits=replace(task.limits, import_kw=task.limits.import_kw * 1.3))
    assert_no_dearer(solve(looser, gap=GAP), found)
