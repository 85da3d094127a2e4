"""Payments at terminals, from what stations tell; bills follow what became of them, once."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from viavolta.protocols.ocpp.transactions import time_of
from viavolta.services.billing.payment import PaymentState
from viavolta.services.billing.terminals import (
    Settlement,
    TerminalState,
    counts,
    payment_state,
)
from viavolta.services.central_system.record import Record
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.tables.billing import Payment
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Session

KIND = "DirectPayment"
"""The kind of token that stands for a payment (2.1)."""

SETTLEMENT = "NotifySettlement"
MODE = "terminal"
MOST_AT_ONCE = 200
_MOST_CENTS = 10**12
_SETTLED = TerminalState.SETTLED.value


def receipt_id(key: bytes, station: int, psp_ref: str) -> str:
    """The number of the receipt of a payment: nobody guesses it, told twice it is the same."""
    return hmac.new(key, f"receipt {station} {psp_ref}".encode(), hashlib.sha256).hexdigest()[:40]


def bring_in_payments(records: Iterable[Record]) -> None:
    """Write what stations told of payments; inside a transaction, and repeatable."""
    for record in records:
        payload = record.payload or {}
        token = payload.get("idToken", {})
        if record.action == SETTLEMENT:
            _settle(record, payload)
        elif record.action == "TransactionEvent" and _is_payment(token):
            _began(record, payload, token)


def _is_payment(token: Mapping[str, Any]) -> bool:
    """Whether a token stands for a payment at a terminal, and not for one on the driver's page."""
    return token.get("type") == KIND and not token["idToken"].startswith(VISIT_PREFIX)


def _began(record: Record, payload: Mapping[str, Any], token: Mapping[str, Any]) -> None:
    info = payload["transactionInfo"]
    row, _is_new = TerminalPayment.objects.get_or_create(
        station_id=record.station,
        psp_ref=token["idToken"],
        defaults={"told_at": record.received_at},
    )
    most = info.get("transactionLimit", {}).get("maxCost")
    more = {one["type"]: one["additionalIdToken"] for one in token.get("additionalInfo", ())}
    row.transaction = info["transactionId"]
    row.card = row.card or more.get("CardLast4Digits", "")[:8]
    if most is not None and row.authorised_cents is None:
        row.authorised_cents = _cents(most)
    row.save(update_fields=["transaction", "card", "authorised_cents"])


def _settle(record: Record, payload: Mapping[str, Any]) -> None:
    row, _is_new = TerminalPayment.objects.select_for_update().get_or_create(
        station_id=record.station,
        psp_ref=payload["pspRef"],
        defaults={"told_at": record.received_at},
    )
    row.transaction = row.transaction or payload.get("transactionId", "")
    new = Settlement(
        state=TerminalState(payload["status"]),
        cents=_cents(payload["settlementAmount"]),
        at=time_of(payload["settlementTime"]),
    )
    if counts(_standing(row), new):
        row.state, row.settled_cents, row.settled_at = new.state.value, new.cents, new.at
        row.told_at = record.received_at
        row.info = payload.get("statusInfo", "")[:500]
        row.vat_number = payload.get("vatNumber", "")
        row.vat_company = payload.get("vatCompany") or {}
        row.receipt_id = payload.get("receiptId", "") or (record.answer or {}).get("receiptId", "")
        row.receipt_url = payload.get("receiptUrl", "")
    elif new.state is TerminalState.SETTLED and new.cents != row.settled_cents:
        row.has_conflict = True
    row.save()


def _standing(row: TerminalPayment) -> Settlement | None:
    if row.settled_at is None or row.settled_cents is None:
        return None
    return Settlement(state=TerminalState(row.state), cents=row.settled_cents, at=row.settled_at)


def _cents(amount: float) -> int:
    return max(-_MOST_CENTS, min(round(amount * 100), _MOST_CENTS))


def terminal_of(session: Session) -> TerminalPayment | None:
    """The payment of a session that was begun at a terminal; one that is settled before others."""
    rows = list(
        TerminalPayment.objects.filter(station=session.station_id, transaction=session.transaction)
    )
    return max(rows, key=lambda row: (row.state == TerminalState.SETTLED, row.pk), default=None)


def follow_terminals(now: dt.datetime) -> int:
    """Bring payments of bills in step with what terminals told since; how many changed."""
    waiting = Payment.objects.filter(mode=MODE, correction=None)
    unknown = waiting.filter(state=PaymentState.AWAITED.value)
    failed = waiting.filter(state=PaymentState.UNSETTLED.value)
    rows = [*_told(unknown), *_told(failed, TerminalPayment.objects.filter(state=_SETTLED))]
    for payment in rows:
        row = terminal_of(payment.bill.session)
        if row is not None:
            payment.state = payment_state(TerminalState(row.state), cents=payment.cents).value
            payment.reference, payment.made_at = row.psp_ref[:80], now
            payment.save(update_fields=["state", "reference", "made_at"])
    return len(rows)


def _told(
    payments: "QuerySet[Payment]", news: "QuerySet[TerminalPayment] | None" = None
) -> list[Payment]:
    """Those of the payments of which a terminal has told something."""
    if news is None:
        news = TerminalPayment.objects.exclude(state=TerminalState.AUTHORISED.value)
    same = news.filter(
        station=OuterRef("bill__session__station"),
        transaction=OuterRef("bill__session__transaction"),
    )
    return list(payments.filter(Exists(same)).select_related("bill__session")[:MOST_AT_ONCE])
