"""Tying a card or contract to a phone: a link from its operator, good once."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from viavolta.hub.drive.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.people.secrets import hash_of, new_secret
from viavolta.storage.tables.billing import CardLink, DriverPreference
from viavolta.storage.tables.stations import Token

HOLDS = dt.timedelta(days=14)
_LONGEST = 100


@transaction.atomic
def make_link(
    user: User, tenant: Organisation, token: Token, now: dt.datetime
) -> tuple[CardLink, str]:
    """A link for the holder of a card, and its secret, shown once; earlier ones end."""
    require_member(user, tenant, Role.EDITOR)
    CardLink.objects.filter(tenant_id=tenant.pk, token=token.token).delete()
    secret, hashed = new_secret("vvc")
    row = CardLink.objects.create(
        tenant_id=tenant.pk, token=token.token, secret_hash=hashed, expires_at=now + HOLDS
    )
    record(Verb.CARD_LINK_MADE, actor=user, organisation=tenant, subject=token)
    return row, secret


def link_of(secret: str, now: dt.datetime) -> CardLink | None:
    """The link of a secret, if it was not used and is still good."""
    if not 0 < len(secret) <= _LONGEST:
        return None
    rows = CardLink.objects.filter(secret_hash=hash_of(secret), used_at=None, expires_at__gt=now)
    return rows.first()


@transaction.atomic
def tie(key: str, link: CardLink, now: dt.datetime) -> DriverPreference:
    """Tie the card of a link to a phone; on another phone it is tied no more.

    Raises
    ------
    RefusedError: somebody else was faster.
    """
    if not CardLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
        raise RefusedError(_("This link was used already. Ask the operator for another."))
    others = DriverPreference.objects.filter(issuer_id=link.tenant_id, token=link.token)
    others.exclude(key_hash=key).update(token="", issuer_id=None)
    row, _is_new = DriverPreference.objects.update_or_create(
        key_hash=key,
        defaults={"token": link.token, "issuer_id": link.tenant_id, "used_at": now},
    )
    return row
