"""Who may come in: the upgrade request of a station, judged before a word is said.

An unknown identity and a wrong password get the same refusal after the same work. Security
profiles as in OCPP 2.0.1 part 2, A00: 1 password, 2 password over TLS, 3 certificate over TLS; 0,
nothing at all, only where the operator of the gateway allows it in so many words.
"""

import base64
import binascii
import dataclasses
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from viavolta.gateway.registry import Entry, Registry
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.station_keys import key_hash

PREFIX = "/ocpp/"
MAX_IDENTITY_CHARS = 48

SUBPROTOCOLS = {
    "ocpp2.1": Version.V21,
    "ocpp2.0.1": Version.V201,
    "ocpp1.6": Version.V16,
}
"""In the order in which they are preferred."""

MAX_ADDRESSES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """A station that may come in; with `needs_certificate` once its certificate is seen."""

    entry: Entry
    version: Version
    subprotocol: str
    needs_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why not: a status of HTTP and a word for the log; the station is told the status alone."""

    status: int
    reason: str


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

    def judge(self, path: str, headers: Mapping[str, str]) -> Welcome | Refused:
        """Judge an upgrade request."""
        identity = unquote(path[len(PREFIX) :]) if path.startswith(PREFIX) else ""
        if not 0 < len(identity) <= MAX_IDENTITY_CHARS or not identity.isprintable():
            return Refused(status=404, reason="no station's address")
        if "/" in identity:
            return Refused(status=404, reason="no station's address")
        chosen = choose_subprotocol(headers.get("Sec-WebSocket-Protocol", ""))
        if chosen is None:
            return Refused(status=400, reason="no version of OCPP in common")
        entry = self._registry.station(identity)
        password = _password(headers.get("Authorization", ""), identity)
        # always the same work, whether the station is known or not
        offered = key_hash(self._key, identity, password or "")
        expected = entry.key_hash if entry is not None and entry.key_hash else "0" * 64
        is_right = hmac.compare_digest(offered, expected) and password is not None
        if entry is None:
            return Refused(status=401, reason="unknown identity")
        welcome = Welcome(entry=entry, version=SUBPROTOCOLS[chosen], subprotocol=chosen)
        return self._by_profile(welcome, is_right=is_right, has_password=password is not None)

    def _by_profile(
        self, welcome: Welcome, *, is_right: bool, has_password: bool
    ) -> Welcome | Refused:
        entry = welcome.entry
        needs = entry.security_profile
        if needs == 3:  # noqa: PLR2004 - security profile 3: a certificate of the station
            if not self._is_tls:
                return Refused(status=401, reason="profile 3 without TLS")
            return dataclasses.replace(welcome, needs_certificate=True)
        if needs == 2 and not self._is_tls:  # noqa: PLR2004 - profile 2: password over TLS
            return Refused(status=401, reason="profile 2 without TLS")
        if is_right:
            return welcome
        if needs == 0 and self._allows_profile_0 and not has_password and not entry.key_hash:
            return welcome
        return Refused(status=401, reason="wrong credential")


def choose_subprotocol(offered: str) -> str | None:
    """The preferred one of those that a station offers."""
    names = {name.strip() for name in offered.split(",")}
    return next((name for name in SUBPROTOCOLS if name in names), None)


def _password(header: str, identity: str) -> str | None:
    """The password of HTTP basic authentication, if the user is the station itself."""
    kind, _, content = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(content, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if colon and user == identity else None


class Patience:
    """How many refusals an address may collect before it is turned away unheard.

    A bucket per address that empties with time; the table of addresses is bounded.
    """

    def __init__(self, *, burst: int = 20, per_minute: float = 20.0) -> None:
        self._burst, self._per_s = burst, per_minute / 60.0
        self._level: dict[str, tuple[float, float]] = {}

    def is_out(self, address: str, now_s: float) -> bool:
        """Whether an address has been refused too often."""
        return self._now(address, now_s) >= self._burst

    def refused(self, address: str, now_s: float) -> None:
        """Count a refusal."""
        if address not in self._level and len(self._level) >= MAX_ADDRESSES:
            self._level.pop(next(iter(self._level)))
        self._level[address] = (self._now(address, now_s) + 1, now_s)

    def _now(self, address: str, now_s: float) -> float:
        level, at_s = self._level.get(address, (0.0, now_s))
        return max(0.0, level - (now_s - at_s) * self._per_s)
