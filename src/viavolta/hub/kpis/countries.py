"""Names of countries, and where their figures stand on the map: roughly in the middle."""

from babel import Locale
from django.utils.translation import get_language

MIDDLES: dict[str, tuple[float, float]] = {
    "AL": (41.1, 20.1),
    "AT": (47.6, 14.1),
    "BA": (44.2, 17.8),
    "BE": (50.6, 4.7),
    "BG": (42.8, 25.2),
    "CH": (46.8, 8.2),
    "CY": (35.0, 33.1),
    "CZ": (49.8, 15.4),
    "DE": (51.1, 10.3),
    "DK": (56.0, 9.3),
    "EE": (58.7, 25.6),
    "ES": (40.2, -3.6),
    "FI": (63.0, 26.5),
    "FR": (46.7, 2.5),
    "GB": (53.0, -1.6),
    "GR": (39.3, 22.3),
    "HR": (45.5, 16.3),
    "HU": (47.1, 19.4),
    "IE": (53.2, -8.1),
    "IS": (64.9, -18.7),
    "IT": (42.9, 12.5),
    "LI": (47.2, 9.5),
    "LT": (55.3, 23.9),
    "LU": (49.8, 6.1),
    "LV": (56.9, 25.0),
    "MC": (43.7, 7.4),
    "MD": (47.2, 28.5),
    "ME": (42.8, 19.2),
    "MK": (41.6, 21.7),
    "MT": (35.9, 14.4),
    "NL": (52.2, 5.6),
    "NO": (61.2, 9.0),
    "PL": (52.1, 19.4),
    "PT": (39.6, -8.1),
    "RO": (45.9, 25.0),
    "RS": (44.2, 20.8),
    "SE": (61.0, 15.3),
    "SI": (46.1, 14.8),
    "SK": (48.7, 19.5),
    "TR": (39.1, 35.2),
    "UA": (49.0, 31.4),
    "XK": (42.6, 20.9),
}
"""Latitude and longitude by ISO code."""


def country_name(code: str) -> str:
    """The name of a country in the reader's language; its code if it has none."""
    return str(Locale.parse(get_language() or "en").territories.get(code, code))
