"""Names and figures on pages of the market."""

from decimal import Decimal

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.market.labels import choice_label, country_name
from viavolta.hub.market.listing import Group
from viavolta.hub.market.models import Entry, Picture

register = template.Library()

_TAGS = ("segment", "vehicle", "site", "terrain", "population")
_MOST_TAGS = 6
_MIDDLE_PX = 800


@register.filter
def country(code: str) -> str:
    """A country's name."""
    return country_name(code)


@register.filter
def facet_tags(entry: Entry) -> list[str]:
    """A few words on what an entry is about."""
    words = [choice_label(g, code) for g in _TAGS for code in entry.facets.get(g, ())]
    return words[:_MOST_TAGS]


@register.simple_tag
def choices_of(group: Group) -> SafeString:
    """The choices of a group as boxes to tick: too many on each page for a template's loop."""
    ticked = {True: " checked", False: ""}
    return format_html_join(
        "",
        '<li><label><input type="checkbox" name="{}" value="{}"{}> {} '
        '<span class="n">{}</span></label></li>',
        (
            (group.name, choice.value, ticked[choice.is_chosen], choice.label, _count(choice.count))
            for choice in group.choices
        ),
    )


def _count(n: int) -> str:
    """A count; only large ones need the reader's way of writing."""
    return str(n) if n < 1_000 else shown_number(n)  # noqa: PLR2004 - a thousand is a thousand


@register.filter
def measured(value: Decimal) -> str:
    """A measured value with the digits it was given with."""
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    return shown_number(plain, digits=max(-exponent, 0) if isinstance(exponent, int) else 0)


@register.filter
def middle_width(picture: Picture) -> int:
    """The width of a picture within a page."""
    widths: list[int] = picture.widths
    return min(widths, key=lambda width: abs(width - _MIDDLE_PX))
