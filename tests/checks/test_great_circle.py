"""The great circle of the check, against figures from outside this project."""

import pytest

from viavolta.checks.great_circle import EARTH_RADIUS_KM, great_circle_km

# Nashville to Los Angeles airport, the usual example of the haversine formula: 2887.26 km on a
# sphere of 6372.8 km (rosettacode.org/wiki/Haversine_formula); pole to equator by definition.
CASES = [
    ((36.12, -86.67), (33.94, -118.40), 2887.2599 * EARTH_RADIUS_KM / 6372.8),
    ((90.0, 0.0), (0.0, 0.0), EARTH_RADIUS_KM * 3.14159265358979 / 2),
    ((45.0, 7.0), (45.0, 7.0), 0.0),
]


@pytest.mark.parametrize(("a", "b", "expected_km"), CASES)
def test_known_distances(
    a: tuple[float, float], b: tuple[float, float], expected_km: float
) -> None:
    """Known distances are met to 10 m in 1,000 km."""
    ends = [{"lat": lat, "lon": lon} for lat, lon in (a, b)]
    assert great_circle_km(ends[0], ends[1]) == pytest.approx(expected_km, rel=1e-5, abs=1e-9)


def test_the_date_line_is_no_border() -> None:
    """Two degrees of longitude are as long across the date line as across Greenwich."""
    here = great_circle_km({"lat": 10.0, "lon": 1.0}, {"lat": 10.0, "lon": -1.0})
    there = great_circle_km({"lat": 10.0, "lon": 179.0}, {"lat": 10.0, "lon": -179.0})
    assert there == pytest.approx(here)
