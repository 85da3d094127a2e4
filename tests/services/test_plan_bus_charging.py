"""Units of the bus plan's charging and accounts: the circle of a day, clocks, calendars, bounds."""

import datetime as dt
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.catalogue.bus_types import bus_type
from viavolta.catalogue.price_profile import Season
from viavolta.engines.bus.blocks import Block, PlannedStay
from viavolta.engines.costs.tariff import EnergyUse, catalogue_tariff, grid_fee_eur
from viavolta.model.errors import NoSolutionError
from viavolta.model.progress import never
from viavolta.services.bus.accounts import _least_grid_fee_eur, calendar_year
from viavolta.services.bus.charged import require_room
from viavolta.services.bus.charging import (
    DayTerms,
    DepotLoad,
    _at_cut,
    _best_cut,
    _day,
    _depot_load,
    _parts,
    day_start_utc,
)
from viavolta.services.bus.fleet import Planner
from viavolta.services.bus.sites import ChargingSite
from viavolta.services.bus_config import DepotSetting, bus_assumptions

EXAMPLES = settings(deadline=None, max_examples=150, derandomize=True)
HOUR, DAY = 3600.0, 86400.0
ASSUMPTIONS, _ = bus_assumptions(None)
BUS = bus_type(ASSUMPTIONS, "bus_12m_350")
DEPOT = 5


def stay(arrival_h: float, hours: float, energy_kwh: float = 50.0) -> PlannedStay:
    """A stay at the depot."""
    return PlannedStay(
        activity=0,
        node=DEPOT,
        arrival_s=arrival_h * HOUR,
        departure_s=(arrival_h + hours) * HOUR,
        energy_kwh=energy_kwh,
        soc_arrival_kwh=100.0,
        allowed_kw=80.0,
    )


stays = st.builds(
    stay, st.integers(0, 190).map(lambda q: q / 4 - 6.0), st.integers(1, 140).map(lambda q: q / 4)
)
cuts = st.integers(0, 23).map(lambda hour: hour * HOUR)


@EXAMPLES
@given(planned=stays, cut_s=cuts)
def test_the_cut_loses_nothing_of_a_stay(planned: PlannedStay, cut_s: float) -> None:
    """The pieces lie on the day from the cut on, and follow each other in the stay's own time."""
    pieces = _at_cut(planned, cut_s)
    assert all(cut_s <= begin < end <= cut_s + DAY for begin, end, _ in pieces)
    assert all(shift % DAY == 0 for _, _, shift in pieces)
    edges = [(begin + shift, end + shift) for begin, end, shift in pieces]
    assert edges[0][0] == planned.arrival_s
    assert edges[-1][1] == planned.departure_s
    assert all(a[1] == b[0] for a, b in pairwise(edges))


@EXAMPLES
@given(planned=stays, cut_s=cuts, use=st.floats(0.01, 1.0))
def test_what_fits_into_a_stay_fits_into_its_parts(
    planned: PlannedStay, cut_s: float, use: float
) -> None:
    """Parts bring the whole energy, and none needs more than full power in its own time."""
    need_s = use * (planned.departure_s - planned.arrival_s)
    parts = _parts(planned, cut_s, need_s)
    assert sum(share for *_, share in parts) == pytest.approx(1.0)
    for begin, end, _, share in parts:
        assert share * need_s <= (end - begin) * (1 + 1e-12)
    if len(_at_cut(planned, cut_s)) == 1:
        assert len(parts) == 1


def test_a_roomy_stay_keeps_its_larger_part() -> None:
    """Nine hours over midnight with little to charge: the six hours after the cut will do."""
    assert _parts(stay(21, 9), 0.0, HOUR) == [(0.0, 6 * HOUR, DAY, 1.0)]
    assert _parts(stay(21, 9), 4 * HOUR, HOUR) == [(21 * HOUR, 28 * HOUR, 0.0, 1.0)]


def test_a_tight_stay_is_shared_between_its_parts() -> None:
    """Nine hours that need eight: a third before midnight, two thirds after it."""
    before, after = _parts(stay(21, 9), 0.0, 8 * HOUR)
    assert before == (21 * HOUR, 24 * HOUR, 0.0, pytest.approx(1 / 3))
    assert after == (0.0, 6 * HOUR, DAY, pytest.approx(2 / 3))


def test_the_cut_falls_where_no_stay_is() -> None:
    """Nights from 20:00 to 05:00 and a midday stay: the first hour that cuts none is 5:00."""
    nights = [stay(20, 9), stay(22, 6.5), stay(11, 2)]
    assert _best_cut(nights, [HOUR] * 3) == 5 * HOUR
    assert _best_cut([], []) == 0


