"""Distances of trips and deadheads against hand-computed geometry and general properties."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.bus.distances import (
    calibrate_deadhead_speed_kmh,
    deadhead_table,
    trip_distances,
    trip_table,
)
from viavolta.engines.bus.places import merge_stops
from viavolta.engines.bus.shapes import ShapeFit, shape_profiles, snap_in_order
from viavolta.formats.gtfs import read_feed, timetable_on
from viavolta.model.errors import InputError, UsageError
from viavolta.model.geo import great_circle_km
from viavolta.model.trip import DistanceSource

SHAPE, STRAIGHT = DistanceSource.SHAPE, DistanceSource.STRAIGHT


def _codes(result):
    return {repair.code: repair.count for repair in result.repairs}


def _rectangle(at):
    """A block of 2 km by 1 km, driven once round from its south-western corner."""
    return [(at(*xy),) for xy in ((0, 0), (2000, 0), (2000, 1000), (0, 1000), (0, 0))]


def test_great_circles_agree_with_published_distances():
    """A quarter meridian of the mean sphere; and Nashville to Los Angeles (Rosetta Code, 2887 km).

    The latter is published as 2887.2599506071 km on a sphere of 6372.8 km.
    """
    assert great_circle_km(0, 10, 90, 70) == pytest.approx(6371.0088 * np.pi / 2)
    km = great_circle_km(36.12, -86.67, 33.94, -118.40)
    assert km * 6372.8 / 6371.0088 == pytest.approx(2887.2599506071)


def test_a_trip_is_as_long_as_its_part_of_the_shape(make_timetable, at):
    """A shape of 6 km is longer than the trip: from km 1 to km 4 the trip is 3 km, round a corner.

    The straight line between its stops is the hypotenuse of 2 and 1 km.
    """
    stops = [("a", "A", at(1000, 20)), ("b", "B", at(3010, 1000))]
    shape = [(at(0),), (at(3000),), (at(3000, 3000),)]
    trips = [{"shape": "s", "calls": [("a", 0), ("b", 900)]}]
    result = trip_distances(make_timetable(stops, trips, {"s": shape}), default_detour_factor=1.3)
    assert result.distance_km[0] == pytest.approx(3.0, abs=0.001)
    assert result.source == (SHAPE,)
    assert (result.n_shapes_used, result.n_straight) == (1, 0)


def test_a_loop_line_is_driven_once_round(make_timetable, at):
    """From the corner round the block to the same stop: 6 km, although start and end coincide."""
    stops = [("a", "A", at(0, -5)), ("b", "B", at(2000, 500)), ("c", "C", at(500, 1005))]
    calls = [("a", 0), ("b", 400), ("c", 800), ("a", 1200)]
    trips = [{"shape": "s", "calls": calls}, {"shape": "s", "calls": [("a", 0), ("a", 1200)]}]
    result = trip_distances(make_timetable(stops, trips, {"s": _rectangle(at)}))
    assert result.distance_km == pytest.approx([6.0, 6.0], abs=0.001)
    assert result.is_calibrated


def test_a_shape_that_crosses_itself_is_followed_in_order(make_timetable, at):
    """On a figure of eight the stop at the crossing counts on the pass that its order says."""
    shape = [(at(*xy),) for xy in ((0, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, -1000))]
    stops = [("a", "A", at(0)), ("x", "X", at(1000, 8)), ("b", "B", at(2000, 500))]
    late = {"shape": "s", "calls": [("a", 0), ("b", 600), ("x", 1200)]}
    early = {"shape": "s", "calls": [("a", 0), ("x", 300), ("b", 600)]}
    profiles = shape_profiles(make_timetable(stops, [late, early], {"s": shape}))
    assert profiles.stop_along_m == pytest.approx([0, 2500, 4992, 0, 1000, 2500], abs=1.0)


def test_a_short_turn_ends_on_the_way_there(make_timetable, at):
    """On a there-and-back shape a trip to the middle is 2 km, though the way back is nearer."""
    shape = [(at(*xy),) for xy in ((0, 0), (5000, 0), (5000, 12), (0, 12))]
    stops = [("a", "A", at(0, -3)), ("m", "M", at(2000, 8))]
    timetable = make_timetable(
        stops, [{"shape": "s", "calls": [("a", 0), ("m", 400)]}], {"s": shape}
    )
    result = trip_distances(timetable, default_detour_factor=1.3)
    assert result.distance_km[0] == pytest.approx(2.0, abs=0.001)


def test_shape_dist_traveled_decides_where_both_tables_have_it(make_timetable, at):
    """The feed's own marks, in whatever unit, say which pass is meant: here the way back (8 km)."""
    shape = [(at(0), 0.0), (at(5000), 500.0), (at(5000, 12), 501.2), (at(0, 12), 1001.2)]
    stops = [("a", "A", at(0, -3)), ("m", "M", at(2000, 8))]
    calls = [("a", 0, 0.0), ("m", 1600, 801.2)]
    timetable = make_timetable(stops, [{"shape": "s", "calls": calls}], {"s": shape})
    assert trip_distances(timetable).distance_km[0] == pytest.approx(8.012, abs=0.001)


