"""The visitors of `cast` as fixtures."""

from collections.abc import Callable

import pytest
from cast import Cast, make_cast
from django.db.backends.base.base import BaseDatabaseWrapper

from viavolta.hub.people.models import User


@pytest.fixture(autouse=True)
def _transactions_outlive_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is closed takes no connection with it that a test's transaction is open on."""
    usual = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def close(wrapper: BaseDatabaseWrapper) -> None:
        if not wrapper.in_atomic_block:
            usual(wrapper)

    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", close)


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
