"""STAYS.csv: who is at which plug, when, and how much energy is wanted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.charge_csv import CsvTable, rows_where
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable, stay_table

_REQUIRED = ("stay_id", "arrival", "departure", "energy_kwh", "max_kw")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaysRead:
    """The stays of a file, and what their reader should know."""

    stays: StayTable
    warnings: tuple[StudyWarning, ...]


def read_stays(path: Path, limits: LimitTree, *, signals: SignalTable) -> StaysRead:
    """Read a STAYS.csv (columns: docs/reference, `charge`).

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = CsvTable(path, required=_REQUIRED)
    stay_id = table.words("stay_id")
    table.find_duplicates("stay_id", stay_id)
    arrival, departure = table.times("arrival"), table.times("departure")
    _check_times(table, arrival, departure=departure, signals=signals)
    max_kw = table.numbers("max_kw", minimum=0.0)
    min_kw = table.numbers("min_kw", default=0.0, minimum=0.0)
    _check_minimum(table, min_kw, max_kw)
    battery = _battery(table)
    limit = _limit_rows(table, limits)
    energy_kwh = table.numbers("energy_kwh")
    charge_efficiency = _efficiency(table, "charge_efficiency")
    discharge_efficiency = _efficiency(table, "discharge_efficiency")
    wear_eur_per_kwh = table.numbers("wear_eur_per_kwh", default=0.0, minimum=0.0)
    table.raise_findings()
    return StaysRead(
        stays=stay_table(
            tuple(stay_id),
            arrival,
            departure=departure,
            energy_kwh=energy_kwh,
            max_kw=max_kw,
            limit=limit,
            min_kw=min_kw,
            max_discharge_kw=battery.max_discharge_kw,
            capacity_kwh=battery.capacity_kwh,
            soc_arrival_kwh=battery.soc_arrival_kwh,
            soc_min_kwh=battery.soc_min_kwh,
            charge_efficiency=charge_efficiency,
            discharge_efficiency=discharge_efficiency,
            wear_eur_per_kwh=wear_eur_per_kwh,
        ),
        warnings=battery.warnings,
    )


def _check_times(
    table: CsvTable, arrival: Times, *, departure: Times, signals: SignalTable
) -> None:
    for row in rows_where(departure <= arrival):
        table.find(
            row,
            "departure",
            error=InputError(
                code="stay-departs-before-arrival",
                message=text("the stay ends before it begins"),
                where=Where(file=table.file),
                expected=text("departure after arrival {arrival}", arrival=_iso(arrival[row])),
                hint=text("check the date and the offset of both times"),
            ),
        )
    for field, outside in (
        ("arrival", (arrival < signals.start[0]) | (arrival >= signals.end)),
        ("departure", departure > signals.end),
    ):
        for row in rows_where((departure > arrival) & outside):
            table.find(
                row,
                field,
                error=InputError(
                    code="stay-outside-signals",
                    message=text("the stay reaches outside the signals"),
                    where=Where(file=table.file),
                    expected=text(
                        "between {start} and {end}",
                        start=_iso(signals.start[0]),
                        end=_iso(signals.end),
                    ),
                    hint=text("give prices for the whole stay, or shorten it"),
                ),
            )


def _iso(moment: np.datetime64) -> str:
    return f"{moment.astype('datetime64[s]')}+00:00"


