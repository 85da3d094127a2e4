"""What of working together can be reported to the moderators, and how they hide it."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from viavolta.hub.collaborate.actions.hiding import set_hidden
from viavolta.hub.collaborate.models import Call, Collaboration, Gathering, NewsPost
from viavolta.hub.collaborate.queries.calendar import gatherings
from viavolta.hub.collaborate.queries.collaborations import listed
from viavolta.hub.collaborate.queries.consortia import calls
from viavolta.hub.collaborate.queries.news import published
from viavolta.hub.people.models import Organisation, User
from viavolta.hub.people.moderation import Reportable, can_be_reported

Rows = Callable[[], "QuerySet[Any]"]


def register() -> None:
    """Make these things known to the moderators' desk."""
    _add(Call, calls)
    _add(Gathering, gatherings)
    _add(NewsPost, published)
    _add(Collaboration, listed, _lead)


def _add(
    model: type[Model],
    rows: Rows,
    organisation_of: Callable[[Any], Organisation] = lambda row: row.organisation,
) -> None:
    def find(request: HttpRequest, pk: int) -> Any | None:
        """What everybody sees, for moderators also the hidden; nothing of the platform's."""
        if getattr(request.user, "is_moderator", False):
            found = model._default_manager.filter(pk=pk).first()
        else:
            found = rows().filter(pk=pk).first()
        is_ours = found is not None and getattr(found, "organisation", found) is not None
        return found if is_ours else None

    can_be_reported(
        Reportable(
            kind=model._meta.label_lower,
            find=find,
            hide=lambda user, row: _set(user, row, is_hidden=True),
            show=lambda user, row: _set(user, row, is_hidden=False),
            organisation_of=organisation_of,
        )
    )


def _set(user: User, row: Any, *, is_hidden: bool) -> None:
    set_hidden(user, row, is_hidden=is_hidden)


def _lead(row: Collaboration) -> Organisation:
    return row.partners.select_related("organisation").get(is_lead=True).organisation
