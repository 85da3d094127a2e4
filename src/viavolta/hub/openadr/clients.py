"""Clients of the VTN: made, found by their secret, revoked; and the tokens they get.

A token says who its client is and what it may do, signed with the hub's key; it holds for an hour
and no longer than its client.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.core import signing
from django.db import transaction
from django.utils import timezone

from viavolta.hub.frame.events import record
from viavolta.hub.openadr.models import Client, ClientRole
from viavolta.hub.openadr.scopes import SCOPES
from viavolta.hub.openadr.verbs import Verb
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.people.secrets import hash_of, new_secret

TOKEN_S = 3600
_SALT = "openadr"
_NOBODY = hash_of("")


class ScopeError(Exception):
    """A client asks for what its role may not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who a token belongs to, and what it may do."""

    client: Client
    scopes: frozenset[str]

    @property
    def is_ven(self) -> bool:
        """Whether it sees only what is its own or meant for it."""
        return self.client.role == ClientRole.VEN

    def may(self, scopes: Iterable[str]) -> bool:
        """Whether it has one of some scopes."""
        return not self.scopes.isdisjoint(scopes)


@transaction.atomic
def make_client(
    user: User,
    organisation: Organisation,
    *,
    name: str,
    role: ClientRole,
    sets_prices: bool = False,
) -> tuple[Client, str]:
    """Make a client; its secret is shown this once."""
    require(user, organisation, Role.OWNER)
    text, kept = new_secret("oadr")
    client = Client.objects.create(
        organisation=organisation,
        name=name,
        role=role,
        sets_prices=sets_prices and role == ClientRole.BL,
        client_id=f"{role.lower()}-{secrets.token_hex(12)}",
        secret_hash=kept,
        created_by=user,
    )
    record(Verb.CLIENT_MADE, actor=user, organisation=organisation, subject=client)
    return client, text


@transaction.atomic
def revoke_client(user: User, client: Client) -> None:
    """End a client and its tokens at once; the objects that it wrote stay."""
    require(user, client.organisation, Role.OWNER)
    if client.revoked_at is None:
        client.revoked_at = timezone.now()
        client.save(update_fields=["revoked_at"])
        record(Verb.CLIENT_REVOKED, actor=user, organisation=client.organisation, subject=client)


def client_of(client_id: str, secret: str) -> Client | None:
    """The client with this name and secret; unknown ones take as long as wrong ones."""
    client = Client.objects.filter(client_id=client_id, revoked_at=None).first()
    kept = _NOBODY if client is None else client.secret_hash
    is_right = hmac.compare_digest(kept, hash_of(secret))
    return client if is_right and secret else None


def new_token(client: Client, wished: str) -> tuple[str, str]:
    """A token, and its scopes: those wished for, or all of the client's role.

    Raises
    ------
    ScopeError: a scope is wished for that the role has not.
    """
    scopes = SCOPES[client.role]
    asked = frozenset(wished.split())
    if not asked <= scopes:
        raise ScopeError
    told = " ".join(sorted(asked or scopes))
    content = {"c": client.client_id, "s": told, "k": client.secret_hash[:16]}
    return signing.dumps(content, salt=_SALT), told


def caller_of(token: str) -> Caller | None:
    """Whoever a token belongs to; None for unknown, expired and foreign tokens."""
    try:
        content = signing.loads(token, salt=_SALT, max_age=TOKEN_S)
    except signing.BadSignature:
        return None
    client = (
        Client.objects.select_related("organisation")
        .filter(client_id=content["c"], revoked_at=None)
        .first()
    )
    if client is None or not client.secret_hash.startswith(content["k"]):
        return None
    today = timezone.now().date()
    if client.last_used_on != today:
        Client.objects.filter(pk=client.pk).update(last_used_on=today)
    return Caller(client=client, scopes=frozenset(content["s"].split()))
