"""Tokens that may charge: added, blocked, let charge again."""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.storage.tables.stations import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What an editor says of a token."""

    kind: str = ""
    status: str = "Accepted"
    group: str = ""
    language: str = ""
    expires_at: dt.datetime | None = None


@transaction.atomic
def add_token(user: User, tenant: Organisation, token: str, facts: TokenFacts) -> Token:
    """Add a token.

    Raises
    ------
    RefusedError: it is there already.
    """
    require_member(user, tenant, Role.EDITOR)
    row = Token(tenant_id=tenant.pk, token=token)
    try:
        with transaction.atomic():
            _save(row, facts)
    except IntegrityError as error:
        raise RefusedError(_("This token is there already.")) from error
    record(Verb.TOKEN_ADDED, actor=user, organisation=tenant, subject=row)
    return row


@transaction.atomic
def change_token(user: User, tenant: Organisation, row: Token, *, status: str) -> None:
    """Block a token, or let it charge again; stations learn of it at the next start."""
    require_member(user, tenant, Role.EDITOR)
    row.status, row.changed_at = status, timezone.now()
    row.save(update_fields=["status", "changed_at"])
    record(
        Verb.TOKEN_CHANGED,
        actor=user,
        organisation=tenant,
        subject=row,
        detail={"status": status},
    )


def _save(row: Token, facts: TokenFacts) -> None:
    row.kind, row.status, row.group = facts.kind, facts.status, facts.group
    row.language, row.expires_at = facts.language, facts.expires_at
    row.save()
