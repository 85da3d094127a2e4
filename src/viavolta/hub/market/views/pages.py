"""The page of a need or a solution."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.market.fit import fits_for
from viavolta.hub.market.hooks import page_actions, page_sections
from viavolta.hub.market.labels import country_name, group_label
from viavolta.hub.market.listing import entry_url, facet_words
from viavolta.hub.market.matching import matches_of
from viavolta.hub.market.models import Entry, EntryKind
from viavolta.hub.market.queries import entry_for, replications_of
from viavolta.hub.market.replicating import proven_scenario, sources_of
from viavolta.hub.people.access import role_in
from viavolta.hub.people.models import Role, User
from viavolta.hub.studies.models import Visibility
from viavolta.model.facets import Facet

_SHOWN_MATCHES = 6


@access(Access.PUBLIC)
def entry(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """One need or solution: what it is, what it can prove, whether it is for the visitor."""
    shown = entry_for(request, kind, slug)
    if shown.merged_into is not None:
        return redirect(entry_url(shown.merged_into))
    role = role_in(request.user, shown.organisation)
    context = {
        "title": shown.title,
        "kicker": _kicker(shown),
        "lead": shown.summary,
        "is_sample": shown.is_sample,
        "crumbs": _crumbs(shown),
        "entry": shown,
        "facets": facet_lines(shown),
        "study": public_study(shown),
        "can_replicate": shown.kind == EntryKind.SOLUTION and proven_scenario(shown) is not None,
        "own_source": next(iter(sources_of(request.user)), None)
        if isinstance(request.user, User)
        else None,
        "replications": replications_of(shown, request),
        "fits": fits_for(request.user, shown),
        "matches": [
            (match.entry, ", ".join(match.reason_names((get_language() or "en")[:2])))
            for match in matches_of(shown, n=_SHOWN_MATCHES)
        ],
        "offered_actions": page_actions(request, shown),
        "sections": page_sections(request, shown),
        "role": role,
        "can_edit": role in {Role.EDITOR, Role.OWNER},
    }
    return render(request, "market/entry.html", context)


def facet_lines(entry: Entry) -> list[tuple[str, str]]:
    """What an entry says of each facet, in words."""
    lines = [(group_label(f.value), facet_words(entry, f)) for f in Facet]
    return [(label, words) for label, words in lines if words]


def public_study(entry: Entry) -> object | None:
    """The study that computes a solution, as long as it is public."""
    study = entry.study
    return study if study is not None and study.visibility == Visibility.PUBLIC else None


def _kicker(entry: Entry) -> str:
    kind = entry.get_form_display() if entry.form else EntryKind(entry.kind).label
    place = country_name(entry.organisation.country)
    return f"{str(kind).capitalize()} · {entry.organisation.name}, {place}"


def _crumbs(entry: Entry) -> list[tuple[str, str]]:
    kind = EntryKind(entry.kind)
    side = _("Needs") if kind == EntryKind.NEED else _("Solutions")
    return [(_("Market"), reverse("market")), (side, reverse("market-list", args=[kind]))]
