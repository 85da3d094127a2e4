"""Sharing: who sees a study, what becomes visible, the link, and the bundle to make it again."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.people.models import User
from viavolta.hub.studies.bundle import Terms, bundle, terms_of
from viavolta.hub.studies.models import Study, Visibility
from viavolta.hub.studies.results.folder import require_result, result_of
from viavolta.hub.studies.results.page import stem
from viavolta.hub.studies.results.tables import attachment
from viavolta.hub.studies.sharing import (
    open_link,
    renew_link,
    scenario_for,
    share,
    study_to_edit,
)


@access(Access.EDITOR)
def share_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Who sees the study, and what becomes visible with each choice."""
    study = study_to_edit(request, slug)
    if request.method == "POST":
        return _share(request, study)
    return render(request, "studies/share/share.html", _context(request, study))


def _share(request: HttpRequest, study: Study) -> HttpResponse:
    here = HttpResponseRedirect(reverse("studies:share", args=(study.slug,)))
    wanted = request.POST.get("visibility", "")
    if wanted not in Visibility.values:
        refused(request, _("Choose who sees the study."))
        return here
    opens = wanted == Visibility.PUBLIC and study.visibility != Visibility.PUBLIC
    if opens and "confirmed" not in request.POST:
        refused(request, _("Confirm that you know what becomes visible; nothing was changed."))
        return here
    try:
        share(_user(request), study, Visibility(wanted), seen=_seen(request))
    except StaleEditError:
        refused(request, _("Somebody else changed this study; nothing was changed."))
    else:
        done(request, _("Now visible to: %(who)s") % {"who": study.get_visibility_display()})
    return here


@access(Access.EDITOR)
@require_POST
def new_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Revoke the link and make another."""
    study = study_to_edit(request, slug)
    if study.visibility != Visibility.LINK:
        raise Http404
    try:
        renew_link(_user(request), study, seen=_seen(request))
        done(request, _("The old link is revoked; here is a new one."))
    except StaleEditError:
        refused(request, _("Somebody else changed this study; nothing was changed."))
    return HttpResponseRedirect(reverse("studies:share", args=(slug,)))


@access(Access.PUBLIC)
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Open a study by its link; the token stays in the session, not in the address."""
    study = open_link(request, token)
    return HttpResponseRedirect(reverse("studies:study", args=(study.slug,)))


@access(Access.PUBLIC)
def bundle_file(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """The bundle: results and, where their licence allows it, the inputs and the command."""
    scenario = scenario_for(request, slug, scenario_id)
    content = bundle(scenario, require_result(scenario))
    name = f"{stem(scenario)}-bundle.zip"
    return attachment(content, name=name, content_type="application/zip")


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    link = reverse("studies:by-link", args=(study.link_token,)) if study.link_token else ""
    return {
        "title": _("Share"),
        "kicker": study.title,
        "study": study,
        "choices": [(v.value, v.label, v == study.visibility) for v in Visibility],
        "link": request.build_absolute_uri(link) if link else "",
        "scenarios": [(s, terms) for s, terms in _all_terms(study)],
        "crumbs": [
            (study.title, reverse("studies:study", args=(study.slug,))),
            (_("Share"), ""),
        ],
    }


def _all_terms(study: Study) -> list[tuple[Any, Terms | None]]:
    """Each scenario with what of it may be handed on."""
    pairs = [(scenario, result_of(scenario)) for scenario in study.scenarios.all()]
    return [
        (scenario, None if result is None else terms_of(scenario, result))
        for scenario, result in pairs
    ]


def _seen(request: HttpRequest) -> int:
    word = request.POST.get("version", "")
    return int(word) if word.isascii() and word.isdigit() else 0


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
