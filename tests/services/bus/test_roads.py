"""The sample city on its own roads: what a network holds before blocks are made."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import SUBJECTS, bus_type
from viavolta.model.errors import InputError
from viavolta.model.geo import great_circle_km
from viavolta.model.progress import silent
from viavolta.model.trip import DistanceSource
from viavolta.services.bus.fleet import trip_energies_kwh, trip_temperatures_c
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


def test_ways_climb_as_much_as_their_ends_differ(demo: DemoInputs) -> None:
    """Up less down is the difference of heights, along roads as in straight lines."""
    tiles = (demo.city.elevation,)
    straight = read(demo.feed, demo, elevation=tiles).deadheads
    by_road = read(demo.feed, demo, elevation=tiles, osm=demo.city.osm).deadheads
    rise_m = straight.climb_m - straight.descent_m
    assert np.abs(rise_m).max() > 50.0
    np.testing.assert_allclose(rise_m, -rise_m.T, atol=1e-9)
    np.testing.assert_allclose(by_road.climb_m - by_road.descent_m, rise_m, atol=1e-6)
    assert (by_road.climb_m >= straight.climb_m - 1e-6).all()
    assert by_road.climb_m.sum() > straight.climb_m.sum()
    flat = read(demo.feed, demo, osm=demo.city.osm).deadheads
    assert not flat.climb_m.any()


def test_a_terminal_without_height_makes_all_ways_flat(demo: DemoInputs, tmp_path: Path) -> None:
    """Ups without their downs would make energy from nothing; the study says so."""
    tile = np.full((1201, 1201), -32768, dtype=">i2")
    tile[:300] = 100  # the north of N43E007, beyond the town
    path = tmp_path / "N43E007.hgt"
    path.write_bytes(tile.tobytes())
    network = read(demo.feed, demo, elevation=(path,))
    assert not network.deadheads.climb_m.any()
    assert "ways-flat" in {w.code for w in network.warnings}


def bus():
    return bus_type(Assumptions(SUBJECTS), "bus_12m_350")


def test_uphill_trips_take_more_per_km_than_downhill(shapeless: Path, demo: DemoInputs) -> None:
    """Monaco's slopes, along its roads: with heights they show in each trip, else in none."""
    network = read(shapeless, demo, osm=demo.city.osm, elevation=(demo.city.elevation,))
    flat = read(shapeless, demo, osm=demo.city.osm)
    trips = network.trips
    rise_per_km = (trips.climb_m - trips.descent_m) / trips.distance_km
    per_km = trip_energies_kwh(network, bus(), 15.0) / trips.distance_km
    more = per_km - trip_energies_kwh(flat, bus(), 15.0) / flat.trips.distance_km
    up, down = rise_per_km > 10.0, rise_per_km < -10.0
    assert up.sum() > 20
    assert down.sum() > 20
    assert per_km[up].mean() > 1.3 * per_km[down].mean()
    assert more[up].min() > 0.0
    assert more[up].min() > more[down].max()  # hills on the way down cost a little, too


VALLEY = (
    ("capital", 42.5063, 1.5218),
    ("middle", 42.5345, 1.5800),
    ("upper", 42.5676, 1.5976),
    ("top", 42.5770, 1.6667),
)
LEG_S = 900


@pytest.fixture
def valley(tmp_path: Path) -> Path:
    """A line up and down the main valley of Andorra, hourly; invented, and without shapes."""
    runs = {"up": VALLEY, "down": VALLEY[::-1]}
    trips, times = (
        ["route_id,service_id,trip_id"],
        ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"],
    )
    for way, stops in runs.items():
        for hour in range(7, 19):
            trips.append(f"L1,all,{way}{hour}")
            for k, (name, _lat, _lon) in enumerate(stops):
                at = hour * 3600 + k * LEG_S
                clock = f"{at // 3600:02d}:{at // 60 % 60:02d}:00"
                times.append(f"{way}{hour},{clock},{clock},{name},{k}")
    tables = {
        "agency": [
            "agency_name,agency_url,agency_timezone",
            "A,https://example.org,Europe/Andorra",
        ],
        "stops": [
            "stop_id,stop_name,stop_lat,stop_lon",
            *(f"{n},{n},{la},{lo}" for n, la, lo in VALLEY),
        ],
        "routes": ["route_id,route_short_name,route_type", "L1,L1,3"],
        "calendar": [
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            "all,1,1,1,1,1,1,1,20250210,20250223",
        ],
        "trips": trips,
        "stop_times": times,
    }
    path = tmp_path / "valley.zip"
    with zipfile.ZipFile(path, "w") as feed:
        for name, lines in tables.items():
            feed.writestr(f"{name}.txt", "\n".join(lines) + "\n")
    return path


