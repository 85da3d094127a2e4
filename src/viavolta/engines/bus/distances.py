"""How far trips and deadheads are, how long deadheads take, and what both rest on."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.bus.places import StopPlaces
from viavolta.engines.bus.shapes import ShapeFit, ShapeProfiles, shape_profiles, trip_bounds
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text
from viavolta.model.notices import Repair
from viavolta.model.timetable import Timetable
from viavolta.model.trip import DeadheadTable, DistanceSource, Floats, Ints, TripTable

MAX_TRIP_KMH = 120.0
"""No bus drives faster; a shape that would need it is not the trip's way (assumption)."""

ROUNDING_S = 30
"""Slack per leg between two stops, because timetables are rounded to minutes (assumption)."""

MIN_CALIBRATION_KM = 5.0
"""Fewer kilometres of usable shapes calibrate nothing (assumption)."""

DETOUR_BOUNDS = (1.0, 2.0)
"""Plausible range of a calibrated detour factor; 1 is the straight line (assumption)."""

DEADHEAD_BOUNDS_KMH = (10.0, 60.0)
"""Plausible range of a deadhead speed; a plan faster than 60 km/h fails `viavolta check`."""

DEADHEAD_SPEED_QUANTILE = 0.75
"""Quantile of the trips' own speeds that a deadhead drives at: see calibrate_deadhead_speed_kmh."""

_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class TripDistances:
    """Driven distance of each trip of the day and what it rests on. Shapes: N trips.

    Attributes
    ----------
    distance_km
        (N,) from first to last stop.
    source
        N: along the shape, along the road network, or great circles from stop to stop times the
        detour factor.
    detour_factor
        Way along the road per great circle; from shapes and road lines where `is_calibrated`, else
        the default that the caller gave.
    n_shapes_used
        Distinct shapes that measured at least one trip.
    n_straight
        Trips measured by great circles.
    is_impossible
        (N,) trips that would be faster than 120 km/h by any measure, a minute allowed for rounded
        times: no bus can drive them, their times or places are wrong.
    repairs
        Why shapes were left aside, one entry per reason.
    """

    distance_km: Floats
    source: tuple[DistanceSource, ...]
    detour_factor: float
    is_calibrated: bool
    n_shapes_used: int
    n_straight: int
    is_impossible: NDArray[np.bool_]
    repairs: tuple[Repair, ...]


def trip_distances(
    timetable: Timetable,
    *,
    default_detour_factor: float | None = None,
    profiles: ShapeProfiles | None = None,
) -> TripDistances:
    """Measure every trip along its shape, its road, else by great circles times a detour factor.

    A shape is left aside, and counted, where a stop lies too far from it, where its driven part is
    shorter than the straight lines from stop to stop, or where the trip or a leg between two stops
    would be faster than 120 km/h on it.

    The detour factor is the total length of the driven parts over the total of the great circles
    between their consecutive stops, each distinct pattern of shape and stops counted once: total
    over total, so that kilometres of the network come out right. Without 5 km of usable shapes it
    is `default_detour_factor`.

    Parameters
    ----------
    default_detour_factor
        Used where the feed has too few shapes; a catalogue figure.
    profiles
        The result of `shape_profiles`, if at hand.

    Raises
    ------
    InputError
        `shapes-too-few`: nothing to calibrate from and no default given.
    """
    profiles = shape_profiles(timetable) if profiles is None else profiles
    pattern = profiles.pattern_of_trip
    too_fast = _too_fast(timetable, profiles)
    by_line = profiles.follows_road[pattern] & ~too_fast
    by_road = by_line & profiles.is_network[pattern]
    by_shape = by_line & ~by_road
    used = np.unique(pattern[by_line])
    length_km, straight_km = profiles.length_km, profiles.straight_km
    is_calibrated = bool(length_km[used].sum() >= MIN_CALIBRATION_KM)
    if is_calibrated:
        ratio = float(length_km[used].sum() / straight_km[used].sum())
        detour_factor = min(max(ratio, DETOUR_BOUNDS[0]), DETOUR_BOUNDS[1])
    elif default_detour_factor is None:
        raise _too_few_shapes()
    else:
        detour_factor = default_detour_factor
    shape_id = timetable.trips["shape_id"].filter(by_shape.tolist())
    distance_km = np.where(by_line, length_km[pattern], straight_km[pattern] * detour_factor)
    distance_km[by_road] = np.maximum(length_km, straight_km)[pattern[by_road]]
    start_s, end_s, _ = trip_times_s(timetable)
    most_km = MAX_TRIP_KMH * (end_s - start_s + 2 * ROUNDING_S) / 3600.0
    return TripDistances(
        distance_km=distance_km,
        source=_sources(by_shape, by_road),
        detour_factor=detour_factor,
        is_calibrated=is_calibrated,
        n_shapes_used=shape_id.n_unique(),
        n_straight=int((~by_line).sum()),
        is_impossible=distance_km > most_km,
        repairs=_repairs(timetable, profiles, too_fast),
    )


