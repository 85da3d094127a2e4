"""The driven part of each trip's shape: stops snapped to the line in the order of travel."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viavolta.model.geo import great_circle_km
from viavolta.model.timetable import Timetable
from viavolta.model.trip import Floats, Ints

MAX_STOP_TO_SHAPE_M = 500.0
"""Farther than this a stop does not belong to the shape (assumption: half a kilometre is beyond
any bus bay, forecourt or drawing error)."""

MIN_LENGTH_SHARE = 0.9
"""A driven part shorter than this share of the straight lines from stop to stop is not this trip's
way; a tenth is left for stops beside the road and for simplified shapes."""

_END_REACH_M = 500.0
_END_PULL = 0.02
_SHORTER_PULL = 0.005


class ShapeFit(StrEnum):
    """Whether the shape of a pattern can be used, and if not, why."""

    USED = "used"
    MISSING = "missing"
    FAR = "far"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeProfiles:
    """The driven line of each distinct pattern (shape and sequence of stops).

    Shapes: Q patterns, K points in all, N trips. The points of pattern q are
    `lat[offset[q]:offset[q + 1]]` and so on, in the direction of travel; `along_m` starts at 0.

    Attributes
    ----------
    lat, lon, along_m
        (K,) points in degrees and metres driven up to each, along the shape where `follows_road`,
        else along great circles from stop to stop (no detour factor in it).
    offset
        (Q + 1,) where each pattern's points start.
    follows_road
        (Q,) False where the points are the stops themselves: heights sampled between them are not
        those of a road.
    is_network
        (Q,) True where the line follows the road network, because no shape could be used.
    fit
        Q reasons.
    straight_km
        (Q,) sum of the great circles between consecutive stops.
    stop_along_m, stop_offset
        (S,) and (Q + 1,): metres driven up to each stop of a pattern, laid out like the points.
    pattern_of_trip
        (N,) row of each trip's pattern.
    """

    lat: Floats
    lon: Floats
    along_m: Floats
    offset: Ints
    follows_road: NDArray[np.bool_]
    is_network: NDArray[np.bool_]
    fit: tuple[ShapeFit, ...]
    straight_km: Floats
    stop_along_m: Floats
    stop_offset: Ints
    pattern_of_trip: Ints

    def __len__(self) -> int:
        return len(self.fit)

    @property
    def length_km(self) -> Floats:
        """Driven length of each pattern's line, (Q,)."""
        return self.along_m[self.offset[1:] - 1] / 1000.0


class _Line(NamedTuple):
    """A line of points; `along_m` is the great-circle way from its first point."""

    lat: Floats
    lon: Floats
    along_m: Floats
    shape_dist: Floats


class _Calls(NamedTuple):
    """The stops of one pattern in order of travel; `shape_dist` is NaN where unknown."""

    lat: Floats
    lon: Floats
    shape_dist: Floats


def shape_profiles(timetable: Timetable) -> ShapeProfiles:
    """Find the driven line of every distinct pattern of a day.

    Where both the shape and the stop times carry `shape_dist_traveled`, rising along the line and
    putting no stop farther than MAX_STOP_TO_SHAPE_M from its place, it says where the trip begins
    and ends. Otherwise the stops are snapped to the line so that they follow one another and the
    sum of their distances from it is least; shapes may be longer than the trip, loop and cross
    themselves. Patterns without a usable shape get the stops as their line.
    """
    lines = _lines_by_shape(timetable)
    patterns, pattern_of_trip = _distinct_patterns(timetable)
    driven: list[_Line] = []
    fits: list[ShapeFit] = []
    straight: list[float] = []
    stop_along: list[Floats] = []
    for shape_id, calls in patterns:
        beeline = _line(calls.lat, calls.lon, calls.shape_dist)
        line, at_stop_m, fit = _driven_line(calls, beeline, lines.get(shape_id))
        driven.append(line)
        fits.append(fit)
        straight.append(float(beeline.along_m[-1]) / 1000.0)
        stop_along.append(at_stop_m)
    return ShapeProfiles(
        lat=_flat([line.lat for line in driven]),
        lon=_flat([line.lon for line in driven]),
        along_m=_flat([line.along_m for line in driven]),
        offset=_offsets([line.lat for line in driven]),
        follows_road=np.array([fit is ShapeFit.USED for fit in fits], dtype=np.bool_),
        is_network=np.zeros(len(fits), dtype=np.bool_),
        fit=tuple(fits),
        straight_km=np.array(straight, dtype=np.float64),
        stop_along_m=_flat(stop_along),
        stop_offset=_offsets(stop_along),
        pattern_of_trip=pattern_of_trip,
    )


