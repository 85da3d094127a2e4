"""Good practices: read, written, reviewed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.columns import (
    page_of,
    sample_column,
    segment_column,
    segment_filter,
)
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.labs.actions.practices import (
    PracticeFacts,
    change_practice,
    review_practice,
    submit_practice,
    write_practice,
)
from viavolta.hub.labs.forms import PracticeForm, ReviewForm
from viavolta.hub.labs.models import Practice, PracticeState, Verdict
from viavolta.hub.labs.queries import (
    labs,
    may_contribute,
    may_review,
    published_practices,
    readable_practices,
    reviews_of,
    to_review,
)
from viavolta.hub.labs.views.labs import tabs
from viavolta.hub.people.access import may, organisations_of, require
from viavolta.hub.people.models import Role, User
from viavolta.hub.studies.sharing import links_of, visible_studies


@access(Access.PUBLIC)
def practices(request: HttpRequest) -> HttpResponseBase:
    """Practices that were reviewed and published."""
    table = Table(
        request,
        QueryRows(published_practices(), search=("title", "challenge", "approach", "result")),
        (
            Column(key="title", label=_("Title"), link=page_of),
            segment_column(),
            Column(key="organisation", label=_("Organisation"), sort="organisation__name"),
            Column(key="lab", label=_("Living lab"), sort="lab__name"),
            Column(
                key="language",
                label=_("Language"),
                value=lambda row: row.get_language_display(),
                sort="language",
            ),
            Column(key="published_at", label=_("Published"), kind=Kind.DAY),
            sample_column(),
        ),
        sort="-published_at",
        caption=_("Good practices"),
        filters=(segment_filter(),),
        empty=Empty(
            title=_("No practices yet"),
            text=_("Participants of a lab write them; another host reviews them."),
        ),
    )
    if table.is_export:
        return table.export("practices")
    return render(
        request,
        "labs/practices.html",
        {
            "title": _("Good practices"),
            "table": table,
            "tabs": tabs("practices"),
            "waiting": to_review(request.user) if isinstance(request.user, User) else (),
            "mine": _unpublished(request),
        },
    )


def _unpublished(request: HttpRequest) -> list[Practice]:
    mine = organisations_of(request.user, Role.EDITOR).values("pk")
    rows = Practice.objects.filter(organisation__in=mine).exclude(state=PracticeState.PUBLISHED)
    return list(rows[:20])


@access(Access.PUBLIC)
def practice(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A practice; writers and reviewers see it before it is published."""
    row = get_object_or_404(readable_practices(request.user), slug=slug)
    is_ours = may(request.user, row.organisation, Role.EDITOR)
    reviews = may_review(request.user, row)
    return render(
        request,
        "labs/practice.html",
        {
            "title": row.title,
            "is_sample": row.is_sample,
            "crumbs": [(_("Good practices"), reverse("practices")), (row.title, "")],
            "practice": row,
            "studies": row.studies.filter(
                pk__in=visible_studies(request.user, links_of(request)).values("pk")
            ),
            "solutions": row.solutions.filter(
                state="published", is_hidden=False, deleted_at=None, merged_into=None
            ),
            "is_ours": is_ours,
            "can_submit": is_ours and row.state in {PracticeState.DRAFT, PracticeState.RETURNED},
            "can_review": reviews and row.state == PracticeState.SUBMITTED,
            "reviews": reviews_of(row)
            if is_ours or reviews or row.state == PracticeState.PUBLISHED
            else (),
            "review_form": ReviewForm(initial={"version": row.version}),
        },
    )


@access(Access.EDITOR)
def new_practice(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Write a practice in a lab: those who take part."""
    user, lab = person_of(request), get_object_or_404(labs(), slug=slug)
    if not may_contribute(user, lab).exists():
        raise PermissionDenied

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        made = write_practice(user, lab, cleaned["organisation"], _facts_from(cleaned))
        return made.get_absolute_url(), _("The draft is kept.")

    language = lab.languages[0] if lab.languages else "en"
    return form_page(
        request,
        PracticeForm(user, lab, request.POST or None, initial={"language": language}),
        save,
        title=_("Write a practice"),
        lead=lab.name,
        cancel_url=lab.get_absolute_url(),
    )


@access(Access.EDITOR)
def edit_practice(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change a practice."""
    user = person_of(request)
    row = get_object_or_404(readable_practices(user), slug=slug)
    require(user, row.organisation, Role.EDITOR)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        change_practice(user, row, _facts_from(cleaned), seen=cleaned["version"])
        return row.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        PracticeForm(user, row.lab, request.POST or None, practice=row, initial=_facts(row)),
        save,
        current=lambda: _current(slug),
        title=row.title,
        cancel_url=row.get_absolute_url(),
    )


def _facts_from(cleaned: dict[str, Any]) -> PracticeFacts:
    return PracticeFacts(
        title=cleaned["title"],
        language=cleaned["language"],
        segment=cleaned["segment"],
        challenge=cleaned["challenge"],
        approach=cleaned["approach"],
        result=cleaned["result"],
        lessons=cleaned["lessons"],
        session=cleaned["session"],
        studies=tuple(cleaned["studies"]),
        solutions=tuple(cleaned["solutions"]),
    )


def _current(slug: str) -> tuple[Practice, dict[str, Any]]:
    row = Practice.objects.get(slug=slug)
    return row, _facts(row)


def _facts(row: Practice) -> dict[str, Any]:
    return {
        "title": row.title,
        "language": row.language,
        "segment": row.segment,
        "challenge": row.challenge,
        "approach": row.approach,
        "result": row.result,
        "lessons": row.lessons,
        "session": row.session.pk if row.session else "",
        "studies": [str(key) for key in row.studies.values_list("pk", flat=True)],
        "solutions": [str(key) for key in row.solutions.values_list("pk", flat=True)],
        "version": row.version,
    }


@require_POST
@access(Access.EDITOR)
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand a practice to review."""
    user = person_of(request)
    row = get_object_or_404(readable_practices(user), slug=slug)
    require(user, row.organisation, Role.EDITOR)
    return act(
        request,
        lambda: submit_practice(user, row),
        _("Another host will review it."),
        back=row.get_absolute_url(),
    )


@require_POST
@access(Access.SIGNED_IN)
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish a practice or send it back, as the button says."""
    user = person_of(request)
    row = get_object_or_404(readable_practices(user), slug=slug)
    if not may_review(user, row):
        raise PermissionDenied
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    is_published = "publish" in request.POST
    return act(
        request,
        lambda: review_practice(
            user,
            row,
            verdict=Verdict.PUBLISH if is_published else Verdict.RETURN,
            comment=form.cleaned_data["comment"],
            seen=form.cleaned_data["version"],
        ),
        _("Published.") if is_published else _("Sent back."),
        back=row.get_absolute_url(),
    )
