"""Rules on what a bus study hands to operators: the TODS overlay and the feed with blocks.

Both must say the same as the tables. A block is known by its vehicle, since its name may carry a
prefix where the feed has blocks of that name.
"""

import csv
import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.model.messages import text

FOLDER = "tods/"
FEED_FILE = "gtfs-with-blocks.zip"
DAY_S = 86_400
TABLE_BYTES_MAX = 2 * 1024**3
DEGREES_GRACE = 1e-9
WAYS = ("pull_out", "deadhead", "pull_in")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "trips_supplement": ("trip_id", "block_id", "TODS_trip_type"),
    "stop_times_supplement": ("trip_id", "arrival_time", "departure_time", "stop_id"),
    "stops_supplement": ("stop_id", "stop_name", "stop_lat", "stop_lon", "TODS_location_type"),
    "calendar_dates_supplement": ("service_id", "date"),
    "run_events": (
        "service_id",
        "run_id",
        "event_sequence",
        "block_id",
        "event_type",
        "trip_id",
        "start_time",
        "end_time",
    ),
    "vehicles": ("vehicle_id", "vehicle_label"),
    "vehicle_assignments": ("date", "block_id", "vehicle_id"),
}
_EVENTS = {
    "pull_out": "Pull-Out",
    "trip": "Trip",
    "deadhead": "Deadhead",
    "layover": "Layover",
    "charge": "Charging",
    "pull_in": "Pull-In",
}

Lines = list[dict[str, str]]


def check_operators(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame], files: Mapping[str, bytes]
) -> Iterator[Finding]:
    """All rules on the files for operators; a study without them is as good.

    `tables` passed the rules of `check_bus`.
    """
    vehicle_of = {
        row["trip_id"]: row["vehicle_id"]
        for row in tables["blocks"].iter_rows(named=True)
        if row["kind"] == "trip"
    }
    if FEED_FILE in files:
        yield from _feed(files[FEED_FILE], vehicle_of, tables)
    overlay = {name.removeprefix(FOLDER): files[name] for name in files if name.startswith(FOLDER)}
    if not overlay:
        return
    lines: dict[str, Lines] = {}
    findings = []
    for name, columns in _COLUMNS.items():
        lines[name], wrong = _read(overlay.get(f"{name}.txt"), name, columns)
        findings += wrong
    yield from findings
    if not findings:
        yield from _overlay(study, tables, lines, vehicle_of)


def _overlay(
    study: Mapping[str, Any],
    tables: Mapping[str, pl.DataFrame],
    lines: Mapping[str, Lines],
    vehicle_of: Mapping[str, str],
) -> Iterator[Finding]:
    yield from _fleet(tables, lines)
    blocks: dict[str, str] = {}
    for line in lines["vehicle_assignments"]:
        other = blocks.setdefault(line["block_id"], line["vehicle_id"])
        if other != line["vehicle_id"]:
            message = text("given to {a} and to {b}", a=other, b=line["vehicle_id"])
            yield _of("tods-vehicle", "vehicle_assignments", line["block_id"], message)
    planned = set(tables["vehicles"]["vehicle_id"].to_list())
    if set(blocks.values()) != planned or len(blocks) != len(planned):
        message = text("does not give each vehicle of the plan one block")
        yield _of("tods-vehicle", "vehicle_assignments", "", message)
    told = {
        line["trip_id"]: blocks.get(line["block_id"])
        for line in lines["trips_supplement"]
        if not line["TODS_trip_type"] and line["block_id"]
    }
    yield from _blocks_of_trips("tods-trip-block", "trips_supplement", told, vehicle_of)
    yield from _events(study, tables, lines, blocks)


def _fleet(tables: Mapping[str, pl.DataFrame], lines: Mapping[str, Lines]) -> Iterator[Finding]:
    """Vehicles and depots are those of the plan."""
    expected = dict(tables["vehicles"].select("vehicle_id", "vehicle_type").iter_rows())
    found = {line["vehicle_id"]: line["vehicle_label"] for line in lines["vehicles"]}
    if found != expected or len(found) != len(lines["vehicles"]):
        yield _of("tods-vehicle", "vehicles", "", text("does not list the vehicles of the plan"))
    depots = tables["places"].filter("is_depot").select("lat", "lon").sort("lat", "lon").rows()
    garages = sorted(
        (_number(line["stop_lat"]), _number(line["stop_lon"]))
        for line in lines["stops_supplement"]
        if line["TODS_location_type"] == "garage"
    )
    if len(depots) != len(garages) or any(
        abs(a - b) > DEGREES_GRACE
        for depot, garage in zip(depots, garages, strict=True)
        for a, b in zip(depot, garage, strict=True)
    ):
        message = text("garages do not lie where the depots of the plan do")
        yield _of("tods-depot", "stops_supplement", "", message)


