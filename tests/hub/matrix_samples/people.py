"""Samples of accounts and organisations."""

from allauth.mfa.models import Authenticator
from matrix import row, sample

from conftest import Cast


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


@sample("key")
def key(cast: Cast) -> str:  # noqa: ARG001 - the signature of samples
    """A key of a letter that nobody has."""
    return "none"


@sample("uidb36")
def uidb36(cast: Cast) -> str:  # noqa: ARG001 - the signature of samples
    """A person in the address of a password letter."""
    return "1"


@sample("provider_id")
def provider_id(cast: Cast) -> str:  # noqa: ARG001 - the signature of samples
    """A provider that is not set up."""
    return "none"


for _argument in ("url", "object_id", "app_label", "content_type_id"):
    sample(_argument)(lambda _cast: 1)  # of the admin, which stays closed

row("set_language", post={"language": "de"})
row("create_organisation", post={"name": "Otherton", "kind": "city", "country": "AT"})
row(
    "change_organisation",
    post={"name": "Sampleton", "kind": "city", "country": "AT", "version": 1},
)