@EXAMPLES
@given(planned=st.lists(stays, min_size=1, max_size=5))
def test_the_cut_takes_the_least_room(planned: list[PlannedStay]) -> None:
    """No other hour leaves the stays longer parts, where all have time enough."""
    cut_s = _best_cut(planned, [0.0] * len(planned))

    def kept(at_s: float) -> float:
        return sum(max(e - b for b, e, _ in _at_cut(one, at_s)) for one in planned)

    assert cut_s % HOUR == 0
    assert kept(cut_s) == max(kept(hour * HOUR) for hour in range(24))


@pytest.mark.parametrize(
    ("date", "zone", "start"),
    [
        (dt.date(2025, 2, 10), "Europe/Rome", "2025-02-09 23:00"),
        (dt.date(2025, 7, 10), "Europe/Rome", "2025-07-09 22:00"),
        (dt.date(2025, 3, 30), "Europe/Rome", "2025-03-29 22:00"),
        (dt.date(2025, 10, 26), "Europe/Rome", "2025-10-25 23:00"),
        (dt.date(2025, 3, 30), "Europe/Riga", "2025-03-29 21:00"),
        (dt.date(2025, 11, 2), "America/New_York", "2025-11-02 05:00"),
        (dt.date(2023, 5, 1), "Asia/Jakarta", "2023-04-30 17:00"),
        (dt.date(2024, 1, 1), "UTC", "2024-01-01 00:00"),
    ],
)
def test_the_service_day_starts_twelve_hours_before_noon(
    date: dt.date, zone: str, start: str
) -> None:
    """GTFS counts from noon minus 12 h, which on days of 23 and 25 hours is not midnight."""
    assert day_start_utc(date, zone).isoformat(sep=" ", timespec="minutes") == start


def plan_with(blocks: list[Block], point_kw: float) -> Any:
    """As much of a fleet plan as the depot's load needs."""
    bus = SimpleNamespace(driver=SimpleNamespace(bus=BUS))
    return SimpleNamespace(buses=[bus] * len(blocks), point_kw=point_kw)


def planner() -> Planner:
    """As much of a planner as a depot's day needs."""
    timetable = SimpleNamespace(date=dt.date(2025, 2, 10), timezone="Europe/Rome")
    network: Any = SimpleNamespace(timetable=timetable)
    return Planner(
        assumptions=ASSUMPTIONS,
        network=network,
        effort="low",
        min_layover_s=120.0,
        types=(BUS,),
        country=None,
    )


SITE = ChargingSite(name="Nord", node=DEPOT, point_kw=None, connection_kw=None, max_points=None)


def tight_load(n: int = 12) -> tuple[Any, DepotLoad]:
    """Stays round the clock, every two hours for three, all at nine tenths of full power."""
    point_kw = 50.0
    energy = 0.9 * 3 * point_kw * BUS.charge_efficiency
    blocks = [
        Block(depot=DEPOT, activities=(), stays=(stay(2.0 * k, 3, energy),), lost_kwh=0.0)
        for k in range(n)
    ]
    plan = plan_with(blocks, point_kw)
    return plan, _depot_load(plan, blocks, SITE)


def test_stays_round_the_clock_all_get_their_energy() -> None:
    """Where every hour cuts a tight stay, the day can still be scheduled in full."""
    plan, load = tight_load()
    assert len(load.stays) > len(load.whole) == 12
    assert [s.stay_id for s in load.whole] == [f"{k:04d}-1" for k in range(1, 13)]
    fee = catalogue_tariff(ASSUMPTIONS).short_use
    terms = DayTerms(season=Season.WINTER, fee=fee, limit_kw=None, peak_eur_per_kw=0.1)
    day = _day(planner(), plan, load, terms, stop=never)
    assert day.schedule.plan.unmet_kwh.sum() == pytest.approx(0.0, abs=1e-4)
    grid_kwh = 12 * 0.9 * 3 * 50.0
    step_h = 24.0 / day.managed_kw.size
    assert day.energy_kwh == pytest.approx(grid_kwh)
    assert day.unmanaged_kw.sum() * step_h == pytest.approx(grid_kwh)
    flat, step = day.schedule.plan.flat_stay(), day.schedule.plan.flat_step()
    for part, at in zip(flat, step, strict=True):
        one = load.stays[part]
        start_s = load.cut_s + at * step_h * HOUR + one.shift_s
        assert one.planned.arrival_s <= start_s < one.planned.departure_s


def test_the_parts_of_a_stay_hand_on_their_charge() -> None:
    """The later part begins with what the earlier one brought, and together they bring it all."""
    _, load = tight_load()
    for whole in load.whole:
        parts = [s for s in load.stays if s.stay_id == whole.stay_id]
        charge = whole.planned.soc_arrival_kwh
        for part in parts:
            assert part.soc_arrival_kwh == pytest.approx(charge)
            charge += part.energy_kwh
        assert charge == pytest.approx(100.0 + whole.planned.energy_kwh)


def test_a_season_may_be_cut_where_the_sizing_day_is() -> None:
    """The cut of another day is taken over as it is."""
    blocks = [Block(depot=DEPOT, activities=(), stays=(stay(21, 9),), lost_kwh=0.0)]
    load = _depot_load(plan_with(blocks, 50.0), blocks, SITE, cut_s=7200)
    assert load.cut_s == 7200


