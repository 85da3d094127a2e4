"""The sample city on its own roads: what a network holds before blocks are made."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from viavolta.model.errors import InputError
from viavolta.model.geo import great_circle_km
from viavolta.model.progress import silent
from viavolta.model.trip import DistanceSource
from viavolta.services.bus.network import Network, read_network
from viavolta.services.bus.request import BusRequest
from viavolta.services.bus.tables import shapes_table
from viavolta.services.bus_config import bus_assumptions
from viavolta.services.demo import DemoInputs, prepare_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoInputs:
    return prepare_demo(tmp_path_factory.mktemp("demo"), progress=lambda *_: None)


@pytest.fixture(scope="session")
def shapeless(demo: DemoInputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feed without its shapes."""
    path = tmp_path_factory.mktemp("feed") / "shapeless.zip"
    with zipfile.ZipFile(demo.feed) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if name != "shapes.txt":
                new.writestr(name, old.read(name))
    return path


def read(feed: Path, demo: DemoInputs, **options) -> Network:
    assumptions, settings = bus_assumptions(None)
    request = BusRequest(feed=feed, depots=tuple(demo.city.depots), **options)
    return read_network(request, assumptions, settings, progress=silent)


def test_ways_follow_the_roads_and_times_the_timetable(demo: DemoInputs) -> None:
    """All ways are known, none beats the straight line or 60 km/h, and no detour saves time."""
    network = read(demo.feed, demo, osm=demo.city.osm)
    assert network.roads is not None
    assert network.roads.n_straight == 0
    assert network.roads.factor.n_trips > 100
    assert 1.0 <= network.roads.factor.low <= network.roads.factor.factor < 3.0
    km, seconds = network.deadheads.distance_km, network.deadheads.duration_s
    lat, lon = (values[network.nodes] for values in (network.places.lat, network.places.lon))
    assert (km >= great_circle_km(lat[:, None], lon[:, None], lat, lon) - 1e-9).all()
    assert (km <= 60.0 * (seconds + 1) / 3600.0).all()
    assert (seconds <= (seconds[:, :, None] + seconds[None]).min(axis=1)).all()
    assert (km != km.T).any()  # one-way streets
    assert set(network.trips.distance_source) == {DistanceSource.SHAPE}


def test_a_given_speed_stands_in_for_the_calibrated_times(demo: DemoInputs) -> None:
    """--deadhead-kmh holds along the road."""
    network = read(demo.feed, demo, osm=demo.city.osm, deadhead_kmh=18.0)
    off = ~np.eye(len(network.nodes), dtype=bool)
    kmh = 3600.0 * network.deadheads.distance_km[off] / network.deadheads.duration_s[off]
    assert kmh.max() <= 18.0 + 1e-6
    assert np.median(kmh) > 17.5
    assert network.deadhead_kmh == 18.0


def test_trips_without_shapes_lie_on_the_roads(shapeless: Path, demo: DemoInputs) -> None:
    """Nearly as long as along the shapes that were taken away; drawn on the map; and counted."""
    before = read(demo.feed, demo)
    network = read(shapeless, demo, osm=demo.city.osm)
    on_road = np.array([s is DistanceSource.NETWORK for s in network.trips.distance_source])
    assert on_road.mean() > 0.7
    found, expected = network.trips.distance_km[on_road], before.trips.distance_km[on_road]
    assert np.median(np.abs(found / expected - 1.0)) < 0.05
    counts = {r.code: r.count for r in network.repairs}
    assert counts["trip-without-shape"] > 0
    straight = sum(counts.get(code, 0) for code in ("trip-off-road", "trip-cut-off"))
    straight += counts.get("trip-road-detour", 0) + counts.get("road-too-long-for-time", 0)
    assert straight == int((~on_road).sum())
    lines = shapes_table(network)
    assert lines["part"].n_unique() == int(network.lines.is_network.sum()) > 0
    assert lines.schema == shapes_table(before).schema


def test_an_extract_of_another_town_is_an_error(demo: DemoInputs, tmp_path: Path) -> None:
    """No road there: no silent straight lines."""
    path = tmp_path / "elsewhere.osm"
    path.write_text(
        '<?xml version="1.0"?><osm version="0.6"><node id="1" lat="1" lon="1"/>'
        '<node id="2" lat="1.01" lon="1"/><way id="3"><nd ref="1"/><nd ref="2"/>'
        '<tag k="highway" v="primary"/></way></osm>',
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        read(demo.feed, demo, osm=path)
    assert caught.value.code == "osm-no-streets"
