"""Pages of files: what there is, what the check found, rows to mend, terms."""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.rows import QueryRows, RecordRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import may, organisations_of
from viavolta.hub.people.models import Organisation, Role
from viavolta.hub.studies import queries, uploads
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Upload, UploadKind, UploadState
from viavolta.hub.studies.upload_forms import TermsForm, UploadForm
from viavolta.hub.studies.wizard.pictures import lines_map
from viavolta.storage.inspection_folder import BAD_ROWS, MAP


@access(Access.SIGNED_IN)
def upload_list(request: HttpRequest) -> HttpResponseBase:
    """The files of my organisations."""
    columns = [
        Column(
            key="name",
            label=_("File"),
            link=lambda row: reverse("studies:upload", args=[row.pk]),
        ),
        Column(key="kind", label=_("Kind"), value=lambda row: row.get_kind_display(), sort="kind"),
        Column(
            key="state", label=_("State"), value=lambda row: row.get_state_display(), sort="state"
        ),
        Column(key="organisation", label=_("Organisation"), sort="organisation__name"),
        Column(
            key="size_mb",
            label=_("Size"),
            unit="MB",
            kind=Kind.NUMBER,
            digits=1,
            value=lambda row: row.size_bytes / 1e6,
            sort="size_bytes",
        ),
        Column(key="licence", label=_("Licence")),
        Column(key="uploaded_at", label=_("Since"), kind=Kind.MOMENT),
    ]
    title = _("Files")
    table = Table(
        request,
        QueryRows(
            queries.uploads_of(request.user).select_related("organisation"),
            search=("name", "licence", "organisation__name"),
        ),
        columns,
        caption=title,
        sort="-uploaded_at",
        filters=[
            Filter(
                key="kind",
                label=_("Kind"),
                choices=UploadKind.choices,
                keep=lambda rows, kind: QueryRows(rows.query.filter(kind=kind), search=rows.search),
            )
        ],
        empty=Empty(
            title=_("No files yet"),
            text=_("A timetable is all it takes to begin."),
            url=reverse("studies:upload-new"),
            label=_("Upload a file"),
        ),
    )
    if table.is_export:
        return table.export("files")
    return render(request, "studies/uploads/list.html", {"title": title, "table": table})


@access(Access.SIGNED_IN)
def upload_new(request: HttpRequest) -> HttpResponse:
    """Take a file; afterwards go where the form came from, or to the file's page."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in UploadKind.values else ""
    mine = organisations_of(request.user, Role.EDITOR)
    asked = request.POST.get("organisation", request.GET.get("organisation", ""))
    organisation = mine.filter(pk=asked).first() if asked.isdecimal() else mine.first()
    if organisation is None:
        if not asked:
            return render(request, "studies/new/no_organisation.html", {"title": _("Files")})
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            upload = _keep(request, organisation, form)
        except uploads.RefusedError as refused:
            form.add_error("file", str(refused))
        else:
            return _onwards(request, upload)
    return render(
        request,
        "studies/uploads/new.html",
        {
            "title": _("Upload a file"),
            "crumbs": [(_("Files"), reverse("studies:uploads")), (_("Upload a file"), "")],
            "form": form,
            "organisation": organisation,
            "next": _next(request),
        },
        status=200 if request.method == "GET" else 422,
    )


def _keep(request: HttpRequest, organisation: Organisation, form: UploadForm) -> Upload:
    file = form.cleaned_data["file"]
    return uploads.keep_upload(
        request.user,
        organisation,
        form.cleaned_data["kind"],
        name=file.name,
        chunks=file.chunks(),
        licence=form.cleaned_data["licence"].strip(),
        credit=form.cleaned_data["credit"].strip(),
        may_redistribute=form.cleaned_data["may_redistribute"],
    )


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", request.GET.get("next", ""))
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if own and wanted.startswith("/") else ""


def _onwards(request: HttpRequest, upload: Upload) -> HttpResponseRedirect:
    following = _next(request)
    if following:
        return redirect(f"{following.partition('?')[0]}?{upload.kind}={upload.pk}")
    return redirect("studies:upload", upload.pk)


@access(Access.READER)
def upload_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What is in a file."""
    upload = queries.upload_for(request.user, pk)
    lines = _lines(request, upload)
    table: Table | None = lines.get("table")
    if table is not None and table.is_export:
        return table.export("lines")
    is_editor = may(request.user, upload.organisation, Role.EDITOR)
    terms = TermsForm(
        initial={
            "licence": upload.licence,
            "credit": upload.credit,
            "may_redistribute": upload.may_redistribute,
        }
    )
    return render(
        request,
        "studies/uploads/page.html",
        {
            "title": upload.name,
            "kicker": upload.get_kind_display(),
            "crumbs": [(_("Files"), reverse("studies:uploads")), (upload.name, "")],
            "is_sample": upload.is_sample,
            "is_editor": is_editor,
            "upload": upload,
            "terms": terms,
            **lines,
        },
    )


