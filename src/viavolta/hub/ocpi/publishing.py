"""What partners must know of sites and connectors, as people say it."""

from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.ocpi.models import Place, Plug
from viavolta.hub.ocpi.verbs import Verb
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.storage.tables.stations import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """What an editor says of a site."""

    site: str
    address: str
    city: str
    country: str
    lat: float
    lon: float
    time_zone: str
    name: str = ""
    postal_code: str = ""
    is_always_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugFacts:
    """What an editor says of a connector, or of all of a station."""

    station: int
    standard: str
    format: str
    power_type: str
    max_voltage: int
    max_amperage: int
    evse: int = 0
    connector: int = 0


@transaction.atomic
def save_place(user: User, organisation: Organisation, facts: PlaceFacts, number: int = 0) -> Place:
    """Publish a site, or change what is said of it.

    Raises
    ------
    RefusedError: the site is published already.
    """
    require(user, organisation, Role.EDITOR)
    row = (
        get_object_or_404(Place, organisation=organisation, pk=number)
        if number
        else Place(organisation=organisation)
    )
    for key, value in asdict(facts).items():
        setattr(row, key, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise RefusedError(_("This site is published already.")) from error
    record(Verb.PLACE_CHANGED, actor=user, organisation=organisation, subject=row)
    return row


@transaction.atomic
def remove_place(user: User, row: Place) -> None:
    """Publish a site no more: partners are told that its EVSEs are removed."""
    require(user, row.organisation, Role.EDITOR)
    record(Verb.PLACE_CHANGED, actor=user, organisation=row.organisation, subject=row)
    row.delete()


@transaction.atomic
def save_plug(user: User, organisation: Organisation, facts: PlugFacts, number: int = 0) -> Plug:
    """Say what a connector is.

    Raises
    ------
    RefusedError: it was said already.
    """
    require(user, organisation, Role.EDITOR)
    values = asdict(facts)
    station = get_object_or_404(Station, tenant_id=organisation.pk, pk=values.pop("station"))
    mine = Plug.objects.filter(station__tenant_id=organisation.pk)
    row = get_object_or_404(mine, pk=number) if number else Plug()
    row.station = station
    for key, value in values.items():
        setattr(row, key, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise RefusedError(_("That was said of this connector already.")) from error
    record(Verb.PLUG_CHANGED, actor=user, organisation=organisation, subject=row)
    return row


@transaction.atomic
def remove_plug(user: User, organisation: Organisation, row: Plug) -> None:
    """Take back what was said of a connector."""
    require(user, organisation, Role.EDITOR)
    record(Verb.PLUG_CHANGED, actor=user, organisation=organisation, subject=row)
    row.delete()
