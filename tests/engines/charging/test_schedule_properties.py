"""What holds for every schedule, on small random instances."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.engines.charging.bound import charging_bound
from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.window import windows
from viavolta.model.limit import LimitTree
from viavolta.model.progress import never
from viavolta.model.schedule import LimitPrices, Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable, stay_table

T0 = np.datetime64("2025-03-30T00:00:00")
UNMET = 3.0
few = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Instance:
    """A small task, and its schedule on demand."""

    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    unmet: float = UNMET

    def solve(self, stop=never) -> Schedule:
        """The schedule."""
        return schedule(
            self.stays, self.limits, self.signals, unmet_eur_per_kwh=self.unmet, stop=stop
        )


@st.composite
def instances(draw, with_minimum=False, lowest_price=-0.3):
    """Up to six stays under three nested limits, with batteries, sun and odd times."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_stays, n_steps, step_s = draw(st.integers(1, 6)), draw(st.integers(2, 10)), 1800
    end_s = n_steps * step_s
    arrival_s = rng.integers(0, end_s - 600, n_stays)
    departure_s = np.minimum(arrival_s + rng.integers(600, end_s, n_stays), end_s)
    has_battery = rng.random(n_stays) < 0.7
    can_discharge = has_battery & (rng.random(n_stays) < 0.6)
    capacity = rng.uniform(10, 60, n_stays)
    soc = capacity * rng.uniform(0, 1, n_stays)
    max_kw = rng.uniform(3, 22, n_stays)
    stays = stay_table(
        tuple(f"s{i}" for i in range(n_stays)),
        T0 + arrival_s.astype("timedelta64[s]"),
        departure=T0 + departure_s.astype("timedelta64[s]"),
        energy_kwh=rng.uniform(-10, 40, n_stays),
        max_kw=max_kw,
        min_kw=max_kw * rng.uniform(0.1, 1.0, n_stays) if with_minimum else 0.0,
        max_discharge_kw=np.where(can_discharge, rng.uniform(3, 22, n_stays), 0.0),
        capacity_kwh=np.where(has_battery, capacity, np.nan),
        soc_arrival_kwh=np.where(has_battery, soc, np.nan),
        soc_min_kwh=np.where(has_battery, capacity * 0.2, 0.0),
        charge_efficiency=rng.uniform(0.8, 1.0, n_stays),
        discharge_efficiency=rng.uniform(0.8, 1.0, n_stays),
        wear_eur_per_kwh=rng.uniform(0, 0.1, n_stays),
        limit=rng.integers(0, 3, n_stays),
    )
    buy = rng.uniform(lowest_price, 0.6, (1, n_steps))
    limits = LimitTree(
        limit_id=("root", "site", "plug"),
        parent=np.array([-1, 0, 1]),
        import_kw=rng.uniform(5, 40, (3, n_steps)),
        export_kw=rng.uniform(0, 20, (3, n_steps)),
        base_load_kw=rng.uniform(-6, 6, (3, n_steps)),
        peak_eur_per_kw=rng.choice([0.0, 0.5], 3),
        peak_so_far_kw=rng.uniform(0, 5, 3),
        zone=("", "", ""),
    )
    signals = SignalTable(
        start=T0 + np.arange(n_steps) * np.timedelta64(step_s, "s"),
        step_s=step_s,
        buy_eur_per_kwh=buy,
        sell_eur_per_kwh=buy - rng.choice([0.0, 0.1]),
        zone=("",),
    )
    return Instance(stays, limits, signals)


