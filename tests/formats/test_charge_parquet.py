"""Parquet in place of CSV: the same tables, and the same care with what is wrong."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from viavolta.formats import charge_parquet
from viavolta.formats.limits import read_limits
from viavolta.formats.signals import read_signals
from viavolta.formats.stays import read_stays
from viavolta.model.errors import InputError
from viavolta.model.limit import one_limit
from viavolta.model.signal import one_zone

T0 = np.datetime64("2025-10-26T00:00:00", "us")


@pytest.fixture(autouse=True)
def without_trial(monkeypatch, request):
    """Files that are whole are read without a trial in a process of its own, which takes time."""
    if "damage" not in request.node.name and "no_parquet" not in request.node.name:
        monkeypatch.setattr(charge_parquet, "_reason_against", lambda *_: None)


def moments(*hours: float) -> pl.Series:
    """Timestamps in UTC, some hours after the first signal."""
    values = np.array([T0 + int(3600 * hour) * np.timedelta64(1, "s") for hour in hours])
    return pl.Series(values.astype("datetime64[us]")).dt.replace_time_zone("UTC")


def frames() -> dict[str, pl.DataFrame]:
    """A small task as tables."""
    return {
        "stays": pl.DataFrame(
            {
                "stay_id": ["a", "b"],
                "arrival": moments(0, 0.5),
                "departure": moments(2, 1.5),
                "energy_kwh": [10, 5],
                "max_kw": [11.0, 7.4],
                "capacity_kwh": [60.0, None],
                "soc_arrival_kwh": [20.0, None],
                "limit_id": ["site", None],
                "remark": [["not", "read"], []],
            }
        ),
        "limits": pl.DataFrame(
            {
                "limit_id": pl.Series(["root", "site"], dtype=pl.Categorical),
                "parent_id": [None, "root"],
                "import_kw": [100, 40],
                "export_kw": [50.0, 0.0],
                "phase_kw": [None, 16.5],
            }
        ),
        "signals": pl.DataFrame(
            {
                "start": moments(0, 1),
                "buy_eur_per_kwh": [0.3, 0.2],
                "sell_eur_per_kwh": [0.1, 0.1],
            }
        ),
    }


def write(folder: Path, **changed: pl.DataFrame) -> Path:
    """Write the task, some tables changed."""
    for name, frame in {**frames(), **changed}.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def read(folder: Path):
    """Read the task with all that is there."""
    signals = read_signals(folder / "signals.parquet")
    profile, base_load = (folder / f"{name}.parquet" for name in ("profile", "base_load"))
    limits = read_limits(
        folder / "limits.parquet",
        signals,
        profile=profile if profile.exists() else None,
        base_load=base_load if base_load.exists() else None,
    )
    return read_stays(folder / "stays.parquet", limits, signals=signals), limits, signals


def read_stays_alone(path: Path):
    """Read the stays under limits and prices that stand in no file."""
    signals = one_zone(T0, 900, buy_eur_per_kwh=[0.3] * 8)
    limits = one_limit("site", 40.0, n_steps=8)
    return read_stays(path, limits, signals=signals).stays


def refused(path: Path, frame: pl.DataFrame | None = None) -> InputError:
    """The error that reading the stays ends with, after they were written to the path."""
    if frame is not None:
        frame.write_parquet(path)
    with pytest.raises(InputError) as caught:
        read_stays_alone(path)
    assert caught.value.hint
    assert caught.value.expected
    return caught.value


def test_parquet_is_read_as_csv_is(tmp_path):
    """Whole numbers, categories and empty cells as people write them; other columns do no harm."""
    got, limits, signals = read(write(tmp_path))
    assert got.stays.stay_id == ("a", "b")
    assert got.stays.energy_kwh.tolist() == [10, 5]
    assert got.stays.limit.tolist() == [1, 0]
    assert got.stays.has_battery.tolist() == [True, False]
    assert limits.phase_kw.tolist() == [np.inf, 16.5]
    assert limits.parent.tolist() == [-1, 0]
    assert signals.n_steps == 8


def test_all_files_as_text_are_the_same_task(tmp_path):
    """Times and numbers that stand as text in a Parquet file are read as in CSV."""
    texts = {
        name: frame.drop("remark", strict=False).with_columns(
            pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%SZ"), pl.selectors.numeric().cast(str)
        )
        for name, frame in frames().items()
    }
    got, limits, signals = read(write(tmp_path, **texts))
    plain, plain_limits, plain_signals = read(write(tmp_path))
    assert got.stays.arrival.tolist() == plain.stays.arrival.tolist()
    assert got.stays.max_kw.tolist() == plain.stays.max_kw.tolist()
    assert limits.import_kw.tolist() == plain_limits.import_kw.tolist()
    assert signals.start.tolist() == plain_signals.start.tolist()


def test_timestamps_of_another_zone_are_the_same_moments(tmp_path):
    """Local times on the long day, with their zone, are the same stays."""
    stays = frames()["stays"]
    local = stays.with_columns(pl.col(pl.Datetime).dt.convert_time_zone("Europe/Rome"))
    tables = []
    for frame in (stays, local):
        frame.write_parquet(tmp_path / "stays.parquet")
        tables.append(read_stays_alone(tmp_path / "stays.parquet"))
    assert tables[0].arrival.tolist() == tables[1].arrival.tolist()
    assert tables[0].departure.tolist() == tables[1].departure.tolist()


def test_profiles_can_be_parquet(tmp_path):
    """Limits and loads over time."""
    profile = pl.DataFrame(
        {"limit_id": ["site"], "start": moments(1), "import_kw": [20], "export_kw": [1]}
    )
    base_load = pl.DataFrame({"limit_id": ["root"], "start": moments(-5), "load_kw": [3]})
    _, limits, _ = read(write(tmp_path, profile=profile, base_load=base_load))
    assert limits.import_kw[1].tolist() == [40] * 4 + [20] * 4
    assert limits.base_load_kw.tolist() == [[3] * 8, [0] * 8]


BROKEN = {
    "no zone": (pl.col("arrival").dt.replace_time_zone(None), "csv-time-without-offset", 1),
    "a date": (pl.col("arrival").dt.date().alias("arrival"), "parquet-wrong-type", None),
    "a number as time": (pl.lit(5).alias("arrival"), "csv-not-a-time", 1),
    "truth as number": (pl.lit(value=True).alias("max_kw"), "parquet-wrong-type", None),
    "lists": (pl.lit(value=[1.0]).alias("max_kw"), "parquet-wrong-type", None),
    "bytes": (pl.lit(b"a").alias("stay_id"), "parquet-wrong-type", None),
    "NaN": (pl.Series("energy_kwh", [1.0, np.nan]), "csv-not-a-number", 2),
    "no number": (pl.Series("energy_kwh", [1.0, None]), "csv-value-missing", 2),
    "no time": (pl.Series("arrival", [None, None]), "csv-value-missing", 1),
    "below zero": (pl.Series("max_kw", [11, -1]), "csv-number-too-small", 2),
    "twice": (pl.Series("stay_id", ["a", "a"]), "csv-duplicate-id", 2),
    "soc": (pl.Series("soc_arrival_kwh", [61.0, None]), "stay-soc-above-capacity", 1),
    "two of a name": (pl.Series("MAX_KW ", [1.0, 1.0]), "csv-duplicate-column", 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_columns_are_refused_with_their_row(tmp_path, name):
    """Rows are counted from 1."""
    change, code, row = BROKEN[name]
    error = refused(tmp_path / "stays.parquet", frames()["stays"].with_columns(change))
    assert (error.code, error.where.file, error.where.row) == (code, "stays.parquet", row)


def test_a_missing_column_and_an_empty_table_are_refused(tmp_path):
    """As in CSV."""
    path, stays = tmp_path / "stays.parquet", frames()["stays"]
    assert refused(path, stays.drop("max_kw")).where.field == "max_kw"
    assert refused(path, stays.clear()).code == "csv-empty"
    assert refused(path, pl.DataFrame({"x": [1]})).code == "csv-missing-column"


def test_times_beyond_all_calendars_are_shown_as_they_stand(tmp_path):
    """A timestamp of the year 290000 is no time, and its number is the value."""
    far = pl.Series("arrival", [2**62, 2**62]).cast(pl.Datetime("ms", "UTC"))
    error = refused(tmp_path / "stays.parquet", frames()["stays"].with_columns(far))
    assert (error.code, error.where.value) == ("csv-not-a-time", str(2**62))


@pytest.mark.parametrize("content", [b"stay_id,arrival\n", b"", b"PAR1" * 9])
def test_what_is_no_parquet_is_refused(tmp_path, content):
    """Text, nothing, and a name without a file behind it."""
    path = tmp_path / "stays.parquet"
    path.write_bytes(content)
    assert refused(path).code == "parquet-unreadable"


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    """Before any of them is read."""
    monkeypatch.setattr(charge_parquet, "MAX_ROWS", 1)
    assert refused(tmp_path / "stays.parquet", frames()["stays"]).code == "parquet-too-large"


def test_a_damaged_file_that_ends_its_reader_is_refused(tmp_path):
    """A page of less than no values, for which polars 2.1 asks for 2 EiB and is ended."""
    path = tmp_path / "stays.parquet"
    frames()["stays"].write_parquet(path)
    whole = path.read_bytes()
    damaged = whole.replace(b",\x15\x04\x15\x00", b",\x15\x7f\x15\x00")
    assert damaged != whole
    path.write_bytes(damaged)
    assert refused(path).code == "parquet-unreadable"


def test_a_file_without_damage_passes_the_trial(tmp_path):
    """And is read."""
    frames()["stays"].write_parquet(tmp_path / "stays.parquet")
    assert len(read_stays_alone(tmp_path / "stays.parquet")) == 2


def test_damaged_files_are_read_or_refused(tmp_path):
    """Halves, and bytes changed anywhere: a table or an error, nothing else."""
    path = tmp_path / "stays.parquet"
    frames()["stays"].write_parquet(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    codes = []
    for _ in range(6):
        damaged = np.frombuffer(whole, dtype=np.uint8)[
            : rng.integers(len(whole) // 2, 2 * len(whole))
        ]
        damaged = damaged.copy()
        damaged[rng.integers(len(damaged), size=rng.integers(1, 5))] = rng.integers(256)
        path.write_bytes(damaged.tobytes())
        try:
            read_stays_alone(path)
        except InputError as error:
            codes.append(error.code)
    assert "parquet-unreadable" in codes
