"""Climb from noisy heights: no hills out of noise, real hills kept, gaps never flat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.energy.climb import (
    MAX_GAP_M,
    climb_descent_m,
    climbs_m,
    points_along,
)

SRTM_NOISE_M = 3.0


def profile(length_m: float, spacing_m: float) -> np.ndarray:
    return np.linspace(0.0, length_m, round(length_m / spacing_m) + 1)


@pytest.mark.parametrize("spacing_m", [15.0, 30.0, 90.0])
def test_noise_on_a_flat_road_climbs_less_than_a_metre_per_km(spacing_m):
    """SRTM-like noise of 3 m: under 0.5 m per km on average of 200 flat roads of 12 km."""
    rng = np.random.default_rng(7)
    distance_m = profile(12_000.0, spacing_m)
    climb_m, descent_m = climbs_m(
        [(distance_m, 50.0 + rng.normal(0, SRTM_NOISE_M, distance_m.size)) for _ in range(200)],
        SRTM_NOISE_M,
    )
    assert climb_m.mean() < 0.5 * 12
    assert descent_m.mean() < 0.5 * 12
    # What is left is the noise of the two ends, which are kept; it does not grow with the way.
    assert np.quantile(climb_m, 0.9) < 1.0 * 12
    assert climb_m.max() < 2.5 * 12


@pytest.mark.parametrize("hill_m", [40.0, 100.0, 300.0])
@pytest.mark.parametrize("noise_m", [0.0, SRTM_NOISE_M])
def test_a_known_hill_is_kept_within_ten_percent(hill_m, noise_m):
    """A round hill of 3 km, with and without noise, climbs its height within 10 %."""
    rng = np.random.default_rng(11)
    distance_m = profile(3000.0, 30.0)
    height_m = hill_m * np.sin(np.pi * distance_m / 3000.0) ** 2
    noisy_m = height_m + rng.normal(0, noise_m, distance_m.size)
    climb_m, descent_m = climb_descent_m(distance_m, noisy_m, noise_m)
    tolerance = 0.1 * hill_m + 2 * noise_m  # the ends themselves carry noise
    assert climb_m == pytest.approx(hill_m, abs=tolerance)
    assert descent_m == pytest.approx(hill_m, abs=tolerance)


def test_a_chain_of_hills_adds_up():
    """Five hills of 60 m, one per 1.5 km, climb 300 m within 10 % in spite of noise."""
    rng = np.random.default_rng(3)
    distance_m = profile(7500.0, 30.0)
    height_m = 60.0 * np.sin(np.pi * distance_m / 1500.0) ** 2
    climb_m, _ = climb_descent_m(
        distance_m, height_m + rng.normal(0, SRTM_NOISE_M, distance_m.size), SRTM_NOISE_M
    )
    assert climb_m == pytest.approx(300.0, rel=0.1)


@given(
    st.lists(st.floats(-50, 3000), min_size=2, max_size=80),
    st.floats(0, 6),
    st.floats(5, 120),
)
@settings(max_examples=200)
def test_climb_less_descent_is_the_net_height(heights, noise_m, spacing_m):
    """The ends are kept exactly, so that ways there and back cancel."""
    height_m = np.array(heights)
    distance_m = np.arange(height_m.size) * spacing_m
    climb_m, descent_m = climb_descent_m(distance_m, height_m, noise_m)
    assert climb_m >= 0
    assert descent_m >= 0
    assert climb_m - descent_m == pytest.approx(height_m[-1] - height_m[0], abs=1e-6)


@given(st.lists(st.floats(0, 500), min_size=2, max_size=60), st.floats(0, 5))
def test_the_way_back_swaps_climb_and_descent_in_total(heights, noise_m):
    """There and back climbs as much as it descends."""
    height_m = np.array(heights)
    distance_m = np.arange(height_m.size) * 60.0
    there = climb_descent_m(distance_m, height_m, noise_m)
    back = climb_descent_m(distance_m, height_m[::-1], noise_m)
    assert there[0] + back[0] == pytest.approx(there[1] + back[1], abs=1e-6)


def test_missing_heights_are_never_flat():
    """A missing piece longer than a gap, inside or at an end, gives NaN; a short one does not."""
    distance_m = profile(2000.0, 25.0)
    height_m = np.linspace(0.0, 100.0, distance_m.size)
    for missing in (slice(10, 30), slice(0, 12), slice(-12, None), slice(None)):
        holed_m = height_m.copy()
        holed_m[missing] = np.nan
        assert np.isnan(climb_descent_m(distance_m, holed_m, 0.0)).all()
    n_short = int(MAX_GAP_M / 25.0) - 2
    holed_m = height_m.copy()
    holed_m[20 : 20 + n_short] = np.nan
    assert climb_descent_m(distance_m, holed_m, 0.0)[0] == pytest.approx(100.0)


@pytest.mark.parametrize("points", [[0.0], [5.0, 5.0, 5.0]])
def test_a_way_without_length_has_no_climb(points):
    """One point, or a way that stays in place, climbs nothing."""
    assert climb_descent_m(np.array(points), np.full(len(points), 7.0), 3.0) == (0.0, 0.0)


def test_shapes_and_noise_are_checked():
    """Different lengths, infinite distances and negative noise are refused."""
    with pytest.raises(ValueError, match="do not match"):
        climb_descent_m(np.zeros(3), np.zeros(2), 1.0)
    with pytest.raises(ValueError, match="finite"):
        climb_descent_m(np.array([0.0, np.inf]), np.zeros(2), 1.0)
    with pytest.raises(ValueError, match="negative"):
        climb_descent_m(np.zeros(2), np.zeros(2), -1.0)


def test_many_ways_at_once():
    """The batch gives what the single calls give; no way gives empty arrays."""
    ways = [(profile(1000.0, 50.0), np.linspace(0, h, 21)) for h in (10.0, 70.0)]
    climb_m, descent_m = climbs_m(ways, 1.0)
    assert climb_m.tolist() == [climb_descent_m(d, h, 1.0)[0] for d, h in ways]
    assert (descent_m == 0).all()
    assert climbs_m([], 1.0)[0].shape == (0,)


def test_points_along_keep_corners_and_fill_long_legs():
    """Between two far points there is one every 40 m at most, and the corners stay."""
    distance_m = np.array([0.0, 1000.0, 1010.0])
    every_m, lat, lon = points_along(
        distance_m, np.array([46.0, 46.009, 46.0091]), np.array([11.0, 11.0, 11.0])
    )
    assert np.isin(distance_m, every_m).all()
    assert np.diff(every_m).max() <= 40.0
    assert lat.shape == lon.shape == every_m.shape
    assert lat[0] == 46.0
