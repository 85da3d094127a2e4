"""What moderators do on the market: hide and show, and make one of two entries for one thing."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import ForeignKey, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.market.models import Entry, EntryWords, Merge, Revision
from viavolta.hub.market.verbs import MarketVerb
from viavolta.hub.people.models import User

_STAY: tuple[type[Model], ...] = (Entry, EntryWords, Merge, Revision)
"""What belongs to the entry it was made for, whatever becomes of that."""


@transaction.atomic
def hide(user: User, entry: Entry, *, reason: str = "") -> None:
    """Take an entry out of sight of all but its own organisation and moderators."""
    _require_moderator(user)
    if not entry.is_hidden:
        _set_hidden(user, entry, is_hidden=True, reason=reason)


@transaction.atomic
def show(user: User, entry: Entry) -> None:
    """Undo `hide`."""
    _require_moderator(user)
    if entry.is_hidden:
        _set_hidden(user, entry, is_hidden=False)


@transaction.atomic
def merge(user: User, *, kept: Entry, merged: Entry) -> Merge:
    """Make one entry of two: all that refers to `merged` follows, its address leads to `kept`.

    Raises
    ------
    ValidationError: a need and a solution, the same entry twice, or one that is merged already.
    """
    _require_moderator(user)
    if kept.pk == merged.pk or kept.kind != merged.kind:
        raise ValidationError(_("Choose two different needs, or two different solutions."))
    if kept.merged_into_id or merged.merged_into_id or merged.deleted_at or kept.deleted_at:
        raise ValidationError(_("One of the two is deleted or merged already."))
    moved = {}
    for model, field in _references():
        there = model._default_manager.filter(**{field: merged.pk})
        moved[f"{model._meta.label}.{field}"] = [
            str(pk) for pk in there.values_list("pk", flat=True)
        ]
        there.update(**{field: kept.pk})
    merged.merged_into = kept
    _save(merged)
    _save(kept)
    row = Merge.objects.create(kept=kept, merged=merged, moved=moved, by=user)
    _record(MarketVerb.MERGED, user, kept, merged=merged.pk)
    return row


@transaction.atomic
def undo_merge(user: User, row: Merge) -> None:
    """Take two entries apart again; what followed goes back, what came since stays."""
    _require_moderator(user)
    if row.undone_at is not None:
        return
    for model, field in _references():
        keys = row.moved.get(f"{model._meta.label}.{field}", [])
        model._default_manager.filter(pk__in=keys, **{field: row.kept_id}).update(
            **{field: row.merged_id}
        )
    row.merged.merged_into = None
    _save(row.merged)
    _save(row.kept)
    row.undone_at = timezone.now()
    row.save(update_fields=["undone_at"])
    _record(MarketVerb.MERGE_UNDONE, user, row.kept, merged=row.merged_id)


def _references() -> Iterator[tuple[type[Model], str]]:
    """Every table that refers to entries, those of apps above included."""
    for relation in Entry._meta.related_objects:
        model, field = relation.related_model, relation.field
        if not isinstance(model, type) or model in _STAY or relation.one_to_one:
            continue
        if isinstance(field, ForeignKey):
            yield model, field.attname


def _set_hidden(user: User, entry: Entry, *, is_hidden: bool, **detail: Any) -> None:
    entry.is_hidden = is_hidden
    _save(entry)
    _record(MarketVerb.HIDDEN if is_hidden else MarketVerb.SHOWN, user, entry, **detail)


def _save(entry: Entry) -> None:
    entry.n_replications = entry.replications.count()
    entry.changed_at = timezone.now()
    save_version(entry, seen=entry.version)


def _record(verb: MarketVerb, user: User, entry: Entry, **detail: Any) -> None:
    record(verb, actor=user, organisation=entry.organisation, subject=entry, detail=detail)


def _require_moderator(user: User) -> None:
    if not user.is_moderator:
        raise PermissionDenied
