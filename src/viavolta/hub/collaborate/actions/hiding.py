"""Taking a thing out of sight, and showing it again: moderators alone."""

from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import transaction

from viavolta.hub.collaborate.models import Call, Collaboration, Gathering, NewsPost
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.people.models import User

Hideable = Collaboration | Call | Gathering | NewsPost
_VERBS: dict[type[Hideable], StrEnum] = {
    Collaboration: Verb.COLLABORATION_HIDDEN,
    Call: Verb.CALL_HIDDEN,
    Gathering: Verb.EVENT_HIDDEN,
    NewsPost: Verb.NEWS_HIDDEN,
}


@transaction.atomic
def set_hidden(user: User, row: Hideable, *, is_hidden: bool) -> None:
    """Hide a thing from everybody, or show it again.

    Raises
    ------
    PermissionDenied: the person is no moderator.
    """
    if not user.is_moderator:
        raise PermissionDenied
    type(row)._default_manager.filter(pk=row.pk).update(hidden=is_hidden)
    row.hidden = is_hidden
    record(_VERBS[type(row)], actor=user, subject=row, detail={"hidden": is_hidden})
