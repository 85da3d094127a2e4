"""Rows a table can search, sort and page through, wherever they are kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

import polars as pl
from django.db.models import F, Q, QuerySet

Row = Any


class Rows(Protocol):
    """What a table needs of its rows."""

    def found(self, words: str) -> Self:
        """The rows that hold all the words."""
        ...

    def ordered(self, key: str, *, descending: bool) -> Self:
        """The same rows in another order."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...

    def part(self, start: int, stop: int | None) -> Iterable[Row]:
        """The rows from `start` up to `stop`, or to the end."""
        ...


class QueryRows:
    """Rows of a database query; `search` names the fields that words are looked for in."""

    def __init__(self, query: "QuerySet[Any, Any]", *, search: Sequence[str] = ()) -> None:
        self.query = query
        self.search = tuple(search)

    def found(self, words: str) -> "QueryRows":
        """The rows that hold each word in one of the search fields."""
        query = self.query
        for word in words.split():
            match = Q()
            for field in self.search:
                match |= Q(**{f"{field}__icontains": word})
            query = query.filter(match)
        return QueryRows(query, search=self.search)

    def ordered(self, key: str, *, descending: bool) -> "QueryRows":
        """The same rows by a field; empty ones last, ties in the order they were made."""
        field = F(key).desc(nulls_last=True) if descending else F(key).asc(nulls_last=True)
        return QueryRows(self.query.order_by(field, "pk"), search=self.search)

    def count(self) -> int:
        """How many there are."""
        return self.query.count()

    def part(self, start: int, stop: int | None) -> Iterable[Row]:
        """Some of the rows; all of them are read in portions."""
        if stop is None and start == 0:
            return self.query.iterator(chunk_size=2_000)
        return self.query[start:stop]


def keep(field: str) -> Callable[[Any, str], Any]:
    """A filter that keeps the rows in which a field is the choice."""

    def narrow(rows: QueryRows, choice: str) -> QueryRows:
        return QueryRows(rows.query.filter(**{field: choice}), search=rows.search)

    return narrow


class RecordRows:
    """Rows that are in memory already: records or mappings."""

    def __init__(self, records: Iterable[Row], *, text: Callable[[Row], str] | None = None) -> None:
        self.records = list(records)
        self.text = text or _whole_text

    def found(self, words: str) -> "RecordRows":
        """The rows whose text holds every word."""
        wanted = [word.casefold() for word in words.split()]
        kept = [r for r in self.records if all(w in self.text(r).casefold() for w in wanted)]
        return RecordRows(kept, text=self.text)

    def ordered(self, key: str, *, descending: bool) -> "RecordRows":
        """The same rows by a field, empty ones last."""
        full = [r for r in self.records if value_of(r, key) is not None]
        empty = [r for r in self.records if value_of(r, key) is None]
        full.sort(key=lambda r: _sortable(value_of(r, key)), reverse=descending)
        return RecordRows(full + empty, text=self.text)

    def count(self) -> int:
        """How many there are."""
        return len(self.records)

    def part(self, start: int, stop: int | None) -> Iterable[Row]:
        """Some of the rows."""
        return self.records[start:stop]


class FrameRows:
    """Rows of a table of results, as polars holds it."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def found(self, words: str) -> "FrameRows":
        """The rows that hold each word in one of their columns of text."""
        frame = self.frame
        texts = [name for name, kind in frame.schema.items() if kind in {pl.String, pl.Categorical}]
        for word in words.split():
            match = pl.lit(value=False)
            for name in texts:
                held = pl.col(name).cast(pl.String).str.to_lowercase()
                match = match | held.str.contains(word.lower(), literal=True).fill_null(value=False)
            frame = frame.filter(match)
        return FrameRows(frame)

    def ordered(self, key: str, *, descending: bool) -> "FrameRows":
        """The same rows by a column, empty ones last."""
        return FrameRows(
            self.frame.sort(key, descending=descending, nulls_last=True, maintain_order=True)
        )

    def count(self) -> int:
        """How many there are."""
        return self.frame.height

    def part(self, start: int, stop: int | None) -> Iterable[Row]:
        """Some of the rows, as mappings."""
        length = None if stop is None else max(stop - start, 0)
        return self.frame.slice(start, length).iter_rows(named=True)


def value_of(row: Row, key: str) -> Any:
    """A field of a record (`owner__name` goes further) or an item of a mapping."""
    value = row
    for name in key.split("__"):
        if value is None:
            return None
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def _whole_text(row: Row) -> str:
    if isinstance(row, Mapping):
        return " ".join(str(v) for v in row.values() if v is not None)
    return str(row)


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
