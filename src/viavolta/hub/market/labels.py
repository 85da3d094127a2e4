"""Names of facets, countries and other choices in the reader's language."""

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from viavolta.catalogue.glossary import name
from viavolta.hub.market.models import SolutionForm
from viavolta.hub.people.models import OrganisationKind


def group_label(group: str) -> str:
    """What a group of choices is called."""
    match group:
        case "country":
            return _("Country")
        case "by":
            return _("From")
        case "form":
            return _("Kind")
        case "has":
            return _("With")
    word = name(f"facet.{group}", _language())
    return word[0].upper() + word[1:]


def choice_label(group: str, word: str) -> str:
    """What one choice of a group is called."""
    match group:
        case "country":
            return country_name(word)
        case "by":
            return str(OrganisationKind(word).label)
        case "form":
            return str(SolutionForm(word).label)
        case "has":
            return _("measured evidence") if word == "evidence" else _("a study to replicate")
    return name(f"{group}.{word}", _language())


def country_name(code: str) -> str:
    """A country's name in the reader's language."""
    return str(Locale.parse(_language()).territories.get(code, code))


def _language() -> str:
    return (get_language() or "en")[:2]
