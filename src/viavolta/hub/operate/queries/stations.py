"""Stations of a tenant, and what is to be seen of one."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from viavolta.hub.operate.queries.state import with_state
from viavolta.hub.people.models import Organisation, User
from viavolta.storage.tables.live import SiteLimit
from viavolta.storage.tables.stations import Command, Session, Station

_ACCOUNT = "account:"


def stations_of(tenant: Organisation) -> QuerySet[Station]:
    """All stations of a tenant."""
    return Station.objects.filter(tenant_id=tenant.pk)


def shown_stations(tenant: Organisation) -> QuerySet[Station]:
    """The stations that a tenant runs, with their state; those that were closed are left out."""
    return with_state(stations_of(tenant).exclude(admission=Station.Admission.REJECTED))


def limit_ids_of(tenant: Organisation) -> list[str]:
    """The names of a tenant's limits."""
    return list(SiteLimit.objects.filter(tenant_id=tenant.pk).values_list("limit_id", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A tenant's stations in figures: how many, how many on line, what they draw now (kW)."""

    stations: int
    online: int
    sessions: int
    import_kw: float
    export_kw: float


def totals_of(tenant: Organisation) -> Totals:
    """The figures of this moment."""
    mine = stations_of(tenant).exclude(admission=Station.Admission.REJECTED)
    counted = mine.aggregate(n=Count("pk"), online=Count("pk", filter=~Q(gateway="")))
    open_sessions = Session.objects.filter(station__in=mine, ended_at=None)
    drawn = open_sessions.aggregate(
        n=Count("pk"),
        in_w=Sum("power_w", filter=Q(power_w__gt=0)),
        out_w=Sum("power_w", filter=Q(power_w__lt=0)),
    )
    return Totals(
        stations=counted["n"],
        online=counted["online"],
        sessions=drawn["n"],
        import_kw=(drawn["in_w"] or 0.0) / 1000.0,
        export_kw=-(drawn["out_w"] or 0.0) / 1000.0,
    )


def commands_of(tenant: Organisation) -> QuerySet[Command]:
    """What was asked of a tenant's stations, newest first."""
    return Command.objects.filter(station__tenant_id=tenant.pk).select_related("station")


def account_key(user: User) -> str:
    """Who asked, as a command keeps it: no name, so that erasing an account leaves none behind."""
    return f"{_ACCOUNT}{user.pk}"


def names_of(keys: set[str]) -> dict[str, str]:
    """Names of those who asked, by what commands keep; services of the hub go by their own name."""
    numbers = {key: key.removeprefix(_ACCOUNT) for key in keys if key.startswith(_ACCOUNT)}
    people = User.objects.in_bulk([int(n) for n in numbers.values() if n.isdecimal()])
    return {
        key: (people[int(n)].name if n.isdecimal() and int(n) in people else "")
        for key, n in numbers.items()
    }
