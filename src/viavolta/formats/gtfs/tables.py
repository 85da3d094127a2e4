"""One table of a feed, from bytes to a frame of strings with true line numbers.

Clean files go to polars as they are; files with loose quotes, spaces before quotes, line breaks
inside fields or rows that are too long go row by row through the csv module instead.
"""

import csv
import io
import re
from collections.abc import Iterator

import numpy as np
import polars as pl

from viavolta.formats.gtfs.encoding import readable_bytes
from viavolta.formats.gtfs.repairs import RepairLog, spot, where
from viavolta.model.errors import InputError
from viavolta.model.messages import text

MAX_LINE_BYTES = 100_000
"""Longest line; real feeds stay below 10,000 even with long descriptions."""
MAX_COLUMNS = 500
MAX_RECORD_LINES = 50
"""A record over more lines than this has a quote that was never closed."""

_QUOTED_FIELD = re.compile(rb'[,\r\n][ \t]*"')
_QUOTE, _COMMA, _NEWLINE, _RETURN = ord('"'), ord(","), ord("\n"), ord("\r")


def read_table(
    data: bytes,
    *,
    file: str,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    log: RepairLog,
) -> pl.DataFrame:
    """Read the wanted columns of a table.

    Parameters
    ----------
    data : bytes
        The table as it lies in the feed.
    file : str
        Its name, for messages.
    required, optional : tuple of str
        Columns to read; an optional one that is missing comes back as nulls.

    Returns
    -------
    pl.DataFrame
        `row` (UInt32, line number in the file, header = 1) and the columns, all String, without
        outer spaces, empty fields as null. Rows without any value are left out.

    Raises
    ------
    InputError
        `empty-table`, `missing-column`, `too-many-columns`, `line-too-long`, `broken-quotes`.
    """
    clean = readable_bytes(data, file=file, log=log).rstrip(b"\r\n\t ")
    head, _, body = clean.partition(b"\n")
    if not head.strip():
        raise InputError(
            code="empty-table",
            message=text("{file} is empty", file=file),
            where=where(file, 1),
            expected=text("a header line: {columns}", columns=", ".join(required)),
            hint=text("export or download the feed again"),
        )
    _check_line_lengths(clean, file)
    header = head.decode().replace("\r", " ").strip()
    names = _column_names(header, file, log)
    _check_columns(names, required, file=file, head=header)
    frame = _parse(body, len(names), file=file, log=log)
    wanted = required + optional
    columns = [
        (pl.col(f"c{names.index(c)}") if c in names else pl.lit(None, dtype=pl.String)).alias(c)
        for c in wanted
    ]
    return _without_blanks(frame.select(pl.col("row"), *columns), wanted, body)


def _without_blanks(frame: pl.DataFrame, wanted: tuple[str, ...], body: bytes) -> pl.DataFrame:
    """Strip outer spaces, make empty fields null, leave out rows without any value."""
    if not wanted:
        return frame
    if b" " in body or b"\t" in body or b'"' in body or not body.isascii():
        stripped = pl.col(*wanted).str.strip_chars()
        frame = frame.with_columns(pl.when(stripped.str.len_bytes() > 0).then(stripped).name.keep())
    if frame[wanted[0]].null_count():
        frame = frame.filter(pl.any_horizontal(pl.col(*wanted).is_not_null()))
    return frame


def require_rows(frame: pl.DataFrame, file: str) -> pl.DataFrame:
    """Give the frame back, or raise `empty-table` when it has no rows."""
    if frame.is_empty():
        raise InputError(
            code="empty-table",
            message=text("{file} has a header but no rows", file=file),
            where=where(file, 2),
            expected=text("at least one row"),
            hint=text("export or download the feed again"),
        )
    return frame


def _check_line_lengths(clean: bytes, file: str) -> None:
    half = MAX_LINE_BYTES // 2
    blocks = range(0, len(clean) - half, half)
    if all(clean.find(b"\n", start, start + half) >= 0 for start in blocks):
        return  # a line that is too long covers at least one whole block
    ends = np.flatnonzero(np.frombuffer(clean, np.uint8) == _NEWLINE)
    lengths = np.diff(ends, prepend=-1, append=len(clean))
    if lengths.max() <= MAX_LINE_BYTES:
        return
    row = int(lengths.argmax())
    start = int(ends[row - 1]) + 1 if row else 0
    raise InputError(
        code="line-too-long",
        message=text("a line of {file} has {n} bytes", file=file, n=int(lengths[row])),
        where=where(file, row + 1, value=clean[start : start + 60].decode(errors="replace")),
        expected=text("at most {n} bytes in a line", n=MAX_LINE_BYTES),
        hint=text("this is no timetable data: remove the row"),
    )


