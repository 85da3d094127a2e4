"""Samples of accounts and organisations."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from cast import Cast
from django.utils import timezone
from matrix import HIDDEN, OK, VISITORS, row, sample

from viavolta.hub.people.models import Invitation, Membership, Report
from viavolta.hub.people.secrets import hash_of
from viavolta.hub.people.tokens import make_token


@sample("organisation")
def organisation(cast: Cast) -> str:
    """The city everybody's role is in."""
    return cast.organisation.slug


@sample("pk")
def passkey(cast: Cast) -> int:
    """A passkey of the owner."""
    found, _ = Authenticator.objects.get_or_create(
        user=cast.users["owner"], type=Authenticator.Type.WEBAUTHN, defaults={"data": {"name": "k"}}
    )
    return int(found.pk)


def _invitation(cast: Cast) -> Invitation:
    return Invitation.objects.get_or_create(
        secret_hash=hash_of("secret"),
        defaults={
            "organisation": cast.organisation,
            "email": "new@example.org",
            "role": "reader",
            "expires_at": timezone.now() + timedelta(days=1),
        },
    )[0]


@sample("invitation")
def invitation(cast: Cast) -> int:
    """An open invitation."""
    return _invitation(cast).pk


@sample("invitation_secret")
def invitation_secret(cast: Cast) -> str:
    """The secret in the letter of an open invitation."""
    _invitation(cast)
    return "secret"


@sample("api_token")
def api_token(cast: Cast) -> int:
    """A token of the city."""
    token, _ = make_token(
        cast.users["owner"], cast.organisation, name="meter", scope="read", days=1
    )
    return token.pk


@sample("membership")
def membership(cast: Cast) -> int:
    """The editor's membership."""
    return Membership.objects.get(user=cast.users["editor"]).pk


@sample("report")
def report(cast: Cast) -> int:
    """A report about the city."""
    return Report.objects.create(
        kind="people.organisation",
        object_id=cast.organisation.pk,
        title="Sampleton",
        reason="wrong",
    ).pk


sample("reported_kind")(lambda _cast: "people.organisation")
sample("reported_id")(lambda cast: cast.organisation.pk)
sample("key")(lambda _cast: "none")
sample("uidb36")(lambda _cast: "1")
sample("provider_id")(lambda _cast: "none")
for _argument in ("url", "object_id", "app_label", "content_type_id"):
    sample(_argument)(lambda _cast: 1)  # of the admin, which stays closed

row("set_language", post={"language": "de"})
row("create_organisation", post={"name": "Otherton", "kind": "city", "country": "AT"})
row(
    "change_organisation",
    post={"name": "Sampleton", "kind": "city", "country": "AT", "version": 1},
)
# The city of the sample has no logo.
row("organisation-logo", outcomes={visitor: {HIDDEN} for visitor in VISITORS})
# An editor leaves by herself; only an owner takes an editor out.
row("member-end", outcomes={"reader": {"403"}, "editor": {OK}, "owner": {OK}})
