"""Real roads on real slopes: SRTM under the streets of Monaco and Andorra (development data)."""

import gzip
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import SUBJECTS, bus_type
from viavolta.engines.energy.climb import climb_descent_m, points_along
from viavolta.engines.energy.driving import trip_energy_kwh
from viavolta.formats.elevation import open_elevation
from viavolta.model.geo import great_circle_km

ROADS = {"primary", "secondary", "tertiary", "trunk"}


def longest_road(path):
    """Latitudes and longitudes of the longest main road that is no bridge or tunnel."""
    with gzip.open(path) as stream:
        root = ET.parse(stream).getroot()  # noqa: S314 - a file of the data set
    nodes = {n.get("id"): (float(n.get("lat")), float(n.get("lon"))) for n in root.iter("node")}
    best = np.zeros((0, 2)), 0.0
    for way in root.iter("way"):
        tags = {tag.get("k"): tag.get("v") for tag in way.iter("tag")}
        if tags.get("highway") in ROADS and not {"bridge", "tunnel"} & tags.keys():
            ids = [ref.get("ref") for ref in way.iter("nd") if ref.get("ref") in nodes]
            line = np.array([nodes[i] for i in ids])
            length_km = float(along_m(line)[-1]) if len(line) > 1 else 0.0
            best = max(best, (line, length_km), key=lambda pair: pair[1])
    return best[0][:, 0], best[0][:, 1]


def along_m(line):
    steps = great_circle_km(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    return np.concatenate(([0.0], np.cumsum(steps) * 1000.0))


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("roads", "tile", "net_m", "steepest"),
    [
        ("monaco.osm.gz", "N43E007.hgt.zip", 20.0, 0.15),
        ("andorra.osm.gz", "N42E001.hgt.zip", 80.0, 0.12),
    ],
)
def test_a_mountain_road_climbs_and_costs(bench_data, roads, tile, net_m, steepest):
    """The road climbs, no steeper than roads are, and a bus takes more up than down."""
    lat, lon = longest_road(bench_data / "osm" / roads)
    distance_m, lat, lon = points_along(along_m(np.column_stack((lat, lon))), lat, lon)
    elevation = open_elevation([bench_data / "osm" / tile])
    height_m = elevation.height_m(lat, lon)
    noise_m = Assumptions(SUBJECTS).number("energy.elevation_noise_m")
    climb_m, descent_m = climb_descent_m(distance_m, height_m, noise_m)
    length_m = float(distance_m[-1])
    assert [path.name for path in elevation.inputs] == [tile]
    assert max(climb_m, descent_m) > net_m
    assert climb_m + descent_m < steepest * length_m

    up, flat, down = (
        float(
            trip_energy_kwh(
                bus_type(Assumptions(SUBJECTS), "bus_12m_350"),
                temperature_c=15.0,
                distance_km=np.array([length_m / 1000.0]),
                duration_s=np.array([length_m / 1000.0 / 18.0 * 3600.0]),
                n_stops=np.array([5]),
                climb_m=np.array([way[0]]),
                descent_m=np.array([way[1]]),
            )[0]
        )
        for way in (
            (max(climb_m, descent_m), min(climb_m, descent_m)),
            (0.0, 0.0),
            (min(climb_m, descent_m), max(climb_m, descent_m)),
        )
    )
    assert up > 1.2 * flat
    assert down < flat
    assert up + down > 2 * flat
