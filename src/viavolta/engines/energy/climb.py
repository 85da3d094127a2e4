"""How much a way climbs and descends, from heights along it that carry noise.

Adding up every metre of a noisy profile invents hills: 3 m of noise every 30 m makes a flat road
climb 50 m per kilometre. Here the profile is resampled, smoothed over a short window, and a turn
from up to down counts only when it exceeds what noise can make.

Elevation models see the ground: under a bridge they fall into the valley, over a tunnel they climb
the mountain. Where a way crosses either, climb and descent come out too large by the same amount.
"""

from collections.abc import Sequence

import numpy as np

from viavolta.model.trip import Floats

STEP_M = 40.0
"""Profiles are looked at every 40 m: the grid of 1" models is 20 to 30 m wide, of 3" 60 to 90 m."""
WINDOW_M = 200.0
"""Length of the moving average; a bus route has no real hill shorter than that."""
MAX_GAP_M = 150.0
"""A longer piece without heights makes the climb unknown; two cells of a 3" model are shorter."""
TURN_NOISES = 3.0
"""A turn counts from three standard deviations of the noise: smoothed noise seldom exceeds that."""


def climb_descent_m(distance_m: Floats, height_m: Floats, noise_m: float) -> tuple[float, float]:
    """Metres climbed and descended along a way, both >= 0.

    climb - descent equals the height difference of the two ends exactly, so that a day's trips
    there and back cancel.

    Parameters
    ----------
    distance_m
        Distance along the way, never falling, shape (M,).
    height_m
        Height at these points, shape (M,); NaN where unknown.
    noise_m
        Standard deviation of the height errors from point to point; catalogue/energy.csv has the
        usual one.

    Returns
    -------
    tuple[float, float]
        (NaN, NaN) where heights are missing over more than MAX_GAP_M, or at all points.

    Raises
    ------
    ValueError: the shapes differ, a distance is not finite, or noise_m is negative.
    """
    distance_m = np.asarray(distance_m, dtype=np.float64)
    height_m = np.asarray(height_m, dtype=np.float64)
    if distance_m.shape != height_m.shape or distance_m.ndim != 1:
        msg = f"distances {distance_m.shape} and heights {height_m.shape} do not match"
        raise ValueError(msg)
    if not (noise_m >= 0 and np.isfinite(distance_m).all()):
        msg = f"distances must be finite and noise_m ({noise_m}) not negative"
        raise ValueError(msg)
    if _has_gap(distance_m, height_m):
        return float("nan"), float("nan")
    profile_m = _smooth(_resample(distance_m, height_m))
    return _turns(profile_m, TURN_NOISES * noise_m)


def climbs_m(profiles: Sequence[tuple[Floats, Floats]], noise_m: float) -> tuple[Floats, Floats]:
    """`climb_descent_m` of many (distance_m, height_m) profiles. Shapes: (S,), (S,)."""
    pairs = np.array(
        [climb_descent_m(distance_m, height_m, noise_m) for distance_m, height_m in profiles]
    ).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def points_along(distance_m: Floats, lat: Floats, lon: Floats) -> tuple[Floats, Floats, Floats]:
    """Points every STEP_M along a way, its own corners included, at which to ask for heights.

    Shapes: all (M,) in, all (K,) out: distance, latitude, longitude; K >= M where distances rise.
    """
    distance_m = np.maximum.accumulate(np.asarray(distance_m, dtype=np.float64))
    if distance_m.size == 0 or distance_m[-1] <= distance_m[0]:
        return distance_m, np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    steps = np.arange(distance_m[0], distance_m[-1], STEP_M)
    every_m = np.unique(np.concatenate((steps, distance_m)))
    return every_m, np.interp(every_m, distance_m, lat), np.interp(every_m, distance_m, lon)


def _has_gap(distance_m: Floats, height_m: Floats) -> bool:
    """Whether heights are missing over more than a short piece; never true without a NaN."""
    known = np.flatnonzero(np.isfinite(height_m))
    if known.size == height_m.size and known.size > 0:
        return False
    if known.size == 0:
        return True
    missing_between = np.diff(known) > 1
    gaps_m = np.diff(distance_m[known])[missing_between]
    ends_m = (
        distance_m[known[0]] - distance_m[0],
        distance_m[-1] - distance_m[known[-1]],
    )
    return bool(max((*gaps_m.tolist(), *ends_m)) > MAX_GAP_M)


def _resample(distance_m: Floats, height_m: Floats) -> Floats:
    """Heights in equal steps of about STEP_M, both ends kept. Shape (K,), K >= 2."""
    is_known = np.isfinite(height_m)
    distance_m = np.maximum.accumulate(distance_m)
    length_m = distance_m[-1] - distance_m[0]
    n_steps = max(1, round(float(length_m) / STEP_M))
    at_m = np.linspace(distance_m[0], distance_m[-1], n_steps + 1)
    return np.interp(at_m, distance_m[is_known], height_m[is_known])


def _smooth(height_m: Floats) -> Floats:
    """Average over a moving window that shrinks towards the ends, which stay as they are."""
    half = round(WINDOW_M / STEP_M) // 2
    sums = np.concatenate(([0.0], np.cumsum(height_m - height_m[0])))
    k = np.arange(height_m.size)
    reach = np.minimum(half, np.minimum(k, k[::-1]))
    return np.asarray(
        height_m[0] + (sums[k + reach + 1] - sums[k - reach]) / (2 * reach + 1), dtype=np.float64
    )


def _turns(height_m: Floats, turn_m: float) -> tuple[float, float]:
    """Sum of ups and downs between turns that exceed `turn_m` (a zigzag filter)."""
    turns = [float(height_m[0])]
    extreme, direction = float(height_m[0]), 0
    for height in height_m[1:].tolist():
        if direction == 0:
            if abs(height - turns[0]) > turn_m:
                direction, extreme = (1 if height > turns[0] else -1), height
        elif (height - extreme) * direction >= 0:
            extreme = height
        elif abs(height - extreme) > turn_m:
            turns.append(extreme)
            direction, extreme = -direction, height
    if direction != 0 and turns[-1] != extreme:
        turns.append(extreme)
    turns.append(float(height_m[-1]))
    legs = np.diff(turns)
    return float(legs[legs > 0].sum()), float(-legs[legs < 0].sum())
