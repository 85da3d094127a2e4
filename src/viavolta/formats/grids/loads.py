"""`--loads`: power at nodes over time, CSV or Parquet, laid over equal steps."""

from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.charge_csv import separator_of
from viavolta.formats.charge_table import ChargeTable, Flags, iso
from viavolta.formats.grids.cells import choice_numbers, numbers
from viavolta.formats.grids.default_loads import read_default_loads
from viavolta.formats.grids.findings import raise_all
from viavolta.formats.profile_rows import held, is_not_later, rows_of
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.grid import Grid, NodeLoads, Phase
from viavolta.model.messages import text

MAX_CELLS = 100_000_000
"""Loads times steps: more does not fit into memory."""
SINGLE_STEP_S = 900
"""Length of the step where all rows begin at the same time."""
SNAPSHOT = np.datetime64("2025-01-01T00:00:00", "s")
"""When loads without a time are taken to be."""
_STEPS_S = (3600, 1800, 900, 600, 300, 60)
_MOST_OFF_SHARE = 0.01  # rows off a step that are slips rather than a shorter step
_REGULAR_ROWS = 24  # from so many rows on a load that keeps one distance is a profile ...
_REGULAR_SHARE = 0.95  # ... if so many of its distances are the same
_HOUR_S = 3600


def read_loads(path: Path, grid: Grid, *, step_s: int | None = None) -> NodeLoads:
    """Read the loads at nodes: node_id, start, p_kw, and q_kvar and phase where they are known.

    A row holds until the next of the same node and phase, the last as long as the one before it;
    a file of rows that all begin at once is one step. Without step_s, the step is the longest of
    60, 30, 15, 10, 5 and 1 minutes that fits the rows.

    A grid file that brings loads along may stand here too: one step with the loads it describes,
    at SNAPSHOT.

    Raises
    ------
    UsageError: no such file, or a step that does not divide an hour.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    if step_s is not None and (step_s <= 0 or _HOUR_S % step_s):
        raise UsageError(
            code="step-does-not-divide-hour",
            message=text("a step of {step_s} s does not divide an hour", step_s=step_s),
            where=Where(field="--step", value=str(step_s)),
            expected=text("5min, 10min, 15min, 30min or 60min, for example"),
            hint=text("choose a --step of which an hour holds a whole number"),
        )
    if path.is_dir() or path.suffix.lower() == ".json":
        return _snapshot(path, grid, step_s=step_s or SINGLE_STEP_S)
    table = ChargeTable(
        path,
        required=("node_id", "start", "p_kw"),
        optional=("q_kvar", "phase"),
        separator=separator_of(path),
    )
    node_id = table.words("node_id")
    node = rows_of(node_id, grid.node_id)
    _check_known(table, node_id, node=node)
    start = table.times("start")
    p_kw = numbers(table, "p_kw")
    q_kvar = numbers(table, "q_kvar", default=0.0)
    phase = choice_numbers(table, "phase", Phase, default=Phase.ABC)
    load, first_row = _loads(node, phase)
    _check_order(table, start, load=load)
    step_s = _check_steps(table, start, step_s=step_s)
    _check_holes(table, start, load=load)
    raise_all([table])
    begin, end = start.min(), _end(start, step_s)
    n_steps = int((end - begin).astype(np.int64)) // step_s
    _check_size(table, n_loads=len(first_row), n_steps=n_steps)
    position = (start - begin).astype(np.int64) // step_s
    shape = (len(first_row), n_steps)
    return NodeLoads(
        start=begin + np.arange(n_steps) * np.timedelta64(step_s, "s"),
        step_s=step_s,
        node=node[first_row],
        phase=tuple(tuple(Phase)[number] for number in phase[first_row]),
        p_kw=_over_steps(p_kw, load, position=position, shape=shape),
        q_kvar=_over_steps(q_kvar, load, position=position, shape=shape),
    )


def _snapshot(path: Path, grid: Grid, *, step_s: int) -> NodeLoads:
    """One step with the loads that a grid file describes."""
    loads = read_default_loads(path, grid)
    if not len(loads):
        raise InputError(
            code="loads-not-in-grid",
            message=text("{file} brings no loads along", file=path.name),
            where=Where(file=path.name),
            expected=text("a table of loads, or a grid file with loads in service"),
            hint=text("give a table with node_id, start and p_kw"),
        )
    return loads.constant(np.array([SNAPSHOT]), step_s=step_s)


def _loads(node: Ints, phase: Ints) -> tuple[Ints, Ints]:
    """(rows,) load each row belongs to, -1 at unknown nodes, and (M,) the first row of each."""
    key = node * len(Phase) + phase
    unique, first_row, load = np.unique(key, return_index=True, return_inverse=True)
    by_row = np.argsort(first_row, kind="stable")  # loads in the order of the file
    rank = np.empty(len(unique), dtype=np.int64)
    rank[by_row] = np.arange(len(unique))
    return np.where(node < 0, -1, rank[load]), first_row[by_row]


def _over_steps(values: Floats, load: Ints, *, position: Ints, shape: tuple[int, int]) -> Floats:
    n_loads, n_steps = shape
    offsets = np.arange(n_loads + 1) * n_steps
    flat = held(load, position, values=values, initial=np.zeros(n_loads), offsets=offsets)
    return flat.reshape(shape)


def _end(start: Times, step_s: int) -> np.datetime64:
    """When the last row ends: it holds as long as the one before it, of any load."""
    moments = np.unique(start)
    lasts = moments[-1] - moments[-2] if len(moments) > 1 else np.timedelta64(step_s, "s")
    return np.datetime64(moments[-1] + lasts)


def _check_known(table: ChargeTable, node_id: pl.Series, *, node: Ints) -> None:
    table.find(
        (node < 0) & (node_id != "").to_numpy(),
        "node_id",
        error=lambda _: InputError(
            code="grid-node-unknown",
            message=text("the grid has no such node"),
            where=Where(file=table.file),
            expected=text("a node_id of the grid"),
            hint=text("correct the name, or add the node to the grid"),
        ),
    )


def _check_order(table: ChargeTable, start: Times, *, load: Ints) -> None:
    table.find(
        is_not_later(load, start),
        "start",
        error=lambda _: InputError(
            code="loads-not-ordered",
            message=text("the row is not later than the one before it of the same node and phase"),
            where=Where(file=table.file),
            expected=text("rows of a node in order of time, each start once"),
            hint=text("sort the rows by start; when the clocks change, the offset changes too"),
        ),
    )


def _check_steps(table: ChargeTable, start: Times, *, step_s: int | None) -> int:
    """Record rows that begin inside a step; returns the length of the steps."""
    known = start[~np.isnat(start)]
    if not len(known):
        return step_s or SINGLE_STEP_S
    begin = known.min()
    if step_s is None:
        step_s = _step_s((known - begin).astype(np.int64))
    since_s = np.where(np.isnat(start), 0, (start - begin).astype(np.int64))
    table.find(
        since_s % step_s != 0,
        "start",
        error=lambda _: InputError(
            code="loads-off-step",
            message=text("the row begins inside a step"),
            where=Where(file=table.file),
            expected=text(
                "a multiple of {step_s} s after {start}", step_s=step_s, start=iso(begin)
            ),
            hint=text("correct the time, or choose a step that divides all distances"),
        ),
    )
    return step_s


def _step_s(since_s: Ints) -> int:
    """The longest usual step that all but a few rows fit."""
    if not since_s.any():
        return SINGLE_STEP_S
    for step_s in _STEPS_S:
        if np.mean(since_s % step_s != 0) <= _MOST_OFF_SHARE:
            return step_s
    return _STEPS_S[-1]


def _check_holes(table: ChargeTable, start: Times, *, load: Ints) -> None:
    """Record where a load begins late, and where a profile of equal distances lacks rows."""
    usable = (load >= 0) & ~np.isnat(start)
    if not usable.any():
        return
    begin, end = start[usable].min(), start[usable].max()
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(load[rows], kind="stable")]
    is_first = np.diff(load[rows], prepend=-1) != 0
    is_late = np.zeros(len(table), dtype=bool)
    is_late[rows[is_first & (start[rows] > begin)]] = True
    table.find(
        is_late,
        "start",
        error=lambda _: InputError(
            code="loads-begin-late",
            message=text("the load of this node begins after the first of the file"),
            where=Where(file=table.file),
            expected=text("a first row at {start}", start=iso(begin)),
            hint=text("add a row with p_kw 0 where there is no load"),
        ),
    )
    before_hole = _before_holes(start[rows], is_first=is_first, end=end)
    is_hole = np.zeros(len(table), dtype=bool)
    is_hole[rows[before_hole]] = True
    table.find(
        is_hole,
        "start",
        error=lambda _: InputError(
            code="loads-hole",
            message=text("rows are missing after this one: all others are at equal distances"),
            where=Where(file=table.file),
            expected=text("a row at every step of a profile"),
            hint=text("add the missing rows; repeat the power where it holds"),
        ),
    )


def _before_holes(start: Times, *, is_first: Flags, end: np.datetime64) -> Flags:
    """Which rows, sorted by load, stand before a hole of a regular profile, or end it early."""
    group = np.cumsum(is_first) - 1
    gap_s = np.diff(start, append=start[-1:]).astype(np.int64)
    is_last = np.append(is_first[1:], np.True_)
    n_rows = np.bincount(group)
    usual_s = np.array(
        [
            np.median(gap_s[first : first + n - 1]) if n > 1 else 0
            for first, n in zip(np.flatnonzero(is_first), n_rows, strict=True)
        ]
    )[group]
    is_usual = (gap_s == usual_s) & ~is_last
    share = np.bincount(group, weights=is_usual) / np.maximum(n_rows - 1, 1)
    is_regular = ((n_rows >= _REGULAR_ROWS) & (share >= _REGULAR_SHARE))[group]
    ends_early = is_last & ((end - start).astype(np.int64) >= usual_s)
    is_before: Flags = is_regular & ((~is_last & (gap_s > usual_s)) | ends_early)
    return is_before


def _check_size(table: ChargeTable, *, n_loads: int, n_steps: int) -> None:
    if n_loads * n_steps > MAX_CELLS:
        raise InputError(
            code="loads-too-large",
            message=text("{n} loads over {t} steps are too many", n=n_loads, t=n_steps),
            where=Where(file=table.file),
            expected=text("at most {n} loads times steps", n=MAX_CELLS),
            hint=text("use longer steps, or split the horizon"),
        )
