"""VDV 452 becomes our timetable, and what is wrong in it is named where it stands."""

import datetime as dt
import zipfile
from pathlib import Path

import polars as pl
import pytest
from small_timetable import CALLS, files, write

from viavolta.cli.check import read_folder
from viavolta.formats.gtfs import Feed, read_feed, timetable_on
from viavolta.formats.vdv452.x10 import cells, read_x10
from viavolta.model.errors import InputError
from viavolta.model.timetable import Timetable
from viavolta.services.bus.operators_files import FEED_FILE
from viavolta.services.bus.request import BusRequest
from viavolta.services.check_study import check_study
from viavolta.services.plan_bus import plan_bus
from viavolta.storage.study_folder import write_study

MONDAY = dt.date(2026, 1, 12)


def calls(timetable: Timetable) -> dict[str, list[tuple[str, int, int]]]:
    """Stop, arrival and departure of each trip."""
    ids, stops = timetable.trips["trip_id"], timetable.stops["stop_id"]
    found: dict[str, list[tuple[str, int, int]]] = {}
    for row in timetable.stop_times.iter_rows(named=True):
        call = (stops[row["stop"]], row["arrival_s"], row["departure_s"])
        found.setdefault(ids[row["trip"]], []).append(call)
    return found


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    """The small timetable as a feed."""
    return read_feed(write(tmp_path / "vdv"))


def test_times_are_those_worked_out_by_hand(feed: Feed) -> None:
    """Driving and waiting times add up, those of the trip before those of its timing group."""
    assert calls(timetable_on(feed, MONDAY).timetable) == CALLS


def test_other_days_have_other_trips(feed: Feed) -> None:
    """A Sunday's trip runs in its own timing group; a day without an entry has no service."""
    sunday = timetable_on(feed, dt.date(2026, 1, 18)).timetable
    assert calls(sunday) == {
        "4": [("101", 28800, 28800), ("102", 29160, 29160), ("103", 29580, 29580)]
    }
    with pytest.raises(InputError) as raised:
        timetable_on(feed, dt.date(2026, 1, 15))
    assert raised.value.code == "no-service-on-date"


def test_names_positions_and_blocks_are_read(feed: Feed) -> None:
    """Umlauts, quotes and separators survive; positions are degrees, minutes and seconds."""
    timetable = timetable_on(feed, MONDAY).timetable
    stops = {row["stop_id"]: row for row in timetable.stops.iter_rows(named=True)}
    assert stops["101"]["stop_name"] == "Rathaus; Süd"
    assert stops["102"]["stop_name"] == 'Straße "Am Wall"'
    assert stops["101"]["lon"] == pytest.approx(10.5)
    assert stops["102"]["lat"] == pytest.approx(52 + 15 / 60 + 30.25 / 3600)
    blocks = dict(timetable.trips.select("trip_id", "block_id").iter_rows())
    assert blocks == {"1": "900", "2": "900", "3": None, "5": "900"}
    assert timetable.timezone == "Europe/Berlin"
    assert feed.agency_name == "Stadtverkehr Süd"


def test_what_is_assumed_or_left_out_is_said(feed: Feed) -> None:
    """Ways from the depot are counted; zone and kind of vehicle are warned about."""
    assert [(r.code, r.count) for r in feed.repairs] == [("trip-without-passengers", 1)]
    assert {w.code for w in feed.warnings} == {"vdv-timezone", "vdv-all-buses"}


def test_a_plan_gives_the_same_trips_and_times_back(tmp_path: Path) -> None:
    """VDV 452 in, a checked plan, GTFS out: same trips, same times, new blocks."""
    request = BusRequest(
        feed=write(tmp_path / "vdv"), date=MONDAY, depots=("Hof=52.2700,10.5300",), effort="low"
    )
    study = plan_bus(request, clock=lambda: 0.0)
    out = write_study(tmp_path / "study", study, force=False, extra={"report.html": b"report"})
    assert check_study(out, read_folder).is_ok
    again = timetable_on(read_feed(out / FEED_FILE), MONDAY).timetable
    assert calls(again) == CALLS
    driven = study.tables["blocks"].filter(pl.col("kind") == "trip")
    planned = dict(driven.select("trip_id", "block_id").iter_rows())
    assert dict(again.trips.select("trip_id", "block_id").iter_rows()) == planned


def test_a_zip_and_english_names_are_as_good(tmp_path: Path) -> None:
    """The standard has English names too; exports come zipped, in one folder."""
    english = {
        "REC_FRT_HZT": "JOURNEY_WAIT_TIME",
        "REC_FRT": "JOURNEY",
        "LID_VERLAUF": "ROUTE_SEQUENCE",
        "FRT_FID": "JOURNEY_NO",
        "FRT_HZT_ZEIT": "JOURNEY_WAIT_TIME",
        "FRT_START": "DEPARTURE_TIME",
    }
    path = tmp_path / "vdv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files().items():
            translated = content
            for german, word in english.items():
                translated = translated.replace(german, word)
            archive.writestr(f"export/{name.upper()}", translated.encode("iso8859-1"))
    assert calls(timetable_on(read_feed(path), MONDAY).timetable) == CALLS


