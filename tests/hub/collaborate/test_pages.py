"""Pages of working together: they open for whom they should, and their forms do what they say."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from viavolta.hub.collaborate.actions.calendar import GatheringFacts, plan_gatherings, register
from viavolta.hub.collaborate.actions.calls import CallFacts, open_call
from viavolta.hub.collaborate.actions.collaborations import invite_partner
from viavolta.hub.collaborate.actions.consortia import form_consortium
from viavolta.hub.collaborate.actions.contacts import ask_for_contact
from viavolta.hub.collaborate.actions.news import decide_news, submit_news, write_news
from viavolta.hub.collaborate.actions.projects import ProjectFacts, add_project
from viavolta.hub.collaborate.models import (
    Collaboration,
    ContactRequest,
    FollowUp,
    Gathering,
    NewsPost,
    Project,
)
from viavolta.hub.people.models import Organisation


@pytest.fixture
def world(cast: Any, company: Any, collaboration: Any) -> dict[str, Any]:
    """One of everything, made by the city's editor."""
    editor, city = cast.users["editor"], cast.organisation
    soon = (timezone.now() + timedelta(days=9)).replace(tzinfo=None, minute=0)
    (event,) = plan_gatherings(
        editor,
        city,
        GatheringFacts(
            title="Depot talk",
            starts=soon,
            minutes_long=90,
            zone="UTC",
            online="https://meet.example.org/depot",
        ),
    )
    register(cast.users["stranger"], event)
    call = open_call(
        editor,
        city,
        CallFacts(
            title="Depots",
            segment="fleets",
            deadline=datetime(2031, 1, 1, tzinfo=UTC),
            zone="Europe/Brussels",
            roles=("city", "dso"),
            skills=("training",),
        ),
    )
    post = write_news(editor, city, title="Ten buses", text="They run.", language="de")
    return {
        "event": event,
        "call": call,
        "consortium": form_consortium(editor, city, call, name="Alpine"),
        "contact": ask_for_contact(editor, city, company, text="Shall we?"),
        "project": add_project(editor, collaboration, ProjectFacts(title="Depot North")),
        "collaboration": collaboration,
        "post": post,
    }


PUBLIC = (
    "collaborations",
    "projects",
    "calls",
    "events",
    "events-month",
    "events-ics",
    "news",
    "news-feed",
)
SIGNED_IN = (
    "contacts",
    "tasks",
    "collaboration-new",
    "call-new",
    "event-new",
    "news-new",
)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("persona", ["anonymous", "stranger", "reader", "editor", "moderator"])
def test_public_pages_open_for_everybody(cast: Any, persona: str) -> None:
    """Lists, calendar and feeds need no account."""
    client = cast.client(persona)
    for name in PUBLIC:
        assert client.get(reverse(name)).status_code == 200, name


@pytest.mark.usefixtures("world")
def test_pages_that_need_an_account_ask_for_one(cast: Any) -> None:
    """Without an account they lead to signing in; with one they open, organisation or not."""
    for name in SIGNED_IN:
        answer = Client().get(reverse(name))
        assert answer.status_code == 302, name
        assert reverse("account_login") in answer["Location"]
        for persona in ("stranger", "editor"):
            assert cast.client(persona).get(reverse(name)).status_code == 200, (name, persona)


def test_pages_of_things_open_for_everybody_and_edits_for_editors(cast: Any, world: Any) -> None:
    """A stranger reads what is public and edits nothing."""
    slugs = {
        "collaboration": world["collaboration"].slug,
        "call": world["call"].slug,
        "consortium": world["consortium"].slug,
        "event": world["event"].slug,
    }
    for name, slug in slugs.items():
        for persona in ("anonymous", "stranger", "reader", "editor", "moderator"):
            answer = cast.client(persona).get(reverse(name, args=(slug,)))
            assert answer.status_code == 200, (name, persona)
        edit = reverse(f"{name}-edit", args=(slug,))
        assert cast.client("stranger").get(edit).status_code == 403, name
        assert cast.client("reader").get(edit).status_code == 403, name
        assert cast.client("editor").get(edit).status_code == 200, name
    project = reverse("project-edit", args=(world["project"].pk,))
    assert cast.client("stranger").get(project).status_code == 403
    assert cast.client("owner").get(project).status_code == 200


def test_private_things_are_not_found(cast: Any, world: Any) -> None:
    """A stranger gets 404 for a contact request and for a draft."""
    contact = reverse("contact", args=(world["contact"].pk,))
    draft = reverse("news-post", args=(world["post"].slug,))
    for address in (contact, draft):
        assert cast.client("stranger").get(address).status_code == 404
        assert cast.client("owner").get(address).status_code == 200
    assert Client().get(draft).status_code == 404


