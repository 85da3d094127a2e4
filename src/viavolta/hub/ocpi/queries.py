"""What pages and the API show of roaming: partners, what was exchanged, what lacks."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count, Q, QuerySet

from viavolta.hub.ocpi.models import (
    Exchange,
    ForeignObject,
    ForeignToken,
    Module,
    OwnObject,
    Partner,
    Party,
    Place,
    Plug,
    Push,
)
from viavolta.hub.ocpi.own.plugs import plug_of
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.stations import Outlet, Station

MOST_EXCHANGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerShown:
    """A partner, and how much is exchanged with it."""

    id: int
    name: str
    state: str
    is_suspended: bool
    parties: str
    n_waiting: int
    n_refused: int
    heard_at: datetime | None
    invited_until: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleShown:
    """A module with a partner: what we show it, what it told us, how reading its list goes."""

    module: str
    n_ours: int
    n_theirs: int
    looked_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteShown:
    """A site of ours: published or not, and what lacks."""

    site: str
    place: Place | None
    n_stations: int
    n_connectors: int
    n_without_plug: int


def party_of(organisation: Organisation) -> Party | None:
    """Who an organisation is in roaming."""
    return Party.objects.filter(organisation=organisation).first()


def partners_of(organisation: Organisation) -> list[PartnerShown]:
    """The partners of an organisation; those that left last."""
    rows = (
        Partner.objects.filter(organisation=organisation)
        .annotate(
            n_waiting=Count("pushes", filter=Q(pushes__sent_at=None, pushes__refused_at=None)),
            n_refused=Count(
                "pushes", filter=Q(pushes__sent_at=None, pushes__refused_at__isnull=False)
            ),
        )
        .order_by("name", "id")  # grouping drops the usual order
    )
    shown = [
        PartnerShown(
            id=row.pk,
            name=row.name,
            state=row.state,
            is_suspended=row.is_suspended,
            parties=row.parties,
            n_waiting=row.n_waiting,
            n_refused=row.n_refused,
            heard_at=row.heard_at,
            invited_until=row.invited_until,
            error=row.error,
        )
        for row in rows
    ]
    return sorted(shown, key=lambda one: one.state == Partner.State.LEFT)


def modules_of(partner: Partner) -> list[ModuleShown]:
    """What goes both ways with a partner, module by module."""
    own = OwnObject.objects.filter(organisation=partner.organisation_id).filter(
        Q(partner=partner) | Q(partner=None)
    )
    pulls = {row.module: row for row in partner.pulls.all()}
    found = []
    for module in Module:
        pull = pulls.get(module)
        theirs = (
            ForeignToken.objects.filter(partner=partner).count()
            if module is Module.TOKENS
            else ForeignObject.objects.filter(partner=partner, module=module).count()
        )
        found.append(
            ModuleShown(
                module=module.value,
                n_ours=own.filter(module=module).count(),
                n_theirs=theirs,
                looked_at=None if pull is None else pull.looked_at,
                error="" if pull is None else pull.error,
            )
        )
    return found


def exchanges_of(partner: Partner) -> QuerySet[Exchange]:
    """Requests between a partner and us, newest first."""
    return Exchange.objects.filter(partner=partner)


def refused_of(partner: Partner) -> QuerySet[Push]:
    """What a partner did not take."""
    return Push.objects.filter(partner=partner, sent_at=None).exclude(refused_at=None)


def plugs_of(organisation: Organisation) -> QuerySet[Plug]:
    """What was said of connectors."""
    return Plug.objects.filter(station__tenant_id=organisation.pk).select_related("station")


def sites_of(organisation: Organisation) -> list[SiteShown]:
    """The sites of an organisation's stations, and those that are published without any."""
    places = {row.site: row for row in Place.objects.filter(organisation=organisation)}
    stations = Station.objects.filter(
        tenant_id=organisation.pk, admission=Station.Admission.ACCEPTED
    ).order_by("site", "identity")
    found = []
    for site, group in groupby(stations.prefetch_related("outlets", "plugs"), lambda s: s.site):
        rows = list(group)
        pairs = [(station, outlet) for station in rows for outlet in station.outlets.all()]
        real = [(station, outlet) for station, outlet in pairs if outlet.evse and outlet.connector]
        found.append(
            SiteShown(
                site=site,
                place=places.pop(site, None),
                n_stations=len(rows),
                n_connectors=len(real),
                n_without_plug=sum(not _has_plug(station, outlet) for station, outlet in real),
            )
        )
    found += [
        SiteShown(site=site, place=place, n_stations=0, n_connectors=0, n_without_plug=0)
        for site, place in places.items()
    ]
    return found


def _has_plug(station: Station, outlet: Outlet) -> bool:
    return plug_of(station.plugs.all(), outlet.evse, outlet.connector) is not None
