"""Subscribers told of what changed: written down with the change, sent soon after, tried again.

A callback carries the bearer token that the subscriber gave; that is all the standard knows of
proving who calls.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Min, Q
from django.utils import timezone

from viavolta.hub.openadr.doors import outgoing_door
from viavolta.hub.openadr.models import Notification, VtnObject
from viavolta.hub.openadr.seen import is_seen, written
from viavolta.model.errors import PlatformError
from viavolta.protocols.openadr.intervals import targets_of
from viavolta.protocols.openadr.objects import OPERATIONS, Kind, Version
from viavolta.storage.outgoing import send, wait_s
from viavolta.storage.sealed import unseal

MOST_TRIES = 12
HELD = timedelta(seconds=120)
"""How long one that sends keeps others from sending the same; longer than a request may take."""
_AT_A_TIME, _AT_ONCE = 50, 10
_REDIRECT, _FINE = 300, 200
_BY_NAME = {Kind.VEN: "VEN_NAME", Kind.RESOURCE: "RESOURCE_NAME"}


class Operation(StrEnum):
    """What was done with an object, as 3.1 writes it."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


def tell(row: VtnObject, operation: Operation) -> None:
    """Write down whom to tell of a change; part of the caller's transaction."""
    kind = Kind(row.kind)
    program = _program_of(row, kind)
    about = Q(parent=None) if program is None else Q(parent=None) | Q(parent=program)
    subscriptions = (
        VtnObject.objects.filter(organisation=row.organisation_id, kind=Kind.SUBSCRIPTION)
        .filter(about if kind not in _BY_NAME else Q())
        .exclude(client=None)
        .exclude(pk=row.pk)
        .filter(client__revoked_at=None)
        .select_related("client")
    )
    Notification.objects.bulk_create(
        Notification(
            subscription=one,
            callback=k,
            url=wanted["callbackUrl"],
            content=_content(one, row, operation),
        )
        for one in subscriptions
        if _is_asked(one, row)
        for k, wanted in enumerate(one.content["objectOperations"])
        if kind in wanted["objects"]
        and not {operation, OPERATIONS[operation]}.isdisjoint(wanted["operations"])
    )


def send_due(now: datetime) -> int:
    """Send what is due, each subscriber's in its order; how many were tried.

    A notification that fails keeps those behind it waiting: nobody hears of an event's end before
    its beginning. A slow subscriber keeps no other waiting.
    """
    tried = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while heads := [row for row in _heads(now) if _is_taken(row, now)]:
            for row, error in zip(heads, pool.map(_failure, heads), strict=True):
                _note(row, error)
            tried += len(heads)
    return tried


def _heads(now: datetime) -> list[Notification]:
    """The first notification that each subscriber still waits for, where it is due."""
    pending = Notification.objects.filter(sent_at=None, given_up_at=None)
    first = pending.values("subscription").annotate(first=Min("pk")).values("first")
    due = Notification.objects.filter(pk__in=first, due_at__lte=now)
    return list(due.select_related("subscription")[:_AT_A_TIME])


def _is_taken(row: Notification, now: datetime) -> bool:
    """Take a notification, unless another process was faster."""
    mine = Notification.objects.filter(pk=row.pk, tries=row.tries, sent_at=None)
    is_taken = bool(mine.update(tries=row.tries + 1, due_at=now + HELD))
    row.tries += is_taken
    return is_taken


def _note(row: Notification, error: str) -> None:
    now = timezone.now()
    if not error:
        row.sent_at, row.error = now, ""
    else:
        row.error = error[:255]
        row.due_at = now + timedelta(seconds=wait_s(row.tries, rng=_CHANCE))
        row.given_up_at = now if row.tries >= MOST_TRIES else None
    row.save(update_fields=["sent_at", "due_at", "error", "given_up_at"])


_CHANCE = random.Random()  # noqa: S311 - spreads retries, protects nothing


def _failure(row: Notification) -> str:
    """What went wrong with sending; "" for nothing."""
    headers = {"Content-Type": "application/json"}
    try:
        token = _token(row)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        reply = send(
            "POST",
            row.url,
            headers=headers,
            body=json.dumps(row.content, separators=(",", ":")).encode(),
            door=outgoing_door(),
            most_bytes=100_000,
        )
    except (PlatformError, ValueError) as error:
        return str(error)
    return "" if _FINE <= reply.status < _REDIRECT else f"HTTP {reply.status}"


def _token(row: Notification) -> str | None:
    if not row.subscription.secrets:
        return None
    tokens = json.loads(unseal(settings.CONFIG.data, row.subscription.secrets))
    token: str | None = tokens[row.callback] if row.callback < len(tokens) else None
    return token


def _content(subscription: VtnObject, row: VtnObject, operation: Operation) -> dict[str, Any]:
    version = Version(subscription.version)
    assert subscription.client is not None  # noqa: S101 - the query leaves out those without
    return {
        "objectType": row.kind,
        "operation": OPERATIONS[operation] if version is Version.V301 else operation.value,
        "object": written(row, version, subscription.client),
    }


def _is_asked(subscription: VtnObject, row: VtnObject) -> bool:
    """Whether an object is one that a subscriber sees and, by its targets, wants."""
    if subscription.client is None or not is_seen(subscription.client, row):
        return False
    wanted = targets_of(subscription.content)
    return not wanted or not {*targets_of(row.content), row.name}.isdisjoint(wanted)


def _program_of(row: VtnObject, kind: Kind) -> VtnObject | None:
    match kind:
        case Kind.PROGRAM:
            return row
        case Kind.EVENT | Kind.SUBSCRIPTION:
            return row.parent
        case Kind.REPORT:
            return row.parent.parent if row.parent else None
        case _:
            return None
