"""A table of text from a CSV file, packed or not, with commas or semicolons; hostile until read."""

import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

MAX_BYTES = 500_000_000
"""Unpacked; ten years of a hundred thousand sessions a month."""

MAX_ROWS = 5_000_000
_SEPARATORS = ",;\t"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """Cells by column name, stripped, and the line of each row in the file."""

    file: str
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)

    def cells(self, column: str) -> list[str]:
        """Cells of a column; empty texts where the file does not have it."""
        return self.columns.get(column) or [""] * len(self)


def read_text_table(path: Path) -> TextTable:
    """Read a CSV file as text.

    Raises
    ------
    UsageError: no such file. InputError: too large, damaged, not UTF-8, or no table.
    """
    if not path.is_file():
        raise UsageError(
            code="missing-path",
            message=text("{path} is not a file", path=path),
            where=Where(file=path.name),
        )
    content = _content(path)
    try:
        frame = pl.read_csv(io.BytesIO(content), separator=_separator(content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, str(error).partition("\n")[0]) from error
    if frame.height > MAX_ROWS:
        raise _too_large(path)
    names = [name.strip() for name in frame.columns]
    if len(set(names)) < len(names):
        raise _unreadable(path, text("a column stands there twice"))
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    frame = frame.with_columns(pl.all().str.strip_chars().fill_null("")).with_row_index("")
    if frame.width > 1:
        frame = frame.filter(pl.any_horizontal(pl.exclude("") != ""))
    return TextTable(
        file=path.name,
        columns={name: frame[name].to_list() for name in names},
        lines=(frame[""].cast(pl.Int64) + 2).to_list(),
    )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            packed = stream.read(len(_GZIP)) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, str(error)) from error
    if len(content) > MAX_BYTES:
        raise _too_large(path)
    if not content.strip():
        raise _unreadable(path, text("the file is empty"))
    return content


def _separator(content: bytes) -> str:
    """Find the separator that is most frequent in the first line."""
    head = content.partition(b"\n")[0].decode("utf-8", errors="replace")
    return max(_SEPARATORS, key=head.count)


def _too_large(path: Path) -> InputError:
    return InputError(
        code="sessions-too-large",
        message=text("{file} is too large", file=path.name),
        where=Where(file=path.name),
        expected=text("at most {n} bytes unpacked and {m} rows", n=MAX_BYTES, m=MAX_ROWS),
        hint=text("cut the file into parts by date"),
    )


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        code="sessions-unreadable",
        message=text("{file} cannot be read as a table", file=path.name),
        where=Where(file=path.name, value=reason[:200]),
        expected=text("a CSV file in UTF-8, packed with gzip or not, with names of its columns"),
        hint=text("save the table again as CSV in UTF-8; cells with commas stand in double quotes"),
    )
