"""SIGNALS.csv: prices to buy and sell over time, per zone, laid over equal steps."""

from pathlib import Path

import numpy as np

from viavolta.formats.charge_csv import CsvTable, rows_where
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable

MAX_STEPS = 600_000
"""More than a year of minutes."""


def read_signals(path: Path, *, step_s: int = 900) -> SignalTable:
    """Read a SIGNALS.csv onto steps of step_s seconds, aligned to its first row.

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
        )
    table = CsvTable(path, required=("start", "buy_eur_per_kwh", "sell_eur_per_kwh"))
    start = table.times("start")
    buy = table.numbers("buy_eur_per_kwh")
    sell = table.numbers("sell_eur_per_kwh")
    has_co2 = "co2_g_per_kwh" in table.columns
    co2 = table.numbers("co2_g_per_kwh")
    names = table.words("zone", default="")
    _check_prices(table, buy, sell)
    zones = tuple(dict.fromkeys(names))
    which = np.array([zones.index(name) for name in names])
    _check_order(table, start, zone=which)
    table.raise_findings()
    _check_same_times(table, start, zone=which, zones=zones)
    rows = [np.flatnonzero(which == z) for z in range(len(zones))]
    counts = _steps_per_row(table, start[rows[0]], lines=table.lines[rows[0]], step_s=step_s)
    n_steps = int(counts.sum())
    return SignalTable(
        start=start[rows[0][0]] + np.arange(n_steps) * np.timedelta64(step_s, "s"),
        step_s=step_s,
        buy_eur_per_kwh=_spread(buy, rows, counts=counts),
        sell_eur_per_kwh=_spread(sell, rows, counts=counts),
        co2_g_per_kwh=_spread(co2, rows, counts=counts) if has_co2 else None,
        zone=zones,
    )


def _spread(values: Floats, rows: list[Ints], *, counts: Ints) -> Floats:
    """Repeat each zone's values over the steps they hold for. Returns (Z, T)."""
    return np.stack([np.repeat(values[of_zone], counts) for of_zone in rows])


def _check_prices(table: CsvTable, buy: Floats, sell: Floats) -> None:
    for row in rows_where(buy < sell):
        table.find(
            row,
            "buy_eur_per_kwh",
            error=InputError(
                code="signals-buy-below-sell",
                message=text("buying is cheaper than selling: money from nothing"),
                where=Where(file=table.file),
                expected=text("at least the selling price {sell}", sell=sell[row]),
                hint=text("check whether the two columns are swapped, or lower the selling price"),
            ),
        )


def _check_order(table: CsvTable, start: Times, *, zone: Ints) -> None:
    latest: dict[int, np.datetime64] = {}
    for row, z in enumerate(zone.tolist()):
        if z in latest and start[row] <= latest[z]:
            table.find(
                row,
                "start",
                error=InputError(
                    code="signals-not-ordered",
                    message=text("the row is not later than the one before it"),
                    where=Where(file=table.file),
                    expected=text("rows in order of time, each start once per zone"),
                    hint=text(
                        "sort the rows by start; when the clocks change, the offset changes too"
                    ),
                ),
            )
        latest[z] = start[row]


def _check_same_times(table: CsvTable, start: Times, *, zone: Ints, zones: tuple[str, ...]) -> None:
    first = start[zone == 0]
    for z, name in enumerate(zones):
        times = start[zone == z]
        if len(times) != len(first) or (times != first).any():
            row = int(np.flatnonzero(zone == z)[0])
            table.find(
                row,
                "zone",
                error=InputError(
                    code="signals-zones-differ",
                    message=text("zone {zone} has other times than the first one", zone=name[:200]),
                    where=Where(file=table.file),
                    expected=text("a row for every zone and start"),
                    hint=text("add the rows that a zone lacks, or remove those that only it has"),
                ),
            )
    table.raise_findings()


def _steps_per_row(table: CsvTable, start: Times, *, lines: Ints, step_s: int) -> Ints:
    """How many steps each row of a zone holds for."""
    if len(start) == 1:
        table.find(
            0,
            "start",
            error=InputError(
                code="signals-too-short",
                message=text("one row does not say how long it holds"),
                where=Where(file=table.file),
                expected=text("at least two rows per zone"),
                hint=text("repeat the price at the last step"),
            ),
        )
        table.raise_findings()
    lasts_s = np.diff(start).astype(np.int64)
    lasts_s = np.append(lasts_s, lasts_s[-1])
    since_s = (start - start[0]).astype(np.int64)
    row_of_line = {int(line): row for row, line in enumerate(table.lines)}
    for row in rows_where(since_s % step_s != 0):
        table.find(
            row_of_line[int(lines[row])],
            "start",
            error=InputError(
                code="signals-off-step",
                message=text("the price changes inside a step"),
                where=Where(file=table.file),
                expected=text("rows a multiple of {step_s} s apart", step_s=step_s),
                hint=text("choose a --step that divides the distance between rows"),
            ),
        )
    table.raise_findings()
    counts: Ints = lasts_s // step_s
    if int(counts.sum()) > MAX_STEPS:
        table.find(
            len(table) - 1,
            "start",
            error=InputError(
                code="signals-too-long",
                message=text("the signals span {n} steps", n=int(counts.sum())),
                where=Where(file=table.file),
                expected=text("at most {n} steps", n=MAX_STEPS),
                hint=text("use longer steps, or split the horizon"),
            ),
        )
        table.raise_findings()
    return counts