@pytest.mark.bench_data
def test_the_way_up_a_valley_takes_more_than_the_way_down(valley: Path, bench_data: Path) -> None:
    """Andorra: 20 km of road up 900 m, on its roads and under its heights (development data)."""
    assumptions, settings = bus_assumptions(None)
    request = BusRequest(
        feed=valley,
        depots=("yard=42.5063,1.5218",),
        osm=bench_data / "osm" / "andorra.osm.gz",
        elevation=(bench_data / "osm" / "N42E001.hgt.zip",),
    )
    network = read_network(request, assumptions, settings, progress=silent)
    trips = network.trips
    assert set(trips.distance_source) == {DistanceSource.NETWORK}
    per_km = trip_energies_kwh(network, bus(), 15.0) / trips.distance_km
    rises = trips.climb_m > trips.descent_m
    assert rises.sum() == 12
    assert per_km[rises].min() > per_km[~rises].max() + 2.0


def test_each_trip_has_the_temperature_of_its_hour(demo: DemoInputs, tmp_path: Path) -> None:
    """With a year of hours mornings take more than noon; a milder year never takes more."""

    def weather(warmer_k: float) -> Path:
        path = tmp_path / f"year{warmer_k:g}.csv"
        lines = ["time(UTC),T2m"]
        for h in range(8760):
            degrees = (
                8.0 - 8.0 * np.cos(2 * np.pi * h / 8760) - 6.0 * np.cos(2 * np.pi * (h - 3) / 24)
            )
            lines.append(f"2020-01-01T{h % 24:02d}:00:00Z,{min(degrees + warmer_k, 14.0):.2f}")
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    network = read(demo.feed, demo, weather=weather(0.0))
    winter_c = network.climate.winter_c
    by_hour = trip_temperatures_c(network, winter_c)
    hour = (network.trips.start_s + network.trips.end_s) // 2 // 3600 % 24
    assert by_hour[hour == 6].max() < by_hour[hour == 14].min() - 5.0
    energy = trip_energies_kwh(network, bus(), winter_c) / network.trips.distance_km
    milder = read(demo.feed, demo, weather=weather(2.0))
    warm = trip_energies_kwh(milder, bus(), milder.climate.winter_c) / milder.trips.distance_km
    assert (warm <= energy + 1e-9).all()
    catalogue = read(demo.feed, demo)
    assert np.ptp(trip_temperatures_c(catalogue, 5.0)) == 0.0


def test_passengers_weigh(demo: DemoInputs, tmp_path: Path) -> None:
    """Counted trips take what their passengers weigh; the others, counted too, the usual."""
    usual = read(demo.feed, demo)
    path = tmp_path / "load.csv"
    first, second, *_ = usual.trips.trip_id
    path.write_text(f"trip_id,passengers\n{first},60\n{second},0\n", encoding="utf-8")
    network = read(demo.feed, demo, load=path)
    before = trip_energies_kwh(usual, bus(), 15.0)
    after = trip_energies_kwh(network, bus(), 15.0)
    assert after[0] > before[0]
    assert after[1] < before[1]
    np.testing.assert_array_equal(after[2:], before[2:])
    assert "load-incomplete" in {w.code for w in network.warnings}
    path.write_text("trip_id,passengers\nnobody,60\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(demo.feed, demo, load=path)
    assert caught.value.code == "load-of-other-trips"
