"""Breakages that the reader mends: each gives its repair, counted and with an example."""

import datetime as dt
from dataclasses import dataclass

import polars as pl
import pytest

from viavolta.formats.gtfs import DayTimetable, Feed, read_feed, timetable_on

MONDAY = dt.date(2025, 2, 10)


@dataclass(frozen=True)
class Breakage:
    """One replacement in the sound feed, and the repair it must give."""

    name: str
    file: str
    old: str
    new: str
    code: str
    count: int = 1
    n_trips: int = 3
    said_of: str | None = None  # file of the repair, where it is another one


BREAKAGES = [
    Breakage("impossible time", "stop_times.txt", "08:05:00,08:06:00", "25:61:00,25:61:00",
             "untimed-stop"),
    Breakage("impossible arrival", "stop_times.txt", "08:05:00,", "25:61:00,", "bad-time"),
    Breakage("time with letters", "stop_times.txt", "08:05:00,", "eight,", "bad-time"),
    Breakage("time of 4 days", "stop_times.txt", "08:05:00,", "99:00:00,", "bad-time"),
    Breakage("negative time", "stop_times.txt", "08:05:00,", "-8:05:00,", "bad-time"),
    Breakage("blank middle", "stop_times.txt", "08:05:00,08:06:00", ",", "untimed-stop"),
    Breakage("blank first", "stop_times.txt", "08:00:00,08:00:00", ",", "untimed-end"),
    Breakage("blank last", "stop_times.txt", "08:20:00,08:20:00", ",", "untimed-end"),
    Breakage("blank first of two", "stop_times.txt", "09:00:00,09:00:00", ",",
             "trip-without-stops", n_trips=2, said_of="trips.txt"),
    Breakage("negative dwell", "stop_times.txt", "08:05:00,08:06:00", "08:05:00,08:04:00",
             "negative-dwell"),
    Breakage("time backwards", "stop_times.txt", "08:10:00,08:10:00", "07:10:00,07:10:00",
             "time-backwards"),
    Breakage("one wild time", "stop_times.txt", "08:05:00,08:06:00", "22:05:00,22:06:00",
             "time-backwards"),
    Breakage("falls back after midnight", "stop_times.txt",
             "T2,09:00:00,09:00:00,D,1\nT2,09:20:00,09:20:00",
             "T2,23:50:00,23:50:00,D,1\nT2,00:10:00,00:10:00", "past-midnight"),
    Breakage("stop time of unknown trip", "stop_times.txt", "T3,10:30",
             "GHOST,10:30:00,10:30:00,A,2\nT3,10:30", "unknown-trip"),
    Breakage("stop time at unknown stop", "stop_times.txt", "08:06:00,B,2", "08:06:00,X,2",
             "unknown-stop"),
    Breakage("same number twice", "stop_times.txt", "08:10:00,C,3", "08:10:00,C,2",
             "duplicated-stop-sequence"),
    Breakage("same row twice", "stop_times.txt", "T1,08:10:00,08:10:00,C,3",
             "T1,08:10:00,08:10:00,C,3\nT1,08:10:00,08:10:00,C,3", "repeated-stop-time"),
    Breakage("number is a word", "stop_times.txt", "08:10:00,C,3", "08:10:00,C,third",
             "bad-stop-sequence"),
    Breakage("latitude 91", "stops.txt", "46.0750,11.1250", "91,11.1250", "bad-coordinates"),
    Breakage("longitude 191", "stops.txt", "46.0750,11.1250", "46.0750,191", "bad-coordinates"),
    Breakage("zero, zero", "stops.txt", "46.0750,11.1250", "0,0", "bad-coordinates"),
    Breakage("coordinates are words", "stops.txt", "46.0750,11.1250", "north,east",
             "bad-coordinates"),
    Breakage("infinite latitude", "stops.txt", "46.0750,11.1250", "inf,11.1250",
             "bad-coordinates"),
    Breakage("swapped", "stops.txt", "46.0750,11.1250", "11.1250,46.0750", "swapped-coordinates"),
    Breakage("no position", "stops.txt", "46.0750,11.1250", ",", "stop-without-position",
             said_of="stop_times.txt"),
    Breakage("position of the parent", "stops.txt", "B,Market,46.0750,11.1250,",
             "B,Market,,,A", "position-of-parent"),
    Breakage("unknown parent", "stops.txt", "46.0750,11.1250,", "46.0750,11.1250,NOWHERE",
             "unknown-parent"),
    Breakage("stop twice", "stops.txt", "C,School", "A,Elsewhere,40.0,10.0,\nC,School",
             "duplicated-id"),
    Breakage("stop without id", "stops.txt", "C,School", ",Nobody,40.0,10.0,\nC,School",
             "missing-id"),
    Breakage("route twice", "routes.txt", "R2,2,Ring,700", "R1,9,Other,0\nR2,2,Ring,700",
             "duplicated-id"),
    Breakage("trip twice", "trips.txt", "R2,WK,T3,,", "R2,WK,T1,,\nR2,WK,T3,,", "duplicated-id"),
    Breakage("unknown route type", "routes.txt", "Ring,700", "Ring,99", "unknown-route-type",
             n_trips=2),
    Breakage("route type is a word", "routes.txt", "Ring,700", "Ring,bus", "unknown-route-type",
             n_trips=2),
    Breakage("trip of unknown route", "trips.txt", "R2,WK,T3", "R9,WK,T3", "unknown-route",
             n_trips=2),
    Breakage("trip of unknown service", "trips.txt", "R2,WK,T3", "R2,XX,T3", "unknown-service",
             n_trips=2),
    Breakage("trip of unknown shape", "trips.txt", "T1,B1,S1", "T1,B1,S9", "unknown-shape"),
    Breakage("shape of one point", "shapes.txt",
             "S1,46.0810,11.1310,2\nS1,46.0900,11.1400,3\n", "", "unknown-shape",
             said_of="trips.txt"),
    Breakage("shape point on the moon", "shapes.txt", "46.0810,11.1310", "460,11.1310",
             "bad-shape-point"),
    Breakage("trip of one stop", "stop_times.txt", "T3,10:30:00,10:30:00,C,2\n", "",
             "trip-without-stops", n_trips=2, said_of="trips.txt"),
    Breakage("date is a word", "calendar.txt", "WK,1,1",
             "XX,1,1,1,1,1,0,0,someday,20250228\nWK,1,1", "bad-date"),
    Breakage("31 February", "calendar.txt", "WK,1,1",
             "XX,1,1,1,1,1,0,0,20250203,20250231\nWK,1,1", "bad-date"),
    Breakage("calendar that never runs", "calendar.txt", "WK,1,1",
             "XX,0,0,0,0,0,0,0,20250203,20250228\nWK,1,1", "calendar-never-runs"),
    Breakage("calendar that ends before it starts", "calendar.txt", "WK,1,1",
             "XX,1,1,1,1,1,1,1,20250228,20250203\nWK,1,1", "calendar-never-runs"),
    Breakage("calendar without end", "calendar.txt", "20250228", "99991231", "endless-calendar"),
    Breakage("row too long", "routes.txt", "R2,2,Ring,700", "R2,2,Ring,700,A,B", "row-too-long"),
    Breakage("NUL bytes", "stops.txt", "Market", "Mar\0ket", "nul-bytes"),
]  # fmt: skip