def _events(
    study: Mapping[str, Any],
    tables: Mapping[str, pl.DataFrame],
    lines: Mapping[str, Lines],
    vehicle_of_block: Mapping[str, str],
) -> Iterator[Finding]:
    """Runs do what the blocks do, activity by activity, and ways are trips with their times."""
    first_day = date.fromisoformat(str(study["service_date"]))
    days = {first_day.strftime("%Y%m%d"): 0}
    days[(first_day - timedelta(days=1)).strftime("%Y%m%d")] = -DAY_S
    shift_of = {
        line["service_id"]: days.get(line["date"]) for line in lines["calendar_dates_supplement"]
    }
    expected: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in tables["blocks"].sort("block_id", "seq").iter_rows(named=True):
        what = (row["kind"], row["trip_id"] or "", row["start_s"], row["end_s"])
        expected[row["vehicle_id"]].append(what)
    kinds = {event: kind for kind, event in _EVENTS.items()}
    done: defaultdict[str, list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
    ways: dict[str, tuple[Any, ...]] = {}
    for line in lines["run_events"]:
        vehicle = vehicle_of_block.get(line["block_id"], "")
        shift_s = shift_of.get(line["service_id"])
        times = (_seconds(line["start_time"]), _seconds(line["end_time"]))
        if shift_s is None or times[0] is None or times[1] is None:
            message = text("a service that does not run on the day, or no time of day")
            yield _of("tods-event", "run_events", line["run_id"], message)
            continue
        kind = kinds.get(line["event_type"], "")
        if kind in WAYS:
            ways[line["trip_id"]] = (line["block_id"], times)
        trip = "" if kind in WAYS else line["trip_id"]
        order = _seconds(f"0:0:{line['event_sequence']}") or 0
        done[vehicle].append((order, (kind, trip, times[0] + shift_s, times[1] + shift_s)))
    for vehicle, activities in expected.items():
        if [what for _, what in sorted(done[vehicle])] != activities:
            message = text("its run events are not the activities of its block")
            yield _of("tods-event", "run_events", text("vehicle {id}", id=vehicle), message)
    yield from _ways(lines, ways)


def _ways(lines: Mapping[str, Lines], ways: Mapping[str, tuple[Any, ...]]) -> Iterator[Finding]:
    """Each way without passengers is a trip of its block, with the times of its run event."""
    calls: defaultdict[str, list[tuple[int | None, int | None]]] = defaultdict(list)
    for line in lines["stop_times_supplement"]:
        both = (_seconds(line["arrival_time"]), _seconds(line["departure_time"]))
        calls[line["trip_id"]].append(both)
    told = {
        line["trip_id"]: line["block_id"]
        for line in lines["trips_supplement"]
        if line["TODS_trip_type"]
    }
    for trip in sorted(set(told) ^ set(ways)):
        message = text("a way that stands in one of trips_supplement and run_events alone")
        yield _of("tods-way", "trips_supplement", trip, message)
    for trip in sorted(set(told) & set(ways)):
        block, (start_s, end_s) = ways[trip]
        if told[trip] != block or calls[trip] != [(start_s, start_s), (end_s, end_s)]:
            message = text("block or times differ from its run event")
            yield _of("tods-way", "stop_times_supplement", trip, message)


def _feed(
    content: bytes, vehicle_of: Mapping[str, str], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """The feed puts into one block what one vehicle drives, and nothing else of the day."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [n for n in archive.namelist() if n.lower() == "trips.txt"]
            with archive.open(names[0] if names else "trips.txt") as stream:
                data = stream.read(TABLE_BYTES_MAX)
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError, RuntimeError, OSError) as error:
        yield _of("feed-blocks", FEED_FILE, "", text("cannot be read: {why}", why=str(error)[:200]))
        return
    lines, wrong = _read(data, FEED_FILE, ("trip_id", "block_id"))
    if wrong:
        yield from wrong
        return
    of_day = set(tables["trips"]["trip_id"].to_list())
    block_of = {line["trip_id"]: line["block_id"] for line in lines if line["trip_id"] in of_day}
    names_of: dict[str, str] = {}
    for trip, vehicle in vehicle_of.items():
        if block_of.get(trip):
            names_of.setdefault(block_of[trip], vehicle)
    told = {trip: names_of.get(block, block) for trip, block in block_of.items() if block}
    yield from _blocks_of_trips("feed-blocks", FEED_FILE, told, vehicle_of)
    if len(names_of) != len(set(names_of.values())):
        message = text("the trips of one vehicle stand in several blocks")
        yield _of("feed-blocks", FEED_FILE, "", message)


def _blocks_of_trips(
    rule: str, table: str, told: Mapping[str, str | None], vehicle_of: Mapping[str, str]
) -> Iterator[Finding]:
    for trip, vehicle in vehicle_of.items():
        if told.get(trip) != vehicle:
            message = text(
                "in the block of {found}, in the plan of {expected}",
                found=told.get(trip),
                expected=vehicle,
            )
            yield _of(rule, table, text("trip {id}", id=trip), message)


def _read(data: bytes | None, name: str, columns: tuple[str, ...]) -> tuple[Lines, list[Finding]]:
    """The lines of a CSV table, or what is wrong with it."""
    try:
        if data is None:
            return [], [_of("tods-shape", name, "", text("is missing"))]
        rows = list(csv.reader(io.StringIO(_decoded(data), newline="")))
    except csv.Error as error:
        return [], [_of("tods-shape", name, "", text("no CSV: {why}", why=str(error)[:200]))]
    header = [cell.strip() for cell in rows[0]] if rows else []
    missing = [column for column in columns if column not in header]
    if missing:
        message = text("lacks the columns {names}", names=", ".join(missing))
        return [], [_of("tods-shape", name, "", message)]
    at = {column: header.index(column) for column in columns}
    lines = [
        {column: row[k].strip() if k < len(row) else "" for column, k in at.items()}
        for row in rows[1:]
        if row
    ]
    return lines, []


def _decoded(data: bytes) -> str:
    """The text of a table; feeds that are no UTF-8 are Windows-1252 as a rule."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _seconds(time: str) -> int | None:
    """HH:MM:SS as seconds, None where it is no time."""
    parts = time.split(":")
    if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) < 9 for p in parts):  # noqa: PLR2004 - three parts; no number that is no time
        return None
    hours, minutes, seconds = map(int, parts)
    return hours * 3600 + minutes * 60 + seconds


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _of(rule: str, table: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=where[:200], message=message)
