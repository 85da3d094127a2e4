"""Files of recorded sessions: four formats, their dirt, and what is refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from viavolta.formats.sessions.read import read_sessions
from viavolta.formats.sessions.table import SessionsRead
from viavolta.model.errors import InputError, UsageError

# All rows below are invented for these tests.
NORWAY = """session,garage,user,user_type,start_local,end_local,energy_kwh,duration_h
1,A1,A1-1,Private,2019-01-07T17:00,2019-01-08T07:00,"10,5",14
2,A1,A1-1,Private,2019-01-08T17:00,2019-01-09T07:00,12,14
3,A1,A1-1,Private,2019-01-09T17:00,2019-01-10T09:00,8,16
4,A1,A1-1,Private,2019-01-10T17:00,,9,
5,A1,Share-1,Shared,2019-01-08T12:00,2019-01-08T12:00,0.1,0
6,A1,Share-1,Shared,2019-10-27T02:30,2019-10-27T02:10,1,1
7,A1,A1-2,Private,2019-03-31T02:15,2019-03-31T06:00,5,3
8,A1,A1-3,Private,2019-01-07T10:00,2019-01-07T12:00,20,2
"""
ACN = """arrival,departure,requested_energy (kWh),delivered_energy (kWh),station_id,session_id,\
estimated_departure,claimed,site
2019-05-01 08:00:00-07:00,2019-05-01 16:00:00-07:00,20,12.5,CA-1,a,2019-05-01 15:00:00-07:00,True,x
2019-05-01 09:00:00-07:00,2019-05-01 10:00:00-07:00,5,5,CA-2,b,2019-05-01 10:00:00-07:00,False,x
2019-05-02 09:00:00-07:00,2019-05-02 11:00:00-07:00,5,5,CA-2,c,2019-05-02 08:00:00-07:00,True,x
2019-05-02 10:30:00-07:00,2019-05-02 12:00:00-07:00,5,3,CA-2,d,2019-05-02 12:00:00-07:00,True,x
2019-05-02 10:30:00-07:00,2019-05-02 12:00:00-07:00,5,3,CA-2,d,2019-05-02 12:00:00-07:00,True,x
"""
PERTH = """_id,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Site,Model
1,501,2,2017-09-14T00:00:00,22:12,2017-09-14T00:00:00,23:11,18.27,"Park,  Perth",Triple Rapid
2,501,2,2017-09-13T00:00:00,9:01,2017-09-13T00:00:00,09:31,9,"Park,  Perth",Triple Rapid
3,502,1,2017-12-09T00:00:00,21:21,2017-12-09T00:00:00,21:59,3,Depot,X 7kW Dual
4,502,1,2017-11-09T00:00:00,20:00,2017-11-09T00:00:00,20:30,0,Depot,X 7kW Dual
5,502,1,2017-10-09T00:00:00,20:00,,,,Depot,X 7kW Dual
6,502,1,2017-08-30T00:00:00,20:00,1970-01-01T00:00:00,01:00,2,Depot,X 7kW Dual
"""
STAYS = """stay_id;arrival;departure;energy_kwh;max_kw;charge_efficiency;stated_energy_kwh;min_kw
s1;2025-01-06T08:00:00Z;2025-01-06T12:00:00Z;9;11;0.9;18;1.4
"""


def read(folder: Path, content: str, *, asked: str = "auto") -> SessionsRead:
    path = folder / "sessions.csv"
    path.write_text(content, encoding="utf-8")
    return read_sessions(path, power_of=lambda drafts: [7.2] * len(drafts), asked=asked)


def mended(found: SessionsRead) -> dict[str, int]:
    return {repair.code: repair.count for repair in found.repairs}


def hours(found: SessionsRead, name: str) -> float:
    row = found.sessions.session_id.index(name)
    return float((found.sessions.departure - found.sessions.arrival)[row].astype(int)) / 3600


def test_norway(tmp_path: Path) -> None:
    """Local times, decimal commas, a missing end, hours that came twice or not at all."""
    found = read(tmp_path, NORWAY)
    assert (found.format, found.timezone, found.n_rows) == ("norway", "Europe/Oslo", 8)
    assert mended(found) == {
        "session-decimal-comma": 1,
        "session-time-twice": 2,
        "session-time-skipped": 1,
        "session-without-end": 1,
        "session-without-time": 1,
        "session-energy-above-power": 1,
    }
    sessions = found.sessions
    first = sessions.session_id.index("1")
    assert sessions.energy_kwh[first] == 10.5
    assert sessions.arrival[first] == np.datetime64("2019-01-07T16:00:00")
    assert hours(found, "4") == 14  # the median of 14, 14 and 16
    assert hours(found, "6") == pytest.approx(2 / 3)  # 02:30 the first time to 02:10 the second
    assert sessions.energy_kwh[sessions.session_id.index("8")] == pytest.approx(14.4)
    assert sessions.plug[sessions.session_id.index("6")] == ""


def test_acn(tmp_path: Path) -> None:
    """What an unclaimed session says of the future is the outcome, and is not believed."""
    found = read(tmp_path, ACN)
    sessions = found.sessions
    assert sessions.session_id == ("a", "b", "c", "d")
    assert list(np.isnat(sessions.stated_departure)) == [False, True, True, False]
    assert list(np.isnan(sessions.stated_energy_kwh)) == [False, True, True, False]
    assert sessions.arrival[0] == np.datetime64("2019-05-01T15:00:00")
    assert mended(found) == {
        "session-twice": 1,
        "session-statement-impossible": 1,
        "session-overlap": 1,
    }
    assert hours(found, "c") == 1.5


def test_perth(tmp_path: Path) -> None:
    """Dates with day and month exchanged are put right by the order of the rows."""
    found = read(tmp_path, PERTH)
    assert mended(found)["session-day-month-exchanged"] == 5
    assert mended(found)["session-zero-energy"] == 1
    assert mended(found)["session-without-energy"] == 1
    assert mended(found)["session-time-unreadable"] == 1
    sessions = found.sessions
    assert sessions.session_id == ("6", "3", "2", "1")
    third = sessions.session_id.index("3")
    assert sessions.arrival[third] == np.datetime64("2017-09-12T20:21:00")
    assert sessions.site[-1] == "Park, Perth"
    assert sessions.plug[-1] == "501-2"


def test_dates_in_order_are_left_alone(tmp_path: Path) -> None:
    """A file that is in order as it stands keeps its dates."""
    rows = PERTH.splitlines()
    content = "\n".join([rows[0], *(r.replace("2017-12-09", "2017-09-12") for r in rows[1:4])])
    assert "session-day-month-exchanged" not in mended(read(tmp_path, content))


def test_stays(tmp_path: Path) -> None:
    """Energy into the battery becomes energy at the plug; unused columns are named."""
    found = read(tmp_path, STAYS)
    assert found.sessions.energy_kwh[0] == pytest.approx(10)
    assert found.sessions.stated_energy_kwh[0] == pytest.approx(20)
    assert found.ignored == ("min_kw",)


def test_a_tenth_above_nominal_power_is_the_voltage(tmp_path: Path) -> None:
    """7.7 kWh in an hour at a plug of 7.2 kW raise its power, and nothing is cut."""
    row = "9,A1,A1-9,Private,2019-01-07T10:00,2019-01-07T11:00,7.7,1"
    found = read(tmp_path, NORWAY.splitlines()[0] + "\n" + row)
    assert mended(found) == {"session-power-raised": 1}
    assert found.sessions.max_kw[0] == pytest.approx(7.7)


def test_names_used_twice_get_their_row(tmp_path: Path) -> None:
    """Different sessions of one name are both kept."""
    rows = NORWAY.splitlines()
    found = read(tmp_path, "\n".join([*rows[:2], rows[2].replace("2,A1", "1,A1", 1)]))
    assert found.sessions.session_id == ("1", "1#3")


def test_packed_files_and_byte_order_marks(tmp_path: Path) -> None:
    """Gzip by its content, not its name; a mark at the beginning does not matter."""
    path = tmp_path / "sessions.bin"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + ACN.encode()))
    found = read_sessions(path, power_of=lambda drafts: [7.2] * len(drafts))
    assert len(found.sessions) == 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "sessions-unreadable"),
        ("a, a\n1,2\n", "sessions-unreadable"),
        ("\x00\x01\x02", "sessions-format-unknown"),
        ("a,b\n1,2\n", "sessions-format-unknown"),
        (NORWAY.splitlines()[0], "sessions-none-usable"),
        (NORWAY.splitlines()[0] + "\n1,A,B,Private,soon,later,much,1\n", "sessions-none-usable"),
    ],
)
def test_refused(tmp_path: Path, content: str, code: str) -> None:
    """What cannot be replayed is refused, with a place and a hint."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert caught.value.code == code
    assert caught.value.where.file == "sessions.csv"
    assert caught.value.hint


