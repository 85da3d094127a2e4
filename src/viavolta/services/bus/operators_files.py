"""What a bus operator's own systems read: a TODS overlay, and the feed with the blocks."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from viavolta.formats.gtfs import Feed, departures_on
from viavolta.formats.gtfs.archive import read_files
from viavolta.formats.gtfs.blocks import Departure, clock_text, shifted, with_blocks
from viavolta.formats.gtfs.records import read_records
from viavolta.formats.gtfs_write import Row, packed
from viavolta.formats.tods import FOLDER, overlay_files
from viavolta.model.messages import text
from viavolta.model.timetable import Timetable
from viavolta.services.bus.feed_ids import FeedIds, block_prefix, feed_ids, free_id

FEED_FILE = "gtfs-with-blocks.zip"
DAY_S = 86_400
BUS_ROUTE_TYPE = 3
NO_PASSENGERS = 1
"""pickup_type and drop_off_type of a way without passengers."""
RUNS_ON_DATE = 1
"""exception_type of a date with service."""
WAYS = ("pull_out", "deadhead", "pull_in")
EVENTS = {
    "pull_out": "Pull-Out",
    "trip": "Trip",
    "deadhead": "Deadhead",
    "layover": "Layover",
    "charge": "Charging",
    "pull_in": "Pull-In",
}
JOB = "Vehicle block"
"""job_type: a run is one vehicle's day, to be cut into duties; the plan has no drivers."""
_COPIED = ("route_id", "service_id", "trip_headsign", "direction_id", "shape_id")

