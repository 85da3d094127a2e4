"""The permission matrix: every route of the hub, opened by every kind of visitor.

To add what your routes need, write `tests/hub/matrix_samples/<app>.py`:

    from matrix import OK, row, sample

    @sample("need")                       # for every route with an argument of this name
    def a_need(cast): return make_need(cast.organisation).pk

    @sample("need", route="need-closed")  # or for one route alone
    def a_closed_need(cast): ...

    row("need-edit", post={"title": "Quiet buses", "version": 1})   # what a form sends
    row("need-report", outcomes={"moderator": {OK}})                # where the rule does not fit

What belongs to somebody belongs to `cast.organisation`. Route names of the API are the operation
ids. The rules by which outcomes are expected are in `EXPECTED`.
"""

import importlib.util
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cast import PERSONAS, Cast
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver

from viavolta.hub.frame.access import Access
from viavolta.hub.site.api import api

OK, LOGIN, HIDDEN, REFUSED, NO_METHOD, FAILED = "ok", "login", "404", "403", "405", "failed"
OUT = frozenset({HIDDEN, REFUSED})
VISITORS = (*PERSONAS, "lab-host")
METHODS = ("GET", "POST")
UNAVAILABLE = 503  # said on purpose: /health while no worker runs
SIGN_IN = ("/accounts/login/", "/admin/login/")


def _expected(  # one line for each kind of visitor, in the order of VISITORS
    *outcomes: frozenset[str] | set[str],
) -> dict[str, frozenset[str]]:
    return {name: frozenset(allowed) for name, allowed in zip(VISITORS, outcomes, strict=True)}


EXPECTED: dict[Access, dict[str, frozenset[str]]] = {
    #                            anonymous stranger reader editor owner moderator lab host
    Access.PUBLIC: _expected({OK}, {OK}, {OK}, {OK}, {OK}, {OK}, {OK}),
    Access.SIGNED_IN: _expected({LOGIN}, {OK}, {OK}, {OK}, {OK}, {OK}, {OK}),
    Access.READER: _expected({LOGIN}, {HIDDEN}, {OK}, {OK}, {OK}, {HIDDEN}, {HIDDEN}),
    Access.EDITOR: _expected({LOGIN}, OUT, OUT, {OK}, {OK}, OUT, OUT),
    Access.OWNER: _expected({LOGIN}, OUT, OUT, OUT, {OK}, OUT, OUT),
    Access.MODERATOR: _expected({LOGIN}, *[{HIDDEN}] * 4, {OK}, {HIDDEN}),
    Access.LAB_HOST: _expected({LOGIN}, *[{HIDDEN}] * 5, {OK}),
    Access.MACHINE: _expected(*[{LOGIN, HIDDEN}] * 7),  # a session is nobody there
}

