"""Pages of the guide."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.catalogue.glossary import terms
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Table
from viavolta.hub.guide.entries import CHAPTERS, chapter_title, entries
from viavolta.hub.guide.portals import portals

_LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "it": "Italiano",
    "sl": "Slovenščina",
    "nl": "Nederlands",
}


@access(Access.PUBLIC)
def index(request: HttpRequest) -> HttpResponse:
    """The chapters with their entries."""
    chapters = [
        {"key": key, "title": chapter_title(key), "entries": entries(key)} for key in CHAPTERS
    ]
    return render(
        request,
        "guide/index.html",
        {
            "title": _("Guide"),
            "lead": _("What each figure means, why it matters and where to get it."),
            "chapters": chapters,
        },
    )


@access(Access.PUBLIC)
def chapter(request: HttpRequest, chapter: str) -> HttpResponse:
    """One chapter in full."""
    if chapter not in CHAPTERS:
        raise Http404
    return render(
        request,
        "guide/chapter.html",
        {
            "title": chapter_title(chapter),
            "crumbs": [(_("Guide"), reverse("guide:index")), (chapter_title(chapter), "")],
            "entries": entries(chapter),
        },
    )


@access(Access.PUBLIC)
def words(request: HttpRequest) -> HttpResponseBase:
    """Words of the trade in six languages."""
    columns = [Column(key=code, label=name) for code, name in _LANGUAGES.items()]
    rows = [dict(term.names) for key, term in terms().items() if not key.startswith("facet.")]
    title = _("Words in six languages")
    table = Table(request, RecordRows(rows), columns, caption=title)
    if table.is_export:
        return table.export("words")
    return render(
        request,
        "guide/portals.html",
        {
            "title": title,
            "crumbs": [(_("Guide"), reverse("guide:index")), (title, "")],
            "table": table,
            "is_wide": True,
        },
    )


@access(Access.PUBLIC)
def timetable_portals(request: HttpRequest) -> HttpResponseBase:
    """Where timetables are published, by country."""
    columns = [
        Column(key="country", label=_("Country")),
        Column(key="name", label=_("Portal"), link=lambda portal: portal.url),
        Column(key="status", label=_("How sure"), is_shown=False),
    ]
    title = _("Where to get a timetable")
    table = Table(request, RecordRows(portals()), columns, caption=title)
    if table.is_export:
        return table.export("portals")
    return render(
        request,
        "guide/portals.html",
        {
            "title": title,
            "crumbs": [(_("Guide"), reverse("guide:index")), (title, "")],
            "table": table,
        },
    )
