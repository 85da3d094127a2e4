"""The searches a visitor keeps."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.market import searching
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.forms import SearchForm
from viavolta.hub.market.models import EntryKind
from viavolta.hub.market.queries import find, searches_of
from viavolta.hub.market.visitor import person_of


@access(Access.SIGNED_IN)
def searches(request: HttpRequest) -> HttpResponseBase:
    """Each search with what it finds now."""
    rows = []
    for search in searches_of(person_of(request)):
        kind = EntryKind(search.kind)
        found = find(Criteria.from_text(kind, search.query))
        address = reverse("market-list", args=[kind])
        rows.append((search, f"{address}?{search.query}", len(found.selection)))
    context = {"title": _("Saved searches"), "rows": rows}
    return render(request, "market/searches.html", context)


@access(Access.SIGNED_IN)
@require_POST
def save(request: HttpRequest, kind: EntryKind) -> HttpResponseBase:
    """Keep the search of a list."""
    form = SearchForm(request.POST)
    criteria = Criteria.from_text(kind, request.POST.get("query", ""))
    if not form.is_valid():
        notices.refused(request, _("Give the search a name."))
        return redirect(f"{reverse('market-list', args=[kind])}?{criteria.as_text()}")
    try:
        searching.save_search(
            person_of(request),
            criteria,
            name=form.cleaned_data["name"],
            notify=form.cleaned_data["notify"],
        )
    except ValidationError as error:
        notices.refused(request, " ".join(error.messages))
    else:
        notices.done(request, _("Search saved."))
    return redirect("market-searches")


@access(Access.SIGNED_IN)
@require_POST
def change(request: HttpRequest, search_id: int) -> HttpResponseBase:
    """Rename a search, or switch its e-mails on or off."""
    search = get_object_or_404(searches_of(person_of(request)), pk=search_id)
    form = SearchForm(request.POST)
    if form.is_valid():
        searching.change_search(
            person_of(request),
            search,
            name=form.cleaned_data["name"],
            notify=form.cleaned_data["notify"],
        )
        notices.done(request, _("Saved."))
    else:
        notices.refused(request, _("Give the search a name."))
    return redirect("market-searches")


@access(Access.SIGNED_IN)
@require_POST
def forget(request: HttpRequest, search_id: int) -> HttpResponseBase:
    """Forget a search."""
    search = get_object_or_404(searches_of(person_of(request)), pk=search_id)
    searching.forget_search(person_of(request), search)
    notices.done(request, _("Search forgotten."))
    return redirect("market-searches")
