"""Living labs: who hosts, who takes part, what a session and a practice go through."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied

from viavolta.hub.collaborate.actions.calendar import (
    GatheringFacts,
    note_attendance,
    register,
)
from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.labs.actions.hiding import set_hidden
from viavolta.hub.labs.actions.labs import (
    LabFacts,
    add_host,
    answer_lab,
    change_session,
    invite_organisation,
    invite_person,
    leave_lab,
    open_lab,
    plan_session,
    remove_host,
)
from viavolta.hub.labs.actions.practices import (
    PracticeFacts,
    change_practice,
    review_practice,
    submit_practice,
    write_practice,
)
from viavolta.hub.labs.export import Sheet, sheet
from viavolta.hub.labs.models import Practice, Verdict
from viavolta.hub.labs.queries import (
    figures,
    may_contribute,
    published_practices,
    readable_practices,
    region,
    to_review,
)
from viavolta.hub.labs.regions import languages_of_region
from viavolta.hub.studies.models import Study

FACTS = PracticeFacts(
    title="Night charging",
    language="de",
    segment="public-transport",
    challenge="Peaks at six.",
    approach="Charge by turns.",
)
YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


def session_facts(**more: Any) -> GatheringFacts:
    """Two hours in the middle of 2027."""
    usual = {
        "title": "Kick-off",
        "starts": datetime.fromisoformat("2027-06-01 09:00"),
        "minutes_long": 120,
        "zone": "Europe/Vienna",
    }
    return GatheringFacts(**(usual | more))


@pytest.mark.parametrize(
    ("nuts", "languages"),
    [
        ("AT21", ["de", "sl"]),
        ("AT211", ["de", "sl"]),
        ("AT13", ["de"]),
        ("ITH10", ["de", "it"]),
        ("SI044", ["sl", "it"]),
        ("BE25", ["nl"]),
        ("PT17", ["en"]),
    ],
)
def test_regions_speak_their_languages(nuts: str, languages: list[str]) -> None:
    """The longest known code decides; where the hub speaks none of them, English remains."""
    assert languages_of_region(nuts) == languages


def test_a_lab_has_the_languages_of_its_region(lab: Any) -> None:
    """Left open they are the official ones; texts left empty are not kept."""
    assert lab.languages == ["de", "sl"]
    assert {text.language for text in lab.texts.all()} == {"de", "sl"}


def test_labs_are_opened_by_lab_hosts(cast: Any, other_host: Any) -> None:
    """The platform role and the right to act for the organisation are both needed."""
    facts = LabFacts(name="Lab", nuts="AT13", region_name="Wien", texts={})
    for person in (cast.users["owner"], other_host):
        with pytest.raises(PermissionDenied):
            open_lab(person, cast.organisation, facts)


def test_hosts_are_added_by_hosts_and_one_stays(
    cast: Any, lab: Any, host: Any, other_host: Any
) -> None:
    """Only people with the role of a lab host can host; the last one cannot leave."""
    with pytest.raises(RefusedError):
        add_host(host, lab, "reader@example.org")
    with pytest.raises(PermissionDenied):
        add_host(cast.users["owner"], lab, "otto@example.org")
    with pytest.raises(RefusedError):
        remove_host(host, lab, host)
    add_host(host, lab, "OTTO@example.org")
    remove_host(other_host, lab, host)
    with pytest.raises(PermissionDenied):
        add_host(host, lab, "hana@example.org")


def test_organisations_take_part_by_invitation(lab: Any, host: Any, company: Any) -> None:
    """Invited, joined, then free to write; after leaving they can be invited again."""
    place = invite_organisation(host, lab, company)
    with pytest.raises(RefusedError):
        invite_organisation(host, lab, company)
    with pytest.raises(PermissionDenied):
        answer_lab(host, place, is_accepted=True)
    assert company not in may_contribute(company.editor, lab)
    answer_lab(company.editor, place, is_accepted=True)
    assert company in may_contribute(company.editor, lab)
    place.refresh_from_db()
    leave_lab(company.editor, place)
    invite_organisation(host, lab, company)


def test_people_are_invited_by_letter(cast: Any, lab: Any, host: Any) -> None:
    """The letter is in the region's language and its link works for its reader alone."""
    place = invite_person(host, lab, "stranger@example.org", address="https://hub/{token}/")
    (letter,) = mail.outbox
    assert letter.to == ["stranger@example.org"]
    assert place.token in letter.body
    with pytest.raises(PermissionDenied):
        answer_lab(cast.users["reader"], place, is_accepted=True)
    answer_lab(cast.users["stranger"], place, is_accepted=True)
    place.refresh_from_db()
    assert place.user == cast.users["stranger"]
    with pytest.raises(RefusedError):
        invite_person(host, lab, "Stranger@Example.org", address="{token}")