def _check_minimum(table: CsvTable, min_kw: Floats, max_kw: Floats) -> None:
    for row in rows_where(min_kw > max_kw):
        table.find(
            row,
            "min_kw",
            error=InputError(
                code="stay-minimum-above-maximum",
                message=text("min_kw is above max_kw"),
                where=Where(file=table.file),
                expected=text("at most {max_kw}", max_kw=max_kw[row]),
                hint=text("lower min_kw, or raise max_kw"),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Battery:
    max_discharge_kw: Floats
    capacity_kwh: Floats
    soc_arrival_kwh: Floats
    soc_min_kwh: Floats
    warnings: tuple[StudyWarning, ...]


def _battery(table: CsvTable) -> _Battery:
    capacity_kwh = table.numbers("capacity_kwh", default=np.nan, minimum=0.0)
    soc_kwh = table.numbers("soc_arrival_kwh", default=np.nan, minimum=0.0)
    soc_min_kwh = table.numbers("soc_min_kwh", default=0.0, minimum=0.0)
    max_discharge_kw = table.numbers("max_discharge_kw", default=0.0, minimum=0.0)
    for field, energy_kwh in (("soc_arrival_kwh", soc_kwh), ("soc_min_kwh", soc_min_kwh)):
        for row in rows_where(energy_kwh > capacity_kwh):
            table.find(
                row,
                field,
                error=InputError(
                    code="stay-soc-above-capacity",
                    message=text("{field} is above capacity_kwh", field=field),
                    where=Where(file=table.file),
                    expected=text("at most {capacity}", capacity=capacity_kwh[row]),
                    hint=text("both are energies in kWh, not percent"),
                ),
            )
    is_known = ~np.isnan(capacity_kwh) & ~np.isnan(soc_kwh)
    return _Battery(
        max_discharge_kw=np.where(is_known, max_discharge_kw, 0.0),
        capacity_kwh=np.where(is_known, capacity_kwh, np.nan),
        soc_arrival_kwh=np.where(is_known, soc_kwh, np.nan),
        soc_min_kwh=soc_min_kwh,
        warnings=_battery_warnings(
            table.file,
            n_half=int((~is_known & (~np.isnan(capacity_kwh) | ~np.isnan(soc_kwh))).sum()),
            n_mute=int((~is_known & (max_discharge_kw > 0)).sum()),
        ),
    )


def _battery_warnings(file: str, *, n_half: int, n_mute: int) -> tuple[StudyWarning, ...]:
    warnings = []
    if n_half:
        warnings.append(
            StudyWarning(
                code="stays-half-known-battery",
                file=file,
                message=text(
                    "{n} stays give only one of capacity_kwh and soc_arrival_kwh: they are "
                    "scheduled without a battery bound",
                    n=n_half,
                ),
            )
        )
    if n_mute:
        warnings.append(
            StudyWarning(
                code="stays-discharge-without-battery",
                file=file,
                message=text(
                    "{n} stays have max_discharge_kw but no known battery: they never discharge",
                    n=n_mute,
                ),
            )
        )
    return tuple(warnings)


def _efficiency(table: CsvTable, column: str) -> Floats:
    values = table.numbers(column, default=1.0)
    for row in rows_where((values <= 0) | (values > 1)):
        table.find(
            row,
            column,
            error=InputError(
                code="stay-efficiency-out-of-range",
                message=text("{column} is not a share", column=column),
                where=Where(file=table.file),
                expected=text("above 0, at most 1"),
                hint=text("write 0.92 for 92 percent"),
            ),
        )
    return values


def _limit_rows(table: CsvTable, limits: LimitTree) -> Ints:
    roots = np.flatnonzero(limits.parent < 0).tolist()
    row_of = {name: row for row, name in enumerate(limits.limit_id)}
    rows = np.zeros(len(table), dtype=np.int64)
    for row, name in enumerate(table.words("limit_id", default="")):
        if name in row_of:
            rows[row] = row_of[name]
        elif not name and len(roots) == 1:
            rows[row] = roots[0]
        else:
            table.find(row, "limit_id", error=_unknown_limit(name, len(roots), file=table.file))
    return rows


def _unknown_limit(name: str, n_roots: int, *, file: str) -> InputError:
    if name:
        return InputError(
            code="limit-unknown",
            message=text("limit {limit} is not in the limits", limit=name[:200]),
            where=Where(file=file),
            expected=text("a limit_id of the limits file, or nothing for the root"),
            hint=text("correct the name, or add the limit to the limits file"),
        )
    return InputError(
        code="stay-without-limit",
        message=text("the stay names no limit, and there are {n} roots", n=n_roots),
        where=Where(file=file),
        expected=text("a limit_id of the limits file"),
        hint=text("name the limit of the plug that the vehicle is at"),
    )


def stays_frame(stays: StayTable, limits: LimitTree) -> pl.DataFrame:
    """Turn stays into a table with the columns of STAYS.csv, times in UTC microseconds."""
    columns: dict[str, object] = {
        "stay_id": pl.Series(stays.stay_id, dtype=pl.String),
        "arrival": utc_series(stays.arrival),
        "departure": utc_series(stays.departure),
    }
    for name in (
        "energy_kwh",
        "max_kw",
        "min_kw",
        "max_discharge_kw",
        "capacity_kwh",
        "soc_arrival_kwh",
        "soc_min_kwh",
        "charge_efficiency",
        "discharge_efficiency",
        "wear_eur_per_kwh",
    ):
        columns[name] = pl.Series(getattr(stays, name)).fill_nan(None)
    names = [limits.limit_id[row] for row in stays.limit.tolist()]
    columns["limit_id"] = pl.Series(names, dtype=pl.String)
    return pl.DataFrame(columns)


def utc_series(moments: Times) -> pl.Series:
    """Turn datetime64[s] into timestamps in UTC, microseconds."""
    return pl.Series(moments.astype("datetime64[us]")).dt.replace_time_zone("UTC")
