"""SIGNALS, CSV or Parquet: prices to buy and sell over time, per zone, laid over equal steps."""

from pathlib import Path

import numpy as np

from viavolta.formats.charge_table import ChargeTable, MakeError
from viavolta.formats.profile_rows import is_not_later, rows_of
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable

MAX_STEPS = 600_000
"""More than a year of minutes."""
MAX_CELLS = 100_000_000
"""Zones times steps: more does not fit into memory."""
_REQUIRED = ("start", "buy_eur_per_kwh", "sell_eur_per_kwh")
_OPTIONAL = ("co2_g_per_kwh", "zone")


def read_signals(path: Path, *, step_s: int = 900) -> SignalTable:
    """Read SIGNALS onto steps of step_s seconds, aligned to its first row.

    A row holds to the next, the last as long as the one before it. All zones have the same times.

    Raises
    ------
    UsageError: no such file, or a step that does not divide an hour.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    if step_s <= 0 or SECONDS_PER_HOUR % step_s:
        raise UsageError(
            code="step-does-not-divide-hour",
            message=text("a step of {step_s} s does not divide an hour", step_s=step_s),
            where=Where(field="--step", value=str(step_s)),
            expected=text("5min, 10min, 15min, 30min or 60min, for example"),
            hint=text("choose a --step of which an hour holds a whole number"),
        )
    table = ChargeTable(path, required=_REQUIRED, optional=_OPTIONAL)
    start = table.times("start")
    buy = table.numbers("buy_eur_per_kwh")
    sell = table.numbers("sell_eur_per_kwh")
    has_co2 = "co2_g_per_kwh" in table.columns
    co2 = table.numbers("co2_g_per_kwh") if has_co2 else buy
    names = table.words("zone", default="")
    _check_prices(table, buy, sell)
    zones = tuple(names.unique(maintain_order=True).to_list())
    zone = rows_of(names, zones)
    _check_order(table, start, zone=zone)
    table.raise_findings()
    by_zone = np.argsort(zone, kind="stable")
    _check_same_times(table, start[by_zone], zone=zone[by_zone], rows=by_zone)
    table.raise_findings()
    rows = by_zone.reshape(len(zones), -1)
    counts = _steps_per_row(table, start, rows=rows, step_s=step_s)
    n_steps = int(counts.sum())
    return SignalTable(
        start=start[rows[0, 0]] + np.arange(n_steps) * np.timedelta64(step_s, "s"),
        step_s=step_s,
        buy_eur_per_kwh=np.repeat(buy[rows], counts, axis=1),
        sell_eur_per_kwh=np.repeat(sell[rows], counts, axis=1),
        co2_g_per_kwh=np.repeat(co2[rows], counts, axis=1) if has_co2 else None,
        zone=zones,
    )


def _check_prices(table: ChargeTable, buy: Floats, sell: Floats) -> None:
    table.find(
        buy < sell,
        "buy_eur_per_kwh",
        error=lambda row: InputError(
            code="signals-buy-below-sell",
            message=text("buying is cheaper than selling: money from nothing"),
            where=Where(file=table.file),
            expected=text("at least the selling price {sell}", sell=sell[row]),
            hint=text("check whether the two columns are swapped, or lower the selling price"),
        ),
    )


def _check_order(table: ChargeTable, start: Times, *, zone: Ints) -> None:
    table.find(
        is_not_later(zone, start),
        "start",
        error=lambda _: InputError(
            code="signals-not-ordered",
            message=text("the row is not later than the one before it"),
            where=Where(file=table.file),
            expected=text("rows in order of time, each start once per zone"),
            hint=text("sort the rows by start; when the clocks change, the offset changes too"),
        ),
    )


def _check_same_times(table: ChargeTable, start: Times, *, zone: Ints, rows: Ints) -> None:
    """Find the first row of each zone whose times differ from those of the first zone.

    All are (rows,), sorted by zone; rows says where they stand in the table.
    """
    counts = np.bincount(zone)
    first_of = np.concatenate(([0], np.cumsum(counts)))[:-1]
    rank = np.arange(len(zone)) - first_of[zone]
    n_first = counts[0]
    is_other = (rank >= n_first) | (start != start[np.minimum(rank, n_first - 1)])
    differs = counts != n_first
    differs[zone[is_other]] = True
    is_wrong = np.zeros(len(table), dtype=bool)
    is_wrong[rows[first_of[differs]]] = True
    table.find(
        is_wrong,
        "zone",
        error=lambda _: InputError(
            code="signals-zones-differ",
            message=text("the zone has other times than the first one"),
            where=Where(file=table.file),
            expected=text("a row for every zone and start"),
            hint=text("add the rows that a zone lacks, or remove those that only it has"),
        ),
    )


def _steps_per_row(table: ChargeTable, start: Times, *, rows: Ints, step_s: int) -> Ints:
    """How many steps each row of a zone holds for. Shapes: rows (Z, n), returns (n,)."""
    start = start[rows[0]]
    if len(start) == 1:
        _find_at(table, rows[0], "start", error=lambda _: _too_short(table.file))
        table.raise_findings()
    since_s = (start - start[0]).astype(np.int64)
    _find_at(
        table,
        rows[0][since_s % step_s != 0],
        "start",
        error=lambda _: InputError(
            code="signals-off-step",
            message=text("the price changes inside a step"),
            where=Where(file=table.file),
            expected=text("rows a multiple of {step_s} s apart", step_s=step_s),
            hint=text("choose a --step that divides the distance between rows"),
        ),
    )
    table.raise_findings()
    lasts_s = np.diff(since_s)
    counts: Ints = np.append(lasts_s, lasts_s[-1]) // step_s
    _check_size(table, n_steps=int(counts.sum()), n_zones=len(rows))
    return counts


def _check_size(table: ChargeTable, *, n_steps: int, n_zones: int) -> None:
    if n_steps > MAX_STEPS or n_steps * n_zones > MAX_CELLS:
        _find_at(
            table,
            np.array([len(table) - 1]),
            "start",
            error=lambda _: InputError(
                code="signals-too-long",
                message=text(
                    "the signals span {n} steps in {zones} zones", n=n_steps, zones=n_zones
                ),
                where=Where(file=table.file),
                expected=text(
                    "at most {n} steps, {cells} over all zones", n=MAX_STEPS, cells=MAX_CELLS
                ),
                hint=text("use longer steps, or split the horizon"),
            ),
        )
        table.raise_findings()


def _find_at(table: ChargeTable, rows: Ints, column: str, *, error: MakeError) -> None:
    is_wrong = np.zeros(len(table), dtype=bool)
    is_wrong[rows] = True
    table.find(is_wrong, column, error=error)


def _too_short(file: str) -> InputError:
    return InputError(
        code="signals-too-short",
        message=text("one row does not say how long it holds"),
        where=Where(file=file),
        expected=text("at least two rows per zone"),
        hint=text("repeat the price at the last step"),
    )
