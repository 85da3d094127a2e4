"""VTNs of others that an organisation follows: taken up, changed, left; events opted out of."""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from viavolta.hub.frame.events import record
from viavolta.hub.openadr.doors import outgoing_door
from viavolta.hub.openadr.following import follow
from viavolta.hub.openadr.models import Connection, ForeignEvent
from viavolta.hub.openadr.verbs import Verb
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.storage.outgoing import checked_url
from viavolta.storage.sealed import seal

SHORTEST_POLL_S, LONGEST_POLL_S = 10, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """What an owner says of a connection."""

    name: str
    url: str
    version: str
    client_id: str
    ven_name: str
    token_url: str = ""
    limit_id: str = ""
    takes_limits: bool = True
    takes_prices: bool = False
    sends_reports: bool = True
    poll_s: int = 30
    is_on: bool = True


@transaction.atomic
def make_connection(
    user: User, organisation: Organisation, facts: ConnectionFacts, secret: str
) -> Connection:
    """Follow a VTN; it is looked at soon.

    Raises
    ------
    InputError: an address that may not be called.
    """
    require(user, organisation, Role.OWNER)
    _check(facts)
    row = Connection.objects.create(
        organisation=organisation, secret=seal(settings.CONFIG.data, secret), **asdict(facts)
    )
    record(Verb.CONNECTION_MADE, actor=user, organisation=organisation, subject=row)
    return row


@transaction.atomic
def change_connection(
    user: User, row: Connection, facts: ConnectionFacts, secret: str
) -> Connection:
    """Change a connection; an empty secret keeps the one there is.

    Raises
    ------
    InputError: an address that may not be called.
    """
    require(user, row.organisation, Role.OWNER)
    _check(facts)
    for key, value in asdict(facts).items():
        setattr(row, key, value)
    if secret:
        row.secret = seal(settings.CONFIG.data, secret)
    _look_soon(row, token="", token_until=None, ven_id="")  # the VTN may be another
    record(Verb.CONNECTION_CHANGED, actor=user, organisation=row.organisation, subject=row)
    follow(row)
    return row


@transaction.atomic
def choose_programs(user: User, row: Connection, programs: list[str]) -> None:
    """Choose the programmes whose events are followed."""
    require(user, row.organisation, Role.OWNER)
    _look_soon(row, programs=sorted(set(programs)))
    row.events.exclude(program__in=row.programs).delete()
    record(Verb.CONNECTION_CHANGED, actor=user, organisation=row.organisation, subject=row)
    follow(row)


@transaction.atomic
def choose_event(user: User, event: ForeignEvent, *, is_out: bool) -> None:
    """Opt out of an event, or in again; the VTN is told with the next look."""
    row = event.connection
    require(user, row.organisation, Role.EDITOR)
    event.is_out = is_out
    event.save(update_fields=["is_out"])
    verb = Verb.EVENT_LEFT if is_out else Verb.EVENT_FOLLOWED
    record(verb, actor=user, organisation=row.organisation, subject=event)
    follow(row)
    _look_soon(row)


def look_soon(user: User, row: Connection) -> None:
    """Have a VTN looked at as soon as may be."""
    require(user, row.organisation, Role.EDITOR)
    _look_soon(row)


@transaction.atomic
def end_connection(user: User, row: Connection) -> None:
    """Follow a VTN no more; its limits and prices end."""
    require(user, row.organisation, Role.OWNER)
    row.is_on = False
    follow(row)
    record(Verb.CONNECTION_ENDED, actor=user, organisation=row.organisation, subject=row)
    row.delete()


def _check(facts: ConnectionFacts) -> None:
    for address in filter(None, (facts.url, facts.token_url)):
        checked_url(address, door=outgoing_door())


def _look_soon(row: Connection, **changes: Any) -> None:
    for key, value in changes.items():
        setattr(row, key, value)
    row.due_at, row.failures = timezone.now(), 0
    row.save()
