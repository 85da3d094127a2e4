"""PMTiles archives, version 3: map tiles in one file, read by ranges.

`read_header` and `read_tiles` read, `archive_bytes` writes: tiles in the order of the Hilbert
curve, the same content kept once. Directories are gzipped, and so are the tiles.
"""

import gzip
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

Tile = tuple[int, int, int]
"""Zoom, column and row."""
Entry = tuple[int, int, int, int]
"""Tile number, length of the run, offset and size; a run of 0 points to a leaf directory."""

_HEADER = struct.Struct("<7sB11Q6B4iB2i")
_MAGIC, _VERSION = b"PMTiles", 3
_ROOT_BYTES = 16_384 - 127
_MAX_DIRECTORY_BYTES = 50_000_000
_LEAF_ENTRIES = 4_096
_GZIP, _MVT = 2, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an archive covers, and where its parts stand."""

    min_zoom: int
    max_zoom: int
    west: float
    south: float
    east: float
    north: float
    root: tuple[int, int]
    leaves_at: int
    tiles_at: int


def read_header(path: Path) -> Header | None:
    """The header of an archive; None if the file is no PMTiles archive of vector tiles."""
    with path.open("rb") as file:
        content = file.read(_HEADER.size)
    if len(content) < _HEADER.size:
        return None
    values = _HEADER.unpack(content)
    if values[0] != _MAGIC or values[1] != _VERSION or values[16] not in {0, _MVT}:
        return None
    west, south, east, north = (value / 1e7 for value in values[19:23])
    return Header(
        min_zoom=values[17],
        max_zoom=values[18],
        west=west,
        south=south,
        east=east,
        north=north,
        root=(values[2], values[3]),
        leaves_at=values[6],
        tiles_at=values[8],
    )


def read_tiles(path: Path) -> Iterator[tuple[Tile, bytes]]:
    """Each tile of an archive, unpacked, in the archive's order."""
    header = read_header(path)
    if header is None:
        return
    with path.open("rb") as file:
        for number, run, offset, size in _entries(file, header, *header.root):
            file.seek(header.tiles_at + offset)
            content = file.read(size)
            tile = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            for i in range(run):
                yield tile_of(number + i), tile


def _entries(file: BinaryIO, header: Header, offset: int, size: int) -> Iterator[Entry]:
    file.seek(offset)
    content = file.read(min(size, _MAX_DIRECTORY_BYTES))
    for entry in _directory(gzip.decompress(content)):
        if entry[1]:
            yield entry
        else:
            yield from _entries(file, header, header.leaves_at + entry[2], entry[3])


def archive_bytes(
    tiles: Mapping[Tile, bytes],
    *,
    bounds: tuple[float, float, float, float],
    metadata: Mapping[str, Any],
) -> bytes:
    """An archive of vector tiles (not packed yet); `bounds` are west, south, east and north."""
    data = bytearray()
    entries: list[Entry] = []
    places: dict[bytes, tuple[int, int]] = {}
    for number, content in sorted((number_of(tile), content) for tile, content in tiles.items()):
        key = hashlib.sha256(content).digest()
        if key not in places:
            packed = gzip.compress(content, 9, mtime=0)
            places[key] = (len(data), len(packed))
            data += packed
        _append(entries, number, *places[key])
    root, leaves = _directories(entries)
    about = gzip.compress(json.dumps(metadata, sort_keys=True).encode(), 9, mtime=0)
    at = _HEADER.size
    zooms = [tile[0] for tile in tiles] or [0]
    box = [round(value * 1e7) for value in bounds]
    header = _HEADER.pack(
        *(_MAGIC, _VERSION, at, len(root)),
        *(at + len(root), len(about)),
        *(at + len(root) + len(about), len(leaves)),
        *(at + len(root) + len(about) + len(leaves), len(data)),
        *(len(tiles), len(entries), len(places)),
        *(1, _GZIP, _GZIP, _MVT, min(zooms), max(zooms)),
        *box,
        max(zooms),
        *((box[0] + box[2]) // 2, (box[1] + box[3]) // 2),
    )
    return header + root + about + leaves + bytes(data)


def _append(entries: list[Entry], number: int, offset: int, size: int) -> None:
    if entries:
        before, run, same, _size = entries[-1]
        if same == offset and number == before + run:
            entries[-1] = (before, run + 1, offset, size)
            return
    entries.append((number, 1, offset, size))


def _directories(entries: list[Entry]) -> tuple[bytes, bytes]:
    """The root directory and, if it would be too large for one read, its leaves."""
    root = _packed(entries)
    if len(root) <= _ROOT_BYTES:
        return root, b""
    size = _LEAF_ENTRIES
    while True:
        leaves = bytearray()
        tops: list[Entry] = []
        for start in range(0, len(entries), size):
            leaf = _packed(entries[start : start + size])
            tops.append((entries[start][0], 0, len(leaves), len(leaf)))
            leaves += leaf
        root = _packed(tops)
        if len(root) <= _ROOT_BYTES:
            return root, bytes(leaves)
        size *= 2


def _packed(entries: list[Entry]) -> bytes:
    out = bytearray()
    _put(out, len(entries))
    before = 0
    for number, *_rest in entries:
        _put(out, number - before)
        before = number
    for _number, run, *_rest in entries:
        _put(out, run)
    for *_rest, size in entries:
        _put(out, size)
    end = -1
    for _number, _run, offset, size in entries:
        _put(out, 0 if offset == end else offset + 1)
        end = offset + size
    return gzip.compress(bytes(out), 9, mtime=0)


def _put(out: bytearray, value: int) -> None:
    while value > 0x7F:  # noqa: PLR2004 - seven bits to a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _directory(content: bytes) -> list[Entry]:
    numbers = _numbers(content)
    count = next(numbers)
    tiles, at = [], 0
    for _ in range(count):
        at += next(numbers)
        tiles.append(at)
    runs = [next(numbers) for _ in range(count)]
    sizes = [next(numbers) for _ in range(count)]
    offsets: list[int] = []
    for i in range(count):
        value = next(numbers)
        offsets.append(offsets[i - 1] + sizes[i - 1] if value == 0 and i else value - 1)
    return list(zip(tiles, runs, offsets, sizes, strict=True))


def _numbers(content: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in content:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            yield value
            value = shift = 0


def number_of(tile: Tile) -> int:
    """The number of a tile: those of lower zooms first, then along the Hilbert curve."""
    zoom, x, y = tile
    number = ((1 << (2 * zoom)) - 1) // 3
    half = 1 << zoom >> 1
    while half:
        right, up = int(bool(x & half)), int(bool(y & half))
        number += half * half * ((3 * right) ^ up)
        x, y = _turned(half, x, y, right, up)
        half >>= 1
    return number


def tile_of(number: int) -> Tile:
    """The tile of a number."""
    zoom, left = 0, number
    while left >= 1 << (2 * zoom):
        left -= 1 << (2 * zoom)
        zoom += 1
    x = y = 0
    half = 1
    while half < 1 << zoom:
        right = 1 & (left // 2)
        up = 1 & (left ^ right)
        x, y = _turned(half, x, y, right, up)
        x += half * right
        y += half * up
        left //= 4
        half <<= 1
    return zoom, x, y


def _turned(half: int, x: int, y: int, right: int, up: int) -> tuple[int, int]:
    if up:
        return x, y
    if right:
        x, y = half - 1 - x, half - 1 - y
    return y, x
