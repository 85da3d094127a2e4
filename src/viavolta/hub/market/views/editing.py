"""Writing needs and solutions: drafts, edits, publishing, history."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame import notices
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.market import actions
from viavolta.hub.market.content import Content, content_of
from viavolta.hub.market.differences import differences
from viavolta.hub.market.forms import (
    EntryForm,
    EvidenceForms,
    OrganisationForm,
    add_errors,
    figure_initials,
    figures_of,
    initial_of,
)
from viavolta.hub.market.listing import entry_url
from viavolta.hub.market.models import Entry, EntryKind
from viavolta.hub.market.queries import editable_entry, public_studies_of
from viavolta.hub.market.visitor import person_of
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role


@access(Access.EDITOR)
def create(request: HttpRequest, kind: EntryKind) -> HttpResponseBase:
    """Begin a need or a solution; it stays a draft until it is published."""
    organisations = organisations_of(request.user, Role.EDITOR)
    if not organisations:
        raise PermissionDenied
    chooser = OrganisationForm(request.POST or request.GET or None, organisations=organisations)
    chosen = chooser.cleaned_data["organisation"] if chooser.is_valid() else organisations[0]
    form, figures = _forms(request, kind, chosen, None)
    if request.method == "POST" and _are_valid(form, figures):
        try:
            entry = actions.create(
                person_of(request), chosen, kind, form.content(figures_of(figures))
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _saved(request, entry)
    chooser = OrganisationForm(initial={"organisation": chosen.pk}, organisations=organisations)
    is_need = kind == EntryKind.NEED
    context = {
        "title": _("Describe a need") if is_need else _("Show a solution"),
        "chooser": chooser if len(organisations) > 1 else None,
        "kind": kind,
        "form": form,
        "figures": figures,
        "cancel_url": reverse("market-ours"),
    }
    return render(request, "market/edit.html", context)


@access(Access.EDITOR)
def edit(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Change a need or a solution; two who edit at once see both texts."""
    entry = editable_entry(request, kind, slug)
    form, figures = _forms(request, kind, entry.organisation, entry)
    conflict: list[tuple[str, str, str]] = []
    if request.method == "POST" and _are_valid(form, figures):
        wanted = form.content(figures_of(figures))
        try:
            actions.edit(
                person_of(request), entry, wanted, seen=form.cleaned_data.get("version") or 0
            )
        except StaleEditError:
            theirs = Entry.objects.get(pk=entry.pk)
            conflict = differences(content_of(theirs), wanted)
            sent = request.POST.copy()
            sent["version"] = str(theirs.version)
            form.data = sent
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _saved(request, entry)
    context = {
        "title": _("Edit"),
        "kicker": entry.title,
        "kind": kind,
        "entry": entry,
        "form": form,
        "figures": figures,
        "conflict": conflict,
        "cancel_url": entry_url(entry),
    }
    return render(request, "market/edit.html", context, status=409 if conflict else 200)


@access(Access.EDITOR)
@require_POST
def publish(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Show it to everybody."""
    return _act(request, kind, slug, actions.publish, _("Published."), undo="market-withdraw")


@access(Access.EDITOR)
@require_POST
def withdraw(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Take it off the market."""
    return _act(
        request, kind, slug, actions.withdraw, _("No longer public."), undo="market-publish"
    )


@access(Access.EDITOR)
@require_POST
def delete(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Delete it; the next page offers to undo that."""
    _act(
        request,
        kind,
        slug,
        actions.delete,
        _("Deleted. It can be brought back for 30 days."),
        undo="market-undelete",
    )
    return redirect("market-ours")


@access(Access.EDITOR)
@require_POST
def undelete(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Bring it back."""
    return _act(request, kind, slug, actions.undelete, _("Brought back."), undo="")


@access(Access.EDITOR)
def history(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponseBase:
    """Every version, and what each changed."""
    entry = editable_entry(request, kind, slug)
    revisions = list(entry.revisions.select_related("by"))
    before: list[Any] = [*revisions[1:], None]
    context = {
        "title": _("History"),
        "kicker": entry.title,
        "entry": entry,
        "steps": [
            (r, differences(_content(b), _content(r)) if b else [], r.version != entry.version)
            for r, b in zip(revisions, before, strict=False)
        ],
    }
    return render(request, "market/history.html", context)


@access(Access.EDITOR)
@require_POST
def restore(request: HttpRequest, kind: EntryKind, slug: str, version: int) -> HttpResponseBase:
    """Make an earlier version the present one."""
    entry = editable_entry(request, kind, slug)
    revision = get_object_or_404(entry.revisions, version=version)
    try:
        actions.restore(person_of(request), entry, revision, seen=entry.version)
    except ValidationError as error:
        notices.refused(request, " ".join(error.messages))
        return redirect("market-history", kind, slug)
    notices.done(request, _("Version %(n)d is back.") % {"n": version})
    return redirect(entry_url(entry))


def _content(revision: Any) -> Content:
    return Content.from_json(revision.content)


def _act(
    request: HttpRequest,
    kind: EntryKind,
    slug: str,
    act: Callable[[Any, Entry], None],
    said: str,
    *,
    undo: str,
) -> HttpResponseBase:
    entry = editable_entry(request, kind, slug)
    try:
        act(person_of(request), entry)
    except ValidationError as error:
        notices.refused(request, " ".join(error.messages))
        return redirect("market-edit", kind, slug)
    except StaleEditError:
        notices.refused(request, _("Somebody else changed this at the same moment. Try again."))
        return redirect(entry_url(entry))
    notices.done(request, said, undo=reverse(undo, args=[kind, slug]) if undo else "")
    return redirect(entry_url(entry))


def _forms(
    request: HttpRequest, kind: EntryKind, organisation: Organisation, entry: Entry | None
) -> tuple[EntryForm, Any]:
    """The form of words and that of figures (solutions only), as sent or as they stand."""
    studies = public_studies_of(organisation)
    sent = request.POST if request.method == "POST" else None
    now = None if entry is None else content_of(entry)
    initial: dict[str, Any] = {"language": get_language()}
    if now is not None and entry is not None:
        initial = initial_of(now, entry.version)
    form = EntryForm(sent, kind=kind, studies=studies, initial=initial)
    if kind == EntryKind.NEED:
        return form, None
    figures = EvidenceForms(
        sent, prefix="evidence", initial=[] if now is None else figure_initials(now)
    )
    return form, figures


def _are_valid(form: EntryForm, figures: Any) -> bool:
    return all([form.is_valid(), figures is None or figures.is_valid()])


def _saved(request: HttpRequest, entry: Entry) -> HttpResponseBase:
    if request.POST.get("then") == "publish":
        return publish(request, EntryKind(entry.kind), entry.slug)
    if request.POST.get("then") == "files":
        return redirect("market-files", EntryKind(entry.kind), entry.slug)
    notices.done(request, _("Saved."))
    return redirect(entry_url(entry))
