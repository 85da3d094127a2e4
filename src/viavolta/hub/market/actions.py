"""Everything editors do to a need or a solution. One function, one transaction, one event."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.market.content import Content, put_content, put_evidence
from viavolta.hub.market.models import (
    Entry,
    EntryKind,
    EntryState,
    Revision,
)
from viavolta.hub.market.telling import ask_for_notices
from viavolta.hub.market.vectors import ask_for_vectors
from viavolta.hub.market.verbs import MarketVerb
from viavolta.hub.market.words import keep_words
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import Study, Visibility


@transaction.atomic
def create(user: User, organisation: Organisation, kind: EntryKind, content: Content) -> Entry:
    """Begin a need or a solution of an organisation, as a draft."""
    require(user, organisation, Role.EDITOR)
    _check_study(content, organisation)
    entry = Entry(
        kind=kind,
        organisation=organisation,
        slug=_free_slug(content.title),
        created_by=user,
        is_sample=organisation.is_sample,
    )
    put_content(entry, content)
    entry.save(force_insert=True)
    _read_words(entry)
    put_evidence(entry, content)
    _keep_revision(entry, content, user)
    record(MarketVerb.CREATED, actor=user, organisation=organisation, subject=entry)
    return entry


@transaction.atomic
def edit(user: User, entry: Entry, content: Content, *, seen: int) -> None:
    """Change words, facets and evidence.

    Raises
    ------
    StaleEditError: somebody else saved it since version `seen`.
    ValidationError: it is published and would no longer say what it must.
    """
    require(user, entry.organisation, Role.EDITOR)
    _check_study(content, entry.organisation)
    put_content(entry, content)
    if entry.state == EntryState.PUBLISHED:
        _check_publishable(entry)
    _save(entry, seen=seen)
    _read_words(entry)
    put_evidence(entry, content)
    _keep_revision(entry, content, user)
    record(MarketVerb.EDITED, actor=user, organisation=entry.organisation, subject=entry)


@transaction.atomic
def restore(user: User, entry: Entry, revision: Revision, *, seen: int) -> None:
    """Bring back the words and evidence of an earlier version, as a new version."""
    if revision.entry_id != entry.pk:
        raise PermissionDenied
    content = Content.from_json(revision.content)
    if content.study_id and not _is_public(content.study_id):
        content = Content.from_json(revision.content | {"study_id": None})
    edit(user, entry, content, seen=seen)


@transaction.atomic
def publish(user: User, entry: Entry) -> None:
    """Show an entry to everybody.

    Raises
    ------
    ValidationError: something it must say is missing.
    """
    require(user, entry.organisation, Role.EDITOR)
    _check_publishable(entry)
    if entry.state == EntryState.PUBLISHED:
        return
    entry.state = EntryState.PUBLISHED
    entry.published_at = entry.published_at or timezone.now()
    _save(entry, seen=entry.version)
    record(MarketVerb.PUBLISHED, actor=user, organisation=entry.organisation, subject=entry)
    ask_for_notices()


@transaction.atomic
def withdraw(user: User, entry: Entry) -> None:
    """Take an entry off the market; its editors keep it."""
    require(user, entry.organisation, Role.EDITOR)
    if entry.state != EntryState.PUBLISHED:
        return
    entry.state = EntryState.WITHDRAWN
    _save(entry, seen=entry.version)
    record(MarketVerb.WITHDRAWN, actor=user, organisation=entry.organisation, subject=entry)


@transaction.atomic
def delete(user: User, entry: Entry) -> None:
    """Delete an entry; it can be brought back for 30 days."""
    require(user, entry.organisation, Role.EDITOR)
    if entry.deleted_at is not None:
        return
    entry.deleted_at = timezone.now()
    _save(entry, seen=entry.version)
    record(MarketVerb.DELETED, actor=user, organisation=entry.organisation, subject=entry)
    ask_for_notices()  # the same run removes what was deleted long ago


@transaction.atomic
def undelete(user: User, entry: Entry) -> None:
    """Bring a deleted entry back as it was."""
    require(user, entry.organisation, Role.EDITOR)
    if entry.deleted_at is None:
        return
    entry.deleted_at = None
    _save(entry, seen=entry.version)
    record(MarketVerb.UNDELETED, actor=user, organisation=entry.organisation, subject=entry)


def _save(entry: Entry, *, seen: int) -> None:
    entry.changed_at = timezone.now()
    save_version(entry, seen=seen)


def _read_words(entry: Entry) -> None:
    """Search and matching know the new words at once; a worker follows with the vector."""
    if keep_words(entry):
        ask_for_vectors()


def _keep_revision(entry: Entry, content: Content, user: User) -> None:
    Revision.objects.create(entry=entry, version=entry.version, by=user, content=content.as_json())


def _free_slug(title: str) -> str:
    """An address made of the title; with a tail where it is taken."""
    slug = slugify(title)[:160] or "entry"
    taken: Any = Entry.objects.filter(slug=slug).exists()
    return f"{slug}-{get_random_string(6).lower()}" if taken else slug


def _check_publishable(entry: Entry) -> None:
    missing: dict[str, str] = {}
    if not entry.facets.get("segment"):
        missing["segment"] = _("Choose at least one segment.")
    if entry.kind == EntryKind.SOLUTION and not entry.form:
        missing["form"] = _("Say what it is: a product, a service, a pilot or a practice.")
    if missing:
        raise ValidationError(missing)


def _check_study(content: Content, organisation: Organisation) -> None:
    """A study shown with a solution is public, or else its readers would meet a closed door."""
    if content.study_id is None:
        return
    if not _is_public(content.study_id):
        raise ValidationError({"study": _("Only a public study can be shown with a solution.")})
    is_ours = Study.objects.filter(pk=content.study_id, organisation=organisation).exists()
    if not is_ours:
        raise ValidationError({"study": _("Choose a study of your own organisation.")})


def _is_public(study_id: int) -> bool:
    return Study.objects.filter(pk=study_id, visibility=Visibility.PUBLIC).exists()
