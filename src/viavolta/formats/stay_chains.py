"""Stays of one vehicle, one after the other: what makes them one battery, and what does not."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable, Flags, iso
from viavolta.formats.stay_details import needs_battery
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

_ROUNDING_KWH = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Links:
    """Rows of stays that follow each other, (links,) each."""

    before: Ints
    after: Ints


def check_chains(
    table: ChargeTable,
    vehicle_id: pl.Series,
    *,
    arrival: Times,
    departure: Times,
    energy_kwh: Floats,
    capacity_kwh: Floats,
    soc_arrival_kwh: Floats,
) -> None:
    """Find vehicles that are at two plugs at once, or whose batteries do not fit together.

    capacity_kwh and soc_arrival_kwh are NaN where the battery is not known.
    """
    links = _links(vehicle_id, arrival)
    if not links.before.size:
        return
    _check_order(table, links, arrival=arrival, departure=departure)
    n_rows = len(table)
    is_linked = np.zeros(n_rows, dtype=bool)
    is_linked[links.before] = is_linked[links.after] = True
    table.find(
        is_linked & np.isnan(capacity_kwh),
        "vehicle_id",
        error=lambda _: needs_battery(table.file),
    )
    _check_capacity(table, links, capacity_kwh)
    _check_targets(
        table,
        links,
        target_kwh=soc_arrival_kwh + energy_kwh,
        capacity_kwh=capacity_kwh,
        soc_arrival_kwh=soc_arrival_kwh,
    )


def _links(vehicle_id: pl.Series, arrival: Times) -> _Links:
    """Pairs of stays of one vehicle in order of arrival; empty names are no vehicle."""
    rows = np.flatnonzero((vehicle_id != "").to_numpy())
    names = vehicle_id.gather(rows)
    vehicle = names.rank("dense").to_numpy() if rows.size else rows
    order = rows[np.lexsort((arrival[rows], vehicle))]
    same = np.diff(np.sort(vehicle)) == 0
    return _Links(before=order[:-1][same], after=order[1:][same])


def _flags(rows: Ints, n_rows: int) -> Flags:
    flags = np.zeros(n_rows, dtype=bool)
    flags[rows] = True
    return flags


def _other(rows: Ints, others: Ints, n_rows: int) -> Ints:
    """(n_rows,) the other end of the link of each row, -1 where it has none."""
    other = np.full(n_rows, -1)
    other[rows] = others
    return other


def _check_order(table: ChargeTable, links: _Links, *, arrival: Times, departure: Times) -> None:
    before = _other(links.after, links.before, len(table))
    is_early = arrival[links.after] < departure[links.before]
    table.find(
        _flags(links.after[is_early], len(table)),
        "arrival",
        error=lambda row: InputError(
            code="vehicle-at-two-plugs",
            message=text(
                "the vehicle is still at the plug of row {row}", row=table.lines[before[row]]
            ),
            where=Where(file=table.file),
            expected=text("not before {departure}", departure=iso(departure[before[row]])),
            hint=text("correct the times, or give the two stays different vehicles"),
        ),
    )


def _check_capacity(table: ChargeTable, links: _Links, capacity_kwh: Floats) -> None:
    before = _other(links.after, links.before, len(table))
    one, other = capacity_kwh[links.before], capacity_kwh[links.after]
    differs = np.isfinite(one) & np.isfinite(other) & (one != other)
    table.find(
        _flags(links.after[differs], len(table)),
        "capacity_kwh",
        error=lambda row: InputError(
            code="vehicle-capacity-differs",
            message=text(
                "the vehicle has another battery in row {row}", row=table.lines[before[row]]
            ),
            where=Where(file=table.file),
            expected=str(capacity_kwh[before[row]]),
            hint=text("one vehicle has one battery: give it the same capacity in every row"),
        ),
    )


def _check_targets(
    table: ChargeTable,
    links: _Links,
    *,
    target_kwh: Floats,
    capacity_kwh: Floats,
    soc_arrival_kwh: Floats,
) -> None:
    is_above = target_kwh[links.before] > capacity_kwh[links.before] + _ROUNDING_KWH
    table.find(
        _flags(links.before[is_above], len(table)),
        "energy_kwh",
        error=lambda row: InputError(
            code="vehicle-target-above-capacity",
            message=text(
                "soc_arrival_kwh and energy_kwh together are {kwh:.3f} kWh, more than the battery",
                kwh=target_kwh[row],
            ),
            where=Where(file=table.file),
            expected=text("at most {kwh:.6g}", kwh=capacity_kwh[row] - soc_arrival_kwh[row]),
            hint=text("what the vehicle brings to its next plug follows from this: lower it"),
        ),
    )
    before = _other(links.after, links.before, len(table))
    grows = soc_arrival_kwh[links.after] > target_kwh[links.before] + _ROUNDING_KWH
    table.find(
        _flags(links.after[grows], len(table)),
        "soc_arrival_kwh",
        error=lambda row: InputError(
            code="vehicle-gains-on-the-way",
            message=text(
                "the vehicle arrives with more than it was to leave row {row} with",
                row=table.lines[before[row]],
            ),
            where=Where(file=table.file),
            expected=text("at most {kwh:.6g}", kwh=target_kwh[before[row]]),
            hint=text("lower it by what the way takes, or raise energy_kwh of the stay before"),
        ),
    )
