"""What people do with partners: say who they are, invite, register, suspend, renew, end."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.ocpi.doors import partner_door
from viavolta.hub.ocpi.foreign_tokens import admit_all
from viavolta.hub.ocpi.handshake import (
    INVITED_FOR,
    ChangedMeanwhileError,
    forget_tokens,
    leave,
    new_token,
    register,
    renew,
)
from viavolta.hub.ocpi.models import Partner, Party, Push
from viavolta.hub.ocpi.verbs import Verb
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.model.errors import PeerError, PlatformError
from viavolta.storage.outgoing import checked_url


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFacts:
    """Who an organisation says it is in roaming."""

    country_code: str
    party_id: str
    name: str
    website: str = ""
    is_cpo: bool = True
    is_emsp: bool = False


@transaction.atomic
def set_party(user: User, organisation: Organisation, facts: PartyFacts) -> Party:
    """Say who the organisation is in roaming.

    Raises
    ------
    RefusedError: neither role; or another code while partners know it by the old one.
    """
    require(user, organisation, Role.OWNER)
    if not (facts.is_cpo or facts.is_emsp):
        raise RefusedError(_("Choose at least one role."))
    row = Party.objects.filter(organisation=organisation).first() or Party(
        organisation=organisation
    )
    is_same = (row.country_code, row.party_id) == (facts.country_code, facts.party_id)
    if row.pk and not is_same and _registered(organisation):
        raise RefusedError(_("Registered partners know you by your code: end them first."))
    for key, value in asdict(facts).items():
        setattr(row, key, value)
    row.save()
    record(Verb.PARTY_CHANGED, actor=user, organisation=organisation, subject=row)
    return row


@transaction.atomic
def invite(user: User, organisation: Organisation, name: str) -> tuple[Partner, str]:
    """Invite a partner to register with us; its token A is shown this once.

    Raises
    ------
    RefusedError: the organisation has not said yet who it is.
    """
    require(user, organisation, Role.OWNER)
    _party(organisation)
    text, kept = new_token()
    partner = Partner.objects.create(
        organisation=organisation,
        name=name,
        token_hash=kept,
        invited_until=timezone.now() + INVITED_FOR,
    )
    record(Verb.PARTNER_INVITED, actor=user, organisation=organisation, subject=partner)
    return partner, text


def connect(
    user: User, organisation: Organisation, *, name: str, versions_url: str, token: str
) -> Partner:
    """Register with a partner that gave us its versions address and a token A.

    Raises
    ------
    RefusedError: it cannot be reached, or does not answer as it should.
    """
    require(user, organisation, Role.OWNER)
    party = _party(organisation)
    try:
        checked_url(versions_url, door=partner_door())
    except PlatformError as error:
        raise RefusedError(str(error)) from error
    partner = Partner.objects.create(
        organisation=organisation, name=name, versions_url=versions_url
    )
    try:
        _told(lambda: register(partner, party, token))
    except RefusedError:
        partner.delete()
        raise
    partner.refresh_from_db()
    return partner


def renew_tokens(user: User, partner: Partner) -> None:
    """Exchange new tokens with a partner.

    Raises
    ------
    RefusedError: it is not registered, cannot be reached, or does not answer as it should.
    """
    require(user, partner.organisation, Role.OWNER)
    if not partner.is_active:
        raise RefusedError(_("The partner is not registered, or suspended."))
    _told(lambda: renew(partner, _party(partner.organisation)))


@transaction.atomic
def suspend(user: User, partner: Partner, *, is_suspended: bool) -> None:
    """Have a partner be as if unknown, its tokens with it; or take it back."""
    require(user, partner.organisation, Role.OWNER)
    row = Partner.objects.select_for_update().get(pk=partner.pk)
    row.is_suspended = is_suspended
    row.save(update_fields=["is_suspended"])
    admit_all(row)
    verb = Verb.PARTNER_SUSPENDED if is_suspended else Verb.PARTNER_RESUMED
    record(verb, actor=user, organisation=row.organisation, subject=row)


def end_partner(user: User, partner: Partner) -> str:
    """End a partnership; why the partner could not be told, empty where it was."""
    require(user, partner.organisation, Role.OWNER)
    why = ""
    if partner.is_active:
        try:
            leave(partner)
        except (PlatformError, ValueError) as error:
            why = str(error)
    forget_tokens(partner, Verb.PARTNER_ENDED)
    return why


def try_again(user: User, push: Push) -> None:
    """Tell a partner once more what it refused."""
    require(user, push.partner.organisation, Role.EDITOR)
    Push.objects.filter(pk=push.pk, sent_at=None).update(
        refused_at=None, due_at=timezone.now(), error=""
    )


def _registered(organisation: Organisation) -> bool:
    return Partner.objects.filter(
        organisation=organisation, state=Partner.State.REGISTERED
    ).exists()


def _party(organisation: Organisation) -> Party:
    row = Party.objects.filter(organisation=organisation).first()
    if row is None:
        raise RefusedError(_("Say first who you are in roaming."))
    return row


def _told(do: Callable[[], Any]) -> None:
    """Do it; what the partner does wrong is a refusal in words for people."""
    try:
        do()
    except ChangedMeanwhileError as error:
        raise RefusedError(_("Somebody else changed the partner meanwhile.")) from error
    except PeerError as error:
        raise RefusedError(f"{error.message} {error.hint or ''}".strip()) from error
    except (PlatformError, ValueError) as error:
        raise RefusedError(str(error)) from error
