"""Planning within what the grid bears: limits are tightened until the flow breaks nothing."""

import numpy as np
from tiny_town import N_STEPS, drawn, tiny_grid, weekly_plan

from viavolta.catalogue import Assumptions
from viavolta.services.town.areas import areas_of
from viavolta.services.town.calendar import study_year
from viavolta.services.town.figures import TOWN_SUBJECTS, town_figures
from viavolta.services.town.flow import Allowed, TownFlow, year_of
from viavolta.services.town.managed import plan_within
from viavolta.services.town.place import base_load, place_of


def test_limits_are_tightened_until_voltages_hold() -> None:
    """Long cables: charging at the cheapest hours breaks voltages, the managed year does not."""
    grid = tiny_grid(n_stations=2, sn_kva=250.0, home_km=0.22)
    place = place_of(grid, n_households=24, household_kwh=3200.0)
    figures = town_figures(Assumptions(TOWN_SUBJECTS), "suburban")
    start = study_year(N_STEPS)
    base = base_load(place, start, figures, rng=np.random.default_rng(3))
    flow = TownFlow(
        grid,
        place.node,
        base=base,
        start=start,
        allowed=Allowed(
            low_pu=np.full(grid.n_nodes, 0.975),
            high_pu=np.full(grid.n_nodes, 1.1),
            load_share=np.ones(grid.n_branches),
            feed_in_share=np.ones(grid.n_branches),
        ),
        areas=areas_of(grid, town="T"),
    )
    assert year_of(flow.weeks(None, range(2))).broken_hours == 0
    plan = weekly_plan(place, base, drawn(place), limit_kw=1e4)
    plan.plan(range(2))
    assert year_of(flow.weeks(plan.power_kw, range(2))).hours_low.sum() > 0
    again = weekly_plan(place, base, drawn(place), limit_kw=1e4)
    year = plan_within(again, flow, unmet_allowed_share=0.01, most_rounds=8)
    assert year_of(year.flow).broken_hours == 0
    assert year.n_rounds > 1
    assert year.least_limit_kw.min() < 1e4
    assert year.charging.unmet_kwh.sum() <= 0.01 * year.charging.wanted_kwh.sum()


def test_what_cannot_be_delivered_raises_the_limits() -> None:
    """A station that is far too small is planned with more, for the grid to be built for."""
    grid = tiny_grid(n_stations=2, sn_kva=20.0)
    place = place_of(grid, n_households=24, household_kwh=3200.0)
    figures = town_figures(Assumptions(TOWN_SUBJECTS), "suburban")
    start = study_year(N_STEPS)
    base = base_load(place, start, figures, rng=np.random.default_rng(3))
    areas = areas_of(grid, town="T")
    ones = np.ones(grid.n_branches)
    flow = TownFlow(
        grid,
        place.node,
        base=base,
        start=start,
        allowed=Allowed(
            low_pu=np.full(grid.n_nodes, 0.9),
            high_pu=np.full(grid.n_nodes, 1.1),
            load_share=ones,
            feed_in_share=ones,
        ),
        areas=areas,
    )
    plan = weekly_plan(place, base, drawn(place), limit_kw=6.0)
    year = plan_within(plan, flow, unmet_allowed_share=0.01, most_rounds=12)
    assert year.is_raised[areas.name.index("station0")]
    wanted, unmet = year.charging.wanted_kwh.sum(), year.charging.unmet_kwh.sum()
    assert unmet <= 0.03 * wanted
