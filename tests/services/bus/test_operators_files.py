"""What a plan hands to operators' systems: a TODS overlay, and the feed with its blocks."""

import csv
import io
import shutil
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from viavolta.cli.check import read_folder
from viavolta.formats.gtfs import read_feed, timetable_on
from viavolta.formats.gtfs.archive import read_files
from viavolta.services.bus.operators_files import FEED_FILE
from viavolta.services.bus.request import BusRequest
from viavolta.services.check_study import check_study
from viavolta.services.plan_bus import plan_bus
from viavolta.storage.study_folder import read_study, write_study

LATE_AND_EARLY = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence,stop_headsign\r\n"
    'N1,00:02:00,00:02:00,A,1,"Harbour, by night"\r\n'
    "N1,00:22:00,00:22:00,D,2,\r\n"
    "T1,08:00:00,08:00:00,A,1,\r\n"
    "T1,08:20:00,08:20:00,D,2,\r\n"
    "T2,08:40:00,08:40:00,D,1,\r\n"
    "T2,09:00:00,09:00:00,A,2,\r\n"
    "T2b,08:40:00,08:40:00,D,1,\r\n"
    "T2b,09:00:00,09:00:00,A,2,\r\n"
    "T3,08:10:00,08:10:00,D,1,\r\n"
    "T3,08:30:00,08:30:00,A,2,\r\n"
    "SUN,08:10:00,08:10:00,D,1,\r\n"
    "SUN,08:30:00,08:30:00,A,2,\r\n"
    "TRAM,07:00:00,07:00:00,A,1,\r\n"
    "TRAM,07:30:00,07:30:00,D,2,\r\n"
)
FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "X,City Buses,https://example.org,Europe/Rome\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nR1,X,1,3\ndeadheads,X,T,0\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
    "A,Station,46.0700,11.1200\nD,Harbour,46.0900,11.1400\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\n"
    "WK,1,1,1,1,1,0,0,20250203,20250228\nSU,0,0,0,0,0,0,1,20250203,20250228\n",
    "trips.txt": "\ufeffroute_id,service_id,trip_id,block_id,trip_headsign\n"
    'R1,WK,N1,old,"Harbour, by night"\n'
    "R1,WK,T1,old,\n"
    "R1,WK,T2,,\n"
    "R1,WK,T2b,,\n"
    "R1,WK,T3,,\n"
    'R1,SU,SUN,"B0001",\n'
    "deadheads,WK,TRAM,B0002,\n",
    "stop_times.txt": LATE_AND_EARLY,
    "notes.txt": "unknown to GTFS\n",
}
HEADWAYS = {
    "trips.txt": FEED["trips.txt"] + "R1,WK,F,,\n",
    "stop_times.txt": LATE_AND_EARLY
    + "F,06:00:00,06:00:00,D,1,\r\nF,,,D,2,\r\nF,06:20:00,06:20:00,A,3,\r\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nF,12:00:00,13:00:00,1200\n",
}


