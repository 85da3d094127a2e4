"""The file language of VDV 451: lines of `;`-separated cells, each begun by three letters.

A file holds tables: `tbl` names one, `atr` its columns, `frm` their types, each `rec` is a row,
`end` counts the rows; `eof` ends the file. Files say their character set under `chs`; without it
they are ISO 8859-1. The format is described by GDAL's driver "VDV" and its vdv452.xml.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

DEFAULT_CHARSET = "iso8859-1"
MAX_SHOWN = 200
_CELL = re.compile(r'\s*"((?:[^"]|"")*)"\s*;|([^;]*);')
_CHARSET_LINE = re.compile(rb"^\s*chs\s*;\s*\"?([^\"\r\n;]*)", re.MULTILINE | re.IGNORECASE)
_HEAD_BYTES = 4096
_PASSED = frozenset({"", "mod", "src", "chs", "ver", "ifv", "dve", "fft", "frm", "com"})
"""Words of lines that say nothing a reader needs; the character set is read beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one table from one file: values as text, None for NULL; their line numbers."""

    file: str
    columns: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    lines: tuple[int, ...]


def read_x10(name: str, content: bytes) -> Iterator[tuple[str, Rows]]:
    """Read the tables of a file, by name in capitals; one table may come in several parts.

    Raises
    ------
    InputError: `vdv-charset`, `vdv-bad-line`, `vdv-truncated`.
    """
    words = _decoded(name, content)
    table = ""
    columns: tuple[str, ...] = ()
    values: list[tuple[str | None, ...]] = []
    lines: list[int] = []
    is_ended = False
    for number, line in enumerate(words.splitlines(), start=1):
        kind, _, rest = line.partition(";")
        match kind.strip().lower():
            case "tbl":
                table, columns, values, lines = _first(rest).upper(), (), [], []
            case "atr":
                columns = tuple((cell or "").upper() for cell in cells(rest))
            case "rec":
                values.append(_row(name, number, line, n_cells=len(columns)))
                lines.append(number)
            case "end":
                if _first(rest) != str(len(values)):
                    raise _bad_line(name, number, line, f"end; {len(values)}")
                yield (
                    table,
                    Rows(file=name, columns=columns, values=tuple(values), lines=tuple(lines)),
                )
                table, columns, values, lines = "", (), [], []
            case "eof":
                is_ended = True
            case word if word not in _PASSED:
                raise _bad_line(name, number, line, "mod, tbl, atr, frm, rec, end, eof")
    if table or not is_ended:
        raise _truncated(name, len(words.splitlines()), table)


def cells(line: str) -> tuple[str | None, ...]:
    """The cells of a line, without quotes and outer spaces; None for NULL.

    Examples
    --------
    >>> cells(' 1; "Wall; West"; NULL')
    ('1', 'Wall; West', None)
    """
    if '"' not in line:
        return tuple(None if c == "NULL" else c for c in map(str.strip, line.split(";")))
    found = (match.groups() for match in _CELL.finditer(line + ";"))
    return tuple(
        quoted.replace('""', '"').strip()
        if quoted is not None
        else (None if bare.strip() == "NULL" else bare.strip())
        for quoted, bare in found
    )


def _row(file: str, number: int, line: str, *, n_cells: int) -> tuple[str | None, ...]:
    row = cells(line.partition(";")[2])
    if len(row) != n_cells:
        raise _bad_line(file, number, line, text("{n} cells", n=n_cells))
    return row


def _decoded(name: str, content: bytes) -> str:
    found = _CHARSET_LINE.search(content[:_HEAD_BYTES])
    charset = found.group(1).decode("ascii", errors="replace").strip() if found else ""
    try:
        codec = codecs.lookup(charset or DEFAULT_CHARSET)
        return content.decode(codec.name)
    except (LookupError, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            code="vdv-charset",
            message=text("the characters of {file} cannot be read: {why}", file=name, why=error),
            where=Where(file=name, field="chs", value=charset[:MAX_SHOWN]),
            expected=text("a known character set, such as ISO8859-1 or UTF-8, and text in it"),
            hint=text("correct the line `chs`, or export the file again"),
        ) from error


def _first(rest: str) -> str:
    return cells(rest)[0] or ""


def _bad_line(file: str, number: int, line: str, expected: str) -> InputError:
    return InputError(
        code="vdv-bad-line",
        message=text("a line of {file} cannot be read", file=file),
        where=Where(file=file, row=number, value=line[:MAX_SHOWN]),
        expected=expected,
        hint=text("export the file again; a line that was edited by hand is the usual cause"),
    )


def _truncated(file: str, n_lines: int, table: str) -> InputError:
    return InputError(
        code="vdv-truncated",
        message=text("{file} stops before its end", file=file),
        where=Where(file=file, row=n_lines, field=table or None),
        expected=text("`end` after the rows of each table, and `eof` at the end"),
        hint=text("export or copy the file again"),
    )
