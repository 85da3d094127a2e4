"""Forming consortia and saying who covers what."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.actions.collaborations import start_collaboration
from viavolta.hub.collaborate.models import (
    Call,
    CallPart,
    Collaboration,
    Consortium,
    ConsortiumMember,
    Cover,
    Partner,
)
from viavolta.hub.collaborate.models.calls import ConsortiumState
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.collaborate.queries.consortia import parts_that_fit
from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import may, require
from viavolta.hub.people.models import Organisation, Role, User


@transaction.atomic
def form_consortium(
    user: User,
    lead: Organisation,
    call: Call,
    *,
    name: str,
    about: str = "",
    is_sample: bool = False,
) -> Consortium:
    """Form a consortium; the lead covers at once the parts of the call that it fits.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead.
    """
    require(user, lead, Role.EDITOR)
    consortium = Consortium.objects.create(
        call=call,
        name=name,
        slug=free_slug(Consortium, name, "consortium"),
        about=about,
        is_sample=is_sample,
        created_by=user,
    )
    member = ConsortiumMember.objects.create(
        consortium=consortium, organisation=lead, is_lead=True, state=PartnerState.MEMBER
    )
    _cover(member, parts_that_fit(lead, call))
    record(Verb.CONSORTIUM_FORMED, actor=user, organisation=lead, subject=consortium)
    return consortium


@transaction.atomic
def change_consortium(
    user: User, consortium: Consortium, *, name: str, about: str, state: str, seen: int
) -> None:
    """Change name, text and state.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead.
    StaleEditError: somebody else saved it in the meantime.
    """
    lead = require_consortium_lead(user, consortium)
    consortium.name = name
    consortium.about = about
    consortium.state = ConsortiumState(state)
    save_version(consortium, seen=seen)
    record(Verb.CONSORTIUM_CHANGED, actor=user, organisation=lead, subject=consortium)


@transaction.atomic
def invite_to_consortium(
    user: User, consortium: Consortium, organisation: Organisation
) -> ConsortiumMember:
    """Invite an organisation, for the parts of the call that it fits.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead.
    RefusedError: it is a member or invited already.
    """
    require_consortium_lead(user, consortium)
    member, is_new = ConsortiumMember.objects.get_or_create(
        consortium=consortium, organisation=organisation
    )
    if not is_new:
        if member.state in {PartnerState.MEMBER, PartnerState.INVITED}:
            raise RefusedError(_("This organisation is invited or takes part already."))
        member.state = PartnerState.INVITED
        member.since = timezone.now()
        member.save()
    _cover(member, parts_that_fit(organisation, consortium.call))
    record(Verb.CONSORTIUM_INVITED, actor=user, organisation=organisation, subject=consortium)
    return member


@transaction.atomic
def answer_consortium(user: User, member: ConsortiumMember, *, is_accepted: bool) -> None:
    """Join a consortium, or decline.

    Raises
    ------
    PermissionDenied: the person is no editor of the invited organisation.
    RefusedError: there is no open invitation.
    """
    require(user, member.organisation, Role.EDITOR)
    state = PartnerState.MEMBER if is_accepted else PartnerState.DECLINED
    answered = ConsortiumMember.objects.filter(pk=member.pk, state=PartnerState.INVITED).update(
        state=state, since=timezone.now()
    )
    if not answered:
        raise RefusedError(_("This invitation has been answered already."))
    record(
        Verb.CONSORTIUM_ANSWERED,
        actor=user,
        organisation=member.organisation,
        subject=member.consortium,
        detail={"accepted": is_accepted},
    )


@transaction.atomic
def set_covers(user: User, member: ConsortiumMember, parts: Iterable[int]) -> None:
    """Say which parts of the call a member takes on: the member itself, or the lead.

    Raises
    ------
    PermissionDenied: the person is an editor of neither.
    """
    if not may(user, member.organisation, Role.EDITOR):
        require_consortium_lead(user, member.consortium)
    member.covers.all().delete()
    _cover(member, CallPart.objects.filter(call=member.consortium.call, pk__in=list(parts)))
    record(
        Verb.CONSORTIUM_CHANGED,
        actor=user,
        organisation=member.organisation,
        subject=member.consortium,
    )


@transaction.atomic
def work_together(user: User, consortium: Consortium) -> Collaboration:
    """Make the consortium a collaboration of the same members.

    Raises
    ------
    PermissionDenied: the person is no editor of the lead.
    RefusedError: it is one already.
    """
    lead = require_consortium_lead(user, consortium)
    if consortium.collaboration_id is not None:
        raise RefusedError(_("This consortium works together already."))
    collaboration = start_collaboration(
        user,
        lead,
        title=consortium.name,
        segment=consortium.call.segment,
        about=consortium.about,
        is_sample=consortium.is_sample,
    )
    for member in consortium.members.filter(state=PartnerState.MEMBER, is_lead=False):
        Partner.objects.create(
            collaboration=collaboration,
            organisation=member.organisation,
            state=PartnerState.MEMBER,
        )
    consortium.collaboration = collaboration
    save_version(consortium, seen=consortium.version)
    return collaboration


def require_consortium_lead(user: User, consortium: Consortium) -> Organisation:
    """The leading organisation, if the person is an editor of it.

    Raises
    ------
    PermissionDenied: she is not.
    """
    lead = consortium.members.select_related("organisation").get(is_lead=True).organisation
    require(user, lead, Role.EDITOR)
    return lead


def _cover(member: ConsortiumMember, parts: Iterable[CallPart]) -> None:
    for part in parts:
        Cover.objects.get_or_create(member=member, part=part)
