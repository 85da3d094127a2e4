"""PMTiles archives: tile numbers as in the specification, and what is written is read again."""

from pathlib import Path

import numpy as np
import pyogrio
import pytest

from viavolta.formats.osm_shapes import read_shapes
from viavolta.formats.pmtiles import archive_bytes, number_of, read_header, read_tiles, tile_of
from viavolta.formats.vector_tiles import tile_archive
from viavolta.samples import monaco_osm

BOUNDS = (7.4, 43.7, 7.5, 43.8)


@pytest.mark.parametrize(
    ("tile", "number"),
    [
        ((0, 0, 0), 0),
        ((1, 0, 0), 1),
        ((1, 0, 1), 2),
        ((1, 1, 1), 3),
        ((1, 1, 0), 4),
        ((2, 0, 0), 5),
        ((12, 3423, 1763), 19078479),
    ],
)
def test_tiles_have_the_numbers_of_the_specification(
    tile: tuple[int, int, int], number: int
) -> None:
    """The examples of the PMTiles specification, version 3, and of its own tests."""
    assert number_of(tile) == number
    assert tile_of(number) == tile


def test_numbers_and_tiles_agree_at_every_zoom() -> None:
    """From tile to number and back is the same tile."""
    rng = np.random.default_rng(1)
    for zoom in range(16):
        tile = (zoom, int(rng.integers(1 << zoom)), int(rng.integers(1 << zoom)))
        assert tile_of(number_of(tile)) == tile


@pytest.mark.parametrize("n", [1, 40_000])
def test_what_is_written_is_read_again(tmp_path: Path, n: int) -> None:
    """All tiles come back, with one directory and with leaves, equal ones kept once."""
    rng = np.random.default_rng(2)
    tiles = {(14, 8_000 + i % 200, 5_000 + i // 200): rng.bytes(3) for i in range(n)}
    tiles |= {(8, x, 90): b"sea" for x in range(50)}
    path = tmp_path / "a.pmtiles"
    path.write_bytes(archive_bytes(tiles, bounds=BOUNDS, metadata={"name": "a"}))
    header = read_header(path)
    assert header is not None
    assert (header.min_zoom, header.max_zoom) == (8, 14)
    assert (header.west, header.north) == (7.4, 43.8)
    assert dict(read_tiles(path)) == tiles


def test_other_files_are_no_archive(tmp_path: Path) -> None:
    """A file of another kind, or cut short, has no header and no tiles."""
    path = tmp_path / "a.pmtiles"
    for content in (b"", b"PMTiles", b"x" * 500):
        path.write_bytes(content)
        assert read_header(path) is None
        assert list(read_tiles(path)) == []


def test_gdal_reads_what_we_write(tmp_path: Path) -> None:
    """Another reader finds the layers that our metadata names."""
    shapes = read_shapes(monaco_osm())
    path = tmp_path / "monaco.pmtiles"
    path.write_bytes(tile_archive(shapes.layers, box=shapes.box, credit="x"))
    found = {name for name, _kind in pyogrio.list_layers(path)}
    assert {"roads", "streets", "buildings", "water", "places"} <= found
    assert pyogrio.read_info(path, layer="buildings")["features"] > 900