def calibrate_deadhead_speed_kmh(
    timetable: Timetable,
    distances: TripDistances,
    *,
    quantile: float = DEADHEAD_SPEED_QUANTILE,
    bounds_kmh: tuple[float, float] = DEADHEAD_BOUNDS_KMH,
) -> float:
    """Speed of deadheads, from the day's own trips.

    The rule: the 75th percentile over the day's trips of distance over time in motion (dwell at
    stops between, where the timetable shows it, taken off), kept within 10 to 60 km/h. A deadhead
    makes no stops, so it is faster than the middle trip; but it meets the same traffic, and mostly
    in the peaks, so it is not as fast as the fastest trips (early, late, on the motorway). The rule
    goes with the detour factor: stops follow the road, so the factor between them (Riga 1.10) is
    lower than between far points (about 1.2 to 1.4), and the speed makes up for it. In Riga the two
    give 19.4 km/h as the crow flies; 25 km/h over a detour of 1.343 would give 18.6. Trips under
    1 km are left out unless there are no others: minute-rounded times say little of them.

    Raises
    ------
    InputError
        `deadhead-speed-unknown`: no trip of the day has both a length and a duration.
    """
    start_s, end_s, dwell_s = trip_times_s(timetable)
    moving_s = (end_s - start_s - dwell_s).astype(np.float64)
    km = distances.distance_km
    has_speed = (moving_s > 0) & (km > 0)
    has_speed[has_speed] = 3600.0 * km[has_speed] / moving_s[has_speed] <= MAX_TRIP_KMH
    is_long = has_speed & (km >= 1.0)
    chosen = is_long if is_long.any() else has_speed
    if not chosen.any():
        raise InputError(
            code="deadhead-speed-unknown",
            message=text("no trip of the day shows how fast a bus drives"),
            where=Where(file="stop_times.txt", field="arrival_time"),
            expected=text("at least one trip with a length and a duration"),
            hint=text("give the speed of deadheads with --deadhead-kmh"),
        )
    speed_kmh = float(np.quantile(3600.0 * km[chosen] / moving_s[chosen], quantile))
    return min(max(speed_kmh, bounds_kmh[0]), bounds_kmh[1])


def require_deadhead_speed(speed_kmh: float) -> None:
    """Refuse a speed that no bus drives between trips.

    Raises
    ------
    UsageError
        `deadhead-speed-out-of-range` (0 < speed <= 60 km/h).
    """
    if not 0.0 < speed_kmh <= DEADHEAD_BOUNDS_KMH[1]:
        raise UsageError(
            code="deadhead-speed-out-of-range",
            message=text("the speed of deadheads is out of range"),
            where=Where(field="deadhead_kmh", value=str(speed_kmh)[:200]),
            expected=text("more than 0 and at most {limit} km/h", limit=DEADHEAD_BOUNDS_KMH[1]),
        )


