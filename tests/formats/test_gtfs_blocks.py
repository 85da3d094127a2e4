"""Blocks are set in a feed without touching another byte."""

import pytest

from viavolta.formats.gtfs.blocks import shifted, with_blocks
from viavolta.formats.gtfs.records import read_records


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"trip_id,x\nT,1\n", b"trip_id,x,block_id\nT,1,B\n"),
        (b"trip_id,block_id\nT,old", b"trip_id,block_id\nT,B"),
        (b"\xef\xbb\xbftrip_id,block_id\r\nT,\r\n", b"\xef\xbb\xbftrip_id,block_id\r\nT,B\r\n"),
        (b'block_id,trip_id\n"old", "T"\n', b'block_id,trip_id\nB, "T"\n'),
        (b'x,trip_id,block_id\n"a, b\nc",T,\n', b'x,trip_id,block_id\n"a, b\nc",T,B\n'),
        (b"trip_id,x,block_id\nT\n\nU,,keep\n", b"trip_id,x,block_id\nT,,B\n\nU,,keep\n"),
        (b"trip_id,block_id\rT,\r", b"trip_id,block_id\nT,B\n"),
        (b"trip_id,x,block_id\nT,\xe9,\n", b"trip_id,x,block_id\nT,\xe9,B\n"),
    ],
)
def test_only_the_block_changes(before: bytes, after: bytes) -> None:
    """Order, quotes, spaces, line ends, marks and blank lines stay as they are."""
    assert with_blocks({"trips.txt": before}, {"T": "B"}, {})["trips.txt"] == after


def test_a_trip_without_a_block_loses_the_old_one() -> None:
    """A trip of the day that no bus serves has no block; what has none already stays."""
    table = b'trip_id,block_id\nT,old\nU,""\n'
    files = with_blocks({"trips.txt": table}, {"T": "", "U": ""}, {})
    assert files["trips.txt"] == b'trip_id,block_id\nT,\nU,""\n'


def test_a_table_taken_apart_is_joined_again() -> None:
    """Bytes in, the same bytes out."""
    table = b'a,b\r\n"x ""y""\r\nz",1\r\n\r\n , 2'
    records = read_records(table)
    assert records.to_bytes() == table
    assert list(records.dictionaries()) == [{"a": 'x "y"\r\nz', "b": "1"}, {"a": "", "b": "2"}]


def test_what_is_no_time_stays() -> None:
    """A call between two times has none, and gets none."""
    assert [shifted(time, 3600) for time in ("23:30:00", "8:05", "", "soon")] == [
        "24:30:00",
        "09:05:00",
        "",
        "soon",
    ]
