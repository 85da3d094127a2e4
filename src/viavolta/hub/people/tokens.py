"""Tokens of organisations for the API: made, found, revoked."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from viavolta.hub.frame.events import record
from viavolta.hub.people.access import require
from viavolta.hub.people.models import (
    ApiToken,
    Membership,
    Organisation,
    Role,
    TokenScope,
    User,
)
from viavolta.hub.people.secrets import hash_of, new_secret
from viavolta.hub.people.verbs import Verb

LONGEST_DAYS = 366


@transaction.atomic
def make_token(
    user: User, organisation: Organisation, *, name: str, scope: TokenScope, days: int
) -> tuple[ApiToken, str]:
    """Make a token; its text is shown this once."""
    require(user, organisation, Role.OWNER)
    account = User.objects.create_user(
        f"{get_random_string(24).lower()}@tokens.invalid",
        name=name,
        is_active=False,
        is_machine=True,
    )
    Membership.objects.create(
        organisation=organisation,
        user=account,
        role=Role.EDITOR if scope == TokenScope.WRITE else Role.READER,
    )
    text, kept = new_secret("viavolta")
    token = ApiToken.objects.create(
        organisation=organisation,
        name=name,
        scope=scope,
        account=account,
        secret_hash=kept,
        created_by=user,
        expires_at=timezone.now() + timedelta(days=min(days, LONGEST_DAYS)),
    )
    record(Verb.TOKEN_MADE, actor=user, organisation=organisation, subject=token)
    return token, text


@transaction.atomic
def revoke_token(user: User, token: ApiToken) -> None:
    """End a token at once; what its program did stays."""
    require(user, token.organisation, Role.OWNER)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        Membership.objects.filter(user=token.account).delete()
        record(Verb.TOKEN_REVOKED, actor=user, organisation=token.organisation, subject=token)


def token_of(text: str) -> ApiToken | None:
    """The token with this text, unless it is unknown, expired or revoked; notes the day of use."""
    token = ApiToken.objects.select_related("account").filter(secret_hash=hash_of(text)).first()
    if token is None or not token.is_open:
        return None
    today = timezone.now().date()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token
