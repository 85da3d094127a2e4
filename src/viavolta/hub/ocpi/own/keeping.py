"""What changed since the last time: written down once, with whom to tell of it.

The row of the party is the lock: two processes never write the same change twice.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.db.models import Q

from viavolta.hub.ocpi.models import Module, OwnObject, Partner, Party, Push
from viavolta.hub.ocpi.offered import RECEIVER
from viavolta.protocols.ocpi.objects import as_date_time, findings

LOG = logging.getLogger(__name__)
Content = dict[str, Any]
KINDS = {
    Module.LOCATIONS: "Location",
    Module.SESSIONS: "Session",
    Module.CDRS: "CDR",
    Module.TARIFFS: "Tariff",
    Module.TOKENS: "Token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An object as it should be; `sources` names the rows that a CDR comes from."""

    content: Content
    partner: Partner | None = None
    sources: Mapping[str, Any] | None = None


Merge = Callable[[Content, Content | None, datetime], Content]
"""New content, the one kept or None, now: the content to keep, with inner times."""


def keep(
    party: Party,
    module: Module,
    drafts: Mapping[str, Draft],
    now: datetime,
    *,
    merge: Merge | None = None,
) -> list[OwnObject]:
    """Write down the objects that are new or changed, and whom to tell; those that were.

    Objects of a module that are not in `drafts` stay as they are, and so do those whose new content
    is none of OCPI.
    """
    held = {
        row.object_id: row
        for row in OwnObject.objects.filter(
            organisation=party.organisation_id, module=module, object_id__in=list(drafts)
        )
    }
    changed = []
    for object_id, draft in drafts.items():
        row = held.get(object_id)
        before = row.content if row is not None else None
        content = draft.content if merge is None else merge(draft.content, before, now)
        if row is not None and content == row.content:
            continue
        if _is_wrong(module, object_id, content, now):
            continue
        if row is None:
            row = OwnObject(
                organisation_id=party.organisation_id,
                module=module,
                object_id=object_id,
                partner=draft.partner,
                **(draft.sources or {}),
            )
        row.content, row.last_updated = content, now
        row.save()
        changed.append(row)
        _tell(party, row, before)
    return changed


def take_away(party: Party, module: Module, object_ids: Iterable[str]) -> None:
    """Forget objects that are no more, and have partners delete them."""
    for row in OwnObject.objects.filter(
        organisation=party.organisation_id, module=module, object_id__in=list(object_ids)
    ):
        for partner in receivers_of(party, module, row.partner_id):
            _push(partner, module, row.object_id, "DELETE", _path(party, row.object_id), None)
        row.delete()


def written(row: OwnObject) -> Content:
    """An object as it goes over the wire."""
    return {**row.content, "last_updated": as_date_time(row.last_updated)}


def seen_by(partner: Partner, module: Module) -> Q:
    """Which of our objects a partner may see."""
    mine = Q(organisation=partner.organisation_id, module=module)
    is_private = module in {Module.SESSIONS, Module.CDRS}
    return mine & (Q(partner=partner) if is_private else Q(partner=None))


def receivers_of(party: Party, module: Module, only: int | None) -> list[Partner]:
    """The partners to tell of a change in a module."""
    rows = Partner.objects.filter(
        organisation=party.organisation_id, state=Partner.State.REGISTERED, is_suspended=False
    )
    if only is not None:
        rows = rows.filter(pk=only)
    return [row for row in rows if row.endpoint(module, RECEIVER)]


def _is_wrong(module: Module, object_id: str, content: Content, now: datetime) -> bool:
    """Whether an object is not as OCPI wants it: then it does not leave us, and the log says so."""
    found = findings(KINDS[module], {**content, "last_updated": as_date_time(now)})
    if found:
        LOG.error(
            "object not published",
            extra={"kind": str(module), "object": object_id, "why": str(found[0])},
        )
    return bool(found)


def _tell(party: Party, row: OwnObject, before: Content | None) -> None:
    module = Module(row.module)
    for partner in receivers_of(party, module, row.partner_id):
        if module is Module.CDRS:
            _push(partner, module, row.object_id, "POST", "", written(row))
            continue
        for inner, content in _parts(row, before):
            path = _path(party, row.object_id, *inner)
            suffix = f"?type={row.content['type']}" if module is Module.TOKENS else ""
            name = "/".join((row.object_id, *inner))
            _push(partner, module, name, "PUT", path + suffix, content)


def _parts(row: OwnObject, before: Content | None) -> list[tuple[tuple[str, ...], Content]]:
    """What is to be told of a change: of a location, where that is all, the EVSEs that changed."""
    if row.module != Module.LOCATIONS or before is None:
        return [((), written(row))]
    around = {k: v for k, v in row.content.items() if k != "evses"}
    if around != {k: v for k, v in before.items() if k != "evses"}:
        return [((), written(row))]
    known = {evse["uid"]: evse for evse in before.get("evses", [])}
    return [
        ((evse["uid"],), evse)
        for evse in row.content.get("evses", [])
        if evse != known.get(evse["uid"])
    ]


def _push(  # noqa: PLR0917 - a request has these parts
    partner: Partner, module: Module, name: str, method: str, path: str, content: Content | None
) -> None:
    """Queue something to tell; it replaces what waits untried about the same object."""
    if module is not Module.CDRS:
        waiting = Push.objects.filter(
            partner=partner, module=module, sent_at=None, refused_at=None, tries=0
        )
        waiting.filter(Q(object_id=name) | Q(object_id__startswith=f"{name}/")).delete()
    Push.objects.create(
        partner=partner,
        module=module,
        object_id=name,
        method=method,
        path=path,
        content=content,
        request_id=str(uuid.uuid4()),
    )


def _path(party: Party, *names: str) -> str:
    return "/".join(quote(one, safe="") for one in (party.country_code, party.party_id, *names))


def locked(party_id: int) -> Party:
    """The party, locked until the end of the transaction."""
    assert transaction.get_connection().in_atomic_block  # noqa: S101 - a lock outside holds nothing
    return Party.objects.select_for_update().select_related("organisation").get(pk=party_id)
