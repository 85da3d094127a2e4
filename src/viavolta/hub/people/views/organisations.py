"""Organisations: found, shown, made, changed, deleted."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.people.access import require, role_in, visitor
from viavolta.hub.people.actions import (
    change_logo,
    change_organisation,
    create_organisation,
    delete_organisation,
)
from viavolta.hub.people.forms import OrganisationForm
from viavolta.hub.people.hooks import organisation_actions, organisation_sections
from viavolta.hub.people.logos import logo_path
from viavolta.hub.people.models import Organisation, OrganisationKind, Role, SizeBand
from viavolta.hub.people.queries import visible_organisations
from viavolta.hub.people.regions import country_choices, country_name, region_label

Rows = QuerySet[Organisation]

COLUMNS = (
    Column(key="name", label=gettext_lazy("name"), link=Organisation.get_absolute_url),
    Column(
        key="kind",
        label=gettext_lazy("kind"),
        value=lambda row: row.get_kind_display(),
        sort="kind",
    ),
    Column(
        key="country",
        label=gettext_lazy("country"),
        value=lambda row: country_name(row.country),
        sort="country",
    ),
    Column(
        key="nuts",
        label=gettext_lazy("NUTS region"),
        value=lambda row: region_label(row.nuts),
        sort="nuts",
    ),
    Column(key="inhabitants", label=gettext_lazy("inhabitants"), kind=Kind.NUMBER),
    Column(
        key="size_band",
        label=gettext_lazy("employees"),
        value=lambda row: row.get_size_band_display(),
        sort="size_band",
    ),
    Column(key="is_sme", label=gettext_lazy("SME"), kind=Kind.YES_NO),
    Column(key="joined_at", label=gettext_lazy("joined"), kind=Kind.DAY),
)
FILTERS = (
    Filter(
        key="kind",
        label=gettext_lazy("kind"),
        choices=OrganisationKind.choices,
        keep=lambda rows, choice: QueryRows(rows.query.filter(kind=choice), search=rows.search),
    ),
    Filter(
        key="size",
        label=gettext_lazy("employees"),
        choices=SizeBand.choices,
        keep=lambda rows, choice: QueryRows(
            rows.query.filter(size_band=choice), search=rows.search
        ),
    ),
)


@access(Access.PUBLIC)
@require_safe
def organisations(request: HttpRequest) -> HttpResponseBase:
    """All organisations, with facets; the table exports."""
    by_country = Filter(
        key="in",
        label=_("country"),
        choices=country_choices(),
        keep=lambda rows, choice: QueryRows(rows.query.filter(country=choice), search=rows.search),
    )
    table = Table(
        request,
        QueryRows(visible_organisations(request.user), search=("name", "nuts")),
        COLUMNS,
        caption=_("Organisations"),
        sort="name",
        filters=(*FILTERS, by_country),
        empty=Empty(
            title=_("No organisation yet"),
            url=reverse("organisation-new"),
            label=_("New organisation"),
        ),
    )
    if table.is_export:
        return table.export("organisations")
    return render(
        request, "people/organisations.html", {"title": _("Organisations"), "table": table}
    )


@access(Access.PUBLIC)
@require_safe
def organisation(request: HttpRequest, organisation: str) -> HttpResponse:
    """An organisation's public page."""
    row = _visible(request, organisation)
    return render(
        request,
        "people/organisation.html",
        {
            "title": row.name,
            "kicker": row.get_kind_display(),
            "is_sample": row.is_sample,
            "organisation": row,
            "country": country_name(row.country),
            "region": region_label(row.nuts),
            "role": role_in(request.user, row),
            "offered_actions": organisation_actions(request, row),
            "sections": organisation_sections(request, row),
        },
    )


@access(Access.PUBLIC)
@require_safe
def logo(request: HttpRequest, organisation: str) -> HttpResponseBase:
    """The logo, as we re-encoded it."""
    row = _visible(request, organisation)
    if not row.logo:
        raise Http404
    try:
        answer = FileResponse(logo_path(row.logo).open("rb"), content_type="image/png")
    except FileNotFoundError as error:
        raise Http404 from error
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@access(Access.SIGNED_IN)
def new(request: HttpRequest) -> HttpResponse:
    """Let an organisation join."""
    user = visitor(request)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_organisation(user, form.values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            done(request, _("Welcome to viavolta."))
            return redirect(made)
    return _form_page(request, form, _("New organisation"), reverse("organisations"))


@access(Access.OWNER)
def edit(request: HttpRequest, organisation: str) -> HttpResponse:
    """Change what the organisation says of itself."""
    user, row = _owned(request, organisation)
    form = OrganisationForm(request.POST or None, instance=row)
    conflict: list[tuple[str, str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            change_organisation(
                user, row, form.values(), seen=form.cleaned_data["version"] or row.version
            )
        except ValidationError as error:
            form.add_error(None, error)
        except StaleEditError:
            kept = Organisation.objects.get(pk=row.pk)
            conflict = _differences(form, kept)
            form.data = {**request.POST.dict(), "version": str(kept.version)}
        else:
            done(request, _("Saved."))
            return redirect(row)
    return _form_page(
        request, form, _("Edit the organisation"), row.get_absolute_url(), conflict=conflict
    )


@access(Access.OWNER)
@require_POST
def set_logo(request: HttpRequest, organisation: str) -> HttpResponse:
    """Replace the logo, or take it away where no file comes."""
    user, row = _owned(request, organisation)
    try:
        change_logo(user, row, request.FILES.get("logo"))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done(request, _("Saved."))
    return redirect("organisation-members", row.slug)


@access(Access.OWNER)
def delete(request: HttpRequest, organisation: str) -> HttpResponse:
    """Ask, then delete the organisation with all it owns."""
    user, row = _owned(request, organisation)
    if request.method == "POST" and request.POST.get("name") == row.name:
        delete_organisation(user, row)
        done(request, _("The organisation is deleted."))
        return redirect("organisations")
    return render(
        request,
        "people/delete_organisation.html",
        {"title": _("Delete the organisation"), "organisation": row},
    )


@access(Access.PUBLIC)
@require_safe
def region_options(request: HttpRequest) -> HttpResponse:
    """The regions of a country, for the list beside the field."""
    form = OrganisationForm({"country": request.GET.get("country", "")})
    return render(request, "people/regions.html", {"regions": form.regions})


def _visible(request: HttpRequest, slug: str) -> Organisation:
    return get_object_or_404(visible_organisations(request.user), slug=slug)


def _owned(request: HttpRequest, slug: str) -> tuple[Any, Organisation]:
    row = _visible(request, slug)
    return require(request.user, row, Role.OWNER), row


def _form_page(
    request: HttpRequest,
    form: OrganisationForm,
    title: str,
    cancel_url: str,
    *,
    conflict: list[tuple[str, str, str]] | None = None,
) -> HttpResponse:
    context = {"title": title, "form": form, "cancel_url": cancel_url, "conflict": conflict}
    return render(request, "people/organisation_form.html", context)


def _differences(form: OrganisationForm, kept: Organisation) -> list[tuple[str, str, str]]:
    """Label, what was typed and what is kept, for each field in which they differ."""
    rows = (
        (str(form.fields[name].label), str(value), str(getattr(kept, name)))
        for name, value in form.values().items()
    )
    return [row for row in rows if row[1] != row[2]]
