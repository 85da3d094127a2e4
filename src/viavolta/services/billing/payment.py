"""The port to whoever takes the money. No real provider is built in.

Taking is repeatable: the same reference is charged once, however often it is asked for.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text


class PaymentMode(StrEnum):
    """How an operator is paid."""

    FREE = "free"
    """Charging is given away; a bill shows what it would have cost."""
    INVOICED = "invoiced"
    """The operator invoices elsewhere, from the exported bills."""
    TEST = "test"
    """A provider for trying things out: no money moves."""


class PaymentState(StrEnum):
    """Where the money is."""

    NOTHING_DUE = "nothing-due"
    INVOICED = "invoiced"
    PAID_IN_TEST = "paid-in-test"
    AT_TERMINAL = "at-terminal"
    """Paid at the terminal of the station, which has settled it."""
    AWAITED = "awaited"
    """Held at the terminal, which has not told yet what became of it."""
    UNSETTLED = "unsettled"
    """The terminal could not settle it: the operator must, by the provider's reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What became of taking an amount; `reference` is the provider's own."""

    state: PaymentState
    reference: str = ""


class PaymentProvider(Protocol):
    """Takes amounts."""

    def take(self, reference: str, cents: int) -> Payment:
        """Take an amount for a bill; less than 0 gives it back."""
        ...


class Free:
    """Takes nothing."""

    def take(self, reference: str, cents: int) -> Payment:  # noqa: ARG002 - the port
        """Nothing is due."""
        return Payment(state=PaymentState.NOTHING_DUE)


class Invoiced:
    """Leaves the amount to the operator's own invoices."""

    def take(self, reference: str, cents: int) -> Payment:
        """Due on an invoice."""
        if cents == 0:
            return Payment(state=PaymentState.NOTHING_DUE)
        return Payment(state=PaymentState.INVOICED, reference=reference)


class TestProvider:
    """Says paid and moves no money; every receipt says that it was a test."""

    __test__ = False  # no test case, whatever pytest thinks of the name

    def take(self, reference: str, cents: int) -> Payment:
        """Pretend."""
        if cents == 0:
            return Payment(state=PaymentState.NOTHING_DUE)
        return Payment(state=PaymentState.PAID_IN_TEST, reference=f"TEST-{reference}")


def provider_of(mode: PaymentMode, *, is_test_allowed: bool) -> PaymentProvider:
    """Who takes the money in this mode.

    Raises
    ------
    UsageError: the test provider where it is not allowed.
    """
    match mode:
        case PaymentMode.FREE:
            return Free()
        case PaymentMode.INVOICED:
            return Invoiced()
        case PaymentMode.TEST if is_test_allowed:
            return TestProvider()
        case PaymentMode.TEST:
            raise UsageError(
                code="test-payment-refused",
                message=text("the test provider of payments is not allowed here"),
                where=Where(field="VIAVOLTA_TEST_PAYMENTS"),
                expected=text("free or invoiced"),
                hint=text("it moves no money; a hub for trying things out may allow it"),
            )
