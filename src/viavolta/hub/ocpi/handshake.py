"""Registration in both directions (chapter 7): tokens exchanged, addresses learnt, renewed, ended.

Token A invites: it opens versions and credentials alone. Whoever registers gives a token B by which
it is called, and gets C by which it calls. Addresses are learnt before anything is written; the
row of the partner is then changed only if it still is as it was.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.ocpi.asking import PartnerRefusesError, ask, odd
from viavolta.hub.ocpi.doors import partner_door
from viavolta.hub.ocpi.foreign_tokens import admit_all
from viavolta.hub.ocpi.models import Module, Partner, Party, Pull
from viavolta.hub.ocpi.offered import RECEIVER, SENDER, credentials_for
from viavolta.hub.ocpi.verbs import Verb
from viavolta.hub.people.secrets import new_secret
from viavolta.model.errors import PeerError
from viavolta.protocols.ocpi.envelope import VERSION
from viavolta.protocols.ocpi.objects import findings
from viavolta.storage.outgoing import checked_url
from viavolta.storage.sealed import seal, unseal

INVITED_FOR = timedelta(days=14)
MOST_ENDPOINTS = 60
CREDENTIALS = "credentials"


class ChangedMeanwhileError(Exception):
    """The partner is not as it was when this began: registered, renewed or ended by then."""


class NoCommonVersionError(PeerError):
    """The partner does not speak 2.2.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What a partner says of itself."""

    endpoints: list[dict[str, str]]
    roles: list[dict[str, Any]]
    versions_url: str
    token: str


def new_token() -> tuple[str, str]:
    """A token of credentials, and the hash that is kept of it."""
    return new_secret("ocpi")


def learnt(partner: Partner, credentials: dict[str, Any]) -> Learnt:
    """What the addresses in a partner's credentials say.

    Raises
    ------
    InputError: an address that may not be called. PeerError: it does not answer, or not as it
    should; NoCommonVersionError among them.
    """
    token, url = str(credentials["token"]), str(credentials["url"])
    return Learnt(
        endpoints=endpoints_at(partner, url, token),
        roles=[dict(role) for role in credentials["roles"]],
        versions_url=url,
        token=token,
    )


def endpoints_at(partner: Partner, versions_url: str, token: str) -> list[dict[str, str]]:
    """The modules that a partner offers in our version; every address is one that may be called.

    Raises
    ------
    As `learnt`.
    """
    offered = ask(
        partner, "GET", versions_url, token=token, what="versions", is_functional=False
    ).data
    if not isinstance(offered, list) or any(findings("Version", one) for one in offered):
        raise odd(_("its list of versions cannot be read"))
    urls = [one["url"] for one in offered if one["version"] == VERSION]
    if not urls:
        raise NoCommonVersionError(
            code="partner-refused",
            message=_("The partner does not speak OCPI %(version)s") % {"version": VERSION},
            hint=_("ask whether it can; no other version is spoken here"),
        )
    details = ask(
        partner, "GET", urls[0], token=token, what="version details", is_functional=False
    ).data
    if findings("VersionDetails", details) or len(details["endpoints"]) > MOST_ENDPOINTS:
        raise odd(_("its list of modules cannot be read"))
    for one in details["endpoints"]:
        checked_url(one["url"], door=partner_door())
    return [
        {name: one[name] for name in ("identifier", "role", "url")} for one in details["endpoints"]
    ]


def take_credentials(partner: Partner, facts: Learnt, *, is_first: bool) -> str:
    """Keep what a partner that registers, or renews, says; the token that it shall use from now on.

    Raises
    ------
    ChangedMeanwhileError: it has registered, renewed or left in the meantime.
    """
    text, kept = new_token()
    with transaction.atomic():
        row = _unchanged(partner)
        if (row.state == Partner.State.INVITED) != is_first:
            raise ChangedMeanwhileError
        row.token_hash = kept
        _keep(row, facts, Verb.PARTNER_REGISTERED if is_first else Verb.PARTNER_RENEWED)
    return text


def register(partner: Partner, party: Party, token_a: str) -> None:
    """Register with a partner that invited us by its versions address and a token A.

    Raises
    ------
    As `learnt`; ChangedMeanwhileError.
    """
    endpoints = endpoints_at(partner, partner.versions_url, token_a)
    _exchange(partner, party, endpoints, token_a, method="POST")


def renew(partner: Partner, party: Party) -> None:
    """Exchange new tokens with a registered partner, and read its addresses again.

    Raises
    ------
    As `register`.
    """
    token = unseal(settings.CONFIG.data, partner.token)
    endpoints = endpoints_at(partner, partner.versions_url, token)
    _exchange(partner, party, endpoints, token, method="PUT")


def leave(partner: Partner) -> None:
    """Tell a registered partner that we leave; one that does not know us any more is fine.

    Raises
    ------
    PeerError: it cannot be told.
    """
    url = partner.endpoint(CREDENTIALS, SENDER) or partner.endpoint(CREDENTIALS, RECEIVER)
    if url:
        try:
            ask(partner, "DELETE", url, what=CREDENTIALS, is_functional=False)
        except PartnerRefusesError:
            return


@transaction.atomic
def forget_tokens(partner: Partner, verb: Verb) -> None:
    """End a registration: neither side's token holds from now on."""
    row = Partner.objects.select_for_update().get(pk=partner.pk)
    row.state, row.token_hash, row.token = Partner.State.LEFT, None, ""
    row.endpoints = []
    row.save()
    row.pushes.filter(sent_at=None).delete()
    row.pulls.all().delete()
    admit_all(row)
    record(verb, organisation=row.organisation, subject=row)


