"""What of living labs can be reported to the moderators, and how they hide it."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from viavolta.hub.labs.actions.hiding import set_hidden
from viavolta.hub.labs.models import Lab, Practice
from viavolta.hub.labs.queries import labs, published_practices
from viavolta.hub.people.models import User
from viavolta.hub.people.moderation import Reportable, can_be_reported


def register() -> None:
    """Make labs and practices known to the moderators' desk."""
    _add(Lab, labs)
    _add(Practice, published_practices)


def _add(model: type[Model], rows: Any) -> None:
    def find(request: HttpRequest, pk: int) -> Any | None:
        """What everybody sees, and for moderators also what is hidden."""
        is_moderator = getattr(request.user, "is_moderator", False)
        seen: QuerySet[Any] = model._default_manager.all() if is_moderator else rows()
        return seen.filter(pk=pk).first()

    can_be_reported(
        Reportable(
            kind=model._meta.label_lower,
            find=find,
            hide=lambda user, row: _set(user, row, is_hidden=True),
            show=lambda user, row: _set(user, row, is_hidden=False),
            organisation_of=lambda row: row.organisation,
        )
    )


def _set(user: User, row: Any, *, is_hidden: bool) -> None:
    set_hidden(user, row, is_hidden=is_hidden)