def _lines(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    """The lines of a timetable on a map, and as a table beside it."""
    if upload.kind != UploadKind.FEED or upload.state != UploadState.USABLE:
        return {}
    columns = [
        Column(key="route_name", label=_("Line")),
        Column(key="trips", label=_("Trips a day"), kind=Kind.NUMBER),
    ]
    rows = RecordRows(upload.findings["facts"]["lines"])
    table = Table(request, rows, columns, name="lines", caption=_("Lines of the day"))
    return {"map": lines_map(upload), "table": table}


@access(Access.READER)
def upload_findings(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of a page that shows what the check found; asked for again while it runs."""
    upload = queries.upload_for(request.user, pk)
    answer = render(
        request,
        "studies/uploads/findings.html",
        {"upload": upload, "then_refresh": request.GET.get("refresh", "")},
    )
    is_done = upload.state != UploadState.CHECKING and "HX-Request" in request.headers
    if is_done and request.GET.get("refresh"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@access(Access.READER)
def upload_bad_rows(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that needed a repair, as CSV."""
    return _found(request, pk, BAD_ROWS, "text/csv; charset=utf-8")


@access(Access.READER)
def upload_map(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The lines of a timetable, as GeoJSON."""
    return _found(request, pk, MAP, "application/geo+json")


def _found(request: HttpRequest, pk: int, name: str, kind: str) -> HttpResponseBase:
    upload = queries.upload_for(request.user, pk)
    path = store.findings_folder(upload.path, upload.kind) / name
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=kind, as_attachment=name == BAD_ROWS, filename=name
    )


@access(Access.READER)
def upload_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it came."""
    upload = queries.upload_for(request.user, pk)
    path = store.absolute(upload.path)
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"),
        content_type="application/octet-stream",
        as_attachment=True,
        filename=upload.name,
    )


@require_POST
@access(Access.EDITOR)
def upload_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a file checked once more."""
    upload = queries.upload_for(request.user, pk)
    uploads.check_again(request.user, upload)
    return redirect("studies:upload", pk)


@require_POST
@access(Access.EDITOR)
def upload_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the terms of a file."""
    upload = queries.upload_for(request.user, pk)
    form = TermsForm(request.POST)
    if not form.is_valid():
        notices.refused(
            request, " ".join(str(e) for errors in form.errors.values() for e in errors)
        )
        return redirect("studies:upload", pk)
    uploads.set_terms(request.user, upload, **form.cleaned_data)
    notices.done(request, _("The terms are kept."))
    return redirect("studies:upload", pk)


@require_POST
@access(Access.EDITOR)
def upload_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a file that no study uses."""
    upload = queries.upload_for(request.user, pk)
    try:
        uploads.remove_upload(request.user, upload)
    except uploads.RefusedError as refused:
        notices.refused(request, str(refused))
        return redirect("studies:upload", pk)
    notices.done(request, _("The file is removed."))
    return redirect("studies:uploads")
