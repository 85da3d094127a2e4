"""Benchmark files of electric vehicle scheduling: several depots, charging stations, timed trips.

White-space separated numbers, plain or xz-compressed; line breaks carry no meaning:

1. `m k n p c`: depots, charging stations, trips; vehicles per depot and copies (not used).
2. m + k + n rows `ready due duration consumption`, in the order depots, stations, trips.
3. The (m+k+n) x (m+k+n) matrix of deadhead lengths, row by row.
4. `max_charge recharge_factor`.

The format is that of Wen, Linde, Ropke, Mirchandani and Larsen (2016), "An adaptive large
neighborhood search heuristic for the electric vehicle scheduling problem", Computers & Operations
Research 76, as the instances are handed on by Parmentier, Martinelli and Vidal (2023).
"""

import lzma
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from viavolta.model.arrays import Floats, freeze, require
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text

MAX_VERTICES = 20_000
MAX_NUMBER = 1e9
"""Larger figures are taken for an error: sums of them lose the pennies of a plan."""

_HEADER = ("depots", "stations", "trips", "vehicles_per_depot", "copies")
_VERTEX_FIELDS = ("ready", "due", "duration", "consumption")
_TAIL = ("max_charge", "recharge_factor")
_BLOCK_BYTES = 1 << 22
_MAX_NUMBER_BYTES = 100
_MAX_WORD_BYTES = 1 << 12
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_XZ_MAGIC = b"\xfd7zXZ\x00"
_XZ_MEMORY = 256 << 20
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EvspInstance:
    """One benchmark instance. Vertices: depots, then stations, then trips; V of them in all.

    Attributes
    ----------
    name
        File name without its ending.
    n_depots, n_stations, n_trips
        How many of each; V is their sum.
    ready_min, due_min
        (V,) minutes at which a trip starts and ends, or from and to which a depot is open.
    consumption
        (V,) energy units a trip uses.
    deadhead
        (V, V) length of the way from the end of row i to the start of column j: at once minutes,
        energy units and cost.
    max_charge
        Energy units a full battery holds.
    recharge_min_per_unit
        Minutes that one energy unit takes to charge.
    """

    name: str
    n_depots: int
    n_stations: int
    n_trips: int
    ready_min: Floats
    due_min: Floats
    consumption: Floats
    deadhead: Floats
    max_charge: float
    recharge_min_per_unit: float

    def __post_init__(self) -> None:
        require(self.n_depots > 0 and self.n_stations >= 0 and self.n_trips > 0, "no such counts")
        n = self.n_vertices
        for field in ("ready_min", "due_min", "consumption"):
            freeze(self, field, "float64", (n,))
        freeze(self, "deadhead", "float64", (n, n))
        for values in (self.ready_min, self.due_min, self.consumption, self.deadhead):
            require(np.isfinite(values) & (values >= 0.0), "a figure is negative or not finite")
        require(self.due_min >= self.ready_min, "a vertex ends before it starts")
        require(self.max_charge > 0.0, "the battery holds nothing")
        require(self.recharge_min_per_unit > 0.0, "charging takes no time")

    @property
    def n_vertices(self) -> int:
        """Number of depots, stations and trips together."""
        return self.n_depots + self.n_stations + self.n_trips

    @property
    def first_trip(self) -> int:
        """Vertex number of the first trip."""
        return self.n_depots + self.n_stations


def read_evsp(path: Path, *, max_vertices: int = MAX_VERTICES) -> EvspInstance:
    """Read a benchmark file, .txt or .txt.xz (told apart by content).

    A file of more than `max_vertices` is refused as soon as its first line is read.

    Raises
    ------
    UsageError: there is no such file.
    InputError: a damaged archive; a number that is missing, unreadable, negative, too large or
        left over; impossible counts.
    """
    if not path.is_file():
        raise UsageError(
            code="missing-path",
            message=text("there is no file {path}", path=path),
            where=Where(file=path.name),
        )
    reading = _Reading(path, max_vertices)
    numbers = reading.numbers()
    n_depots, n_stations, n_trips = reading.counts(numbers)
    n = n_depots + n_stations + n_trips
    head = len(_HEADER)
    vertices = numbers[head : head + 4 * n].reshape(n, 4)
    late = np.flatnonzero(vertices[:, 1] < vertices[:, 0])
    if late.size:
        raise reading.error(
            head + 4 * int(late[0]) + 1,
            code="evsp-due-before-ready",
            message=text("a vertex ends before it starts"),
            expected=text("due at or after ready"),
        )
    return EvspInstance(
        name=path.name.removesuffix(".xz").removesuffix(".txt"),
        n_depots=n_depots,
        n_stations=n_stations,
        n_trips=n_trips,
        ready_min=vertices[:, 0],
        due_min=vertices[:, 1],
        consumption=vertices[:, 3],
        deadhead=numbers[head + 4 * n : -len(_TAIL)].reshape(n, n),
        max_charge=float(numbers[-2]),
        recharge_min_per_unit=float(numbers[-1]),
    )


