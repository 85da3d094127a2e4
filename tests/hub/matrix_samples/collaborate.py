"""Samples of working together: one of everything, of the city."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from cast import Cast
from matrix import HIDDEN, OK, REFUSED, row, sample

from viavolta.hub.collaborate.actions.calendar import GatheringFacts, plan_gatherings
from viavolta.hub.collaborate.actions.calls import CallFacts, open_call
from viavolta.hub.collaborate.actions.collaborations import start_collaboration
from viavolta.hub.collaborate.actions.consortia import form_consortium
from viavolta.hub.collaborate.actions.contacts import ask_for_contact
from viavolta.hub.collaborate.actions.news import decide_news, submit_news, write_news
from viavolta.hub.collaborate.actions.projects import ProjectFacts, add_project
from viavolta.hub.collaborate.actions.tasks import set_task
from viavolta.hub.collaborate.models import Call, Collaboration, Consortium, Gathering, NewsPost
from viavolta.hub.people.models import Membership, Organisation

ONLY_EDITORS = {
    "stranger": {HIDDEN},
    "reader": {HIDDEN},
    "editor": {OK},
    "owner": {OK},
    "moderator": {HIDDEN},
    "lab-host": {HIDDEN},
}


def a_collaboration(cast: Cast) -> Collaboration:
    """One that the city leads."""
    editor, city = cast.users["editor"], cast.organisation
    return start_collaboration(editor, city, title="Together", segment="fleets")


def a_call(cast: Cast) -> Call:
    """The city's call."""
    facts = CallFacts(
        title="Depots",
        segment="fleets",
        deadline=datetime(2031, 1, 1, tzinfo=UTC),
        zone="UTC",
        roles=("city",),
    )
    return open_call(cast.users["editor"], cast.organisation, facts)


def a_consortium(cast: Cast) -> Consortium:
    """One that the city leads."""
    return form_consortium(cast.users["editor"], cast.organisation, a_call(cast), name="Alpine")


def an_event(cast: Cast) -> Gathering:
    """The city's event, still to come."""
    facts = GatheringFacts(
        title="Talk", starts=datetime.fromisoformat("2031-05-05 10:00"), minutes_long=60, zone="UTC"
    )
    return plan_gatherings(cast.users["editor"], cast.organisation, facts)[0]


def a_post(cast: Cast) -> NewsPost:
    """The city's post, published."""
    editor = cast.users["editor"]
    post = write_news(editor, cast.organisation, title="Ten", text="...", language="en")
    submit_news(editor, post)
    decide_news(cast.users["moderator"], post, is_published=True)
    return post


def of(make: Callable[[Cast], object], *routes: str) -> None:
    """Take the slug of what `make` makes for these routes."""
    for route in routes:
        sample("slug", route=route)(lambda cast: make(cast).slug)  # type: ignore[attr-defined]


of(
    a_collaboration,
    "collaboration",
    "collaboration-edit",
    "collaboration-invite",
    "collaboration-write",
    "project-new",
    "get_collaboration",
    "change_collaboration",
    "list_messages",
    "write_message",
    "add_project",
)
of(a_call, "call", "call-edit", "consortium-new", "get_call")
of(
    a_consortium,
    "consortium",
    "consortium-edit",
    "consortium-invite",
    "consortium-together",
    "get_consortium",
)
of(
    an_event,
    "event",
    "event-ics",
    "event-edit",
    "event-cancel",
    "event-register",
    "event-unregister",
    "event-people",
    "event-people-save",
    "event-groups",
    "event-spread",
    "event-minutes",
    "task-new",
    "get_event",
    "register_for_event",
    "unregister_from_event",
)
of(a_post, "news-post", "news-edit", "news-submit", "news-decide", "get_news")
of(lambda cast: cast.organisation, "skills", "news-feed-of")


@sample("contact_id")
def contact_id(cast: Cast) -> int:
    """A request that the city was asked."""
    other = Organisation.objects.create(name="Twelve", slug="twelve", kind="sme", country="SI")
    person = cast.users["staff"]
    Membership.objects.create(organisation=other, user=person, role="owner")
    return ask_for_contact(person, other, cast.organisation, text="Shall we?").pk


@sample("partner_id")
def partner_id(cast: Cast) -> int:
    """The city's place in a collaboration."""
    return a_collaboration(cast).partners.get().pk


@sample("member_id")
def member_id(cast: Cast) -> int:
    """The city's place in a consortium."""
    return a_consortium(cast).members.get().pk


@sample("project_id")
def project_id(cast: Cast) -> int:
    """A project of the city."""
    facts = ProjectFacts(title="Depot")
    return add_project(cast.users["editor"], a_collaboration(cast), facts).pk


@sample("task_id")
def task_id(cast: Cast) -> int:
    """A task of the city's event, the editor's."""
    editor = cast.users["editor"]
    day = date.today() + timedelta(days=9)  # noqa: DTZ011 - any day
    return set_task(editor, an_event(cast), text="Call", owner=editor, due_on=day).pk


row("contact", outcomes={"reader": {OK, REFUSED}})
row("contact-new", get={"to": "sampleton"}, post={"to": "sampleton"})
row("collaboration-invite", post={"organisation": "sampleton"})
row("consortium-invite", post={"organisation": "sampleton"})
row("task-tick", outcomes=ONLY_EDITORS)
row("ask_for_contact", post={"sender": "sampleton", "recipient": "sampleton", "text": "Hello"})
row("answer_contact", post={"is_accepted": True})
row("start_collaboration", post={"lead": "sampleton", "title": "Now", "segment": "fleets"})
row(
    "change_collaboration",
    post={"title": "Now", "segment": "fleets", "state": "running", "version": 1},
)
row("write_message", post={"text": "Hello"})
row("add_project", post={"title": "Depot"})
row(
    "plan_events",
    post={
        "organisation": "sampleton",
        "title": "Talk",
        "starts": "2031-05-05T10:00",
        "minutes_long": 60,
        "zone": "UTC",
    },
)
