"""Countries and NUTS regions by code and name; no geometry.

The table data/nuts.csv is credited in NOTICE. NUTS writes EL and UK where ISO has GR and GB.
"""

import csv
from functools import cache
from importlib.resources import files

from babel import Locale
from django.utils.translation import get_language

COUNTRIES = (
    *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT"),
    *("LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
    *("AL", "BA", "CH", "GB", "IS", "LI", "MD", "ME", "MK", "NO", "RS", "TR", "UA", "XK"),
)
_NUTS_PREFIX = {"GR": "EL", "GB": "UK"}


@cache
def regions() -> dict[str, str]:
    """Names of all regions by code."""
    text = (files("viavolta.hub.people") / "data" / "nuts.csv").read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}


def regions_of(country: str) -> dict[str, str]:
    """Names of a country's regions by code."""
    prefix = _NUTS_PREFIX.get(country, country)
    return {code: name for code, name in regions().items() if code[:2] == prefix}


def region_name(code: str) -> str:
    """The name of a region, or its code if unknown."""
    return regions().get(code, code)


def region_label(code: str) -> str:
    """Code and name, as shown and as typed."""
    return f"{code} {region_name(code)}" if code else ""


def find_region(country: str, text: str) -> str | None:
    """The code of the region that `text` names by code, name, or both; None if unclear.

    Where a name stands for several levels, as with islands, the smallest region is meant.
    """
    known = regions_of(country)
    first = text.strip().split(" ")[0].upper()
    if first in known:
        return first
    wanted = text.strip().casefold()
    codes = [code for code, name in known.items() if name.casefold() == wanted]
    return max(codes, key=len) if codes else None


def country_name(code: str) -> str:
    """The name of a country in the active language."""
    return _territories(get_language() or "en").get(code, code)


def country_choices() -> list[tuple[str, str]]:
    """Countries by name in the active language."""
    return sorted(((code, country_name(code)) for code in COUNTRIES), key=lambda pair: pair[1])


@cache
def _territories(language: str) -> dict[str, str]:
    return dict(Locale.parse(language.split("-", maxsplit=1)[0]).territories)
