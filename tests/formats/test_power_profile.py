"""Powers over time: shares of the stay's own, laid over its steps."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.formats.power_profile import read_power_profile
from viavolta.formats.profile_rows import held
from viavolta.model.errors import InputError
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table

T0 = np.datetime64("2025-03-30T00:00:00", "s")
MINUTE = np.timedelta64(60, "s")


def task() -> tuple[StayTable, SignalTable]:
    """Two stays: 00:10 to 01:30 with discharging, 01:00 to 02:00 without."""
    stays = stay_table(
        ("a", "b"),
        T0 + np.array([10, 60]) * MINUTE,
        departure=T0 + np.array([90, 120]) * MINUTE,
        energy_kwh=5.0,
        max_kw=[10.0, 8.0],
        max_discharge_kw=[5.0, 0.0],
        capacity_kwh=40.0,
        soc_arrival_kwh=10.0,
    )
    return stays, one_zone(T0, 900, buy_eur_per_kwh=[0.2] * 8)


def read(folder: Path, rows: str, header: str = "stay_id,start,max_kw,max_discharge_kw"):
    """Read a profile of the two stays."""
    stays, signals = task()
    (folder / "power.csv").write_text(f"{header}\n{rows}")
    return read_power_profile(folder / "power.csv", stays, signals=signals)


def test_rows_hold_to_the_next_row_of_the_stay(tmp_path):
    """Before its first row a stay has its own powers; rows of other stays do not matter."""
    charge, discharge = read(
        tmp_path,
        "a,2025-03-30T00:30:00Z,5,5\nb,2025-03-30T00:45:00Z,2,0\na,2025-03-30T01:00:00Z,2.5,0\n",
    )
    assert charge.tolist() == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]
    assert discharge.tolist() == [1, 1, 1, 1, 0, 0, 1, 1, 1, 1]


def test_the_last_row_before_arrival_counts(tmp_path):
    """Rows long before arrival may begin inside a step; rows after departure do nothing."""
    charge, _ = read(
        tmp_path,
        "a,2025-03-29T00:07:00Z,1,1\na,2025-03-30T00:07:00Z,5,1\na,2025-03-31T00:00:01Z,10,5\n",
    )
    assert charge.tolist() == [0.5] * 6 + [1] * 4


def test_discharging_may_be_left_out(tmp_path):
    """No column, or an empty cell: the stay's own power."""
    charge, discharge = read(tmp_path, "a,2025-03-30T00:00:00Z,0\n", "stay_id,start,max_kw")
    assert charge.tolist() == [0] * 6 + [1] * 4
    assert discharge.tolist() == [1] * 10
    _, discharge = read(tmp_path, "a,2025-03-30T00:00:00Z,0,\n")
    assert discharge.tolist() == [1] * 10


BROKEN = {
    "unknown stay": ("c,2025-03-30T00:00:00Z,1,1\n", "stay-unknown", 2, "stay_id"),
    "above": ("a,2025-03-30T00:00:00Z,10.1,1\n", "power-profile-above-stay", 2, "max_kw"),
    "discharge above": (
        "b,2025-03-30T01:00:00Z,8,0.1\n",
        "power-profile-above-stay",
        2,
        "max_discharge_kw",
    ),
    "below zero": ("a,2025-03-30T00:00:00Z,-1,1\n", "csv-number-too-small", 2, "max_kw"),
    "no number": ("a,2025-03-30T00:00:00Z,,1\n", "csv-value-missing", 2, "max_kw"),
    "off step": ("a,2025-03-30T00:20:00Z,1,1\n", "profile-off-step", 2, "start"),
    "not ordered": (
        "a,2025-03-30T00:30:00Z,1,1\nb,2025-03-30T01:00:00Z,1,0\na,2025-03-30T00:30:00Z,1,1\n",
        "profile-not-ordered",
        4,
        "start",
    ),
    "no offset": ("a,2025-03-30T00:30:00,1,1\n", "csv-time-without-offset", 2, "start"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rows_are_refused_with_their_place(tmp_path, name):
    """Code, row and field, what was expected and what to do."""
    rows, code, row, field = BROKEN[name]
    with pytest.raises(InputError) as caught:
        read(tmp_path, rows)
    error = caught.value
    assert (error.code, error.where.row, error.where.field) == (code, row, field)
    assert error.expected
    assert error.hint


@given(st.data())
def test_held_values_are_those_of_a_plain_loop(data):
    """Any groups, rows before and behind the group, groups without steps."""
    sizes = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    rows = data.draw(st.lists(st.tuples(st.integers(0, len(sizes) - 1), st.integers(-3, 6))))
    rows = sorted(set(rows), key=lambda row: row[1])
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    expected = np.repeat(-1.0 - np.arange(len(sizes)), sizes)
    for value, (group, position) in enumerate(rows):
        expected[offsets[group] + max(position, 0) : offsets[group + 1]] = value
    got = held(
        np.array([group for group, _ in rows], dtype=np.int64),
        np.array([position for _, position in rows], dtype=np.int64),
        values=np.arange(len(rows), dtype=np.float64),
        initial=-1.0 - np.arange(len(sizes)),
        offsets=offsets,
    )
    assert got.tolist() == expected.tolist()