def assert_possible(task: Instance, found: Schedule) -> None:
    """Limits, plugs and batteries hold, and energy is conserved."""
    stays, plan = task.stays, found.plan
    room = headroom(task.limits)
    assert (plan.net_kw <= room.import_kw + 1e-6).all()
    assert (plan.net_kw >= -room.export_kw - 1e-6).all()
    window = windows(stays, task.signals)
    stay, share = window.stay, window.share
    power = plan.power_kw
    assert (power <= stays.max_kw[stay] * share + 1e-6).all()
    assert (power >= -stays.max_discharge_kw[stay] * share - 1e-6).all()
    assert ((power <= 1e-9) | (power >= stays.min_kw[stay] * share - 1e-6)).all()
    for s in range(len(stays)):
        rows = plan.steps_of(s)
        gain = sum(
            p * stays.charge_efficiency[s] if p > 0 else p / stays.discharge_efficiency[s]
            for p in power[rows]
        ) * (task.signals.step_s / 3600)
        assert max(stays.energy_kwh[s] - gain, 0.0) == pytest.approx(plan.unmet_kwh[s], abs=1e-6)
        if stays.has_battery[s]:
            energy = plan.energy_kwh[rows]
            assert energy[-1] == pytest.approx(stays.soc_arrival_kwh[s] + gain, abs=1e-6)
            assert energy.max() <= stays.capacity_kwh[s] + 1e-5
            if stays.max_discharge_kw[s]:
                floor = min(stays.soc_min_kwh[s], stays.soc_arrival_kwh[s])
                assert energy.min() >= floor - 1e-5


def assert_bound(task: Instance, found: Schedule) -> None:
    """The bound is not above the cost and follows from the prices alone."""
    again = charging_bound(
        found.prices,
        task.stays,
        limits=task.limits,
        signals=task.signals,
        unmet_eur_per_kwh=task.unmet,
    )
    assert found.lower_bound_eur <= found.cost_eur
    assert found.lower_bound_eur == pytest.approx(min(again, found.cost_eur), abs=1e-6)
    assert found.lower_bound_eur <= found.solver_bound_eur <= found.cost_eur


@few
@given(instances(lowest_price=0.01))
def test_schedules_are_possible_and_proven_optimal(task):
    """With prices above zero the bound meets the cost: the schedule is the best there is."""
    found = task.solve()
    assert_possible(task, found)
    assert_bound(task, found)
    assert found.lower_bound_eur == pytest.approx(found.cost_eur, abs=1e-5)


@few
@given(instances())
def test_schedules_are_possible_under_negative_prices(task):
    """Nobody burns energy by charging and discharging at once, and the bound stays valid."""
    found = task.solve()
    assert_possible(task, found)
    assert_bound(task, found)


@few
@given(instances(with_minimum=True))
def test_schedules_keep_minimum_powers(task):
    """Charging is zero or at least the minimum; the bound stays valid."""
    found = task.solve()
    assert_possible(task, found)
    assert_bound(task, found)


@few
@given(instances(with_minimum=True))
def test_a_search_that_is_stopped_at_once_still_answers(task):
    """First come, first served is possible, and its bound is valid."""
    found = task.solve(stop=lambda: True)
    assert_possible(task, found)
    assert_bound(task, found)
    assert found.lower_bound_eur <= task.solve().cost_eur + 1e-6


@few
@given(instances(lowest_price=0.0), st.floats(1.0, 3.0))
def test_looser_limits_never_cost_more(task, factor):
    """Every limit larger by a factor."""
    looser = replace(
        task.limits,
        import_kw=task.limits.import_kw * factor,
        export_kw=task.limits.export_kw * factor,
    )
    assert replace(task, limits=looser).solve().cost_eur <= task.solve().cost_eur + 1e-5


@few
@given(instances(lowest_price=0.0), st.floats(0.0, 1.0))
def test_higher_efficiency_never_costs_more(task, share):
    """Where energy has a price above zero, less of it is lost."""
    better = {
        field: getattr(task.stays, field) + share * (1 - getattr(task.stays, field))
        for field in ("charge_efficiency", "discharge_efficiency")
    }
    no_export = replace(task.limits, base_load_kw=np.abs(task.limits.base_load_kw))
    signals = replace(task.signals, sell_eur_per_kwh=np.zeros((1, task.signals.n_steps)))
    worse = replace(task, limits=no_export, signals=signals)
    improved = replace(worse, stays=replace(task.stays, **better))
    assert improved.solve().cost_eur <= worse.solve().cost_eur + 1e-5