def read_day(path, date: dt.date = MONDAY) -> tuple[Feed, DayTimetable]:
    feed = read_feed(path)
    return feed, timetable_on(feed, date)


@pytest.mark.parametrize("case", BREAKAGES, ids=lambda case: case.name)
def test_breakage_is_mended_and_said(make_feed, sound_feed, case: Breakage) -> None:
    """A single breakage gives its repair with count, example and action; the rest still reads."""
    assert case.old in sound_feed[case.file]
    broken = sound_feed[case.file].replace(case.old, case.new, 1)
    feed, day = read_day(make_feed({case.file: broken}))
    found = {(r.code, r.file): r for r in feed.repairs}
    repair = found[case.code, case.said_of or case.file]
    assert repair.count == case.count
    assert repair.example
    assert repair.action
    assert day.timetable.trips.height == case.n_trips
    assert_sound(day)


def assert_sound(day: DayTimetable) -> None:
    """The promises of a timetable hold: order, two stops per trip, times that never decrease."""
    table = day.timetable
    times = table.stop_times
    assert times.null_count().drop("shape_dist").sum_horizontal().item() == 0
    assert times["trip"].is_sorted()
    assert times.group_by("trip").len()["len"].min() >= 2
    assert times["trip"].n_unique() == table.trips.height
    assert (times["departure_s"] >= times["arrival_s"]).all()
    gaps = times.with_columns(before=pl.col("departure_s").shift().over("trip"))
    assert (gaps["arrival_s"] >= gaps["before"]).drop_nulls().all()
    starts = times.group_by("trip", maintain_order=True).first()["departure_s"]
    assert starts.is_sorted()
    assert table.stops.drop("parent_station").null_count().sum_horizontal().item() == 0
    assert times["stop"].max() < table.stops.height
    assert table.stops.height == times["stop"].n_unique()
    if table.shapes.height:
        assert table.shapes.group_by("shape_id").len()["len"].min() >= 2


