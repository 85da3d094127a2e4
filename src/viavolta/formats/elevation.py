"""Heights of the ground from elevation tiles: SRTM-style .hgt, plain or zipped, and GeoTIFF.

HGT: big-endian int16, 1201 x 1201 (3") or 3601 x 3601 (1") points of one degree, named after their
south-west corner, row by row from the north; -32768 is void (USGS, SRTM Topography, section 2.1).
GeoTIFF needs the optional rasterio; the base installation reads .hgt.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.trip import Floats

_TILE_NAME = re.compile(r"([NS])(\d{2})([EW])(\d{3})", re.IGNORECASE)
_HGT_SIDES = {2 * 1201 * 1201: 1201, 2 * 3601 * 3601: 3601}
_MAX_HGT_BYTES = max(_HGT_SIDES)
_MAX_CELLS = 60_000_000
"""Largest GeoTIFF that is read at once, about 240 MB; larger ones should be cropped first."""
_VOID = -32768
_SUFFIXES = (".hgt", ".hgt.zip", ".tif", ".tiff")
_MAX_LAT, _MAX_LON = 90, 180
_WGS84 = 4326


class Tile(Protocol):
    """One file of heights."""

    path: Path

    def height_m(self, lat: Floats, lon: Floats) -> Floats:
        """Heights, NaN outside the tile and at voids. Shapes: (M,)."""

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""


@dataclass(slots=True)
class Elevation:
    """Heights from several tiles; the first tile that knows a point answers.

    Attributes
    ----------
    inputs: the files that have answered so far, in the order they were given.
    """

    tiles: tuple[Tile, ...]
    _used: set[Path] = field(default_factory=set, init=False)

    @property
    def inputs(self) -> list[Path]:
        """Files that heights came from so far."""
        return [tile.path for tile in self.tiles if tile.path in self._used]

    def height_m(self, lat: Floats, lon: Floats) -> Floats:
        """Height above sea level, bilinear between grid points; NaN where no tile knows.

        A point next to a void is void: a missing height is never guessed. Shapes: (M,) each.

        Raises
        ------
        InputError: a tile cannot be read.
        """
        lat, lon = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
        height_m = np.full(lat.shape, np.nan)
        for tile in self.tiles:
            open_points = np.flatnonzero(np.isnan(height_m) & np.isfinite(lat) & np.isfinite(lon))
            if open_points.size == 0:
                break
            found = tile.height_m(lat[open_points], lon[open_points])
            if np.isfinite(found).any():
                self._used.add(tile.path)
            height_m[open_points] = found
        return height_m


def open_elevation(paths: Sequence[Path]) -> Elevation:
    """Open tiles, or all tiles of a folder; heights are read when they are first asked for.

    Raises
    ------
    UsageError: a path does not exist, or GeoTIFF is given without rasterio.
    InputError: a file of another kind, a tile without position, of a wrong size, or damaged.
    """
    tiles: list[Tile] = []
    for path in _files(paths):
        lower = path.name.lower()
        if lower.endswith((".tif", ".tiff")):
            tiles.append(_open_geotiff(path))
        else:
            tiles.append(_open_hgt(path))
    return Elevation(tuple(tiles))


def _files(paths: Sequence[Path]) -> Iterable[Path]:
    """List the tiles meant by the paths: files as given, folders by name."""
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.name.lower().endswith(_SUFFIXES))
            if not inside:
                raise _unreadable(path, text("the folder holds no elevation tile"))
            yield from inside
        elif not path.is_file():
            raise UsageError(
                code="elevation-missing",
                message=text("there is no elevation file {file}", file=path.name),
                where=Where(file=path.name),
            )
        elif not path.name.lower().endswith(_SUFFIXES):
            raise _unreadable(path, text("its name has none of the known endings"))
        else:
            yield path


@dataclass(slots=True)
class _Hgt:
    """A tile of one degree; `south`, `west` in whole degrees."""

    path: Path
    south: int
    west: int
    _heights: NDArray[np.float32] | None = None

    def height_m(self, lat: Floats, lon: Floats) -> Floats:
        inside = (
            (lat >= self.south)
            & (lat <= self.south + 1)
            & (lon >= self.west)
            & (lon <= self.west + 1)
        )
        height_m = np.full(lat.shape, np.nan)
        if inside.any():
            if self._heights is None:
                self._heights = _hgt_heights(self.path)
            last = self._heights.shape[0] - 1
            height_m[inside] = _bilinear(
                self._heights,
                row=(self.south + 1 - lat[inside]) * last,
                column=(lon[inside] - self.west) * last,
            )
        return height_m

    def bounds(self) -> tuple[float, float, float, float]:
        return float(self.west), float(self.south), self.west + 1.0, self.south + 1.0


@dataclass(slots=True)
class _GeoTiff:
    """A raster in any coordinate system that rasterio knows."""

    path: Path
    _raster: tuple[NDArray[np.float32], Any, Any] | None = None

    def height_m(self, lat: Floats, lon: Floats) -> Floats:
        if self._raster is None:
            self._raster = _geotiff_heights(self.path)
        heights, to_pixel, crs = self._raster
        x, y = lon, lat
        if not crs.is_geographic or crs.to_epsg() != _WGS84:
            warp = _rasterio("warp")
            xs, ys = warp.transform(f"EPSG:{_WGS84}", crs, lon.tolist(), lat.tolist())
            x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
        column = to_pixel.a * x + to_pixel.b * y + to_pixel.c
        row = to_pixel.d * x + to_pixel.e * y + to_pixel.f
        # Values stand for cell centres, half a cell in from the corner; the outermost half cell
        # belongs to the raster too and takes the value of its own cell.
        return _bilinear(
            heights,
            row=_from_centre(row, heights.shape[0]),
            column=_from_centre(column, heights.shape[1]),
        )

    def bounds(self) -> tuple[float, float, float, float]:
        if self._raster is None:
            self._raster = _geotiff_heights(self.path)
        heights, to_pixel, crs = self._raster
        rows, columns = heights.shape
        corners = [
            ~to_pixel * corner for corner in ((0, 0), (columns, 0), (0, rows), (columns, rows))
        ]
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        if not crs.is_geographic or crs.to_epsg() != _WGS84:
            xs, ys = _rasterio("warp").transform(crs, f"EPSG:{_WGS84}", xs, ys)
        return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))


def _from_centre(pixel: Floats, count: int) -> Floats:
    """Pixel coordinates counted from the first centre, the outer half cells moved inside."""
    inside = (pixel >= 0) & (pixel <= count)
    return np.where(inside, np.clip(pixel - 0.5, 0, count - 1), np.nan)


def _open_hgt(path: Path) -> _Hgt:
    """Check a tile's name and size without reading its heights."""
    corner = _TILE_NAME.match(path.name)
    if corner is None:
        raise InputError(
            code="elevation-tile-name",
            message=text("the name of {file} does not say which tile it is", file=path.name[:200]),
            where=Where(file=path.name[:200]),
            expected=text("a name such as N43E007.hgt"),
            hint=text("name the file after the south-west corner of its tile"),
        )
    south = int(corner[2]) * (1 if corner[1].upper() == "N" else -1)
    west = int(corner[4]) * (1 if corner[3].upper() == "E" else -1)
    if not (-_MAX_LAT <= south < _MAX_LAT and -_MAX_LON <= west < _MAX_LON):
        raise InputError(
            code="elevation-tile-name",
            message=text("{file} names a place outside the globe", file=path.name[:200]),
            where=Where(file=path.name[:200]),
            expected=text("N or S 00 to 90, E or W 000 to 180"),
            hint=text("name the file after the south-west corner of its tile"),
        )
    size = _member(path).file_size if path.name.lower().endswith(".zip") else path.stat().st_size
    if size not in _HGT_SIDES:
        raise _wrong_size(path, size)
    return _Hgt(path, south, west)


