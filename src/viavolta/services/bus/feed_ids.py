"""Names that a feed has already taken, and names of the plan that do not meet them."""

from collections.abc import Mapping
from dataclasses import dataclass

from viavolta.formats.gtfs.records import Records, read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedIds:
    """The ids of a feed, of all its modes, and its first agency (empty where it has no id)."""

    trips: Records
    trip_ids: frozenset[str]
    route_ids: frozenset[str]
    stop_ids: frozenset[str]
    service_ids: frozenset[str]
    agency_id: str


def feed_ids(files: Mapping[str, bytes]) -> FeedIds:
    """Read the ids of a feed's files."""
    tables = {name.lower(): name for name in files}

    def ids(table: str, column: str) -> frozenset[str]:
        if table not in tables:
            return frozenset()
        records = read_records(files[tables[table]])
        k = records.column(column)
        return frozenset(record.value(k) for record in records.records if k >= 0) - {""}

    agencies = read_records(files[tables["agency.txt"]]) if "agency.txt" in tables else None
    first = next(agencies.dictionaries(), {}) if agencies is not None else {}
    trips = read_records(files[tables["trips.txt"]])
    k = trips.column("trip_id")
    return FeedIds(
        trips=trips,
        trip_ids=frozenset(record.value(k) for record in trips.records),
        route_ids=ids("routes.txt", "route_id"),
        stop_ids=ids("stops.txt", "stop_id"),
        service_ids=ids("calendar.txt", "service_id") | ids("calendar_dates.txt", "service_id"),
        agency_id=first.get("agency_id", ""),
    )


def block_prefix(ids: FeedIds, planned: frozenset[str], own_trips: frozenset[str]) -> str:
    """What goes before the plan's block ids, so that none is the feed's on other trips.

    `own_trips` are the feed's trips that get their block from the plan.
    """
    trip, block = ids.trips.column("trip_id"), ids.trips.column("block_id")
    others = {
        record.value(block) for record in ids.trips.records if record.value(trip) not in own_trips
    }
    prefix = ""
    while any(prefix + name in others for name in planned):
        prefix += "plan-"
    return prefix


def free_id(wanted: str, taken: frozenset[str]) -> str:
    """The wanted id, with as many marks behind it as it takes to be the only one."""
    while wanted in taken:
        wanted += "+"
    return wanted
