"""Events as iCalendar (RFC 5545), for the calendars people use."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from viavolta.hub.collaborate.models import Gathering

MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_of(gatherings: Iterable[Gathering], *, name: str, origin: str) -> bytes:
    """A calendar of events with the time zones they use; `origin` is the hub's address."""
    calendar = Calendar()
    calendar.add("prodid", "-//viavolta//hub//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for gathering in gatherings:
        calendar.add_component(_event_of(gathering, origin))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event_of(gathering: Gathering, origin: str) -> Event:
    zone = ZoneInfo(gathering.zone)
    address = f"{origin}{gathering.get_absolute_url()}"
    event = Event()
    event.add("uid", f"{gathering.uid}@viavolta")
    event.add("sequence", gathering.version - 1)
    event.add("dtstamp", gathering.changed_at)
    event.add("dtstart", gathering.starts_at.astimezone(zone))
    event.add("dtend", gathering.ends_at.astimezone(zone))
    event.add("summary", gathering.title)
    event.add("status", "CANCELLED" if gathering.cancelled else "CONFIRMED")
    event.add("url", address)
    event["organizer"] = _organiser(gathering)
    if gathering.about:
        event.add("description", gathering.about)
    if gathering.place:
        event.add("location", gathering.place)
    if gathering.segment:
        event.add("categories", [gathering.segment])
    return event


def _organiser(gathering: Gathering) -> vText:
    """The organisation by name; its e-mail address is nobody's business here."""
    organiser = vText("invalid:nomail")
    organiser.params["cn"] = vText(gathering.organisation.name)
    return organiser
