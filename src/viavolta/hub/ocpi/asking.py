"""Requests to a partner: with its token, through the door for addresses of others, bounded."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from viavolta.hub.frame.json_bodies import BodyError, json_of
from viavolta.hub.ocpi.doors import partner_door
from viavolta.hub.ocpi.exchanges import what_of
from viavolta.hub.ocpi.models import Exchange, Partner, Party
from viavolta.model.errors import PeerError, PlatformError
from viavolta.protocols.ocpi.envelope import Status, authorization
from viavolta.storage.outgoing import Reply, send
from viavolta.storage.sealed import unseal

TIMEOUT_S = 10.0
MOST_BYTES = 8_000_000
_LAST_FINE = 299


class PartnerRefusesError(PeerError):
    """A partner that was reached and does not do what it is asked: asking again changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a partner answers: its data, and the headers that belong to them."""

    data: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that is ready to go out; `row` is what is kept of it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    row: Exchange

    def sent(self) -> Told:
        """Send it; the tables are not touched, so that many may be sent at once.

        Raises
        ------
        As `ask`.
        """
        try:
            reply = send(
                self.method,
                self.url,
                headers=self.headers,
                body=self.body,
                door=partner_door(),
                timeout_s=TIMEOUT_S,
                most_bytes=MOST_BYTES,
            )
            self.row.http_status = reply.status
            return _read(reply, self.row)
        except PlatformError as error:
            self.row.error = str(error)[:255]
            raise


def ask(partner: Partner, method: str, url: str, content: Any = None, **more: Any) -> Told:
    """Ask a partner something, and keep that it was asked; `more` as for `question`.

    Raises
    ------
    InputError: an address that may not be called. PeerError: no answer, or not as it should be;
    PartnerRefusesError among them: an answer that says no.
    """
    asked = question(partner, method, url, content, **more)
    try:
        return asked.sent()
    finally:
        asked.row.save()


def question(
    partner: Partner,
    method: str,
    url: str,
    content: Any = None,
    *,
    token: str | None = None,
    what: str = "",
    request_id: str = "",
    is_functional: bool = True,
) -> Question:
    """A request to a partner with its token.

    `token` stands for the one that is kept; `what` is how the request is shown; `is_functional` of
    modules other than versions and credentials, whose requests name both parties.

    Raises
    ------
    ValueError: the token was sealed with another key.
    """
    request_id = request_id or str(uuid.uuid4())
    secret = unseal(settings.CONFIG.data, partner.token) if token is None else token
    headers = {
        "Authorization": authorization(secret),
        "Accept": "application/json",
        "X-Request-ID": request_id,
        "X-Correlation-ID": request_id,
    }
    if is_functional:
        headers |= _parties(partner)
    body = None
    if content is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(content, separators=(",", ":")).encode()
    row = Exchange(
        partner=partner,
        is_ours=True,
        method=method,
        what=what[:120] or what_of(urlsplit(url).path)[-120:],
        request_id=request_id,
    )
    return Question(method=method, url=url, headers=headers, body=body, row=row)


def odd(words: str, kind: type[PeerError] = PeerError) -> PeerError:
    """The error for an answer that is not as it should be."""
    return kind(
        code="partner-refused",
        message=_("The partner does not answer as it should: %(why)s") % {"why": words},
        hint=_("the list of what was exchanged shows the request; ask the partner"),
    )


def _read(reply: Reply, row: Exchange) -> Told:
    """What an answer brings.

    Raises
    ------
    PeerError: it says no, or cannot be read.
    """
    try:
        told = json_of(reply.body)
    except BodyError:
        told = None
    status = told.get("status_code") if isinstance(told, dict) else None
    row.status = status if isinstance(status, int) and 0 <= status < 2**15 else None
    words = str(told.get("status_message") or "")[:120] if isinstance(told, dict) else ""
    if reply.status > _LAST_FINE:
        kind = PeerError if _passes(reply.status) else PartnerRefusesError
        raise odd(f"HTTP {reply.status} {words}".strip(), kind)
    if not isinstance(told, dict) or row.status is None:
        raise odd(_("its answer is none of OCPI"))
    if not Status.SUCCESS <= row.status < Status.CLIENT_ERROR:
        kind = PartnerRefusesError if row.status < Status.SERVER_ERROR else PeerError
        raise odd(f"{row.status} {words}".strip(), kind)
    return Told(data=told.get("data"), headers=reply.headers)


def _passes(http_status: int) -> bool:
    """Whether a status may be another one when asked again: not a word on what was asked."""
    return http_status >= HTTPStatus.INTERNAL_SERVER_ERROR or http_status in {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }


def _parties(partner: Partner) -> dict[str, str]:
    """Who speaks to whom (chapter 4.1, message routing headers)."""
    found: dict[str, str] = {}
    ours = Party.objects.filter(organisation=partner.organisation_id).first()
    if ours is not None:
        found |= {
            "OCPI-from-country-code": ours.country_code,
            "OCPI-from-party-id": ours.party_id,
        }
    if partner.roles:
        theirs = partner.roles[0]
        found |= {
            "OCPI-to-country-code": theirs["country_code"],
            "OCPI-to-party-id": theirs["party_id"],
        }
    return found
