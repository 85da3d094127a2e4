"""Recorded sessions: who was plugged in where and when, and how much energy was taken."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Times, freeze, require
from viavolta.model.notices import Repair

_NUMBERS = (
    "energy_kwh",
    "max_kw",
    "stated_energy_kwh",
    "capacity_kwh",
    "max_discharge_kw",
    "charge_efficiency",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTable:
    """Sessions in order of arrival. Shapes: all (S,); NaN and NaT where not recorded.

    Attributes
    ----------
    session_id : unique names.
    driver : who charged, "" where nobody is named. plug : where, "" where only the site is known.
    site : the place of the plug. kind : what is said of the charging point, "" for nothing.
    arrival, departure : plugged in and out; datetime64[s] in UTC.
    energy_kwh : taken from the plug, as its meter counts.
    max_kw : power of the plug.
    stated_departure, stated_energy_kwh : what the driver said on arrival, energy at the plug.
    capacity_kwh, max_discharge_kw, charge_efficiency : of the vehicle.
    """

    session_id: tuple[str, ...]
    driver: tuple[str, ...]
    plug: tuple[str, ...]
    site: tuple[str, ...]
    kind: tuple[str, ...]
    arrival: Times
    departure: Times
    energy_kwh: Floats
    max_kw: Floats
    stated_departure: Times
    stated_energy_kwh: Floats
    capacity_kwh: Floats
    max_discharge_kw: Floats
    charge_efficiency: Floats

    def __post_init__(self) -> None:
        shape = (len(self.session_id),)
        for field in ("arrival", "departure", "stated_departure"):
            freeze(self, field, "datetime64[s]", shape)
        for field in _NUMBERS:
            freeze(self, field, "float64", shape)
        for field in ("driver", "plug", "site", "kind"):
            require(len(getattr(self, field)) == shape[0], f"one {field} per session")
        require(len(set(self.session_id)) == shape[0], "session_id is not unique")
        require(np.diff(self.arrival).astype(np.int64) >= 0, "sessions are in order of arrival")
        require(self.energy_kwh > 0, "energy_kwh > 0")

    def __len__(self) -> int:
        return len(self.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsRead:
    """The sessions of a file, and what was mended.

    Attributes
    ----------
    format : norway, acn, perth or stays. timezone : where the sessions took place, by IANA name.
    n_rows : rows of the file. ignored : columns with a meaning for charging that are not used.
    """

    sessions: SessionTable
    format: str
    timezone: str
    n_rows: int
    repairs: tuple[Repair, ...]
    ignored: tuple[str, ...]
