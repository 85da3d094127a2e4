"""Convex functions by their corners, against the definitions on a fine grid."""

import numpy as np
import pytest

from viavolta.checks import charge_corners as corners

GRID = np.arange(1001) / 100


def random_convex(rng, n_functions=5, n_corners=7):
    """Convex functions over [0, 10] with corners on the grid."""
    x = np.sort(rng.integers(1, 999, (n_functions, n_corners)) / 100, axis=1)
    x[:, 0], x[:, -1] = 0, 10
    slope = np.sort(rng.uniform(-2, 2, (n_functions, n_corners - 1)), axis=1)
    y = np.concatenate((np.zeros((n_functions, 1)), np.cumsum(slope * np.diff(x), axis=1)), axis=1)
    return x, y + rng.uniform(-3, 3, (n_functions, 1))


def on_grid(x, y, points=GRID):
    """Values at points, inf outside."""
    return np.stack(
        [np.interp(points, a, b, left=np.inf, right=np.inf) for a, b in zip(x, y, strict=True)]
    )


@pytest.mark.parametrize("seed", range(5))
def test_spreading_takes_the_least_over_all_supply(seed):
    """f(x + g) + slope g over 0 <= g <= length."""
    rng = np.random.default_rng(seed)
    x, y = random_convex(rng)
    slope, length = rng.uniform(-2, 2, 5), rng.integers(0, 400, 5) / 100
    expected = np.full((5, len(GRID)), np.inf)
    for gained in np.arange(0, 4, 0.01):
        tried = on_grid(x, y, np.round(GRID + gained, 2)) + slope[:, None] * gained
        expected = np.where(gained <= length[:, None] + 1e-9, np.minimum(expected, tried), expected)
    found = corners.spread(x, y, slope, length)
    np.testing.assert_allclose(on_grid(*found)[:, 1:-1], expected[:, 1:-1], atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_taper_shortens_the_supply(seed):
    """x + g stays at or below full - (full - x) / (1 + alpha)."""
    rng = np.random.default_rng(seed)
    x, y = random_convex(rng)
    slope, length = rng.uniform(0, 2, 5), rng.uniform(0.1, 3, 5)
    alpha = length / rng.uniform(1, 8, 5)
    found = on_grid(*corners.tapered(x, y, slope, length, full=np.full(5, 10.0), alpha=alpha))
    most = np.minimum(length[:, None], (10 - GRID) * (alpha / (1 + alpha))[:, None])
    expected = np.full(found.shape, np.inf)
    for part in np.linspace(0, 1, 401):
        tried = np.stack(
            [np.interp(GRID + part * m, a, b) for m, a, b in zip(most, x, y, strict=True)]
        )
        expected = np.minimum(expected, tried + slope[:, None] * part * most)
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert (found <= expected + 1e-9).all()


@pytest.mark.parametrize("seed", range(5))
def test_trimming_compacting_and_adding_keep_the_values(seed):
    """Values inside the range stay; hinges add what they say."""
    rng = np.random.default_rng(seed)
    x, y = random_convex(rng)
    low, high, at = rng.uniform(0, 4, 5), rng.uniform(5, 12, 5), rng.uniform(-1, 11, 5)
    rate = rng.uniform(0, 1, 5)
    plain = on_grid(x, y)
    hinged = corners.plus_above(*corners.plus_below(x, y, at, rate), at, 2 * rate)
    away = GRID - at[:, None]
    expected = plain + rate[:, None] * (np.maximum(-away, 0) + 2 * np.maximum(away, 0))
    np.testing.assert_allclose(on_grid(*hinged), expected, atol=1e-9)
    kept = corners.compacted(*corners.trimmed(x, y, low, high))
    inside = (low[:, None] <= GRID) & (high[:, None] >= GRID)
    np.testing.assert_allclose(on_grid(*kept)[inside], plain[inside], atol=1e-9)
    assert np.isinf(on_grid(*kept)[~inside]).all()


def test_the_hull_lies_below_all_points_and_on_some():
    """Against the least over all pairs of points around."""
    rng = np.random.default_rng(1)
    g = rng.integers(-3, 4, (5, 200)).astype(float)
    cost = rng.uniform(-1, 1, (5, 200))
    found_g, found = corners.lower_hull(g, cost)
    for k in range(200):
        for at, value in zip(found_g[:, k], found[:, k], strict=True):
            pairs = [
                c + (d - c) * (at - a) / (b - a) if b > a else min(c, d)
                for a, c in zip(g[:, k], cost[:, k], strict=True)
                for b, d in zip(g[:, k], cost[:, k], strict=True)
                if a <= at <= b
            ]
            assert value == pytest.approx(min(pairs))