def test_sound_feed_needs_no_repair(make_feed) -> None:
    """The sound feed gives its three bus trips, and nothing is mended or warned of."""
    feed, day = read_day(make_feed())
    assert feed.repairs == feed.warnings == day.repairs == day.warnings == ()
    assert day.timetable.trips["trip_id"].to_list() == ["T1", "T2", "T3"]
    assert day.timetable.trips["route_type"].to_list() == [3, 3, 700]
    assert feed.agency_name == "City Buses"
    assert feed.timezone == day.timetable.timezone == "Europe/Rome"
    assert_sound(day)


@pytest.mark.parametrize(
    "mend",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace("\n", " \n\n"),
        lambda text: "\n".join(
            ",".join(f'"{field}"' for field in line.split(",")) for line in text.split("\n") if line
        ),
        lambda text: "\n".join(
            ", ".join(f'"{field}"' for field in line.split(",")) for line in text.split("\n")
        ).replace('\n""', "\n"),
        lambda text: "\n".join(f"{line},more" for line in text.split("\n") if line),
        lambda text: text.split("\n")[0].upper() + "\n" + text.split("\n", 1)[1],
    ],
    ids=["byte-order mark", "CRLF", "CR", "spaces", "blank lines", "quotes", "spaced quotes",
         "extra column", "capital header"],
)  # fmt: skip
def test_ways_of_writing_a_table_make_no_difference(make_feed, sound_feed, mend) -> None:
    """Marks, line ends, spaces, quotes and extra columns change nothing of the timetable."""
    plain = read_day(make_feed())[1].timetable
    _, day = read_day(make_feed({name: mend(text) for name, text in sound_feed.items()}))
    for table in ("trips", "stop_times", "stops", "shapes"):
        assert getattr(day.timetable, table).equals(getattr(plain, table)), table


def test_order_of_rows_makes_no_difference(make_feed, sound_feed) -> None:
    """Tables turned upside down give the same timetable."""
    upside_down = {}
    for name in ("stop_times.txt", "trips.txt", "shapes.txt"):
        head, *rows = sound_feed[name].splitlines()
        upside_down[name] = "\n".join([head, *rows[::-1]]) + "\n"
    plain = read_day(make_feed())[1].timetable
    _, day = read_day(make_feed(upside_down))
    for table in ("trips", "stop_times", "stops", "shapes"):
        assert getattr(day.timetable, table).equals(getattr(plain, table)), table


def test_first_of_two_columns_of_a_name_counts(make_feed, sound_feed) -> None:
    """Two columns of one name: the first is read, and a repair says so."""
    text = sound_feed["stops.txt"].replace("stop_lon,parent_station", "stop_lon,stop_lat")
    feed, day = read_day(make_feed({"stops.txt": text}))
    assert [(r.code, r.count) for r in feed.repairs] == [("duplicated-column", 1)]
    assert day.timetable.stops["lat"].to_list() == [46.07, 46.075, 46.08, 46.09]


def test_rows_are_counted_as_lines_of_the_file(make_feed, sound_feed) -> None:
    """The row of an example is the line number in the file, blank lines and quotes included."""
    for quote in ("", '"'):
        text = sound_feed["stops.txt"].replace("A,Station", f"\n\nA,{quote}Station{quote}")
        feed = read_feed(make_feed({"stops.txt": text.replace("46.0750", "91")}))
        assert "row 5, stop_lat: '91'" in [r.example for r in feed.repairs]


def test_line_breaks_inside_quotes_keep_the_row_numbers(make_feed, sound_feed) -> None:
    """A name over two lines is one record, and the next record's row is still its line."""
    text = sound_feed["stops.txt"].replace("A,Station", 'A,"Sta\ntion"').replace("46.0750", "91")
    feed, day = read_day(make_feed({"stops.txt": text}))
    assert "row 4, stop_lat: '91'" in [r.example for r in feed.repairs]
    assert "Sta\ntion" in day.timetable.stops["stop_name"].to_list()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('Station "Main"', 'Station "Main"'),
        ('"Station ""Main"""', 'Station "Main"'),
        ('"Station, Main"', "Station, Main"),
        ('6" Street', '6" Street'),
    ],
)
def test_quotes_in_names(make_feed, sound_feed, written: str, meant: str) -> None:
    """Quotes inside a name are letters, whether doubled or not; quoted commas are too."""
    text = sound_feed["stops.txt"].replace("Station", written)
    for more in (text, text.replace("Market", '"Market"')):
        feed, day = read_day(make_feed({"stops.txt": more}))
        assert day.timetable.stops["stop_name"].to_list() == [meant, "Market", "School", "Harbour"]
        assert feed.repairs == ()


