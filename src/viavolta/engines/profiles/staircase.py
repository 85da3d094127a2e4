"""The best staircase of at most n periods for each stay's power over time.

Power is counted in whole units (a tenth of a watt or of an ampere: what a message can say), so
that the search is exact in whole numbers. A dynamic programme over the places where a period ends
finds the staircase that differs least from the plan, of all whose periods end where the plan
changes:

    best(n, j) = min over i < j of best(n - 1, i) + cost(i, j)

where cost(i, j) is the sum of seconds x |planned - level| over the pieces i..j-1, and the level of
a period follows from its pieces alone (`Keep`). Bellman, R. (1961), "On the approximation of
curves by line segments using dynamic programming", Communications of the ACM 4(6), 284.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints, freeze, require

MAX_RUNS = 3_000
"""Changes of power in one stay: the search takes time with the third power of them."""

_ENDLESS = 2**62
_KEEP_ENERGY = 1  # kernels know rules as numbers


class Keep(StrEnum):
    """What the level of a period keeps to.

    LIMITS : no more than planned in any of its steps, so that what held for the plan holds for
        the staircase: the planned power closest to zero, zero where it has both signs.
    ENERGY : the energy planned in the period: the mean, rounded towards zero.
    """

    LIMITS = "limits"
    ENERGY = "energy"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPieces:
    """Planned power of every stay from arrival to departure. K = all pieces of all stays.

    Attributes
    ----------
    offsets : (S + 1,) pieces of stay s are rows offsets[s]:offsets[s + 1] of the flat arrays.
    seconds : (K,) length of each piece; pieces follow one another, 0 where there is none.
    power_kw : (K,) planned, charging positive.
    units : (K,) the same in units of the message, rounded towards zero.
    min_units : (S,) charging with less is no charging: a level below is set to 0.
    """

    offsets: Ints
    seconds: Ints
    power_kw: Floats
    units: Ints
    min_units: Ints

    def __post_init__(self) -> None:
        n_stays, n_flat = len(self.min_units), len(self.units)
        freeze(self, "offsets", "int64", (n_stays + 1,))
        freeze(self, "min_units", "int64", (n_stays,))
        freeze(self, "power_kw", "float64", (n_flat,))
        for field in ("seconds", "units"):
            freeze(self, field, "int64", (n_flat,))
        require(self.offsets[-1] == n_flat, "offsets end with the length of the flat arrays")
        require(self.seconds >= 0, "seconds >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staircases:
    """Periods of every stay: offsets (S + 1,), start_s since arrival (P,), level in units (P,)."""

    offsets: Ints
    start_s: Ints
    units: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviations:
    """How staircases differ from the plan, when vehicles follow them. Shapes: all (S,).

    Attributes
    ----------
    planned_kwh, profile_kwh : net energy at the plug.
    deviation_kwh : integral of the absolute difference of both powers.
    lost_discharge_kwh : planned discharging that the staircase lacks.
    excess_kw : most that the staircase is above the plan at any time; 0 at least.
    """

    planned_kwh: Floats
    profile_kwh: Floats
    deviation_kwh: Floats
    lost_discharge_kwh: Floats
    excess_kw: Floats


class Flat(NamedTuple):
    """The pieces as kernels see them; the same names and shapes as in `PowerPieces`."""

    offsets: Ints
    seconds: Ints
    power_kw: Floats
    units: Ints
    min_units: Ints


def flat(pieces: PowerPieces) -> Flat:
    """Arrays of the pieces, for kernels."""
    return Flat(
        offsets=pieces.offsets,
        seconds=pieces.seconds,
        power_kw=pieces.power_kw,
        units=pieces.units,
        min_units=pieces.min_units,
    )


def staircases(pieces: PowerPieces, *, max_periods: int, keep: Keep) -> Staircases:
    """Find the staircase of least deviation with at most `max_periods` periods, for each stay.

    Among equally good ones the one with the fewest periods.

    Raises
    ------
    ValueError: max_periods below 1, or a stay whose power changes more often than MAX_RUNS.
    """
    require(max_periods >= 1, "max_periods >= 1")
    n_changes = count_runs(pieces.offsets, pieces.seconds, pieces.units)
    require(n_changes <= MAX_RUNS, "a stay's power changes too often")
    n_periods = np.minimum(n_changes, max_periods)
    room = np.concatenate(([0], np.cumsum(n_periods)))
    rule = _KEEP_ENERGY if keep is Keep.ENERGY else 1 - _KEEP_ENERGY
    n_used, start_s, units = all_staircases(flat(pieces), room, rule)
    is_used = np.arange(room[-1]) - np.repeat(room[:-1], n_periods) < np.repeat(n_used, n_periods)
    return Staircases(
        offsets=np.concatenate(([0], np.cumsum(n_used))),
        start_s=start_s[is_used],
        units=units[is_used],
    )


def deviations(
    pieces: PowerPieces, found: Staircases, *, unit_kw: Floats, tolerance_kw: float
) -> Deviations:
    """Compare staircases with the plan; `unit_kw` (S,) is what a unit of each stay stands for.

    An excess within the tolerance, with which power was rounded to units, is none.
    """
    sums = all_deviations(flat(pieces), found.offsets, found.start_s, found.units, unit_kw)
    planned, profile, deviation, lost_discharge, excess = sums
    return Deviations(
        planned_kwh=planned / 3600.0,
        profile_kwh=profile / 3600.0,
        deviation_kwh=deviation / 3600.0,
        lost_discharge_kwh=lost_discharge / 3600.0,
        excess_kw=np.where(excess > tolerance_kw, excess, 0.0),
    )


@kernel
def count_runs(offsets: Ints, seconds: Ints, units: Ints) -> Ints:
    """(S,) stretches of equal power of each stay, in units; pieces of no length do not count."""
    counts = np.zeros(len(offsets) - 1, dtype=np.int64)
    for s in range(len(counts)):
        last = 0
        for k in range(offsets[s], offsets[s + 1]):
            if seconds[k] > 0 and (counts[s] == 0 or units[k] != last):
                counts[s] += 1
                last = units[k]
    return counts


@kernel
def runs(seconds: Ints, units: Ints) -> tuple[Ints, Ints]:
    """Join the pieces (K,) of one stay to stretches of equal power; seconds and units (R,)."""
    run_s = np.zeros(len(seconds), dtype=np.int64)
    run_units = np.zeros(len(seconds), dtype=np.int64)
    n = 0
    for k in range(len(seconds)):
        if seconds[k] == 0:
            continue
        if n == 0 or units[k] != run_units[n - 1]:
            run_units[n] = units[k]
            n += 1
        run_s[n - 1] += seconds[k]
    return run_s[:n], run_units[:n]


@kernel
def level(run_s: Ints, run_units: Ints, min_units: int, rule: int) -> int:
    """Level of a period made of these runs (R,), in units; see `Keep`."""
    found = 0
    if rule == _KEEP_ENERGY:
        total = (run_s * run_units).sum()
        size = abs(total) // run_s.sum()
        found = size if total > 0 else -size
    elif run_units.min() > 0:
        found = run_units.min()
    elif run_units.max() < 0:
        found = run_units.max()
    return 0 if 0 < found < min_units else found


@kernel
def cost(run_s: Ints, run_units: Ints, at_units: int) -> int:
    """Deviation of runs (R,) from one level, in unit seconds."""
    total = 0
    for r in range(len(run_s)):
        total += run_s[r] * abs(run_units[r] - at_units)
    return total


@kernel
def relax(best: Ints, cut: Ints, i: int, j: int, cost_units_s: int) -> None:
    """Try a last period from run i to run j, after each number of periods before it."""
    for n in range(1, len(best)):
        if best[n - 1, i] < _ENDLESS and best[n - 1, i] + cost_units_s < best[n, j]:
            best[n, j] = best[n - 1, i] + cost_units_s
            cut[n, j] = i


@kernel
def best_ends(
    run_s: Ints,
    run_units: Ints,
    min_units: int,
    max_periods: int,
    rule: int,
) -> Ints:
    """Runs at which the periods of the best staircase end, the last being R; shape (n,)."""
    n_runs = len(run_s)
    if n_runs <= max_periods and not ((run_units > 0) & (run_units < min_units)).any():
        return np.arange(1, n_runs + 1)  # as planned
    best = np.full((max_periods + 1, n_runs + 1), _ENDLESS, dtype=np.int64)
    cut = np.zeros((max_periods + 1, n_runs + 1), dtype=np.int64)
    best[0, 0] = 0
    for j in range(1, n_runs + 1):
        for i in range(j):
            at = level(run_s[i:j], run_units[i:j], min_units, rule)
            relax(best, cut, i, j, cost(run_s[i:j], run_units[i:j], at))
    n = int(np.argmin(best[:, n_runs]))  # the first of equals: the fewest periods
    ends = np.zeros(n, dtype=np.int64)
    j = n_runs
    while n > 0:
        ends[n - 1] = j
        j = cut[n, j]
        n -= 1
    return ends


@kernel
def all_staircases(pieces: Flat, room: Ints, rule: int) -> tuple[Ints, Ints, Ints]:
    """Staircases of all stays; stay s has the places room[s]:room[s + 1] and uses the first few.

    Returns the number of periods (S,), start_s and units (room[-1],).
    """
    n_used = np.zeros(len(room) - 1, dtype=np.int64)
    start_s = np.zeros(room[-1], dtype=np.int64)
    level_units = np.zeros(room[-1], dtype=np.int64)
    for s in range(len(n_used)):
        first, last = pieces.offsets[s], pieces.offsets[s + 1]
        run_s, run_units = runs(pieces.seconds[first:last], pieces.units[first:last])
        min_units = pieces.min_units[s]
        i, clock_s = 0, 0
        for j in best_ends(run_s, run_units, min_units, room[s + 1] - room[s], rule):
            at = level(run_s[i:j], run_units[i:j], min_units, rule)
            p = room[s] + n_used[s]
            if n_used[s] == 0 or at != level_units[p - 1]:
                start_s[p] = clock_s
                level_units[p] = at
                n_used[s] += 1
            clock_s += run_s[i:j].sum()
            i = j
    return n_used, start_s, level_units


@kernel
def all_deviations(
    pieces: Flat, offsets: Ints, start_s: Ints, units: Ints, unit_kw: Floats
) -> Floats:
    """Sums per stay, (5, S): planned, profile, deviation, lost discharge in kWs; excess in kW.

    No piece reaches over the end of a period: periods end where the power in units changes.
    """
    sums = np.zeros((5, len(unit_kw)))
    for s in range(len(unit_kw)):
        p, clock_s = offsets[s], 0
        for k in range(pieces.offsets[s], pieces.offsets[s + 1]):
            seconds, planned_kw = pieces.seconds[k], pieces.power_kw[k]
            while p + 1 < offsets[s + 1] and start_s[p + 1] <= clock_s:
                p += 1
            at_kw = units[p] * unit_kw[s]
            sums[0, s] += seconds * planned_kw
            sums[1, s] += seconds * at_kw
            sums[2, s] += seconds * abs(at_kw - planned_kw)
            sums[3, s] += seconds * max(min(at_kw, 0.0) - min(planned_kw, 0.0), 0.0)
            if seconds > 0:
                sums[4, s] = max(sums[4, s], at_kw - planned_kw)
            clock_s += seconds
    return sums