def _exchange(
    partner: Partner, party: Party, endpoints: list[dict[str, str]], token: str, *, method: str
) -> None:
    """Give the partner our new token and take its own.

    While it answers, it may try our new token already: both the old and the new one must not be
    refused then, so the new one counts first, and the old one again where the partner says no.
    """
    urls = [one["url"] for one in endpoints if one["identifier"] == CREDENTIALS]
    if not urls:
        raise odd(_("it has no module for credentials"))
    text, kept = new_token()
    before = partner.token_hash
    partner.token_hash = kept
    if partner.state != Partner.State.REGISTERED:
        partner.state, partner.invited_until = (
            Partner.State.INVITED,
            timezone.now() + timedelta(minutes=10),
        )
    partner.save(update_fields=["token_hash", "state", "invited_until"])
    try:
        told = ask(
            partner,
            method,
            urls[0],
            credentials_for(party, text),
            token=token,
            what=CREDENTIALS,
            is_functional=False,
        ).data
        if findings("Credentials", told):
            raise odd(_("its credentials cannot be read"))
        checked_url(told["url"], door=partner_door())
    except BaseException:
        Partner.objects.filter(pk=partner.pk, token_hash=kept).update(token_hash=before)
        raise
    with transaction.atomic():
        row = _unchanged(partner)
        facts = Learnt(
            endpoints=endpoints,
            roles=[dict(role) for role in told["roles"]],
            versions_url=told["url"],
            token=told["token"],
        )
        _keep(row, facts, Verb.PARTNER_REGISTERED if method == "POST" else Verb.PARTNER_RENEWED)


def _unchanged(partner: Partner) -> Partner:
    row = Partner.objects.select_for_update().filter(pk=partner.pk).first()
    if row is None or row.token_hash != partner.token_hash:
        raise ChangedMeanwhileError
    return row


def _keep(row: Partner, facts: Learnt, verb: Verb) -> None:
    """Write down what was learnt, and have the partner's objects read from the beginning."""
    row.endpoints, row.roles = facts.endpoints, facts.roles
    row.versions_url = facts.versions_url
    row.token = seal(settings.CONFIG.data, facts.token)
    row.state, row.error = Partner.State.REGISTERED, ""
    row.registered_at, row.invited_until = timezone.now(), None
    row.save()
    offered = [module for module in Module if row.endpoint(module, SENDER)]
    row.pulls.exclude(module__in=offered).delete()
    for module in offered:
        Pull.objects.update_or_create(
            partner=row, module=module, defaults={"due_at": timezone.now(), "read_until": None}
        )
    admit_all(row)
    row.pushes.filter(sent_at=None, refused_at=None).update(due_at=timezone.now())
    record(verb, organisation=row.organisation, subject=row)
