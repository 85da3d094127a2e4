"""What the central system must know to answer a station: a port, fulfilled by the gateway."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class TokenStatus(StrEnum):
    """May this token charge? In the words of OCPP 2.0.1."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    CONCURRENT = "ConcurrentTx"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NO_CREDIT = "NoCredit"
    NOT_HERE = "NotAtThisLocation"
    NOT_NOW = "NotAtThisTime"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVerdict:
    """What is known of a token: whether it may charge, until when, its group, its language."""

    status: TokenStatus
    expires_at: dt.datetime | None = None
    group: str = ""
    language: str = ""
    priority: int | None = None


class Admission(StrEnum):
    """How the station stands with its operator: taken in, waiting to be adopted, turned away."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a transaction may go, tax included; None where nothing limits."""

    max_cents: int | None = None
    max_wh: float | None = None
    max_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a transaction stands: its cost, tax included, and limits that its station lacks.

    None: nobody knows what it costs; the station knows the limits.
    """

    cents: int | None = None
    limits: Limits | None = None


class World(Protocol):
    """The surroundings of one station."""

    @property
    def admission(self) -> Admission:
        """Whether the station is taken in."""

    @property
    def heartbeat_s(self) -> int:
        """Seconds between heartbeats; for a station that waits, until it may ask again."""

    def now(self) -> dt.datetime:
        """The time, UTC."""

    def verdict(self, token: str, kind: str) -> TokenVerdict:
        """What is known of a token of a kind (ISO14443, eMAID, ...; empty in 1.6)."""

    def transaction_number(self, start: Mapping[str, Any]) -> int:
        """The number of a transaction of 1.6: the same for the same start, told twice."""

    def standing(self, event: Mapping[str, Any]) -> Standing:
        """How a transaction of 2.x stands by an event of it."""

    def receipt(self, psp_ref: str) -> tuple[str, str] | None:
        """The number and the address of the receipt of a payment; None where none is given."""

    def setpoint(self, profile_id: int) -> Mapping[str, Any] | None:
        """The present limits and setpoints of a dynamic profile (2.1); None for an unknown one."""

    def profile_at(self, evse: int) -> Mapping[str, Any] | None:
        """The profile that the station took last for an EVSE; None where none is known."""

    def why_unsigned(self, request: Mapping[str, Any]) -> str:
        """Why a request for a certificate (SignCertificate) is not signed, in one word; "" if it
        is.
        """  # noqa: D205
