"""Departures from a file: every row that cannot be read is told."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.formats.departures import Fault, read_departures

HEAD = "vehicle,day,time,charge_to_percent,energy_kwh\n"


def read(*lines: str, head: str = HEAD) -> tuple[list[tuple[object, ...]], list[str]]:
    """Rows as tuples, faults as row, column and word."""
    rows, bad = read_departures((head + "\n".join(lines)).encode(), {"Van 1", "Van 2"})
    told = [(r.vehicle, r.day, r.minute, r.target_soc, r.energy_kwh) for r in rows]
    return told, [f"{one.row} {one.column} {one.fault}" for one in bad]


def test_rows_are_read() -> None:
    """A time or staying, a share or an energy; empty lines are passed by."""
    day = dt.date(2030, 5, 4)
    rows, bad = read("Van 1,2030-05-04,06:30,80,", "", "Van 2,2030-05-04,stays,,")
    assert rows == [("Van 1", day, 390, 0.8, None), ("Van 2", day, None, None, None)]
    assert bad == []


def test_semicolons_and_a_decimal_comma() -> None:
    """As spreadsheets of half of Europe write."""
    head = "\ufeff" + HEAD.replace(",", ";")
    rows, bad = read("Van 1;2030-05-04;06:30;;12,5", head=head)
    assert (rows[0][4], bad) == (12.5, [])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Van 9,2030-05-04,06:30,,", "2 vehicle no-vehicle"),
        ("Van 1,04.05.2030,06:30,,", "2 day no-day"),
        ("Van 1,2030-05-04,24:00,,", "2 time no-time"),
        ("Van 1,2030-05-04,06:30,101,", "2 charge_to_percent no-percent"),
        ("Van 1,2030-05-04,06:30,,nan", "2 energy_kwh no-energy"),
        ("Van 1,2030-05-04,06:30,80,12", "2 energy_kwh two-needs"),
        ("Van 1", "2 day no-day"),
    ],
)
def test_what_cannot_be_read_is_told(line: str, fault: str) -> None:
    """With row and column."""
    rows, bad = read(line)
    assert rows == []
    assert fault in bad


def test_rows_that_contradict_each_other() -> None:
    """The same twice, and staying on a day on which it leaves."""
    one = "Van 1,2030-05-04,06:30,,"
    assert read(one, one)[1] == ["3 vehicle twice"]
    assert read(one, "Van 1,2030-05-04,stays,,")[1] == ["3 time stays-and-leaves"]
    assert len(read(one, "Van 1,2030-05-04,18:30,,")[0]) == 2


def test_a_file_that_is_none() -> None:
    """No text, or a column missing."""
    assert read_departures(b"\xff\xfe", ())[1][0].fault is Fault.NO_TEXT
    assert read(head="vehicle,day\n")[1] == ["1 time no-column"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_no_file_breaks_it(content: bytes) -> None:
    """Whatever the bytes, the answer is rows and faults."""
    for data in (content, HEAD.encode() + content):
        rows, bad = read_departures(data, {"Van 1"})
        assert all(row.vehicle == "Van 1" for row in rows)
        assert all(one.row >= 1 for one in bad)