def with_road_lines(
    profiles: ShapeProfiles, lines: Mapping[int, tuple[Floats, Floats, Floats, Floats]]
) -> ShapeProfiles:
    """Give patterns the lines found for them on the road network.

    `lines`: pattern -> latitude, longitude and metres of its points, and metres up to each stop.
    """

    def parts(values: Floats, offset: Ints, column: int) -> list[Floats]:
        own = np.split(values, offset[1:-1])
        return [lines[q][column] if q in lines else part for q, part in enumerate(own)]

    lat = parts(profiles.lat, profiles.offset, 0)
    on_road = np.isin(np.arange(len(profiles)), np.array(sorted(lines), dtype=np.int64))
    return replace(
        profiles,
        lat=_flat(lat),
        lon=_flat(parts(profiles.lon, profiles.offset, 1)),
        along_m=_flat(parts(profiles.along_m, profiles.offset, 2)),
        offset=_offsets(lat),
        follows_road=profiles.follows_road | on_road,
        is_network=profiles.is_network | on_road,
        stop_along_m=_flat(parts(profiles.stop_along_m, profiles.stop_offset, 3)),
    )


def snap_in_order(stop_xy_m: Floats, line_xy_m: Floats) -> tuple[Floats, Floats]:
    """Put stops on a line one after the other, as near to it as their order allows.

    A shortest path over (stop, segment): each stop takes a segment not before that of the stop
    before it, and the sum of distances to the line is least. Two gentle pulls decide where the line
    passes a stop more than once. Within 500 m of the line's ends the first and last stop are drawn
    to them by 2 cm per metre, because shapes mostly begin and end at their terminals. Unless the
    trip ends within 500 m of its start, a shorter way is preferred by 5 mm per metre: a trip that
    uses the first half of a there-and-back shape ends on the way there.

    Parameters
    ----------
    stop_xy_m
        (K, 2) plane coordinates of the stops in order of travel.
    line_xy_m
        (M, 2) plane coordinates of the line, M >= 2.

    Returns
    -------
    position, deviation_m
        (K,) each: place on the line as point number plus share of the segment, never decreasing;
        and distance of the stop from there.
    """
    start = line_xy_m[:-1]
    way = np.diff(line_xy_m, axis=0)
    length_m = np.hypot(way[:, 0], way[:, 1])
    along_m = np.concatenate([[0.0], np.cumsum(length_m)])
    squared = np.where(length_m > 0.0, length_m**2, 1.0)
    n_stops, n_segments = len(stop_xy_m), len(way)
    off_x = stop_xy_m[:, :1] - start[:, 0]
    off_y = stop_xy_m[:, 1:] - start[:, 1]
    share = np.clip((off_x * way[:, 0] + off_y * way[:, 1]) / squared, 0.0, 1.0)
    own_cost = np.hypot(off_x - share * way[:, 0], off_y - share * way[:, 1])
    at_m = along_m[:-1] + share * length_m
    own_cost += _pulls(at_m, float(along_m[-1]), is_loop=_is_loop(stop_xy_m))
    segments = np.arange(n_segments, dtype=np.int32)
    came_from = np.zeros((n_stops, n_segments), dtype=np.int32)
    cost = own_cost[0]
    for k in range(1, n_stops):
        least = np.minimum.accumulate(cost)
        is_new = cost[1:] < least[:-1]
        least_at = np.concatenate([[0], np.maximum.accumulate(np.where(is_new, segments[1:], 0))])
        # From an earlier segment for nothing; on the same one, metres driven back count.
        stay = cost + np.maximum(at_m[k - 1] - at_m[k], 0.0)
        before = np.concatenate([[np.inf], least[:-1]])
        came_from[k] = np.where(stay <= before, segments, np.concatenate([[0], least_at[:-1]]))
        cost = np.minimum(stay, before) + own_cost[k]
    segment = np.empty(n_stops, dtype=np.int64)
    j = int(np.argmin(cost))
    for k in range(n_stops - 1, -1, -1):
        segment[k] = j
        j = int(came_from[k, j])
    position = np.maximum.accumulate(segment + share[np.arange(n_stops), segment])
    off = stop_xy_m - _points_at(line_xy_m, position)
    return position, np.hypot(off[:, 0], off[:, 1])


