"""Projects of collaborations."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.actions.collaborations import require_member
from viavolta.hub.collaborate.actions.projects import ProjectFacts, add_project, change_project
from viavolta.hub.collaborate.columns import segment_filter
from viavolta.hub.collaborate.forms.collaborations import ProjectForm
from viavolta.hub.collaborate.models import Project
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.collaborations import listed
from viavolta.hub.collaborate.queries.collaborations import projects as all_projects
from viavolta.hub.collaborate.views.collaborations import tabs
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Table


@access(Access.PUBLIC)
def projects(request: HttpRequest) -> HttpResponseBase:
    """All projects that came out of collaborations."""
    table = Table(
        request,
        QueryRows(all_projects(), search=("title", "about", "funder")),
        (
            Column(
                key="title",
                label=_("Title"),
                link=lambda row: row.collaboration.get_absolute_url(),
            ),
            Column(key="collaboration", label=_("Collaboration"), sort="collaboration__title"),
            Column(
                key="segment",
                label=_("Segment"),
                value=lambda row: row.collaboration.get_segment_display(),
                sort="collaboration__segment",
            ),
            Column(key="funder", label=_("Funder")),
            Column(key="funding_eur", label=_("Funding"), unit="EUR", kind=Kind.NUMBER),
            Column(
                key="partners",
                label=_("Partners"),
                value=lambda row: ", ".join(p.name for p in row.partners.all()),
            ),
            Column(key="starts_on", label=_("Start"), kind=Kind.DAY),
            Column(key="ends_on", label=_("End"), kind=Kind.DAY),
            Column(key="created_at", label=_("Entered"), kind=Kind.DAY, is_shown=False),
            Column(
                key="is_sample",
                label=_("sample"),
                kind=Kind.YES_NO,
                value=lambda row: row.collaboration.is_sample,
                is_shown=False,
            ),
        ),
        sort="-created_at",
        caption=_("Projects"),
        filters=(segment_filter("collaboration__segment"),),
        empty=Empty(
            title=_("No projects yet"),
            text=_("Members of a collaboration enter them on its page."),
        ),
    )
    if table.is_export:
        return table.export("projects")
    return render(
        request,
        "collaborate/list.html",
        {"title": _("Projects"), "table": table, "tabs": tabs("projects")},
    )


@access(Access.EDITOR)
def new_project(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Enter a project: editors of members."""
    row = get_object_or_404(listed(), slug=slug)
    require_member(person_of(request), row)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        add_project(person_of(request), row, _facts_from(cleaned))
        return row.get_absolute_url(), _("The project is entered.")

    return form_page(
        request,
        ProjectForm(row, request.POST or None, initial={"version": 1}),
        save,
        title=_("New project"),
        lead=row.title,
        cancel_url=row.get_absolute_url(),
    )


@access(Access.EDITOR)
def edit_project(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """Change a project: editors of members."""
    project = get_object_or_404(all_projects(), pk=project_id)
    require_member(person_of(request), project.collaboration)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        change_project(person_of(request), project, _facts_from(cleaned), seen=cleaned["version"])
        return project.collaboration.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        ProjectForm(project.collaboration, request.POST or None, initial=_facts(project)),
        save,
        current=lambda: _current(project_id),
        title=project.title,
        cancel_url=project.collaboration.get_absolute_url(),
    )


def _facts_from(cleaned: dict[str, Any]) -> ProjectFacts:
    return ProjectFacts(
        title=cleaned["title"],
        about=cleaned["about"],
        funder=cleaned["funder"],
        funding_eur=cleaned["funding_eur"],
        starts_on=cleaned["starts_on"],
        ends_on=cleaned["ends_on"],
        partners=tuple(cleaned["partners"]),
    )


def _current(project_id: int) -> tuple[Project, dict[str, Any]]:
    project = Project.objects.get(pk=project_id)
    return project, _facts(project)


def _facts(project: Project) -> dict[str, Any]:
    return {
        "title": project.title,
        "about": project.about,
        "funder": project.funder,
        "funding_eur": project.funding_eur,
        "starts_on": project.starts_on,
        "ends_on": project.ends_on,
        "partners": [str(key) for key in project.partners.values_list("pk", flat=True)],
        "version": project.version,
    }