def test_a_session_is_an_event_of_the_calendar(cast: Any, lab: Any, host: Any) -> None:
    """Registrations and attendance of the event are the session's; nothing is typed twice."""
    session = plan_session(host, lab, cast.organisation, session_facts(), agenda="1. Round")
    assert Gathering.objects.get() == session.gathering
    there = register(cast.users["stranger"], session.gathering)
    register(cast.users["reader"], session.gathering, cast.organisation)
    note_attendance(host, session.gathering, [there.pk], others=3)
    change_session(host, session, agenda="1. Round", outcomes="=Agreed", seen=1)
    with pytest.raises(StaleEditError):
        change_session(host, session, agenda="", outcomes="", seen=1)
    counted = figures(lab, *YEAR)
    assert (counted.sessions, counted.attendance) == (1, 4)
    table = sheet(lab, Sheet.SESSIONS, *YEAR).splitlines()
    assert (
        table[1] == "Kick-off,2027-06-01T09:00:00,2027-06-01T11:00:00,Europe/Vienna,,2,4,0,'=Agreed"
    )
    assert figures(lab, YEAR[1], datetime(2029, 1, 1, tzinfo=UTC)).sessions == 0


def test_a_practice_is_published_after_review(
    cast: Any, lab: Any, host: Any, other_host: Any
) -> None:
    """Draft, submitted, sent back with a comment, submitted again, published by another host."""
    editor = cast.users["editor"]
    practice = write_practice(editor, lab, cast.organisation, FACTS)
    assert practice not in to_review(other_host)
    submit_practice(editor, practice)
    assert practice in to_review(other_host)
    assert practice not in to_review(host), "a host of the writers' organisation"
    for person in (host, editor, cast.users["stranger"]):
        with pytest.raises(PermissionDenied):
            review_practice(person, practice, verdict=Verdict.PUBLISH, comment="", seen=2)
    with pytest.raises(RefusedError):
        review_practice(other_host, practice, verdict=Verdict.RETURN, comment=" ", seen=2)
    review_practice(other_host, practice, verdict=Verdict.RETURN, comment="How many?", seen=2)
    submit_practice(editor, practice)
    with pytest.raises(StaleEditError):
        review_practice(other_host, practice, verdict=Verdict.PUBLISH, comment="", seen=2)
    practice = Practice.objects.get()
    review_practice(cast.users["moderator"], practice, verdict=Verdict.PUBLISH, comment="", seen=4)
    assert list(published_practices()) == [practice]
    assert practice.reviews.count() == 2


def test_a_changed_practice_is_reviewed_again(cast: Any, lab: Any, other_host: Any) -> None:
    """What was published and changed is not public until it is reviewed again."""
    editor = cast.users["editor"]
    practice = write_practice(editor, lab, cast.organisation, FACTS)
    submit_practice(editor, practice)
    review_practice(other_host, practice, verdict=Verdict.PUBLISH, comment="", seen=2)
    change_practice(editor, practice, FACTS, seen=3)
    assert not published_practices().exists()
    assert practice in readable_practices(editor)
    assert practice not in readable_practices(cast.users["stranger"])


def test_practices_name_public_studies_of_their_writers(cast: Any, lab: Any) -> None:
    """A private study, or somebody else's, cannot be linked."""
    studies = [
        Study.objects.create(
            organisation=cast.organisation, title=name, slug=name, visibility=visibility
        )
        for name, visibility in (("open", "public"), ("closed", "private"))
    ]
    facts = PracticeFacts(
        title="Linked",
        language="en",
        segment="fleets",
        challenge="c",
        approach="a",
        studies=tuple(studies),
    )
    practice = write_practice(cast.users["editor"], lab, cast.organisation, facts)
    assert list(practice.studies.all()) == studies[:1]
    assert b"/studies/open/" in cast.client("editor").get(practice.get_absolute_url()).content


def test_strangers_write_no_practice(cast: Any, lab: Any, company: Any) -> None:
    """One takes part before one writes."""
    with pytest.raises(PermissionDenied):
        write_practice(company.editor, lab, company, FACTS)
    with pytest.raises(PermissionDenied):
        write_practice(cast.users["reader"], lab, cast.organisation, FACTS)


def test_moderators_hide_labs(cast: Any, lab: Any, host: Any) -> None:
    """A hidden lab is on no list and has no region; only moderators hide."""
    with pytest.raises(PermissionDenied):
        set_hidden(host, lab, is_hidden=True)
    set_hidden(cast.users["moderator"], lab, is_hidden=True)
    assert region("AT21") is None
    set_hidden(cast.users["moderator"], lab, is_hidden=False)
    assert region("AT21") is not None
