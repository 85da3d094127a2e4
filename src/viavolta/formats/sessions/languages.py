"""The formats of session files: which columns they have and what these mean."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from viavolta.formats.sessions.text_table import TextTable
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

_TRUE = {"true", "1", "yes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSession:
    """One row as text; empty where nothing is said. Energies are at the plug."""

    session_id: str
    driver: str = ""
    plug: str = ""
    site: str = ""
    kind: str = ""
    arrival: str
    departure: str
    energy_kwh: str
    max_kw: str = ""
    stated_departure: str = ""
    stated_energy_kwh: str = ""
    capacity_kwh: str = ""
    max_discharge_kw: str = ""
    charge_efficiency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A format: the columns it must have, its time zone, and how a row is read.

    `dates` are columns in which day and month may be exchanged, the first one in order of time;
    `is_net` says that energies count in the battery, not at the plug.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    timezone: str
    row: Callable[[Mapping[str, str]], RawSession]
    dates: tuple[str, ...] = ()
    is_net: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of local times."""
        return ZoneInfo(self.timezone)


def _norway(cell: Mapping[str, str]) -> RawSession:
    """Private plugs belong to their user; who shares one is named, but not which one it was."""
    is_private = cell.get("user_type", "").lower() == "private"
    return RawSession(
        session_id=cell["session"],
        driver=cell["user"],
        plug=cell["user"] if is_private else "",
        site=cell["garage"],
        arrival=cell["start_local"],
        departure=cell["end_local"],
        energy_kwh=cell["energy_kwh"],
    )


def _acn(cell: Mapping[str, str]) -> RawSession:
    """Unclaimed sessions carry the outcome in the columns of what the driver said: not known."""
    was_said = cell["claimed"].lower() in _TRUE
    return RawSession(
        session_id=cell["session_id"],
        plug=f"{cell['site']} {cell['station_id']}".strip(),
        site=cell["site"],
        arrival=cell["arrival"],
        departure=cell["departure"],
        energy_kwh=cell["delivered_energy (kWh)"],
        stated_departure=cell["estimated_departure"] if was_said else "",
        stated_energy_kwh=cell["requested_energy (kWh)"] if was_said else "",
    )


def _perth(cell: Mapping[str, str]) -> RawSession:
    return RawSession(
        session_id=cell["_id"],
        plug=f"{cell['CP ID']}-{cell['Connector']}",
        site=re.sub(r"\s+", " ", cell["Site"]),
        kind=cell["Model"],
        arrival=_joined(cell["Start Date"], cell["Start Time"]),
        departure=_joined(cell["End Date"], cell["End Time"]),
        energy_kwh=cell["Total kWh"],
    )


def _joined(date: str, time: str) -> str:
    """A date, perhaps with midnight behind it, and a time of day; nothing where one is missing."""
    return f"{date.partition('T')[0]}T{time.zfill(5)}" if date and time else ""


def _stays(cell: Mapping[str, str]) -> RawSession:
    return RawSession(
        session_id=cell["stay_id"],
        driver=cell.get("vehicle_id", ""),
        plug=cell.get("vehicle_id", ""),
        site=cell.get("limit_id", ""),
        arrival=cell["arrival"],
        departure=cell["departure"],
        energy_kwh=cell["energy_kwh"],
        max_kw=cell["max_kw"],
        stated_departure=cell.get("stated_departure", ""),
        stated_energy_kwh=cell.get("stated_energy_kwh", ""),
        capacity_kwh=cell.get("capacity_kwh", ""),
        max_discharge_kw=cell.get("max_discharge_kw", ""),
        charge_efficiency=cell.get("charge_efficiency", ""),
    )


LANGUAGES = (
    Language(
        name="norway",
        required=("session", "garage", "user", "start_local", "end_local", "energy_kwh"),
        optional=("user_type",),
        timezone="Europe/Oslo",
        row=_norway,
    ),
    Language(
        name="acn",
        required=(
            "arrival",
            "departure",
            "requested_energy (kWh)",
            "delivered_energy (kWh)",
            "station_id",
            "session_id",
            "estimated_departure",
            "claimed",
            "site",
        ),
        optional=(),
        timezone="America/Los_Angeles",
        row=_acn,
    ),
    Language(
        name="perth",
        required=(
            "_id",
            "CP ID",
            "Connector",
            "Start Date",
            "Start Time",
            "End Date",
            "End Time",
            "Total kWh",
            "Site",
            "Model",
        ),
        optional=(),
        timezone="Europe/London",
        row=_perth,
        dates=("Start Date", "End Date"),
    ),
    Language(
        name="stays",
        required=("stay_id", "arrival", "departure", "energy_kwh", "max_kw"),
        optional=(
            "vehicle_id",
            "limit_id",
            "stated_departure",
            "stated_energy_kwh",
            "capacity_kwh",
            "max_discharge_kw",
            "charge_efficiency",
        ),
        timezone="UTC",
        row=_stays,
        is_net=True,
    ),
)

STAY_COLUMNS = frozenset(
    (
        "min_kw",
        "soc_arrival_kwh",
        "soc_min_kwh",
        "discharge_efficiency",
        "wear_eur_per_kwh",
        "taper_soc",
        "knee_kw",
        "efficiency_above_knee",
        "charging_loss_kw",
        "standing_loss_kw",
        "ageing_soc",
        "ageing_eur_per_kwh_h",
        "phase",
    )
)
"""Columns of STAYS.csv that a simulation does not use."""


def language_of(table: TextTable, asked: str) -> Language:
    """The format asked for, or the one whose columns are all there.

    Raises
    ------
    InputError: columns are missing, or the format is not known.
    """
    known = {language.name: language for language in LANGUAGES}
    if asked in known:
        missing = [name for name in known[asked].required if name not in table.columns]
        if missing:
            raise InputError(
                code="sessions-missing-column",
                message=text("{file} has no column {column}", file=table.file, column=missing[0]),
                where=Where(file=table.file, row=1, field=missing[0]),
                expected=", ".join(known[asked].required),
                hint=text("check --format, or leave it out to have it found out"),
            )
        return known[asked]
    for language in LANGUAGES:
        if all(name in table.columns for name in language.required):
            return language
    raise InputError(
        code="sessions-format-unknown",
        message=text("{file} is in none of the known formats", file=table.file),
        where=Where(file=table.file, row=1, value=", ".join(table.columns)[:200]),
        expected="; ".join(f"{la.name}: {', '.join(la.required)}" for la in LANGUAGES),
        hint=text("rename the columns to those of one format; stays is the simplest"),
    )