def _member(path: Path) -> zipfile.ZipInfo:
    """Find the one tile in a zip; its stated size is not trusted when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            tiles = [m for m in archive.infolist() if m.filename.lower().endswith(".hgt")]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if len(tiles) != 1:
        raise _unreadable(path, text("it holds {n} .hgt files instead of one", n=len(tiles)))
    return tiles[0]


def _hgt_heights(path: Path) -> NDArray[np.float32]:
    """All heights of a tile, north first, NaN at voids. Shape (1201, 1201) or (3601, 3601)."""
    try:
        if path.name.lower().endswith(".zip"):
            member = _member(path)
            with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
                raw = stream.read(_MAX_HGT_BYTES + 1)
        else:
            with path.open("rb") as stream:
                raw = stream.read(_MAX_HGT_BYTES + 1)
    # RuntimeError: an encrypted member, or, as NotImplementedError, a compression not known
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise _unreadable(path, str(error)) from error
    side = _HGT_SIDES.get(len(raw))
    if side is None:
        raise _wrong_size(path, len(raw))
    cells = np.frombuffer(raw, dtype=">i2").reshape(side, side)
    heights = cells.astype(np.float32)
    heights[cells == _VOID] = np.nan
    return heights


def _open_geotiff(path: Path) -> _GeoTiff:
    """Check that rasterio is there and that it knows the raster and its place on the globe."""
    rasterio = _rasterio()
    try:
        with warnings.catch_warnings():
            # A raster without a place is refused below, with more than a warning.
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            raster = rasterio.open(path)
        with raster:
            if raster.crs is None:
                raise _unreadable(path, text("the raster does not say where it lies (no CRS)"))
            if raster.width * raster.height > _MAX_CELLS:
                raise InputError(
                    code="elevation-too-large",
                    message=text("{file} has too many cells to read at once", file=path.name[:200]),
                    where=Where(file=path.name[:200], value=f"{raster.width} x {raster.height}"),
                    expected=text("at most {n} cells", n=_MAX_CELLS),
                    hint=text("cut it to your region first"),
                )
    except rasterio.errors.RasterioError as error:
        raise _unreadable(path, str(error)) from error
    return _GeoTiff(path)


def _geotiff_heights(path: Path) -> tuple[NDArray[np.float32], Any, Any]:
    """First band with NaN at voids, the map from coordinates to pixels, and the CRS."""
    rasterio = _rasterio()
    try:
        with rasterio.open(path) as raster:
            heights = raster.read(1, masked=True).astype(np.float32).filled(np.nan)
            return heights, ~raster.transform, raster.crs
    except rasterio.errors.RasterioError as error:
        raise _unreadable(path, str(error)) from error


def _rasterio(part: str = "") -> ModuleType:
    """Import the optional library for GeoTIFF, or a part of it."""
    try:
        return import_module(f"rasterio.{part}" if part else "rasterio")
    except ImportError as error:
        raise UsageError(
            code="geotiff-needs-rasterio",
            message=text("reading GeoTIFF needs the optional library rasterio"),
            hint='pip install "viavolta[geotiff]"',
        ) from error


def _bilinear(heights: NDArray[np.float32], *, row: Floats, column: Floats) -> Floats:
    """Heights between grid points; NaN outside, and where a point that counts is void.

    `row`, `column` count grid points from the first, shapes (M,).
    """
    rows, columns = heights.shape
    row, column = np.asarray(row, dtype=np.float64), np.asarray(column, dtype=np.float64)
    inside = (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)
    height_m = np.full(row.shape, np.nan)
    r, c = row[inside], column[inside]
    r0, c0 = np.floor(r).astype(np.intp), np.floor(c).astype(np.intp)
    r1, c1 = np.minimum(r0 + 1, rows - 1), np.minimum(c0 + 1, columns - 1)
    down, right = r - r0, c - c0
    total = np.zeros(r.shape)
    for rr, cc, weight in (
        (r0, c0, (1 - down) * (1 - right)),
        (r0, c1, (1 - down) * right),
        (r1, c0, down * (1 - right)),
        (r1, c1, down * right),
    ):
        # A void neighbour of weight zero does not count: 0 x NaN would.
        total += np.where(weight > 0, heights[rr, cc] * weight, 0.0)
    height_m[inside] = total
    return height_m


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        code="elevation-unreadable",
        message=text("{file} is no elevation tile: {reason}", file=path.name[:200], reason=reason),
        where=Where(file=path.name[:200]),
        expected=text(".hgt, .hgt.zip with one tile, or GeoTIFF"),
        hint=text("download the tile again, or convert it to GeoTIFF"),
    )


def _wrong_size(path: Path, size: int) -> InputError:
    return InputError(
        code="elevation-tile-size",
        message=text("{file} has not the size of a tile", file=path.name[:200]),
        where=Where(file=path.name[:200], value=text("{n} bytes", n=size)),
        expected=text("1201 x 1201 or 3601 x 3601 points of two bytes"),
        hint=text("download the tile again; heights on another grid are read as GeoTIFF"),
    )
