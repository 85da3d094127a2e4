"""A table of a feed as its bytes: records and fields that can be changed one by one.

What is not changed keeps its bytes: order, quotes, spaces, line ends and byte-order mark. Only a
file in UTF-16, or with lines ended by CR alone, becomes UTF-8 with LF first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from viavolta.formats.gtfs.encoding import readable_bytes
from viavolta.formats.gtfs.repairs import RepairLog

_MARK = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FIELD = re.compile(rb'\s*"(?:[^"]|"")*"[^,]*|[^,]*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: its raw fields and what ends its line."""

    fields: tuple[bytes, ...]
    end: bytes

    def value(self, column: int) -> str:
        """The text of a field, without quotes and outer spaces; empty where it is missing."""
        return plain(self.fields[column]) if 0 <= column < len(self.fields) else ""

    def with_value(self, column: int, value: str) -> "Record":
        """The record with one field replaced; missing fields before it are filled up."""
        fields = [*self.fields, *([b""] * (column + 1 - len(self.fields)))]
        fields[column] = quoted(value)
        return Record(fields=tuple(fields), end=self.end)

    def to_bytes(self) -> bytes:
        """The record as it lies in the file."""
        return b",".join(self.fields) + self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A table: its byte-order mark, header and records; blank lines are records without a field."""

    mark: bytes
    header: Record
    records: tuple[Record, ...]

    def column(self, name: str) -> int:
        """Position of a column; -1 where there is none."""
        names = self.names()
        return names.index(name) if name in names else -1

    def names(self) -> list[str]:
        """The columns."""
        return [plain(field).lower() for field in self.header.fields]

    def to_bytes(self, records: Sequence[Record] | None = None) -> bytes:
        """The file, with other records where they are given."""
        lines = [r.to_bytes() for r in (self.records if records is None else records)]
        return self.mark + self.header.to_bytes() + b"".join(lines)

    def dictionaries(self) -> Iterator[dict[str, str]]:
        """Each record as column -> text; blank lines are left out."""
        names = self.names()
        for record in self.records:
            if any(record.fields):
                yield {name: record.value(k) for k, name in enumerate(names)}


def read_records(data: bytes) -> Records:
    """Take a table apart; joined again it has the same bytes."""
    mark = _MARK if data.startswith(_MARK) else b""
    content = data.removeprefix(_MARK)
    if data.startswith(_UTF16) or b"\n" not in data:
        content = readable_bytes(data, file="", log=RepairLog())
    header, *records = [_record(line) for line in _lines(content)] or [_record(b"")]
    return Records(mark=mark, header=header, records=tuple(records))


def plain(field: bytes) -> str:
    """The text of a raw field."""
    try:
        words = field.decode().strip()
    except UnicodeDecodeError:
        words = field.decode("cp1252", errors="replace").strip()
    if words.startswith('"') and words.endswith('"') and len(words) > 1:
        words = words[1:-1].replace('""', '"').strip()
    return words


def quoted(value: str) -> bytes:
    """A text as a raw field."""
    needs = any(c in value for c in ',"\r\n')
    return ('"' + value.replace('"', '""') + '"' if needs else value).encode()


def _lines(content: bytes) -> list[bytes]:
    """The records with their line ends; quoted line breaks stay within their record."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    if not lines[-1]:
        lines.pop()
    if b'"' not in content:
        return lines
    records: list[bytes] = []
    is_open = False
    for line in lines:
        if is_open:
            records[-1] += line
        else:
            records.append(line)
        is_open ^= bool(line.count(b'"') % 2)
    return records


def _record(line: bytes) -> Record:
    body = line.rstrip(b"\r\n")
    end = line[len(body) :]
    if b'"' not in body:
        return Record(fields=tuple(body.split(b",")), end=end)
    fields, at = [], 0
    while True:
        found = _FIELD.match(body, at)
        assert found is not None  # noqa: S101 - the pattern matches nothing, too
        fields.append(found.group())
        at = found.end() + 1
        if at > len(body):
            return Record(fields=tuple(fields), end=end)