def deadhead_table(
    lat: Floats, lon: Floats, *, detour_factor: float, speed_kmh: float
) -> DeadheadTable:
    """Ways between all places without passengers: great circle times detour, at one speed.

    Parameters
    ----------
    lat, lon
        (P,) degrees.

    Returns
    -------
    DeadheadTable
        (P, P), symmetric; whole seconds rounded up, so never faster than `speed_kmh`; distance
        never below the great circle; the triangle inequality holds in both.

    Raises
    ------
    UsageError
        `detour-factor-below-one`, `deadhead-speed-out-of-range` (0 < speed <= 60 km/h).
    """
    if not 1.0 <= detour_factor < np.inf:
        raise UsageError(
            code="detour-factor-below-one",
            message=text("no way is shorter than the straight line"),
            where=Where(field="detour_factor", value=str(detour_factor)[:200]),
            expected=text("a factor of 1 or more"),
        )
    require_deadhead_speed(speed_kmh)
    n_places = len(lat)
    distance_km = np.zeros((n_places, n_places))
    duration_s = np.zeros((n_places, n_places), dtype=np.int32)
    for first in range(0, n_places, _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        beeline_km = great_circle_km(lat[rows, None], lon[rows, None], lat, lon)
        distance_km[rows] = beeline_km * detour_factor
        duration_s[rows] = np.ceil(distance_km[rows] * (3600.0 / speed_kmh))
    np.fill_diagonal(distance_km, 0.0)
    np.fill_diagonal(duration_s, 0)
    flat_m = np.zeros((n_places, n_places))
    return DeadheadTable(
        duration_s=duration_s, distance_km=distance_km, climb_m=flat_m, descent_m=flat_m
    )


def trip_table(
    timetable: Timetable,
    stop_places: StopPlaces,
    distances: TripDistances,
    climb_m: Floats,
    descent_m: Floats,
) -> TripTable:
    """Put the day's trips together as planners see them.

    A trip begins and ends at places, which may lie up to the merging distance from its own stops.
    So that no trip is shorter than the straight line between its two places, such a distance (of a
    short trip between large places) is raised to that line.

    Parameters
    ----------
    climb_m, descent_m
        (N,) metres, NaN without elevation.
    """
    bounds = trip_bounds(timetable)
    place = stop_places.place_of_stop[timetable.stop_times["stop"].to_numpy()]
    from_place, to_place = place[bounds[:-1]], place[bounds[1:] - 1]
    places = stop_places.places
    beeline_km = great_circle_km(
        places.lat[from_place], places.lon[from_place], places.lat[to_place], places.lon[to_place]
    )
    start_s, end_s, _ = trip_times_s(timetable)
    trips = timetable.trips
    return TripTable(
        trip_id=tuple(trips["trip_id"]),
        route_id=tuple(trips["route_id"]),
        route_name=tuple(trips["route_name"].fill_null("")),
        from_place=from_place.astype(np.int32),
        to_place=to_place.astype(np.int32),
        start_s=start_s.astype(np.int32),
        end_s=end_s.astype(np.int32),
        distance_km=np.maximum(distances.distance_km, beeline_km),
        distance_source=distances.source,
        climb_m=climb_m,
        descent_m=descent_m,
        n_stops=np.diff(bounds).astype(np.int32),
    )


class TripTimes(NamedTuple):
    """Seconds of the service day, and seconds standing at stops between; all (N,)."""

    start_s: Ints
    end_s: Ints
    dwell_s: Ints


def trip_times_s(timetable: Timetable) -> TripTimes:
    """Departure, arrival and standing time between of each trip, (N,) each."""
    bounds = trip_bounds(timetable)
    arrival_s = timetable.stop_times["arrival_s"].to_numpy()
    departure_s = timetable.stop_times["departure_s"].to_numpy()
    standing_s = departure_s - arrival_s
    total_s = np.concatenate([[0], np.cumsum(standing_s, dtype=np.int64)])
    dwell_s = total_s[bounds[1:] - 1] - total_s[bounds[:-1] + 1]
    start_s, end_s = departure_s[bounds[:-1]], arrival_s[bounds[1:] - 1]
    return TripTimes(start_s, end_s, dwell_s.astype(np.int32))


def _too_fast(timetable: Timetable, profiles: ShapeProfiles) -> NDArray[np.bool_]:
    """Trips that would need more than MAX_TRIP_KMH on their shape, in all or between two stops."""
    bounds = trip_bounds(timetable)
    arrival_s = timetable.stop_times["arrival_s"].to_numpy().astype(np.float64)
    departure_s = timetable.stop_times["departure_s"].to_numpy().astype(np.float64)
    n_stops = np.diff(bounds)
    shift = profiles.stop_offset[profiles.pattern_of_trip] - bounds[:-1]
    at_stop_m = profiles.stop_along_m[np.arange(len(arrival_s)) + np.repeat(shift, n_stops)]
    needed_s = np.diff(at_stop_m, append=0.0) / (MAX_TRIP_KMH / 3.6)
    given_s = np.append(arrival_s[1:], 0.0) - departure_s
    is_fast_leg = needed_s > given_s + ROUNDING_S
    is_fast_leg[bounds[1:] - 1] = False
    fast_legs = np.concatenate([[0], np.cumsum(is_fast_leg)])
    has_fast_leg = fast_legs[bounds[1:]] > fast_legs[bounds[:-1]]
    whole_s = arrival_s[bounds[1:] - 1] - departure_s[bounds[:-1]]
    length_m = profiles.length_km[profiles.pattern_of_trip] * 1000.0
    is_fast = has_fast_leg | (length_m / (MAX_TRIP_KMH / 3.6) > whole_s + ROUNDING_S)
    return is_fast & profiles.follows_road[profiles.pattern_of_trip]


def _sources(by_shape: NDArray[np.bool_], by_road: NDArray[np.bool_]) -> tuple[DistanceSource, ...]:
    names = np.where(by_shape, DistanceSource.SHAPE, DistanceSource.STRAIGHT)
    return tuple(DistanceSource(n) for n in np.where(by_road, DistanceSource.NETWORK, names))


def _repairs(
    timetable: Timetable, profiles: ShapeProfiles, too_fast: NDArray[np.bool_]
) -> tuple[Repair, ...]:
    """One entry for each reason why trips are not measured along a shape."""
    fit = np.array([str(value) for value in profiles.fit])[profiles.pattern_of_trip]
    on_road = profiles.is_network[profiles.pattern_of_trip]
    straight = text("measured by great circles from stop to stop times the detour factor")
    by_road = text("measured along the road network past its stops")
    missing, far = fit == ShapeFit.MISSING, fit == ShapeFit.FAR
    short = fit == ShapeFit.SHORT
    found = [
        (code, file, is_hit & (on_road == is_road), action)
        for code, file, is_hit in (
            ("trip-without-shape", "trips.txt", missing),
            ("shape-far-from-stops", "shapes.txt", far),
            ("shape-shorter-than-trip", "shapes.txt", short),
        )
        for is_road, action in ((True, by_road), (False, straight))
    ]
    found += [
        ("shape-too-long-for-time", "shapes.txt", too_fast & ~on_road, straight),
        ("road-too-long-for-time", "stop_times.txt", too_fast & on_road, straight),
    ]
    return tuple(
        Repair(
            code=code,
            file=file,
            count=int(is_hit.sum()),
            example=_example(timetable, int(np.argmax(is_hit))),
            action=action,
        )
        for code, file, is_hit, action in found
        if is_hit.any()
    )


def _example(timetable: Timetable, trip: int) -> str:
    row = timetable.trips.row(trip, named=True)
    if row["shape_id"] is None:
        return text("trip {trip}", trip=row["trip_id"])
    return text("trip {trip} on shape {shape}", trip=row["trip_id"], shape=row["shape_id"])


def _too_few_shapes() -> InputError:
    return InputError(
        code="shapes-too-few",
        message=text("the feed has too few shapes to tell how much longer roads are than lines"),
        where=Where(file="shapes.txt"),
        expected=text("at least {km} km of shapes that fit their trips", km=MIN_CALIBRATION_KM),
        hint=text("give a detour factor"),
    )
