"""How many vehicles of a stock are electric, by year (uptake.csv, IEA Global EV Outlook 2024)."""

import math
from dataclasses import dataclass
from functools import cache

from viavolta.catalogue.assumptions import catalogue_figures
from viavolta.model.messages import text

EUROPE = "Europe"
FIRST_YEAR, LAST_YEAR = 2015, 2050


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptake:
    """Share of electric vehicles in a stock over years, and in words how it came about.

    Attributes
    ----------
    share : by year, 0..1.
    """

    region: str
    mode: str
    share: dict[int, float]
    basis: str
    source: str


def uptake_regions() -> tuple[str, ...]:
    """Regions with a curve of their own: countries, and Europe for all others."""
    return tuple(sorted({region for region, _ in _table()}))


def uptake(region: str, mode: str, years: tuple[int, ...]) -> Uptake:
    """Curve of a country for `car`, `van` or `bus`; Europe's where the country has none.

    What counts is the odds, share / (1 - share), because they grow evenly in its logarithm while a
    new technology spreads. Years between two figures lie on the straight line of the logarithm of
    the odds; after a country's last figure its odds keep their ratio to Europe's; after Europe's
    last figure (2035) the logarithm goes on as it did between the last two: a logistic curve.

    Raises
    ------
    KeyError: an unknown mode. ValueError: a year outside 2015 to 2050.
    """
    if not all(FIRST_YEAR <= year <= LAST_YEAR for year in years):
        msg = f"years from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(msg)
    table = _table()
    europe = table[EUROPE, mode]
    own = table.get((region, mode))
    basis = text("IEA to 2035 (stated policies), then a logistic curve through 2030 and 2035")
    if own is None:
        note = text("no figures for {region}: those of Europe", region=region)
        basis = f"{note}; {basis}"
        own = europe
    elif own is not europe:
        last = max(own)
        note = text("{region} to {last}, then as Europe by its odds", region=region, last=last)
        basis = f"{note}; {basis}"
    return Uptake(
        region=region,
        mode=mode,
        share={year: _share(year, own, europe) for year in years},
        basis=basis,
        source="IEA Global EV Outlook 2024, CC BY 4.0",
    )


def _share(year: int, own: dict[int, float], europe: dict[int, float]) -> float:
    last = max(own)
    if year <= last:
        return _from_log_odds(_log_odds_at(year, own))
    shift = _log_odds(own[last]) - _log_odds_at(last, europe)
    return _from_log_odds(_log_odds_at(year, europe) + shift)


def _log_odds_at(year: int, curve: dict[int, float]) -> float:
    """On the straight line between two figures, before the first and after the last as next."""
    years = sorted(curve)
    after = next((i for i, known in enumerate(years) if known >= year), len(years) - 1)
    low, high = years[max(after - 1, 0)], years[max(after, 1)]
    slope = (_log_odds(curve[high]) - _log_odds(curve[low])) / (high - low)
    return _log_odds(curve[low]) + slope * (year - low)


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def _from_log_odds(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@cache
def _table() -> dict[tuple[str, str], dict[int, float]]:
    table: dict[tuple[str, str], dict[int, float]] = {}
    for key, figure in catalogue_figures("uptake").items():
        _, region, mode, year = key.split(".")
        table.setdefault((region, mode), {})[int(year)] = float(figure.value)
    return table
