"""A receipt: the figures that count, what they rest on, what the meter signed.

Its address holds a signature that nobody guesses; whoever has it may read the receipt.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core import signing
from django.urls import reverse
from django.utils import timezone

from viavolta.hub.people.models import Organisation
from viavolta.protocols.ocmf import OcmfRecord, Verdict, checked, record_of
from viavolta.services.billing.payment import PaymentState
from viavolta.services.billing.tariff import Component, Per
from viavolta.services.billing.wear import usual_wear
from viavolta.services.sessions.fold import session_of
from viavolta.storage.billing import close_bill, standing_of
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.billing import Bill, Correction, MeterKey
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Session

_SALT = "viavolta.receipt"
PAID = "p-"
"""So begins the address of a receipt that a station was told of."""

MOST_RECORDS = 20
MOST_SESSION_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A signed record, as far as it can be read; `verdict` is None where no key is known."""

    raw: str
    record: OcmfRecord | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """All that a receipt shows."""

    bill: Bill
    figures: Bill | Correction
    operator: Organisation
    zone: str
    lines: list[tuple[Component, Decimal, int]]
    corrections: list[Correction]
    wear_cents: tuple[int, int]
    wear_sources: tuple[str, ...]
    wish: Wish | None
    records: list[ShownRecord]
    state: str

    @property
    def is_test(self) -> bool:
        """Whether the payment was pretended."""
        return self.state == PaymentState.PAID_IN_TEST

    @property
    def due_cents(self) -> int:
        """What the driver pays in the end; below 0: what she gets."""
        return sum(payment.cents for payment in self.bill.payments.all())


def address_of(session: Session) -> str:
    """The address of the receipt of a session."""
    return reverse("drive-receipt", args=(signing.Signer(salt=_SALT).sign(str(session.pk)),))


def receipt_at(text: str) -> Receipt | None:
    """The receipt of an address, its bill closed if need be; None where there is none."""
    if len(text) > MOST_SESSION_CHARS:
        return None
    if text.startswith(PAID):
        return _paid_at_terminal(text.removeprefix(PAID))
    try:
        key = int(signing.Signer(salt=_SALT).unsign(text))
    except (signing.BadSignature, ValueError):
        return None
    session = Session.objects.select_related("station").filter(pk=key).first()
    bill = None if session is None else close_bill(session.pk, timezone.now())
    if session is None or bill is None:
        return None
    return receipt_of(session, bill)


def _paid_at_terminal(number: str) -> Receipt | None:
    """The receipt of a payment at a terminal, by the number that its station was told."""
    row = TerminalPayment.objects.filter(receipt_id=number).exclude(receipt_id="").first()
    if row is None or not row.transaction:
        return None
    same = Session.objects.select_related("station").filter(
        station=row.station_id, transaction=row.transaction
    )
    session = same.first()
    bill = None if session is None else close_bill(session.pk, timezone.now())
    return None if session is None or bill is None else receipt_of(session, bill)


def receipt_of(session: Session, bill: Bill) -> Receipt:
    """The receipt of a bill."""
    figures, wear = standing_of(bill), usual_wear()
    first = bill.payments.filter(correction=None).first()
    tariff = bill.tariff
    return Receipt(
        bill=bill,
        figures=figures,
        operator=Organisation.objects.get(pk=bill.tenant_id),
        zone=tariff.content["zone"] if tariff is not None else "UTC",
        lines=[_line(row) for row in figures.lines],
        corrections=list(bill.corrections.all()),
        wear_cents=wear.cents(figures.discharged_wh),
        wear_sources=wear.sources,
        wish=Wish.objects.filter(session=session, is_withdrawn=False).first(),
        records=_records(session),
        state=first.state if first is not None else PaymentState.NOTHING_DUE,
    )


def _line(row: dict[str, Any]) -> tuple[Component, Decimal, int]:
    component = Component(
        per=Per(row["per"]),
        eur=Decimal(row["eur"]),
        from_min=row["from_min"],
        until_min=row["until_min"],
        weekdays=tuple(row["weekdays"]),
    )
    return component, Decimal(row["quantity"]), row["cents"]


def _records(session: Session) -> list[ShownRecord]:
    """What the meter signed, checked where its key is known."""
    signed = session_of(events_of_session(session)).signed
    key = MeterKey.objects.filter(station=session.station, evse=session.evse or 0).first()
    return [_shown(raw, "" if key is None else key.public_key) for raw in signed[:MOST_RECORDS]]


def _shown(raw: str, public_key: str) -> ShownRecord:
    try:
        record = record_of(raw)
    except ValueError:  # another format, or none
        return ShownRecord(raw=raw, record=None, verdict=None)
    verdict = checked(record, public_key) if public_key else None
    return ShownRecord(raw=record.text, record=record, verdict=verdict)
