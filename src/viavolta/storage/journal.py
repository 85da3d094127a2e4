"""The event journal: what a gateway heard, durable before it is answered.

A folder of segments, each a row of records: length and CRC-32 (8 bytes, little-endian), then the
content. `append` writes any number of records at once and returns when the disk has them: callers
gather what arrives while the disk works, so that one flush serves many. A record torn by a crash
can only be the last one of the last segment; it was acknowledged to nobody and is cut off when the
journal is opened. Damage anywhere else raises.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

SEGMENT_BYTES = 64_000_000
"""A segment that has grown beyond this is closed and another one begun."""

MAX_RECORD_BYTES = 16_000_000

_HEAD = struct.Struct("<II")
_END = struct.Struct("<QQI")
_SUFFIX = ".journal"
_END_NAME = "end"
_MOST_LOOKS = 1000


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two records: the number of a segment, and bytes into it."""

    segment: int = 0
    offset: int = 0


class Journal:
    """A journal open for writing, by one process at a time.

    Parameters
    ----------
    behind
        A position that readers have reached. Where the journal ends before it, since the folder
        was lost or is an older copy, a new segment is begun, so that nothing new is passed over.

    Raises
    ------
    UsageError: another process writes it. InputError: it is damaged before its end.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        behind: Position = Position(),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._segment_bytes = folder, segment_bytes
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise UsageError(
                code="journal-in-use",
                message=text("another process writes the journal {folder}", folder=folder),
                hint=text("stop the other gateway, or give this one a data folder of its own"),
            ) from error
        self._end_file = os.open(folder / _END_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        self._segment = max(_segments(folder), default=0)
        self._open_segment()
        if self.end < behind:
            os.close(self._file)
            self._segment = behind.segment + 1
            self._open_segment()

    def append(self, records: Sequence[bytes]) -> Position:
        """Write records in order and return when they are durable: the position behind them.

        Raises
        ------
        ValueError: a record is too long. OSError: the disk refuses; nothing is acknowledged then.
        """
        if any(len(record) > MAX_RECORD_BYTES for record in records):
            msg = f"a record is longer than {MAX_RECORD_BYTES} bytes"
            raise ValueError(msg)
        if self._offset >= self._segment_bytes:
            os.close(self._file)
            self._segment += 1
            self._open_segment()
        content = b"".join(_HEAD.pack(len(r), zlib.crc32(r)) + r for r in records)
        try:
            _write_all(self._file, content)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._offset)  # half a batch is none
            os.lseek(self._file, self._offset, os.SEEK_SET)
            raise
        self._offset += len(content)
        self._tell_end()
        return self.end

    @property
    def end(self) -> Position:
        """The position behind the last record."""
        return Position(self._segment, self._offset)

    def close(self) -> None:
        """Let others write it."""
        os.close(self._file)
        os.close(self._end_file)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_segment(self) -> None:
        path = _path(self._folder, self._segment)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        start = Position(self._segment, 0)
        whole = _read_segment(self._folder, start, is_last=True)
        self._offset = max((end for end, _ in whole), default=start).offset
        os.ftruncate(self._file, self._offset)
        os.lseek(self._file, self._offset, os.SEEK_SET)
        os.fdatasync(self._file)  # what another process wrote and died before flushing
        _flush_folder(self._folder)
        self._tell_end()

    def _tell_end(self) -> None:
        """Tell readers how far the journal is durable: they take in nothing that may be undone."""
        checksum = _checksum(self.end)
        os.pwrite(self._end_file, _END.pack(self._segment, self._offset, checksum), 0)


def durable_end(folder: Path) -> Position:
    """The position up to which a journal is on the disk; also while it is written.

    Raises
    ------
    InputError: what says so is damaged.
    """
    path = folder / _END_NAME
    for _ in range(_MOST_LOOKS):  # it may just be being written
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return Position()
        if len(content) != _END.size:
            return Position()
        *numbers, checksum = _END.unpack(content)
        if checksum == _checksum(Position(*numbers)):
            return Position(*numbers)
    raise _damaged(path, 0)


def _checksum(position: Position) -> int:
    return zlib.crc32(f"{position.segment} {position.offset}".encode())


def read_journal(folder: Path, after: Position) -> Iterator[tuple[Position, bytes]]:
    """Records behind a position that are durable, each with the position behind it.

    Raises
    ------
    InputError: a record is damaged.
    """
    end = durable_end(folder)
    for number in sorted(n for n in _segments(folder) if after.segment <= n <= end.segment):
        start = after if number == after.segment else Position(number, 0)
        for position, content in _read_segment(folder, start, is_last=number == end.segment):
            if position > end:
                return
            yield position, content


def forget_before(folder: Path, position: Position) -> int:
    """Delete whole segments before a position, also while the journal is written; how many."""
    gone = [n for n in _segments(folder) if n < min(position.segment, durable_end(folder).segment)]
    for number in gone:
        _path(folder, number).unlink()
    return len(gone)


def _read_segment(
    folder: Path, start: Position, *, is_last: bool
) -> Iterator[tuple[Position, bytes]]:
    path = _path(folder, start.segment)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        offset = start.offset
        file.seek(offset)
        while offset < size:
            head = file.read(_HEAD.size)
            length, checksum = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
            content = file.read(length) if length <= MAX_RECORD_BYTES else b""
            whole = len(head) == _HEAD.size and len(content) == length
            if not whole or zlib.crc32(content) != checksum:
                # only the last record can be torn: nothing whole may stand behind it
                if is_last and (not whole or file.read(1) == b""):
                    return
                raise _damaged(path, offset)
            offset += _HEAD.size + length
            yield Position(start.segment, offset), content


def _damaged(path: Path, offset: int) -> InputError:
    return InputError(
        code="journal-damaged",
        message=text("the journal is damaged at byte {offset}", offset=offset),
        where=Where(file=path.name),
        expected=text("a record with its checksum"),
        hint=text("restore the file from a backup; what stands before the damage is whole"),
    )


def _segments(folder: Path) -> list[int]:
    return [int(p.stem) for p in folder.glob(f"*{_SUFFIX}") if p.stem.isdigit()]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}{_SUFFIX}"


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _flush_folder(folder: Path) -> None:
    """Make the name of a new file durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