@pytest.mark.parametrize(
    "marks",
    [(0.0, 100.0), (400.0, 0.0), (0.0, None), (0.0, 5000.0)],
    ids=["stop far from its mark", "falling", "missing", "beyond the shape"],
)
def test_marks_that_do_not_hold_together_are_left_aside(make_timetable, at, marks):
    """Wrong shape_dist_traveled never decides: the stop is snapped to where it lies (2 km)."""
    shape = [(at(0), 0.0), (at(5000), 500.0)]
    stops = [("a", "A", at(0)), ("m", "M", at(2000))]
    calls = [("a", 0, marks[0]), ("m", 600, marks[1])]
    timetable = make_timetable(stops, [{"shape": "s", "calls": calls}], {"s": shape})
    result = trip_distances(timetable, default_detour_factor=1.3)
    assert result.distance_km[0] == pytest.approx(2.0, abs=0.001)


def test_the_detour_factor_is_total_length_over_total_great_circle(make_timetable, at):
    """A corner of 4 + 3 km (line 5) and 5 km straight, three times a day: (7 + 5) / (5 + 5) = 1.2.

    A trip without shape over 10 km then counts 12 km.
    """
    stops = [("a", "A", at(0)), ("b", "B", at(4000, 3000)), ("c", "C", at(5000))]
    stops.append(("d", "D", at(0, 10_000)))
    shapes = {"1": [(at(0),), (at(4000),), (at(4000, 3000),)], "2": [(at(0),), (at(5000),)]}
    straight = {"shape": "2", "calls": [("a", 0), ("c", 900)]}
    trips = [{"shape": "1", "calls": [("a", 0), ("b", 900)]}, straight, straight, straight]
    trips.append({"calls": [("a", 0), ("d", 1800)]})
    result = trip_distances(make_timetable(stops, trips, shapes), default_detour_factor=1.9)
    assert result.detour_factor == pytest.approx(1.2, abs=1e-4)
    assert result.is_calibrated
    assert result.distance_km == pytest.approx([7, 5, 5, 5, 12], abs=0.002)
    assert result.source == (SHAPE, SHAPE, SHAPE, SHAPE, STRAIGHT)
    assert (result.n_shapes_used, result.n_straight) == (2, 1)
    assert _codes(result) == {"trip-without-shape": 1}