def test_windows_and_utf16_text_is_read(make_feed, sound_feed) -> None:
    """Names in Windows-1252 or UTF-16 come out right, with a repair."""
    text = sound_feed["stops.txt"].replace("Market", "Café")
    for encoding in ("cp1252", "utf-16"):
        feed, day = read_day(make_feed({"stops.txt": text.encode(encoding)}))
        assert [(r.code, r.count) for r in feed.repairs] == [("not-utf8", 1)]
        assert "Café" in day.timetable.stops["stop_name"].to_list()


def test_markup_in_names_stays_data(make_feed, sound_feed) -> None:
    """A script in a name is read as the text it is; escaping is the reports' part."""
    evil = "<script>alert(1)</script>"
    _, day = read_day(make_feed({"stops.txt": sound_feed["stops.txt"].replace("Market", evil)}))
    assert evil in day.timetable.stops["stop_name"].to_list()


def test_gaps_are_filled_by_distance(make_feed) -> None:
    """An untimed stop gets its share of the way, by the feed's distances or as the crow flies."""
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
    rows = "T1,08:00:00,08:00:00,A,1,{}\nT1,,,B,2,{}\nT1,,,C,3,{}\nT1,08:20:00,08:20:00,D,4,{}\n"
    _, day = read_day(make_feed({"stop_times.txt": times + rows.format(0, 3, 4, 10)}))
    assert day.timetable.stop_times["arrival_s"].to_list() == [28800, 29160, 29280, 30000]
    assert day.timetable.stop_times["shape_dist"].to_list() == [0, 3, 4, 10]
    _, day = read_day(make_feed({"stop_times.txt": times + rows.format("", "", "", "")}))
    # By hand: the legs are 0.005, 0.005 and 0.010 degrees in both directions, so 1 : 1 : 2.
    found = day.timetable.stop_times["arrival_s"].to_list()
    assert found == pytest.approx([28800, 29100, 29400, 30000], abs=1)


def test_trips_alike_on_a_day_are_one(make_feed, sound_feed) -> None:
    """A second trip with the same route, stops and times is dropped on the days both run."""
    trips = sound_feed["trips.txt"] + "R2,MO,T9,,\n"
    times = sound_feed["stop_times.txt"] + "T9,10:00:00,10:00:00,A,1\nT9,10:30:00,10:30:00,C,2\n"
    calendar = sound_feed["calendar.txt"] + "MO,1,0,0,0,0,1,0,20250203,20250228\n"
    path = make_feed({"trips.txt": trips, "stop_times.txt": times, "calendar.txt": calendar})
    feed, day = read_day(path)
    assert [(r.code, r.count) for r in day.repairs] == [("duplicated-trip", 1)]
    assert day.timetable.trips["trip_id"].to_list() == ["T1", "T2", "T3"]
    saturday = timetable_on(feed, dt.date(2025, 2, 15))
    assert saturday.timetable.trips["trip_id"].to_list() == ["T9"]
    counts = feed.trips_per_day.filter(pl.col("date") == MONDAY).row(0, named=True)
    assert (counts["trips"], counts["overlapping_trips"]) == (3, 2)
    path = make_feed(
        {
            "trips.txt": trips.replace("T3,,", "T3,X,").replace("T9,,", "T9,Y,"),
            "stop_times.txt": times,
            "calendar.txt": calendar,
        }
    )
    assert read_day(path)[1].timetable.trips.height == 4, "two blocks are two buses"


def test_overlapping_trips_lose_their_block(make_feed, sound_feed) -> None:
    """Two trips of a block at once lose it; a third one of the block keeps it."""
    trips = sound_feed["trips.txt"].replace("T3,,", "T3,B1,")
    times = sound_feed["stop_times.txt"].replace("09:20:00", "10:10:00")
    _, day = read_day(make_feed({"trips.txt": trips, "stop_times.txt": times}))
    assert [(r.code, r.count) for r in day.repairs] == [("overlapping-block", 2)]
    assert day.timetable.trips["block_id"].to_list() == ["B1", None, None]


