"""Rows that hold to the next one of the same limit or stay, laid over steps."""

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable, Flags, iso
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable


def rows_of(names: pl.Series, known: tuple[str, ...]) -> Ints:
    """Row of each name among the known ones, -1 where it is not among them; the last one counts."""
    table = pl.DataFrame(
        {"name": pl.Series(known, dtype=pl.String), "row": np.arange(len(known))}
    ).unique("name", keep="last")
    found = pl.DataFrame({"name": names}).join(table, on="name", how="left", maintain_order="left")
    return found["row"].fill_null(-1).to_numpy()


def held(group: Ints, position: Ints, *, values: Floats, initial: Floats, offsets: Ints) -> Floats:
    """Values over flat steps: each holds from its position to the next one of its group.

    Parameters
    ----------
    group, position, values : (M,) rows in order of time within their group; a position is counted
        in steps of its group, may lie before it (then it holds from the beginning) or behind it.
    initial : (G,) value until the first row of the group.
    offsets : (G + 1,) steps of group g are offsets[g]:offsets[g + 1] of the result.

    Returns
    -------
    (offsets[-1],) values.
    """
    n_groups = len(initial)
    every_group = np.concatenate((np.arange(n_groups), group))
    n_steps = np.diff(offsets)[group]
    within = np.concatenate((np.zeros(n_groups, dtype=np.int64), np.clip(position, 0, n_steps)))
    order = np.argsort(every_group, kind="stable")
    begin = (offsets[every_group] + within)[order]
    lengths = np.diff(begin, append=offsets[-1])
    return np.repeat(np.concatenate((initial, values))[order], lengths)


def is_not_later(group: Ints, start: Times) -> Flags:
    """(rows,) True where a row is not later than the row before it of the same group.

    Groups below 0 are not looked at.
    """
    order = np.argsort(group, kind="stable")
    sorted_group, sorted_start = group[order], start[order]
    is_late = np.zeros(len(group), dtype=bool)
    is_late[order[1:]] = (
        (sorted_group[1:] >= 0)
        & (sorted_group[1:] == sorted_group[:-1])
        & (sorted_start[1:] <= sorted_start[:-1])
    )
    return is_late


def check_rows(
    table: ChargeTable, group: Ints, *, start: Times, begin: Times, end: Times, signals: SignalTable
) -> None:
    """Find rows of a group that are not in order of time, or begin inside a step.

    begin and end are (rows,): before and after them a row may lie anywhere.
    """
    table.find(
        is_not_later(group, start),
        "start",
        error=lambda _: InputError(
            code="profile-not-ordered",
            message=text("the row is not later than the one before it of the same id"),
            where=Where(file=table.file),
            expected=text("rows of an id in order of time, each start once"),
            hint=text("sort the rows of each id by start and remove repeated ones"),
        ),
    )
    since_s = (start - signals.start[0]).astype(np.int64)
    table.find(
        (start > begin) & (start < end) & (since_s % signals.step_s != 0),
        "start",
        error=lambda _: InputError(
            code="profile-off-step",
            message=text("the row begins inside a step"),
            where=Where(file=table.file),
            expected=text(
                "a multiple of {step_s} s after {start}",
                step_s=signals.step_s,
                start=iso(signals.start[0]),
            ),
            hint=text("choose a shorter --step"),
        ),
    )