def test_a_format_without_its_columns_is_refused(tmp_path: Path) -> None:
    """The first missing column is named."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, NORWAY, asked="acn")
    assert (caught.value.code, caught.value.where.field) == ("sessions-missing-column", "arrival")


def test_damaged_packing_and_missing_files(tmp_path: Path) -> None:
    """A cut gzip is an input error, no file a wrong use."""
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(ACN.encode())[:60])
    with pytest.raises(InputError):
        read_sessions(path, power_of=lambda drafts: [7.2] * len(drafts))
    with pytest.raises(UsageError):
        read_sessions(tmp_path / "none.csv", power_of=lambda drafts: [7.2] * len(drafts))


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("name", "format_", "n_rows", "n_usable"),
    [
        ("norway-residential/sessions.csv", "norway", 6878, 6861),
        ("acn-caltech-jpl-2019/sessions.csv.gz", "acn", 18534, 18534),
        ("perth-kinross-public/sessions_2016_17.csv.gz", "perth", 13676, 13099),
        ("perth-kinross-public/sessions_2017_18.csv.gz", "perth", 20277, 19780),
    ],
)
def test_real_files(bench_data: Path, name: str, format_: str, n_rows: int, n_usable: int) -> None:
    """The published files are read whole; few rows are lost, and almost no stays overlap."""
    path = bench_data / "ev-sessions" / name
    found = read_sessions(path, power_of=lambda drafts: [50.0] * len(drafts))
    assert (found.format, found.n_rows, len(found.sessions)) == (format_, n_rows, n_usable)
    assert mended(found).get("session-overlap", 0) <= 7
    assert mended(found).get("session-ends-before-start", 0) == 0
