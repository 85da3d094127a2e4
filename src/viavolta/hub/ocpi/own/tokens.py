"""Our own tokens, for the operators at whose stations they may charge."""

from datetime import datetime
from typing import Any

from viavolta.hub.ocpi.models import ForeignToken, Module, OwnObject, Party
from viavolta.hub.ocpi.own.keeping import Draft, keep
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.tables.stations import Token

LONGEST_UID = 36
_KINDS = {"ISO14443": "RFID", "ISO15693": "RFID", "Central": "APP_USER", "eMAID": "OTHER"}


def refresh_tokens(party: Party, now: datetime) -> None:
    """Bring the tokens up to date; one that is no more is told as not valid."""
    foreign = ForeignToken.objects.exclude(token=None).values("token")
    rows = (
        Token.objects.filter(tenant_id=party.organisation_id)
        .exclude(token__startswith=VISIT_PREFIX)
        .exclude(pk__in=foreign)
    )
    drafts = {
        row.token: Draft(content=token_content(party, row, now)) for row in rows if _fits(row.token)
    }
    gone = OwnObject.objects.filter(
        organisation=party.organisation_id, module=Module.TOKENS
    ).exclude(object_id__in=list(drafts))
    for row in gone:
        drafts[row.object_id] = Draft(content={**row.content, "valid": False})
    keep(party, Module.TOKENS, drafts, now)


def token_content(party: Party, row: Token, now: datetime) -> dict[str, Any]:
    """A token in the words of OCPI."""
    is_valid = row.status == "Accepted" and (row.expires_at is None or row.expires_at > now)
    content: dict[str, Any] = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "uid": row.token,
        "type": kind_of(row),
        "contract_id": f"{party.country_code}-{party.party_id}-C{row.pk:08}".upper(),
        "issuer": party.name[:64],
        "valid": is_valid,
        "whitelist": "ALLOWED",
    }
    if row.group.isascii() and row.group:
        content["group_id"] = row.group
    if row.language:
        content["language"] = row.language[:2]
    return content


def kind_of(row: Token) -> str:
    """What a token is; a card where nobody said."""
    return _KINDS.get(row.kind, "RFID" if row.kind in {"", "Local"} else "OTHER")


def _fits(token: str) -> bool:
    return len(token) <= LONGEST_UID and token.isascii() and token.isprintable() and bool(token)
