"""What moderators do: hide, show, merge duplicates, undo."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.market import moderation
from viavolta.hub.market.duplicates import likely_duplicates
from viavolta.hub.market.forms import HideForm
from viavolta.hub.market.listing import entry_url
from viavolta.hub.market.models import Entry, EntryKind, Merge
from viavolta.hub.market.queries import entry_for, merges
from viavolta.hub.market.visitor import person_of

_SHOWN = 50


class MergeForm(forms.Form):
    """Two entries by the last part of their addresses."""

    kept = forms.SlugField(label=gettext_lazy("Keep"), max_length=180)
    merged = forms.SlugField(label=gettext_lazy("Merge into it"), max_length=180)


@access(Access.MODERATOR)
def desk(request: HttpRequest) -> HttpResponseBase:
    """Likely duplicates, what is hidden, and what was merged."""
    context = {
        "title": _("Duplicates and hidden entries"),
        "pairs": [(kind, likely_duplicates(kind)) for kind in EntryKind],
        "hidden": Entry.objects.filter(is_hidden=True).select_related("organisation")[:_SHOWN],
        "merges": merges()[:_SHOWN],
    }
    return render(request, "market/moderate.html", context)


@access(Access.MODERATOR)
def merge(request: HttpRequest, kind: EntryKind) -> HttpResponseBase:
    """Two entries side by side; which one is kept is the moderator's choice."""
    form = MergeForm(request.POST or request.GET or None)
    pair: list[Entry] = []
    if form.is_valid():
        pair = [entry_for(request, kind, form.cleaned_data[name]) for name in ("kept", "merged")]
        if request.method == "POST":
            try:
                row = moderation.merge(person_of(request), kept=pair[0], merged=pair[1])
            except ValidationError as error:
                form.add_error(None, error)
            else:
                undo = reverse("market-merge-undo", args=[row.pk])
                notices.done(request, _("Merged; the old address leads here."), undo=undo)
                return redirect(entry_url(pair[0]))
    context = {"title": _("Merge"), "kind": kind, "form": form, "pair": pair}
    return render(request, "market/merge.html", context)


@access(Access.MODERATOR)
@require_POST
def undo_merge(request: HttpRequest, merge_id: int) -> HttpResponseBase:
    """Take the two apart again."""
    row = get_object_or_404(Merge.objects.select_related("kept", "merged"), pk=merge_id)
    moderation.undo_merge(person_of(request), row)
    notices.done(request, _("These are two again."))
    return redirect(entry_url(row.merged))


@access(Access.MODERATOR)
@require_POST
def hide(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Take an entry out of sight, with a reason."""
    entry = entry_for(request, kind, slug)
    form = HideForm(request.POST)
    if not form.is_valid():
        notices.refused(request, _("Please give a reason."))
        return redirect(entry_url(entry))
    moderation.hide(person_of(request), entry, reason=form.cleaned_data["reason"])
    notices.done(request, _("Hidden."), undo=reverse("market-show", args=[kind, slug]))
    return redirect(entry_url(entry))


@access(Access.MODERATOR)
@require_POST
def show(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Undo hiding."""
    entry = entry_for(request, kind, slug)
    moderation.show(person_of(request), entry)
    notices.done(request, _("In sight again."))
    return redirect(entry_url(entry))
