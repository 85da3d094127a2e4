"""Names of countries in the reader's language."""

from babel import Locale
from django.utils.translation import get_language


def country_name(code: str) -> str:
    """The name of a country by its ISO 3166 code; the code itself where it is unknown."""
    locale = Locale.parse((get_language() or "en")[:2])
    return str(locale.territories.get(code.upper(), code.upper()))