def test_calendar_dates_alone_are_enough(make_feed) -> None:
    """A feed without calendar.txt runs on the dates that calendar_dates.txt adds."""
    dates = "service_id,date,exception_type\nWK,20250210,1\nWK,20250212,1\nWK,20250212,2\nWK,x,1\n"
    feed, _ = read_day(
        make_feed({"calendar.txt": None, "calendar_dates.txt": dates + "WK,20250210,7\n"})
    )
    assert feed.trips_per_day["date"].to_list() == [MONDAY]
    assert [(r.code, r.count) for r in feed.repairs] == [("bad-date", 1), ("bad-exception-type", 1)]


def test_exceptions_change_the_calendar(make_feed) -> None:
    """Added and removed dates count; dates without service lie in the chart as zero."""
    dates = "service_id,date,exception_type\nWK,20250210,2\nWK,20250215,1\n"
    feed = read_feed(make_feed({"calendar_dates.txt": dates}))
    counts = dict(feed.trips_per_day.select("date", "trips").iter_rows())
    assert counts[MONDAY] == 0
    assert counts[dt.date(2025, 2, 15)] == 3
    assert len(counts) == 26


@pytest.mark.parametrize(("exact", "n_warnings"), [("0", 1), ("1", 0), ("", 1)])
def test_headways_become_departures(make_feed, exact: str, n_warnings: int) -> None:
    """A frequency gives departures from its start to before its end, named after their time."""
    frequencies = (
        "trip_id,start_time,end_time,headway_secs,exact_times\n"
        f"T2,06:00:00,06:30:00,600,{exact}\nT2,23:50:00,00:05:00,600,{exact}\n"
        f"T2,06:20:00,06:21:00,60,{exact}\nT2,07:00:00,07:30:00,0,{exact}\n"
        f"GHOST,06:00:00,06:30:00,600,{exact}\n"
    )
    feed, day = read_day(make_feed({"frequencies.txt": frequencies}))
    starts = ["06:00:00", "06:10:00", "06:20:00", "23:50:00", "24:00:00"]
    ids = [i for i in day.timetable.trips["trip_id"].to_list() if i.startswith("T2")]
    assert ids == [f"T2@{start}" for start in starts]
    times = day.timetable.stop_times.filter(pl.col("trip") == 0)
    assert times["arrival_s"].to_list() == [21600, 22800]
    codes = {r.code: r.count for r in feed.repairs}
    assert codes == {
        "past-midnight": 1, "repeated-departure": 1, "bad-frequency": 1, "unknown-trip": 1
    }  # fmt: skip
    assert len(feed.warnings) == n_warnings
    assert_sound(day)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_unknown_timezone_is_utc_with_a_warning(make_feed, zone: str) -> None:
    """Without a known time zone the times are UTC, and a warning says so."""
    agency = f"agency_name,agency_timezone\nCity Buses,{zone}\n"
    feed = read_feed(make_feed({"agency.txt": agency}))
    assert feed.timezone == "UTC"
    assert [w.code for w in feed.warnings] == ["no-timezone"]


def test_times_in_many_hands(make_feed, sound_feed) -> None:
    """Hours of one digit, leading spaces and missing seconds are times; 25:10 is after midnight."""
    times = sound_feed["stop_times.txt"].replace("08:00:00,08:00:00", ' 8:00:00,"8:00"')
    times = times.replace("09:00:00,09:00:00", "24:50:00,24:50").replace("09:20:00", "25:10:00")
    feed, day = read_day(make_feed({"stop_times.txt": times}))
    assert feed.repairs == ()
    assert day.timetable.stop_times["departure_s"][0] == 8 * 3600
    assert day.timetable.stop_times["arrival_s"].max() == 25 * 3600 + 600


def test_lines_without_trips_are_named(make_feed, sound_feed) -> None:
    """A day on which a line of the feed does not run at all says which."""
    calendar = sound_feed["calendar.txt"] + "SA,0,0,0,0,0,1,0,20250203,20250228\n"
    trips = sound_feed["trips.txt"].replace("R2,WK", "R2,SA")
    _, day = read_day(make_feed({"calendar.txt": calendar, "trips.txt": trips}))
    assert [w.code for w in day.warnings] == ["lines-without-trips"]
    assert "1 of 2 bus lines" in day.warnings[0].message
