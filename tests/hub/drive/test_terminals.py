"""Payments at terminals: settled once, told late, beside the bill; never paid twice."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone
from journalled import T0, bring_in, told

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.billing.payment import PaymentState
from viavolta.services.billing.terminals import Settlement, TerminalState, counts, payment_state
from viavolta.services.central_system.record import Record, RecordKind
from viavolta.storage.billing import close_bills
from viavolta.storage.retention import forget
from viavolta.storage.tables.billing import ChargingTerms, Payment
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Command, Session, Station
from viavolta.storage.terminal_payments import follow_terminals

PAID = {
    "idToken": "psp-1",
    "type": "DirectPayment",
    "additionalInfo": [{"additionalIdToken": "1234", "type": "CardLast4Digits"}],
}
KIOSK = "/api/operate/sampleton/stations/AT-SAM-E1/terminal-payments"
BODY = {"psp_ref": "psp-1", "evse": 1, "authorised_cents": 5000, "card": "1234"}


@pytest.fixture
def taken(cast: Cast, station: Station) -> Station:
    """A station of 2.1 whose operator takes payments at terminals."""
    ChargingTerms.objects.filter(tenant_id=cast.organisation.pk).update(terminals="station")
    Station.objects.filter(pk=station.pk).update(ocpp_version="2.1")
    return station


def settlement(station: Station, status: str, amount: float, minute: int = 10) -> Record:
    """What the station tells of the payment."""
    return Record(
        kind=RecordKind.CALL,
        station=station.pk,
        version=Version.V21,
        received_at=T0 + dt.timedelta(minutes=minute),
        action="NotifySettlement",
        payload={
            "transactionId": "t",
            "pspRef": "psp-1",
            "status": status,
            "settlementAmount": amount,
            "settlementTime": (T0 + dt.timedelta(minutes=minute)).isoformat(),
        },
        answer={"receiptId": "r-1"} if status == "Settled" else {},
    )


def session(station: Station) -> list[Record]:
    """Four kWh, paid for at a terminal."""
    return [told(station, "t", k, 4, **({"idToken": PAID} if k == 0 else {})) for k in range(5)]


def payment() -> Payment:
    """The one payment of the one bill, in step with what terminals told."""
    follow_terminals(timezone.now())
    return Payment.objects.get()


@pytest.mark.parametrize("late", [True, False], ids=["after the bill", "before the bill"])
def test_a_settlement_pays_the_bill_once(tmp_path: Path, taken: Station, late: bool) -> None:
    """Whatever comes first; told again, or told to have failed later, it changes nothing."""
    told_of = [settlement(taken, "Settled", 2.21), settlement(taken, "Settled", 2.21, 12)]
    records = [*session(taken), settlement(taken, "Failed", 2.21, 5)]
    bring_in(tmp_path, *records, *([] if late else told_of))
    close_bills(timezone.now())
    if late:
        assert payment().state == PaymentState.UNSETTLED
        bring_in(tmp_path, *told_of)
    bring_in(tmp_path, settlement(taken, "Rejected", 2.21, 30))
    row = payment()
    assert (row.state, row.mode, row.reference) == ("at-terminal", "terminal", "psp-1")
    found = TerminalPayment.objects.get()
    assert (found.state, found.settled_cents, found.has_conflict) == ("Settled", 221, False)
    assert (found.card, found.receipt_id) == ("1234", "r-1")
    bring_in(tmp_path, settlement(taken, "Settled", 99.0, 40))
    found.refresh_from_db()
    assert (found.settled_cents, found.has_conflict) == (221, True)
    assert Payment.objects.count() == 1


def test_the_session_page_tells_of_the_payment(
    tmp_path: Path, cast: Cast, taken: Station, phone: Any
) -> None:
    """And where the bill differs from what was settled; the receipt says how it was paid."""
    bring_in(tmp_path, *session(taken), settlement(taken, "Settled", 1.0))
    close_bills(timezone.now())
    row = Session.objects.get()
    page = cast.client("reader").get(f"/stations/sampleton/sessions/{row.pk}/").content.decode()
    assert "psp-1" in page
    assert "**** 1234" in page
    assert "The bill is of 2.21 EUR" in page
    assert "paid at the station" in phone.get("/receipt/p-r-1/").content.decode()
    assert phone.get("/receipt/p-/").status_code == 404
    assert phone.get("/receipt/p-r-2/").status_code == 404


def test_who_pays_at_a_kiosk_charges_up_to_the_amount(cast: Cast, taken: Station) -> None:
    """One command however often it is told; another amount under the same reference is refused."""
    editor = cast.client("editor")
    for _again in range(2):
        answer = editor.post(KIOSK, BODY, content_type="application/json")
        assert answer.status_code == 202, answer.content
    command = Command.objects.get()
    assert command.payload["idToken"] == PAID
    row = TerminalPayment.objects.get()
    assert (row.authorised_cents, row.state, row.station) == (5000, "Authorised", taken)
    other = BODY | {"authorised_cents": 6000}
    assert editor.post(KIOSK, other, content_type="application/json").status_code == 409
    reader = cast.client("reader")
    assert reader.post(KIOSK, BODY, content_type="application/json").status_code == 403
    ChargingTerms.objects.update(terminals="none")
    again = BODY | {"psp_ref": "psp-2"}
    assert editor.post(KIOSK, again, content_type="application/json").status_code == 409


def test_cards_are_forgotten_with_others(tmp_path: Path, taken: Station) -> None:
    """Their last digits first, the payment with its bill."""
    bring_in(tmp_path, *session(taken), settlement(taken, "Settled", 2.21))
    forget(T0 + dt.timedelta(days=800))
    assert TerminalPayment.objects.get().card == ""
    forget(T0 + dt.timedelta(days=366 * 11))
    assert not TerminalPayment.objects.exists()


def test_a_settlement_is_final_and_else_the_latest_attempt_counts() -> None:
    """By the time that the station gives."""

    def said(state: TerminalState, minute: int) -> Settlement:
        return Settlement(state=state, cents=100, at=T0 + dt.timedelta(minutes=minute))

    failed, settled = said(TerminalState.FAILED, 5), said(TerminalState.SETTLED, 3)
    assert counts(None, failed)
    assert counts(failed, settled)
    assert not counts(settled, failed)
    assert counts(failed, said(TerminalState.REJECTED, 6))
    assert not counts(failed, said(TerminalState.REJECTED, 4))
    assert payment_state(TerminalState.CANCELED, cents=0) is PaymentState.NOTHING_DUE
    assert payment_state(TerminalState.CANCELED, cents=100) is PaymentState.UNSETTLED
