"""Convex piecewise linear functions, many side by side, as their corner points.

`x` and `y` are (B, N): B functions with N corners each, from left to right; corners may coincide.
A function is infinite left of its first and right of its last corner.
"""

import numpy as np
from numpy.typing import NDArray

from viavolta.checks.charge_keys import Floats, Ints

_SAME = 1e-12
Flags = NDArray[np.bool_]
Corners = tuple[Floats, Floats]


def corners_of(x: Floats, y: Floats) -> Corners:
    """Corners from (N, B) points in order."""
    return np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)


def value_at(x: Floats, y: Floats, at: Floats) -> Floats:
    """(B,) values at points (B,) between the first and the last corner."""
    return _between(x, y, at, np.count_nonzero(x < at[:, None], axis=1))


def _between(x: Floats, y: Floats, at: Floats, right: Ints) -> Floats:
    """(B,) values at points (B,) right of which stands corner `right`, (B,)."""
    n_corners = x.shape[1]
    cell = np.arange(len(x)) * n_corners + np.clip(right, 1, n_corners - 1)
    left_x, right_x, left_y, right_y = (
        values.ravel()[cell - back] for values in (x, y) for back in (1, 0)
    )
    width = right_x - left_x
    part = np.where(width > 0, (at - left_x) / np.where(width > 0, width, 1.0), 0.0)
    value: Floats = left_y + np.clip(part, 0.0, 1.0) * (right_y - left_y)
    return value


def trimmed(x: Floats, y: Floats, low: Floats, high: Floats) -> Corners:
    """Cut functions off outside [low, high], (B,) each, as far as they reach there at all."""
    low = np.maximum(low, x[:, 0])
    high = np.maximum(np.minimum(high, x[:, -1]), low)
    is_below, is_above = x < low[:, None], x > high[:, None]
    n_above = np.count_nonzero(is_above, axis=1)
    value_low = _between(x, y, low, np.count_nonzero(is_below, axis=1))
    value_high = _between(x, y, high, x.shape[1] - n_above)
    y = y.copy()
    np.copyto(y, value_low[:, None], where=is_below)
    np.copyto(y, value_high[:, None], where=is_above)
    return np.minimum(np.maximum(x, low[:, None]), high[:, None]), y


def spread(x: Floats, y: Floats, slope: Floats, length: Floats) -> Corners:
    """Least of f(x + g) + slope g over 0 <= g <= length: what a stretch of supply makes of f.

    Corners left of the least of f + slope x take all of it, those right of it nothing.
    """
    last = np.argmin(y + slope[:, None] * x, axis=1)
    is_left = np.arange(x.shape[1]) <= last[:, None]
    return (
        _opened(x, x - length[:, None], is_left),
        _opened(y, y + (slope * length)[:, None], is_left),
    )


def tapered(
    x: Floats, y: Floats, slope: Floats, length: Floats, *, full: Floats, alpha: Floats
) -> Corners:
    """Do as `spread` where supply shrinks: e + g <= full - (full - e) / (1 + alpha).

    Where the two bounds on g meet, a corner is put in, so that between corners one of them holds.
    """
    x, y = with_corner(x, y, full - length / np.where(alpha > 0, alpha, 1.0))
    last = np.argmin(y + slope[:, None] * x, axis=1)
    before = full[:, None] - (full[:, None] - x) * (1 + alpha[:, None])
    before = np.minimum(np.maximum(x - length[:, None], before), x)
    is_left = np.arange(x.shape[1]) <= last[:, None]
    return _opened(x, before, is_left), _opened(y, y + slope[:, None] * (x - before), is_left)


def with_corner(x: Floats, y: Floats, at: Floats) -> Corners:
    """Put in a corner at (B,); at an end where it lies outside."""
    at = np.clip(at, x[:, 0], x[:, -1])
    value = value_at(x, y, at)
    is_left = x <= at[:, None]
    is_left[:, 0] = True
    new = np.count_nonzero(is_left, axis=1)
    x, y = _opened(x, x, is_left), _opened(y, y, is_left)
    rows = np.arange(len(x))
    x[rows, new], y[rows, new] = at, value
    return x, y


