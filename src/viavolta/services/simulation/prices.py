"""Prices of the horizon, and how much of them is known when."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.catalogue.price_profile import Season, wholesale_profile
from viavolta.formats.day_ahead import DayAhead, day_ahead, is_day_ahead
from viavolta.formats.sessions.text_table import read_text_table
from viavolta.formats.signals import read_signals
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable, one_zone

_WINTER, _SUMMER = {12, 1, 2}, {6, 7, 8}
_ADDED = ("tariffs.tax_eur_per_kwh", "tariffs.concession_eur_per_kwh", "tariffs.levies_eur_per_kwh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Whole hours in UTC, from the first arrival to the last departure."""

    begin: np.datetime64
    end: np.datetime64

    def n_steps(self, step_s: int) -> int:
        """Number of steps of this length."""
        return int((self.end - self.begin).astype("timedelta64[s]").astype(np.int64)) // step_s


def horizon_of(arrival: Times, departure: Times) -> Horizon:
    """The whole hours that contain all stays."""
    hour = np.timedelta64(1, "h")
    return Horizon(
        begin=arrival.min().astype("datetime64[h]").astype("datetime64[s]"),
        end=((departure.max() - np.timedelta64(1, "s")).astype("datetime64[h]") + hour).astype(
            "datetime64[s]"
        ),
    )


def signals_of(
    path: Path | None, *, horizon: Horizon, step_s: int, zone: ZoneInfo, assumptions: Assumptions
) -> SignalTable:
    """Prices over the part of the horizon that they cover.

    From SIGNALS.csv as it stands; from day-ahead prices, or without a file from the weekday of the
    catalogue, with taxes and levies added when buying, not when selling.

    Raises
    ------
    UsageError, InputError: the file is missing, wrong, or covers nothing of the horizon.
    """
    if path is None:
        wholesale = _profile(horizon, step_s=step_s, zone=zone, assumptions=assumptions)
        return _with_taxes(wholesale, horizon.begin, step_s=step_s, assumptions=assumptions)
    table = read_text_table(path)
    if not is_day_ahead(table):
        signals = read_signals(path, step_s=step_s)
        return _clipped(signals, horizon, file=path.name)
    prices = day_ahead(table)
    first, n_steps = _covered(prices, horizon, step_s=step_s, file=path.name)
    at = first + np.arange(n_steps) * np.timedelta64(step_s, "s")
    wholesale = prices.eur_per_kwh[np.searchsorted(prices.start, at, side="right") - 1]
    return _with_taxes(wholesale, first, step_s=step_s, assumptions=assumptions)


def _with_taxes(
    wholesale: Floats, first: np.datetime64, *, step_s: int, assumptions: Assumptions
) -> SignalTable:
    added = sum(assumptions.number(key) for key in _ADDED)
    return one_zone(first, step_s, buy_eur_per_kwh=wholesale + added, sell_eur_per_kwh=wholesale)


def _covered(
    prices: DayAhead, horizon: Horizon, *, step_s: int, file: str
) -> tuple[np.datetime64, int]:
    """First step and number of steps of the horizon that have a price."""
    last_end = prices.start[-1] + (prices.start[-1] - prices.start[-2])
    begin, end = max(horizon.begin, prices.start[0]), min(horizon.end, last_end)
    n_steps = int((end - begin).astype("timedelta64[s]").astype(np.int64)) // step_s
    if n_steps <= 0:
        raise _nothing_covered(file, horizon)
    return begin, n_steps


def _clipped(signals: SignalTable, horizon: Horizon, *, file: str) -> SignalTable:
    step = np.timedelta64(signals.step_s, "s")
    inside = (signals.start + step > horizon.begin) & (signals.start < horizon.end)
    if not inside.any():
        raise _nothing_covered(file, horizon)
    co2 = signals.co2_g_per_kwh
    return SignalTable(
        start=signals.start[inside],
        step_s=signals.step_s,
        buy_eur_per_kwh=signals.buy_eur_per_kwh[:, inside],
        sell_eur_per_kwh=signals.sell_eur_per_kwh[:, inside],
        co2_g_per_kwh=None if co2 is None else co2[:, inside],
        zone=signals.zone,
    )


def _nothing_covered(file: str, horizon: Horizon) -> InputError:
    return InputError(
        code="simulation-prices-elsewhere",
        message=text("{file} has no price for the time of the sessions", file=file),
        where=Where(file=file),
        expected=text("prices between {a}Z and {b}Z", a=horizon.begin, b=horizon.end),
        hint=text("give prices of these days, or choose others with --from and --to"),
    )


def _profile(horizon: Horizon, *, step_s: int, zone: ZoneInfo, assumptions: Assumptions) -> Floats:
    """(T,) the catalogue's weekday by season and local hour."""
    profiles: dict[Season, Floats] = {}
    prices = []
    for local in local_times(horizon.begin, horizon.n_steps(step_s), step_s=step_s, zone=zone):
        season = Season.MEAN
        if local.month in _WINTER:
            season = Season.WINTER
        elif local.month in _SUMMER:
            season = Season.SUMMER
        if season not in profiles:
            profiles[season] = wholesale_profile(assumptions, season)
        prices.append(profiles[season][local.hour])
    return np.array(prices)


def local_times(
    first: np.datetime64, n_steps: int, *, step_s: int, zone: ZoneInfo
) -> list[dt.datetime]:
    """Local times at which steps begin."""
    begin = first.astype("datetime64[s]").astype(dt.datetime).replace(tzinfo=dt.UTC)
    return [(begin + dt.timedelta(seconds=step_s * k)).astimezone(zone) for k in range(n_steps)]


def known_steps(signals: SignalTable, *, zone: ZoneInfo, from_h: float) -> Ints:
    """(T,) how many steps have a known price when each step begins.

    Prices of a local day are known from `from_h` of the day before.
    """
    first, step_s = signals.start[0], signals.step_s
    ends: dict[tuple[dt.date, bool], int] = {}
    known = []
    for local in local_times(first, signals.n_steps, step_s=step_s, zone=zone):
        is_out = local.hour + local.minute / 60 >= from_h
        key = (local.date(), is_out)
        if key not in ends:
            until = local.date() + dt.timedelta(days=2 if is_out else 1)
            midnight = dt.datetime.combine(until, dt.time(), tzinfo=zone).astimezone(dt.UTC)
            end = np.datetime64(midnight.replace(tzinfo=None), "s")
            ends[key] = int(-((first - end).astype(np.int64) // step_s))
        known.append(min(ends[key], signals.n_steps))
    return np.array(known, dtype=np.int64)
