"""STAYS.csv or .parquet: who is at which plug, when, and how much energy is wanted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable, iso
from viavolta.formats.profile_rows import rows_of
from viavolta.formats.stay_chains import check_chains
from viavolta.formats.stay_details import (
    DETAIL_COLUMNS,
    StayDetails,
    check_needs_battery,
    efficiency,
    phase_text,
    read_details,
)
from viavolta.formats.stay_warnings import battery_warnings, energy_warnings
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable
from viavolta.model.stay import StayTable, stay_table

_REQUIRED = ("stay_id", "arrival", "departure", "energy_kwh", "max_kw")
_OPTIONAL = (
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "limit_id",
    "vehicle_id",
    *DETAIL_COLUMNS,
)
_NUMBERS = (
    *_REQUIRED[3:],
    *_OPTIONAL[: _OPTIONAL.index("limit_id")],
    *DETAIL_COLUMNS[: DETAIL_COLUMNS.index("phase")],
)
_NULLABLE = {"capacity_kwh", "soc_arrival_kwh", "knee_kw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaysRead:
    """The stays of a file, and what their reader should know."""

    stays: StayTable
    warnings: tuple[StudyWarning, ...]


def read_stays(path: Path, limits: LimitTree, *, signals: SignalTable) -> StaysRead:
    """Read STAYS as CSV, or as Parquet where the name ends in .parquet.

    The columns stand in docs/reference/study-folder.md, "Input of viavolta charge".

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = ChargeTable(path, required=_REQUIRED, optional=_OPTIONAL)
    stay_id, vehicle_id = table.words("stay_id"), table.words("vehicle_id", default="")
    table.find_duplicates("stay_id", stay_id)
    power = _power(table, signals)
    battery = _battery(table)
    charge_efficiency = efficiency(table, "charge_efficiency")
    details = read_details(table, charge_efficiency=charge_efficiency)
    _check_together(table, power, battery=battery, details=details, vehicle_id=vehicle_id)
    limit = _limit_rows(table, limits)
    discharge_efficiency = efficiency(table, "discharge_efficiency")
    wear_eur_per_kwh = table.numbers("wear_eur_per_kwh", default=0.0, minimum=0.0)
    table.raise_findings()
    stays = stay_table(
        tuple(stay_id.to_list()),
        power.arrival,
        departure=power.departure,
        energy_kwh=power.energy_kwh,
        max_kw=power.max_kw,
        limit=limit,
        min_kw=power.min_kw,
        max_discharge_kw=battery.max_discharge_kw,
        capacity_kwh=battery.capacity_kwh,
        soc_arrival_kwh=battery.soc_arrival_kwh,
        soc_min_kwh=battery.soc_min_kwh,
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        wear_eur_per_kwh=wear_eur_per_kwh,
        vehicle_id=tuple(vehicle_id.to_list()) if (vehicle_id != "").any() else (),
        taper_soc=details.taper_soc,
        knee_kw=details.knee_kw,
        efficiency_above_knee=details.efficiency_above_knee,
        charging_loss_kw=details.charging_loss_kw,
        standing_loss_kw=details.standing_loss_kw,
        ageing_soc=details.ageing_soc,
        ageing_eur_per_kwh_h=details.ageing_eur_per_kwh_h,
        phase=details.phase,
    )
    return StaysRead(stays=stays, warnings=(*battery.warnings, *energy_warnings(table.file, stays)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Power:
    arrival: Times
    departure: Times
    energy_kwh: Floats
    max_kw: Floats
    min_kw: Floats

    @property
    def hours(self) -> Floats:
        """(S,) at the plug; NaN where a time is not known."""
        hours: Floats = (self.departure - self.arrival) / np.timedelta64(SECONDS_PER_HOUR, "s")
        return hours


def _power(table: ChargeTable, signals: SignalTable) -> _Power:
    arrival, departure = table.times("arrival"), table.times("departure")
    _check_times(table, arrival, departure=departure, signals=signals)
    power = _Power(
        arrival=arrival,
        departure=departure,
        energy_kwh=table.numbers("energy_kwh"),
        max_kw=table.numbers("max_kw", minimum=0.0),
        min_kw=table.numbers("min_kw", default=0.0, minimum=0.0),
    )
    table.find(
        power.min_kw > power.max_kw,
        "min_kw",
        error=lambda row: InputError(
            code="stay-minimum-above-maximum",
            message=text("min_kw is above max_kw"),
            where=Where(file=table.file),
            expected=text("at most {max_kw}", max_kw=power.max_kw[row]),
            hint=text("lower min_kw, or raise max_kw"),
        ),
    )
    return power


def _check_times(
    table: ChargeTable, arrival: Times, *, departure: Times, signals: SignalTable
) -> None:
    table.find(
        departure <= arrival,
        "departure",
        error=lambda row: InputError(
            code="stay-departs-before-arrival",
            message=text("the stay ends before it begins"),
            where=Where(file=table.file),
            expected=text("departure after arrival {arrival}", arrival=iso(arrival[row])),
            hint=text("check the date and the offset of both times"),
        ),
    )
    for field, outside in (
        ("arrival", (arrival < signals.start[0]) | (arrival >= signals.end)),
        ("departure", departure > signals.end),
    ):
        table.find(
            (departure > arrival) & outside,
            field,
            error=lambda _: InputError(
                code="stay-outside-signals",
                message=text("the stay reaches outside the signals"),
                where=Where(file=table.file),
                expected=text(
                    "between {start} and {end}",
                    start=iso(signals.start[0]),
                    end=iso(signals.end),
                ),
                hint=text("give prices for the whole stay, or shorten it"),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Battery:
    max_discharge_kw: Floats
    capacity_kwh: Floats
    soc_arrival_kwh: Floats
    soc_min_kwh: Floats
    warnings: tuple[StudyWarning, ...]


def _battery(table: ChargeTable) -> _Battery:
    capacity_kwh = table.numbers("capacity_kwh", default=np.nan, minimum=0.0)
    soc_kwh = table.numbers("soc_arrival_kwh", default=np.nan, minimum=0.0)
    soc_min_kwh = table.numbers("soc_min_kwh", default=0.0, minimum=0.0)
    max_discharge_kw = table.numbers("max_discharge_kw", default=0.0, minimum=0.0)
    _check_below_capacity(table, "soc_arrival_kwh", soc_kwh, capacity_kwh=capacity_kwh)
    _check_below_capacity(table, "soc_min_kwh", soc_min_kwh, capacity_kwh=capacity_kwh)
    is_known = ~np.isnan(capacity_kwh) & ~np.isnan(soc_kwh)
    return _Battery(
        max_discharge_kw=np.where(is_known, max_discharge_kw, 0.0),
        capacity_kwh=np.where(is_known, capacity_kwh, np.nan),
        soc_arrival_kwh=np.where(is_known, soc_kwh, np.nan),
        soc_min_kwh=soc_min_kwh,
        warnings=battery_warnings(
            table.file,
            n_half=int((~is_known & (~np.isnan(capacity_kwh) | ~np.isnan(soc_kwh))).sum()),
            n_mute=int((~is_known & (max_discharge_kw > 0)).sum()),
        ),
    )


def _check_below_capacity(
    table: ChargeTable, field: str, energy_kwh: Floats, *, capacity_kwh: Floats
) -> None:
    table.find(
        energy_kwh > capacity_kwh,
        field,
        error=lambda row: InputError(
            code="stay-soc-above-capacity",
            message=text("{field} is above capacity_kwh", field=field),
            where=Where(file=table.file),
            expected=text("at most {capacity}", capacity=capacity_kwh[row]),
            hint=text("both are energies in kWh, not percent"),
        ),
    )


def _check_together(
    table: ChargeTable,
    power: _Power,
    *,
    battery: _Battery,
    details: StayDetails,
    vehicle_id: pl.Series,
) -> None:
    """Find what only shows where the columns meet."""
    check_needs_battery(table, details, soc_arrival_kwh=battery.soc_arrival_kwh, hours=power.hours)
    check_chains(
        table,
        vehicle_id,
        arrival=power.arrival,
        departure=power.departure,
        energy_kwh=power.energy_kwh,
        capacity_kwh=battery.capacity_kwh,
        soc_arrival_kwh=battery.soc_arrival_kwh,
    )


def _limit_rows(table: ChargeTable, limits: LimitTree) -> Ints:
    """(S,) row of the limit of each stay; an empty cell is the root where there is only one."""
    roots = np.flatnonzero(limits.parent < 0)
    names = table.words("limit_id", default="")
    rows = rows_of(names, limits.limit_id)
    is_empty = (names == "").to_numpy()
    if len(roots) == 1:
        rows = np.where(is_empty & (rows < 0), roots[0], rows)
    table.find(
        (rows < 0) & ~is_empty,
        "limit_id",
        error=lambda row: InputError(
            code="limit-unknown",
            message=text("limit {limit} is not in the limits", limit=names[row][:200]),
            where=Where(file=table.file),
            expected=text("a limit_id of the limits file, or nothing for the root"),
            hint=text("correct the name, or add the limit to the limits file"),
        ),
    )
    table.find(
        (rows < 0) & is_empty,
        "limit_id",
        error=lambda _: InputError(
            code="stay-without-limit",
            message=text("the stay names no limit, and there are {n} roots", n=len(roots)),
            where=Where(file=table.file),
            expected=text("a limit_id of the limits file"),
            hint=text("name the limit of the plug that the vehicle is at"),
        ),
    )
    return rows


def stays_frame(stays: StayTable, limits: LimitTree) -> pl.DataFrame:
    """Turn stays into a table with the columns of STAYS.csv, times in UTC microseconds.

    What is not known is null: capacity_kwh, soc_arrival_kwh, and knee_kw where there is none.
    """
    columns: dict[str, pl.Series] = {
        "stay_id": pl.Series(stays.stay_id, dtype=pl.String),
        "arrival": utc_series(stays.arrival),
        "departure": utc_series(stays.departure),
    }
    for name in _NUMBERS:
        values = getattr(stays, name)
        columns[name] = pl.Series(values)  # shares the array
        if name in _NULLABLE:
            columns[name] = pl.Series(np.where(values < np.inf, values, np.nan)).fill_nan(None)
    columns["limit_id"] = pl.Series(limits.limit_id, dtype=pl.String).gather(stays.limit)
    columns["vehicle_id"] = (
        pl.Series(stays.vehicle_id, dtype=pl.String)
        if stays.vehicle_id
        else pl.repeat("", len(stays), dtype=pl.String, eager=True)
    )
    columns["phase"] = phase_text(stays.phase)
    return pl.DataFrame(columns)


def utc_series(moments: Times) -> pl.Series:
    """Turn datetime64[s] into timestamps in UTC, microseconds."""
    return pl.Series(moments.astype("datetime64[us]")).dt.replace_time_zone("UTC")