Sample = Callable[[Cast], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a route needs beyond its declared access."""

    get: Mapping[str, Any] = field(default_factory=dict)
    post: Mapping[str, Any] | Callable[[Cast], Mapping[str, Any]] = field(default_factory=dict)
    outcomes: Mapping[str, set[str]] = field(default_factory=dict)


_samples: dict[tuple[str, str], Sample] = {}
_rows: dict[str, Row] = {}


def sample(argument: str, *, route: str = "") -> Callable[[Sample], Sample]:
    """Register what an argument of routes is in the matrix."""

    def keep(make: Sample) -> Sample:
        _samples[route, argument] = make
        return make

    return keep


def row(
    route: str,
    *,
    get: Mapping[str, Any] | None = None,
    post: Mapping[str, Any] | Callable[[Cast], Mapping[str, Any]] | None = None,
    outcomes: Mapping[str, set[str]] | None = None,
) -> None:
    """Register the query, the form or JSON body, or unusual outcomes of a route."""
    _rows[route] = Row(get=get or {}, post=post or {}, outcomes=outcomes or {})


def samples_of(app: str) -> Path:
    """The file with an app's samples."""
    return Path(__file__).parent / "matrix_samples" / f"{app}.py"


def load_samples() -> None:
    """Read the samples of every app."""
    for path in sorted((Path(__file__).parent / "matrix_samples").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"matrix_samples_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def make_samples_once() -> None:
    """From now on make each sample at its first use and keep it, where nothing is undone."""

    def once(make: Sample) -> Sample:
        kept: list[object] = []

        def made(cast: Cast) -> object:
            if not kept:
                kept.append(make(cast))
            return kept[0]

        return made

    memory = {make: once(make) for make in _samples.values()}
    _samples.update({key: memory[make] for key, make in _samples.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address pattern, or one operation of the API."""

    name: str
    pattern: str  # with {argument} in it
    access: Access | None
    methods: tuple[str, ...]
    module: str
    is_api: bool = False
    checks_csrf: bool = True

    @property
    def app(self) -> str:
        """The app of the hub it belongs to."""
        return self.module.removeprefix("viavolta.hub.").split(".", maxsplit=1)[0]

    @property
    def arguments(self) -> list[str]:
        """Names of what the address holds."""
        return re.findall(r"\{(\w+)\}", self.pattern)

    def address(self, cast: Cast) -> str:
        """The address with a sample for every argument."""
        return re.sub(r"\{(\w+)\}", lambda found: str(self._value(found[1], cast)), self.pattern)

    def _value(self, argument: str, cast: Cast) -> object:
        make = _samples.get((self.name, argument)) or _samples.get(("", argument))
        assert make is not None, (
            f"route {self.name} ({self.pattern}): no sample for {argument}; "
            "add one in tests/hub/matrix_samples"
        )
        return make(cast)

    @property
    def row(self) -> Row:
        """What is registered for it."""
        return _rows.get(self.name, Row())

    def expected(self, visitor: str) -> frozenset[str]:
        """The outcomes that are right for a visitor."""
        if visitor in self.row.outcomes:
            return frozenset(self.row.outcomes[visitor])
        assert self.access is not None
        return EXPECTED[self.access][visitor]


def page_routes() -> list[Route]:
    """Every address of the hub but those of the API's operations."""
    return [
        Route(
            name=":".join((*namespaces, pattern.name or address)),
            pattern=address,
            access=getattr(pattern.callback, "access", None),
            methods=METHODS,
            module=_module_of(pattern),
            checks_csrf=not getattr(pattern.callback, "csrf_exempt", False),
        )
        for namespaces, address, pattern in _patterns(get_resolver(), "/", ())
        if not _is_operation(namespaces, pattern)
    ]


def api_routes() -> list[Route]:
    """Every operation of the API."""
    return [
        Route(
            name=operation.operation_id or api.get_openapi_operation_id(operation),
            pattern=_api_address(router.prefix, path),
            access=getattr(operation.view_func, "access", None),
            methods=tuple(operation.methods),
            module=operation.view_func.__module__,
            is_api=True,
        )
        for router in api._get_bound_routers()  # noqa: SLF001 - ninja lists its operations nowhere else
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]


def api_patterns() -> set[str]:
    """The addresses of the API's operations, as the resolver sees them."""
    return {
        address
        for namespaces, address, pattern in _patterns(get_resolver(), "/", ())
        if _is_operation(namespaces, pattern)
    }


def _api_address(prefix: str, path: str) -> str:
    whole = "/".join(part.strip("/") for part in ("/api", prefix, path) if part.strip("/"))
    ending = "/" if path.endswith("/") and path.strip("/") else ""
    return "/" + re.sub(r"\{\w+:(\w+)\}", r"{\1}", whole) + ending


def _patterns(
    resolver: URLResolver, before: str, namespaces: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str, URLPattern]]:
    for entry in resolver.url_patterns:
        address = before + _template(str(entry.pattern))
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _patterns(entry, address, inner)
        else:
            yield namespaces, address, entry


def _template(pattern: str) -> str:
    """A Django pattern with {argument} in place of converters and named groups."""
    plain = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern))
    return plain.replace("^", "").replace("$", "").replace("\\Z", "")


def _is_operation(namespaces: tuple[str, ...], pattern: URLPattern) -> bool:
    return namespaces[:1] == ("api",) and pattern.name not in {"openapi-json", "api-root"}


def _module_of(pattern: URLPattern) -> str:
    callback = pattern.callback
    view = getattr(callback, "view_class", callback)
    return str(getattr(view, "__module__", ""))


class Visitors:
    """Browsers of all kinds of visitors, signed in once."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.sessions = {name: self._session(name) for name in VISITORS if name != "anonymous"}

    def _session(self, visitor: str) -> str:
        """A session as it is after signing in with a password a moment ago."""
        user = self.cast.users[visitor]
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session.save()
        return str(session.session_key)

    def open(self, visitor: str, route: Route, method: str) -> str:
        """The outcome of one request; whatever it changed is undone."""
        browser = Client(raise_request_exception=False)
        if visitor in self.sessions:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[visitor]
        with transaction.atomic():
            address = route.address(self.cast)
            answer = browser.generic(method, address, **self._content(route, method))
            if answer.streaming:  # read to its end it closes itself, and keeps the connection
                b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        return outcome_of(answer, address)

    def _content(self, route: Route, method: str) -> dict[str, Any]:
        if method in {"GET", "HEAD"}:
            return {"query_params": route.row.get} if route.row.get else {}
        body = route.row.post(self.cast) if callable(route.row.post) else route.row.post
        if route.is_api:
            return {"data": json.dumps(dict(body)), "content_type": "application/json"}
        return {"data": encode_multipart(BOUNDARY, dict(body)), "content_type": MULTIPART_CONTENT}


def outcome_of(answer: Any, address: str) -> str:
    """What an answer means for the one who asked."""
    status = answer.status_code
    if status >= 500 and status != UNAVAILABLE:
        return f"{FAILED}: {answer.exc_info[1] if getattr(answer, 'exc_info', None) else status}"
    if status == 401 or (
        status in {301, 302}
        and answer.headers["Location"].startswith(SIGN_IN)
        and address not in SIGN_IN
    ):
        return LOGIN
    return {404: HIDDEN, 403: REFUSED, 405: NO_METHOD}.get(status, OK)
