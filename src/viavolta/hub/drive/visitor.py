"""Who is at the post: a secret in a cookie that scripts cannot read, kept here as a hash alone."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from viavolta.hub.people.secrets import hash_of, new_secret

COOKIE = "driver"
_MONTHS_S = 400 * 86_400
_LONGEST = 100


def cookie_name() -> str:
    """As the cookie of sessions: bound to this host alone where there is HTTPS."""
    return f"__Host-{COOKIE}" if settings.CONFIG.is_https else COOKIE


def key_of(request: HttpRequest) -> str:
    """The hash of the visitor's secret; empty for one who holds none."""
    secret = request.COOKIES.get(cookie_name(), "")
    return hash_of(secret) if 0 < len(secret) <= _LONGEST else ""


def with_key(request: HttpRequest) -> tuple[str, str]:
    """The hash of the visitor's secret, and the secret itself where it is new."""
    known = key_of(request)
    if known:
        return known, ""
    secret, hashed = new_secret("vvd")
    return hashed, secret


def hand_over(answer: HttpResponseBase, secret: str) -> HttpResponseBase:
    """Give the visitor her secret."""
    if secret:
        answer.set_cookie(
            cookie_name(),
            secret,
            max_age=_MONTHS_S,
            httponly=True,
            samesite="Lax",
            secure=settings.CONFIG.is_https,
        )
    return answer
