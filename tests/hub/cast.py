"""Six kinds of visitors and the organisation some of them belong to."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.test import Client

from viavolta.hub.people.models import Membership, Organisation, Role, User

PASSWORD = "correct horse battery"
PERSONAS = ("anonymous", "stranger", "reader", "editor", "owner", "moderator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """An organisation with its members, and those outside."""

    organisation: Organisation
    users: dict[str, User]

    def client(self, persona: str) -> Client:
        """A browser of that visitor, signed in unless anonymous."""
        client = Client()
        if persona != "anonymous":
            client.force_login(self.users[persona])
        return client


def make_cast() -> Cast:
    """Make the cast; moderator, lab host and staff are signed in by more than a password."""
    city = Organisation.objects.create(
        name="Sampleton", slug="sampleton", kind="city", country="AT", inhabitants=41_000
    )
    users = {
        name: User.objects.create_user(
            f"{name}@example.org",
            PASSWORD,
            name=name.title(),
            is_moderator=name == "moderator",
            is_lab_host=name == "lab-host",
            is_staff=name == "staff",
            is_superuser=name == "staff",
        )
        for name in (*PERSONAS[1:], "lab-host", "staff")
    }
    for role in Role:
        Membership.objects.create(organisation=city, user=users[role.value], role=role)
    for name in ("moderator", "staff"):
        give_second_factor(users[name])
    return Cast(organisation=city, users=users)


def give_second_factor(user: User) -> Authenticator:
    """An authenticator app, as moderators and staff must have one."""
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DPEHPK3PXP"}
    )