class _Spot(NamedTuple):
    """One number of the file as it is written there."""

    row: int
    value: str


class _Reading:
    """One file while it is read: its numbers, and where the one with a given index stands."""

    def __init__(self, path: Path, max_vertices: int) -> None:
        self.path = path
        self.max_vertices = max_vertices
        self.n_vertices = 0

    def numbers(self) -> Floats:
        """All numbers of the file, as many as its first three promise, all of them usable."""
        parts: list[Floats] = []
        n_read, n_bytes, promised = 0, 0, 0
        for block in _blocks(self.path):
            part = self._parsed(block, n_read)
            parts.append(part)
            n_read += part.size
            n_bytes += len(block)
            if not promised and n_read >= len(_HEADER):
                self.n_vertices = sum(self.counts(np.concatenate(parts)))
                promised = _promised(self.n_vertices)
            if n_bytes > _BLOCK_BYTES + _MAX_NUMBER_BYTES * promised:
                raise self.error(None, code="evsp-too-long", message=text("the file has no end"))
            if promised and n_read > promised:
                raise self.error(
                    promised,
                    code="evsp-left-over",
                    message=text("there are more numbers than the first line promises"),
                    expected=text("{n} numbers in all", n=promised),
                    hint=text("compare the counts in the first line with the rows below"),
                )
        if not promised or n_read < promised:
            raise self.error(
                n_read,
                code="evsp-truncated",
                message=text("the file ends too early, after {n} numbers", n=n_read),
                expected=text("{n} numbers in all", n=promised or len(_HEADER)),
                hint=text("fetch the file again, or compare its counts with its rows"),
            )
        numbers = np.concatenate(parts)
        self._check(numbers)
        return numbers

    def counts(self, numbers: Floats) -> tuple[int, int, int]:
        """Depots, stations and trips as the file's first three numbers state them."""
        for index, least in enumerate((1, 0, 1)):
            count = float(numbers[index])
            if not (count.is_integer() and least <= count <= self.max_vertices):
                raise self.error(
                    index,
                    code="evsp-bad-count",
                    message=text("{field} is not a usable number", field=_HEADER[index]),
                    expected=text(
                        "a whole number, {least} to {n}", least=least, n=self.max_vertices
                    ),
                )
        n_depots, n_stations, n_trips = (int(count) for count in numbers[:3])
        if n_depots + n_stations + n_trips > self.max_vertices:
            raise self.error(
                2,
                code="evsp-too-large",
                message=text("there are more vertices than can be planned"),
                expected=text("at most {n} depots, stations and trips", n=self.max_vertices),
            )
        return n_depots, n_stations, n_trips

    def error(
        self, index: int | None, *, code: str, message: str, expected: str = "", hint: str = ""
    ) -> InputError:
        """Make the error of the number with this index (0-based; None: of the whole file)."""
        spot = None if index is None else self._spot(index)
        return InputError(
            code=code,
            message=message,
            where=Where(
                file=self.path.name,
                row=spot.row if spot else None,
                field=None if index is None else self._field(index),
                value=spot.value if spot and spot.value else None,
            ),
            expected=expected or None,
            hint=hint or None,
        )

    def _parsed(self, block: bytes, n_before: int) -> Floats:
        words = block.split()
        try:
            return np.fromiter(map(_number, words), dtype=np.float64, count=len(words))
        except ValueError:
            bad = next(k for k, word in enumerate(words) if not _is_number(word))
            if not n_before and bad >= len(_HEADER):
                head = np.array([float(word) for word in words[: len(_HEADER)]])
                self.n_vertices = sum(self.counts(head))
            raise self.error(
                n_before + bad,
                code="evsp-not-a-number",
                message=text("this is not a finite number"),
                expected=text("numbers separated by white space, such as 12.5"),
            ) from None

    def _check(self, numbers: Floats) -> None:
        bad = np.flatnonzero(numbers < 0.0)
        if bad.size:
            raise self.error(
                int(bad[0]),
                code="evsp-negative",
                message=text("a number is negative"),
                expected=text("0 or more"),
            )
        bad = np.flatnonzero(numbers > MAX_NUMBER)
        if bad.size:
            raise self.error(
                int(bad[0]),
                code="evsp-number-too-large",
                message=text("a number is too large"),
                expected=text("at most {n:.0f}", n=MAX_NUMBER),
            )
        for k, field in enumerate(_TAIL):
            if numbers[k - len(_TAIL)] == 0.0:
                raise self.error(
                    numbers.size + k - len(_TAIL),
                    code="evsp-zero",
                    message=text("{field} is zero", field=field),
                    expected=text("more than 0"),
                )

    def _spot(self, index: int) -> _Spot:
        """Where a number stands, found by reading the file anew; its end where there is none."""
        row, n_before = 1, 0
        for block in _blocks(self.path):
            n_words = len(block.split())
            if index < n_before + n_words:
                words = re.finditer(rb"\S+", block)
                word = next(w for k, w in enumerate(words) if n_before + k == index)
                row += block.count(b"\n", 0, word.start())
                shown = word[0][:_MAX_SHOWN].decode("ascii", "backslashreplace")
                return _Spot(row, shown[:_MAX_SHOWN])
            row += block.count(b"\n")
            n_before += n_words
        return _Spot(row, "")

    def _field(self, index: int) -> str:
        """Name what the number with this index means, as far as the counts before it tell."""
        if index < len(_HEADER):
            return _HEADER[index]
        n, k = self.n_vertices, index - len(_HEADER)
        if k < 4 * n:
            return f"{_VERTEX_FIELDS[k % 4]} of vertex {k // 4}"
        k -= 4 * n
        if k < n * n:
            return f"deadhead {k // n} to {k % n}"
        k -= n * n
        return _TAIL[k] if k < len(_TAIL) else "after the last"


