"""Contact requests in the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.collaborate.actions.contacts import answer_contact, ask_for_contact
from viavolta.hub.collaborate.api.common import (
    OrganisationRef,
    Slug,
    Text,
    acting,
    visible_organisation,
)
from viavolta.hub.collaborate.models import ContactRequest
from viavolta.hub.collaborate.models.contacts import ContactState
from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.collaborate.queries.contacts import addresses, contacts_of
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Role

router = Router(tags=["contacts"])


class ContactOut(Schema):
    """A request to talk."""

    id: int
    sender: OrganisationRef
    recipient: OrganisationRef
    text: str
    state: ContactState
    asked_at: datetime
    answer: str
    answered_at: datetime | None
    asked_by_email: str = Field(description="empty until the request is accepted")
    answered_by_email: str = Field(description="empty until the request is accepted")

    @staticmethod
    def resolve_asked_by_email(row: ContactRequest) -> str:
        """Shown after acceptance alone."""
        return addresses(row)[0]

    @staticmethod
    def resolve_answered_by_email(row: ContactRequest) -> str:
        """Shown after acceptance alone."""
        return addresses(row)[1]


class ContactIn(Schema):
    """A new request."""

    sender: Slug
    recipient: Slug
    text: Text = Field(min_length=1)


class AnswerIn(Schema):
    """An answer to a request."""

    is_accepted: bool
    answer: Text = ""


@router.get(
    "/contacts",
    response=list[ContactOut],
    operation_id="list_contacts",
    summary="Contact requests of one's organisations",
)
@api_access(Access.SIGNED_IN)
@paginate(LimitOffsetPagination)
def list_contacts(request: HttpRequest) -> Any:
    """Sent and received ones, newest first."""
    return contacts_of(person_of(request))


@router.post(
    "/contacts",
    response={201: ContactOut},
    operation_id="ask_for_contact",
    summary="Ask an organisation to talk",
)
@api_access(Access.EDITOR)
def ask(request: HttpRequest, body: ContactIn) -> Any:
    """Ten a day at most, and one at a time to the same organisation."""
    sender, recipient = acting(request, body.sender), visible_organisation(body.recipient)
    return Status(201, ask_for_contact(person_of(request), sender, recipient, text=body.text))


@router.post(
    "/contacts/{int:contact_id}/answer",
    response=ContactOut,
    operation_id="answer_contact",
    summary="Accept or decline",
)
@api_access(Access.EDITOR)
def answer(request: HttpRequest, contact_id: int, body: AnswerIn) -> ContactRequest:
    """For editors of the organisation that was asked."""
    user = person_of(request)
    row = get_object_or_404(contacts_of(user), pk=contact_id)
    require(user, row.recipient, Role.EDITOR)
    answer_contact(user, row, is_accepted=body.is_accepted, answer=body.answer)
    return row
