"""Drafts, publishing, edits that never overwrite, deletion that can be undone."""

import datetime as dt
from decimal import Decimal

import pytest
from cast import Cast
from django.core.exceptions import PermissionDenied, ValidationError

from viavolta.hub.frame.models import Event
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.market import actions
from viavolta.hub.market.content import Content, MeasuredFigure, content_of
from viavolta.hub.market.models import Entry, EntryKind, EntryState
from viavolta.hub.studies.models import Study
from viavolta.model.facets import Facets, Segment, Vehicle

FIGURE = MeasuredFigure(
    what="Energy per kilometre",
    value=Decimal("1.1500"),
    unit="kWh/km",
    place="Sampleton",
    measured_from=dt.date(2025, 1, 1),
    measured_to=dt.date(2025, 12, 31),
)
CONTENT = Content(
    title="Minibuses in the old town",
    summary="Small electric buses on steep lanes.",
    language="en",
    facets=Facets(
        segment=frozenset({Segment.PUBLIC_TRANSPORT}), vehicle=frozenset({Vehicle.MINIBUS})
    ),
    form="pilot",
    evidence=(FIGURE,),
)


@pytest.fixture
def solution(cast: Cast) -> Entry:
    """A draft of a solution."""
    return actions.create(cast.users["editor"], cast.organisation, EntryKind.SOLUTION, CONTENT)


@pytest.mark.parametrize("persona", ["stranger", "reader", "moderator"])
def test_only_editors_write(cast: Cast, solution: Entry, persona: str) -> None:
    """Readers, strangers and moderators write no words of an organisation."""
    user = cast.users[persona]
    with pytest.raises(PermissionDenied):
        actions.create(user, cast.organisation, EntryKind.NEED, CONTENT)
    for act in (actions.publish, actions.withdraw, actions.delete, actions.undelete):
        with pytest.raises(PermissionDenied):
            act(user, solution)
    with pytest.raises(PermissionDenied):
        actions.edit(user, solution, CONTENT, seen=solution.version)


def test_a_draft_is_published_withdrawn_and_published_again(cast: Cast, solution: Entry) -> None:
    """The day of first publication stays, and each step leaves an event."""
    editor = cast.users["editor"]
    assert not solution.is_listed
    actions.publish(editor, solution)
    first = solution.published_at
    assert solution.is_listed
    actions.withdraw(editor, solution)
    assert not solution.is_listed
    actions.publish(editor, solution)
    assert solution.published_at == first
    verbs = list(Event.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == [
        "entry-created",
        "entry-published",
        "entry-withdrawn",
        "entry-published",
    ]


def test_what_is_published_names_its_segment(cast: Cast) -> None:
    """Without a segment nobody would find it, so it stays a draft and says what is missing."""
    bare = Content(title="A", summary="B", language="en")
    entry = actions.create(cast.users["editor"], cast.organisation, EntryKind.NEED, bare)
    with pytest.raises(ValidationError) as refusal:
        actions.publish(cast.users["editor"], entry)
    assert set(refusal.value.message_dict) == {"segment"}
    assert entry.state == EntryState.DRAFT


def test_an_edit_made_from_an_old_version_writes_nothing(cast: Cast, solution: Entry) -> None:
    """Two editors open the same version: the second is told, the first one's words stay."""
    theirs = Entry.objects.get(pk=solution.pk)
    seen = solution.version
    first = Content.from_json(CONTENT.as_json() | {"facets": {}, "title": "First", "evidence": []})
    actions.edit(cast.users["editor"], solution, first, seen=seen)
    with pytest.raises(StaleEditError):
        actions.edit(cast.users["owner"], theirs, CONTENT, seen=seen)
    now = Entry.objects.get(pk=solution.pk)
    assert now.title == "First"
    assert now.evidence.count() == 0


def test_an_earlier_version_comes_back_with_its_evidence(cast: Cast, solution: Entry) -> None:
    """History holds words, facets and figures; restoring makes a new version of them."""
    editor = cast.users["editor"]
    first = solution.revisions.get()
    other = Content(title="Other", summary="Other", language="de", form="product")
    actions.edit(editor, solution, other, seen=solution.version)
    actions.restore(editor, solution, first, seen=solution.version)
    assert content_of(Entry.objects.get(pk=solution.pk)) == CONTENT
    assert [r.version for r in solution.revisions.all()] == [3, 2, 1]


def test_a_deleted_entry_comes_back_as_it_was(cast: Cast, solution: Entry) -> None:
    """Deleting is undone in one step, published state included."""
    editor = cast.users["editor"]
    actions.publish(editor, solution)
    actions.delete(editor, solution)
    assert not solution.is_listed
    actions.undelete(editor, solution)
    assert Entry.objects.get(pk=solution.pk).is_listed


def test_a_study_shown_with_a_solution_is_public_and_ours(cast: Cast) -> None:
    """Readers never meet a closed door, and nobody adorns a solution with another's study."""
    study = Study.objects.create(organisation=cast.organisation, title="S", slug="s")
    wanted = Content.from_json(
        CONTENT.as_json()
        | {"study_id": study.pk, "evidence": []}
        | {"facets": CONTENT.facets.as_codes()}
    )
    with pytest.raises(ValidationError, match="public study"):
        actions.create(cast.users["editor"], cast.organisation, EntryKind.SOLUTION, wanted)


def test_two_of_the_same_title_have_addresses_of_their_own(cast: Cast, solution: Entry) -> None:
    """The second gets a tail."""
    second = actions.create(cast.users["editor"], cast.organisation, EntryKind.NEED, CONTENT)
    assert solution.slug == "minibuses-in-the-old-town"
    assert second.slug.startswith("minibuses-in-the-old-town-")
