"""What must be asked of others before some calls are answered: a port, fulfilled by the gateway.

A rule that cannot answer alone returns an `Inquiry`. It is asked in a thread of its own, with all
that it may ask; the event loop goes on. Where there is no room, or the time is over, `otherwise` is
the answer.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from viavolta.services.plug_and_charge.chains import Trusted
from viavolta.services.plug_and_charge.ocsp import Believed, CertId

Answer = dict[str, Any]


class Others(Protocol):
    """Who may be asked on behalf of one station; each call blocks, within a time that is set."""

    @property
    def trusted(self) -> Trusted:
        """The certificates that the station's operator trusts."""

    def now(self) -> dt.datetime:
        """The time, UTC."""

    def ask_responder(self, url: str, about: CertId, hints: Trusted) -> Believed:
        """What a responder says; `hints` has certificates that may be the issuer's.

        Raises
        ------
        NotBelievedError: nothing that is believed. PlatformError: it may not be called, or does not
        answer.
        """

    def read_list(self, url: str, about: CertId) -> Believed:
        """What a list of revoked certificates says; raises as `ask_responder` does."""

    def ask_pool(self, body: bytes) -> bytes | None:
        """What the operator's pool of contract certificates answers; None where none is named.

        Raises
        ------
        PlatformError: it does not answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """An answer that needs the word of others.

    `otherwise` makes the answer where nobody was asked to the end, from the reason in one word.
    """

    ask: Callable[[Others], Answer]
    otherwise: Callable[[str], Answer]
