"""Invitations by e-mail: sent, revoked, accepted."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.people.access import require
from viavolta.hub.people.letters import send_letter
from viavolta.hub.people.models import Invitation, Membership, Organisation, Role, User
from viavolta.hub.people.secrets import hash_of, new_secret
from viavolta.hub.people.verbs import Verb

VALID_DAYS = 14


@transaction.atomic
def invite(user: User, organisation: Organisation, *, email: str, role: Role) -> Invitation:
    """Invite somebody by letter; an earlier open invitation to the same address ends."""
    require(user, organisation, Role.OWNER)
    now = timezone.now()
    open_ones = Invitation.objects.filter(
        organisation=organisation, email__iexact=email, accepted_at=None, revoked_at=None
    )
    open_ones.update(revoked_at=now)
    text, kept = new_secret("invitation")
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        role=role,
        secret_hash=kept,
        invited_by=user,
        expires_at=now + timedelta(days=VALID_DAYS),
    )
    record(
        Verb.MEMBER_INVITED,
        actor=user,
        organisation=organisation,
        subject=invitation,
        detail={"role": str(role)},
    )
    transaction.on_commit(lambda: _send(invitation, text))
    return invitation


def _send(invitation: Invitation, secret: str) -> None:
    known = User.objects.filter(email__iexact=invitation.email).first()
    language = (known.language if known else "") or translation.get_language() or "en"
    with translation.override(language):
        send_letter(
            invitation.email,
            subject=_("Invitation to %(organisation)s")
            % {"organisation": invitation.organisation.name},
            template="people/letters/invitation.txt",
            context={
                "invitation": invitation,
                "days": VALID_DAYS,
                "url": settings.ORIGIN + reverse("invitation", args=(secret,)),
            },
        )


@transaction.atomic
def revoke_invitation(user: User, invitation: Invitation) -> None:
    """End an invitation that nobody has accepted yet."""
    require(user, invitation.organisation, Role.OWNER)
    if invitation.is_open:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        record(
            Verb.INVITATION_REVOKED,
            actor=user,
            organisation=invitation.organisation,
            subject=invitation,
        )


def open_invitation(secret: str) -> Invitation | None:
    """The invitation with this secret, if it can still be accepted."""
    found = (
        Invitation.objects.select_related("organisation", "invited_by")
        .filter(secret_hash=hash_of(secret))
        .first()
    )
    return found if found is not None and found.is_open else None


@transaction.atomic
def accept_invitation(user: User, invitation: Invitation) -> Membership:
    """Join the organisation; who is a member already keeps the higher role.

    Raises
    ------
    PermissionDenied: the invitation is no longer open.
    """
    taken = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).update(accepted_at=timezone.now())
    if not taken:
        raise PermissionDenied
    membership, is_new = Membership.objects.get_or_create(
        organisation=invitation.organisation, user=user, defaults={"role": invitation.role}
    )
    ranks = list(Role)
    if not is_new and ranks.index(Role(membership.role)) < ranks.index(Role(invitation.role)):
        membership.role = invitation.role
        membership.save(update_fields=["role"])
    record(
        Verb.MEMBER_JOINED,
        actor=user,
        organisation=invitation.organisation,
        subject=membership,
        detail={"role": str(membership.role)},
    )
    return membership
