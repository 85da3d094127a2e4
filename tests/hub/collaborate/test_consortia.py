"""The consortium builder: what is covered, what lacks, who would fit and why."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from viavolta.hub.collaborate.actions.calls import (
    CallFacts,
    change_call,
    declare_skills,
    open_call,
)
from viavolta.hub.collaborate.actions.consortia import (
    answer_consortium,
    form_consortium,
    invite_to_consortium,
    set_covers,
    work_together,
)
from viavolta.hub.collaborate.models import Call
from viavolta.hub.collaborate.queries.consortia import consortia, coverage, suggestions
from viavolta.hub.people.models import Organisation

FACTS = CallFacts(
    title="Depots of small towns",
    segment="public-transport",
    deadline=datetime(2027, 3, 31, 15, tzinfo=UTC),
    zone="Europe/Brussels",
    roles=("city", "dso"),
    skills=("smart-charging", "evaluation"),
)


@pytest.fixture
def call(cast: Any) -> Call:
    """A call that needs a city, a DSO, smart charging and evaluation."""
    return open_call(cast.users["moderator"], None, FACTS)


def lacking(consortium: Any) -> list[str]:
    """Keys of the parts nobody covers."""
    read = consortia().get(pk=consortium.pk)
    return [row.part.key for row in coverage(read) if not row.is_covered]


def test_a_consortium_says_what_it_lacks(cast: Any, company: Any, call: Call) -> None:
    """The lead covers what it fits; an invited organisation covers its part once it has joined."""
    editor = cast.users["editor"]
    consortium = form_consortium(editor, cast.organisation, call, name="Alpine depots")
    assert lacking(consortium) == ["dso", "smart-charging", "evaluation"]
    declare_skills(company.editor, company, ["smart-charging", "software"])
    member = invite_to_consortium(editor, consortium, company)
    assert lacking(consortium) == ["dso", "smart-charging", "evaluation"]
    answer_consortium(company.editor, member, is_accepted=True)
    assert lacking(consortium) == ["dso", "evaluation"]
    set_covers(company.editor, member, [])
    assert lacking(consortium) == ["dso", "smart-charging", "evaluation"]


def test_suggestions_fill_most_gaps_first_and_say_which(
    cast: Any, company: Any, call: Call
) -> None:
    """Who fills two gaps stands before who fills one; members and unfit ones are not suggested."""
    declare_skills(company.editor, company, ["smart-charging", "evaluation"])
    dso = Organisation.objects.create(name="A Grid", slug="a-grid", kind="dso", country="AT")
    Organisation.objects.create(name="An NGO", slug="an-ngo", kind="ngo", country="AT")
    consortium = form_consortium(cast.users["editor"], cast.organisation, call, name="Alpine")
    read = consortia().get(pk=consortium.pk)
    gaps = [row.part for row in coverage(read) if not row.is_covered]
    found = suggestions(read, gaps)
    assert [row.organisation for row in found] == [company, dso]
    assert [part.key for part in found[0].fills] == ["smart-charging", "evaluation"]
    assert suggestions(read, []) == []


def test_a_changed_call_keeps_who_covers_the_parts_that_stay(cast: Any, call: Call) -> None:
    """Parts taken out of a call go with their covers, the others keep theirs."""
    consortium = form_consortium(cast.users["editor"], cast.organisation, call, name="Alpine")
    facts = CallFacts(
        title=FACTS.title,
        segment=FACTS.segment,
        deadline=FACTS.deadline,
        zone=FACTS.zone,
        roles=("city",),
        skills=("training",),
    )
    change_call(cast.users["moderator"], call, facts, seen=1)
    assert lacking(consortium) == ["training"]


def test_a_consortium_becomes_a_collaboration_of_its_members(
    cast: Any, company: Any, call: Call
) -> None:
    """Working together takes those who joined, not those who are only invited."""
    editor = cast.users["editor"]
    consortium = form_consortium(editor, cast.organisation, call, name="Alpine depots")
    member = invite_to_consortium(editor, consortium, company)
    answer_consortium(company.editor, member, is_accepted=True)
    idle = Organisation.objects.create(name="Idle", slug="idle", kind="dso", country="AT")
    invite_to_consortium(editor, consortium, idle)
    made = work_together(editor, consortium)
    assert set(made.organisations.all()) == {cast.organisation, company}
    assert made.segment == "public-transport"


def test_platform_calls_are_the_moderators(cast: Any) -> None:
    """Nobody else opens a call without an organisation."""
    with pytest.raises(PermissionDenied):
        open_call(cast.users["owner"], None, FACTS)
