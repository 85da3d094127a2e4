"""What was deleted comes back for thirty days, and is gone with its files afterwards."""

import io
from datetime import timedelta

from cast import Cast
from django.utils import timezone
from PIL import Image

from viavolta.hub.market import actions
from viavolta.hub.market.attachments import add_document, add_picture, put_back, remove
from viavolta.hub.market.documents import document_path
from viavolta.hub.market.expiring import remove_expired
from viavolta.hub.market.models import Document, Entry, EntryKind
from viavolta.hub.market.pictures import picture_path

PDF = b"%PDF-1.7\n1 0 obj\n<< /Title (Report) >>\nendobj\nstartxref\n9\n%%EOF\n"
LATER = timedelta(days=31)


def _picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (240, 240), colour).save(out, "PNG")
    return out.getvalue()


def test_a_removed_document_can_be_put_back_then_is_gone(cast: Cast, make_entry) -> None:
    """The same file with another entry stays as long as that one shows it."""
    editor = cast.users["editor"]
    one, two = make_entry(EntryKind.SOLUTION, "One"), make_entry(EntryKind.SOLUTION, "Two")
    first = add_document(editor, one, PDF, name="Report")
    add_document(editor, two, PDF, name="The same")
    remove(editor, first)
    assert remove_expired() == 0
    put_back(editor, first)
    remove(editor, first)
    assert remove_expired(timezone.now() + LATER) == 1
    assert Document.objects.count() == 1
    assert document_path(first.sha256).exists()


def test_a_deleted_entry_goes_with_its_pictures(cast: Cast, make_entry) -> None:
    """Rows and files; what is not deleted is untouched."""
    editor = cast.users["editor"]
    gone, kept = make_entry(EntryKind.SOLUTION, "Gone"), make_entry(EntryKind.SOLUTION, "Kept")
    lost = add_picture(editor, gone, _picture("teal"), alternative="x")
    stays = add_picture(editor, kept, _picture("olive"), alternative="y")
    gone.refresh_from_db()
    actions.delete(editor, gone)
    assert remove_expired(timezone.now() + LATER) == 2
    assert list(Entry.objects.all()) == [kept]
    assert not picture_path(lost.sha256, 240).exists()
    assert picture_path(stays.sha256, 240).exists()