def _column_names(head: str, file: str, log: RepairLog) -> list[str]:
    names = [n.strip().lower() for n in next(csv.reader([head], skipinitialspace=True))]
    if len(names) > MAX_COLUMNS:
        raise InputError(
            code="too-many-columns",
            message=text("{file} has {n} columns", file=file, n=len(names)),
            where=where(file, 1),
            expected=text("at most {n} columns", n=MAX_COLUMNS),
            hint=text("remove the columns that are not part of GTFS"),
        )
    doubles = sorted({n for n in names if n and names.count(n) > 1})
    log.note(
        code="duplicated-column",
        file=file,
        count=len(doubles),
        example=spot(1, ", ".join(doubles), value=head),
        action=text("the first of the columns with the same name is read"),
    )
    return names


def _check_columns(names: list[str], required: tuple[str, ...], *, file: str, head: str) -> None:
    for column in required:
        if column in names:
            continue
        separators = {";": text("semicolons"), "\t": text("tabs"), "|": text("bars")}
        other = next((word for sign, word in separators.items() if sign in head), None)
        raise InputError(
            code="missing-column",
            message=text("{file} has no column {column}", file=file, column=column),
            where=where(file, 1, field=column, value=head),
            expected=text("a header with {columns}", columns=", ".join(required)),
            hint=text("fields must be separated by commas, not by {other}", other=other)
            if other
            else text("add the column, or export the feed again"),
        )


def _parse(body: bytes, n_columns: int, *, file: str, log: RepairLog) -> pl.DataFrame:
    """Read all rows into columns c0, c1 ... and their line number into `row`."""
    names = [f"c{i}" for i in range(n_columns)]
    has_quotes = b'"' in body
    are_loose = has_quotes and _has_loose_quotes(body)
    if are_loose and not _QUOTED_FIELD.search(b"\n" + body):
        has_quotes = are_loose = False  # no field begins with a quote: all of them are letters
    if not are_loose:
        header = ",".join(names).encode() + b"\n"
        try:
            return pl.read_csv(
                header + body, infer_schema=False, quote_char='"' if has_quotes else None
            ).with_row_index("row", offset=2)
        except pl.exceptions.PolarsError:
            pass  # rows that are too long: the careful reader below says which
    lines = body.decode().replace("\r\n", "\n").replace("\r", "\n")
    return _parse_carefully(lines, n_columns, file=file, log=log)


def _has_loose_quotes(body: bytes) -> bool:
    """Say whether a quote stands where polars and the csv module may disagree about it."""
    octets = np.frombuffer(b"\n" + body + b"\n", np.uint8)
    quotes = np.flatnonzero(octets == _QUOTE)
    edges = np.array([_COMMA, _NEWLINE, _RETURN, _QUOTE], np.uint8)
    opens, closes = np.isin(octets[quotes - 1], edges), np.isin(octets[quotes + 1], edges)
    if not (opens | closes).all():
        return True
    lines = np.searchsorted(np.flatnonzero(octets == _NEWLINE), quotes)
    return bool((np.bincount(lines) % 2).any())


def _parse_carefully(body: str, n_columns: int, *, file: str, log: RepairLog) -> pl.DataFrame:
    rows: list[int] = []
    records: list[list[str | None]] = []
    for row, fields in _records(body, file):
        if len(fields) > n_columns and any(f.strip() for f in fields[n_columns:]):
            log.note(
                code="row-too-long",
                file=file,
                count=1,
                example=spot(row, text("fields"), value=",".join(fields)),
                action=text("fields beyond the header's columns are left out"),
            )
        records.append([*fields[:n_columns], *[None] * (n_columns - len(fields))])
        rows.append(row)
    schema = {f"c{i}": pl.String for i in range(n_columns)}
    frame = pl.DataFrame(records, schema=schema, orient="row")
    return frame.with_columns(pl.Series("row", rows, dtype=pl.UInt32))


def _records(body: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with the line number of its first line."""
    lines = body.split("\n")
    reader = csv.reader(io.StringIO(body, newline=""), skipinitialspace=True)
    first = 0
    try:
        for fields in reader:
            last = reader.line_num
            if last - first > 1:
                _check_closed(lines[first:last], first + 2, file)
            yield first + 2, fields
            first = last
    except csv.Error as error:
        raise _broken_quotes(first + 2, lines[first], file) from error


def _check_closed(lines: list[str], row: int, file: str) -> None:
    if len(lines) > MAX_RECORD_LINES or sum(line.count('"') for line in lines) % 2:
        raise _broken_quotes(row, lines[0], file)


def _broken_quotes(row: int, line: str, file: str) -> InputError:
    return InputError(
        code="broken-quotes",
        message=text("a quoted field in {file} is never closed", file=file),
        where=where(file, row, value=line),
        expected=text('fields such as "Main Street", quotes inside doubled'),
        hint=text("close or remove the quote in this row"),
    )
