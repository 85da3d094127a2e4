"""Asking to talk, and answering."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models import ContactRequest
from viavolta.hub.collaborate.models.contacts import ContactState
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.market.models import Entry
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import Study

REQUESTS_A_DAY = 10


@transaction.atomic
def ask_for_contact(
    user: User,
    sender: Organisation,
    recipient: Organisation,
    *,
    text: str,
    entry: Entry | None = None,
    study: Study | None = None,
) -> ContactRequest:
    """Ask another organisation to talk, about an entry or a study or in general.

    Raises
    ------
    PermissionDenied: the person is no editor of the sender.
    RefusedError: to oneself, asked already and not yet answered, or too many in a day.
    """
    require(user, sender, Role.EDITOR)
    if sender.pk == recipient.pk:
        raise RefusedError(_("This is your own organisation."))
    if recipient.hidden:
        raise RefusedError(_("This organisation cannot be asked at the moment."))
    asked = ContactRequest.objects.filter(sender=sender)
    if asked.filter(recipient=recipient, state=ContactState.OPEN).exists():
        raise RefusedError(_("You have asked already; wait for the answer."))
    if asked.filter(asked_at__gt=timezone.now() - timedelta(days=1)).count() >= REQUESTS_A_DAY:
        raise RefusedError(_("Ten requests a day are the limit; try again tomorrow."))
    contact = ContactRequest.objects.create(
        sender=sender, recipient=recipient, text=text, entry=entry, study=study, asked_by=user
    )
    record(
        Verb.CONTACT_ASKED,
        actor=user,
        organisation=sender,
        subject=contact,
        detail={"recipient": recipient.pk},
    )
    return contact


@transaction.atomic
def answer_contact(
    user: User, contact: ContactRequest, *, is_accepted: bool, answer: str = ""
) -> None:
    """Accept or decline a request; from acceptance on, both sides see each other's address.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation that was asked.
    RefusedError: the request has been answered.
    """
    require(user, contact.recipient, Role.EDITOR)
    state = ContactState.ACCEPTED if is_accepted else ContactState.DECLINED
    answered = ContactRequest.objects.filter(pk=contact.pk, state=ContactState.OPEN).update(
        state=state, answer=answer, answered_by=user, answered_at=timezone.now()
    )
    if not answered:
        raise RefusedError(_("This request has been answered already."))
    contact.refresh_from_db()
    record(
        Verb.CONTACT_ACCEPTED if is_accepted else Verb.CONTACT_DECLINED,
        actor=user,
        organisation=contact.recipient,
        subject=contact,
    )
