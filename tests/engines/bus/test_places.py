"""Which stops a scheduler calls one place."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.bus import places as places_module
from viavolta.engines.bus.places import MergeRules, base_name, merge_stops, plain_name
from viavolta.engines.bus.shapes import trip_bounds
from viavolta.formats.gtfs import read_feed, timetable_on
from viavolta.model.errors import InputError, UsageError
from viavolta.model.geo import great_circle_km
from viavolta.model.timetable import Timetable


def _line(*stop_ids, route="r"):
    return {"route": route, "calls": [(stop, 600 * k) for k, stop in enumerate(stop_ids)]}


def _groups(timetable: Timetable, **kwargs) -> set[tuple[str, ...]]:
    return set(merge_stops(timetable, **kwargs).places.merged_stop_ids)


def test_stops_of_one_station_are_one_place(make_timetable, at):
    """A shared parent station joins stops of any name up to the greatest diameter."""
    stops = [
        ("a", "North hall", at(0), "S"),
        ("b", "South hall", at(380), "S"),
        ("c", "Far annex", at(900), "S"),
    ]
    assert _groups(make_timetable(stops, [_line("a", "b", "c")])) == {("a", "b"), ("c",)}


def test_same_name_joins_only_within_walking_distance(make_timetable, at):
    """One name 200 m apart is one place; the same name two kilometres away is another."""
    stops = [("a", "Market", at(0)), ("b", " MARKET ", at(200)), ("c", "Market", at(2200))]
    assert _groups(make_timetable(stops, [_line("a", "c"), _line("b", "c")])) == {
        ("a", "b"),
        ("c",),
    }


@pytest.mark.parametrize(("gap_m", "expected"), [(120, 2), (200, 3)])
def test_platform_marks_join_nearer_than_names(make_timetable, at, gap_m, expected):
    """Names that differ in a platform mark join up to 150 m, not up to 250 m."""
    stops = [("a", "Station 1", at(0)), ("b", "Station 2", at(gap_m)), ("z", "End", at(9000))]
    timetable = make_timetable(stops, [_line("a", "z", route="1"), _line("b", "z", route="2")])
    assert len(merge_stops(timetable).places) == expected


def test_two_sides_of_a_road_are_one_place(make_timetable, at):
    """Stops of different names join across a road of 30 m, not across a block of 90 m."""
    stops = [
        ("a", "Town hall", at(0)),
        ("b", "Library", at(0, 30)),
        ("c", "Museum", at(0, 120)),
        ("z", "End", at(9000)),
    ]
    lines = [_line(stop, "z", route=stop) for stop in "abc"]
    assert _groups(make_timetable(stops, lines)) == {("a", "b"), ("c",), ("z",)}


def test_arrival_and_departure_of_a_route_are_one_terminal(make_timetable, at):
    """Where a route ends and begins 280 m apart is one terminal; of two routes it is two places."""
    stops = [
        ("arr", "Forest road", at(0)),
        ("dep", "Forest loop", at(280)),
        ("far", "Forest gate", at(-280)),
        ("city", "City", at(9000)),
    ]
    lines = [
        _line("city", "arr", route="1"),
        _line("dep", "city", route="1"),
        _line("far", "city", route="2"),
    ]
    merged = merge_stops(make_timetable(stops, lines))
    assert set(merged.places.merged_stop_ids) == {("arr", "dep"), ("city",), ("far",)}
    assert merged.places.is_terminal.all()


def test_terminals_come_before_names(make_timetable, at):
    """A chain of equal names does not shut out the other stop of a terminal (seen in Riga)."""
    stops = [
        ("end", "Market", at(0)),
        ("start", "Station", at(45)),
        ("m2", "Market", at(-240)),
        ("s2", "Station", at(250)),
        ("far", "Far", at(9000)),
    ]
    lines = [_line("far", "m2", "end"), _line("start", "s2", "far")]
    place = merge_stops(make_timetable(stops, lines)).place_of_stop
    assert place[0] == place[1]


def test_a_chain_of_stops_does_not_grow_over_the_city(make_timetable, at):
    """Forty stops of one name every 100 m make places of at most 400 m, never one of four km."""
    stops = [(f"s{k:02}", "Long street", at(100 * k)) for k in range(40)]
    timetable = make_timetable(stops, [_line(*(stop[0] for stop in stops))])
    places = merge_stops(timetable).places
    assert len(places) >= 4000 / 500
    assert max(len(members) for members in places.merged_stop_ids) <= 5


def test_the_place_takes_the_most_used_name_and_the_smallest_id(make_timetable, at):
    """Name by calls of the day, id by order, position at the stop in the middle, all stable."""
    stops = [
        ("b", "Square", at(30)),
        ("a", "Old square", at(0)),
        ("c", "Square", at(60)),
        ("z", "End", at(9000)),
    ]
    lines = [_line("z", "b", "z"), _line("z", "c", "z"), _line("z", "a", "z")]
    places = merge_stops(make_timetable(stops, lines)).places
    assert places.place_id == ("a", "z")
    assert places.name == ("Square", "End")
    assert places.lon[0] == pytest.approx(at(30)[1])
    assert places.is_terminal.tolist() == [False, True]


def test_stops_without_name_join_only_by_nearness(make_timetable, at):
    """An empty name is no name in common; the place is then called by its id."""
    stops = [("a", None, at(0)), ("b", "", at(100)), ("z", "End", at(9000))]
    places = merge_stops(make_timetable(stops, [_line("a", "b", "z")])).places
    assert places.name == ("a", "b", "End")


def test_places_at_the_date_line_are_whole(make_timetable):
    """Stops 22 m apart on two sides of the date line are one place that lies at one of them."""
    stops = [("a", "Dateline", (0.0, 179.9999)), ("b", "Dateline", (0.0, -179.9999))]
    stops.append(("z", "End", (0.5, 179.0)))
    places = merge_stops(make_timetable(stops, [_line("a", "z"), _line("b", "z")])).places
    assert places.merged_stop_ids == (("a", "b"), ("z",))
    assert abs(places.lon[0]) == pytest.approx(179.9999)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Stacija 1", "Stacija 2", True),
        ("Stacija A", "Stacija", True),
        ("Bahnhof (2)", "Bahnhof", True),
        ("Bahnhof, Bussteig B", "Bahnhof, Bussteig 12", True),
        ("Asiago S. Bartolameo", "Asiago S.Bartolameo", True),
        ("BNN Arah Barat", "BNN Arah Timur", True),
        ("High St (o/s Church)", "High St (opp Church)", True),
        ("Market Sq Northbound", "Market Sq Southbound", True),
        ("Besenello Nord", "Besenello Sud", False),
        ("Antena II", "Antena III", False),
        ("64.vidusskola", "80.vidusskola", False),
        ("Linie 100", "Linie 200", False),
        ("A", "B", False),
        ("東京駅", "東京", False),
    ],
)
def test_names_that_differ_only_in_a_mark(one, other, is_same):
    """Platform marks and directions are left out of a name, what tells stops apart is kept."""
    assert (base_name(one) == base_name(other)) is is_same


def test_plain_names_fold_case_width_and_punctuation():
    """Names that a reader takes for the same are the same."""
    assert (
        plain_name("  Via  ROMA-Centro ")
        == plain_name("\uff56\uff49\uff41 roma (centro)")
        == "via roma centro"
    )


@pytest.mark.parametrize(
    "change", [{"max_diameter_m": 0.0}, {"same_name_m": -1.0}, {"terminal_m": float("nan")}]
)
def test_merging_distances_must_be_distances(change):
    """A distance below zero, or no greatest diameter at all, is a usage error."""
    with pytest.raises(UsageError) as caught:
        MergeRules(**change)
    assert caught.value.code == "merge-distance-out-of-range"
    assert caught.value.where.field == next(iter(change))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_order_of_stops_does_not_matter_and_diameters_hold(data, make_timetable, at):
    """Shuffled stops give the same places; none is wider than 400 m; each stop is in one place."""
    point = st.tuples(st.integers(-600, 600), st.integers(-300, 300))
    name = st.sampled_from(["Market", "Market 1", "Station", ""])
    parent = st.sampled_from([None, None, "P"])
    drawn = data.draw(st.lists(st.tuples(name, point, parent), min_size=2, max_size=14))
    stops = [(f"s{k}", n, at(*xy), p) for k, (n, xy, p) in enumerate(drawn)]
    ids = [stop[0] for stop in stops]
    lines = [_line(*ids, route="1"), _line(*reversed(ids), route="1"), _line(ids[0], ids[-1])]
    shuffled = data.draw(st.permutations(stops))
    one = merge_stops(make_timetable(stops, lines))
    other = merge_stops(make_timetable(shuffled, lines))
    for field in ("place_id", "name", "merged_stop_ids"):
        assert getattr(one.places, field) == getattr(other.places, field)
    np.testing.assert_array_equal(one.places.lat, other.places.lat)
    np.testing.assert_array_equal(one.places.lon, other.places.lon)
    where = {stop[0]: stop[2] for stop in stops}
    for members in one.places.merged_stop_ids:
        lat, lon = np.array([where[stop_id] for stop_id in members]).T
        assert great_circle_km(lat[:, None], lon[:, None], lat, lon).max() <= 0.4001
    assert sorted(s for members in one.places.merged_stop_ids for s in members) == sorted(ids)
    for row, stop in enumerate(stops):
        assert stop[0] in one.places.merged_stop_ids[one.place_of_stop[row]]


@settings(max_examples=40, deadline=None)
@given(
    xy=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), min_size=2, max_size=40),
    lat=st.sampled_from([0.0, 57.0, -89.99]),
)
def test_road_sides_agree_with_a_slow_twin(xy, lat, make_timetable):
    """Every pair that nothing else joins within 40 m shares a place, found by trying all pairs."""
    degree = 1 / 111_195.08
    stops = [
        (f"s{k}", f"Name {k}00", (lat + y * degree, x * degree)) for k, (x, y) in enumerate(xy)
    ]
    timetable = make_timetable(stops, [_line(*(stop[0] for stop in stops))])
    rules = MergeRules(terminal_m=0.0, max_diameter_m=5000.0)
    place = merge_stops(timetable, rules=rules).place_of_stop
    for a in range(len(stops)):
        for b in range(a):
            if great_circle_km(*stops[a][2], *stops[b][2]) < 0.0399:
                assert place[a] == place[b]


def test_a_hostile_heap_of_stops_is_refused(make_timetable, at, monkeypatch):
    """Too many stops on one spot are an input error, not a machine out of memory."""
    monkeypatch.setattr(places_module, "MAX_PAIRS", 1000)
    stops = [(f"s{k}", "Heap", at(k / 10)) for k in range(50)]
    with pytest.raises(InputError) as caught:
        merge_stops(make_timetable(stops, [_line("s0", "s1")]))
    assert caught.value.code == "stops-too-dense"
    assert caught.value.where.file == "stops.txt"


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("feed", "date", "n_stops", "most_places", "terminals"),
    [
        ("riga_2019.zip", dt.date(2019, 10, 7), 1435, 800, (70, 100)),
        ("trento_2025-02-10_week_bus.zip", dt.date(2025, 2, 12), 1030, 660, (90, 130)),
    ],
)
def test_real_feeds_shrink_to_places(bench_data, *, feed, date, n_stops, most_places, terminals):
    """Riga and Trento: places are far fewer than stops, none is wider than 400 m."""
    timetable = timetable_on(read_feed(bench_data / "gtfs" / feed), date).timetable
    places = merge_stops(timetable).places
    assert timetable.stops.height == n_stops
    assert n_stops / 2 < len(places) <= most_places
    assert terminals[0] <= places.is_terminal.sum() <= terminals[1]
    assert max(len(members) for members in places.merged_stop_ids) <= 10


@pytest.mark.bench_data
def test_the_operators_own_blocks_turn_at_places(bench_data):
    """Riga: 99 % of the links of the operator's real blocks stay in one place, 49 % at one stop.

    The blocks were not used to make the places: this is the outside source that says what a
    scheduler calls one location.
    """
    feed = read_feed(bench_data / "gtfs" / "riga_2019.zip")
    timetable = timetable_on(feed, dt.date(2019, 10, 7)).timetable
    place = merge_stops(timetable).place_of_stop
    bounds = trip_bounds(timetable)
    stop = timetable.stop_times["stop"].to_numpy()
    previous: dict[str, int] = {}
    links = []
    for trip, block in enumerate(timetable.trips["block_id"].to_list()):
        if block in previous:
            links.append((stop[bounds[previous[block] + 1] - 1], stop[bounds[trip]]))
        previous[block] = trip
    ends, starts = np.array(links).T
    assert len(links) == 7095
    assert (ends == starts).mean() < 0.5
    assert (place[ends] == place[starts]).mean() > 0.99