def test_the_version_in_force_gives_the_days(tmp_path: Path) -> None:
    """Two versions side by side: each date has the trips of the one in force."""
    changed = files()
    for name in list(changed):
        if name != "basis_ver_gueltigkeit.x10":
            head, _, rest = changed[name].partition("rec; ")
            rows = ("rec; " + rest).split("end; ")[0]
            later = rows.replace("rec; 7;", "rec; 8;").replace("; 28800;", "; 28860;")
            n = 2 * rows.count("rec; ")
            changed[name] = f"{head}{rows}{later}end; {n}\neof; 1\n"
    versions = changed["basis_ver_gueltigkeit.x10"]
    changed["basis_ver_gueltigkeit.x10"] = versions.replace("end; 1", "rec; 20260113; 8\nend; 2")
    feed = read_feed(write(tmp_path, changed))
    first = {
        day: calls(timetable_on(feed, day).timetable) for day in (MONDAY, dt.date(2026, 1, 13))
    }
    assert first[MONDAY]["7-1"][0] == ("7-101", 28800, 28800)
    assert first[dt.date(2026, 1, 13)]["8-1"][0] == ("8-101", 28860, 28860)


@pytest.mark.parametrize(
    ("file", "change", "code", "spot"),
    [
        ("rec_frt", ("28800; 10; 1", "bald; 10; 1"), "vdv-bad-value", (12, "FRT_START", "bald")),
        ("rec_frt", ('2; 1; "A"', '2; 1; "B"'), "vdv-missing-key", (17, "STR_LI_VAR", "B")),
        (
            "rec_frt",
            ("10; 2; 1; 1; 2", "10; 9; 1; 1; 2"),
            "vdv-missing-key",
            (15, "TAGESART_NR", "9"),
        ),
        ("rec_frt", ("10; 2; 1; 1; 2", "10; 2; 1; 1; 5"), "vdv-missing-key", (15, "FGR_NR", "5")),
        ("rec_frt", ("STR_LI_VAR", "VARIANTE"), "vdv-missing-column", (None, "STR_LI_VAR", None)),
        ("rec_frt", ("rec; 7; 2;", "rec; 7; 1;"), "vdv-duplicate-key", (13, None, "7, 1")),
        ("rec_frt", ("rec; 7; 2;", "rec; 7;"), "vdv-bad-line", (13, None, None)),
        ("rec_frt", ("rec; 7; 2;", "row; 7; 2;"), "vdv-bad-line", (13, None, None)),
        ("rec_frt", ("end; 6", "end; 7"), "vdv-bad-line", (18, None, "end; 7")),
        ("rec_frt", ("eof; 1\n", ""), "vdv-truncated", (None, None, None)),
        ("lid_verlauf", ("1; 102; 0; 0", "1; 109; 0; 0"), "vdv-missing-key", (12, "ORT_NR", "109")),
        ("rec_ort", ("0103000000", "0106100000"), "vdv-bad-position", (12, "ORT_POS_LAENGE", None)),
        (
            "firmenkalender",
            ("20260113", "20260231"),
            "vdv-bad-date",
            (13, "BETRIEBSTAG", "20260231"),
        ),
        ("rec_ort", ("ISO8859-1", "KLINGON"), "vdv-charset", (None, "chs", "KLINGON")),
        ("rec_ort", ("ISO8859-1", "UTF-8"), "vdv-charset", (None, "chs", "UTF-8")),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(
    tmp_path: Path,
    file: str,
    change: tuple[str, str],
    code: str,
    spot: tuple[int | None, str | None, str | None],
) -> None:
    """File, row, field, value, what was expected and what to do."""
    name = f"{file}.x10"
    content = files()[name]
    assert change[0] in content
    folder = write(tmp_path, {name: content.replace(*change, 1)})
    with pytest.raises(InputError) as raised:
        read_feed(folder)
    error = raised.value
    assert (error.code, error.where.file) == (code, name)
    row, field, value = spot
    assert row is None or error.where.row == row
    assert field is None or error.where.field == field
    assert value is None or error.where.value == value
    assert error.expected
    assert error.hint


@pytest.mark.parametrize("table", ["rec_ort", "sel_fzt_feld", "firmenkalender", "rec_frt"])
def test_a_missing_table_is_named(tmp_path: Path, table: str) -> None:
    """A timetable without one of its tables is refused by the table's name."""
    with pytest.raises(InputError) as raised:
        read_feed(write(tmp_path, {f"{table}.x10": None}))
    assert raised.value.code == "vdv-missing-table"
    assert raised.value.where.field == table.upper()


def test_waiting_times_may_be_missing(tmp_path: Path) -> None:
    """Without both tables of waiting times nobody waits on the way."""
    feed = read_feed(write(tmp_path, {"ort_hztf.x10": None, "rec_frt_hzt.x10": None}))
    first = calls(timetable_on(feed, MONDAY).timetable)["1"]
    assert first == [("101", 28800, 28800), ("102", 29040, 29040), ("103", 29340, 29340)]


def test_cells_and_tables_of_a_file() -> None:
    """Quotes, separators, NULL and empty cells; several tables in one file."""
    assert cells(' 1;"a; b" ; NULL;; "c ""d"""') == ("1", "a; b", None, "", 'c "d"')
    content = b"tbl; A\natr; X\nrec; 1\nend; 1\ntbl; B\natr; Y; Z\nend; 0\neof; 2\n"
    found = {name: rows.values for name, rows in read_x10("both.x10", content)}
    assert found == {"A": (("1",),), "B": ()}
