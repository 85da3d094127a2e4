"""GeoPackage: points with figures, for any GIS. The same rows give the same bytes."""

import math
import struct
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
from pyogrio import raw

from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

_STAMP = "2000-01-01T00:00:00.000Z"  # the format has a date of change; it must not be today's
_LITTLE_ENDIAN, _POINT = 1, 1


def points_as_geopackage(table: pl.DataFrame, *, layer: str) -> bytes:
    """A GeoPackage with one layer of points in WGS 84.

    Parameters
    ----------
    table
        Columns lat and lon in degrees, and any others of text, numbers and booleans; rows without
        coordinates have no point.

    Raises
    ------
    InputError: no row has coordinates.
    """
    placed = table.filter(pl.col("lat").is_finite() & pl.col("lon").is_finite())
    if placed.is_empty():
        raise InputError(
            code="geopackage-without-points",
            message=text("no row has coordinates"),
            where=Where(field="lat"),
            expected=text("lat and lon in degrees"),
            hint=text("fill in the coordinates of what is to be seen on a map"),
        )
    values = table.drop("lat", "lon")
    points = np.array(
        [
            _point(lon, lat) if math.isfinite(lat) and math.isfinite(lon) else None
            for lat, lon in zip(table["lat"], table["lon"], strict=True)
        ],
        dtype=object,
    )
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _STAMP})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "points.gpkg"
            raw.write(
                str(path),
                geometry=points,
                field_data=[_values(values[name]) for name in values.columns],
                fields=values.columns,
                layer=layer,
                driver="GPKG",
                geometry_type="Point",
                crs="EPSG:4326",
            )
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _point(lon: float, lat: float) -> bytes:
    return struct.pack("<BIdd", _LITTLE_ENDIAN, _POINT, lon, lat)


def _values(column: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    if column.dtype == pl.String:
        return np.array(column.to_list(), dtype=object)
    return np.asarray(column.to_numpy())
