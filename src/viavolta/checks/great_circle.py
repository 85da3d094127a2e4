"""The shortest way over the earth between two places."""

from math import asin, cos, radians, sin, sqrt

from viavolta.checks.bus_tables import Row

EARTH_RADIUS_KM = 6371.0088
"""Mean radius (2a + b) / 3 of the GRS 80 ellipsoid."""


def great_circle_km(a: Row, b: Row) -> float:
    """Great circle between two rows with lat and lon in degrees, by the haversine formula."""
    lat_a, lat_b = radians(a["lat"]), radians(b["lat"])
    half_lat = (lat_b - lat_a) / 2
    half_lon = radians(b["lon"] - a["lon"]) / 2
    h = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(h)))