def plus_above(x: Floats, y: Floats, at: Floats, rate: Floats) -> Corners:
    """Add rate max(0, x - at); at, rate (B,)."""
    x, y = with_corner(x, y, at)
    return x, y + rate[:, None] * np.maximum(x - at[:, None], 0.0)


def plus_below(x: Floats, y: Floats, at: Floats, rate: Floats) -> Corners:
    """Add rate max(0, at - x); at, rate (B,)."""
    x, y = with_corner(x, y, at)
    return x, y + rate[:, None] * np.maximum(at[:, None] - x, 0.0)


def compacted(x: Floats, y: Floats) -> Corners:
    """Leave out corners that coincide; the last one stands for those that are too many."""
    is_new = np.diff(x, axis=1, prepend=-np.inf) > _SAME
    place = np.cumsum(is_new, axis=1) - 1
    n_corners = max(int(place.max()) + 1, 2)
    rows, columns = np.nonzero(is_new)
    kept = [np.repeat(values[:, -1:], n_corners, axis=1) for values in (x, y)]
    for values, few in zip((x, y), kept, strict=True):
        few[rows, place[rows, columns]] = values[rows, columns]
    return kept[0], kept[1]


def _opened(values: Floats, left_values: Floats, is_left: Flags) -> Floats:
    """(B, N + 1): left_values where is_left, then values from the last of these columns on."""
    wide = np.empty((len(values), values.shape[1] + 1))
    wide[:, 1:] = values
    np.copyto(wide[:, :-1], left_values, where=is_left)
    return wide


def convex(x: Floats, y: Floats) -> Corners:
    """Functions by their corners, those that are not convex replaced by their lower hull."""
    width = np.diff(x, axis=1)
    is_wide = width > _SAME
    slope = np.where(is_wide, np.diff(y, axis=1) / np.where(is_wide, width, 1.0), -np.inf)
    before = np.maximum.accumulate(slope, axis=1)
    is_bent = (is_wide & (slope < before - _SAME)).any(axis=1)
    if not is_bent.any():
        return x, y
    y = y.copy()
    for row in np.flatnonzero(is_bent).tolist():
        y[row] = _hull_values(x[row].tolist(), y[row].tolist())
    return x, y


def _hull_values(x: list[float], y: list[float]) -> Floats:
    """Values of the lower hull at the points themselves, which are in order (Andrew 1979)."""
    hull: list[int] = []
    for point in range(len(x)):
        while len(hull) > 1 and not _turns_up(x, y, hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return np.interp(x, [x[k] for k in hull], [y[k] for k in hull])


def _turns_up(x: list[float], y: list[float], a: int, b: int, c: int) -> bool:
    """Whether b lies below the line from a to c."""
    return (y[b] - y[a]) * (x[c] - x[a]) < (y[c] - y[a]) * (x[b] - x[a])


def lower_hull(g: Floats, cost: Floats) -> tuple[Floats, Floats]:
    """Corners of the lower convex hull of few points; (N, ...) both ways, in order of g.

    Points above the hull are put onto it. The slope of a stretch is the highest over all points to
    the left of the lowest slope to all points to the right (greatest convex minorant).
    """
    order = np.argsort(g, axis=0, kind="stable")
    g, cost = np.take_along_axis(g, order, axis=0), np.take_along_axis(cost, order, axis=0)
    pairs = [(k, k + 1) for k in range(len(g) - 1)]
    for left, right in (*pairs, *pairs[::-1]):
        least = np.minimum(cost[left], cost[right])
        is_same = g[left] == g[right]
        cost[left], cost[right] = (np.where(is_same, least, cost[k]) for k in (left, right))
    hull = cost[:1]
    for at in range(len(g) - 1):
        highest = np.full(g.shape[1:], -np.inf)
        for left in range(at + 1):
            slopes = [_slope(g, cost, left, right) for right in range(at + 1, len(g))]
            highest = np.maximum(highest, np.minimum.reduce(slopes))
        width = g[at + 1] - g[at]
        step = np.where(width > 0, highest, 0.0) * width
        hull = np.concatenate((hull, (hull[-1] + step)[None]))
    return g, hull


def _slope(g: Floats, cost: Floats, left: int, right: int) -> Floats:
    width = g[right] - g[left]
    is_wide = width > 0
    slope = (cost[right] - cost[left]) / np.where(is_wide, width, 1.0)
    return np.where(is_wide, slope, np.inf)
