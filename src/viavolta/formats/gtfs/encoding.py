"""The bytes of a table as clean UTF-8: no byte-order mark, no NUL, one kind of line end."""

from viavolta.formats.gtfs.repairs import MAX_VALUE_CHARS, RepairLog
from viavolta.model.messages import text

_UTF8_MARK = b"\xef\xbb\xbf"
_SAMPLE_BYTES = 1 << 16
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def readable_bytes(data: bytes, *, file: str, log: RepairLog) -> bytes:
    """Give the table as valid UTF-8, lines ended by LF or CRLF; what was changed is logged."""
    if data.startswith(_UTF16_MARKS):
        log.note(
            code="not-utf8",
            file=file,
            count=1,
            example=text("the whole file"),
            action=text("read as UTF-16"),
        )
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(_UTF8_MARK)
    if b"\0" in data:
        row = data.count(b"\n", 0, data.index(b"\0")) + 1
        log.note(
            code="nul-bytes",
            file=file,
            count=data.count(b"\0"),
            example=text("row {row}", row=row),
            action=text("removed"),
        )
        data = data.replace(b"\0", b"")
    if b"\r" in data and (b"\n" not in data or b"\r\r\n" in data[:_SAMPLE_BYTES]):
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return _mended_lines(data, file, log)
    return data


def _mended_lines(data: bytes, file: str, log: RepairLog) -> bytes:
    """Read the lines that are no UTF-8 as Windows-1252, the usual culprit."""
    lines = data.split(b"\n")
    for row, line in enumerate(lines, start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            mended = line.decode("cp1252", errors="replace")
            lines[row - 1] = mended.encode()
            log.note(
                code="not-utf8",
                file=file,
                count=1,
                example=text("row {row}: {line}", row=row, line=mended[:MAX_VALUE_CHARS]),
                action=text("read as Windows-1252"),
            )
    return b"\n".join(lines)
