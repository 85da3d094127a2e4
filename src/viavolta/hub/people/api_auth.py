"""Who asks the API: a token, a signed-in browser, or nobody; and how often they may."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.errors import AuthenticationError, HttpError
from ninja.security import HttpBearer
from ninja.security.session import SessionAuth
from ninja.throttling import BaseThrottle

from viavolta.hub.people.models import TokenScope
from viavolta.hub.people.tokens import token_of

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class TokenAuth(HttpBearer):
    """`Authorization: Bearer ...` with a token of an organisation."""

    openapi_name = "token"

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The account of the token, which becomes the request's user."""
        found = token_of(token)
        if found is None:
            raise AuthenticationError
        if found.scope == TokenScope.READ and request.method not in SAFE_METHODS:
            raise HttpError(403, "this token may only read")
        request.user = found.account
        return found.account


class BrowserAuth(SessionAuth):
    """A signed-in browser; changes need the CSRF token."""

    openapi_name = "session"

    def _get_key(self, request: HttpRequest) -> str | None:
        if self.param_name not in request.COOKIES:
            return None
        return super()._get_key(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # noqa: ARG002 - ninja's signature
        """The person who is signed in."""
        return request.user if request.user.is_authenticated else None


def anybody(request: HttpRequest) -> bool:  # noqa: ARG001 - ninja's signature
    """Let everybody through: each operation says itself who may call it (`api_access`)."""
    return True


WHO_ASKS: list[Callable[..., Any]] = [TokenAuth(), BrowserAuth(), anybody]


WINDOW_S = 60


def is_within_rate(who: str, rate: int) -> bool:
    """Count one more of somebody's requests; False when the minute is used up."""
    window = int(time.time()) // WINDOW_S
    key = f"api-use:{who}:{window}"
    if cache.add(key, 1, timeout=2 * WINDOW_S):
        return True
    return bool(cache.incr(key) <= rate)


class FairUse(BaseThrottle):
    """So many requests a minute for each account, and fewer for each unknown address."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Count this request; False when the minute is used up."""
        if request.user.is_authenticated:
            who, rate = f"account:{request.user.pk}", settings.API_RATE_PER_MINUTE
        else:
            who = f"address:{request.META.get('REMOTE_ADDR', '')}"
            rate = settings.API_RATE_PER_MINUTE_UNKNOWN
        return is_within_rate(who, rate)

    def wait(self) -> float:
        """Seconds to the next minute."""
        return WINDOW_S - time.time() % WINDOW_S
