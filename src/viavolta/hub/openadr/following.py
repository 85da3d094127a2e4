"""VTNs of others looked at: their events become limits and prices, reports go back.

Each connection is looked after by one process at a time, which holds its lease. What cannot be read
in one event is said of that event; the others are followed all the same. While a VTN does not
answer, what it said last holds.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.openadr.effects import end_of
from viavolta.hub.openadr.foreign import ForeignVtn
from viavolta.hub.openadr.models import Connection, ForeignEvent
from viavolta.hub.openadr.reporting import report_due
from viavolta.model.errors import InputError, PeerError, PlatformError, Where
from viavolta.protocols.openadr.objects import Kind, Version, inward, violation
from viavolta.storage.grid_signals import Heard, follow_limits, follow_prices, limits_named
from viavolta.storage.outgoing import wait_s

LEASE = timedelta(minutes=10)
"""Longer than a look may take; a process that was killed keeps the others out no longer."""
_CHANCE = random.Random()  # noqa: S311 - spreads retries, protects nothing


def channel_of(connection: Connection) -> str:
    """The channel of a connection's limits and prices."""
    return f"vtn-{connection.pk}"


def look_at_due(now: datetime) -> int:
    """Look at every connection that is due; how many."""
    due = Connection.objects.filter(_is_free(now), is_on=True, due_at__lte=now)
    looked = 0
    for key in list(due.values_list("pk", flat=True)):
        held = Connection.objects.filter(_is_free(now), pk=key, is_on=True, due_at__lte=now)
        if held.update(lease_until=now + LEASE):
            look(Connection.objects.select_related("organisation").get(pk=key))
            looked += 1
    return looked


def look(connection: Connection) -> None:
    """Ask a VTN for its programmes and events, follow them, send the reports that are due."""
    error = ""
    try:
        _hear(connection)
        follow(connection)
        _register(connection)
        report_due(connection, timezone.now())
    except (PlatformError, ValueError) as problem:  # sealed with another key, or the like
        error = str(problem)
    now = timezone.now()
    connection.failures = connection.failures + 1 if error else 0
    wait = max(float(connection.poll_s), wait_s(connection.failures, rng=_CHANCE) if error else 0)
    Connection.objects.filter(pk=connection.pk).update(
        error=error[:255],
        failures=connection.failures,
        looked_at=connection.looked_at if error else now,
        due_at=now + timedelta(seconds=wait),
        lease_until=None,
    )


def follow(connection: Connection) -> None:
    """Make limits and prices what a connection's events say, but for those opted out of."""
    now, tenant = timezone.now(), connection.organisation_id
    rows = connection.events.filter(error="", is_out=False, ends_at__gt=now).order_by("pk")
    is_on = connection.is_on and bool(connection.programs)
    if is_on and connection.limit_id and not limits_named(tenant, [connection.limit_id]):
        raise InputError(
            code="no-such-limit",
            message=_("there is no limit %(limit)s") % {"limit": connection.limit_id},
            where=Where(field="limit_id", value=connection.limit_id),
            hint=_("choose another for this VTN, or add it to the tree"),
        )
    heard = [Heard(content=row.content, received_at=row.received_at) for row in rows if is_on]
    channel = channel_of(connection)
    limits = heard if connection.takes_limits else []
    follow_limits(
        tenant, limits, channel=channel, everybody=connection.limit_id, catches_all=True, now=now
    )
    follow_prices(tenant, heard if connection.takes_prices else [], channel=channel, now=now)


def _hear(connection: Connection) -> None:
    """Keep what the VTN offers and says."""
    vtn = ForeignVtn(connection)
    programs = {
        str(one.get("id")): str(one.get("programName"))[:128] for one in vtn.all("programs")
    }
    connection.offered = sorted(set(programs.values()))
    Connection.objects.filter(pk=connection.pk).update(offered=connection.offered)
    events: list[tuple[str, dict[str, Any]]] = []
    for key, name in programs.items():
        if name in connection.programs:
            events += [(name, one) for one in vtn.all("events", programID=key)]
    _keep(connection, events)


def _register(connection: Connection) -> None:
    """See to it that the VTN knows our VEN; it may have its own way, so that is no failure."""
    if connection.ven_id:
        return
    vtn = ForeignVtn(connection)
    try:
        known = vtn.all("vens", venName=connection.ven_name)
        mine = [one for one in known if one.get("venName") == connection.ven_name]
        row = mine[0] if mine else vtn.make("vens", _ven(connection))
        connection.ven_id, connection.ven_error = str(row.get("id") or "")[:128], ""
    except PeerError as error:
        connection.ven_error = str(error)[:255]
    connection.save(update_fields=["ven_id", "ven_error"])


def _ven(connection: Connection) -> dict[str, Any]:
    is_new = connection.version == Version.V310
    kind = {"objectType": "VEN_VEN_REQUEST"} if is_new else {}
    return {"venName": connection.ven_name, **kind}


@transaction.atomic
def _keep(connection: Connection, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    held = {row.event_id: row for row in connection.events.all()}
    told = {}
    for program, content in events:
        name = str(content.get("id") or "")[:128]
        if not name:
            continue
        told[name] = program
        row = held.get(name)
        kept = inward(Version(connection.version), content) | {"id": name}
        if row is not None and row.content == kept:
            continue
        row = row or ForeignEvent(connection=connection, event_id=name)
        row.content, row.program, row.received_at = kept, program, timezone.now()
        row.ends_at, row.error = _read(kept, row.received_at)
        row.save()
    connection.events.exclude(event_id__in=told).delete()


def _read(content: dict[str, Any], received_at: datetime) -> tuple[datetime | None, str]:
    """When an event's limits and prices end, and why it cannot be followed."""
    wrong = violation(Kind.EVENT, {k: v for k, v in content.items() if k != "id"})
    if wrong is not None:
        return None, wrong[:255]
    try:
        return end_of(content, received_at), ""
    except ValueError as error:
        return None, str(error)[:255]


def _is_free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=now)
