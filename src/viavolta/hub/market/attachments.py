"""Putting pictures and documents beside an entry, taking them away and putting them back."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.market.documents import store_document
from viavolta.hub.market.models import Document, Entry, Picture
from viavolta.hub.market.pictures import store_picture
from viavolta.hub.market.verbs import MarketVerb
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Role, User

MAX_PICTURES = 8
MAX_DOCUMENTS = 8


def add_picture(
    user: User, entry: Entry, data: bytes, *, alternative: str, credit: str = ""
) -> Picture:
    """Take in a picture; `alternative` says in words what it shows.

    Raises
    ------
    ValidationError: no picture we take, or there are enough.
    """
    require(user, entry.organisation, Role.EDITOR)
    if entry.pictures.filter(removed_at=None).count() >= MAX_PICTURES:
        raise ValidationError(_("Eight pictures are enough; remove one first."))
    stored = store_picture(data)
    with transaction.atomic():
        picture = Picture.objects.create(
            entry=entry,
            position=_next_position(entry.pictures.all()),
            sha256=stored.sha256,
            width=stored.width,
            height=stored.height,
            widths=list(stored.widths),
            alternative=alternative.strip(),
            credit=credit.strip(),
        )
        _record(MarketVerb.PICTURE_ADDED, user, entry, picture)
    return picture


def add_document(user: User, entry: Entry, data: bytes, *, name: str) -> Document:
    """Take in a PDF under a name people read.

    Raises
    ------
    ValidationError: no PDF we take, or there are enough.
    """
    require(user, entry.organisation, Role.EDITOR)
    if entry.documents.filter(removed_at=None).count() >= MAX_DOCUMENTS:
        raise ValidationError(_("Eight documents are enough; remove one first."))
    stored = store_document(data)
    with transaction.atomic():
        document = Document.objects.create(
            entry=entry,
            position=_next_position(entry.documents.all()),
            name=name.strip(),
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
        )
        _record(MarketVerb.DOCUMENT_ADDED, user, entry, document)
    return document


@transaction.atomic
def remove(user: User, attachment: Picture | Document) -> None:
    """Take a picture or document off the page."""
    require(user, attachment.entry.organisation, Role.EDITOR)
    attachment.removed_at = timezone.now()
    attachment.save(update_fields=["removed_at"])
    is_picture = isinstance(attachment, Picture)
    verb = MarketVerb.PICTURE_REMOVED if is_picture else MarketVerb.DOCUMENT_REMOVED
    _record(verb, user, attachment.entry, attachment)


@transaction.atomic
def put_back(user: User, attachment: Picture | Document) -> None:
    """Put back what was taken off."""
    require(user, attachment.entry.organisation, Role.EDITOR)
    attachment.removed_at = None
    attachment.save(update_fields=["removed_at"])
    is_picture = isinstance(attachment, Picture)
    verb = MarketVerb.PICTURE_PUT_BACK if is_picture else MarketVerb.DOCUMENT_PUT_BACK
    _record(verb, user, attachment.entry, attachment)


def _next_position(there: "QuerySet[Picture] | QuerySet[Document]") -> int:
    last = there.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _record(verb: MarketVerb, user: User, entry: Entry, part: Picture | Document) -> None:
    Entry.objects.filter(pk=entry.pk).update(changed_at=timezone.now())
    record(
        verb,
        actor=user,
        organisation=entry.organisation,
        subject=entry,
        detail={"part": part.pk},
    )
