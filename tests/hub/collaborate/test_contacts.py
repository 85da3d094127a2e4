"""Contact requests: who may ask, how often, and when addresses are shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from viavolta.hub.collaborate.actions.contacts import (
    REQUESTS_A_DAY,
    answer_contact,
    ask_for_contact,
)
from viavolta.hub.collaborate.models import ContactRequest
from viavolta.hub.collaborate.queries.contacts import addresses, contacts_of, count_to_answer
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.people.models import Organisation


def test_addresses_are_shown_once_a_request_is_accepted(cast: Any, company: Any) -> None:
    """Before acceptance neither side sees an e-mail address, after it both do."""
    contact = ask_for_contact(cast.users["editor"], cast.organisation, company, text="Shall we?")
    assert addresses(contact) == ("", "")
    assert count_to_answer(company.editor) == 1
    answer_contact(company.editor, contact, is_accepted=True, answer="Yes.")
    assert addresses(contact) == ("editor@example.org", "ana@example.org")
    assert count_to_answer(company.editor) == 0


def test_a_declined_request_shows_no_address(cast: Any, company: Any) -> None:
    """Declining keeps both addresses private, and a request is answered once."""
    contact = ask_for_contact(cast.users["editor"], cast.organisation, company, text="Shall we?")
    answer_contact(company.editor, contact, is_accepted=False)
    assert addresses(contact) == ("", "")
    with pytest.raises(RefusedError):
        answer_contact(company.editor, contact, is_accepted=True)


def test_only_editors_ask_and_answer(cast: Any, company: Any) -> None:
    """A reader cannot ask in the city's name; the sender cannot answer its own request."""
    with pytest.raises(PermissionDenied):
        ask_for_contact(cast.users["reader"], cast.organisation, company, text="Hello")
    contact = ask_for_contact(cast.users["owner"], cast.organisation, company, text="Hello")
    with pytest.raises(PermissionDenied):
        answer_contact(cast.users["owner"], contact, is_accepted=True)
    assert contact not in contacts_of(cast.users["stranger"])


def test_an_open_request_cannot_be_repeated(cast: Any, company: Any) -> None:
    """One asks an organisation again only after it has answered, and never oneself."""
    ask_for_contact(cast.users["editor"], cast.organisation, company, text="Hello")
    with pytest.raises(RefusedError):
        ask_for_contact(cast.users["editor"], cast.organisation, company, text="Hello?")
    with pytest.raises(RefusedError):
        ask_for_contact(cast.users["editor"], cast.organisation, cast.organisation, text="Me")


def test_ten_requests_a_day_are_the_limit(cast: Any) -> None:
    """The eleventh request within a day is refused, and possible again a day later."""
    others = [
        Organisation.objects.create(name=f"Firm {n}", slug=f"firm-{n}", kind="sme", country="AT")
        for n in range(REQUESTS_A_DAY + 1)
    ]
    editor, city = cast.users["editor"], cast.organisation
    for other in others[:-1]:
        ask_for_contact(editor, city, other, text="Hello")
    with pytest.raises(RefusedError):
        ask_for_contact(editor, city, others[-1], text="Hello")
    ContactRequest.objects.update(asked_at=timezone.now() - timedelta(days=1, seconds=1))
    ask_for_contact(editor, city, others[-1], text="Hello")
