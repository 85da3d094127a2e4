"""What the reader refuses: each with the file, a hint or what was expected, never a traceback."""

import contextlib
import datetime as dt
import io
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.formats.gtfs import archive, frequencies, read_feed, timetable_on
from viavolta.model.errors import InputError, PlatformError, UsageError

MONDAY = dt.date(2025, 2, 10)
HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"

NOISE = random.Random(1).randbytes(5_000_000).hex()  # noqa: S311 - noise, not secrets

REFUSED = [
    ("no stop_times", {"stop_times.txt": None}, "missing-table", "stop_times.txt", None, None),
    ("no trips", {"trips.txt": None}, "missing-table", "trips.txt", None, None),
    ("no routes", {"routes.txt": None}, "missing-table", "routes.txt", None, None),
    ("no stops", {"stops.txt": None}, "missing-table", "stops.txt", None, None),
    ("no calendar", {"calendar.txt": None}, "missing-table", "calendar.txt", None, None),
    ("empty stops", {"stops.txt": ""}, "empty-table", "stops.txt", 1, None),
    ("blank stops", {"stops.txt": "\n \r\n\t\n"}, "empty-table", "stops.txt", 1, None),
    ("only a mark", {"trips.txt": b"\xef\xbb\xbf"}, "empty-table", "trips.txt", 1, None),
    ("header only", {"stop_times.txt": HEAD}, "empty-table", "stop_times.txt", 2, None),
    ("header only routes", {"routes.txt": "route_id,route_type\n"}, "empty-table", "routes.txt", 2,
     None),
    ("no stop_id column", {"stop_times.txt": HEAD.replace("stop_id,", "") + "T1,8:00,8:00,1\n"},
     "missing-column", "stop_times.txt", 1, "stop_id"),
    ("semicolons", {"routes.txt": "route_id;route_type\nR1;3\n"}, "missing-column", "routes.txt", 1,
     "route_id"),
    ("a web page", {"stops.txt": "<!DOCTYPE html><html>404</html>"}, "missing-column", "stops.txt",
     1, "stop_id"),
    ("binary table", {"stops.txt": bytes(range(256)) * 40}, "missing-column", "stops.txt", 1,
     "stop_id"),
    ("trams only", {"routes.txt": "route_id,route_type\nR1,0\nR2,900\n"}, "no-bus-routes",
     "routes.txt", None, "route_type"),
    ("no trip of a bus", {"trips.txt": "route_id,service_id,trip_id\nTRAM,WK,T1\n"}, "no-bus-trips",
     "trips.txt", None, None),
    ("only unknown stops", {"stop_times.txt": HEAD + "T1,8:00,8:00,X,1\nT1,8:10,8:10,Y,2\n"},
     "no-usable-trips", "stop_times.txt", None, None),
    ("no times at all", {"stop_times.txt": HEAD + "T1,,,A,1\nT1,,,B,2\n"}, "no-usable-trips",
     "stop_times.txt", None, None),
    ("calendars that never run", {"calendar.txt": "service_id,monday,tuesday,wednesday,thursday,"
     "friday,saturday,sunday,start_date,end_date\nWK,0,0,0,0,0,0,0,20250203,20250228\n"},
     "no-service-days", "calendar.txt", None, None),
    ("open quote", {"stops.txt": 'stop_id,stop_lat,stop_lon,stop_name\nA,46,11,"S\nB,46,11,M\n'},
     "broken-quotes", "stops.txt", 2, None),
    ("field of 10 MB", {"stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,S,46,11\nB,"
     + NOISE + ",46,11\n"}, "line-too-long", "stops.txt", 3,
     None),
    ("header of 10 MB", {"stops.txt": NOISE}, "line-too-long",
     "stops.txt", 1, None),
    ("thousand columns", {"stops.txt": ",".join(f"c{i}" for i in range(1000)) + "\n"},
     "too-many-columns", "stops.txt", 1, None),
    ("a bus every second", {"frequencies.txt": "trip_id,start_time,end_time,headway_secs\n"
     + "T2,00:00:00,71:00:00,1\n" * 2}, "too-many-departures", "frequencies.txt", 2,
     "headway_secs"),
    ("endless calendars", {"calendar.txt": "service_id,monday,tuesday,wednesday,thursday,"
     "friday,saturday,sunday,start_date,end_date\n"
     + "WK,1,1,1,1,1,1,1,00010101,99991231\n" * 1500}, "calendar-too-long", "calendar.txt", None,
     None),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_refused_with_its_place(make_feed, case) -> None:
    """What cannot be mended is an error that names file, row, field, and what was expected."""
    _, changes, code, file, row, field = case
    path = make_feed(changes, level=1)
    with pytest.raises(InputError) as caught:
        read_feed(path)
    error = caught.value
    assert (error.code, error.where.file) == (code, file)
    assert (error.where.row, error.where.field) == (row, field)
    assert error.expected or error.hint
    assert error.where.value is None or len(error.where.value) <= 200


def refused(path: Path) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        read_feed(path)
    return caught.value


def test_truncated_zip(make_feed) -> None:
    """A zip cut off anywhere is refused; the hint says to fetch it again."""
    path = make_feed()
    whole = path.read_bytes()
    for length in (0, 1, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        error = refused(path)
        assert error.code == ("unreadable-zip" if whole[:length][:2] == b"PK" else "not-a-zip")
        assert error.where.file == "feed.zip"
        assert error.hint


def test_damaged_zip(make_feed) -> None:
    """A zip with flipped bytes gives an error or a reading, never anything else."""
    path = make_feed()
    whole = bytearray(path.read_bytes())
    chance = random.Random(7)  # noqa: S311 - damage, not secrets
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(InputError):
            read_feed(path)


def test_not_a_zip(tmp_path) -> None:
    """A web page under the name of a feed is refused as no zip."""
    path = tmp_path / "feed.zip"
    path.write_text("<html>not found</html>")
    assert refused(path).code == "not-a-zip"


def test_no_such_path(tmp_path) -> None:
    """A path that is not there is a usage error, exit code 2."""
    error = refused(tmp_path / "nowhere.zip")
    assert isinstance(error, UsageError)
    assert (error.code, error.exit_code) == ("path-not-found", 2)


def test_empty_zip_and_empty_folder(tmp_path) -> None:
    """Nothing inside: the first missing table is named."""
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    assert refused(path).code == "missing-table"
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "folder").code == "missing-table"


def test_zip_in_a_zip(tmp_path, make_feed) -> None:
    """A feed packed twice: the hint says to unpack it once."""
    inner = make_feed()
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as outer:
        outer.write(inner, "gtfs.zip")
    error = refused(path)
    assert error.code == "missing-table"
    assert "inner zip" in str(error.hint)


def test_zip_bomb(make_feed) -> None:
    """A table that unpacks to hundreds of times its size is refused before it is unpacked."""
    error = refused(make_feed({"stop_times.txt": HEAD + "0" * 30_000_000}))
    assert (error.code, error.where.file) == ("zip-bomb", "stop_times.txt")


def test_declared_sizes_are_not_trusted(make_feed) -> None:
    """A member that unpacks to more than its declared size is a damaged zip."""
    path = make_feed({"stop_times.txt": HEAD + "0" * 3_000_000})
    whole = path.read_bytes()
    path.write_bytes(whole.replace(struct.pack("<I", len(HEAD) + 3_000_000), struct.pack("<I", 99)))
    assert refused(path).code == "unreadable-zip"


def test_sizes_are_limited(make_feed, monkeypatch) -> None:
    """A table, the sum of tables and the number of members have limits."""
    path = make_feed()
    for limit in ("MAX_TABLE_BYTES", "MAX_FEED_BYTES", "MAX_MEMBERS"):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, 3)
            assert refused(path).code == "feed-too-large"


