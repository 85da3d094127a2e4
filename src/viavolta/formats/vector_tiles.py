"""Vector tiles of several layers, each in zooms of its own, as one PMTiles archive.

GDAL cuts one layer at a time; tiles of different layers are joined byte by byte, which the format
of vector tiles allows.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from pyogrio import raw

from viavolta.formats.coastline import Box
from viavolta.formats.osm_shapes import Shape
from viavolta.formats.pmtiles import Tile, archive_bytes, read_tiles

ZOOMS: dict[str, tuple[str, int, int]] = {
    "water": ("MultiPolygon", 6, 14),
    "green": ("MultiPolygon", 9, 14),
    "built": ("MultiPolygon", 9, 14),
    "buildings": ("MultiPolygon", 14, 14),
    "streams": ("LineString", 10, 14),
    "borders": ("LineString", 5, 14),
    "rail": ("LineString", 9, 14),
    "roads": ("LineString", 6, 14),
    "streets": ("LineString", 12, 14),
    "places": ("Point", 5, 14),
}
"""Layers of the basemap from the lowest: kind of geometry, first and last zoom."""


def tile_archive(
    layers: Mapping[str, list[Shape]],
    *,
    box: Box,
    credit: str,
    progress: Callable[[float], None] = lambda _share: None,
) -> bytes:
    """A PMTiles archive of the layers named in `ZOOMS`; the same shapes give the same bytes."""
    tiles: dict[Tile, bytes] = {}
    names = [name for name in ZOOMS if layers.get(name)]
    with tempfile.TemporaryDirectory(prefix="viavolta-tiles-") as folder:
        for i, name in enumerate(names):
            progress(i / len(names))
            path = Path(folder) / f"{name}.pmtiles"
            _write_layer(path, name, layers[name])
            for tile, content in read_tiles(path):
                tiles[tile] = tiles.get(tile, b"") + content
    about = {
        "name": "viavolta",
        "type": "baselayer",
        "attribution": credit,
        "vector_layers": [
            {
                "id": name,
                "minzoom": ZOOMS[name][1],
                "maxzoom": ZOOMS[name][2],
                "fields": {"name": "String", "rank": "Number"},
            }
            for name in names
        ],
    }
    return archive_bytes(tiles, bounds=box, metadata=about)


def _write_layer(path: Path, name: str, shapes: list[Shape]) -> None:
    kind, first, last = ZOOMS[name]
    raw.write(
        str(path),
        geometry=np.array([shape.wkb for shape in shapes], dtype=object),
        field_data=[
            np.array([shape.name or None for shape in shapes], dtype=object),
            np.array([shape.rank for shape in shapes], dtype=np.int32),
        ],
        fields=["name", "rank"],
        layer=name,
        driver="PMTiles",
        geometry_type="Unknown" if kind == "MultiPolygon" else kind,
        crs="EPSG:4326",
        dataset_options={"MINZOOM": str(first), "MAXZOOM": str(last)},
    )