def test_implausible_shapes_are_left_aside_and_counted(make_timetable, at):
    """Too far from a stop, too short for the stops, too long for the time: each has its repair."""
    stops = [("a", "A", at(0)), ("b", "B", at(6000)), ("c", "C", at(6000, 700))]
    shapes = {
        "good": [(at(0),), (at(6000),)],
        "backwards": [(at(6000),), (at(0),)],
        "spike": [(at(0),), (at(3000, 40_000),), (at(6000),)],
        "stub": [(at(0),), (at(300),), (at(0, 10),)],
    }
    calls = [("a", 0), ("b", 900)]
    trips = [{"shape": shape, "calls": calls} for shape in ("good", "spike", "backwards", "stub")]
    trips.append({"shape": "good", "calls": [("a", 0), ("c", 900)]})
    trips.append({"shape": "good", "calls": [("a", 0), ("b", 600), ("a", 900)]})
    result = trip_distances(make_timetable(stops, trips, shapes), default_detour_factor=1.5)
    assert result.detour_factor == pytest.approx(1.0, abs=1e-9)
    assert result.source == (SHAPE, *[STRAIGHT] * 5)
    assert _codes(result) == {
        "shape-far-from-stops": 4,  # backwards, stub, the stop c, and the way back to a
        "shape-too-long-for-time": 1,
    }
    assert result.distance_km[5] == pytest.approx(12.0, abs=0.001)


def test_a_shape_shorter_than_the_line_is_left_aside(make_timetable, at):
    """Stops that zigzag 400 m off a line cannot have been reached along it."""
    stops = [(f"s{k}", f"S{k}", at(500 * k, 400 * (-1) ** k)) for k in range(9)]
    calls = [(f"s{k}", 120 * k) for k in range(9)]
    shapes = {"s": [(at(0),), (at(4000),)]}
    timetable = make_timetable(stops, [{"shape": "s", "calls": calls}], shapes)
    assert shape_profiles(timetable).fit == (ShapeFit.SHORT,)
    result = trip_distances(timetable, default_detour_factor=1.25)
    assert result.distance_km[0] == pytest.approx(8 * np.hypot(0.5, 0.8) * 1.25, abs=0.001)
    assert _codes(result) == {"shape-shorter-than-trip": 1}
    assert not result.is_calibrated


def test_a_leg_too_fast_for_any_bus_unmasks_a_shape(make_timetable, at):
    """Seen in Trento: 5 km of side road between two stops 300 m and two minutes apart."""
    shape = [(at(*xy),) for xy in ((0, 0), (3000, 0), (3000, 2600), (3300, 2600), (3300, 0))]
    shape.append((at(9000, 0),))
    stops = [("a", "A", at(0)), ("b", "B", at(2990)), ("c", "C", at(3310)), ("d", "D", at(9000))]
    calls = [("a", 0), ("b", 600), ("c", 660), ("d", 1500)]
    timetable = make_timetable(stops, [{"shape": "s", "calls": calls}], {"s": shape})
    result = trip_distances(timetable, default_detour_factor=1.0)
    assert result.source == (STRAIGHT,)
    assert result.distance_km[0] == pytest.approx(9.0, abs=0.001)


def test_a_trip_that_no_bus_can_drive_is_named(make_timetable, at):
    """Nine kilometres in no time are impossible whatever the way; with an hour they are not."""
    stops = [("a", "A", at(0)), ("b", "B", at(9000))]
    trips = [{"calls": [("a", 0), ("b", 0)]}, {"calls": [("a", 0), ("b", 3600)]}]
    result = trip_distances(make_timetable(stops, trips), default_detour_factor=1.2)
    assert result.is_impossible.tolist() == [True, False]


def test_a_feed_without_shapes_needs_a_default(make_timetable, at):
    """Without shapes the caller's factor counts; without either the error says what to give."""
    stops = [("a", "A", at(0)), ("b", "B", at(4000))]
    timetable = make_timetable(stops, [{"calls": [("a", 0), ("b", 900)]}])
    result = trip_distances(timetable, default_detour_factor=1.343)
    assert result.detour_factor == 1.343
    assert not result.is_calibrated
    assert result.distance_km[0] == pytest.approx(4 * 1.343, abs=1e-4)
    with pytest.raises(InputError) as caught:
        trip_distances(timetable)
    assert caught.value.code == "shapes-too-few"


