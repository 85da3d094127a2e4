"""Lists: the market's two doors, needs, solutions, and what is ours."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.kept import Kept
from viavolta.hub.market.labels import choice_label
from viavolta.hub.market.listing import Listing, name_of
from viavolta.hub.market.models import EntryKind
from viavolta.hub.market.queries import deleted_of, entries_of, find, in_order
from viavolta.hub.market.shelf import Shelf, current_shelf
from viavolta.hub.market.visitor import person_of
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Role
from viavolta.model.facets import Segment

_SHOWN_OF_EACH = 3


@access(Access.PUBLIC)
def market(request: HttpRequest) -> HttpResponseBase:
    """Both sides of the market by segment, and what is new on each."""
    sides = []
    for kind in (EntryKind.SOLUTION, EntryKind.NEED):
        found = find(Criteria(kind=kind))
        counts = found.selection.counts["segment"]
        sides.append(
            {
                "kind": kind,
                "count": len(found.selection),
                "segments": [
                    (s.value, choice_label("segment", s.value), counts[s.value]) for s in Segment
                ],
                "first": in_order(found.selection.ids[:_SHOWN_OF_EACH]),
            }
        )
    context = {
        "title": _("Market"),
        "lead": _("What cities need, and what has worked elsewhere."),
        "sides": sides,
    }
    return render(request, "market/market.html", context)


_lists = Kept()


@access(Access.PUBLIC)
def listing(request: HttpRequest, kind: EntryKind) -> HttpResponseBase:
    """Needs or solutions as the address asks for them; as a file where it asks for one."""
    criteria = Criteria.from_query(kind, request.GET)
    if request.GET.get("export"):
        shown = Listing(request, criteria)
        if shown.table.is_export:
            return shown.table.export(f"{kind.value}s")
    shelf = current_shelf()
    is_need = kind == EntryKind.NEED
    context = {
        "title": _("Needs") if is_need else _("Solutions"),
        "kind": kind,
        "criteria": criteria,
        "search_name": name_of(criteria),
        "list": _lists.part(
            (shelf, get_language(), request.get_full_path()),
            lambda: _rendered(request, criteria, shelf),
        ),
        "can_write": organisations_of(request.user, Role.EDITOR).exists(),
    }
    return render(request, "market/list.html", context)


def _rendered(request: HttpRequest, criteria: Criteria, shelf: Shelf) -> SafeString:
    """The list itself: the same for all visitors, hence kept."""
    shown = Listing(request, criteria, shelf)
    context = {"kind": criteria.kind, "listing": shown, "table": shown.table, "request": request}
    return render_to_string("market/_list.html", context)


@access(Access.SIGNED_IN)
def ours(request: HttpRequest) -> HttpResponseBase:
    """The needs and solutions of the visitor's organisations, drafts and deleted ones included."""
    organisations = list(organisations_of(request.user))
    context = {
        "title": _("Our needs and solutions"),
        "groups": [(o, entries_of(o, is_member=True)) for o in organisations],
        "deleted": deleted_of(person_of(request)) if organisations else [],
    }
    return render(request, "market/ours.html", context)
