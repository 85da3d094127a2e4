"""The catalogue's figures that stand in where nobody said anything."""

import math
from dataclasses import dataclass
from functools import cache

from viavolta.catalogue import Assumptions
from viavolta.services.billing.wear import usual_wear

VOLTS = 230.0
"""Between phase and neutral, IEC 60038."""

LEAST_CURRENT_A = 6.0
"""Least current that a vehicle may be told to charge with, IEC 61851-1."""

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """Figures of `catalogue/charging.csv`, and the wear of the usual battery.

    Attributes
    ----------
    stay_share, energy_share : quantiles of past sessions that are believed.
    min_past, last_past : past sessions that must be there, and that count.
    first_stay_s, first_energy_kwh : believed where there is no past.
    plug_kw : of an outlet that nobody described.
    """

    stay_share: float
    energy_share: float
    min_past: int
    last_past: int
    first_stay_s: float
    first_energy_kwh: float
    plug_kw: float
    capacity_kwh: float
    soc_min_share: float
    efficiency: float
    wear_eur_per_kwh: float


@cache
def live_figures() -> LiveFigures:
    """The figures as the catalogue has them."""
    number = Assumptions(("charging",)).number
    return LiveFigures(
        stay_share=number("charging.believed_stay_quantile"),
        energy_share=number("charging.believed_energy_quantile"),
        min_past=int(number("charging.believed_min_stays")),
        last_past=int(number("charging.believed_last_stays")),
        first_stay_s=number("charging.first_stay_h") * SECONDS_PER_HOUR,
        first_energy_kwh=number("charging.first_energy_kwh"),
        plug_kw=number("charging.semi_rapid_plug_kw"),
        capacity_kwh=number("charging.capacity_kwh"),
        soc_min_share=number("charging.soc_min_share"),
        efficiency=math.sqrt(number("charging.round_trip_share")),
        wear_eur_per_kwh=usual_wear().high_eur_per_kwh,
    )