def test_the_address_for_joining_is_for_those_who_registered(cast: Any, world: Any) -> None:
    """Nobody else sees where the meeting is."""
    page = reverse("event", args=(world["event"].slug,))
    assert b"meet.example.org" in cast.client("stranger").get(page).content
    assert b"meet.example.org" not in cast.client("moderator").get(page).content
    assert b"meet.example.org" not in Client().get(reverse("events-ics")).content


def test_no_page_shows_an_address(cast: Any, world: Any) -> None:
    """People without a name are numbers; e-mail addresses stay where they are."""
    cast.users["stranger"].name = ""
    cast.users["stranger"].save()
    for page in ("event", "event-people"):
        shown = cast.client("editor").get(reverse(page, args=(world["event"].slug,))).content
        assert b"stranger@example.org" not in shown
    contact = reverse("contact", args=(world["contact"].pk,))
    assert b"ana@example.org" not in cast.client("editor").get(contact).content


def test_a_request_is_sent_and_accepted_in_the_browser(cast: Any, company: Any) -> None:
    """From the form to both addresses on the page, and on to a collaboration of both."""
    editor = cast.client("editor")
    ask = f"{reverse('contact-new')}?to={company.slug}"
    sent = editor.post(ask, {"sender": cast.organisation.pk, "text": "Shall we?"}, follow=True)
    assert b"Your request has been sent." in sent.content
    again = editor.post(ask, {"sender": cast.organisation.pk, "text": "Shall we?"})
    assert again.status_code == 422
    assert b"You have asked already" in again.content
    contact = ContactRequest.objects.get()
    page = reverse("contact", args=(contact.pk,))
    assert editor.post(page, {"answer": "", "accept": "1"}).status_code == 403
    other = Client()
    other.force_login(company.editor)
    answered = other.post(page, {"answer": "Gladly.", "accept": "1"}, follow=True)
    assert b"editor@example.org" in answered.content
    start = f"{reverse('collaboration-new')}?contact={contact.pk}"
    editor.post(
        start,
        {"lead": cast.organisation.pk, "title": "Together", "segment": "fleets", "about": ""},
    )
    assert company in Collaboration.objects.get().organisations.all()


def test_a_stale_form_shows_both_texts(cast: Any, world: Any) -> None:
    """Saving on an old version is refused with 409, shows both, and the next save counts."""
    page = reverse("collaboration-edit", args=(world["collaboration"].slug,))
    facts = {"title": "Mine", "segment": "fleets", "state": "running", "about": "", "version": 1}
    assert cast.client("owner").post(page, facts).status_code == 302
    client = cast.client("editor")
    refused = client.post(page, facts | {"title": "Yours"})
    assert refused.status_code == 409
    assert b"Mine" in refused.content
    assert b"Yours" in refused.content
    assert b'name="version" value="2"' in refused.content
    assert client.post(page, facts | {"title": "Yours", "version": 2}).status_code == 302
    assert Collaboration.objects.get().title == "Yours"


def test_a_series_is_planned_and_read_back(cast: Any) -> None:
    """Four weeks of an event come out of one form and out of the calendar file."""
    answer = cast.client("editor").post(
        reverse("event-new"),
        {
            "organisation": cast.organisation.pk,
            "title": "Clinic",
            "starts": "2027-10-20T09:30",
            "minutes_long": 60,
            "zone": "Europe/Ljubljana",
            "rhythm": "weekly",
            "count": 4,
        },
    )
    assert answer.status_code == 302
    assert Gathering.objects.count() == 4
    calendar = Calendar.from_ical(Client().get(reverse("events-ics")).content)
    assert len(calendar.walk("VEVENT")) == 4
    first = Gathering.objects.first()
    one = Client().get(reverse("event-ics", args=(first.slug,)))
    assert one["Content-Type"] == "text/calendar; charset=utf-8"
    month = Client().get(f"{reverse('events-month')}?month=2027-10")
    assert month.content.count(b"Clinic") == 2
    assert Client().get(f"{reverse('events-month')}?month=2027-13").status_code == 404


def test_an_event_is_run_from_its_pages(cast: Any, world: Any) -> None:
    """Groups, attendance, minutes and a task, each from its form."""
    client, event = cast.client("editor"), world["event"]
    slug = (event.slug,)
    client.post(reverse("event-groups", args=slug), {"topics": "Depots\n\nGrid"})
    client.post(reverse("event-spread", args=slug))
    row = event.registrations.get()
    assert row.group.topic == "Depots"
    grid = event.groups.get(topic="Grid")
    client.post(
        reverse("event-people-save", args=slug),
        {f"group-{row.pk}": grid.pk, "attended": [row.pk], "others": "3"},
    )
    row.refresh_from_db()
    assert row.attended
    assert row.group == grid
    client.post(reverse("event-minutes", args=slug), {"minutes": "We agreed.", "version": 1})
    client.post(
        reverse("task-new", args=slug),
        {"text": "Write", "owner": cast.users["stranger"].pk, "due_on": "2031-02-01"},
    )
    shown = cast.client("stranger").get(reverse("event", args=slug)).content
    assert b"We agreed." in shown
    task = FollowUp.objects.get()
    cast.client("stranger").post(reverse("task-tick", args=(task.pk,)))
    task.refresh_from_db()
    assert task.done_at is not None
    assert cast.client("moderator").post(reverse("task-tick", args=(task.pk,))).status_code == 404


