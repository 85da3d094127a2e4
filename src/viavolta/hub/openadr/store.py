"""Objects made, changed and deleted by clients; what follows is done in the same transaction."""

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from viavolta.hub.openadr.clients import Caller
from viavolta.hub.openadr.content import Draft, draft_of
from viavolta.hub.openadr.effects import follow_events, to_follow
from viavolta.hub.openadr.models import VtnObject, VtnTarget
from viavolta.hub.openadr.refusals import conflict, forbidden, missing
from viavolta.hub.openadr.seen import seen_by
from viavolta.hub.openadr.telling import Operation, tell
from viavolta.hub.openadr.tree import is_of_tree
from viavolta.protocols.openadr.objects import Kind, Version

_OWN_ALONE = frozenset({Kind.PROGRAM, Kind.EVENT, Kind.SUBSCRIPTION, Kind.REPORT})
"""What only the client that made it may change."""


def object_of(caller: Caller, kind: Kind, object_id: str) -> VtnObject:
    """An object that a client sees.

    Raises
    ------
    RefusedError: there is none, or none for this client.
    """
    rows = seen_by(caller.client, kind).select_related("client", "parent")
    row = rows.filter(object_id=object_id).first()
    if row is None:
        raise missing(kind.lower())
    return row


def create(
    caller: Caller,
    version: Version,
    kind: Kind,
    body: dict[str, Any],
    *,
    ven: VtnObject | None = None,
) -> VtnObject:
    """Make an object.

    Raises
    ------
    RefusedError: it is not as it must be, or its name is taken.
    """
    draft = draft_of(caller, version, kind, body, ven=ven)
    row = VtnObject(
        organisation=caller.client.organisation,
        kind=kind,
        object_id=secrets.token_hex(12),
        version=version,
    )
    return _kept(caller, row, draft, Operation.CREATE)


def change(caller: Caller, version: Version, row: VtnObject, body: dict[str, Any]) -> VtnObject:
    """Put new content in place of an object's.

    Raises
    ------
    RefusedError: it is not as it must be, not this client's to change, or its name is taken.
    """
    _check_owner(caller, row)
    draft = draft_of(caller, version, Kind(row.kind), body, before=row)
    row.version, row.modified_at = version, timezone.now()
    return _kept(caller, row, draft, Operation.UPDATE)


@transaction.atomic
def delete(caller: Caller, row: VtnObject) -> None:
    """Delete an object with all that hangs on it; limits and prices of its events end.

    Raises
    ------
    RefusedError: it is not this client's to delete.
    """
    _check_owner(caller, row)
    is_followed = to_follow(row)
    for one in (*_below(row), row):
        tell(one, Operation.DELETE)
    row.delete()
    if is_followed:
        follow_events(row.organisation)


def _kept(caller: Caller, row: VtnObject, draft: Draft, operation: Operation) -> VtnObject:
    was_followed = row.pk is not None and to_follow(row)
    resources = draft.content.pop("resources", None) if row.kind == Kind.VEN else None
    row.content = draft.content
    row.parent, row.client, row.name = draft.parent, draft.client, draft.name
    row.secrets = draft.secrets
    row.ends_at = draft.ends_at
    try:
        with transaction.atomic():
            row.save()
            row.targets.all().delete()
            VtnTarget.objects.bulk_create(_targets(row))
            if resources is not None:
                _keep_resources(caller, row, resources)
            tell(row, operation)
            if was_followed or to_follow(row):
                follow_events(row.organisation)
    except IntegrityError as error:
        msg = f"the name {row.name!r} is taken"
        raise conflict(msg) from error
    return row


def _targets(row: VtnObject) -> list[VtnTarget]:
    return [
        VtnTarget(owner=row, type=target["type"], value=str(value)[:255])
        for target in row.content.get("targets") or ()
        for value in target["values"]
    ]


def _keep_resources(caller: Caller, ven: VtnObject, wanted: list[dict[str, Any]]) -> None:
    """Make a VEN's resources those that came with it, each by its name."""
    names = [one["resourceName"] for one in wanted]
    if len(set(names)) < len(names):
        msg = "two resources have the same name"
        raise conflict(msg)
    held = {one.name: one for one in ven.children.filter(kind=Kind.RESOURCE)}
    for name in held.keys() - set(names):
        delete(caller, held[name])
    for one in wanted:
        row = held.get(one["resourceName"])
        if row is None:
            create(caller, Version.V301, Kind.RESOURCE, one, ven=ven)
        else:
            change(caller, Version.V301, row, one)


def _below(row: VtnObject) -> list[VtnObject]:
    """What hangs on an object, the lowest first."""
    found: list[VtnObject] = []
    for child in row.children.select_related("client", "parent"):
        found += [*_below(child), child]
    return found


def _check_owner(caller: Caller, row: VtnObject) -> None:
    if is_of_tree(row.object_id):
        msg = "this mirrors the tree of limits"
        raise forbidden(msg)
    if row.kind in _OWN_ALONE and row.client_id != caller.client.pk:
        msg = "another client made this"
        raise forbidden(msg)
