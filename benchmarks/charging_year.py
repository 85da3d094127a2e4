"""A year of recorded home charging at many points, planned anew whenever something happens.

Sites are copies of one recorded housing cooperative (Trondheim, 2019; Data in Brief 36, 107105):
each copy is shifted by whole weeks, and has a limit of its own. Points give 7.2 kW, one of the two
powers that the source names. A session ends at the next of the same point at the latest. What is
believed on arrival is what then happens, as in acnportal.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table

STEP_S, DAYS = 900, 364
STEPS_PER_DAY = 86400 // STEP_S
START = np.datetime64("2019-01-07T00:00:00", "s")
MAX_KW, SITE_KW_PER_POINT = 7.2, 0.5
MAX_STEPS = 7 * STEPS_PER_DAY
"""Vehicles left at the plug for longer count as gone: the week is planned whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Sessions of one site, in order of arrival; all (S,). Steps from START, departure excluded."""

    point: Ints
    arrival: Ints
    departure: Ints
    energy_kwh: Floats

    @property
    def n_points(self) -> int:
        """Number of charging points."""
        return int(self.point.max()) + 1

    @property
    def site_kw(self) -> float:
        """What the site may draw."""
        return SITE_KW_PER_POINT * self.n_points


def recorded(path: Path, *, first_day: int = 0, n_days: int = DAYS) -> Sessions:
    """Read the sessions of one site that lie within some days; steps count from the first."""
    moment = pl.col("start_local", "end_local").str.to_datetime("%Y-%m-%dT%H:%M")
    rows = pl.read_csv(path).with_columns(moment).drop_nulls(["start_local", "end_local"])
    rows = rows.filter(pl.col("energy_kwh") > 0).sort("start_local", "session")
    step, origin = np.timedelta64(STEP_S, "s"), START + np.timedelta64(first_day, "D")
    arrival = (rows["start_local"].to_numpy().astype("datetime64[s]") - origin) // step
    departure = -((origin - rows["end_local"].to_numpy().astype("datetime64[s]")) // step)
    point = rows["user"].cast(pl.Categorical).to_physical().to_numpy().astype(np.int64)
    departure = np.minimum(departure, arrival + MAX_STEPS)
    departure = np.minimum(departure, next_arrival(point, arrival))
    inside = (arrival >= 0) & (departure > arrival) & (departure <= n_days * STEPS_PER_DAY)
    _, point = np.unique(point[inside], return_inverse=True)
    return Sessions(
        point=point,
        arrival=arrival[inside],
        departure=departure[inside],
        energy_kwh=rows["energy_kwh"].to_numpy()[inside],
    )


def next_arrival(point: Ints, arrival: Ints) -> Ints:
    """(S,) arrival of the next session at the same point; sessions are in order of arrival."""
    following = np.full(len(point), np.iinfo(np.int64).max)
    order = np.lexsort((arrival, point))
    same = point[order][1:] == point[order][:-1]
    following[order[:-1][same]] = arrival[order][1:][same]
    return following


def year(
    one: Sessions, n_sites: int, *, n_days: int = DAYS
) -> tuple[StayTable, LimitTree, SignalTable]:
    """Copy a site, shift each copy by whole weeks, and give all of them the same prices."""
    week, n_steps = 7 * STEPS_PER_DAY, n_days * STEPS_PER_DAY
    length = one.departure - one.arrival
    site = np.repeat(np.arange(n_sites), len(length))
    arrival = (np.tile(one.arrival, n_sites) + site * 5 * week) % n_steps
    departure = arrival + np.tile(length, n_sites)
    inside = departure <= n_steps
    step = np.timedelta64(STEP_S, "s")
    stays = stay_table(
        tuple(f"session-{row}" for row in np.flatnonzero(inside).tolist()),
        START + arrival[inside] * step,
        departure=START + departure[inside] * step,
        energy_kwh=np.tile(one.energy_kwh, n_sites)[inside],
        max_kw=MAX_KW,
        limit=site[inside],
    )
    limits = LimitTree(
        limit_id=tuple(f"site-{row}" for row in range(n_sites)),
        parent=np.full(n_sites, -1),
        import_kw=np.full((n_sites, n_steps), one.site_kw),
        export_kw=np.array(0.0),
        base_load_kw=np.array(0.0),
        peak_eur_per_kw=np.array(0.0),
        peak_so_far_kw=np.array(0.0),
        zone=("",) * n_sites,
    )
    return stays, limits, prices(n_steps)


def prices(n_steps: int) -> SignalTable:
    """Prices with an evening peak, dearer in winter, and noise; seeded."""
    rng = np.random.default_rng(1)
    hour = np.arange(n_steps) * STEP_S / 3600
    season = 0.03 * np.cos(hour / (24 * DAYS) * 2 * np.pi)
    evening = 0.08 * np.exp(-((((hour % 24) - 18.5) / 2.5) ** 2))
    noise = np.repeat(rng.normal(0.0, 0.01, -(-n_steps * STEP_S // 3600)), 3600 // STEP_S)
    buy = 0.12 + season + evening + noise[:n_steps]
    return one_zone(START, STEP_S, buy_eur_per_kwh=buy)