def test_encrypted_zip(make_feed) -> None:
    """A zip with a password is refused, and the hint says what to do."""
    path = make_feed()
    whole = bytearray(path.read_bytes())
    start = 0
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        while (start := whole.find(mark, start)) >= 0:
            whole[start + offset] |= 1
            start += 4
        start = 0
    path.write_bytes(whole)
    error = refused(path)
    assert error.code == "encrypted-zip"
    assert error.hint


def test_unknown_compression(make_feed) -> None:
    """A compression that Python cannot read is a damaged zip, not a traceback."""
    path = make_feed()
    whole = bytearray(path.read_bytes())
    start = 0
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        while (start := whole.find(mark, start)) >= 0:
            whole[start + offset] = 99
            start += 4
        start = 0
    path.write_bytes(whole)
    assert refused(path).code == "unreadable-zip"


@pytest.mark.parametrize(
    "name",
    ["../stops.txt", "/etc/stops.txt", "..\\stops.txt", "C:\\stops.txt", "a/../../stops.txt"],
)
def test_names_that_point_outside_are_ignored(make_feed, tmp_path, name: str) -> None:
    """A member such as ../stops.txt is not read and nothing is written anywhere."""
    path = make_feed()
    with zipfile.ZipFile(path, "a") as feed:
        feed.writestr(name, "stop_id,stop_lat,stop_lon\nEVIL,1,1\n")
    before = sorted(tmp_path.parent.rglob("*"))
    feed = read_feed(path)
    assert sorted(tmp_path.parent.rglob("*")) == before
    assert [(r.code, r.count) for r in feed.repairs] == [("unsafe-member-name", 1)]
    assert "EVIL" not in feed.stops["stop_id"].to_list()


