"""Points for a GIS: read back as written, the same bytes at any time."""

import math
import time
from pathlib import Path

import polars as pl
import pyogrio
import pytest

from viavolta.formats.geopackage import points_as_geopackage
from viavolta.model.errors import InputError

TABLE = pl.DataFrame(
    {
        "node_id": ["a", "b", "c"],
        "lat": [50.0, 50.5, math.nan],
        "lon": [8.0, 8.5, math.nan],
        "p50_kw": [12.5, 0.0, 3.0],
        "n_vehicles_p50": [3, 0, 1],
        "is_full": [True, False, True],
    }
)


def test_a_gis_reads_what_was_written(tmp_path: Path) -> None:
    """Layer, coordinate system, columns and places; a row without coordinates has no point."""
    path = tmp_path / "hosting.gpkg"
    path.write_bytes(points_as_geopackage(TABLE, layer="hosting"))
    info = pyogrio.read_info(path)
    assert (info["layer_name"], info["crs"], info["geometry_type"]) == (
        "hosting",
        "EPSG:4326",
        "Point",
    )
    meta, _, geometry, values = pyogrio.raw.read(path)
    read = dict(zip(meta["fields"], values, strict=True))
    assert list(read["node_id"]) == ["a", "b", "c"]
    assert read["p50_kw"].tolist() == [12.5, 0.0, 3.0]
    assert read["n_vehicles_p50"].tolist() == [3, 0, 1]
    assert [point is None for point in geometry] == [False, False, True]
    inside = pyogrio.raw.read(path, bbox=(7.9, 49.9, 8.1, 50.1))[3]
    assert len(inside[0]) == 1


def test_the_same_rows_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also at another time of the clock and in another time zone."""
    first = points_as_geopackage(TABLE, layer="hosting")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        time.sleep(0.01)
        assert points_as_geopackage(TABLE, layer="hosting") == first
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    today = time.strftime("%Y-%m-%dT").encode()
    assert today not in first
    assert b"2000-01-01T00:00:00" in first


def test_without_any_place_there_is_no_map() -> None:
    """The error says what to fill in."""
    with pytest.raises(InputError) as caught:
        points_as_geopackage(TABLE.tail(1), layer="hosting")
    assert caught.value.code == "geopackage-without-points"
    assert caught.value.hint
