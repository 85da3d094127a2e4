"""Whether the tables of a charge study fit together: keys, steps, references."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.checks.charge_book import Book
from viavolta.checks.charge_shapes import Tables
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_UNIQUE = (("stays", "stay_id"), ("limits", "limit_id"))
_STEPPED = (
    ("signals", "zone"),
    ("limit_profile", "limit_id"),
    ("prices", "limit_id"),
    ("schedule", "stay_id"),
    ("early_departures", "stay_id"),
    ("power_profile", "stay_id"),
)
_COMPLETE = ("signals", "limit_profile", "prices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """Where the rows of a table with one row per owner and step belong; R rows.

    Attributes
    ----------
    owner, step : (R,) row of the owner's table, and step; both in order, owner first.
    order : (R,) rows of the table in that order.
    """

    owner: Ints
    step: Ints
    order: Ints

    def column(self, table: pl.DataFrame, name: str) -> Floats:
        """(R,) a column in this order, NaN where it is null."""
        values = table[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return np.asarray(values[self.order], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What ties the tables together.

    Attributes
    ----------
    zones : names in order. start_us, step_us, n_steps : the steps of the signals.
    parent : (L,) row above, -1 for a root. stay_limit : (S,) row of the limits.
    stepped : rows of the tables with one row per owner and step, by name.
    """

    zones: pl.Series
    start_us: int
    step_us: int
    n_steps: int
    parent: Ints
    stay_limit: Ints
    stepped: dict[str, Stepped]


def read_keys(tables: Tables, book: Book) -> Keys | None:
    """Tie the tables together; findings, and perhaps nothing, where they do not fit."""
    for name, column in _UNIQUE:
        repeated = tables[name][column].is_duplicated()
        names = tables[name][column].filter(repeated).unique(maintain_order=True)
        book.add(_repeated(name, str(key)) for key in names)
    book.add(_empty(name) for name in ("limits", "signals") if not tables[name].height)
    starts = tables["signals"]["start"].unique().sort()
    lengths = starts.diff().drop_nulls().unique()
    if len(lengths) != 1:
        message = text("the steps are not of one length")
        book.add([Finding(rule="steps-uneven", table="signals", where="start", message=message)])
    if not book.is_empty:
        return None
    physical = starts.to_physical()
    keys = Keys(
        zones=tables["signals"]["zone"].cast(pl.String).unique().sort(),
        start_us=int(physical[0]),
        step_us=int(physical[1] - physical[0]),
        n_steps=len(starts),
        parent=rows_of(tables["limits"]["parent_id"], tables["limits"]["limit_id"]),
        stay_limit=rows_of(tables["stays"]["limit_id"], tables["limits"]["limit_id"]),
        stepped={},
    )
    _check_references(tables, keys, book)
    for name, column in _STEPPED:
        if name in tables:
            keys.stepped[name] = _stepped(tables, name, column, keys=keys, book=book)
    return keys if book.is_empty else None


def rows_of(values: pl.Series, names: pl.Series) -> Ints:
    """Row in `names` of each value; -1 where there is none. `names` are unique."""
    known = pl.DataFrame({"name": names.cast(pl.String), "row": np.arange(len(names))})
    asked = pl.DataFrame({"name": values.cast(pl.String)})
    found = asked.join(known, on="name", how="left", maintain_order="left")["row"]
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)


def _stepped(tables: Tables, name: str, column: str, *, keys: Keys, book: Book) -> Stepped:
    table = tables[name]
    owners = {
        "zone": keys.zones,
        "limit_id": tables["limits"]["limit_id"],
        "stay_id": tables["stays"]["stay_id"],
    }[column]
    owner = rows_of(table[column], owners)
    since_us = table["start"].to_physical().to_numpy() - keys.start_us
    step = since_us // keys.step_us
    is_strange = (owner < 0) | (since_us % keys.step_us != 0) | (step < 0) | (step >= keys.n_steps)
    place = owner * keys.n_steps + step
    order = np.arange(len(place))
    if not (np.diff(place) > 0).all():
        order = np.argsort(place, kind="stable")
    is_again = np.zeros(len(place), dtype=bool)
    is_again[order[1:]] = np.diff(place[order]) == 0

    def where(row: int) -> str:
        return f"{table[column][row]}, {table['start'][row]}"

    book.note(
        "row-unknown",
        name,
        is_strange,
        where=where,
        message=lambda _: text("no such stay, limit, zone or step"),
    )
    book.note(
        "row-repeated",
        name,
        is_again & ~is_strange,
        where=where,
        message=lambda _: text("more than one row with the same key"),
    )
    expected = len(owners) * keys.n_steps
    if name in _COMPLETE and not is_strange.any() and table.height != expected:
        message = text("{n} rows, expected {m}: one per key and step", n=table.height, m=expected)
        book.add([Finding(rule="rows-missing", table=name, where=name, message=message)])
    return Stepped(owner=owner[order], step=step[order], order=order)


def _repeated(table: str, key: str) -> Finding:
    message = text("more than one row with the same key")
    return Finding(rule="row-repeated", table=table, where=key, message=message)


def _empty(table: str) -> Finding:
    message = text("the table has no rows")
    return Finding(rule="table-empty", table=table, where=table, message=message)


def _check_references(tables: Tables, keys: Keys, book: Book) -> None:
    limits, stays = tables["limits"], tables["stays"]
    is_lost = (keys.parent < 0) & limits["parent_id"].is_not_null().to_numpy()
    for name, column, lost in (
        ("limits", "parent_id", is_lost),
        ("stays", "limit_id", keys.stay_limit < 0),
    ):
        _note_unknown_limits(tables[name], name, column, lost=lost, book=book)
    if not is_lost.any() and len(top_down(keys.parent)) < limits.height:
        message = text("the parents of a limit form a circle")
        circle = Finding(rule="limit-circle", table="limits", where="parent_id", message=message)
        book.add([circle])
    is_strange = (keys.parent < 0) & (rows_of(limits["zone"], keys.zones) < 0)
    book.note(
        "zone-unknown",
        "limits",
        is_strange & (len(keys.zones) > 1),
        where=lambda row: str(limits["limit_id"][row]),
        message=lambda row: text("zone {zone} is not in the signals", zone=limits["zone"][row]),
    )
    begin_us, end_us = (stays[name].to_physical().to_numpy() for name in ("arrival", "departure"))
    last_us = keys.start_us + keys.n_steps * keys.step_us
    book.note(
        "stay-time",
        "stays",
        (begin_us < keys.start_us) | (end_us > last_us) | (end_us <= begin_us),
        where=lambda row: str(stays["stay_id"][row]),
        message=lambda _: text("the stay ends before it begins, or reaches outside the signals"),
    )


def _note_unknown_limits(
    table: pl.DataFrame, name: str, column: str, *, lost: NDArray[np.bool_], book: Book
) -> None:
    key = table.columns[0] if name == "limits" else "stay_id"
    key = "limit_id" if name == "limits" else key
    book.note(
        "limit-unknown",
        name,
        lost,
        where=lambda row: str(table[key][row]),
        message=lambda row: text("limit {limit} is not in the limits", limit=table[column][row]),
    )


def top_down(parent: Ints) -> list[int]:
    """Rows of the limits, parents before children; rows on a circle are left out."""
    below: dict[int, list[int]] = {}
    for row, above in enumerate(parent.tolist()):
        below.setdefault(above, []).append(row)
    order = list(below.get(-1, []))
    for row in order:  # grows while it is read
        order += below.get(row, [])
    return order
