"""Charging of a town: at once, and planned week by week within limits."""

import numpy as np
import pytest
from tiny_town import N_STEPS, drawn, tiny_grid, weekly_plan

from viavolta.catalogue import Assumptions
from viavolta.services.town.calendar import study_year
from viavolta.services.town.charging import unmanaged_charging
from viavolta.services.town.figures import TOWN_SUBJECTS, town_figures
from viavolta.services.town.managed import reaches
from viavolta.services.town.place import BaseLoad, Place, base_load, place_of


@pytest.fixture(scope="module")
def place() -> Place:
    return place_of(tiny_grid(n_stations=2), n_households=24, household_kwh=3200.0)


@pytest.fixture(scope="module")
def base(place: Place) -> BaseLoad:
    figures = town_figures(Assumptions(TOWN_SUBJECTS), "suburban")
    return base_load(place, study_year(N_STEPS), figures, rng=np.random.default_rng(3))


def test_base_load_is_what_the_figures_say(base: BaseLoad, place: Place) -> None:
    """Homes and shops use their yearly energy, and a roof feeds in."""
    figures = town_figures(Assumptions(TOWN_SUBJECTS), "suburban")
    homes, trade, *_, sun = base.weight_kwh.sum(axis=0)
    assert 0.6 * 24 * 3200 < homes < 1.6 * 24 * 3200
    np.testing.assert_allclose(trade / (homes + trade), figures.trade_share)
    assert sun < 0
    p, q = base.p_kw(slice(0, 96)), base.q_kvar(slice(0, 96))
    assert p.shape == q.shape == (place.n_connections, 96)


def test_all_that_is_taken_at_once_is_there(place: Place) -> None:
    """Charging at once delivers every kWh that was wanted."""
    cars = drawn(place)
    charging = unmanaged_charging(cars.stays, n_connections=place.n_connections, n_steps=N_STEPS)
    assert charging.unmet_kwh.max() < 1e-6
    taken = charging.power_kw.sum() / 4 * cars.stays.charge_efficiency[0]
    np.testing.assert_allclose(taken, charging.wanted_kwh.sum())


def test_the_first_cars_stay_the_first(place: Place) -> None:
    """With a higher share come more cars, and those there were stay as they are."""
    cars = drawn(place)
    few, more = cars.first(5), cars.first(12)
    assert set(few.stay_id) < set(more.stay_id)
    assert (cars.vehicle < 5).sum() == len(few)


def test_a_plan_holds_its_limits_and_delivers(place: Place, base: BaseLoad) -> None:
    """Within the limit of a station every hour, with the same energy as charging at once."""
    cars = drawn(place)
    plan = weekly_plan(place, base, cars, limit_kw=30.0)
    plan.plan(range(2))
    charging = plan.charging()
    reach = reaches(plan.areas, plan.directly)
    net = reach @ (base.p_kw() + charging.power_kw)
    hourly = net.reshape(len(net), -1, 4).mean(axis=2)
    station = plan.areas.name.index("station0")
    assert hourly[station].max() <= 30.0 + 1e-6
    delivered = charging.power_kw.sum() / 4 * cars.stays.charge_efficiency[0]
    lacking = charging.wanted_kwh.sum() - charging.unmet_kwh.sum()
    np.testing.assert_allclose(delivered, lacking, rtol=1e-6)
    free = weekly_plan(place, base, cars, limit_kw=1e4)
    free.plan(range(2))
    assert (reach @ (base.p_kw() + free.power_kw))[station].max() > 31.0


def test_nobody_is_charged_while_away(place: Place, base: BaseLoad) -> None:
    """Power flows only while a car of the connection is plugged in."""
    cars = drawn(place, has_v2x=True)
    plan = weekly_plan(place, base, cars, limit_kw=25.0)
    plan.plan(range(2))
    there = np.zeros((place.n_connections, N_STEPS), dtype=bool)
    origin = study_year(1)[0]
    for s in range(len(cars.stays)):
        first = int((cars.stays.arrival[s] - origin) / np.timedelta64(900, "s"))
        last = -int(-(cars.stays.departure[s] - origin) / np.timedelta64(900, "s"))
        there[cars.stays.limit[s], first : last + 1] = True
    assert (np.abs(plan.power_kw[~there]) < 1e-9).all()


def test_a_week_planned_again_leaves_the_others_alone(place: Place, base: BaseLoad) -> None:
    """Planning a week twice with the same limits gives the same powers."""
    plan = weekly_plan(place, base, drawn(place), limit_kw=1e4)
    plan.plan(range(2))
    before = plan.power_kw.copy()
    plan.plan([1])
    np.testing.assert_allclose(plan.power_kw, before, atol=1e-9)
