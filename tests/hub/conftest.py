"""Six kinds of visitors and the organisation some of them belong to."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from viavolta.hub.people.models import Membership, Organisation, Role, User

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


@pytest.fixture
def make_user(
    db: None,  # noqa: ARG001 - opens the database
) -> Callable[..., User]:
    """Make a person by a short name."""

    def make(name: str, **extra: bool) -> User:
        return User.objects.create_user(f"{name}@example.org", name=name.title(), **extra)

    return make


@pytest.fixture
def cast(make_user: Callable[..., User]) -> Cast:
    """The city of Sampleton with a reader, an editor and an owner; a stranger; a moderator."""
    city = Organisation.objects.create(
        name="Sampleton", slug="sampleton", kind="city", country="AT", inhabitants=41_000
    )
    users = {name: make_user(name) for name in PERSONAS[1:5]}
    users["moderator"] = make_user("moderator", is_moderator=True)
    for role in Role:
        Membership.objects.create(organisation=city, user=users[role.value], role=role)
    return Cast(organisation=city, users=users)
