"""Wall-clock times and instants: what people type, what is stored, how a series repeats."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.refusals import RefusedError

DEFAULT_ZONE = "Europe/Brussels"


@cache
def zone_names() -> tuple[str, ...]:
    """Zones to choose from: those of Europe, then UTC."""
    return (*sorted(z for z in available_timezones() if z.startswith("Europe/")), "UTC")


def instant(wall: datetime, zone: str) -> datetime:
    """The instant of a wall-clock time; of an hour that comes twice in autumn, the first.

    Raises
    ------
    RefusedError: the clock skips that time in spring.
    """
    moment = wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(fold=0):
        raise RefusedError(_("The clock skips this hour on that day; choose another time."))
    return moment


def wall_time(moment: datetime, zone: str) -> datetime:
    """What a clock in the zone shows at an instant, without zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


class Rhythm(StrEnum):
    """How an event repeats."""

    ONCE = "once"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


def repeated(wall: datetime, rhythm: Rhythm, count: int) -> list[datetime]:
    """Wall-clock times of a series: the same hour on the clock, summer and winter."""
    if rhythm is Rhythm.ONCE:
        return [wall]
    if rhythm is Rhythm.MONTHLY:
        return [datetime.combine(_months_on(wall.date(), n), wall.time()) for n in range(count)]
    days = 7 if rhythm is Rhythm.WEEKLY else 14
    return [wall + timedelta(days=days * n) for n in range(count)]


def _months_on(day: date, n: int) -> date:
    """The same weekday of the month n months on: the second Tuesday stays the second Tuesday."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    month += 1
    first = date(year, month, 1)
    ahead = (day.weekday() - first.weekday()) % 7
    same = 1 + ahead + 7 * ((day.day - 1) // 7)
    return date(year, month, same if same <= monthrange(year, month)[1] else same - 7)
