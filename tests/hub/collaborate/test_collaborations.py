"""Collaborations: members, messages, projects, activity."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from viavolta.hub.collaborate.actions.collaborations import (
    answer_invitation,
    change_collaboration,
    invite_partner,
    leave_collaboration,
    start_collaboration,
    write_message,
)
from viavolta.hub.collaborate.actions.contacts import answer_contact, ask_for_contact
from viavolta.hub.collaborate.actions.hiding import set_hidden
from viavolta.hub.collaborate.actions.projects import ProjectFacts, add_project, change_project
from viavolta.hub.collaborate.models import Collaboration
from viavolta.hub.collaborate.queries.activity import active_at, with_last_activity
from viavolta.hub.collaborate.queries.collaborations import (
    can_be_invited,
    listed,
    messages_for,
    open_invitations,
)
from viavolta.hub.frame.models import Event
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import StaleEditError


def test_an_accepted_contact_becomes_a_collaboration_of_both(cast: Any, company: Any) -> None:
    """Both sides of an accepted request are members from the start; of an open one, nobody is."""
    editor, city = cast.users["editor"], cast.organisation
    contact = ask_for_contact(editor, city, company, text="Shall we?")
    with pytest.raises(PermissionDenied):
        start_collaboration(editor, city, title="Too soon", segment="fleets", contact=contact)
    assert not Collaboration.objects.exists()
    answer_contact(company.editor, contact, is_accepted=True)
    made = start_collaboration(editor, city, title="Together", segment="fleets", contact=contact)
    assert set(made.organisations.all()) == {city, company}


def test_members_alone_read_messages(cast: Any, company: Any, collaboration: Any) -> None:
    """An invited organisation reads messages only after it has joined; strangers never."""
    write_message(cast.users["editor"], collaboration, text="Depot meeting on Monday.")
    partner = invite_partner(cast.users["editor"], collaboration, company)
    assert list(open_invitations(company.editor)) == [partner]
    assert not messages_for(company.editor, collaboration).exists()
    answer_invitation(company.editor, partner, is_accepted=True)
    assert messages_for(company.editor, collaboration).count() == 1
    assert messages_for(cast.users["reader"], collaboration).count() == 1
    assert not messages_for(cast.users["stranger"], collaboration).exists()


def test_who_left_can_be_invited_again(cast: Any, company: Any, collaboration: Any) -> None:
    """Leaving frees the place for another invitation; the lead cannot leave."""
    editor = cast.users["editor"]
    partner = invite_partner(editor, collaboration, company)
    assert company not in can_be_invited(collaboration)
    with pytest.raises(RefusedError):
        invite_partner(editor, collaboration, company)
    answer_invitation(company.editor, partner, is_accepted=True)
    leave_collaboration(company.editor, partner)
    assert company in can_be_invited(collaboration)
    invite_partner(editor, collaboration, company)
    with pytest.raises(RefusedError):
        leave_collaboration(editor, collaboration.partners.get(is_lead=True))


def test_only_the_lead_changes_and_invites(cast: Any, company: Any, collaboration: Any) -> None:
    """A member that does not lead can write and add projects, but not change the collaboration."""
    partner = invite_partner(cast.users["editor"], collaboration, company)
    answer_invitation(company.editor, partner, is_accepted=True)
    write_message(company.editor, collaboration, text="Here we are.")
    facts = {"title": "Mine", "segment": "fleets", "state": "running", "about": ""}
    with pytest.raises(PermissionDenied):
        change_collaboration(company.editor, collaboration, **facts, seen=1)
    with pytest.raises(PermissionDenied):
        invite_partner(company.editor, collaboration, cast.organisation)
    with pytest.raises(PermissionDenied):
        write_message(cast.users["reader"], collaboration, text="I only read.")


def test_a_stale_change_is_refused(cast: Any, collaboration: Any) -> None:
    """Who saved second on an old version loses nothing and overwrites nothing."""
    facts = {"title": "First", "segment": "fleets", "state": "running", "about": ""}
    change_collaboration(cast.users["editor"], collaboration, **facts, seen=1)
    with pytest.raises(StaleEditError):
        change_collaboration(
            cast.users["owner"], collaboration, **(facts | {"title": "Second"}), seen=1
        )
    assert Collaboration.objects.get().title == "First"


def test_partners_of_a_project_are_members(cast: Any, company: Any, collaboration: Any) -> None:
    """Organisations outside the collaboration are not taken as partners of its projects."""
    editor, city = cast.users["editor"], cast.organisation
    facts = ProjectFacts(title="Depot North", partners=(city, company))
    project = add_project(editor, collaboration, facts)
    assert list(project.partners.all()) == [city]
    partner = invite_partner(editor, collaboration, company)
    answer_invitation(company.editor, partner, is_accepted=True)
    change_project(company.editor, project, facts, seen=1)
    assert set(project.partners.all()) == {city, company}


@pytest.mark.usefixtures("collaboration")
def test_activity_lasts_180_days() -> None:
    """A collaboration is active up to 180 days after its last event, and not a second longer."""
    at = Event.objects.get(verb="collaboration.started").at
    everything = Collaboration.objects.all()
    assert active_at(everything, at + timedelta(days=180) - timedelta(seconds=1)).exists()
    assert not active_at(everything, at + timedelta(days=180)).exists()
    assert not active_at(everything, at - timedelta(seconds=1)).exists()
    assert with_last_activity(everything).get().last_activity == at


def test_inviting_alone_is_no_activity(cast: Any, company: Any, collaboration: Any) -> None:
    """An invitation nobody answered does not keep a collaboration active; joining does."""
    Event.objects.update(at=timezone.now() - timedelta(days=400))
    partner = invite_partner(cast.users["editor"], collaboration, company)
    assert not active_at(Collaboration.objects.all(), timezone.now()).exists()
    answer_invitation(company.editor, partner, is_accepted=True)
    assert active_at(Collaboration.objects.all(), timezone.now()).exists()


@pytest.mark.usefixtures("collaboration")
def test_the_list_needs_the_same_queries_for_one_and_for_many(
    cast: Any, django_assert_num_queries: Any
) -> None:
    """The list of collaborations with members and last activity is two queries, however long."""
    for n in range(12):
        start_collaboration(
            cast.users["editor"], cast.organisation, title=f"Number {n}", segment="fleets"
        )
    with django_assert_num_queries(2):
        rows = list(listed())
        assert len(rows) == 13
        assert all(row.members_shown[0].organisation == cast.organisation for row in rows)


def test_moderators_hide_and_show_again(cast: Any, collaboration: Any) -> None:
    """What is hidden is not listed and opens for nobody; only moderators hide."""
    with pytest.raises(PermissionDenied):
        set_hidden(cast.users["owner"], collaboration, is_hidden=True)
    set_hidden(cast.users["moderator"], collaboration, is_hidden=True)
    assert not listed().exists()
    assert cast.client("editor").get(collaboration.get_absolute_url()).status_code == 404
    set_hidden(cast.users["moderator"], collaboration, is_hidden=False)
    assert listed().exists()
