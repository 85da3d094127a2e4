"""Versions and credentials: the addresses with which every partnership begins."""

from django.http import HttpRequest, HttpResponse

from viavolta.hub.ocpi.callers import body_of, for_partners, party_of, told
from viavolta.hub.ocpi.handshake import (
    ChangedMeanwhileError,
    Learnt,
    NoCommonVersionError,
    forget_tokens,
    learnt,
    take_credentials,
)
from viavolta.hub.ocpi.models import Partner
from viavolta.hub.ocpi.offered import credentials_for, details_for, versions
from viavolta.hub.ocpi.refusals import not_now, unusable
from viavolta.hub.ocpi.verbs import Verb
from viavolta.model.errors import PlatformError
from viavolta.protocols.ocpi.envelope import Status, token_of


@for_partners("GET", is_for_invited=True)
def version_list(request: HttpRequest, partner: Partner) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """The versions that we speak."""
    return told(versions())


@for_partners("GET", is_for_invited=True)
def version_details(request: HttpRequest, partner: Partner) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """The modules of our version."""
    return told(details_for(party_of(partner)))


@for_partners("GET", "POST", "PUT", "DELETE", is_for_invited=True)
def credentials(request: HttpRequest, partner: Partner) -> HttpResponse:
    """Ours read; the partner's taken for the first time, renewed, ended."""
    is_registered = partner.state == Partner.State.REGISTERED
    party = party_of(partner)
    if request.method == "GET":
        used = token_of(request.headers.get("Authorization", "")) or ""
        return told(credentials_for(party, used))
    if request.method == "DELETE":
        if not is_registered:
            msg = "you are not registered"
            raise not_now(msg)
        forget_tokens(partner, Verb.PARTNER_LEFT)
        return told()
    if is_registered == (request.method == "POST"):
        msg = "you are registered: use PUT" if is_registered else "register with POST first"
        raise not_now(msg)
    facts = _learnt(request, partner)
    try:
        token = take_credentials(partner, facts, is_first=not is_registered)
    except ChangedMeanwhileError as error:
        msg = "another registration was faster"
        raise not_now(msg) from error
    return told(credentials_for(party, token))


def _learnt(request: HttpRequest, partner: Partner) -> Learnt:
    """What the partner's credentials lead to.

    Raises
    ------
    RefusedError: they cannot be used.
    """
    content = body_of(request, "Credentials")
    try:
        return learnt(partner, content)
    except NoCommonVersionError as error:
        raise unusable(str(error), Status.UNSUPPORTED_VERSION) from error
    except PlatformError as error:
        # what exactly an address did is not told: it would make us a scanner of networks
        msg = "your versions and their modules cannot be read at the address that you gave"
        raise unusable(msg) from error