def test_organisations_are_found_and_invited(cast: Any, company: Any, world: Any) -> None:
    """The lead searches by name and invites; the other side joins by its button."""
    page = reverse("collaboration", args=(world["collaboration"].slug,))
    found = cast.client("editor").get(page, {"find": "twelve"})
    assert b"Twelve Chargers" in found.content
    assert b"Twelve Chargers" not in cast.client("reader").get(page, {"find": "twelve"}).content
    invite = reverse("collaboration-invite", args=(world["collaboration"].slug,))
    assert cast.client("reader").post(invite, {"organisation": company.slug}).status_code == 403
    cast.client("editor").post(invite, {"organisation": company.slug})
    partner = world["collaboration"].partners.get(organisation=company)
    answer = reverse("collaboration-answer", args=(partner.pk,))
    assert cast.client("editor").post(answer, {"accept": "1"}).status_code == 404
    other = Client()
    other.force_login(company.editor)
    other.post(answer, {"accept": "1"})
    partner.refresh_from_db()
    assert partner.state == "member"


def test_an_organisation_finds_its_way_into_a_consortium(cast: Any, world: Any) -> None:
    """The page says what lacks and who would fit; inviting from there prefills what it covers."""
    grid = Organisation.objects.create(name="Valley Grid", slug="valley", kind="dso", country="AT")
    page = reverse("consortium", args=(world["consortium"].slug,))
    shown = cast.client("editor").get(page).content
    assert b"Valley Grid" in shown
    assert b"nobody" in shown
    assert (
        b"distribution system operator</li>"
        in Client().get(world["call"].get_absolute_url()).content
    )
    cast.client("editor").post(
        reverse("consortium-invite", args=(world["consortium"].slug,)), {"organisation": "valley"}
    )
    member = world["consortium"].members.get(organisation=grid)
    assert [cover.part.key for cover in member.covers.all()] == ["dso"]


def test_the_feed_holds_what_is_published(cast: Any, world: Any) -> None:
    """The Atom feed is well formed and has published posts alone, of all or of one organisation."""
    of_city = reverse("news-feed-of", args=(cast.organisation.slug,))
    space = {"atom": "http://www.w3.org/2005/Atom"}
    for published in (False, True):
        if published:
            submit_news(cast.users["editor"], world["post"])
            decide_news(cast.users["moderator"], world["post"], is_published=True)
        for address in (reverse("news-feed"), of_city):
            feed = ET.fromstring(Client().get(address).content)  # noqa: S314 - our own answer
            titles = [e.text for e in feed.findall("atom:entry/atom:title", space)]
            assert titles == (["Ten buses"] if published else [])
    assert NewsPost.objects.get().published_at is not None


def test_lists_export_what_they_show(cast: Any, company: Any, world: Any) -> None:
    """Every list has a CSV with stable heads."""
    invite_partner(cast.users["editor"], world["collaboration"], company)
    heads = {
        "collaborations": "title,segment,state,members,n_projects,last_activity,created_at",
        "projects": "title,collaboration,segment,funder,funding_eur,partners",
        "calls": "title,segment,funder,deadline,needs",
        "events": "starts_at,title,organisation,segment",
        "news": "title,organisation,published_at",
    }
    for name, head in heads.items():
        answer = Client().get(reverse(name), {"export": "csv"})
        text = b"".join(answer.streaming_content).decode()
        assert text.startswith(head), name
    assert Project.objects.count() == 1


def test_lists_need_the_same_queries_however_long(
    cast: Any, world: Any, django_assert_max_num_queries: Any
) -> None:
    """Twenty rows more cost no query more."""
    for n in range(20):
        plan_gatherings(
            cast.users["editor"],
            cast.organisation,
            GatheringFacts(
                title=f"Talk {n}",
                starts=datetime.fromisoformat("2031-05-05 10:00"),
                minutes_long=30,
                zone="Europe/Rome",
            ),
        )
        form_consortium(cast.users["editor"], cast.organisation, world["call"], name=f"No {n}")
    for address in (reverse("events"), reverse("call", args=(world["call"].slug,))):
        with django_assert_max_num_queries(14):
            assert Client().get(address).status_code == 200


def test_organisations_are_asked_on_their_pages(cast: Any, company: Any) -> None:
    """A visitor finds the way to ask; an editor the skills of her own."""
    ask = f"{reverse('contact-new')}?to={company.slug}"
    assert ask in cast.client("stranger").get(company.get_absolute_url()).content.decode()
    own = Client()
    own.force_login(company.editor)
    page = own.get(company.get_absolute_url()).content.decode()
    assert ask not in page
    assert reverse("skills", args=(company.slug,)) in page