def _is_loop(stop_xy_m: Floats) -> bool:
    return bool(np.hypot(*(stop_xy_m[-1] - stop_xy_m[0])) <= _END_REACH_M)


def _pulls(at_m: Floats, whole_m: float, *, is_loop: bool) -> Floats:
    """Cost of the first and last stop by where they are put on the line, (K, M - 1)."""
    pulls = np.zeros_like(at_m)
    shorter_pull = 0.0 if is_loop else _SHORTER_PULL
    pulls[0] = _END_PULL * np.minimum(at_m[0], _END_REACH_M) - shorter_pull * at_m[0]
    to_end_m = np.minimum(whole_m - at_m[-1], _END_REACH_M)
    pulls[-1] += _END_PULL * to_end_m + shorter_pull * at_m[-1]
    return pulls


def _points_at(line_xy_m: Floats, position: Floats) -> Floats:
    points = np.arange(len(line_xy_m), dtype=np.float64)
    return np.stack([np.interp(position, points, line_xy_m[:, k]) for k in (0, 1)], axis=1)


def _driven_line(
    calls: _Calls, beeline: _Line, shape: _Line | None
) -> tuple[_Line, Floats, ShapeFit]:
    """Cut the shape to its driven part and say where its stops are; else give the beeline."""
    if shape is None:
        return beeline, beeline.along_m, ShapeFit.MISSING
    lat0 = float(shape.lat.mean())
    line_xy = _plane_m(shape.lat, shape.lon, lat0, float(shape.lon[0]))
    stop_xy = _plane_m(calls.lat, calls.lon, lat0, float(shape.lon[0]))
    position = _positions_from_feed(calls, shape, stop_xy, line_xy)
    if position is None:
        position, deviation_m = snap_in_order(stop_xy, line_xy)
        if deviation_m.max() > MAX_STOP_TO_SHAPE_M:
            return beeline, beeline.along_m, ShapeFit.FAR
    part = _cut(shape, float(position[0]), float(position[-1]))
    if part.along_m[-1] <= 0.0 or part.along_m[-1] < MIN_LENGTH_SHARE * beeline.along_m[-1]:
        return beeline, beeline.along_m, ShapeFit.SHORT
    at_stop_m = np.interp(position, np.arange(len(shape.lat)), shape.along_m)
    return part, at_stop_m - at_stop_m[0], ShapeFit.USED


def _positions_from_feed(
    calls: _Calls, shape: _Line, stop_xy: Floats, line_xy: Floats
) -> Floats | None:
    """Positions by shape_dist_traveled, or None where the feed's figures do not hold together."""
    known = np.isfinite(calls.shape_dist)
    dist, marks = calls.shape_dist[known], shape.shape_dist
    if not (known[0] and known[-1] and np.isfinite(marks).all()):
        return None
    if (np.diff(marks) < 0).any() or (np.diff(dist) < 0).any() or marks[0] == marks[-1]:
        return None
    slack = 0.01 * (marks[-1] - marks[0])
    if dist[0] < marks[0] - slack or dist[-1] > marks[-1] + slack:
        return None
    position = np.interp(dist, marks, np.arange(len(marks), dtype=np.float64))
    off = stop_xy[known] - _points_at(line_xy, position)
    if np.hypot(off[:, 0], off[:, 1]).max() > MAX_STOP_TO_SHAPE_M:
        return None
    order = np.arange(len(known), dtype=np.float64)
    return np.interp(order, order[known], position)


