"""The visitors of `cast` as fixtures."""

from collections.abc import Callable

import pytest
from cast import Cast, make_cast

from viavolta.hub.people.models import User


@pytest.fixture
def make_user(
    db: None,  # noqa: ARG001 - opens the database
) -> Callable[..., User]:
    """Make a person by a short name."""

    def make(name: str, **extra: bool) -> User:
        return User.objects.create_user(f"{name}@example.org", name=name.title(), **extra)

    return make


@pytest.fixture
def cast(
    db: None,  # noqa: ARG001 - opens the database
) -> Cast:
    """The city of Sampleton with a reader, an editor and an owner; a stranger; a moderator."""
    return make_cast()
