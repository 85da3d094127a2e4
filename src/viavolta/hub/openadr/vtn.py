"""The VTN's addresses: tokens, and all verbs on programmes, events, reports, subscriptions, VENs
and resources, in 3.0.1 and 3.1.0.

Who asks is told by a token of the VTN alone; a browser's session counts for nothing here, so that
no form of another site can write.
"""  # noqa: D205

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from viavolta.hub.frame.access import Access
from viavolta.hub.openadr.clients import (
    TOKEN_S,
    Caller,
    ScopeError,
    caller_of,
    client_of,
    new_token,
)
from viavolta.hub.openadr.content import body_of
from viavolta.hub.openadr.refusals import RefusedError, bad, forbidden, problem
from viavolta.hub.openadr.scopes import reading, writing
from viavolta.hub.openadr.search import found, query_of
from viavolta.hub.openadr.seen import written
from viavolta.hub.openadr.store import change, create, delete, object_of
from viavolta.hub.openadr.tree import is_of_tree, tree_object
from viavolta.hub.people.api_auth import is_within_rate
from viavolta.protocols.openadr.objects import Kind, Version

View = Callable[..., HttpResponse]
_LONGEST = 4096
_WAIT = "wait a minute and ask again"


def machine(view: View) -> View:
    """Mark a view as one for programs with tokens of their own; errors are told as problems."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except RefusedError as error:
            return problem(error.status, error.detail)

    guarded.access = Access.MACHINE  # type: ignore[attr-defined] # read by the matrix
    return guarded


@machine
def collection(
    request: HttpRequest, version: Version, kind: Kind, ven_id: str | None = None
) -> HttpResponse:
    """List objects of a kind, or make one."""
    caller = _caller(request)
    if request.method == "GET":
        _require(caller, reading(kind))
        if ven_id is not None and not is_of_tree(ven_id):
            object_of(caller, Kind.VEN, ven_id)
        return _told(found(caller, kind, version, query_of(kind, version, request.GET, ven_id)))
    if request.method == "POST":
        _require(caller, writing(kind))
        ven = None
        if ven_id is not None:
            if is_of_tree(ven_id):
                msg = "this mirrors the tree of limits"
                raise forbidden(msg)
            ven = object_of(caller, Kind.VEN, ven_id)
        row = create(caller, version, kind, body_of(request), ven=ven)
        return _told(written(row, version, caller.client), HTTPStatus.CREATED)
    return _no_such_method("GET, POST")


@machine
def item(
    request: HttpRequest,
    version: Version,
    kind: Kind,
    object_id: str,
    ven_id: str | None = None,
) -> HttpResponse:
    """Read, change or delete an object."""
    caller = _caller(request)
    if request.method not in {"GET", "PUT", "DELETE"}:
        return _no_such_method("GET, PUT, DELETE")
    _require(caller, reading(kind) if request.method == "GET" else writing(kind))
    if is_of_tree(object_id):
        if request.method == "GET":
            return _told(tree_object(caller.client, kind, version, object_id))
        msg = "this mirrors the tree of limits"
        raise forbidden(msg)
    row = object_of(caller, kind, object_id)
    if ven_id is not None and (row.parent is None or row.parent.object_id != ven_id):
        raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such resource of this VEN")
    told = written(row, version, caller.client)
    if request.method == "PUT":
        row = change(caller, version, row, body_of(request))
        told = written(row, version, caller.client)
    elif request.method == "DELETE":
        delete(caller, row)
    return _told(told)


@machine
def token(request: HttpRequest) -> HttpResponse:
    """A token for a client and its secret (OAuth 2.0, client credentials)."""
    if request.method != "POST":
        return _no_such_method("POST")
    address = request.META.get("REMOTE_ADDR", "")
    if not is_within_rate(f"openadr-token:{address}", settings.API_RATE_PER_MINUTE_UNKNOWN):
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, _WAIT)
    asked = {key: request.POST.get(key, "") for key in _TOKEN_WORDS}
    wrong = _wrong_with(asked)
    if wrong:
        return _auth_error(wrong)
    client = client_of(asked["client_id"], asked["client_secret"])
    if client is None:
        return _auth_error("invalid_client", status=HTTPStatus.UNAUTHORIZED)
    try:
        text, scope = new_token(client, asked["scope"])
    except ScopeError:
        return _auth_error("invalid_scope")
    answer = JsonResponse(
        {"access_token": text, "token_type": "Bearer", "expires_in": TOKEN_S, "scope": scope}
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _wrong_with(asked: dict[str, str]) -> str:
    """The error of RFC 6749 in a request for a token; "" for none."""
    is_sound = all(len(words) <= _LONGEST and "\0" not in words for words in asked.values())
    if not is_sound or not all(asked[key] for key in _TOKEN_WORDS[:3]):
        return "invalid_request"
    if asked["grant_type"] != "client_credentials":
        return "unsupported_grant_type"
    return ""


_TOKEN_WORDS = ("grant_type", "client_id", "client_secret", "scope")
_SAYS = {
    "invalid_request": "expected grant_type, client_id and client_secret",
    "unsupported_grant_type": "expected client_credentials",
    "invalid_client": "there is no client with this secret",
    "invalid_scope": "the role of this client has no such scope",
}


@machine
def token_server(request: HttpRequest) -> HttpResponse:
    """Where tokens are to be had (3.1)."""
    if request.method != "GET":
        return _no_such_method("GET")
    return _told({"tokenURL": f"{settings.ORIGIN}{reverse('openadr-token')}"})


@machine
def notifiers(request: HttpRequest) -> HttpResponse:
    """How changes are told (3.1): by webhooks."""
    _caller(request)
    return _told({"WEBHOOK": True}) if request.method == "GET" else _no_such_method("GET")


@machine
def nothing(request: HttpRequest, path: str) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Whatever else is asked for."""
    raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such address")


def _caller(request: HttpRequest) -> Caller:
    """Who asks, by the token of the request.

    Raises
    ------
    RefusedError: no token, or one that does not hold; or too many requests.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    caller = caller_of(text.strip()) if scheme.lower() == "bearer" and text else None
    if caller is None:
        address = request.META.get("REMOTE_ADDR", "")
        if not is_within_rate(f"openadr:{address}", settings.API_RATE_PER_MINUTE_UNKNOWN):
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, _WAIT)
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "no token, or one that does not hold")
    if not is_within_rate(f"openadr:{caller.client.client_id}", settings.API_RATE_PER_MINUTE):
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, _WAIT)
    if "\0" in request.META.get("QUERY_STRING", "") or "%00" in request.META["QUERY_STRING"]:
        msg = "the query holds NUL"
        raise bad(msg)
    return caller


def _require(caller: Caller, scopes: frozenset[str]) -> None:
    if not caller.may(scopes):
        msg = f"this takes the scope {' or '.join(sorted(scopes))}"
        raise forbidden(msg)


def _told(content: Any, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    answer = JsonResponse(
        content, status=status, safe=False, json_dumps_params={"separators": (",", ":")}
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _auth_error(error: str, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> HttpResponse:
    answer = JsonResponse({"error": error, "error_description": _SAYS[error]}, status=status)
    answer.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Basic realm="openadr3"'
    return answer


def _no_such_method(allowed: str) -> HttpResponse:
    answer = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"expected {allowed}")
    answer.headers["Allow"] = allowed
    return answer
