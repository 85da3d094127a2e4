"""What a client writes, checked: by the rules of OpenADR, and whether we can do what it says."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from viavolta.hub.frame.json_bodies import BodyError, json_object
from viavolta.hub.openadr.clients import Caller
from viavolta.hub.openadr.doors import outgoing_door
from viavolta.hub.openadr.effects import end_of
from viavolta.hub.openadr.models import Client, ClientRole, VtnObject
from viavolta.hub.openadr.refusals import RefusedError, bad, forbidden
from viavolta.hub.openadr.seen import seen_by
from viavolta.model.errors import InputError
from viavolta.protocols.openadr.intervals import targets_of
from viavolta.protocols.openadr.objects import NAME, Kind, Version, inward, violation
from viavolta.storage.outgoing import checked_url
from viavolta.storage.sealed import seal

_MOST_SPANS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be kept of an object."""

    content: dict[str, Any]
    parent: VtnObject | None
    client: Client | None
    name: str
    secrets: str
    ends_at: dt.datetime | None


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a request brings.

    Raises
    ------
    RefusedError: too large, nested too deep, no JSON, or no object.
    """
    try:
        return json_object(request)
    except BodyError as error:
        raise RefusedError(error.status, error.detail) from error


def draft_of(
    caller: Caller,
    version: Version,
    kind: Kind,
    body: dict[str, Any],
    *,
    before: VtnObject | None = None,
    ven: VtnObject | None = None,
) -> Draft:
    """What a client wrote, ready to be kept.

    Raises
    ------
    RefusedError: it breaks a rule, names what is not there, or is not this client's to write.
    """
    content = inward(version, body)
    parent = _parent(caller, version, kind, body, content, before=before, ven=ven)
    wrong = violation(kind, content)
    if wrong is not None:
        raise bad(wrong)
    ends_at = _checked_end(content) if kind is Kind.EVENT else None
    if kind in {Kind.VEN, Kind.RESOURCE}:
        _check_targets(caller, content, before)
    secrets = _taken_secrets(content) if kind is Kind.SUBSCRIPTION else ""
    return Draft(
        content=content,
        parent=parent,
        client=_owner(caller, kind, body, before=before, parent=parent),
        name=str(content.get(NAME[kind]) or "")[:128],
        secrets=secrets,
        ends_at=ends_at,
    )


def _checked_end(content: dict[str, Any]) -> dt.datetime | None:
    """When an event's limits and prices end; what we could not follow is refused."""
    if max(1, len(targets_of(content))) * len(content["intervals"]) > _MOST_SPANS:
        msg = f"targets times intervals: expected {_MOST_SPANS} or less"
        raise bad(msg)
    try:
        return end_of(content, timezone.now())
    except ValueError as error:
        raise bad(str(error)) from error


def _parent(
    caller: Caller,
    version: Version,
    kind: Kind,
    body: dict[str, Any],
    content: dict[str, Any],
    *,
    before: VtnObject | None,
    ven: VtnObject | None,
) -> VtnObject | None:
    """What an object hangs on; of a report the programme is that of its event."""
    match kind:
        case Kind.EVENT:
            return _named(caller, Kind.PROGRAM, content, "programID")
        case Kind.REPORT:
            event = _named(caller, Kind.EVENT, content, "eventID")
            told = event.parent.object_id if event.parent else ""
            if content.setdefault("programID", told) != told:
                msg = "programID: expected the programme of the event"
                raise bad(msg)
            return event
        case Kind.SUBSCRIPTION if version is Version.V301 or content.get("programID") is not None:
            return _named(caller, Kind.PROGRAM, content, "programID")
        case Kind.RESOURCE:
            return before.parent if before else ven or _named(caller, Kind.VEN, body, "venID")
        case _:
            return None


def _named(caller: Caller, kind: Kind, content: dict[str, Any], key: str) -> VtnObject:
    """The object that a field names."""
    value = content.get(key)
    if not isinstance(value, str):
        msg = f"{key}: expected the id of a {kind.lower()}"
        raise bad(msg)
    row = seen_by(caller.client, kind).filter(object_id=value).select_related("parent").first()
    if row is None:
        msg = f"{key}: there is no such {kind.lower()}"
        raise bad(msg)
    return row


def _owner(
    caller: Caller,
    kind: Kind,
    body: dict[str, Any],
    *,
    before: VtnObject | None,
    parent: VtnObject | None,
) -> Client | None:
    """Whose an object is: its maker's, or whom business logic names for a VEN."""
    if kind is Kind.RESOURCE and parent is not None:
        return parent.client
    told = body.get("clientID") if kind is Kind.VEN else None
    if told is not None and not caller.is_ven:
        found = Client.objects.filter(
            organisation=caller.client.organisation_id,
            role=ClientRole.VEN,
            client_id=str(told),
            revoked_at=None,
        ).first()
        if found is None:
            msg = "clientID: there is no such VEN client"
            raise bad(msg)
        return found
    return before.client if before else caller.client


def _check_targets(caller: Caller, content: dict[str, Any], before: VtnObject | None) -> None:
    """Targets of VENs open programmes and events to them: business logic alone grants them."""
    if not caller.is_ven:
        return
    granted = (before.content.get("targets") if before else None) or []
    parts = [content, *(content.get("resources") or ())]
    if any(part.get("targets") not in (None, [], granted) for part in parts):
        msg = "targets of VENs and resources are granted by business logic"
        raise forbidden(msg)
    if granted:
        content["targets"] = granted


def _taken_secrets(content: dict[str, Any]) -> str:
    """Take the tokens of a subscriber out of its subscription, sealed."""
    tokens = []
    for one in content["objectOperations"]:
        if not {"READ", "GET"}.isdisjoint(one["operations"]):
            msg = "operations: nobody is told of reading; expected CREATE, UPDATE, DELETE"
            raise bad(msg)
        try:
            checked_url(one["callbackUrl"], door=outgoing_door())
        except InputError as error:
            msg = f"callbackUrl: {error}"
            raise bad(msg) from error
        tokens.append(one.pop("bearerToken", None))
    return seal(settings.CONFIG.data, json.dumps(tokens)) if any(tokens) else ""
