"""May this card of ours charge? Asked by operators in real time (mod_tokens, POST authorize)."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from viavolta.hub.frame.json_bodies import json_object
from viavolta.hub.ocpi.callers import EMSP, for_partners, party_of, told
from viavolta.hub.ocpi.models import ForeignToken, Partner
from viavolta.hub.ocpi.own.tokens import kind_of, token_content
from viavolta.hub.ocpi.refusals import invalid, missing
from viavolta.protocols.ocpi.envelope import Status
from viavolta.protocols.ocpi.objects import as_date_time, findings
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.tables.stations import Token

_ALLOWED = {
    "Accepted": "ALLOWED",
    "Blocked": "BLOCKED",
    "Expired": "EXPIRED",
    "NoCredit": "NO_CREDIT",
}


@for_partners("POST", role=EMSP)
def authorize(request: HttpRequest, partner: Partner, object_id: str) -> HttpResponse:
    """Whether a token of ours may charge, at a location if one is named."""
    at = _location(request)
    party = party_of(partner)
    foreign = ForeignToken.objects.exclude(token=None).values("token")
    row = (
        Token.objects.filter(tenant_id=partner.organisation_id, token__iexact=object_id)
        .exclude(token__startswith=VISIT_PREFIX)
        .exclude(pk__in=foreign)
        .first()
    )
    if row is None or kind_of(row) != request.GET.get("type", "RFID"):
        msg = "token"
        raise missing(msg, Status.UNKNOWN_TOKEN)
    now = timezone.now()
    allowed = _ALLOWED.get(row.status, "NOT_ALLOWED")
    if row.expires_at is not None and row.expires_at <= now:
        allowed = "EXPIRED"
    content = token_content(party, row, now)
    info: dict[str, Any] = {
        "allowed": allowed,
        "token": {**content, "last_updated": as_date_time(row.changed_at)},
        "authorization_reference": str(uuid.uuid4()),
    }
    return told(info | ({"location": at} if at else {}))


def _location(request: HttpRequest) -> dict[str, Any] | None:
    """The location that is asked about; none in an empty body."""
    if not request.body:
        return None
    content = json_object(request)
    found = findings("LocationReferences", content)
    if found:
        raise invalid(str(found[0]))
    return {name: content[name] for name in ("location_id", "evse_uids") if content.get(name)}
