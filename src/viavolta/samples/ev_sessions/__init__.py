"""Recorded charging at home: when drivers plug in, for how long, and how much they take.

`home_sessions` gives the file. Licence and changes: CREDITS.md beside it.
"""

from importlib import resources
from pathlib import Path

HOME_SESSIONS_TIMEZONE = "Europe/Oslo"
"""Local time of the file."""

HOME_SESSIONS_CREDIT = (
    "Sørensen, Lindberg, Sartori, Andresen, Residential electric vehicle charging datasets from "
    "apartment buildings, Data in Brief 36 (2021) 107105"
)
HOME_SESSIONS_LICENCE = "CC BY 4.0"


def home_sessions() -> Path:
    """Sessions of 45 drivers (CSV): driver, arrival_local, plugged_min, energy_kwh."""
    return Path(str(resources.files("viavolta.samples.ev_sessions").joinpath("homes.csv")))
