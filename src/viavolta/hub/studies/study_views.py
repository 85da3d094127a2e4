"""The list of studies, and where a study begins."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import organisations_of
from viavolta.hub.studies import queries
from viavolta.hub.studies.models import Study, Visibility
from viavolta.hub.studies.sharing import links_of, study_for, visible_studies
from viavolta.hub.studies.wizard.countries import country_name
from viavolta.storage.tables.models import RunState

_STATES = dict(RunState.choices)


@access(Access.PUBLIC)
def study_list(request: HttpRequest) -> HttpResponseBase:
    """All studies this visitor may see: her organisations' and the public ones."""
    title = _("Studies")
    table = Table(
        request,
        QueryRows(
            queries.with_state(visible_studies(request.user, links_of(request))),
            search=("title", "place_name", "organisation__name"),
        ),
        _columns(),
        caption=title,
        sort="-created_at",
        filters=_filters(request),
        empty=Empty(
            title=_("No studies yet"),
            text=_("Can your buses go electric? Five steps tell, each with a default."),
            url=reverse("studies:new"),
            label=_("New study"),
        ),
    )
    if table.is_export:
        return table.export("studies")
    return render(
        request,
        "studies/list.html",
        {
            "title": title,
            "table": table,
            "drafts": queries.drafts_of(request.user)[:10],
            "may_edit": organisations_of(request.user).exists(),
        },
    )


def _columns() -> list[Column]:
    return [
        Column(
            key="title",
            label=_("Study"),
            link=lambda row: reverse("studies:study", args=[row.slug]),
        ),
        Column(key="place_name", label=_("Place")),
        Column(
            key="country",
            label=_("Country"),
            value=lambda row: country_name(row.country) if row.country else "",
            sort="country",
        ),
        Column(key="organisation", label=_("Organisation"), sort="organisation__name"),
        Column(
            key="run_state",
            label=_("State"),
            value=lambda row: _STATES.get(row.run_state, ""),
            sort="run_state",
        ),
        _figure("vehicles", _("Buses")),
        _figure("trips", _("Trips")),
        _figure("cost_eur_per_year", _("Cost"), unit=_("EUR a year"), is_shown=False),
        Column(
            key="visibility",
            label=_("Visible to"),
            value=lambda row: row.get_visibility_display(),
            sort="visibility",
            is_shown=False,
        ),
        Column(key="created_at", label=_("Since"), kind=Kind.DAY),
    ]


def _figure(key: str, label: Any, *, unit: Any = "", is_shown: bool = True) -> Column:
    return Column(
        key=key,
        label=label,
        unit=unit,
        kind=Kind.NUMBER,
        value=lambda row: (row.baseline_summary or {}).get(key),
        is_shown=is_shown,
    )


def _filters(request: HttpRequest) -> list[Filter]:
    mine = organisations_of(request.user).values("pk")

    def whose(rows: QueryRows, choice: str) -> QueryRows:
        kept: dict[str, dict[str, Any]] = {
            "mine": {"created_by": request.user.pk or 0},
            "organisation": {"organisation__in": mine},
            "public": {"visibility": Visibility.PUBLIC},
        }
        return QueryRows(rows.query.filter(**kept[choice]), search=rows.search)

    def state(rows: QueryRows, choice: str) -> QueryRows:
        return QueryRows(rows.query.filter(run_state=choice), search=rows.search)

    own = [("mine", _("made by me")), ("organisation", _("of my organisations"))]
    public = [("public", _("public"))]
    return [
        Filter(
            key="whose",
            label=_("Whose"),
            choices=[*own, *public] if request.user.is_authenticated else public,
            keep=whose,
        ),
        Filter(key="state", label=_("State"), choices=RunState.choices, keep=state),
    ]


@access(Access.PUBLIC)
def study_home(request: HttpRequest, slug: str) -> HttpResponse:
    """Results where there are some, else how far the first run is."""
    study: Study = study_for(request, slug)
    baseline = study.scenarios.filter(is_baseline=True).first()
    if baseline is None:
        return redirect("studies:list")
    if baseline.result_folder:
        return redirect("studies:results-overview", study.slug, baseline.pk)
    if organisations_of(request.user).filter(pk=study.organisation_id).exists():
        return redirect("studies:run", baseline.pk)
    return redirect("studies:results-overview", study.slug, baseline.pk)
