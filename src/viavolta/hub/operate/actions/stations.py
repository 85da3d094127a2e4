"""Stations added, changed, given a new key, closed: their owner's business."""

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.storage.station_keys import gateway_key, key_hash, new_password
from viavolta.storage.tables.stations import Session, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFacts:
    """What an owner says of a station; `limit_id` names the limit that its power counts under."""

    name: str = ""
    site: str = ""
    limit_id: str = ""
    lat: float | None = None
    lon: float | None = None
    security_profile: int = 1


@transaction.atomic
def add_station(
    user: User, tenant: Organisation, identity: str, facts: StationFacts
) -> tuple[Station, str]:
    """Add a station; its key is returned this once.

    Raises
    ------
    RefusedError: the identity is taken, here or by somebody else.
    """
    require_member(user, tenant, Role.OWNER)
    row = Station(tenant_id=tenant.pk, identity=identity)
    _tell(row, facts)
    key = _give_key(row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise RefusedError(_("This identity is taken; choose another one.")) from error
    record(Verb.STATION_ADDED, actor=user, organisation=tenant, subject=row)
    return row, key


@transaction.atomic
def change_station(user: User, tenant: Organisation, row: Station, facts: StationFacts) -> None:
    """Change what is said of a station."""
    require_member(user, tenant, Role.OWNER)
    _tell(row, facts)
    row.changed_at = timezone.now()
    row.save(
        update_fields=[
            *("name", "site", "limit_id", "lat", "lon", "security_profile", "changed_at"),
        ]
    )
    record(Verb.STATION_CHANGED, actor=user, organisation=tenant, subject=row)


@transaction.atomic
def renew_key(user: User, tenant: Organisation, row: Station) -> str:
    """Give a station a new key, which is returned this once; the old one ends at once."""
    require_member(user, tenant, Role.OWNER)
    key = _give_key(row)
    row.changed_at = timezone.now()
    row.save(update_fields=["key_hash", "changed_at"])
    record(Verb.STATION_KEY_MADE, actor=user, organisation=tenant, subject=row)
    return key


@transaction.atomic
def remove_station(user: User, tenant: Organisation, row: Station) -> bool:
    """Take a station out; whether its row is gone. With sessions it is closed and kept for them."""
    require_member(user, tenant, Role.OWNER)
    record(
        Verb.STATION_REMOVED,
        actor=user,
        organisation=tenant,
        subject=row,
        detail={"identity": row.identity},
    )
    if Session.objects.filter(station=row).exists():
        row.admission, row.key_hash = Station.Admission.REJECTED, ""
        row.changed_at = timezone.now()
        row.save(update_fields=["admission", "key_hash", "changed_at"])
        return False
    row.delete()
    return True


def _tell(row: Station, facts: StationFacts) -> None:
    row.name, row.site, row.limit_id = facts.name, facts.site, facts.limit_id
    row.lat, row.lon, row.security_profile = facts.lat, facts.lon, facts.security_profile


def _give_key(row: Station) -> str:
    key = new_password()
    row.key_hash = key_hash(gateway_key(settings.CONFIG.data), row.identity, key)
    return key
