"""Events of the calendar, and what those who come may see."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from viavolta.hub.collaborate.models import FollowUp, Gathering, Registration
from viavolta.hub.people.access import may, organisations_of, role_in
from viavolta.hub.people.models import Role, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def gatherings() -> QuerySet[Gathering]:
    """Events that everybody sees."""
    return (
        Gathering.objects.filter(hidden=False, organisation__hidden=False)
        .select_related("organisation", "collaboration")
        .annotate(n_registered=Count("registrations"))
        .order_by("starts_at", "id")  # grouping drops the usual order
    )


def upcoming(now: datetime) -> QuerySet[Gathering]:
    """Events that are not over."""
    return gatherings().filter(ends_at__gte=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfMonth:
    """A day in the month view with its events."""

    day: date
    is_in_month: bool
    gatherings: tuple[Gathering, ...]


def month(year: int, number: int) -> list[list[DayOfMonth]]:
    """The weeks of a month from Monday on, each event on the days it has in its own zone."""
    weeks = Calendar().monthdatescalendar(year, number)
    first, last = weeks[0][0], weeks[-1][-1]
    margin = timedelta(days=2)
    near = gatherings().filter(
        ends_at__date__gte=first - margin, starts_at__date__lte=last + margin
    )
    by_day: dict[date, list[Gathering]] = {}
    for gathering in near:
        zone = ZoneInfo(gathering.zone)
        day = gathering.starts_at.astimezone(zone).date()
        end = (gathering.ends_at - timedelta(seconds=1)).astimezone(zone).date()
        while day <= max(end, day):
            by_day.setdefault(day, []).append(gathering)
            day += timedelta(days=1)
            if day > end:
                break
    return [
        [
            DayOfMonth(
                day=day,
                is_in_month=day.month == number,
                gatherings=tuple(by_day.get(day, ())),
            )
            for day in week
        ]
        for week in weeks
    ]


def may_run(user: "User | AnonymousUser", gathering: Gathering) -> bool:
    """Whether the person runs the event: an editor of its organisation."""
    return may(user, gathering.organisation, Role.EDITOR)


def may_look_inside(user: "User | AnonymousUser", gathering: Gathering) -> bool:
    """Whether the person sees who comes, minutes and tasks: registered, or of the organisation."""
    if not isinstance(user, User):
        return False
    return (
        role_in(user, gathering.organisation) is not None
        or gathering.registrations.filter(user=user).exists()
    )


def registrations_of(gathering: Gathering) -> QuerySet[Registration]:
    """Who comes."""
    return gathering.registrations.select_related("user", "organisation", "group")


def attendance(gathering: Gathering) -> int:
    """How many came: registered ones and others."""
    return gathering.registrations.filter(attended=True).count() + gathering.others_attended


def tasks_of(user: User) -> QuerySet[FollowUp]:
    """Tasks a person owns or, as an editor, follows."""
    mine = organisations_of(user, Role.EDITOR).values("pk")
    return FollowUp.objects.filter(
        Q(owner=user) | Q(gathering__organisation__in=mine)
    ).select_related("gathering", "gathering__organisation", "owner")


def possible_owners(gathering: Gathering) -> QuerySet[User]:
    """People who can take a task of an event on."""
    return User.objects.filter(
        Q(registrations__gathering=gathering) | Q(membership__organisation=gathering.organisation),
        is_active=True,
    ).distinct()