def _promised(n: int) -> int:
    """How many numbers a file of n vertices holds."""
    return len(_HEADER) + len(_VERTEX_FIELDS) * n + n * n + len(_TAIL)


def _number(word: bytes) -> float:
    """Read one number; a ValueError where it is none, or not finite."""
    if len(word) > _MAX_NUMBER_BYTES or b"_" in word:  # Python itself reads 1_000 as a number
        raise ValueError
    number = float(word)
    if not math.isfinite(number):
        raise ValueError
    return number


def _is_number(word: bytes) -> bool:
    try:
        _number(word)
    except ValueError:
        return False
    return True


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the text of a file in pieces that end where a word ends."""
    rest = b""
    for piece in _unpacked(path):
        block = rest + piece
        at = max(block.rfind(space) for space in (b" ", b"\n", b"\t", b"\r")) + 1
        if len(block) - at > _MAX_WORD_BYTES:  # no number is so long: let it be found as none
            at = len(block)
        yield block[:at]
        rest = block[at:]
    if rest:
        yield rest


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked where it is an xz archive, without a byte-order mark."""
    with path.open("rb") as stream:
        is_xz = stream.read(len(_XZ_MAGIC)) == _XZ_MAGIC
        stream.seek(0)
        pieces = _from_xz(stream, path) if is_xz else iter(lambda: stream.read(_BLOCK_BYTES), b"")
        for k, piece in enumerate(pieces):
            yield piece.removeprefix(_BYTE_ORDER_MARK) if k == 0 else piece


def _from_xz(stream: BinaryIO, path: Path) -> Iterator[bytes]:
    """Unpack piece by piece, so that neither an archive's size nor its dictionary can do harm."""
    unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    try:
        while not unpacker.eof:
            packed = stream.read(_BLOCK_BYTES) if unpacker.needs_input else b""
            if not packed and unpacker.needs_input:
                raise EOFError
            piece = unpacker.decompress(packed, max_length=_BLOCK_BYTES)
            if piece:
                yield piece
    except (lzma.LZMAError, EOFError) as error:
        raise InputError(
            code="evsp-damaged-archive",
            message=text("{file} is a damaged xz archive", file=path.name),
            where=Where(file=path.name, value=str(error)[:_MAX_SHOWN] or None),
            hint=text("fetch the file again"),
        ) from error