def _cut(line: _Line, first: float, last: float) -> _Line:
    """Cut a line between two positions (point number plus share of the segment)."""
    inner = np.arange(int(np.floor(first)) + 1, int(np.ceil(last)), dtype=np.float64)
    at = np.concatenate([[first], inner, [last]])
    points = np.arange(len(line.lat), dtype=np.float64)
    lon = line.lon[0] + _wrapped(line.lon - line.lon[0])
    along_m = np.interp(at, points, line.along_m)
    return _Line(
        lat=np.interp(at, points, line.lat),
        lon=_wrapped(np.interp(at, points, lon)),
        along_m=along_m - along_m[0],
        shape_dist=np.full(len(at), np.nan),
    )


def _line(lat: Floats, lon: Floats, shape_dist: Floats) -> _Line:
    steps_m = 1000.0 * great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:])
    return _Line(lat, lon, np.concatenate([[0.0], np.cumsum(steps_m)]), shape_dist)


def _plane_m(lat: Floats, lon: Floats, lat0: float, lon0: float) -> Floats:
    """Local plane (equirectangular); true to well under 1 % over a city."""
    metres_per_degree = 1000.0 * float(great_circle_km(0.0, 0.0, 1.0, 0.0))
    x = _wrapped(lon - lon0) * np.cos(np.radians(lat0)) * metres_per_degree
    return np.stack([x, (lat - lat0) * metres_per_degree], axis=1)


def _wrapped(degrees: Floats) -> Floats:
    """Degrees brought into -180..180, so that shapes may cross the date line."""
    return degrees - 360.0 * np.round(degrees / 360.0)


def _lines_by_shape(timetable: Timetable) -> dict[str, _Line]:
    """Group the shapes of the day by id; rows of one shape stand together in the table."""
    shapes = timetable.shapes
    if shapes.height == 0:
        return {}
    run = shapes["shape_id"].rle_id().to_numpy()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(run)) + 1])
    ids = shapes["shape_id"].gather(starts).to_list()
    lat, lon = shapes["lat"].to_numpy(), shapes["lon"].to_numpy()
    dist = shapes["shape_dist"].fill_null(float("nan")).to_numpy()
    ends = np.append(starts[1:], shapes.height)
    return {
        shape_id: _line(lat[a:b], lon[a:b], dist[a:b])
        for shape_id, a, b in zip(ids, starts, ends, strict=True)
    }


def _distinct_patterns(timetable: Timetable) -> tuple[list[tuple[str, _Calls]], Ints]:
    """Distinct (shape, stops, shape_dist) in order of first use, and each trip's pattern."""
    calls = timetable.stop_times
    stop = calls["stop"].to_numpy()
    dist = calls["shape_dist"].fill_null(float("nan")).to_numpy()
    lat, lon = (timetable.stops[name].to_numpy()[stop] for name in ("lat", "lon"))
    bounds = trip_bounds(timetable)
    rows: dict[tuple[str, bytes, bytes], int] = {}
    patterns: list[tuple[str, _Calls]] = []
    pattern_of_trip = np.empty(timetable.trips.height, dtype=np.int32)
    for trip, shape_id in enumerate(timetable.trips["shape_id"].fill_null("").to_list()):
        part = slice(int(bounds[trip]), int(bounds[trip + 1]))
        key = (shape_id, stop[part].tobytes(), dist[part].tobytes())
        pattern = rows.setdefault(key, len(patterns))
        if pattern == len(patterns):
            patterns.append((shape_id, _Calls(lat[part], lon[part], dist[part])))
        pattern_of_trip[trip] = pattern
    return patterns, pattern_of_trip


def trip_bounds(timetable: Timetable) -> Ints:
    """Where each trip's stop times start, (N + 1,): trip t holds rows bounds[t]:bounds[t + 1]."""
    trips = np.arange(timetable.trips.height + 1)
    return np.searchsorted(timetable.stop_times["trip"].to_numpy(), trips).astype(np.int32)


def _offsets(parts: list[Floats]) -> Ints:
    return np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64).astype(np.int32)


def _flat(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])