def test_profiles_hold_the_driven_part_only(make_timetable, at):
    """Points run from first to last stop, along the road; without a shape along the stops."""
    stops = [("a", "A", at(1000, 20)), ("b", "B", at(3010, 1000))]
    shape = [(at(0),), (at(3000),), (at(3000, 3000),)]
    calls = [("a", 0), ("b", 900)]
    trips = [{"shape": "s", "calls": calls}, {"calls": calls}, {"shape": "s", "calls": calls}]
    profiles = shape_profiles(make_timetable(stops, trips, {"s": shape}))
    assert profiles.pattern_of_trip.tolist() == [0, 1, 0]
    assert profiles.follows_road.tolist() == [True, False]
    assert profiles.offset.tolist() == [0, 3, 5]
    assert profiles.along_m[:3] == pytest.approx([0, 2000, 3000], abs=1.0)
    for row, (lat, lon) in enumerate((at(1000), at(3000), at(3000, 1000), at(1000, 20))):
        assert (profiles.lat[row], profiles.lon[row]) == pytest.approx((lat, lon), abs=1e-6)


def test_shapes_may_cross_the_date_line(make_timetable):
    """A road over the date line is as long as anywhere else: 0.1 degrees are 11.1 km."""
    stops = [("a", "A", (0.0, 179.95)), ("b", "B", (0.0, -179.95))]
    shape = [((0.0, 179.9),), ((0.0, 179.99),), ((0.0, -179.9),)]
    timetable = make_timetable(
        stops, [{"shape": "s", "calls": [("a", 0), ("b", 1200)]}], {"s": shape}
    )
    assert trip_distances(timetable).distance_km[0] == pytest.approx(11.12, abs=0.01)
    assert np.abs(shape_profiles(timetable).lon).max() <= 180.0


