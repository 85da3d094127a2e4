"""Elevation tiles: what they say, where they say nothing, and files made to hurt."""

import sys
import zipfile

import numpy as np
import pytest

from viavolta.formats.elevation import open_elevation
from viavolta.model.errors import InputError, UsageError

VOID = -32768


def tile_bytes(side=1201, void=None):
    """A plane: the height grows by 1000 m northwards and by 200 m eastwards over the tile."""
    north = np.linspace(1000.0, 0.0, side)[:, None]
    east = np.linspace(0.0, 200.0, side)[None, :]
    cells = np.round(north + east).astype(">i2")
    if void is not None:
        cells[void] = VOID
    return cells.tobytes()


def write_tile(path, content):
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.name.removesuffix(".zip"), content)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["N46E011.hgt", "N46E011.hgt.zip", "n46e011.HGT"])
@pytest.mark.parametrize("side", [1201, 3601])
def test_a_plane_is_read_as_a_plane(tmp_path, name, side):
    """Plain and zipped tiles of both resolutions give the plane's heights, edges included."""
    path = write_tile(tmp_path / name, tile_bytes(side))
    elevation = open_elevation([path])
    lat = np.array([46.0, 47.0, 46.5, 46.123456, 46.99999])
    lon = np.array([11.0, 12.0, 11.5, 11.777777, 11.00001])
    expected_m = (lat - 46) * 1000 + (lon - 11) * 200
    np.testing.assert_allclose(elevation.height_m(lat, lon), expected_m, atol=1.01)
    assert elevation.inputs == [path]


def test_southern_and_western_tiles(tmp_path):
    """S and W name the south-west corner too."""
    write_tile(tmp_path / "S34W059.hgt", tile_bytes())
    elevation = open_elevation([tmp_path / "S34W059.hgt"])
    height_m = elevation.height_m(np.array([-33.5]), np.array([-58.25]))
    assert height_m[0] == pytest.approx(500 + 150, abs=1.01)


def test_outside_and_void_are_unknown(tmp_path):
    """Beyond the tile, at a void, beside a void and at unknown coordinates heights are NaN."""
    path = write_tile(tmp_path / "N46E011.hgt", tile_bytes(void=(600, 600)))
    lat = np.array([45.9999, 46.5, 46.5 + 0.4 / 1200, 46.5 + 2 / 1200, np.nan])
    lon = np.array([11.5, 11.5, 11.5, 11.5, 11.5])
    height_m = open_elevation([path]).height_m(lat, lon)
    assert np.isnan(height_m).tolist() == [True, True, True, False, True]


def test_later_tiles_fill_what_earlier_ones_do_not_know(tmp_path):
    """Tiles are asked in order, and only those that answered count as inputs."""
    holed = write_tile(tmp_path / "N46E011.hgt", tile_bytes(void=(slice(None), slice(None))))
    (tmp_path / "more").mkdir()
    whole = write_tile(tmp_path / "more" / "N46E011.hgt.zip", tile_bytes())
    other = write_tile(tmp_path / "more" / "N10E010.hgt", tile_bytes())
    elevation = open_elevation([holed, whole, other])
    assert elevation.height_m(np.array([46.5]), np.array([11.5]))[0] == pytest.approx(600, abs=1)
    assert elevation.inputs == [whole]


def test_a_folder_means_its_tiles(tmp_path):
    """A folder stands for the tiles in it; other files in it are left alone."""
    write_tile(tmp_path / "N46E011.hgt", tile_bytes())
    write_tile(tmp_path / "N46E012.hgt.zip", tile_bytes())
    (tmp_path / "readme.txt").write_text("not a tile")
    elevation = open_elevation([tmp_path])
    height_m = elevation.height_m(np.array([46.5, 46.5]), np.array([11.5, 12.5]))
    np.testing.assert_allclose(height_m, 600, atol=1)
    assert len(elevation.inputs) == 2


def _zip_of(tmp_path, name, members):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def _lying_zip(tmp_path):
    """A zip whose directory says 2.9 MB and whose data unpack to 64 MB."""
    path = _zip_of(tmp_path, "N46E011.hgt.zip", [("N46E011.hgt", b"\0" * 64_000_000)])
    raw = path.read_bytes()
    true, said = (64_000_000).to_bytes(4, "little"), (2 * 1201 * 1201).to_bytes(4, "little")
    path.write_bytes(raw.replace(true, said))
    return path