Rows = dict[str, list[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The plan beside its feed: blocks by name, stops of trips, places by id."""

    blocks: dict[str, list[dict[str, Any]]]
    vehicle_of: dict[str, str]
    ends_of: Mapping[str, tuple[str, str]]
    depot_stop: dict[str, str]
    place_stop: dict[str, str]
    block_name: dict[str, str]


def operators_files(
    feed_path: Path, feed: Feed, timetable: Timetable, tables: Mapping[str, pl.DataFrame]
) -> dict[str, bytes]:
    """Write the overlay and the feed with blocks, by their names in the study folder.

    Raises
    ------
    InputError: the feed cannot be read any more.
    """
    files = read_files(feed_path)
    ids = feed_ids(files)
    day = departures_on(feed, timetable.date)
    served = {
        row["trip_id"]: row["block_id"]
        for row in tables["blocks"].filter(pl.col("kind") == "trip").iter_rows(named=True)
    }
    prefix = block_prefix(ids, frozenset(served.values()), frozenset(day["trip_id"]))
    block_of: dict[str, str] = {}
    departures: defaultdict[str, list[Departure]] = defaultdict(list)
    for row in day.iter_rows(named=True):
        block = served.get(row["kept_id"])
        name = prefix + block if block is not None else ""
        if row["by_headway"]:
            departure = Departure(trip_id=row["id"], block_id=name, shift_s=row["shift_s"])
            departures[row["trip_id"]].append(departure)
        else:
            block_of[row["trip_id"]] = name
    plan = _plan(timetable, tables, ids, prefix)
    rows: Rows = defaultdict(list)
    _add_depots(rows, plan, tables)
    _add_trips(rows, block_of, departures, ids, files)
    service_of = dict(day.select("id", "service_id").iter_rows())
    _add_blocks(rows, plan, ids, service_of, timetable.date)
    overlay = {f"{FOLDER}/{name}": content for name, content in overlay_files(rows).items()}
    return {**overlay, FEED_FILE: packed(with_blocks(files, block_of, departures))}


def _plan(
    timetable: Timetable, tables: Mapping[str, pl.DataFrame], ids: FeedIds, prefix: str
) -> _Plan:
    calls = timetable.stop_times.group_by("trip", maintain_order=True).agg(
        first=pl.col("stop").first(), last=pl.col("stop").last()
    )
    stop = timetable.stops["stop_id"]
    trip = timetable.trips["trip_id"].gather(calls["trip"])
    ends = zip(stop.gather(calls["first"]), stop.gather(calls["last"]), strict=True)
    blocks: dict[str, list[dict[str, Any]]] = {}
    for row in tables["blocks"].sort("block_id", "seq").iter_rows(named=True):
        blocks.setdefault(row["block_id"], []).append(row)
    places = tables["places"].iter_rows(named=True)
    depot_stop, place_stop = {}, {}
    for place in places:
        if place["is_depot"]:
            depot_stop[place["place_id"]] = free_id(place["place_id"], ids.stop_ids)
        else:
            place_stop[place["place_id"]] = place["merged_stop_ids"][0]
    return _Plan(
        blocks=blocks,
        vehicle_of={name: rows[0]["vehicle_id"] for name, rows in blocks.items()},
        ends_of=dict(zip(trip, ends, strict=True)),
        depot_stop=depot_stop,
        place_stop=place_stop,
        block_name={name: prefix + name for name in blocks},
    )


def _add_depots(rows: Rows, plan: _Plan, tables: Mapping[str, pl.DataFrame]) -> None:
    """Depots as stops, vehicles with their types, charging points."""
    for place in tables["places"].iter_rows(named=True):
        if place["is_depot"]:
            stop = plan.depot_stop[place["place_id"]]
            name = place["name"] or stop
            rows["stops_supplement"].append((stop, name, place["lat"], place["lon"], "garage"))
    for vehicle in tables["vehicles"].iter_rows(named=True):
        rows["vehicles"].append((vehicle["vehicle_id"], vehicle["vehicle_type"]))
    for charger in tables["chargers"].iter_rows(named=True):
        place = charger["place_id"]
        stops = (plan.depot_stop.get(place, ""), plan.place_stop.get(place, ""))
        rows["chargers"].append((*stops, int(charger["point_kw"]), charger["n_points"]))


def _add_trips(
    rows: Rows,
    block_of: Mapping[str, str],
    departures: Mapping[str, Sequence[Departure]],
    ids: FeedIds,
    files: Mapping[str, bytes],
) -> None:
    """The blocks of the feed's trips; a trip by headway gives way to its departures."""
    update = [""] * 4
    rows["trips_supplement"] += [
        (trip, "", "", *update[:2], block, "", "", "") for trip, block in block_of.items() if block
    ]
    if not departures:
        return
    for about in ids.trips.dictionaries():
        trip = about["trip_id"]
        if trip not in departures:
            continue
        route, service, headsign, direction, shape = (about.get(name, "") for name in _COPIED)
        rows["trips_supplement"].append((trip, *([""] * 7), 1))
        rows["trips_supplement"] += [
            (d.trip_id, route, service, headsign, direction, d.block_id, shape, "", "")
            for d in departures[trip]
        ]
    names = {name.lower(): name for name in files}
    calls: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for call in read_records(files[names["stop_times.txt"]]).dictionaries():
        if call["trip_id"] in departures:
            calls[call["trip_id"]].append(call)
    for trip, planned in departures.items():
        for departure in planned:
            rows["stop_times_supplement"] += [
                (
                    departure.trip_id,
                    shifted(call["arrival_time"], departure.shift_s),
                    shifted(call["departure_time"], departure.shift_s),
                    call["stop_id"],
                    call["stop_sequence"],
                    call.get("pickup_type", ""),
                    call.get("drop_off_type", ""),
                )
                for call in calls[trip]
            ]


def _add_blocks(
    rows: Rows, plan: _Plan, ids: FeedIds, service_of: Mapping[str, str], date: dt.date
) -> None:
    """Ways without passengers as trips, what each vehicle does in turn, and whose block it is."""
    route = free_id("deadheads", ids.route_ids)
    agency = ids.agency_id
    name = text("Ways without passengers")
    rows["routes_supplement"].append((route, agency, "", name, BUS_ROUTE_TYPE))
    services: dict[int, tuple[str, str]] = {}
    for days, day in ((0, date), (-1, date - dt.timedelta(days=1))):
        wanted = f"plan-{date:%Y%m%d}" + ("" if days == 0 else "-evening-before")
        services[days] = (free_id(wanted, ids.service_ids), f"{day:%Y%m%d}")
    used = set()
    for block, activities in plan.blocks.items():
        shown = plan.block_name[block]
        vehicle = plan.vehicle_of[block]
        assigned: dict[tuple[str, str], None] = {}
        for row, stops in _at_stops(plan, activities):
            begins = -1 if row["start_s"] < 0 else 0
            service, on_day = services[begins]
            times = [clock_text(row[k] - begins * DAY_S) for k in ("start_s", "end_s")]
            trip = row["trip_id"] or ""
            if row["kind"] in WAYS:
                trip = free_id(f"{shown}-{row['seq']}", ids.trip_ids)
                rows["trips_supplement"].append(
                    (trip, route, service, "", "", shown, "", row["kind"].replace("_", "-"), "")
                )
                rows["stop_times_supplement"] += [
                    (trip, t, t, stop, seq, NO_PASSENGERS, NO_PASSENGERS)
                    for seq, (t, stop) in enumerate(zip(times, stops, strict=True), start=1)
                ]
            event = EVENTS[row["kind"]]
            rows["run_events"].append(
                (
                    *(service, shown, row["seq"], shown, JOB, event, trip),
                    *(stops[0], times[0], stops[1], times[1]),
                )
            )
            used.add(begins)
            of_trip = service_of[trip] if row["kind"] == "trip" else service
            assigned[(on_day, of_trip)] = None
        rows["vehicle_assignments"] += [
            (on_day, service, shown, vehicle) for on_day, service in assigned
        ]
    rows["calendar_dates_supplement"] += [(*services[k], RUNS_ON_DATE) for k in sorted(used)]


def _at_stops(
    plan: _Plan, activities: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], tuple[str, str]]]:
    """Each activity with the stops it begins and ends at; a place may have several."""
    here = plan.depot_stop[activities[0]["from_place"]]
    for k, row in enumerate(activities):
        if row["kind"] == "trip":
            start, end = plan.ends_of[row["trip_id"]]
        else:
            start, end = here, _stop_to_come(plan, row["to_place"], activities[k + 1 :])
            if row["from_place"] == row["to_place"] and not _leaves_next(activities, k):
                end = start
        yield row, (start, end)
        here = end


def _leaves_next(activities: Sequence[dict[str, Any]], k: int) -> bool:
    return k + 1 < len(activities) and activities[k + 1]["kind"] == "trip"


def _stop_to_come(plan: _Plan, place: str, later: Sequence[dict[str, Any]]) -> str:
    """The stop of a place at which what comes next begins."""
    if place in plan.depot_stop:
        return plan.depot_stop[place]
    for row in later:
        if row["kind"] == "trip":
            return plan.ends_of[row["trip_id"]][0]
        if row["from_place"] != row["to_place"]:
            break
    return plan.place_stop[place]