def _write_feed(folder: Path, *, headways: bool) -> Path:
    path = folder / ("headways.zip" if headways else "feed.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**FEED, **(HEADWAYS if headways else {})}.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["times", "headways"])
def planned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a feed and the study of its plan."""
    folder = tmp_path_factory.mktemp("operators")
    feed = _write_feed(folder, headways=request.param)
    asked = BusRequest(feed=feed, depots=("North=46.0950,11.1450",), effort="low")
    study = plan_bus(asked, clock=lambda: 0.0)
    write_study(folder / "study", study, force=False, extra={"report.html": b"report"})
    feed.rename(folder / "feed.zip")
    return folder


def _table(folder: Path, name: str) -> list[dict[str, str]]:
    content = (folder / "study" / "tods" / f"{name}.txt").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(content)))


def _chains(trips: pl.DataFrame, vehicle: str) -> set[frozenset[str]]:
    """The trips that stand together."""
    together: defaultdict[str, set[str]] = defaultdict(set)
    for trip, key in trips.select("trip_id", vehicle).iter_rows():
        together[key].add(trip)
    return {frozenset(ids) for ids in together.values()}


def test_every_rule_holds(planned: Path) -> None:
    """The check finds nothing in the study with its files for operators."""
    result = check_study(planned / "study", read_folder)
    assert result.is_ok, result.findings[:5]


def test_blocks_are_the_same_when_the_feed_is_read_again(planned: Path) -> None:
    """The feed with blocks gives the trips of the day, and puts together what one bus drives."""
    document, tables = read_study(planned / "study")
    feed = read_feed(planned / "study" / FEED_FILE)
    day = timetable_on(feed, pl.Series([document["service_date"]]).str.to_date()[0])
    assert sorted(day.timetable.trips["trip_id"]) == sorted(tables["trips"]["trip_id"])
    driven = tables["blocks"].filter(pl.col("kind") == "trip")
    assert _chains(day.timetable.trips, "block_id") == _chains(driven, "vehicle_id")


def test_all_but_the_blocks_keeps_its_bytes(planned: Path) -> None:
    """Every other file is the same, and every trip that is not planned keeps its line."""
    before, after = read_files(planned / "feed.zip"), read_files(planned / "study" / FEED_FILE)
    by_headway = "frequencies.txt" in before
    changed = {"trips.txt", "stop_times.txt", "frequencies.txt"} if by_headway else {"trips.txt"}
    assert {n: c for n, c in before.items() if n not in changed} == {
        n: c for n, c in after.items() if n not in changed
    }
    lines = after["trips.txt"].splitlines()
    assert lines[0] == before["trips.txt"].splitlines()[0]
    assert b'R1,SU,SUN,"B0001",' in lines
    assert b"deadheads,WK,TRAM,B0002," in lines
    assert any(line.startswith(b"R1,WK,T3,plan-B") for line in lines)
    assert after["stop_times.txt"].startswith(LATE_AND_EARLY.encode())


def test_departures_by_headway_become_trips_of_their_own(planned: Path) -> None:
    """A repeated trip cannot run in several blocks: its departures take its place, with times."""
    before, after = read_files(planned / "feed.zip"), read_files(planned / "study" / FEED_FILE)
    if "frequencies.txt" not in before:
        assert not [row for row in _table(planned, "trips_supplement") if row["TODS_delete"]]
        return
    assert "frequencies.txt" not in after
    added = after["stop_times.txt"].removeprefix(LATE_AND_EARLY.encode()).decode().splitlines()
    assert added[:3] == [
        "F@12:00:00,12:00:00,12:00:00,D,1,",
        "F@12:00:00,,,D,2,",
        "F@12:00:00,12:20:00,12:20:00,A,3,",
    ]
    rows = _table(planned, "trips_supplement")
    assert [row["trip_id"] for row in rows if row["TODS_delete"] == "1"] == ["F"]
    assert {"F@12:00:00", "F@12:20:00", "F@12:40:00"} <= {row["trip_id"] for row in rows}


def test_names_do_not_meet_those_of_the_feed(planned: Path) -> None:
    """A block or route that the feed has already stays what it is there."""
    assert {row["block_id"][:6] for row in _table(planned, "vehicle_assignments")} == {"plan-B"}
    assert [row["route_id"] for row in _table(planned, "routes_supplement")] == ["deadheads+"]


def test_a_way_before_midnight_runs_on_the_evening_before(planned: Path) -> None:
    """The first trip leaves at 00:02: its pull-out has the date of the day before."""
    dates = {row["service_id"]: row["date"] for row in _table(planned, "calendar_dates_supplement")}
    day, evening = sorted(dates.values(), reverse=True)
    assert int(day) - int(evening) == 1
    (way,) = [
        row for row in _table(planned, "run_events") if row["service_id"].endswith("evening-before")
    ]
    assert way["event_type"] == "Pull-Out"
    assert way["start_time"].startswith("23:")


def _accepted(python: Path, overlay: Path, feed: Path) -> subprocess.CompletedProcess[str]:
    program = python.with_name("tods-validate")
    command = [str(program), "validate", str(overlay), "--gtfs", str(feed), "--fail-on", "warning"]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_validator_of_the_standard_accepts_the_overlay(
    planned: Path, foreign_client: Callable[[str], Path], tmp_path: Path
) -> None:
    """`tods-validate` has no error and no warning, and finds a vehicle that is left out."""
    python = foreign_client("tods-validate")
    done = _accepted(python, planned / "study" / "tods", planned / "feed.zip")
    assert done.returncode == 0, done.stdout
    assert "0 error(s), 0 warning(s)" in done.stdout
    broken = Path(shutil.copytree(planned / "study" / "tods", tmp_path / "tods"))
    (broken / "vehicles.txt").write_text("vehicle_id,vehicle_label\nnobody,\n", encoding="utf-8")
    assert _accepted(python, broken, planned / "feed.zip").returncode != 0
