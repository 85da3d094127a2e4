"""Writes a GTFS feed: same tables, same bytes, whole or not at all."""

import csv
import io
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from viavolta.model.errors import PeerError, UsageError, Where
from viavolta.model.messages import text

Row = Sequence[str | int | float]

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MAX_TEXT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTable:
    """One file of a feed: its name, columns and rows."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


def plain_text(value: str) -> str:
    """Make a text from outside a harmless cell: one line, printable, no spreadsheet formula.

    Examples
    --------
    >>> plain_text(" =1+1")
    "'=1+1"
    """
    printable = "".join(c if c.isprintable() else " " for c in value[: 4 * _MAX_TEXT])
    line = " ".join(printable.split())[:_MAX_TEXT].strip()
    return f"'{line}" if line.startswith(_FORMULA) else line


def feed_bytes(tables: Sequence[FeedTable], texts: Mapping[str, str]) -> bytes:
    """Pack tables and plain texts (file name -> text) as a zip, deterministically."""
    files = {f"{table.name}.txt": table_text(table) for table in tables} | dict(texts)
    return packed({name: content.encode() for name, content in files.items()})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Pack files as a zip: same files, same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, date_time=_ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def check_target(path: Path, *, force: bool) -> None:
    """Refuse a feed's place before any work is done.

    Raises
    ------
    UsageError: no such folder, the place is a folder, or a file exists and force is not given.
    """
    if not path.parent.is_dir():
        raise UsageError(
            code="output-no-folder",
            message=text("there is no folder {folder}", folder=str(path.parent)),
            where=Where(field="--output", value=str(path)[:200]),
        )
    if path.is_dir() or (path.exists() and not force):
        raise UsageError(
            code="output-exists",
            message=text("{file} exists already", file=str(path)),
            where=Where(field="--output", value=str(path)[:200]),
            hint=text("another name, or --force to replace a file"),
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the place and rename at the end, so that no half file ever stands there.

    Raises
    ------
    PeerError: the file system refuses.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise PeerError(
            code="output-failed",
            message=text("{file} cannot be written: {why}", file=str(path), why=error.strerror),
            where=Where(file=path.name),
            hint=text("is the disk full, or the folder read-only?"),
        ) from error


def table_text(table: FeedTable) -> str:
    """Write a table as CSV, as it stands in a feed."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return stream.getvalue()