def year_of(date: dt.date, first: dt.date, trips: list[int]) -> tuple[float, float, str]:
    """Planned days, days with service and the note of a feed with so many trips a day."""
    dates = [first + dt.timedelta(days=k) for k in range(len(trips))]
    frame = pl.DataFrame({"date": dates, "trips": trips})
    network: Any = SimpleNamespace(
        feed=SimpleNamespace(trips_per_day=frame), timetable=SimpleNamespace(date=date)
    )
    year = calendar_year(network)
    return year.day_equivalents, year.operating_days, year.note


WEEK = [100, 100, 100, 100, 100, 60, 30]
"""Trips from Monday to Sunday: 5.9 planned days a week."""
MONDAY = dt.date(2025, 1, 6)


def test_a_whole_year_counts_as_it_is() -> None:
    """52 weeks and more around the day: 5.9 of 7 days."""
    equivalents, operating, note = year_of(dt.date(2025, 7, 9), MONDAY, WEEK * 60)
    assert equivalents == pytest.approx(365 * 5.9 / 7, rel=0.01)
    assert operating == pytest.approx(365)
    assert "calendar" in note


def test_days_beyond_the_feed_are_not_days_without_service() -> None:
    """A feed of 45 weeks stands for the 52 of the year, wherever the day lies in it."""
    for day in (dt.date(2025, 6, 11), dt.date(2025, 5, 28), dt.date(2025, 7, 2)):
        equivalents, operating, _ = year_of(day, MONDAY, WEEK * 45)
        assert equivalents == pytest.approx(365 * 5.9 / 7, rel=0.01)
        assert operating == pytest.approx(365)


def test_a_short_feed_stands_by_its_week() -> None:
    """Three weeks: the week of the day times 365 / 7, days without service among it."""
    closed = [*WEEK[:6], 0]
    equivalents, operating, note = year_of(MONDAY + dt.timedelta(days=9), MONDAY, closed * 3)
    assert equivalents == pytest.approx(365 * 5.6 / 7)
    assert operating == pytest.approx(365 * 6 / 7)
    assert "week" in note


@pytest.mark.parametrize("offset", [0, 1, 9, 12, 13])
def test_a_feed_that_begins_or_ends_within_the_week_loses_no_days(offset: int) -> None:
    """From Wednesday to the Tuesday after next, whichever day is planned: seven days count.

    A busier day counts as one planned day, because the planned buses could not serve more.
    """
    wednesday = MONDAY + dt.timedelta(days=2)
    trips = [*WEEK[2:], *WEEK, *WEEK[:2]]
    equivalents, operating, _ = year_of(wednesday + dt.timedelta(days=offset), wednesday, trips)
    counted = sum(min(n, trips[offset]) for n in WEEK)
    assert equivalents == pytest.approx(365 * counted / 7 / trips[offset])
    assert operating == pytest.approx(365)


def test_a_feed_of_one_day_stands_for_every_day() -> None:
    """Nothing is known of other days."""
    assert year_of(MONDAY, MONDAY, [80])[:2] == (365.0, 365.0)


@EXAMPLES
@given(
    depots=st.lists(st.tuples(st.floats(0, 1), st.floats(0.05, 1)), min_size=1, max_size=4),
    days=st.floats(50, 500),
)
def test_no_sharing_between_depots_pays_less_than_the_bound(
    depots: list[tuple[float, float]], days: float
) -> None:
    """Depots with any energy and peak, each on its cheaper branch, pay at least the bound."""
    tariff, hours = catalogue_tariff(ASSUMPTIONS), days * 24
    uses = [
        EnergyUse(energy_kwh=1000 * load * use * hours, peak_kw=1000 * load, wholesale_eur=0.0)
        for load, use in depots
    ]
    paid = sum(min(grid_fee_eur(use, fee) for fee in tariff.branches) for use in uses)
    kwh, peak_kw = sum(u.energy_kwh for u in uses), sum(u.peak_kw for u in uses)
    bound = _least_grid_fee_eur(tariff, kwh, mean_kw=peak_kw, hours=hours)
    assert bound <= paid * (1 + 1e-9) + 1e-9
    assert bound >= np.min([fee.energy_eur_per_kwh.value for fee in tariff.branches]) * kwh


def test_more_points_than_there_is_room_for_is_no_plan() -> None:
    """A depot with room for three points does not get four."""
    depots = (
        DepotSetting(name="Nord", lat=46.0, lon=11.0, max_points=3),
        DepotSetting(name="Sud", lat=46.0, lon=11.1),
    )
    network: Any = SimpleNamespace(depots=depots)
    require_room(network, (3, 400))
    with pytest.raises(NoSolutionError, match="Nord needs 4") as caught:
        require_room(network, (4, 0))
    assert caught.value.code == "depot-too-small"
