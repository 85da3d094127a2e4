"""Numbers and moments as the reader's language writes them."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats, timezone

NOTHING = "\N{EN DASH}"


def shown_number(value: Any, *, digits: int = 0) -> str:
    """A number with grouped thousands and `digits` after the point; a dash for none."""
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return NOTHING
    rounded = round(value, digits)  # Django alone would cut the digits off
    if not rounded:
        rounded = abs(rounded)  # no minus before nought
    return formats.number_format(rounded, decimal_pos=digits, use_l10n=True, force_grouping=True)


def shown_percent(share: float | None, *, digits: int = 0) -> str:
    """A share of 0..1 as a percentage; a dash for none."""
    text = shown_number(None if share is None else share * 100, digits=digits)
    return text if text == NOTHING else f"{text}\N{NARROW NO-BREAK SPACE}%"


def shown_day(value: dt.date | dt.datetime | None) -> str:
    """A day in the reader's short form."""
    if value is None:
        return NOTHING
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    return formats.date_format(value, "SHORT_DATE_FORMAT")


def shown_moment(value: dt.datetime | None, *, zone: str = "") -> str:
    """A day and time in the reader's short form, in a zone or in that of the page."""
    if value is None:
        return NOTHING
    if timezone.is_aware(value):
        value = timezone.localtime(value, ZoneInfo(zone) if zone else None)
    return formats.date_format(value, "SHORT_DATETIME_FORMAT")
