"""The tables of the GTFS feed that a generated timetable becomes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from viavolta.formats.gtfs_write import FeedTable, Row, plain_text
from viavolta.formats.osm_calls import Call
from viavolta.model.messages import text
from viavolta.services.lines.directions import Line, Variant
from viavolta.services.lines.headways import Plan, clock, departures, leg_times
from viavolta.services.lines.road_graph import great_circle_m

LABEL = "Generated timetable: not the operator's"
ODBL_URL = "https://opendatacommons.org/licenses/odbl/1-0/"
COPYRIGHT_URL = "https://www.openstreetmap.org/copyright"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_SERVICE_ID = "generated"
_COLOUR = re.compile(r"#?([0-9A-Fa-f]{6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """When and how fast the lines run; days are seven flags from Monday."""

    year: int
    days: tuple[bool, ...]
    timezone: str
    speed_kmh: float
    dwell_s: float
    max_driving_kmh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTrips:
    """One direction of a line, ready to run: its variants and the departures of each."""

    line: Line
    direction: int
    variants: tuple[Variant, ...]
    departures_s: tuple[tuple[int, ...], ...]

    @property
    def n_trips(self) -> int:
        """Trips of a day in this direction."""
        return sum(map(len, self.departures_s))


def line_trips(line: Line, plan: Plan) -> list[LineTrips]:
    """Give a line its departures; variants of one direction take them in turn."""
    times = departures(plan)
    return [
        LineTrips(
            line=line,
            direction=direction,
            variants=variants,
            departures_s=tuple(tuple(times[i :: len(variants)]) for i in range(len(variants))),
        )
        for direction, variants in enumerate((line.outward, line.homeward))
        if variants
    ]


def feed_tables(trips: Sequence[LineTrips], service: Service, *, source: str) -> list[FeedTable]:
    """All tables of the feed; `source` is a short mark of the extract it was made from."""
    lines = list({one.line.line_id: one.line for one in trips}.values())
    return [
        _agency(service),
        _calendar(service),
        _table("routes", _ROUTES, map(_route, lines)),
        _table("stops", _STOPS, _stops(trips)),
        _table("shapes", _SHAPES, (row for one in trips for row in _shapes(one))),
        _table("trips", _TRIPS, (row for one in trips for row in _trips(one))),
        _table("stop_times", _TIMES, (r for one in trips for r in _stop_times(one, service))),
        _feed_info(service, source),
        _attributions(),
    ]


def licence_text(source: str) -> str:
    """Write the licence file that travels with the feed."""
    return "\n".join(
        [
            LABEL + ".",
            "",
            f"The lines, stops and ways come from OpenStreetMap ({source}).",
            "The times were made from stated headways and an assumed speed. They are not the",
            "timetable of any operator and must not be shown to passengers as such.",
            "",
            "Contains information from OpenStreetMap, (c) OpenStreetMap contributors,",
            f"{COPYRIGHT_URL}, which is made available here under",
            "the Open Database License (ODbL) 1.0: " + ODBL_URL,
            "This feed is a derived database and stays under the same licence.",
            "",
        ]
    )


def minutes(variant: Variant, service: Service) -> float:
    """Length of a trip in minutes."""
    return _times(variant, service)[-1][0] / 60


_ROUTES = (
    *("route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type"),
    "route_color",
)
_STOPS = ("stop_id", "stop_name", "stop_lat", "stop_lon")
_SHAPES = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence", "shape_dist_traveled")
_TRIPS = ("route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "shape_id")
_TIMES = (
    *("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
    *("shape_dist_traveled", "timepoint"),
)


def _table(name: str, columns: tuple[str, ...], rows: Iterable[Row]) -> FeedTable:
    return FeedTable(name=name, columns=columns, rows=tuple(rows))


def _agency(service: Service) -> FeedTable:
    columns = ("agency_id", "agency_name", "agency_url", "agency_timezone")
    return _table("agency", columns, [(_SERVICE_ID, LABEL, COPYRIGHT_URL, service.timezone)])


def _calendar(service: Service) -> FeedTable:
    days = [int(day) for day in service.days]
    row: Row = [_SERVICE_ID, *days, f"{service.year}0101", f"{service.year}1231"]
    return _table("calendar", ("service_id", *DAYS, "start_date", "end_date"), [row])


def _feed_info(service: Service, source: str) -> FeedTable:
    columns = (
        *("feed_publisher_name", "feed_publisher_url", "feed_lang"),
        *("feed_start_date", "feed_end_date", "feed_version"),
    )
    row = (
        *(f"viavolta. {LABEL}", COPYRIGHT_URL, "mul"),
        *(f"{service.year}0101", f"{service.year}1231", f"generated from {source}"),
    )
    return _table("feed_info", columns, [row])


def _attributions() -> FeedTable:
    columns = ("attribution_id", "organization_name", "is_producer", "attribution_url")
    row = ("osm", "© OpenStreetMap contributors, ODbL 1.0", 1, COPYRIGHT_URL)
    return _table("attributions", columns, [row])


def _route(line: Line) -> Row:
    tags = line.tags
    ends = [plain_text(tags.get(key, "")) for key in ("from", "to")]
    if not all(ends):
        ends = [_call_name(line.outward[0], i) for i in (0, len(line.outward[0].path.calls) - 1)]
    colour = _COLOUR.fullmatch(tags.get("colour", tags.get("color", "")))
    numbers = ", ".join(map(str, line.relations))
    return (
        line.line_id,
        _SERVICE_ID,
        plain_text(line.ref),
        " - ".join(ends),
        f"{LABEL}. OpenStreetMap relation {numbers}",
        11 if line.is_trolleybus else 3,
        colour[1].upper() if colour else "",
    )


def _stops(trips: Sequence[LineTrips]) -> Iterator[Row]:
    seen = set()
    for variant in (v for one in trips for v in one.variants):
        for i, call in enumerate(variant.path.calls):
            if call.stop_id not in seen:
                seen.add(call.stop_id)
                name = _call_name(variant, i)
                yield (call.stop_id, name, f"{call.lat:.7f}", f"{call.lon:.7f}")


def _call_name(variant: Variant, i: int) -> str:
    call: Call = variant.path.calls[i]
    unnamed = text("stop {n} of relation {id}", n=i + 1, id=variant.relation)
    return plain_text(call.name) or unnamed


def _shapes(one: LineTrips) -> Iterator[Row]:
    for v, variant in enumerate(one.variants):
        km = 0.0
        points = variant.path.points
        for i, point in enumerate(points):
            km += great_circle_m(points[i - 1], point) / 1000 if i else 0.0
            yield (_shape_id(one, v), f"{point[0]:.6f}", f"{point[1]:.6f}", i + 1, f"{km:.4f}")


def _trips(one: LineTrips) -> Iterator[Row]:
    for v, variant in enumerate(one.variants):
        headsign = _call_name(variant, len(variant.path.calls) - 1)
        for start_s in one.departures_s[v]:
            ids = (one.line.line_id, _SERVICE_ID, _trip_id(one, v, start_s))
            yield (*ids, headsign, one.direction, _shape_id(one, v))


def _stop_times(one: LineTrips, service: Service) -> Iterator[Row]:
    for v, variant in enumerate(one.variants):
        legs = _times(variant, service)
        path = variant.path
        for start_s in one.departures_s[v]:
            trip_id = _trip_id(one, v, start_s)
            for i, (arrival_s, departure_s) in enumerate(legs):
                times = (clock(start_s + arrival_s), clock(start_s + departure_s))
                place = (path.calls[i].stop_id, i + 1, f"{path.call_km[i]:.4f}")
                yield (trip_id, *times, *place, 0)


def _times(variant: Variant, service: Service) -> list[tuple[int, int]]:
    return leg_times(
        variant.path.call_km,
        speed_kmh=service.speed_kmh,
        dwell_s=service.dwell_s,
        max_driving_kmh=service.max_driving_kmh,
    )


def _shape_id(one: LineTrips, v: int) -> str:
    return f"{one.line.line_id}-{one.direction}-{v + 1}"


def _trip_id(one: LineTrips, v: int, start_s: int) -> str:
    return f"{_shape_id(one, v)}-{clock(start_s).replace(':', '')}"
