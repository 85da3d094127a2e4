"""Times of events as a clock in their zone shows them, and people by name."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import formats

from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.zones import wall_time

register = template.Library()


@register.filter
def on_the_clock(moment: datetime, zone: str) -> str:
    """Day and time of an instant in a zone, and the zone."""
    wall = wall_time(moment, zone)
    return f"{formats.date_format(wall, 'DATE_FORMAT')}, {wall:%H:%M} ({zone})"


@register.filter
def when(gathering: Gathering) -> str:
    """From when to when an event lasts, on its own clock."""
    start = wall_time(gathering.starts_at, gathering.zone)
    end = wall_time(gathering.ends_at, gathering.zone)
    first = f"{formats.date_format(start, 'DATE_FORMAT')}, {start:%H:%M}"
    last = f"{end:%H:%M}"
    if end.date() != start.date():
        last = f"{formats.date_format(end, 'DATE_FORMAT')}, {last}"
    return f"{first}\N{EN DASH}{last} ({gathering.zone})"


@register.filter
def person(user: Any) -> str:
    """A person's name; never her e-mail address."""
    return "" if user is None else (user.name or f"#{user.pk}")
