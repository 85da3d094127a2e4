"""GeoPackage: points and lines with figures, for any GIS. The same rows give the same bytes."""

import math
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyogrio
from pyogrio import raw

from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

_STAMP = "2000-01-01T00:00:00.000Z"  # the format has a date of change; it must not be today's
_LITTLE_ENDIAN, _POINT, _LINE = 1, 1, 2


Coordinates = Sequence[tuple[float, float]]
"""Longitudes and latitudes along a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: its geometries as well-known binary, None for a row without, and its columns."""

    name: str
    kind: str
    geometry: list[bytes | None]
    values: pl.DataFrame

    @classmethod
    def of_points(cls, name: str, table: pl.DataFrame) -> "Layer":
        """Points from the columns lat and lon in degrees."""
        points = [
            _point(lon, lat) if _is_placed(lat) and _is_placed(lon) else None
            for lat, lon in zip(table["lat"], table["lon"], strict=True)
        ]
        return cls(name=name, kind="Point", geometry=points, values=table.drop("lat", "lon"))

    @classmethod
    def of_lines(cls, name: str, rows: Sequence[tuple[Mapping[str, Any], Coordinates]]) -> "Layer":
        """Lines, each with the values of its row."""
        values = pl.DataFrame([dict(row) for row, _ in rows], infer_schema_length=None)
        lines = [_line(points) for _, points in rows]
        return cls(name=name, kind="LineString", geometry=[*lines], values=values)

    @property
    def has_rows(self) -> bool:
        """Whether there is anything to draw."""
        return any(shape is not None for shape in self.geometry)


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
    return layers_as_geopackage([Layer.of_points(layer, table)])


def layers_as_geopackage(layers: Sequence[Layer]) -> bytes:
    """A GeoPackage with these layers in WGS 84.

    Raises
    ------
    InputError: there is nothing with coordinates in a layer, or no layer.
    """
    if not layers or not all(layer.has_rows for layer in layers):
        raise InputError(
            code="geopackage-without-points",
            message=text("no row has coordinates"),
            where=Where(field="lat"),
            expected=text("lat and lon in degrees"),
            hint=text("fill in the coordinates of what is to be seen on a map"),
        )
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _STAMP})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layers.gpkg"
            for n, layer in enumerate(layers):
                raw.write(
                    str(path),
                    geometry=np.array(layer.geometry, dtype=object),
                    field_data=[_values(layer.values[name]) for name in layer.values.columns],
                    fields=layer.values.columns,
                    layer=layer.name,
                    driver="GPKG",
                    geometry_type=layer.kind,
                    crs="EPSG:4326",
                    append=n > 0,
                )
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _is_placed(degrees: float | None) -> bool:
    return degrees is not None and math.isfinite(degrees)


def _line(points: Coordinates) -> bytes:
    flat = [degrees for point in points for degrees in point]
    return struct.pack(f"<BII{len(flat)}d", _LITTLE_ENDIAN, _LINE, len(points), *flat)


def _point(lon: float, lat: float) -> bytes:
    return struct.pack("<BIdd", _LITTLE_ENDIAN, _POINT, lon, lat)


def _values(column: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    if column.dtype == pl.String:
        return np.array(column.to_list(), dtype=object)
    return np.asarray(column.to_numpy())