def test_tables_in_a_folder_of_the_zip(make_feed) -> None:
    """Tables in a sub-folder are found, what macOS adds beside them is not looked at."""
    path = make_feed(folder="city/gtfs/")
    with zipfile.ZipFile(path, "a") as feed:
        feed.writestr("__MACOSX/city/gtfs/stops.txt", b"\0\5\x16\7")
        feed.writestr("city/gtfs/._stops.txt", b"\0\5\x16\7")
        feed.writestr("city/gtfs/readme.pdf", b"%PDF")
    assert read_feed(path).repairs == ()


def test_the_same_table_twice(make_feed, sound_feed) -> None:
    """A second copy elsewhere or under the same name is ignored, and said."""
    path = make_feed()
    with zipfile.ZipFile(path, "a") as feed:
        feed.writestr("old/stops.txt", "stop_id,stop_lat,stop_lon\nOLD,1,1\n")
    feed = read_feed(path)
    assert [(r.code, r.file, r.example) for r in feed.repairs] == [
        ("second-copy", "stops.txt", "old/stops.txt")
    ]
    assert "OLD" not in feed.stops["stop_id"].to_list()
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as feed:
        feed.writestr("stops.txt", sound_feed["stops.txt"].replace("Market", "Later"))
    feed = read_feed(path)
    assert [(r.code, r.count) for r in feed.repairs] == [("second-copy", 2)]
    assert "Later" in feed.stops["stop_name"].to_list()


def test_a_folder_reads_like_its_zip(make_feed, tmp_path) -> None:
    """The same tables unpacked, one folder down, give the same feed."""
    path = make_feed()
    with zipfile.ZipFile(path) as feed:
        feed.extractall(tmp_path / "unpacked" / "gtfs")
    from_zip, from_folder = read_feed(path), read_feed(tmp_path / "unpacked")
    assert from_folder.name == "unpacked"
    assert from_zip.stop_times.equals(from_folder.stop_times)
    assert from_zip.trips_per_day.equals(from_folder.trips_per_day)


def test_date_without_service(make_feed) -> None:
    """A date without a bus is an input error; its hint names the first and the last date."""
    feed = read_feed(make_feed())
    for date in (dt.date(2025, 2, 9), dt.date(2031, 1, 1), dt.date(1900, 1, 1)):
        with pytest.raises(InputError) as caught:
            timetable_on(feed, date)
        assert (caught.value.code, caught.value.exit_code) == ("no-service-on-date", 5)
        assert caught.value.where.value == date.isoformat()
        assert "2025-02-03" in str(caught.value.hint)
        assert "2025-02-28" in str(caught.value.hint)


def test_limit_of_departures_is_exact(make_feed, monkeypatch) -> None:
    """Exactly the limit of departures is read, one more is refused."""
    rows = "trip_id,start_time,end_time,headway_secs\nT2,06:00:00,06:10:01,60\n"
    path = make_feed({"frequencies.txt": rows})
    monkeypatch.setattr(frequencies, "MAX_DEPARTURES", 11)
    assert timetable_on(read_feed(path), MONDAY).timetable.trips.height == 13
    monkeypatch.setattr(frequencies, "MAX_DEPARTURES", 10)
    assert refused(path).code == "too-many-departures"


TABLES = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt", "shapes.txt",
          "agency.txt", "frequencies.txt", "calendar_dates.txt")  # fmt: skip
SIGNS = st.sampled_from(
    ['"', ",", "\n", "\r", "\0", " ", "-", ":", "1", "9", "é", "\x85", "\u2028", "A", "\ufeff",
     "99999999999999999999", "nan", "1e400", "=1+1", "<b>", "T1", "20250210", "8:00"]
)  # fmt: skip


@given(data=st.data())
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_scribbled_tables_never_crash(sound_feed, tmp_path, data) -> None:
    """Whatever is scribbled into a table: a reading that keeps its promises, or an input error."""
    name = data.draw(st.sampled_from(TABLES))
    text = sound_feed.get(name, "trip_id,start_time,end_time,headway_secs,service_id,date\n")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 8))
        scribble = "".join(data.draw(st.lists(SIGNS, max_size=4)))
        text = text[:place] + scribble + text[place + length :]
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive_file:
        for table, content in {**sound_feed, name: text}.items():
            archive_file.writestr(table, content)
    path = tmp_path / "scribbled.zip"
    path.write_bytes(memory.getvalue())
    with contextlib.suppress(InputError):
        feed = read_feed(path)
        served = feed.trips_per_day.filter(feed.trips_per_day["trips"] > 0)
        day = timetable_on(feed, served["date"][0])
        assert day.timetable.trips.height == served["trips"][0]
        times = day.timetable.stop_times
        assert times.drop("shape_dist").null_count().sum_horizontal().item() == 0
        assert (times["departure_s"] >= times["arrival_s"]).all()
