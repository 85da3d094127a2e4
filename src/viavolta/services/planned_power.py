"""The power that a study planned for each stay, read from its tables and laid out as pieces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.study_file import STUDY_FILE, check_study_keys, parse_study, parse_table
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

STAYS_FILE, SCHEDULE_FILE = "stays.parquet", "schedule.parquet"
PLAN_FILES = (STUDY_FILE, STAYS_FILE, SCHEDULE_FILE)
"""What must be read of a study folder."""

MAX_STAY_S = 366 * 86_400
MAX_POWER_KW = 1e6
MAX_EPOCH_S = 7_258_118_400
"""Begin of the year 2200."""

_STEP_MAX_S = 3_600
_PHASES = {"": 0, "L123": 0, "L1": 1, "L2": 2, "L3": 3, "any": -1}
_SHAPES = {
    "stays": {
        "stay_id": Column(kind=Kind.TEXT),
        "arrival": Column(kind=Kind.MOMENT),
        "departure": Column(kind=Kind.MOMENT),
        "min_kw": Column(kind=Kind.NUMBER, nullable=True, optional=True),
        "phase": Column(kind=Kind.TEXT, nullable=True, optional=True),
        "phase_used": Column(kind=Kind.TEXT, nullable=True, optional=True),
    },
    "schedule": {
        "stay_id": Column(kind=Kind.TEXT),
        "start": Column(kind=Kind.MOMENT),
        "power_kw": Column(kind=Kind.NUMBER),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPower:
    """Stays of a study and their power over time. S stays, K pieces of all stays.

    Attributes
    ----------
    meta : the content of `study.json`.
    stay_id, number : (S,) names, and rows of the table counted from 1.
    arrival_s, departure_s : (S,) seconds since 1970 in UTC.
    min_kw : (S,) least charging power, 0 for none.
    phase : (S,) 0 for three phases, 1 to 3 for one, -1 for one that may be chosen.
    phase_used : (S,) the phase that was chosen, 0 where none was.
    offsets : (S + 1,) pieces of stay s are rows offsets[s]:offsets[s + 1] of the flat arrays.
    seconds, power_kw : (K,) pieces from arrival to departure, one after the other.
    """

    meta: dict[str, Any]
    stay_id: list[str]
    number: Ints
    arrival_s: Ints
    departure_s: Ints
    min_kw: Floats
    phase: Ints
    phase_used: Ints
    offsets: Ints
    seconds: Ints
    power_kw: Floats


def read_plan(files: Mapping[str, bytes], *, stay: str | None = None) -> PlannedPower:
    """Read the planned power of all stays, or of one, from the files named `PLAN_FILES`.

    Raises
    ------
    InputError: no study with stays and a schedule, or tables that contradict each other.
    UsageError: the study has no such stay.
    """
    meta = _meta(files)
    step_s = _step_s(meta)
    tables = {name: _table(f"{name}.parquet", files) for name in _SHAPES}
    for finding in check_shapes(tables, _SHAPES):
        raise _bad_table(finding)
    stays = _stays(tables["stays"], stay=stay)
    rows = _rows(tables["schedule"], stays, stay=stay, step_s=step_s)
    offsets, seconds, power_kw = _pieces(rows, stays)
    return PlannedPower(
        meta=meta,
        stay_id=stays["stay_id"].to_list(),
        number=stays["number"].to_numpy(),
        arrival_s=stays["arrival_s"].to_numpy(),
        departure_s=stays["departure_s"].to_numpy(),
        min_kw=stays["min_kw"].to_numpy(),
        phase=stays["phase"].to_numpy(),
        phase_used=stays["phase_used"].to_numpy(),
        offsets=offsets,
        seconds=seconds,
        power_kw=power_kw,
    )


def _meta(files: Mapping[str, bytes]) -> dict[str, Any]:
    meta = parse_study(files.get(STUDY_FILE))
    for finding in check_study_keys(meta):
        raise InputError(
            code="not-a-study",
            message=text("{file} is not that of a study", file=STUDY_FILE),
            where=Where(file=STUDY_FILE, field=finding.where, value=finding.message[:200]),
            expected=text("a folder that viavolta has written"),
            hint=text("name the folder that --out named; if the study is damaged, make it anew"),
        )
    return meta


def _step_s(meta: Mapping[str, Any]) -> int:
    step_s = meta["summary"].get("step_s")
    if isinstance(step_s, int) and 0 < step_s <= _STEP_MAX_S:
        return step_s
    raise _no_schedule(Where(file=STUDY_FILE, field="summary.step_s", value=str(step_s)[:200]))


def _table(name: str, files: Mapping[str, bytes]) -> pl.DataFrame:
    if name not in files:
        raise _no_schedule(Where(file=name))
    return parse_table(name, files[name])


def _stays(table: pl.DataFrame, *, stay: str | None) -> pl.DataFrame:
    """One row per stay, sorted as in the study: times in whole seconds, what is absent filled."""
    doubled = table["stay_id"].is_duplicated().arg_true()
    if len(doubled):
        row = int(doubled[0])
        raise _bad_row(STAYS_FILE, row, field="stay_id", value=table["stay_id"][row])
    min_kw = pl.col("min_kw").cast(pl.Float64).fill_null(0.0)
    frame = table.select(
        pl.col("stay_id").cast(pl.String),
        number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        arrival_s=pl.col("arrival").dt.epoch("s"),
        departure_s=pl.col("departure").dt.epoch("s"),
        min_kw=min_kw if "min_kw" in table.columns else pl.lit(0.0),
        phase=_phases(table, "phase"),
        phase_used=_phases(table, "phase_used"),
    )
    if stay is not None:
        frame = frame.filter(pl.col("stay_id") == stay)
        if frame.is_empty():
            raise UsageError(
                code="profiles-unknown-stay",
                message=text("the study has no stay {stay}", stay=stay[:200]),
                where=Where(file=STAYS_FILE, field="stay_id", value=stay[:200]),
                hint=text("write the stay_id as it stands in the table stays"),
            )
    _check_stays(frame)
    return frame


def _phases(table: pl.DataFrame, column: str) -> pl.Series:
    """Phases as numbers, 0 where the column or the cell is empty."""
    if column not in table.columns:
        return pl.Series([0], dtype=pl.Int64).new_from_index(0, table.height)
    words = table[column].cast(pl.String).fill_null("")
    unknown = (~words.is_in(list(_PHASES))).arg_true()
    if len(unknown):
        row = int(unknown[0])
        raise _bad_row(STAYS_FILE, row, field=column, value=words[row])
    return words.replace_strict(_PHASES, return_dtype=pl.Int64)


def _check_stays(frame: pl.DataFrame) -> None:
    length_s = pl.col("departure_s") - pl.col("arrival_s")
    is_fine = (
        (pl.col("arrival_s") >= 0)
        & (pl.col("departure_s") <= MAX_EPOCH_S)
        & length_s.is_between(1, MAX_STAY_S)
        & pl.col("min_kw").is_between(0.0, MAX_POWER_KW)
    )
    bad = frame.filter(~is_fine)
    if not bad.is_empty():
        raise InputError(
            code="profiles-stay-out-of-range",
            message=text("stay {stay} cannot be a profile", stay=bad["stay_id"][0][:200]),
            where=Where(
                file=STAYS_FILE,
                row=bad["number"][0],
                field="stay_id",
                value=bad["stay_id"][0][:200],
            ),
            expected=text(
                "1 second to {n} days between 1970 and 2200, and min_kw from 0 to {kw:g}",
                n=MAX_STAY_S // 86_400,
                kw=MAX_POWER_KW,
            ),
            hint=text("run `viavolta check` on the study; if it is damaged, make it anew"),
        )


def _rows(
    schedule: pl.DataFrame, stays: pl.DataFrame, *, stay: str | None, step_s: int
) -> pl.DataFrame:
    """Steps with power by stay and time, in seconds since arrival; power while it is there."""
    rows = schedule.select(
        pl.col("stay_id").cast(pl.String),
        start_s=pl.col("start").dt.epoch("s"),
        power_kw=pl.col("power_kw").cast(pl.Float64),
        row=pl.int_range(0, pl.len(), dtype=pl.Int64),
    )
    if stay is not None:
        rows = rows.filter(pl.col("stay_id") == stay)
    index = stays.select("stay_id", "arrival_s", "departure_s").with_row_index("s")
    rows = rows.join(index, on="stay_id", how="left", maintain_order="left").sort(
        "s", "start_s", nulls_last=False
    )
    arrival_s = pl.col("arrival_s")
    end_s = pl.min_horizontal(pl.col("start_s") + step_s, "departure_s") - arrival_s
    rows = rows.with_columns(
        begin_s=pl.max_horizontal("start_s", "arrival_s") - arrival_s, end_s=end_s
    ).with_columns(present_s=pl.col("end_s") - pl.col("begin_s"))
    gap_s = pl.col("begin_s") - pl.col("end_s").shift(1, fill_value=0).over("s")
    # the schedule has means over a step; who is there for a part of it has all of it then
    rows = rows.with_columns(
        gap_s=gap_s, power_kw=pl.col("power_kw") * step_s / pl.col("present_s")
    )
    is_fine = (
        pl.col("s").is_not_null()
        & (pl.col("present_s") > 0)
        & (pl.col("gap_s") >= 0)
        & (pl.col("power_kw").abs() <= MAX_POWER_KW)
    )
    bad = rows.filter(~is_fine.fill_null(value=False))
    if not bad.is_empty():
        raise _bad_row(SCHEDULE_FILE, int(bad["row"][0]), field="stay_id", value=bad["stay_id"][0])
    return rows


def _pieces(rows: pl.DataFrame, stays: pl.DataFrame) -> tuple[Ints, Ints, Floats]:
    """Offsets, seconds and power of the pieces: before each step with power what lies between."""
    n_stays = stays.height
    of_stay = rows["s"].to_numpy().astype(np.int64)
    first = np.searchsorted(of_stay, np.arange(n_stays + 1))
    offsets = 2 * first + np.arange(n_stays + 1)
    seconds, power_kw = np.zeros(offsets[-1], dtype=np.int64), np.zeros(offsets[-1])
    at = 2 * np.arange(len(of_stay)) + of_stay
    seconds[at] = rows["gap_s"].to_numpy()
    seconds[at + 1] = rows["present_s"].to_numpy()
    power_kw[at + 1] = rows["power_kw"].to_numpy()
    length_s = (stays["departure_s"] - stays["arrival_s"]).to_numpy()
    done_s = np.zeros(n_stays, dtype=np.int64)
    has_rows = first[1:] > first[:-1]
    done_s[has_rows] = rows["end_s"].to_numpy()[first[1:][has_rows] - 1]
    seconds[offsets[1:] - 1] = length_s - done_s
    return offsets, seconds, power_kw


def _no_schedule(where: Where) -> InputError:
    return InputError(
        code="profiles-no-schedule",
        message=text("the study has no schedule of stays"),
        where=where,
        expected=text("a study of `viavolta charge` or `viavolta plan bus`"),
        hint=text("name the folder that --out named when the study was made"),
    )


def _bad_table(finding: Finding) -> InputError:
    return InputError(
        code="profiles-table-invalid",
        message=text("{table}: {what}", table=finding.table, what=finding.message),
        where=Where(file=f"{finding.table}.parquet", field=finding.where[:200]),
        expected=text("the columns that viavolta writes"),
        hint=text("run `viavolta check` on the study; if it is damaged, make it anew"),
    )


def _bad_row(file: str, row: int, *, field: str, value: str) -> InputError:
    return InputError(
        code="profiles-rows-contradict",
        message=text("a row of {file} contradicts the rest of the study", file=file),
        where=Where(file=file, row=row + 1, field=field, value=value[:200]),
        expected=text(
            "each stay once, known phases, its steps within it, one after the other, of at most "
            "{kw:g} kW",
            kw=MAX_POWER_KW,
        ),
        hint=text("run `viavolta check` on the study; if it is damaged, make it anew"),
    )
