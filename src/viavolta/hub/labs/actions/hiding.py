"""Taking a lab or a practice out of sight, and showing it again: moderators alone."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from viavolta.hub.frame.events import record
from viavolta.hub.labs.models import Lab, Practice
from viavolta.hub.labs.verbs import Verb
from viavolta.hub.people.models import User

Hideable = Lab | Practice


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
    verb = Verb.LAB_HIDDEN if isinstance(row, Lab) else Verb.PRACTICE_HIDDEN
    record(verb, actor=user, subject=row, detail={"hidden": is_hidden})
