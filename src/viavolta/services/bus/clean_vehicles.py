"""The Clean Vehicles Directive as a check: what share of the buses bought must be clean.

Minimum shares bind a member state over a period, not each buyer in each year; a city that keeps
them does its part. Battery buses count as clean and as free of emissions, diesel buses as neither.
"""

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from viavolta.catalogue import Assumptions

FIRST_YEAR, PERIOD_YEARS = 2021, 5
LAST_NAMED = 2026
"""Targets are named for the periods from 2021 and from 2026; later ones keep the second."""
CLEAN_SCHEMA = {
    "country": pl.String,
    "from_year": pl.Int64,
    "to_year": pl.Int64,
    "bought": pl.Int64,
    "bought_electric": pl.Int64,
    "clean_share": pl.Float64,
    "required_clean_share": pl.Float64,
    "required_zero_emission_share": pl.Float64,
    "required_buses": pl.Int64,
    "short_by": pl.Int64,
}


def clean_rows(
    figures: Assumptions, country: str | None, bought: Sequence[tuple[int, int, int]]
) -> list[dict[str, Any]]:
    """Purchases against the minimum shares, a row per period of the Directive.

    bought: (year, battery buses, diesel buses). Empty where the country is unknown or no member
    state. Battery buses stand for both shares, so the larger, that of clean buses, decides.
    """
    known = set(figures.keys())
    if country is None or f"clean_vehicles.m3_clean_share.{country.lower()}.2026" not in known:
        return []
    rows = []
    for begin in sorted({_period(year) for year, _, _ in bought if year >= FIRST_YEAR}):
        here = [one for one in bought if _period(one[0]) == begin]
        electric, total = sum(e for _, e, _ in here), sum(e + d for _, e, d in here)
        if not total:
            continue
        key = f"clean_vehicles.m3_clean_share.{country.lower()}.{min(begin, LAST_NAMED)}"
        share = figures.number(key)
        required = math.ceil(share * total - 1e-9)
        rows.append(
            {
                "country": country.upper(),
                "from_year": begin,
                "to_year": begin + PERIOD_YEARS - 1,
                "bought": total,
                "bought_electric": electric,
                "clean_share": electric / total,
                "required_clean_share": share,
                "required_zero_emission_share": share
                * figures.number("clean_vehicles.m3_zero_emission_share"),
                "required_buses": required,
                "short_by": max(0, required - electric),
            }
        )
    return rows


def _period(year: int) -> int:
    """First year of the period of the Directive that a year lies in."""
    return FIRST_YEAR + (year - FIRST_YEAR) // PERIOD_YEARS * PERIOD_YEARS