@few
@given(instances(lowest_price=0.0))
def test_a_longer_stay_never_costs_more(task):
    """Everybody arrives with the first step."""
    longer = replace(task.stays, arrival=np.full(len(task.stays), T0))
    assert replace(task, stays=longer).solve().cost_eur <= task.solve().cost_eur + 1e-5


@few
@given(instances(lowest_price=0.0), st.floats(0.1, 10.0))
def test_scaled_prices_scale_the_cost(task, factor):
    """All prices, wear, peaks and unmet energy included."""
    scaled = Instance(
        replace(task.stays, wear_eur_per_kwh=task.stays.wear_eur_per_kwh * factor),
        replace(task.limits, peak_eur_per_kw=task.limits.peak_eur_per_kw * factor),
        replace(
            task.signals,
            buy_eur_per_kwh=task.signals.buy_eur_per_kwh * factor,
            sell_eur_per_kwh=task.signals.sell_eur_per_kwh * factor,
        ),
        task.unmet * factor,
    )
    expected = task.solve().cost_eur * factor
    assert scaled.solve().cost_eur == pytest.approx(expected, rel=1e-6, abs=1e-5)


def rows_of(stays: StayTable, rows, names) -> StayTable:
    """The same stays in other rows."""
    fields = {
        name: getattr(stays, name)[rows]
        for name in StayTable.__dataclass_fields__
        if name != "stay_id"
    }
    return StayTable(stay_id=tuple(names), **fields)


@few
@given(instances(lowest_price=0.0))
def test_order_does_not_matter(task):
    """The stays turned round cost the same."""
    rows = np.arange(len(task.stays))[::-1]
    turned = rows_of(task.stays, rows, [task.stays.stay_id[r] for r in rows])
    assert replace(task, stays=turned).solve().cost_eur == (
        pytest.approx(task.solve().cost_eur, abs=1e-5)
    )


@few
@given(instances(lowest_price=0.0))
def test_a_vehicle_split_in_two_halves_changes_nothing(task):
    """The first stay as two of half the size."""
    rows = np.r_[0, np.arange(len(task.stays))]
    doubled = rows_of(task.stays, rows, [f"x{i}" for i in range(len(rows))])
    halves = np.where(np.arange(len(rows)) < 2, 0.5, 1.0)
    halved = {
        name: getattr(doubled, name) * halves
        for name in (
            "energy_kwh",
            "max_kw",
            "max_discharge_kw",
            "capacity_kwh",
            "soc_arrival_kwh",
            "soc_min_kwh",
        )
    }
    split = replace(task, stays=replace(doubled, **halved))
    assert split.solve().cost_eur == pytest.approx(task.solve().cost_eur, abs=1e-5)


@few
@given(instances())
def test_the_same_task_gives_the_same_bytes(task):
    """Twice the same power and prices, to the last bit."""
    first, second = task.solve(), task.solve()
    assert first.plan.power_kw.tobytes() == second.plan.power_kw.tobytes()
    assert first.prices.import_eur_per_kwh.tobytes() == second.prices.import_eur_per_kwh.tobytes()


@few
@given(instances(), st.integers(0, 1000))
def test_any_prices_give_a_valid_bound(task, seed):
    """Random prices prove less than the best ones, never too much."""
    rng = np.random.default_rng(seed)
    shape = task.limits.import_kw.shape
    energy = np.zeros(shape)
    buy, sell = task.signals.buy_eur_per_kwh[0], task.signals.sell_eur_per_kwh[0]
    energy[0] = sell + rng.random() * (buy - sell)
    peak = rng.random(shape)
    allowed = task.limits.peak_eur_per_kw / (peak.sum(axis=1) * task.signals.step_h)
    prices = LimitPrices(
        import_eur_per_kwh=rng.uniform(0, 0.5, shape),
        export_eur_per_kwh=rng.uniform(0, 0.5, shape),
        peak_eur_per_kwh=peak * allowed[:, None] * 0.999,
        energy_eur_per_kwh=energy,
    )
    bound = charging_bound(
        prices,
        task.stays,
        limits=task.limits,
        signals=task.signals,
        unmet_eur_per_kwh=task.unmet,
    )
    assert bound <= task.solve().cost_eur + 1e-6
