"""Trips without a shape on the roads, and what the timetable says of driving times."""

import numpy as np
import pytest
from small_streets import graph_of, place, rule, street

from viavolta.engines.bus.distances import trip_distances
from viavolta.engines.bus.road_times import time_factor
from viavolta.engines.bus.road_trips import Laid, TripLine, lay_trips
from viavolta.engines.bus.shapes import shape_profiles, with_road_lines
from viavolta.model.trip import DistanceSource
from viavolta.model.vehicle import DrivingStyle

STYLE = DrivingStyle(
    served_stops_share=0.5,
    traffic_stops_per_h=40.0,
    deadhead_stops_per_km=0.5,
    stop_time_s=12.0,
    acceleration_m_s2=1.0,
    cruise_base_kmh=10.0,
    cruise_per_kmh=0.9,
    cruise_max_kmh=65.0,
    rotating_mass_share=0.05,
)


def laid(graph, *stops: tuple[float, float], most_m: float = 60.0) -> TripLine:
    lat, lon = np.array([place(*one) for one in stops]).T
    (line,) = lay_trips(graph, lat, lon, [np.arange(len(stops))], most_m=most_m)
    return line


def test_a_trip_follows_the_road_past_its_stops_in_order() -> None:
    """Round three sides of a square, stops 10 m beside the road: 300 m, and points to draw."""
    square = graph_of(street(1, (0, 0), (1, 0), (1, 1), (0, 1)))
    found = laid(square, (0, 0.1), (0.5, 0.1), (0.9, 0.5), (0, 1))
    assert found.laid is Laid.YES
    np.testing.assert_allclose(found.stop_along_m, [0, 50, 150, 300], atol=1e-3)
    assert found.free_s == pytest.approx(30.0, abs=1e-3)
    corners = {(round(a, 6), round(o, 6)) for a, o in zip(*found.line[:2], strict=True)}
    assert {tuple(np.round(place(1, 0), 6)), tuple(np.round(place(1, 1), 6))} <= corners
    assert (np.diff(found.line.along_m) >= 0).all()


def test_the_bus_goes_on_in_the_direction_it_came() -> None:
    """At a stop before a crossing it cannot turn round: a forbidden turn is driven round."""
    arms = (
        street(1, (-2, 0), (0, 0)),
        street(2, (0, 0), (2, 0)),
        street(3, (0, 0), (0, 2)),
        street(4, (2, 0), (2, 2), (0, 2)),
    )
    stops = [(-2, 0), (-0.2, 0), (0, 1.5)]
    assert laid(graph_of(*arms), *stops).stop_along_m[-1] == pytest.approx(350.0, abs=1e-3)
    no_left = laid(graph_of(*arms, rules=[rule(1, (0, 0), 3)]), *stops)
    assert no_left.stop_along_m[-1] == pytest.approx(200 + 200 + 200 + 200 + 50, abs=1e-3)


@pytest.mark.parametrize(
    ("stops", "why"),
    [
        ([(0, 0), (5, 5)], Laid.OFF_ROAD),
        ([(0, 0), (0, 30)], Laid.CUT_OFF),
        ([(0, 0), (0, -1)], Laid.DETOUR),
    ],
)
def test_a_trip_that_the_map_cannot_join_says_why(stops, why: Laid) -> None:
    """Beside any road; on another part of the map; or 4 km round for 100 m."""
    town = graph_of(
        street(1, (0, 0), (20, 0)),
        street(2, (20, 0), (20, -1), (0, -1)),
        street(3, (0, 30), (1, 30)),
    )
    assert laid(town, *stops).laid is why


def test_a_trip_without_shape_is_measured_by_the_network(at, make_timetable) -> None:
    """Its distance is that of the road, its source the network; the repair says so."""
    stops = [("a", "A", at(0)), ("b", "B", at(0, 100))]
    timetable = make_timetable(stops, [{"calls": [("a", 0), ("b", 120)]}])
    profiles = shape_profiles(timetable)
    line = laid(graph_of(street(1, (0, 0), (1, 0), (1, 1), (0, 1))), (0, 0), (0, 1))
    on_road = with_road_lines(profiles, {0: (*line.line, line.stop_along_m)})
    found = trip_distances(timetable, default_detour_factor=1.3, profiles=on_road)
    assert found.distance_km == pytest.approx([0.3], abs=1e-6)
    assert found.source == (DistanceSource.NETWORK,)
    assert [r.code for r in found.repairs] == ["trip-without-shape"]
    assert found.n_straight == 0
    in_a_hurry = make_timetable(stops, [{"calls": [("a", 0), ("b", 1)]}])
    on_road = with_road_lines(
        shape_profiles(in_a_hurry), {0: (*line.line, np.array([0.0, 3000.0]))}
    )
    found = trip_distances(in_a_hurry, default_detour_factor=1.3, profiles=on_road)
    assert found.source == (DistanceSource.STRAIGHT,)
    assert [r.code for r in found.repairs] == ["trip-without-shape", "road-too-long-for-time"]


def test_driving_times_are_the_median_of_the_trips_less_their_stops(at, make_timetable) -> None:
    """Three stops, the middle one served by half: 6 s standing, 5 s braking and starting at 10 m/s.

    Trips of 311 s to 321 s on a road of 200 s are in motion for 300 to 310 s.
    """
    stops = [("a", "A", at(0)), ("b", "B", at(1000)), ("c", "C", at(2000))]
    lasts = [311 + n for n in range(11)]
    calls = [
        [("a", 1000 * n), ("b", 1000 * n + 100), ("c", 1000 * n + s)] for n, s in enumerate(lasts)
    ]
    timetable = make_timetable(stops, [{"calls": c} for c in calls])
    free_s, metres = np.full(11, 200.0), np.full(11, 2000.0)
    found = time_factor(timetable, free_s, metres, style=STYLE, default=1.3)
    assert found.n_trips == 11
    assert found.factor == pytest.approx(305 / 200)
    assert (found.low, found.high) == pytest.approx((302.5 / 200, 307.5 / 200))
    free_s[2:] = np.nan
    few = time_factor(timetable, free_s, metres, style=STYLE, default=1.3)
    assert (few.factor, few.n_trips) == (1.3, 0)
    fast = time_factor(timetable, np.full(11, 900.0), metres, style=STYLE, default=1.3)
    assert fast.factor == 1.0
