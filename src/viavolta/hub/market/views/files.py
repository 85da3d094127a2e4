"""Pictures and documents: handed out, brought in, taken away."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.market import attachments as acts
from viavolta.hub.market.documents import MAX_BYTES as MAX_DOCUMENT_BYTES
from viavolta.hub.market.documents import document_path
from viavolta.hub.market.forms import DocumentForm, PictureForm
from viavolta.hub.market.models import Document, EntryKind, Picture
from viavolta.hub.market.pictures import MAX_BYTES as MAX_PICTURE_BYTES
from viavolta.hub.market.pictures import picture_path
from viavolta.hub.market.queries import editable_entry, is_visible
from viavolta.hub.market.visitor import person_of
from viavolta.hub.people.access import may
from viavolta.hub.people.models import Role

_CACHED = "private, max-age=86400"


@access(Access.PUBLIC)
@require_safe
def picture(request: HttpRequest, picture_id: int, width: int) -> HttpResponseBase:
    """One width of a picture, to whoever may see its entry."""
    row = _visible(request, Picture.objects.filter(removed_at=None), picture_id)
    if width not in row.widths:
        raise Http404
    answer = FileResponse(picture_path(row.sha256, width).open("rb"), content_type="image/webp")
    answer["Cache-Control"] = _CACHED
    return answer


@access(Access.PUBLIC)
@require_safe
def document(request: HttpRequest, document_id: int) -> HttpResponseBase:
    """A document as a download, never within a page."""
    row = _visible(request, Document.objects.filter(removed_at=None), document_id)
    answer = FileResponse(
        document_path(row.sha256).open("rb"),
        as_attachment=True,
        filename=f"{slugify(row.name) or 'document'}.pdf",
        content_type="application/pdf",
    )
    answer["Cache-Control"] = _CACHED
    return answer


@access(Access.EDITOR)
def attachments(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """The pictures and documents of an entry, and two forms to bring more."""
    entry = editable_entry(request, kind, slug)
    brings = request.POST.get("bring", "")
    pictures = PictureForm(*_sent(request, brings == "picture"), prefix="picture")
    documents = DocumentForm(*_sent(request, brings == "document"), prefix="document")
    if request.method == "POST":
        form = pictures if brings == "picture" else documents
        if form.is_valid():
            try:
                _bring(person_of(request), entry, form)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                notices.done(request, _("Added."))
                return redirect("market-files", kind, slug)
    context = {
        "title": _("Pictures and documents"),
        "kicker": entry.title,
        "entry": entry,
        "kind": kind,
        "picture_form": pictures,
        "document_form": documents,
    }
    return render(request, "market/files.html", context)


@access(Access.EDITOR)
@require_POST
def remove_picture(request: HttpRequest, picture_id: int) -> HttpResponseBase:
    """Take a picture off the page."""
    return _remove(request, Picture.objects.filter(removed_at=None), picture_id)


@access(Access.EDITOR)
@require_POST
def put_back_picture(request: HttpRequest, picture_id: int) -> HttpResponseBase:
    """Put a picture back."""
    return _put_back(request, Picture.objects.all(), picture_id)


@access(Access.EDITOR)
@require_POST
def remove_document(request: HttpRequest, document_id: int) -> HttpResponseBase:
    """Take a document off the page."""
    return _remove(request, Document.objects.filter(removed_at=None), document_id)


@access(Access.EDITOR)
@require_POST
def put_back_document(request: HttpRequest, document_id: int) -> HttpResponseBase:
    """Put a document back."""
    return _put_back(request, Document.objects.all(), document_id)


def _visible(request: HttpRequest, rows: "QuerySet[Any]", key: int) -> Any:
    row = get_object_or_404(rows.select_related("entry__organisation"), pk=key)
    if not is_visible(request, row.entry):
        raise Http404
    return row


def _editable(request: HttpRequest, rows: "QuerySet[Any]", key: int) -> Any:
    row = _visible(request, rows, key)
    if not may(request.user, row.entry.organisation, Role.EDITOR):
        raise Http404
    return row


def _remove(request: HttpRequest, rows: "QuerySet[Any]", key: int) -> HttpResponseBase:
    row = _editable(request, rows, key)
    acts.remove(person_of(request), row)
    undo = f"market-{row._meta.model_name}-put-back"
    notices.done(request, _("Removed."), undo=reverse(undo, args=[row.pk]))
    return redirect("market-files", EntryKind(row.entry.kind), row.entry.slug)


def _put_back(request: HttpRequest, rows: "QuerySet[Any]", key: int) -> HttpResponseBase:
    row = _editable(request, rows, key)
    acts.put_back(person_of(request), row)
    notices.done(request, _("Brought back."))
    return redirect("market-files", EntryKind(row.entry.kind), row.entry.slug)


def _sent(request: HttpRequest, is_sent: bool) -> tuple[Any, Any]:  # noqa: FBT001 - one of two forms
    return (request.POST, request.FILES) if is_sent else (None, None)


def _bring(user: Any, entry: Any, form: PictureForm | DocumentForm) -> None:
    said = form.cleaned_data
    if isinstance(form, PictureForm):
        data = _read(said["picture"], MAX_PICTURE_BYTES)
        acts.add_picture(user, entry, data, alternative=said["alternative"], credit=said["credit"])
    else:
        acts.add_document(
            user, entry, _read(said["document"], MAX_DOCUMENT_BYTES), name=said["name"]
        )


def _read(file: "UploadedFile[Any]", limit: int) -> bytes:
    """What was sent, one byte more than allowed at most: the check that follows refuses it then."""
    data: bytes = file.read(limit + 1)
    return data