def _fine(line, step_m=10.0):
    """The same line with a point at least every ten metres."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.unique(np.concatenate([np.arange(0.0, along[-1], step_m), along]))
    keep = np.concatenate([[True], np.diff(along) > 0])
    return np.stack([np.interp(at, along[keep], line[keep, k]) for k in (0, 1)], axis=1)


def _slow_snap(stops, points):
    """Find the least sum of deviations by trying all points of a fine line, in order."""
    cost = np.zeros(len(points))
    for stop in stops:
        cost = np.minimum.accumulate(cost) + np.hypot(*(points - stop).T)
    return cost.min()


@settings(max_examples=60, deadline=None)
@given(
    stops=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=5),
    line=st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=6
    ).filter(lambda points: len(set(points)) > 1),
)
def test_snapping_is_in_order_and_nearly_the_best(stops, line):
    """Positions never fall back, and no other order is much better (pulls, ten metres a stop)."""
    stop_xy, line_xy = np.array(stops, dtype=float), _fine(np.array(line, dtype=float))
    position, deviation_m = snap_in_order(stop_xy, line_xy)
    assert (np.diff(position) >= 0).all()
    assert 0 <= position[0] <= position[-1] <= len(line_xy) - 1
    length_m = np.hypot(*np.diff(line_xy, axis=0).T).sum()
    slack_m = 2 * 0.02 * 500 + 0.005 * length_m + 10 * len(stops)
    assert deviation_m.sum() <= _slow_snap(stop_xy, line_xy) + slack_m


def test_the_deadhead_speed_is_the_upper_quartile_of_the_trips(make_timetable, at):
    """Trips of 10, 20, 30, 40 and 50 km/h give 40; dwell between stops is not driving."""
    stops = [("a", "A", at(0)), ("m", "M", at(5000)), ("b", "B", at(10_000))]
    trips = [{"calls": [("a", 0), ("b", 36_000 // kmh)]} for kmh in (20, 30, 40, 50)]
    trips.append({"calls": [("a", 0), ("m", 1800), ("b", 4200)], "dwell_s": 600})
    timetable = make_timetable(stops, trips)
    distances = trip_distances(timetable, default_detour_factor=1.0)
    assert calibrate_deadhead_speed_kmh(timetable, distances) == pytest.approx(40.0, abs=0.01)


@pytest.mark.parametrize(("duration_s", "expected"), [(7200, 10.0), (400, 60.0)])
def test_the_deadhead_speed_stays_plausible(make_timetable, at, duration_s, expected):
    """Whatever the timetable says, deadheads drive 10 to 60 km/h."""
    stops = [("a", "A", at(0)), ("b", "B", at(10_000))]
    timetable = make_timetable(stops, [{"calls": [("a", 0), ("b", duration_s)]}])
    distances = trip_distances(timetable, default_detour_factor=1.0)
    assert calibrate_deadhead_speed_kmh(timetable, distances) == expected


def test_a_day_without_durations_has_no_speed(make_timetable, at):
    """Nothing to calibrate from is an error with a way out, not a guess."""
    stops = [("a", "A", at(0)), ("b", "B", at(10_000))]
    timetable = make_timetable(stops, [{"calls": [("a", 0), ("b", 0)]}])
    distances = trip_distances(timetable, default_detour_factor=1.0)
    with pytest.raises(InputError) as caught:
        calibrate_deadhead_speed_kmh(timetable, distances)
    assert caught.value.code == "deadhead-speed-unknown"


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-89, 89), st.floats(-180, 180)), min_size=1, max_size=8),
    detour_factor=st.floats(1.0, 2.0),
    speed_kmh=st.floats(10.0, 60.0),
)
def test_deadheads_are_a_metric_that_buses_can_drive(points, detour_factor, speed_kmh):
    """Symmetric, zero on the diagonal, triangle inequality, at least the line, at most 60 km/h."""
    lat, lon = np.array(points).T
    ways = deadhead_table(lat, lon, detour_factor=detour_factor, speed_kmh=speed_kmh)
    km, seconds = ways.distance_km, ways.duration_s
    np.testing.assert_array_equal(km, km.T)
    np.testing.assert_array_equal(seconds, seconds.T)
    assert not km.diagonal().any()
    assert not seconds.diagonal().any()
    assert (km >= great_circle_km(lat[:, None], lon[:, None], lat, lon) - 1e-9).all()
    assert (km <= 60.0 / 3600.0 * seconds + 1e-9).all()
    for k in range(len(points)):
        assert (km <= km[:, k, None] + km[None, k] + 1e-6).all()
        assert (seconds <= seconds[:, k, None] + seconds[None, k] + 1).all()


def test_a_deadhead_by_hand():
    """One degree at the equator is 111.195 km; x 1.2 at 40 km/h that is 12,010 s, rounded up."""
    ways = deadhead_table(
        np.array([0.0, 0.0]), np.array([0.0, 1.0]), detour_factor=1.2, speed_kmh=40.0
    )
    assert ways.distance_km[0, 1] == pytest.approx(133.4341, abs=1e-4)
    assert ways.duration_s[0, 1] == 12_010
    assert ways.duration_s.dtype == np.int32


@pytest.mark.parametrize(
    ("factor", "kmh", "code"),
    [
        (0.9, 20.0, "detour-factor-below-one"),
        (float("nan"), 20.0, "detour-factor-below-one"),
        (1.2, 60.1, "deadhead-speed-out-of-range"),
        (1.2, 0.0, "deadhead-speed-out-of-range"),
        (1.2, float("nan"), "deadhead-speed-out-of-range"),
    ],
)
def test_deadheads_refuse_what_cannot_be(factor, kmh, code):
    """A detour below 1 or a speed that the check would refuse is a usage error."""
    with pytest.raises(UsageError) as caught:
        deadhead_table(np.zeros(2), np.ones(2), detour_factor=factor, speed_kmh=kmh)
    assert caught.value.code == code


def test_the_trip_table_holds_what_planners_need(make_timetable, at):
    """Places, first departure, last arrival, number of stops; heights pass through."""
    stops = [("a", "A", at(0)), ("m", "M", at(3000)), ("b", "B", at(6000))]
    calls = [("a", 100), ("m", 700), ("b", 1300)]
    trips = [{"id": "x", "route": "7", "calls": calls, "dwell_s": 30}]
    timetable = make_timetable(stops, trips)
    places = merge_stops(timetable)
    distances = trip_distances(timetable, default_detour_factor=1.5)
    table = trip_table(timetable, places, distances, np.array([12.0]), np.array([np.nan]))
    assert (table.trip_id, table.route_id, table.route_name) == (("x",), ("7",), ("7",))
    assert (table.start_s.tolist(), table.end_s.tolist()) == ([130], [1300])
    assert places.places.place_id[table.from_place[0]] == "a"
    assert places.places.place_id[table.to_place[0]] == "b"
    assert table.distance_km == pytest.approx([9.0], abs=1e-3)
    assert table.n_stops.tolist() == [3]
    assert table.climb_m.tolist() == [12.0]
    assert np.isnan(table.descent_m[0])


def test_no_trip_is_shorter_than_the_line_between_its_places(make_timetable, at):
    """A short trip whose places lie farther apart than its stops is raised to their line."""
    stops = [
        ("a", "A", at(0)),
        ("a1", "A", at(-150)),
        ("a2", "A", at(-200)),
        ("b", "B", at(500)),
    ]
    lines = [{"calls": [("a", 0), ("b", 300)], "route": "1"}]
    lines += [{"calls": [(stop, 0), ("b", 300)], "route": stop} for stop in ("a1", "a2")]
    timetable = make_timetable(stops, lines)
    places = merge_stops(timetable)
    distances = trip_distances(timetable, default_detour_factor=1.0)
    table = trip_table(timetable, places, distances, np.full(3, np.nan), np.full(3, np.nan))
    assert distances.distance_km[0] == pytest.approx(0.5, abs=1e-3)
    assert table.distance_km[0] == pytest.approx(0.65, abs=1e-3)
    assert table.from_place[0] == table.from_place[1] == table.from_place[2]


def test_same_input_same_bytes(make_timetable, at):
    """Two runs on equal tables give equal bytes."""
    stops = [("a", "A", at(1000, 20)), ("b", "B", at(3010, 1000)), ("c", "C", at(9, 9))]
    shape = [(at(0),), (at(3000),), (at(3000, 3000),)]
    trips = [{"shape": "s", "calls": [("a", 0), ("b", 900)]}, {"calls": [("c", 0), ("b", 900)]}]
    results = [
        trip_distances(make_timetable(stops, trips, {"s": shape}), default_detour_factor=1.3)
        for _ in range(2)
    ]
    assert results[0].distance_km.tobytes() == results[1].distance_km.tobytes()
    strip = [replace(result, distance_km=np.empty(0), is_impossible=None) for result in results]
    assert repr(strip[0]) == repr(strip[1])


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("feed", "date", "shape_share", "detour_factor", "speed_kmh"),
    [
        ("riga_2019.zip", dt.date(2019, 10, 7), 1.0, (1.05, 1.2), (18, 26)),
        ("trento_2025-02-10_week_bus.zip", dt.date(2025, 2, 12), 0.88, (1.1, 1.4), (20, 30)),
    ],
)
def test_real_feeds_calibrate_to_plausible_figures(
    bench_data, *, feed, date, shape_share, detour_factor, speed_kmh
):
    """Riga and Trento: most trips by shape, factor and speed in range, no trip impossible."""
    timetable = timetable_on(read_feed(bench_data / "gtfs" / feed), date).timetable
    profiles = shape_profiles(timetable)
    result = trip_distances(timetable, profiles=profiles)
    assert result.source.count(SHAPE) / len(result.source) >= shape_share
    assert result.is_calibrated
    assert detour_factor[0] <= result.detour_factor <= detour_factor[1]
    assert speed_kmh[0] <= calibrate_deadhead_speed_kmh(timetable, result) <= speed_kmh[1]
    assert not result.is_impossible.any()
    assert (result.distance_km > 0).all()
    used = profiles.follows_road
    assert (profiles.length_km[used] >= 0.9 * profiles.straight_km[used]).all()
