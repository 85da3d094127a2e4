"""Starting a collaboration, who takes part, and what members write."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models import Collaboration, ContactRequest, Message, Partner
from viavolta.hub.collaborate.models.collaborations import CollaborationState, PartnerState
from viavolta.hub.collaborate.models.contacts import ContactState
from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import may, require
from viavolta.hub.people.models import Organisation, Role, User


@transaction.atomic
def start_collaboration(
    user: User,
    lead: Organisation,
    *,
    title: str,
    segment: str,
    about: str = "",
    contact: ContactRequest | None = None,
    is_sample: bool = False,
) -> Collaboration:
    """Start a collaboration; from an accepted contact request the other side is a member at once.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead, or the request is none of hers.
    """
    require(user, lead, Role.EDITOR)
    collaboration = Collaboration.objects.create(
        title=title,
        slug=free_slug(Collaboration, title, "collaboration"),
        segment=segment,
        about=about,
        contact=contact,
        is_sample=is_sample,
        created_by=user,
    )
    Partner.objects.create(
        collaboration=collaboration, organisation=lead, is_lead=True, state=PartnerState.MEMBER
    )
    if contact is not None:
        sides = {contact.sender_id: contact.recipient, contact.recipient_id: contact.sender}
        if lead.pk not in sides or contact.state != ContactState.ACCEPTED:
            raise PermissionDenied
        Partner.objects.create(
            collaboration=collaboration, organisation=sides[lead.pk], state=PartnerState.MEMBER
        )
    record(Verb.COLLABORATION_STARTED, actor=user, organisation=lead, subject=collaboration)
    return collaboration


@transaction.atomic
def change_collaboration(
    user: User,
    collaboration: Collaboration,
    *,
    title: str,
    segment: str,
    state: str,
    about: str,
    seen: int,
) -> None:
    """Change what everybody sees.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead.
    StaleEditError: somebody else saved it in the meantime.
    """
    lead = require_lead(user, collaboration)
    collaboration.title = title
    collaboration.segment = segment
    collaboration.state = CollaborationState(state)
    collaboration.about = about
    save_version(collaboration, seen=seen)
    record(Verb.COLLABORATION_CHANGED, actor=user, organisation=lead, subject=collaboration)


@transaction.atomic
def invite_partner(user: User, collaboration: Collaboration, organisation: Organisation) -> Partner:
    """Invite an organisation; one that declined or left can be invited again.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead.
    RefusedError: it is a member or invited already.
    """
    require_lead(user, collaboration)
    partner, is_new = Partner.objects.get_or_create(
        collaboration=collaboration, organisation=organisation
    )
    if not is_new:
        if partner.state in {PartnerState.MEMBER, PartnerState.INVITED}:
            raise RefusedError(_("This organisation is invited or takes part already."))
        partner.state = PartnerState.INVITED
        partner.since = timezone.now()
        partner.save()
    record(Verb.COLLABORATION_INVITED, actor=user, organisation=organisation, subject=collaboration)
    return partner


@transaction.atomic
def answer_invitation(user: User, partner: Partner, *, is_accepted: bool) -> None:
    """Join a collaboration, or decline.

    Raises
    ------
    PermissionDenied: the person is no editor of the invited organisation.
    RefusedError: there is no open invitation.
    """
    require(user, partner.organisation, Role.EDITOR)
    state = PartnerState.MEMBER if is_accepted else PartnerState.DECLINED
    answered = Partner.objects.filter(pk=partner.pk, state=PartnerState.INVITED).update(
        state=state, since=timezone.now()
    )
    if not answered:
        raise RefusedError(_("This invitation has been answered already."))
    record(
        Verb.COLLABORATION_JOINED if is_accepted else Verb.COLLABORATION_DECLINED,
        actor=user,
        organisation=partner.organisation,
        subject=partner.collaboration,
    )


@transaction.atomic
def leave_collaboration(user: User, partner: Partner) -> None:
    """Leave a collaboration; the lead cannot.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    RefusedError: the organisation leads, or is no member.
    """
    require(user, partner.organisation, Role.EDITOR)
    if partner.is_lead:
        raise RefusedError(_("The lead cannot leave; finish the collaboration instead."))
    left = Partner.objects.filter(pk=partner.pk, state=PartnerState.MEMBER).update(
        state=PartnerState.LEFT, since=timezone.now()
    )
    if not left:
        raise RefusedError(_("This organisation is no member."))
    record(
        Verb.COLLABORATION_LEFT,
        actor=user,
        organisation=partner.organisation,
        subject=partner.collaboration,
    )


@transaction.atomic
def write_message(user: User, collaboration: Collaboration, *, text: str) -> Message:
    """Write to the members.

    Raises
    ------
    PermissionDenied: the person belongs to no member, as editor or owner.
    """
    organisation = require_member(user, collaboration)
    message = Message.objects.create(
        collaboration=collaboration, organisation=organisation, author=user, text=text
    )
    record(Verb.COLLABORATION_WROTE, actor=user, organisation=organisation, subject=collaboration)
    return message


def require_lead(user: User, collaboration: Collaboration) -> Organisation:
    """The leading organisation, if the person is an editor of it.

    Raises
    ------
    PermissionDenied: she is not.
    """
    lead = collaboration.partners.select_related("organisation").get(is_lead=True).organisation
    require(user, lead, Role.EDITOR)
    return lead


def require_member(user: User, collaboration: Collaboration) -> Organisation:
    """The first member organisation of which the person is an editor.

    Raises
    ------
    PermissionDenied: there is none.
    """
    members = collaboration.partners.filter(state=PartnerState.MEMBER)
    for partner in members.select_related("organisation"):
        if may(user, partner.organisation, Role.EDITOR):
            return partner.organisation
    raise PermissionDenied
