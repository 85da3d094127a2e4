"""Load and sun over a year, as smooth averages of many customers and roofs (CREDITS.md beside it).

`load_2023` and `sun_2019` give the files; `formats.standard_profiles` reads them.
"""

from importlib import resources
from pathlib import Path


def load_2023() -> Path:
    """Standard load profiles of Germany (BDEW) in 2023, per quarter hour of local time."""
    return _file("load_2023.csv.gz")


def sun_2019() -> Path:
    """Solar generation of Germany in 2019 per hour in UTC (ENTSO-E Transparency Platform)."""
    return _file("sun_2019.csv.gz")


def _file(name: str) -> Path:
    return Path(str(resources.files("viavolta.samples.profiles").joinpath(name)))
