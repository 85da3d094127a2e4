"""Who asks, and the frame around every answer to a partner.

The token of the request alone says which partner it is, and so which organisation's objects are
meant; a browser's session counts for nothing here. Unknown, ended, suspended and malformed tokens
get the same answer.
"""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.json_bodies import BodyError, json_object
from viavolta.hub.ocpi.exchanges import note
from viavolta.hub.ocpi.models import Partner, Party
from viavolta.hub.ocpi.refusals import RefusedError, invalid, missing, unknown_caller
from viavolta.hub.people.api_auth import is_within_rate
from viavolta.hub.people.secrets import hash_of
from viavolta.protocols.ocpi.envelope import Status, envelope, token_of
from viavolta.protocols.ocpi.objects import findings

View = Callable[..., HttpResponse]
PartnerView = Callable[Concatenate[HttpRequest, Partner, ...], HttpResponse]
CPO, EMSP = "CPO", "EMSP"
_LONGEST_ID = 64


def for_partners(
    *methods: str, role: str = "", is_for_invited: bool = False
) -> Callable[[PartnerView], View]:
    """Mark a view for partners: it is given the one that asks.

    `role` is ours in which it answers: there is nothing where the organisation has not that role.
    With `is_for_invited` a partner that was invited and has not registered may ask, too.
    """

    def mark(view: PartnerView) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, **words: Any) -> HttpResponse:
            partner: Partner | None = None
            try:
                partner = caller_of(request, is_for_invited=is_for_invited)
                _check_addressee(request, partner, role)
                if request.method not in methods:
                    raise RefusedError(
                        HTTPStatus.METHOD_NOT_ALLOWED,
                        Status.CLIENT_ERROR,
                        f"expected {', '.join(methods)}",
                    )
                answer = view(request, partner, **words)
            except RefusedError as error:
                answer = _refused(error, methods)
            except BodyError as error:
                answer = _refused(RefusedError(error.status, Status.INVALID, error.detail), methods)
            return _addressed(request, partner, answer)

        guarded.access = Access.MACHINE  # type: ignore[attr-defined] # read by the matrix
        return guarded

    return mark


@csrf_exempt
def nothing(request: HttpRequest, path: str = "") -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Whatever else is asked for."""
    return _addressed(request, None, _refused(missing("address"), ()))


nothing.access = Access.MACHINE  # type: ignore[attr-defined] # read by the matrix


def caller_of(request: HttpRequest, *, is_for_invited: bool) -> Partner:
    """The partner whose token a request carries.

    Raises
    ------
    RefusedError: none that holds, or too many requests.
    """
    token = token_of(request.headers.get("Authorization", ""))
    partner = (
        Partner.objects.select_related("organisation__party")
        .filter(token_hash=hash_of(token), is_suspended=False)
        .exclude(state=Partner.State.LEFT)
        .exclude(organisation__party=None)
        .first()
        if token
        else None
    )
    is_open = partner is not None and (
        partner.state == Partner.State.REGISTERED or (is_for_invited and _is_invited(partner))
    )
    if partner is None or not is_open:
        address = request.META.get("REMOTE_ADDR", "")
        _check_rate(f"ocpi:{address}", settings.API_RATE_PER_MINUTE_UNKNOWN)
        raise unknown_caller()
    _check_rate(f"ocpi-partner:{partner.pk}", settings.API_RATE_PER_MINUTE)
    return partner


def body_of(request: HttpRequest, kind: str, *, is_patch: bool = False) -> dict[str, Any]:
    """The object that a request brings, as OCPI wants it.

    Raises
    ------
    BodyError: it cannot be read. RefusedError: it is not as it must be.
    """
    content = json_object(request)
    found = findings(kind, content, is_patch=is_patch)
    if found:
        raise invalid("; ".join(str(one) for one in found[:5]))
    return content


def told(data: Any = None, *, http: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    """An answer that brings what was asked for."""
    return _json(envelope(data, now=timezone.now()), http)


def party_of(partner: Partner) -> Party:
    """Who we are to a partner."""
    return partner.organisation.party


def _is_invited(partner: Partner) -> bool:
    until = partner.invited_until
    return partner.state == Partner.State.INVITED and until is not None and until > timezone.now()


def _check_rate(who: str, rate: int) -> None:
    if not is_within_rate(who, rate):
        raise RefusedError(
            HTTPStatus.TOO_MANY_REQUESTS, Status.CLIENT_ERROR, "wait a minute and ask again"
        )


def _check_addressee(request: HttpRequest, partner: Partner, role: str) -> None:
    """We have the role, and the parties in the headers, where given, are theirs and ours."""
    ours = party_of(partner)
    if (role == CPO and not ours.is_cpo) or (role == EMSP and not ours.is_emsp):
        msg = "address"
        raise missing(msg)
    query = request.META.get("QUERY_STRING", "")
    if "\0" in query or "%00" in query or "\0" in request.path:
        msg = "the address holds NUL"
        raise invalid(msg)
    given = _parties_of(request.headers)
    if "to" in given and given["to"] != (ours.country_code.upper(), ours.party_id.upper()):
        msg = "OCPI-to: this is not our party"
        raise invalid(msg)
    if "from" in given and partner.roles and not partner.is_party(*given["from"]):
        msg = "OCPI-from: this is none of your parties"
        raise invalid(msg)


def _parties_of(headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    found = {}
    for way in ("to", "from"):
        country = headers.get(f"OCPI-{way}-country-code")
        party = headers.get(f"OCPI-{way}-party-id")
        if country and party:
            found[way] = (country.upper(), party.upper())
    return found


def _refused(error: RefusedError, methods: tuple[str, ...]) -> HttpResponse:
    body = envelope(None, now=timezone.now(), status=error.status, message=error.message[:255])
    answer = _json(body, error.http)
    if error.http == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Token realm="ocpi"'
    if error.http == HTTPStatus.METHOD_NOT_ALLOWED and methods:
        answer.headers["Allow"] = ", ".join(methods)
    return answer


def _json(body: dict[str, Any], http: HTTPStatus) -> HttpResponse:
    answer = JsonResponse(body, status=http, json_dumps_params={"separators": (",", ":")})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _addressed(request: HttpRequest, partner: Partner | None, answer: HttpResponse) -> HttpResponse:
    """The headers that go back, and a line in the partner's list of what was exchanged."""
    for name in ("X-Request-ID", "X-Correlation-ID"):
        given = request.headers.get(name, "")
        is_fine = given.isascii() and given.isprintable() and 0 < len(given) <= _LONGEST_ID
        answer.headers[name] = given if is_fine else str(uuid.uuid4())
    if partner is not None:
        ours = party_of(partner)
        answer.headers["OCPI-from-country-code"] = ours.country_code
        answer.headers["OCPI-from-party-id"] = ours.party_id
        theirs = _parties_of(request.headers).get("from")
        if theirs is not None and partner.is_party(*theirs):
            answer.headers["OCPI-to-country-code"], answer.headers["OCPI-to-party-id"] = theirs
        note(partner, request, answer)
    return answer
