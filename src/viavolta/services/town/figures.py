"""The figures of the catalogue that a town study rests on, read once."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.catalogue.grid_equipment import SUBJECTS as PRICE_SUBJECTS
from viavolta.catalogue.price_profile import HOURS, Season, wholesale_profile
from viavolta.model.arrays import Floats
from viavolta.services.ev_behaviour import SUBJECTS as BEHAVIOUR_SUBJECTS
from viavolta.services.town.calendar import FIRST

TOWN_SUBJECTS = ("town", *BEHAVIOUR_SUBJECTS, "prices", "grid", *PRICE_SUBJECTS)
"""Subjects of the catalogue that a town study rests on."""

_WINTER, _SUMMER = (12, 1, 2), (6, 7, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class TownFigures:
    """Figures of catalogue/town.csv by their names there; sun and dimming are in grid.csv.

    `cars_per_household` is that of the settlement.
    """

    household_kwh: float
    household_spread: float
    trade_share: float
    trade_node_share: float
    power_factor: float
    cars_per_household: float
    home_share: float
    pv_roof_share: float
    pv_kwp: float
    sun_kwh_per_kwp: float
    limit_margin_share: float
    unmet_allowed_share: float
    unmet_eur_per_kwh: float
    device_kw: float
    dimming_factors: tuple[float, ...]


def town_figures(assumptions: Assumptions, settlement: str) -> TownFigures:
    """Read the figures of a kind of settlement; each counts as used."""
    names = [name for name in TownFigures.__dataclass_fields__ if name not in _OTHERS]
    values = {name: assumptions.number(f"town.{name}") for name in names}
    return TownFigures(
        **values,
        cars_per_household=assumptions.number(f"town.cars_per_household.{settlement}"),
        sun_kwh_per_kwp=assumptions.number("grid.sun.yield_kwh_per_kwp"),
        device_kw=assumptions.number("grid.dimming.device_kw"),
        dimming_factors=tuple(assumptions.number(f"grid.dimming.factor_{n}") for n in range(2, 10)),
    )


_OTHERS = ("cars_per_household", "sun_kwh_per_kwp", "device_kw", "dimming_factors")


def hourly_prices(assumptions: Assumptions, *, n_hours: int, timezone: str) -> Floats:
    """(H,) wholesale price in EUR/kWh by hour of the year: that of the season's mean weekday."""
    by_season = {season: wholesale_profile(assumptions, season) for season in Season}
    zone = ZoneInfo(timezone)
    first = FIRST.astype(dt.datetime).replace(tzinfo=dt.UTC)
    prices = np.empty(n_hours)
    for hour in range(n_hours):
        local = (first + dt.timedelta(hours=hour)).astimezone(zone)
        season = Season.MEAN
        if local.month in _WINTER:
            season = Season.WINTER
        elif local.month in _SUMMER:
            season = Season.SUMMER
        prices[hour] = by_season[season][local.hour % HOURS]
    return prices
