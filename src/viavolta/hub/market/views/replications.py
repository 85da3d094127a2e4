"""Replicating: a solution's study on one's own data, and what comes out beside the original."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.market.carrying import assumptions_of, compared
from viavolta.hub.market.listing import entry_url
from viavolta.hub.market.models import EntryKind, Replication
from viavolta.hub.market.queries import entry_for
from viavolta.hub.market.replicating import (
    Source,
    proven_scenario,
    replicate,
    source_of,
    sources_of,
)
from viavolta.hub.market.visitor import person_of
from viavolta.hub.studies.running import run_of
from viavolta.hub.studies.sharing import links_of, visible_studies


@access(Access.SIGNED_IN)
def choose(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One's own studies and timetables; each with what would carry over."""
    entry = entry_for(request, EntryKind.SOLUTION, slug)
    origin = proven_scenario(entry)
    if origin is None:
        raise Http404
    sources = sources_of(person_of(request))
    if request.method == "POST":
        chosen = next((s for s in sources if s.key == request.POST.get("source")), None)
        if chosen is None:
            notices.refused(request, _("Choose a study or a timetable of yours."))
            return redirect("market-replicate", slug)
        try:
            made = replicate(person_of(request), entry, chosen)
        except ValidationError as error:
            notices.refused(request, " ".join(error.messages))
            return redirect("market-replicate", slug)
        return redirect("market-replication", made.pk)
    picked = _picked(request, sources)
    context = {
        "title": _("Replicate"),
        "kicker": entry.title,
        "entry": entry,
        "sources": sources,
        "picked": picked,
        "assumptions": [] if picked is None else assumptions_of(origin, picked),
    }
    return render(request, "market/replicate.html", context)


@access(Access.PUBLIC)
def replication(request: HttpRequest, replication_id: int) -> HttpResponseBase:
    """What carries over, how far the run is and, once it is done, both studies' figures."""
    row = (
        Replication.objects.select_related("entry__organisation", "study__organisation", "origin")
        .filter(
            pk=replication_id,
            study__in=visible_studies(request.user, links_of(request)).values("pk"),
        )
        .first()
    )
    if row is None:
        raise Http404
    own = row.study.scenarios.filter(is_baseline=True).first()
    origin = proven_scenario(row.entry)
    if origin is None or (row.origin_id and origin.study_id != row.origin_id):
        origin = None
    run = None if own is None else run_of(own)
    is_done = own is not None and bool(own.result_folder)
    source = None if own is None else source_of(own)
    context = {
        "title": row.study.title,
        "kicker": _("Replication"),
        "is_sample": row.study.is_sample,
        "crumbs": [
            (_("Market"), reverse("market")),
            (row.entry.title, entry_url(row.entry)),
        ],
        "replication": row,
        "entry": row.entry,
        "own": own,
        "run": run,
        "is_done": is_done,
        "is_waiting": run is not None and not run.is_ended,
        "assumptions": assumptions_of(origin, source) if origin and source else [],
        "figures": compared(origin, own) if origin and own and is_done else [],
    }
    return render(request, "market/replication.html", context)


def _picked(request: HttpRequest, sources: list[Source]) -> Source | None:
    asked = request.GET.get("source", "")
    return next((s for s in sources if s.key == asked), sources[0] if sources else None)
