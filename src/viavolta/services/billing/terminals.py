"""Payments at terminals: what a station tells of money that a card holder gave it (2.1 C18 to C24).

The reference of the payment provider names a payment. It is settled once: what is told afterwards
changes nothing, so that no session is paid twice.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from viavolta.services.billing.payment import PaymentState


class Terminals(StrEnum):
    """Whether an operator's stations take payments at terminals, and who settles them."""

    NONE = "none"
    STATION = "station"
    """The terminal settles with its provider; the station tells."""
    HERE = "here"
    """The operator settles, as it is paid otherwise; the station tells the reference alone."""


class TerminalState(StrEnum):
    """How a payment stands, the later ones in the words of OCPP."""

    AUTHORISED = "Authorised"
    SETTLED = "Settled"
    CANCELED = "Canceled"
    REJECTED = "Rejected"
    FAILED = "Failed"


FINAL = (TerminalState.SETTLED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a station says of a payment: amount in cents, tax included."""

    state: TerminalState
    cents: int
    at: dt.datetime


def counts(before: Settlement | None, new: Settlement) -> bool:
    """Whether news of a payment count: a settlement is final, else the latest attempt counts."""
    if before is None or before.state is TerminalState.AUTHORISED:
        return True
    if before.state in FINAL:
        return False
    return new.state in FINAL or new.at >= before.at


def payment_state(state: TerminalState, *, cents: int) -> PaymentState:
    """How a bill of so many cents stands that is paid at a terminal."""
    if cents <= 0:
        return PaymentState.NOTHING_DUE
    match state:
        case TerminalState.SETTLED:
            return PaymentState.AT_TERMINAL
        case TerminalState.AUTHORISED:
            return PaymentState.AWAITED
        case TerminalState.CANCELED | TerminalState.REJECTED | TerminalState.FAILED:
            return PaymentState.UNSETTLED
