"""Years of vehicles, drawn from recorded diaries.

A vehicle follows one recorded driver, drawn at random, for all of its time. Each of its weeks is a
week of that driver from the same half of the year (October to March, or the rest), or from any time
where fewer than `FEWEST_WEEKS` of the same half were recorded. Weeks keep their weekdays, and all
sessions of a week belong together. A session ends at the latest when the next one begins.

What is drawn for a vehicle depends on the generator and the vehicle's own name, never on how many
vehicles there are or in which order: the first hundred vehicles of a thousand are the same hundred.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from viavolta.engines.behaviour.diaries import WEEK_S, Diaries, DiaryWeeks, is_winter, week_of
from viavolta.model.arrays import Floats, Ints, Times, require

FEWEST_WEEKS = 4
"""Recorded weeks of the same half of the year from which a vehicle's weeks are drawn at least."""

_KEY_BYTES = 16
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSessions:
    """Sessions of V vehicles, in order of vehicle and arrival.

    Attributes
    ----------
    vehicle : (S,) row of the vehicle. arrival, departure : (S,) datetime64[s], local wall time and
        the same plus the time at the plug. energy_kwh : (S,) at the plug, no more than plug_kw
        gives in that time.
    driver : (V,) whom each vehicle follows. plug_kw : (V,) power of its charging point.
    chance : (V,) a number in [0, 1) of each vehicle, for further choices.
    """

    vehicle: Ints
    arrival: Times
    departure: Times
    energy_kwh: Floats
    driver: Ints
    plug_kw: Floats
    chance: Floats


def draw_sessions(
    diaries: Diaries,
    names: tuple[str, ...],
    *,
    first: np.datetime64,
    end: np.datetime64,
    rng: np.random.Generator,
    plug_kw: Floats,
    plug_share: Floats,
) -> DrawnSessions:
    """Draw what vehicles do between two moments of local time.

    Parameters
    ----------
    names
        (V,) of the vehicles, unique.
    plug_kw, plug_share
        (P,) powers of charging points, and how common each is; shares add up to 1.

    Raises
    ------
    ValueError: names are not unique, shares do not add up, or first is not before end.
    """
    require(first < end, "first is before end")
    require(len(set(names)) == len(names), "names are unique")
    require((plug_share >= 0).all() and abs(plug_share.sum() - 1) < 1e-9, "plug_share adds up to 1")  # noqa: PLR2004 - rounding
    key = rng.bytes(_KEY_BYTES)
    weeks = diaries.weeks()
    target = np.arange(int(week_of(first)), int(week_of(end - np.timedelta64(1, "s"))) + 1)
    mix = np.cumsum(plug_share)
    n_vehicles = len(names)
    driver, chance = np.zeros(n_vehicles, dtype=np.int64), np.zeros(n_vehicles)
    power = np.zeros(n_vehicles)
    rows: list[Ints] = []
    shift_s: list[Ints] = []
    for v, name in enumerate(names):
        own = _generator_of(name, key)
        driver[v] = own.integers(0, diaries.n_drivers)
        power[v] = plug_kw[min(int(np.searchsorted(mix, own.random(), side="right")), len(mix) - 1)]
        chance[v] = own.random()
        chosen = _chosen_weeks(weeks, int(driver[v]), target=target, rng=own)
        count = weeks.last_row[chosen] - weeks.first_row[chosen]
        begin = np.repeat(weeks.first_row[chosen] - np.cumsum(count) + count, count)
        rows.append(begin + np.arange(int(count.sum())))
        shift_s.append(np.repeat((target - weeks.week[chosen]) * WEEK_S, count))
    vehicle = np.repeat(np.arange(n_vehicles), [len(one) for one in rows])
    row = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    moved = np.concatenate([np.zeros(0, dtype=np.int64), *shift_s]).astype("timedelta64[s]")
    arrival = diaries.arrival[row] + moved
    departure = arrival + diaries.plugged_s[row].astype("timedelta64[s]")
    departure[:-1] = np.where(
        np.diff(vehicle) == 0, np.minimum(departure[:-1], arrival[1:]), departure[:-1]
    )
    departure = np.minimum(departure, end)
    hours = (departure - arrival).astype(np.int64) / 3600
    energy_kwh = np.minimum(diaries.energy_kwh[row], power[vehicle] * hours)
    kept = (arrival >= first) & (arrival < departure)
    return DrawnSessions(
        vehicle=vehicle[kept],
        arrival=arrival[kept],
        departure=departure[kept],
        energy_kwh=energy_kwh[kept],
        driver=driver,
        plug_kw=power,
        chance=chance,
    )


def _generator_of(name: str, key: bytes) -> np.random.Generator:
    digest = hashlib.blake2b(name.encode(), digest_size=_HASH_BYTES, key=key).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


def _chosen_weeks(
    weeks: DiaryWeeks, driver: int, *, target: Ints, rng: np.random.Generator
) -> Ints:
    """(number of target weeks,) rows of `weeks`: one of the same half of the year for each."""
    low, high = int(weeks.offsets[driver]), int(weeks.offsets[driver + 1])
    own = np.arange(low, high)
    halves = is_winter(weeks.week[own])
    chance = rng.random(len(target))
    chosen = np.empty(len(target), dtype=np.int64)
    wanted = is_winter(target)
    for half in (False, True):
        like = own[halves == half]
        if len(like) < FEWEST_WEEKS:
            like = own
        here = wanted == half
        chosen[here] = like[(chance[here] * len(like)).astype(np.int64)]
    return chosen
