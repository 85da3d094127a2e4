"""Who may come in: the upgrade request of a station, judged before a word is said.

An unknown identity, a wrong password and a wrong token of enrolment get the same refusal after the
same work. Security profiles as in OCPP 2.0.1 part 2, A00: 1 password, 2 password over TLS, 3
certificate over TLS; 0, nothing at all, only where the operator of the gateway allows it in so many
words.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from viavolta.gateway.registry import Entry, Registry, Window
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.world import Admission
from viavolta.storage.enrolment import token_hash
from viavolta.storage.station_keys import key_hash

PREFIX = "/ocpp/"
ENROL = "enrol/"
MAX_IDENTITY_CHARS = 48
MAX_TOKEN_CHARS = 64
NEW_NAME = re.compile(r"[A-Za-z0-9*_=:+|@.-]+")
"""What a station that enrols may be called: the characters of OCPP's identifierString (2.0.1)."""

SUBPROTOCOLS = {
    "ocpp2.1": Version.V21,
    "ocpp2.0.1": Version.V201,
    "ocpp1.6": Version.V16,
}
"""In the order in which they are preferred."""

_NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """A station that may come in.

    `needs_certificate`: once its certificate is seen. `has_next_key`: it came with the password
    that was under way to it. `is_unproven`: it waits in an inbox or for its first password, and
    showed none: it takes nobody's place.
    """

    entry: Entry
    version: Version
    subprotocol: str
    needs_certificate: bool = False
    has_next_key: bool = False
    is_unproven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A station that nobody knows, at the address of an open window."""

    window: int
    identity: str
    key_hash: str
    security_profile: int
    version: Version
    subprotocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why not: a status of HTTP and a word for the log; the station is told the status alone."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """The address that a station calls, taken apart; `token` is None outside of enrolment."""

    identity: str
    token: str | None = None


class Doors:
    """The rules at the doors.

    Parameters
    ----------
    key
        Of the hashed passwords.
    is_tls
        Whether this port speaks TLS.
    allows_profile_0
        Whether stations may come in without any credential.
    """

    def __init__(
        self, registry: Registry, *, key: bytes, is_tls: bool, allows_profile_0: bool
    ) -> None:
        self._registry, self._key = registry, key
        self._is_tls, self._allows_profile_0 = is_tls, allows_profile_0

    def judge(self, path: str, headers: Mapping[str, str]) -> Welcome | Newcomer | Refused:
        """Judge an upgrade request."""
        knock = knock_of(path)
        if knock is None:
            return Refused(status=404, reason="no station's address")
        chosen = choose_subprotocol(headers.get("Sec-WebSocket-Protocol", ""))
        if chosen is None:
            return Refused(status=400, reason="no version of OCPP in common")
        entry = self._registry.station(knock.identity)
        window = self._registry.window(token_hash(knock.token or ""))
        password = _password(headers.get("Authorization", ""), knock.identity)
        # always the same work, whether the station is known or not
        offered = key_hash(self._key, knock.identity, password or "")
        is_right = _is_same(offered, "" if entry is None else entry.key_hash)
        is_next = _is_same(offered, "" if entry is None else entry.next_key_hash)
        if knock.token is not None and (
            window is None or (entry is not None and entry.window_id != window.pk)
        ):
            return Refused(status=401, reason="wrong token of enrolment")
        if entry is None:
            kept = "" if password is None else offered
            return self._newcomer(knock, window, kept, chosen)
        welcome = Welcome(
            entry=entry,
            version=SUBPROTOCOLS[chosen],
            subprotocol=chosen,
            needs_certificate=entry.security_profile == 3,  # noqa: PLR2004 - the station's own
            has_next_key=password is not None and is_next,
            is_unproven=password is None or not (is_right or is_next),
        )
        why_not = self._by_profile(welcome, is_bare=password is None, is_enrolling=knock.token)
        return Refused(status=401, reason=why_not) if why_not else welcome

    def _newcomer(
        self, knock: Knock, window: Window | None, key_hash: str, chosen: str
    ) -> Newcomer | Refused:
        if window is None or not window.is_open(self._registry.now()):
            return Refused(status=401, reason="unknown identity")
        if not NEW_NAME.fullmatch(knock.identity):
            return Refused(status=401, reason="no name for a station")
        return Newcomer(
            window=window.pk,
            identity=knock.identity,
            key_hash=key_hash,
            security_profile=2 if self._is_tls else 1,
            version=SUBPROTOCOLS[chosen],
            subprotocol=chosen,
        )

    def _by_profile(self, welcome: Welcome, *, is_bare: bool, is_enrolling: str | None) -> str:
        """Why a known station may not come in; empty where it may."""
        entry, profile = welcome.entry, welcome.entry.security_profile
        if profile >= 2 and not self._is_tls:  # noqa: PLR2004 - profiles 2 and 3: over TLS alone
            return f"profile {profile} without TLS"
        may_come = (
            welcome.needs_certificate
            or not welcome.is_unproven
            or (is_enrolling is not None and _may_come_bare(entry))
            or (self._allows_profile_0 and profile == 0 and is_bare and not entry.key_hash)
        )
        return "" if may_come else "wrong credential"


def knock_of(path: str) -> Knock | None:
    """Take the address of an upgrade request apart; None where it is no station's."""
    if not path.startswith(PREFIX):
        return None
    rest, token = path[len(PREFIX) :], None
    if rest.startswith(ENROL):
        token, slash, rest = rest[len(ENROL) :].partition("/")
        if not slash or not 0 < len(token) <= MAX_TOKEN_CHARS:
            return None
    identity = unquote(rest)
    if not 0 < len(identity) <= MAX_IDENTITY_CHARS or not identity.isprintable():
        return None
    return None if "/" in identity else Knock(identity=identity, token=token)


def choose_subprotocol(offered: str) -> str | None:
    """The preferred one of those that a station offers."""
    names = {name.strip() for name in offered.split(",")}
    return next((name for name in SUBPROTOCOLS if name in names), None)


def _is_same(offered: str, kept: str) -> bool:
    return hmac.compare_digest(offered, kept or _NO_HASH)


def _may_come_bare(entry: Entry) -> bool:
    """Whether a station of a window still has no password to show."""
    has_none = not entry.key_hash
    return has_none and (entry.admission is not Admission.ACCEPTED or entry.wants_key)


def _password(header: str, identity: str) -> str | None:
    """The password of HTTP basic authentication, if the user is the station itself."""
    kind, _, content = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(content, validate=True).decode().partition(":")
    except ValueError:  # not base64, not UTF-8, not even ASCII
        return None
    return password if colon and user == identity else None