HOSTILE = {
    "wrong size": (lambda p: write_tile(p / "N46E011.hgt", b"\0" * 100), "elevation-tile-size"),
    "empty": (lambda p: write_tile(p / "N46E011.hgt", b""), "elevation-tile-size"),
    "no position": (lambda p: write_tile(p / "alps.hgt", tile_bytes()), "elevation-tile-name"),
    "off the globe": (lambda p: write_tile(p / "N95E011.hgt", b""), "elevation-tile-name"),
    "zip bomb": (
        lambda p: _zip_of(p, "N46E011.hgt.zip", [("N46E011.hgt", b"\0" * 90_000_000)]),
        "elevation-tile-size",
    ),
    "lying zip": (_lying_zip, "elevation-unreadable"),
    "no zip": (
        lambda p: write_tile(p / "N46E011.hgt", b"PK").rename(p / "N46E011.hgt.zip"),
        "elevation-unreadable",
    ),
    "zip without tile": (
        lambda p: _zip_of(p, "N46E011.hgt.zip", [("../../x.txt", b"a")]),
        "elevation-unreadable",
    ),
    "zip with two tiles": (
        lambda p: _zip_of(p, "N46E011.hgt.zip", [("a.hgt", b"a"), ("b.hgt", b"b")]),
        "elevation-unreadable",
    ),
    "other kind": (lambda p: write_tile(p / "N46E011.png", b"a"), "elevation-unreadable"),
    "broken tiff": (lambda p: write_tile(p / "a.tif", b"II*\0garbage"), "elevation-unreadable"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tiles_are_refused(tmp_path, case):
    """Damaged, lying and misnamed tiles are input errors that name the file."""
    make, code = HOSTILE[case]
    path = make(tmp_path)
    with pytest.raises(InputError) as caught:
        open_elevation([path]).height_m(np.array([46.5]), np.array([11.5]))
    assert caught.value.code == code
    assert caught.value.where.file == path.name
    assert caught.value.expected


def test_damaged_data_in_a_zip(tmp_path):
    """A flipped byte inside the packed data is found by its checksum or its packing."""
    path = write_tile(tmp_path / "N46E011.hgt.zip", tile_bytes())
    raw = bytearray(path.read_bytes())
    raw[5000] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(InputError, match="no elevation tile"):
        open_elevation([path]).height_m(np.array([46.5]), np.array([11.5]))


def test_missing_paths_and_empty_folders(tmp_path):
    """A missing path is the user's option; an empty folder is content."""
    with pytest.raises(UsageError) as missing:
        open_elevation([tmp_path / "N46E011.hgt"])
    assert missing.value.code == "elevation-missing"
    with pytest.raises(InputError) as empty:
        open_elevation([tmp_path])
    assert empty.value.code == "elevation-unreadable"


def test_geotiff_without_the_library(tmp_path, monkeypatch):
    """Without rasterio GeoTIFF is refused with the command that installs it."""
    monkeypatch.setitem(sys.modules, "rasterio", None)
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(UsageError) as caught:
        open_elevation([tmp_path / "a.tif"])
    assert caught.value.code == "geotiff-needs-rasterio"
    assert caught.value.hint == 'pip install "viavolta[geotiff]"'


@pytest.mark.parametrize("epsg", [4326, 25832, 3035])
def test_geotiff_in_several_coordinate_systems(tmp_path, epsg):
    """A raster of its own northing reads right in degrees and in metres, NaN outside."""
    rasterio = pytest.importorskip("rasterio")
    from rasterio.warp import transform  # noqa: PLC0415 - optional

    (x,), (y,) = transform("EPSG:4326", f"EPSG:{epsg}", [11.1], [46.1])
    cell = 0.001 if epsg == 4326 else 100.0
    rows = np.arange(200)[:, None] * np.ones((1, 200))
    heights = (1000 - rows).astype("float32")
    heights[:, 150:] = -9999
    path = tmp_path / "dem.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=200,
        height=200,
        count=1,
        dtype="float32",
        crs=f"EPSG:{epsg}",
        nodata=-9999,
        transform=rasterio.Affine(cell, 0, x - 100 * cell, 0, -cell, y + 100 * cell),
    ) as raster:
        raster.write(heights, 1)
    elevation = open_elevation([path])
    height_m = elevation.height_m(np.array([46.1, 30.0]), np.array([11.1, 11.1]))
    # The point lies on the edge between rows 99 and 100.
    assert height_m[0] == pytest.approx(1000 - 99.5, abs=0.05)
    assert np.isnan(height_m[1])
    (lon,), (lat,) = transform(f"EPSG:{epsg}", "EPSG:4326", [x + 80 * cell], [y])
    assert np.isnan(elevation.height_m(np.array([lat]), np.array([lon]))[0])
    assert elevation.inputs == [path]


def test_geotiff_without_place_is_refused(tmp_path):
    """A raster that does not say where it lies is an input error."""
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "dem.tif"
    profile = {"driver": "GTiff", "width": 3, "height": 3, "count": 1, "dtype": "float32"}
    with (
        pytest.warns(rasterio.errors.NotGeoreferencedWarning),
        rasterio.open(path, "w", **profile) as raster,
    ):
        raster.write(np.zeros((1, 3, 3), dtype="float32"))
    with pytest.raises(InputError, match="CRS"):
        open_elevation([path])


@pytest.mark.bench_data
def test_known_heights(bench_data):
    """SRTM knows the sea off Monaco and its streets; the Helsinki model its own small town."""
    osm = bench_data / "osm"
    elevation = open_elevation(
        [osm / "N43E007.hgt.zip", bench_data / "elevation" / "helsinki_lapinlahti_dem_2021.tif"]
    )
    height_m = elevation.height_m(
        np.array([43.70, 43.7384, 60.167, 46.0]), np.array([7.45, 7.4246, 24.913, 11.0])
    )
    assert height_m[0] == pytest.approx(0, abs=3)
    assert 20 < height_m[1] < 120
    assert -1 < height_m[2] < 11
    assert np.isnan(height_m[3])
    assert len(elevation.inputs) == 2
