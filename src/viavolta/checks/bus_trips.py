"""Rules on trips: each served once or named infeasible, as the timetable has it, and possible."""

from collections import defaultdict
from collections.abc import Iterator
from math import isclose

from viavolta.checks.bus_tables import BusStudy, Row
from viavolta.checks.finding import Finding
from viavolta.checks.great_circle import great_circle_km
from viavolta.model.messages import text

TRIP_KMH_MAX = 120.0
TRIP_TIME_GRACE_S = 60  # published times are whole minutes
TRIP_DISTANCE_GRACE_KM = 1.0  # ends are merged places, up to some hundred metres from the stop
_SAME = ("from_place", "to_place", "start_s", "end_s")
_CLOSE = ("distance_km", "energy_kwh")


def check_trips(study: BusStudy) -> Iterator[Finding]:
    """All rules on trips."""
    yield from _served_once(study)
    for row in study.all_rows():
        yield from _row_agrees(study, row)
    for trip in study.trips.values():
        yield from _possible(study, trip)


def _served_once(study: BusStudy) -> Iterator[Finding]:
    blocks_of: defaultdict[str, list[str]] = defaultdict(list)
    for row in study.served_rows():
        blocks_of[row["trip_id"]].append(row["block_id"])
    for key in study.trips:
        served, infeasible = blocks_of.get(key, []), key in study.infeasible
        if not served and not infeasible:
            yield _of("trip-not-served", key, text("in no block and not among infeasible_trips"))
        if len(served) > 1:
            message = text("served {n} times: blocks {ids}", n=len(served), ids=", ".join(served))
            yield _of("trip-served-twice", key, message)
        if served and infeasible:
            message = text("in block {id} and among infeasible_trips", id=served[0])
            yield _of("trip-served-and-infeasible", key, message)
    for key in sorted(study.infeasible - set(study.trips)):
        yield _of("infeasible-unknown", key, text("infeasible_trips names an unknown trip"))


def _row_agrees(study: BusStudy, row: Row) -> Iterator[Finding]:
    where = text("block {block} seq {seq}", block=row["block_id"], seq=row["seq"])
    if (row["kind"] == "trip") != (row["trip_id"] is not None):
        message = text("kind {kind} with trip_id {id}", kind=row["kind"], id=row["trip_id"])
        yield Finding(rule="trip-id-kind", table="blocks", where=where, message=message)
    trip = study.trips.get(row["trip_id"])
    if row["kind"] != "trip" or trip is None:
        return
    differs = [c for c in _SAME if row[c] != trip[c]]
    differs += [c for c in _CLOSE if not _is_close(row[c], trip[c])]
    for column in differs:
        message = text(
            "trip {id}: {column} is {found}, in trips {expected}",
            id=row["trip_id"],
            column=column,
            found=row[column],
            expected=trip[column],
        )
        yield Finding(rule="trip-differs", table="blocks", where=where, message=message)


def _is_close(found: float, expected: float | None) -> bool:
    return expected is not None and isclose(found, expected, rel_tol=1e-6, abs_tol=1e-9)


def _possible(study: BusStudy, trip: Row) -> Iterator[Finding]:
    key, duration_s = trip["trip_id"], trip["end_s"] - trip["start_s"]
    if duration_s < 0:
        yield _of("trip-time", key, text("ends {n} s before it starts", n=-duration_s))
        return
    limit_km = TRIP_KMH_MAX * (duration_s + TRIP_TIME_GRACE_S) / 3600
    if trip["distance_km"] > limit_km:
        message = text(
            "{km:.3f} km in {s} s is faster than {limit} km/h",
            km=trip["distance_km"],
            s=duration_s,
            limit=TRIP_KMH_MAX,
        )
        yield _of("trip-speed", key, message)
    ends = study.places.get(trip["from_place"]), study.places.get(trip["to_place"])
    if ends[0] is None or ends[1] is None:
        return
    straight_km = great_circle_km(ends[0], ends[1])
    if trip["distance_km"] < straight_km - TRIP_DISTANCE_GRACE_KM:
        message = text(
            "{km:.3f} km between places {straight:.3f} km apart",
            km=trip["distance_km"],
            straight=straight_km,
        )
        yield _of("trip-distance", key, message)


def _of(rule: str, trip_id: str, message: str) -> Finding:
    return Finding(rule=rule, table="trips", where=text("trip {id}", id=trip_id), message=message)
