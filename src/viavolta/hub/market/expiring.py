"""What was deleted longer ago than it can be brought back for is removed for good, files too."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from viavolta.hub.frame.deletion import KEPT_AFTER_DELETION
from viavolta.hub.market.documents import document_path
from viavolta.hub.market.models import Document, Entry, Picture
from viavolta.hub.market.pictures import picture_path


def remove_expired(now: datetime | None = None) -> int:
    """Remove entries, pictures and documents whose time is over; how many rows went."""
    before = (now or timezone.now()) - KEPT_AFTER_DELETION
    with transaction.atomic():
        entries = Entry.objects.filter(deleted_at__lt=before)
        pictures = Picture.objects.filter(entry__in=entries) | Picture.objects.filter(
            removed_at__lt=before
        )
        documents = Document.objects.filter(entry__in=entries) | Document.objects.filter(
            removed_at__lt=before
        )
        gone_pictures = list(pictures.values_list("pk", "sha256", "widths"))
        gone_documents = list(documents.values_list("pk", "sha256"))
        n = len(gone_pictures) + len(gone_documents) + entries.count()
        Picture.objects.filter(pk__in=[pk for pk, _sha, _widths in gone_pictures]).delete()
        Document.objects.filter(pk__in=[pk for pk, _sha in gone_documents]).delete()
        entries.delete()
    for _pk, sha256, widths in gone_pictures:
        if not Picture.objects.filter(sha256=sha256).exists():
            for width in widths:
                picture_path(sha256, width).unlink(missing_ok=True)
    for _pk, sha256 in gone_documents:
        if not Document.objects.filter(sha256=sha256).exists():
            document_path(sha256).unlink(missing_ok=True)
    return n
