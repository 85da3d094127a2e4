"""The story of `viavolta import osm-lines`: an extract and headways become a labelled feed."""

import hashlib
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from viavolta.catalogue import Assumptions
from viavolta.formats.gtfs_write import check_target, feed_bytes, plain_text, write_whole
from viavolta.formats.osm import read_routes
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.progress import Progress
from viavolta.services.lines.directions import Line, Refusal, Variant, find_lines
from viavolta.services.lines.feed import (
    DAYS,
    LABEL,
    LineTrips,
    Service,
    feed_tables,
    licence_text,
    line_trips,
    minutes,
)
from viavolta.services.lines.headways import Headways, read_headways
from viavolta.services.lines.repairs import repairs_of

MAX_TRIPS = 100_000
"""More trips a day than any city runs: a slip in the headways."""

_LICENCE = "ODbL 1.0, © OpenStreetMap contributors"
_DEFAULT_ZONE = "Etc/UTC"
_SPEEDS_KMH = (3.0, 80.0)
_YEARS = (2000, 2100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What the user asked for; None where the catalogue's figure holds.

    headways as `headways.read_headways` takes them; days such as "mon-fri" or "mon,wed,sat-sun";
    timezone an IANA name.
    """

    source: Path
    output: Path
    headways: tuple[str, ...] = ()
    days: str = "mon-fri"
    speed_kmh: float | None = None
    year: int | None = None
    timezone: str | None = None
    min_inside_share: float | None = None
    force: bool = False


def import_lines(request: ImportRequest, *, progress: Progress) -> dict[str, Any]:
    """Make a GTFS feed of the bus lines in an OpenStreetMap extract.

    Returns the summary of docs/reference/cli.md: `out`, lines, refused relations with reasons,
    repairs, warnings and the assumptions used.

    Raises
    ------
    UsageError: a bad option, or a place that may not be written.
    InputError: the extract cannot be read, or holds no line of which a timetable can be made.
    """
    assumptions = _assumptions(request)
    headways = read_headways(request.headways, assumptions)
    service = _service(request, assumptions)
    check_target(request.output, force=request.force)
    progress(text("reading {file}", file=request.source.name), 0.0)
    extract = read_routes(request.source)
    min_inside_share = assumptions.number("lines.min_inside_share")
    lines, refusals = find_lines(extract, min_inside_share=min_inside_share, progress=progress)
    _check_refs(headways, lines, refusals)
    trips, unstated = _all_trips(lines, headways)
    if not trips:
        raise _no_lines(request.source.name, [*refusals, *unstated], len(extract.routes))
    progress(text("writing the feed"), 0.0)
    mark = _digest(request.source)
    tables = feed_tables(trips, service, source=f"{mark[:12]}")
    licence = licence_text(plain_text(request.source.name))
    content = feed_bytes(tables, {"LICENSE.txt": licence})
    write_whole(request.output, content)
    return {
        "out": str(request.output),
        "label": LABEL,
        "licence": _LICENCE,
        "service": {
            "year": service.year,
            "days": [day for day, runs in zip(DAYS, service.days, strict=True) if runs],
            "timezone": service.timezone,
            "headways": list(request.headways),
        },
        "lines": [_line_summary(line, trips, service) for line in _lines_of(trips)],
        "stops": len({c.stop_id for v in _variants(trips) for c in v.path.calls}),
        "trips_per_day": sum(one.n_trips for one in trips),
        "refused": [asdict(refusal) for refusal in (*refusals, *unstated)],
        "repairs": [asdict(one) for one in repairs_of(trips, file=request.source.name)],
        "warnings": [asdict(warning) for warning in _warnings(request)],
        "assumptions": _used(assumptions),
        "inputs": [_input(request.source, mark)],
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _assumptions(request: ImportRequest) -> Assumptions:
    assumptions = Assumptions(["lines"])
    given: tuple[tuple[str, str, float | None, tuple[float, float]], ...] = (
        ("--speed-kmh", "lines.speed_kmh", request.speed_kmh, _SPEEDS_KMH),
        ("--year", "lines.calendar_year", request.year, _YEARS),
        ("--min-inside", "lines.min_inside_share", request.min_inside_share, (0.0, 1.0)),
    )
    for option, key, value, (least, most) in given:
        if value is None:
            continue
        if not least <= value <= most:
            raise UsageError(
                code="option-out-of-range",
                message=text("{option} {value} is out of range", option=option, value=value),
                where=Where(field=option, value=str(value)[:200]),
                expected=text("{least:g} to {most:g}", least=least, most=most),
            )
        assumptions.replace({key: float(value)}, file=option)
    return assumptions


def _service(request: ImportRequest, assumptions: Assumptions) -> Service:
    zone = request.timezone or _DEFAULT_ZONE
    if zone not in zoneinfo.available_timezones():
        raise UsageError(
            code="unknown-timezone",
            message=text("there is no time zone {zone}", zone=zone[:200]),
            where=Where(field="--timezone", value=zone[:200]),
            expected=text("an IANA name such as Europe/Paris"),
        )
    return Service(
        year=int(assumptions.number("lines.calendar_year")),
        days=read_days(request.days),
        timezone=zone,
        speed_kmh=assumptions.number("lines.speed_kmh"),
        dwell_s=assumptions.number("lines.dwell_s"),
        max_driving_kmh=assumptions.number("lines.max_driving_kmh"),
    )


def read_days(value: str) -> tuple[bool, ...]:
    """Seven flags from Monday, from days and ranges such as "mon-fri" or "mon,wed,sat-sun".

    Raises
    ------
    UsageError: a day that is none, or a range that ends before it begins.
    """
    short = [day[:3] for day in DAYS]
    chosen: set[int] = set()
    for part in value.lower().split(","):
        ends = [end.strip() for end in part.split("-")]
        if len(ends) > 2 or not set(ends) <= set(short):  # noqa: PLR2004 - a range has two ends
            raise _bad_days(value)
        first, last = short.index(ends[0]), short.index(ends[-1])
        if last < first:
            raise _bad_days(value)
        chosen.update(range(first, last + 1))
    return tuple(day in chosen for day in range(7))


def _bad_days(value: str) -> UsageError:
    return UsageError(
        code="bad-days",
        message=text("--days {value} cannot be read", value=value[:200]),
        where=Where(field="--days", value=value[:200]),
        expected=text("days or ranges of mon, tue, wed, thu, fri, sat, sun"),
        hint=text("for instance --days mon-sat"),
    )


def _check_refs(headways: Headways, lines: Sequence[Line], refusals: Sequence[Refusal]) -> None:
    known = dict.fromkeys([*(line.ref for line in lines), *(r.ref for r in refusals)])
    for ref in headways.by_ref:
        if ref not in known:
            raise UsageError(
                code="unknown-line",
                message=text("--headway names line {ref}, which the extract has not", ref=ref[:40]),
                where=Where(field="--headway", value=ref[:200]),
                expected=text("one of {refs}", refs=", ".join(known)[:500]),
            )


def _all_trips(lines: Iterable[Line], headways: Headways) -> tuple[list[LineTrips], list[Refusal]]:
    """Trips of all lines, and the lines for which no headway runs."""
    trips: list[LineTrips] = []
    left_out: list[Refusal] = []
    for line in lines:
        plan = headways.plan(line.ref)
        if plan:
            trips += line_trips(line, plan)
            continue
        left_out += _left_out(line, is_stated=plan is not None)
    if sum(one.n_trips for one in trips) > MAX_TRIPS:
        raise UsageError(
            code="too-many-trips",
            message=text("these headways make more than {n} trips a day", n=MAX_TRIPS),
            where=Where(field="--headway"),
            hint=text("a headway is in minutes"),
        )
    return trips, left_out


def _left_out(line: Line, *, is_stated: bool) -> list[Refusal]:
    code = "off" if is_stated else "no-headway"
    reason = text("off by --headway") if is_stated else text("no headway stated for it")
    name = line.tags.get("name", "")
    return [
        Refusal(relation=relation, ref=line.ref, name=name, code=code, reason=reason)
        for relation in line.relations
    ]


def _no_lines(name: str, refusals: Sequence[Refusal], n_routes: int) -> InputError:
    reasons = Counter(refusal.code for refusal in refusals)
    listed = ", ".join(f"{n} {code}" for code, n in reasons.most_common())
    hint = text("take an extract that covers the lines and has kept its relations")
    if listed:
        hint = text("refused: {listed}", listed=listed)
    if reasons["outside"]:
        hint = text("{hint}; --min-inside 0.2 takes lines that are mostly outside", hint=hint)
    return InputError(
        code="osm-no-lines",
        message=text("{file} holds no bus line that a timetable can be made of", file=name),
        where=Where(file=name, field="route", value=text("{n} bus relations", n=n_routes)),
        expected=text("relations route=bus with at least two stops inside the extract"),
        hint=hint,
    )


def _lines_of(trips: Sequence[LineTrips]) -> list[Line]:
    return list({one.line.line_id: one.line for one in trips}.values())


def _variants(trips: Sequence[LineTrips]) -> list[Variant]:
    return [variant for one in trips for variant in one.variants]


def _line_summary(line: Line, trips: Sequence[LineTrips], service: Service) -> dict[str, Any]:
    mine = [one for one in trips if one.line is line]
    return {
        "line_id": line.line_id,
        "ref": plain_text(line.ref),
        "name": plain_text(line.tags.get("name", "")),
        "relations": list(line.relations),
        "trips_per_day": sum(one.n_trips for one in mine),
        "directions": [
            {
                "direction": one.direction,
                "from": plain_text(variant.path.calls[0].name),
                "to": plain_text(variant.path.calls[-1].name),
                "stops": len(variant.path.calls),
                "length_km": round(variant.path.length_km, 3),
                "duration_min": round(minutes(variant, service), 1),
                "trips": len(one.departures_s[v]),
                "is_generated_return": variant.is_return,
            }
            for one in mine
            for v, variant in enumerate(one.variants)
        ],
    }


def _warnings(request: ImportRequest) -> list[StudyWarning]:
    label = text("the timetable is generated from headways; it is not the operator's")
    warnings = [StudyWarning(code="generated-timetable", file=request.output.name, message=label)]
    if request.timezone is None:
        zone = text("no --timezone given: times are taken as {zone}", zone=_DEFAULT_ZONE)
        warnings.append(StudyWarning(code="timezone-assumed", file=None, message=zone))
    return warnings


def _used(assumptions: Assumptions) -> list[dict[str, Any]]:
    keys = ("key", "value", "unit", "source", "year", "status")
    return [{key: getattr(figure, key) for key in keys} for figure in assumptions.used()]


def _input(source: Path, digest: str) -> dict[str, Any]:
    origin = text("OpenStreetMap extract given by the user")
    size = source.stat().st_size
    return {
        "name": source.name,
        "sha256": digest,
        "bytes": size,
        "origin": origin,
        "licence": _LICENCE,
    }


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
