"""The rules on files for operators: each is broken by a change that it must find."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from viavolta.checks.operators import FEED_FILE, check_operators
from viavolta.services.bus.request import BusRequest
from viavolta.services.plan_bus import plan_bus

FEED = {
    "routes.txt": "route_id,route_short_name,route_type\nR1,1,3\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
    "A,Station,46.07,11.12\nD,Harbour,46.09,11.14\n",
    "calendar_dates.txt": "service_id,date,exception_type\nWK,20250210,1\n",
    "trips.txt": "route_id,service_id,trip_id\nR1,WK,T1\nR1,WK,T2\nR1,WK,T3\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,08:00:00,08:00:00,A,1\nT1,08:20:00,08:20:00,D,2\n"
    "T2,08:40:00,08:40:00,D,1\nT2,09:00:00,09:00:00,A,2\n"
    "T3,08:10:00,08:10:00,D,1\nT3,08:30:00,08:30:00,A,2\n",
}
Study = tuple[dict[str, Any], dict[str, pl.DataFrame], dict[str, bytes]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A plan of three trips with the files it hands over."""
    feed = tmp_path_factory.mktemp("feed") / "feed.zip"
    with zipfile.ZipFile(feed, "w") as archive:
        for name, content in FEED.items():
            archive.writestr(name, content)
    asked = BusRequest(feed=feed, depots=("North=46.0950,11.1450",), effort="low")
    planned = plan_bus(asked, clock=lambda: 0.0)
    assert planned.service_date is not None
    return {"service_date": planned.service_date.isoformat()}, planned.tables, planned.files


def rules(study: Study, name: str, change: Callable[[str], str]) -> set[str]:
    """The rules that a changed file breaks."""
    document, tables, files = study
    if name == FEED_FILE:
        changed = _feed_changed(files[name], change)
    else:
        changed = change(files[name].decode()).encode()
        assert changed != files[name]
    return {f.rule for f in check_operators(document, tables, {**files, name: changed})}


def _feed_changed(content: bytes, change: Callable[[str], str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            table = old.read(name).decode()
            new.writestr(name, change(table) if name == "trips.txt" else table)
    return written.getvalue()


def test_what_is_written_breaks_no_rule(study: Study) -> None:
    """The files say what the tables say; a study without them is as good."""
    assert list(check_operators(*study)) == []
    assert list(check_operators(study[0], study[1], {})) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("tods/run_events.txt", "event_type", "kind", "tods-shape"),
        ("tods/run_events.txt", ",Layover,", ",Charging,", "tods-event"),
        ("tods/run_events.txt", "08:20:00", "08:21:00", "tods-event"),
        ("tods/run_events.txt", "08:20:00", "soon", "tods-event"),
        ("tods/run_events.txt", "plan-20250210,B0001,1", "WK,B0001,1", "tods-event"),
        ("tods/calendar_dates_supplement.txt", "20250210,1", "20250211,1", "tods-event"),
        ("tods/trips_supplement.txt", "T3,,,,,B0002", "T3,,,,,B0001", "tods-trip-block"),
        ("tods/trips_supplement.txt", "T1,,,,,B0001,,,\r\n", "", "tods-trip-block"),
        ("tods/trips_supplement.txt", "B0001-1,", "B0001-9,", "tods-way"),
        ("tods/stop_times_supplement.txt", "08:00:00,08:00:00", "07:59:00,07:59:00", "tods-way"),
        ("tods/vehicles.txt", "V0001", "V0009", "tods-vehicle"),
        ("tods/vehicle_assignments.txt", "WK,B0002,V0002", "WK,B0002,V0001", "tods-vehicle"),
        ("tods/stops_supplement.txt", "46.095", "46.096", "tods-depot"),
        (FEED_FILE, "T3,B0002", "T3,B0001", "feed-blocks"),
        (FEED_FILE, "T2,B0001", "T2,B0003", "feed-blocks"),
        (FEED_FILE, "T2,B0001", "T2,", "feed-blocks"),
    ],
)
def test_a_change_is_found(study: Study, name: str, old: str, new: str, rule: str) -> None:
    """Each change breaks the rule that guards against it."""
    assert rule in rules(study, name, lambda content: content.replace(old, new))


def test_a_missing_table_and_a_broken_zip_are_found(study: Study) -> None:
    """What cannot be read is a finding, not a crash."""
    document, tables, files = study
    without = {n: c for n, c in files.items() if n != "tods/vehicles.txt"}
    assert {f.rule for f in check_operators(document, tables, without)} == {"tods-shape"}
    broken = {**files, FEED_FILE: files[FEED_FILE][:100]}
    assert {f.rule for f in check_operators(document, tables, broken)} == {"feed-blocks"}
