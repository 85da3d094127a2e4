"""What pages and the API show of grid signals: events and what they do, clients, connections."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from viavolta.hub.openadr.following import channel_of
from viavolta.hub.openadr.models import Client, Connection, ForeignEvent, VtnObject
from viavolta.hub.people.models import Organisation
from viavolta.protocols.openadr.objects import Kind
from viavolta.protocols.openadr.reports import not_written
from viavolta.storage.tables.live import LimitChange

MOST_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EventShown:
    """An event, from our VTN or one that is followed, and the limits that it sets now or later.

    `number` is that of a followed event, None for one of our VTN. `not_reported` are reports that
    it asks for and that nobody here can write.
    """

    event_id: str
    number: int | None
    name: str
    program: str
    source: str
    priority: int | None
    received_at: datetime
    ends_at: datetime | None
    limits: tuple[str, ...]
    lowest_import_kw: float | None
    is_out: bool
    error: str
    not_reported: tuple[str, ...]


def clients_of(organisation: Organisation) -> QuerySet[Client]:
    """Clients of an organisation's VTN that were not revoked."""
    return Client.objects.filter(organisation=organisation, revoked_at=None)


def connections_of(organisation: Organisation) -> QuerySet[Connection]:
    """The VTNs that an organisation follows."""
    return Connection.objects.filter(organisation=organisation)


def events_of(organisation: Organisation) -> list[EventShown]:
    """The newest events of an organisation's VTN and of those it follows."""
    own = (
        VtnObject.objects.filter(organisation=organisation, kind=Kind.EVENT)
        .select_related("parent", "client")
        .order_by("-modified_at")[:MOST_EVENTS]
    )
    foreign = (
        ForeignEvent.objects.filter(connection__organisation=organisation)
        .select_related("connection")
        .order_by("-received_at")[:MOST_EVENTS]
    )
    set_by = _limits_by_event(organisation)
    shown = [*_own(own, set_by), *(foreign_shown(row, set_by) for row in foreign)]
    return sorted(shown, key=lambda one: one.received_at, reverse=True)[:MOST_EVENTS]


def events_of_connection(connection: Connection) -> list[EventShown]:
    """The events of one VTN that is followed."""
    set_by = _limits_by_event(connection.organisation)
    rows = connection.events.select_related("connection")[:MOST_EVENTS]
    return [foreign_shown(row, set_by) for row in rows]


def foreign_shown(row: ForeignEvent, set_by: dict[str, list[LimitChange]]) -> EventShown:
    """A followed event as it is shown."""
    content = row.content
    return EventShown(
        event_id=row.event_id,
        number=row.pk,
        name=str(content.get("eventName") or row.event_id),
        program=row.program,
        source=row.connection.name,
        priority=content.get("priority"),
        received_at=row.received_at,
        ends_at=row.ends_at,
        is_out=row.is_out,
        error=row.error,
        not_reported=tuple(not_written(content)) if not row.error else (),
        **_set(set_by.get(f"{channel_of(row.connection)}/{row.event_id}", ())),
    )


def _own(rows: Iterable[VtnObject], set_by: dict[str, list[LimitChange]]) -> Iterable[EventShown]:
    for row in rows:
        yield EventShown(
            event_id=row.object_id,
            number=None,
            name=row.name or row.object_id,
            program=row.parent.name if row.parent else "",
            source=row.client.name if row.client else "",
            priority=row.content.get("priority"),
            received_at=row.modified_at,
            ends_at=row.ends_at,
            is_out=False,
            error="",
            not_reported=(),
            **_set(set_by.get(row.object_id, ())),
        )


def _set(changes: Iterable[LimitChange]) -> dict[str, Any]:
    rows = list(changes)
    powers = [row.import_kw for row in rows if row.import_kw is not None]
    return {
        "limits": tuple(sorted({row.limit.limit_id for row in rows})),
        "lowest_import_kw": min(powers) if powers else None,
    }


def _limits_by_event(organisation: Organisation) -> dict[str, list[LimitChange]]:
    """Rows of limits by the event that set them; one of two events stands under both."""
    found: dict[str, list[LimitChange]] = {}
    rows = LimitChange.objects.filter(
        limit__tenant_id=organisation.pk, source=LimitChange.Source.OPENADR, is_withdrawn=False
    ).select_related("limit")
    for row in rows:
        channel, slash, names = row.reference.rpartition("/")
        for name in names.split("+"):
            found.setdefault(f"{channel}{slash}{name}", []).append(row)
    return found
