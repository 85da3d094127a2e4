"""Real feeds against figures counted by another program (SOURCES.md of the data set)."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from viavolta.engines.bus.service_day import choose_service_day
from viavolta.formats.gtfs import Feed, read_feed, timetable_on

pytestmark = pytest.mark.bench_data


@pytest.fixture(scope="module")
def trento(bench_data: Path) -> Feed:
    return read_feed(bench_data / "gtfs/trento_urban_2024-25.zip")


@pytest.fixture(scope="module")
def riga(bench_data: Path) -> Feed:
    return read_feed(bench_data / "gtfs/riga_2019.zip")


def test_trento_week(bench_data: Path) -> None:
    """The ordinary week of Trento has 1,842 to 1,846 bus trips a day; duplicates are dropped."""
    feed = read_feed(bench_data / "gtfs/trento_2025-02-10_week_bus.zip")
    doubles = 0
    for day in range(10, 15):
        cut = timetable_on(feed, dt.date(2025, 2, day))
        assert 1842 <= cut.timetable.trips.height <= 1846
        assert {r.code for r in cut.repairs} <= {"duplicated-trip"}
        doubles += sum(r.count for r in cut.repairs)
    assert doubles == 4, "one on each day but Wednesday"
    assert cut.timetable.trips.filter(pl.col("shape_id").is_null()).height == 40


def test_trento_year(trento: Feed) -> None:
    """The year of Trento gives an ordinary day outside the weeks with 2,400 trips and more."""
    chosen = choose_service_day(trento.trips_per_day)
    assert 1838 <= chosen.n_trips <= 1846
    assert chosen.date < dt.date(2025, 3, 6)
    assert chosen.n_busier_days == 70
    assert "2025-03-06" in chosen.reason
    counts = dict(trento.trips_per_day.select("date", "trips").iter_rows())
    assert counts[dt.date(2025, 5, 13)] == 2538 - 1  # one duplicate
    assert (min(counts), max(counts)) == (dt.date(2024, 9, 9), dt.date(2025, 9, 9))


def test_trento_year_and_week_agree(trento: Feed, bench_data: Path) -> None:
    """The whole feed and its cut give the same trips and times on the same day."""
    cut = read_feed(bench_data / "gtfs/trento_2025-02-10_week_bus.zip")
    date = dt.date(2025, 2, 12)
    one, other = (timetable_on(feed, date).timetable for feed in (trento, cut))
    assert one.trips.drop("shape_id").equals(other.trips.drop("shape_id"))
    columns = ["trip", "arrival_s", "departure_s"]
    assert one.stop_times.select(columns).equals(other.stop_times.select(columns))


def test_riga(riga: Feed) -> None:
    """Five years in one feed: 7,593 trips on 7 October 2019, none repaired, 427 at once."""
    cut = timetable_on(riga, dt.date(2019, 10, 7))
    trips = cut.timetable.trips
    assert (trips.height, cut.repairs, riga.repairs) == (7593, (), ())
    assert trips["block_id"].n_unique() == 498
    ends = cut.timetable.stop_times.group_by("trip").agg(
        start=pl.col("departure_s").first(), end=pl.col("arrival_s").last()
    )
    starts, stops = ends["start"].to_numpy(), ends["end"].to_numpy()
    assert max(int(((starts <= t) & (stops > t)).sum()) for t in range(0, 90_000, 60)) == 427


def test_riga_day_is_a_real_weekday(riga: Feed) -> None:
    """The median weekday has 1,130 trips; the day chosen is a Monday to Friday with 7,593."""
    chosen = choose_service_day(riga.trips_per_day)
    assert chosen.n_trips == 7593
    assert chosen.date.isoweekday() <= 5
    assert chosen.weekday_median_trips == 1130


def test_jakarta(bench_data: Path) -> None:
    """Headways of Jakarta give 54,525 departures on a weekday, each with its own name."""
    feed = read_feed(bench_data / "gtfs/jakarta_transjakarta_2023_frequencies.zip")
    chosen = choose_service_day(feed.trips_per_day)
    assert chosen.n_trips == 54_525
    trips = timetable_on(feed, chosen.date).timetable.trips
    assert trips.height == trips["trip_id"].n_unique() == 54_525
    assert [w.code for w in feed.warnings] == ["headway-service"]


@pytest.mark.parametrize("name", ["trento", "riga"])
def test_counts_per_day_are_those_of_the_timetable(name: str, request) -> None:
    """The chart's figure of a date is the number of trips its timetable has."""
    feed = request.getfixturevalue(name)
    served = feed.trips_per_day.filter(pl.col("trips") > 0)
    for date, n_trips in served.select("date", "trips").gather_every(61).iter_rows():
        assert timetable_on(feed, date).timetable.trips.height == n_trips
