"""Passengers on board: what is read, and what is refused with its place."""

from math import isnan
from pathlib import Path

import pytest

from viavolta.formats.passenger_loads import read_passenger_loads
from viavolta.model.errors import InputError, UsageError


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "load.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_passengers_by_trip(tmp_path: Path) -> None:
    """A trip of a frequency has its own, else that of the feed's trip; others are not told."""
    found = read_passenger_loads(
        file(tmp_path, "\ufefftrip_id,passengers,remark\nt1,12.5,\nt2@06:30:00,40,\nt2,20,\n\n")
    )
    assert found.of("t1", "r", 0) == 12.5
    assert found.of("t2@06:30:00", "r", 0) == 40.0
    assert found.of("t2@07:30:00", "r", 0) == 20.0
    assert isnan(found.of("t3", "r", 0))


def test_passengers_by_line_and_hour(tmp_path: Path) -> None:
    """The hour is that of departure, on the service day; semicolons allow decimal commas."""
    found = read_passenger_loads(file(tmp_path, "route_id;hour;passengers\n5;7;31,5\n5;24;2\n"))
    assert found.of("x", "5", 7 * 3600 + 3599) == 31.5
    assert found.of("x", "5", 24 * 3600) == 2.0
    assert isnan(found.of("x", "5", 8 * 3600))
    assert isnan(found.of("x", "6", 7 * 3600))


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        ("trip,people\nt1,3\n", "load-no-columns", 1),
        ("route_id,passengers\n5,3\n", "load-no-columns", 1),
        ("trip_id,passengers\nt1,\n", "load-bad-value", 2),
        ("trip_id,passengers\nt1,-1\n", "load-bad-value", 2),
        ("trip_id,passengers\nt1,nan\n", "load-bad-value", 2),
        ("trip_id,passengers\nt1,1e9\n", "load-bad-value", 2),
        ("trip_id,passengers\n,5\n", "load-bad-value", 2),
        ("route_id,hour,passengers\n5,7.5,3\n", "load-bad-value", 2),
        ("route_id,hour,passengers\n5,48,3\n", "load-bad-value", 2),
        ("route_id,hour,passengers\n,7,3\n", "load-bad-value", 2),
        ("trip_id,passengers\nt1,3\nt1,4\n", "load-twice", 3),
        ("route_id,hour,passengers\n5,7,3\n5,7,3\n", "load-twice", 3),
        (b"trip_id,passengers\n\xff\xfe,3\n", "load-unreadable", None),
    ],
)
def test_bad_passengers_are_refused_with_their_place(tmp_path, content, code, row) -> None:
    """Never guessed, never passed over."""
    with pytest.raises(InputError) as caught:
        read_passenger_loads(file(tmp_path, content))
    assert caught.value.code == code
    assert caught.value.where.row == row


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """Not an empty bus."""
    with pytest.raises(UsageError):
        read_passenger_loads(tmp_path / "none.csv")
