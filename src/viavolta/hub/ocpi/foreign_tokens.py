"""Tokens of partners, and by which of them stations let people charge.

A partner never touches a token of the organisation itself, nor one of another partner: the first to
bring a token has it. A token that its issuer wants to be asked about each time does not charge by
being held to a station, for nobody can be asked then; a command of the partner grants it for a
while.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from viavolta.hub.ocpi.models import ForeignToken, Partner
from viavolta.protocols.ocpi.objects import moment_of
from viavolta.storage.tables.stations import Token

GRANTED_FOR = timedelta(minutes=15)
_WHITELISTED = ("ALWAYS", "ALLOWED")
_KINDS = {"RFID": "ISO14443", "APP_USER": "Central", "AD_HOC_USER": "Central"}


class TakenError(Exception):
    """The token is one of the organisation itself, or of another partner."""


def token_of(
    partner: Partner, country_code: str, party_id: str, uid: str, kind: str
) -> ForeignToken | None:
    """A token of a partner."""
    return ForeignToken.objects.filter(
        partner=partner,
        country_code=country_code.upper(),
        party_id=party_id.upper(),
        uid__iexact=uid,
        kind=kind,
    ).first()


@transaction.atomic
def take_token(partner: Partner, content: dict[str, Any]) -> ForeignToken:
    """Keep a token as its partner tells it; one that is older than what is known changes nothing.

    Raises
    ------
    TakenError: it is somebody else's.
    """
    kind, uid = str(content["type"]), str(content["uid"])
    country, party = str(content["country_code"]), str(content["party_id"])
    row = token_of(partner, country, party, uid, kind)
    told_at = moment_of(content["last_updated"]) or timezone.now()
    if row is not None and row.last_updated > told_at:
        return row
    if row is None:
        row = ForeignToken(
            partner=partner,
            country_code=country.upper(),
            party_id=party.upper(),
            uid=uid,
            kind=kind,
        )
    row.content, row.last_updated, row.received_at = content, told_at, timezone.now()
    if row.token is None:
        row.token = _new_row(partner, uid)
    row.save()
    admit(row)
    return row


def admit(row: ForeignToken) -> None:
    """Write what stations answer to a token."""
    token = row.token
    if token is None:
        return
    told, now = row.content, timezone.now()
    granted = row.granted_until
    is_granted = granted is not None and granted > now
    token.expires_at = None
    if not row.partner.is_active or not told["valid"]:
        token.status = "Blocked"
    elif told["whitelist"] in _WHITELISTED:
        token.status = "Accepted"
    elif is_granted:
        token.status, token.expires_at = "Accepted", granted
    else:
        token.status = "Invalid"
    token.kind = _KINDS.get(row.kind, "Central")
    token.group = str(told.get("group_id") or "")
    token.language = str(told.get("language") or "")
    token.changed_at = now
    token.save()


def grant(row: ForeignToken, now: datetime) -> None:
    """Let a token charge that its partner allows by a command."""
    row.granted_until = now + GRANTED_FOR
    row.save(update_fields=["granted_until"])
    admit(row)


def admit_all(partner: Partner) -> None:
    """Write what stations answer to all tokens of a partner: it was suspended, or is back."""
    for row in partner.tokens.select_related("token", "partner"):
        admit(row)


def _new_row(partner: Partner, uid: str) -> Token:
    try:
        with transaction.atomic():
            if Token.objects.filter(tenant_id=partner.organisation_id, token__iexact=uid).exists():
                raise TakenError
            return Token.objects.create(
                tenant_id=partner.organisation_id, token=uid, status="Invalid"
            )
    except IntegrityError as error:
        raise TakenError from error
