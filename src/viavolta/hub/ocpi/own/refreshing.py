"""All objects of an organisation brought up to date, in one transaction."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from viavolta.hub.ocpi.models import Partner, Party
from viavolta.hub.ocpi.own.cdrs import refresh_cdrs
from viavolta.hub.ocpi.own.keeping import locked
from viavolta.hub.ocpi.own.locations import refresh_locations
from viavolta.hub.ocpi.own.sessions import refresh_sessions
from viavolta.hub.ocpi.own.tariffs import refresh_tariffs
from viavolta.hub.ocpi.own.tokens import refresh_tokens

_AS_CPO: tuple[Callable[[Party, datetime], None], ...] = (
    refresh_tariffs,
    refresh_locations,
    refresh_sessions,
    refresh_cdrs,
)


def refresh(party_id: int, now: datetime) -> None:
    """Bring an organisation's objects up to date, and write down whom to tell of what changed."""
    with transaction.atomic():
        party = locked(party_id)
        for one in _AS_CPO if party.is_cpo else ():
            one(party, now)
        if party.is_emsp:
            refresh_tokens(party, now)


def refresh_all(now: datetime) -> None:
    """Bring the objects up to date of every organisation that has a partner."""
    partners = Partner.objects.filter(state=Partner.State.REGISTERED, is_suspended=False)
    parties = Party.objects.filter(organisation__in=partners.values("organisation"))
    for key in parties.values_list("pk", flat=True):
        refresh(key, now)
