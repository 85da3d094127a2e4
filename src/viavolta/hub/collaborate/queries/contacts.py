"""Contact requests as their two sides see them."""

from django.db.models import Q, QuerySet

from viavolta.hub.collaborate.models import ContactRequest
from viavolta.hub.collaborate.models.contacts import ContactState
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Role, User


def contacts_of(user: User) -> QuerySet[ContactRequest]:
    """Requests that the person's organisations sent or received."""
    mine = organisations_of(user).values("pk")
    return ContactRequest.objects.filter(Q(sender__in=mine) | Q(recipient__in=mine)).select_related(
        "sender", "recipient", "entry", "study", "asked_by", "answered_by"
    )


def count_to_answer(user: User) -> int:
    """How many requests wait for this person's answer."""
    mine = organisations_of(user, Role.EDITOR).values("pk")
    return ContactRequest.objects.filter(recipient__in=mine, state=ContactState.OPEN).count()


def addresses(contact: ContactRequest) -> tuple[str, str]:
    """E-mail addresses of who asked and who answered; empty until the request is accepted."""
    if contact.state != ContactState.ACCEPTED:
        return "", ""
    people = (contact.asked_by, contact.answered_by)
    asked, answered = ("" if one is None else one.email for one in people)
    return asked, answered
