"""Who charges when: years of stays at home, drawn from recorded sessions.

`recorded_behaviour` reads the shipped sample and the figures that go with it, `draw_stays` draws.
The same generator gives the same stays for a vehicle, whatever the number of vehicles.
"""

import csv
import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.engines.behaviour.diaries import Diaries
from viavolta.engines.behaviour.draw import draw_sessions
from viavolta.formats.input_file import input_of
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.stay import StayTable, stay_table
from viavolta.model.study import StudyInput
from viavolta.samples.ev_sessions import (
    HOME_SESSIONS_CREDIT,
    HOME_SESSIONS_LICENCE,
    home_sessions,
)

SUBJECTS = ("behaviour", "charging")
"""Catalogue files that `recorded_behaviour` reads; the Assumptions must hold both."""

_PLUGS = (
    ("behaviour.plug_3_7_kw_share", 3.7),
    ("behaviour.plug_11_kw_share", 11.0),
    ("behaviour.plug_22_kw_share", 22.0),
)
_HOUR = np.timedelta64(3600, "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What vehicles are drawn from.

    Attributes
    ----------
    plug_kw, plug_share : (P,) powers of charging points and how common each is.
    capacity_kwh, soc_departure_share, soc_min_share : of a battery; it is at soc_departure_share
        when the vehicle leaves with what it wanted.
    one_way_share : what is stored of a kWh at the plug, and the reverse.
    v2x_share, v2x_kw : share of vehicles that can give back, and at which power.
    wear_eur_per_kwh : of energy given back.
    """

    diaries: Diaries
    plug_kw: Floats
    plug_share: Floats
    capacity_kwh: float
    soc_departure_share: float
    soc_min_share: float
    one_way_share: float
    v2x_share: float
    v2x_kw: float
    wear_eur_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStays:
    """Stays of V vehicles, in order of vehicle and arrival.

    Attributes
    ----------
    vehicle : (S,) row of the vehicle of each stay. plug_kw : (V,) power of its charging point.
    """

    stays: StayTable
    vehicle: Ints
    plug_kw: Floats


def recorded_behaviour(assumptions: Assumptions) -> Behaviour:
    """Read the shipped sessions, and the figures on vehicles and charging points."""
    number = assumptions.number
    return Behaviour(
        diaries=_recorded_diaries(),
        plug_kw=np.array([kw for _, kw in _PLUGS]),
        plug_share=np.array([number(key) for key, _ in _PLUGS]),
        capacity_kwh=number("charging.capacity_kwh"),
        soc_departure_share=number("charging.soc_departure_share"),
        soc_min_share=number("charging.soc_min_share"),
        one_way_share=float(np.sqrt(number("charging.round_trip_share"))),
        v2x_share=number("charging.v2x_share"),
        v2x_kw=number("charging.v2x_kw"),
        wear_eur_per_kwh=number("charging.wear_eur_per_kwh"),
    )


def behaviour_input() -> StudyInput:
    """The shipped sessions as an input of a study, with credit and licence."""
    return input_of(home_sessions(), origin=HOME_SESSIONS_CREDIT, licence=HOME_SESSIONS_LICENCE)


def draw_stays(
    n_vehicles: int,
    *,
    behaviour: Behaviour,
    first: np.datetime64,
    end: np.datetime64,
    rng: np.random.Generator,
    timezone: str = "Europe/Berlin",
    limit: Ints | int = 0,
    has_v2x: bool = False,
) -> DrawnStays:
    """Draw the stays of vehicles 0, 1, ... between two moments.

    Vehicle v is the same for every n_vehicles above v: placements can be nested. Its stays are
    named `v/number`.

    Parameters
    ----------
    first, end
        Moments in UTC, such as the first and last of a year; a stay that would last longer is cut,
        and wants the part of its energy that its time allows.
    timezone
        Local time of the place: people plug in by their clocks.
    limit
        Row of the LimitTree of each vehicle (V,), or of all.
    has_v2x
        Whether vehicles may give back: the share of them that can, drawn once per vehicle.
    """
    zone = ZoneInfo(timezone)
    drawn = draw_sessions(
        behaviour.diaries,
        tuple(str(v) for v in range(n_vehicles)),
        first=first - 24 * _HOUR,
        end=end + 24 * _HOUR,
        rng=rng,
        plug_kw=behaviour.plug_kw,
        plug_share=behaviour.plug_share,
    )
    arrival, departure = in_utc(drawn.arrival, zone), in_utc(drawn.departure, zone)
    ends_early = np.diff(drawn.vehicle) == 0  # where a clock jumps, two local times may be one
    departure[:-1][ends_early] = np.minimum(departure[:-1], arrival[1:])[ends_early]
    kept = (arrival >= first) & (arrival < np.minimum(departure, end))
    vehicle, arrival = drawn.vehicle[kept], arrival[kept]
    whole_s = (departure[kept] - arrival).astype(np.int64)
    departure = np.minimum(departure[kept], end)
    part_s = (departure - arrival).astype(np.int64)
    max_kw = drawn.plug_kw[vehicle]
    energy_kwh = np.minimum(drawn.energy_kwh[kept] * part_s / whole_s, max_kw * part_s / 3600)
    energy_kwh *= behaviour.one_way_share
    capacity = np.maximum(behaviour.capacity_kwh, energy_kwh)
    full_kwh = np.maximum(capacity * behaviour.soc_departure_share, energy_kwh)
    gives_back = has_v2x & (drawn.chance < behaviour.v2x_share)
    first_row = np.searchsorted(vehicle, vehicle)
    stays = stay_table(
        tuple(
            f"{v}/{n}" for v, n in zip(vehicle, np.arange(len(vehicle)) - first_row, strict=True)
        ),
        arrival,
        departure=departure,
        energy_kwh=energy_kwh,
        max_kw=max_kw,
        limit=np.broadcast_to(limit, (n_vehicles,))[vehicle],
        max_discharge_kw=np.where(gives_back[vehicle], np.minimum(behaviour.v2x_kw, max_kw), 0.0),
        capacity_kwh=capacity,
        soc_arrival_kwh=full_kwh - energy_kwh,
        soc_min_kwh=np.minimum(capacity * behaviour.soc_min_share, full_kwh - energy_kwh),
        charge_efficiency=behaviour.one_way_share,
        discharge_efficiency=behaviour.one_way_share,
        wear_eur_per_kwh=behaviour.wear_eur_per_kwh,
    )
    return DrawnStays(stays=stays, vehicle=vehicle, plug_kw=drawn.plug_kw)


def in_utc(local: Times, zone: ZoneInfo) -> Times:
    """UTC of local wall times; an hour that a clock shows twice is the first one."""
    if not len(local):
        return local
    first = local.min().astype("datetime64[h]")
    hours = np.arange(first, local.max().astype("datetime64[h]") + 1)
    offset_s = np.array([_offset_s(hour, zone) for hour in hours.tolist()])
    row = (local.astype("datetime64[h]") - first).astype(np.int64)
    moments: Times = local - offset_s[row].astype("timedelta64[s]")
    return moments


def _offset_s(hour: dt.datetime, zone: ZoneInfo) -> int:
    offset = hour.replace(tzinfo=zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _recorded_diaries() -> Diaries:
    with home_sessions().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {name: d for d, name in enumerate(dict.fromkeys(row["driver"] for row in rows))}
    return Diaries(
        driver=np.array([names[row["driver"]] for row in rows]),
        arrival=np.array([row["arrival_local"] for row in rows], dtype="datetime64[s]"),
        plugged_s=np.array([60 * int(row["plugged_min"]) for row in rows]),
        energy_kwh=np.array([float(row["energy_kwh"]) for row in rows]),
    )
