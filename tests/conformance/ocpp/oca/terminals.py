"""Payments at terminals (2.1 C18 to C24): told, settled once, beside the bill."""

from typing import Any

from django.utils import timezone

from oca.cases import Does, Hears, Payload, Says, Step, Stored
from oca.money import PRICED
from oca.two import NINE, TEN, TX, UP, ended, says, started, status, updated
from oca.web import is_there, owner
from viavolta.hub.drive.receipt import receipt_at
from viavolta.storage.billing import close_bill
from viavolta.storage.tables.billing import ChargingTerms, Payment
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Session
from viavolta.storage.terminal_payments import follow_terminals

RECEIPTS = "https://hub.example/receipt/p-"
PAID: Payload = {
    "idToken": "psp-4711",
    "type": "DirectPayment",
    "additionalInfo": [{"additionalIdToken": "1234", "type": "CardLast4Digits"}],
}
ACCEPTED: Payload = {"idTokenInfo": {"status": "Accepted"}}


def settled_by(who: str) -> Does:
    """The operator's terms say who settles payments at terminals."""

    def act(stage: Any) -> None:
        owner()
        ChargingTerms.objects.filter(tenant_id=1).update(terminals=who, receipts_at=RECEIPTS)
        held = stage.gateway.registry.transactions.prices
        stage.wait_for(lambda: held.receipts_at(1) == RECEIPTS)

    return Does(act)


def _plug(*, limit: float | None = 50.0) -> Says:
    """A session begins with a payment of which so much is held."""
    begun = started("Authorized", 0, state="Charging", wh=1000, idToken=PAID)
    info = dict(begun.payload["transactionInfo"])
    if limit is not None:
        info["transactionLimit"] = {"maxCost": limit}
    return Says(begun.action, begun.payload | {"transactionInfo": info}, ACCEPTED)


def settlement(state: str, amount: float, expected: Payload | None = None) -> Says:
    """The station tells what became of the payment."""
    words = {
        "transactionId": TX,
        "pspRef": PAID["idToken"],
        "status": state,
        "settlementAmount": amount,
        "settlementTime": TEN,
    }
    without = () if expected else ("receiptId", "receiptUrl")
    return Says("NotifySettlement", words, expected or {}, lacks=without)


def paid(state: str, cents: int, *, mode: str = "terminal", told: str = "", n: int = 1) -> Stored:
    """One bill, one payment of it in this state, whatever was told how often."""

    def check(stage: Any) -> None:
        session = Session.objects.get(station=stage.station)
        bill = close_bill(session.pk, timezone.now())
        assert bill is not None
        assert bill.cents == cents
        follow_terminals(timezone.now())
        (row,) = Payment.objects.filter(bill=bill)
        assert (row.mode, row.state, row.cents) == (mode, state, cents)
        payments = TerminalPayment.objects.filter(station=stage.station)
        assert [(one.psp_ref, one.card) for one in payments] == [("psp-4711", "1234")] * n
        assert not told or payments[0].state == told

    return Stored(check)


def _has_receipt(stage: Any) -> None:
    """The receipt that the station was told of is that of its bill."""
    found = receipt_at("p-" + stage.kept["receiptId"])
    assert found is not None
    assert found.bill.session.station == stage.station
    assert found.state == "at-terminal"


def _pays_at_kiosk(stage: Any) -> None:
    """A terminal that stands by itself tells the hub, twice: one command."""
    is_there(stage)
    body = {"psp_ref": PAID["idToken"], "evse": 1, "authorised_cents": 5000, "card": "1234"}
    address = f"/api/operate/city/stations/{stage.station.identity}/terminal-payments"
    answers = [
        owner().post(address, body, content_type="application/json", HTTP_ORIGIN="")
        for _again in range(2)
    ]
    assert [one.status_code for one in answers] == [202, 202], answers[0].content
    assert answers[0].json()["id"] == answers[1].json()["id"]
    held = stage.gateway.registry.transactions.wants
    stage.wait_for(lambda: held.waiting(stage.station.pk, 1).max_cents == 5000)


def _is_for_payment(_stage: Any, payload: Payload) -> None:
    assert payload["idToken"] == PAID
    assert payload["evseId"] == 1


AT_KIOSK: tuple[Step, ...] = (
    *UP,
    Does(_pays_at_kiosk),
    Hears("RequestStartTransaction", _is_for_payment),
    status("Occupied"),
    says(
        Says(_plug().action, _plug(limit=None).payload, ACCEPTED),
        totalCost=0.0,
        transactionLimit={"maxCost": 50.0},
    ),
)
CHARGED = ended("StopAuthorized", 2, reason="Local", wh=8000)
ON_THE_WAY = updated("MeterValuePeriodic", 1, state="Charging", wh=3500)
TOTAL = {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 3.3}}
USED = {"energy": 7000, "chargingTime": 3600, "idleTime": 0}
LOCALLY = ended(
    "StopAuthorized",
    2,
    reason="Local",
    wh=8000,
    costDetails={"totalCost": TOTAL, "totalUsage": USED},
)

CANCELED: tuple[Step, ...] = (
    settled_by("station"),
    PRICED,
    *UP,
    _plug(),
    says(ended("StopAuthorized", 1, reason="Local", wh=1000), totalCost=0.0),
    settlement("Canceled", 0.0),
    paid("nothing-due", 0, told="Canceled"),
)
CENTRALLY: tuple[Step, ...] = (
    settled_by("here"),
    PRICED,
    *UP,
    _plug(),
    says(ON_THE_WAY, totalCost=1.5),
    says(CHARGED, totalCost=3.3),
    paid("invoiced", 330, mode="invoiced", told="Authorised"),
)
AT_STATION: tuple[Step, ...] = (
    settled_by("station"),
    PRICED,
    *UP,
    _plug(),
    says(ON_THE_WAY, totalCost=1.5),
    says(CHARGED, totalCost=3.3),
    paid("awaited", 330),
    Says(
        "NotifySettlement",
        settlement("Settled", 3.3).payload | {"settlementTime": NINE},
        keep="receiptId",
    ),
    Says("NotifySettlement", settlement("Settled", 3.3).payload, keep="receiptUrl"),
    settlement("Failed", 3.3),
    paid("at-terminal", 330, told="Settled"),
    Stored(_has_receipt),
)
KIOSK_CENTRAL: tuple[Step, ...] = (
    settled_by("here"),
    PRICED,
    *AT_KIOSK,
    says(ON_THE_WAY, totalCost=1.5),
    says(CHARGED, totalCost=3.3),
    paid("invoiced", 330, mode="invoiced"),
)
KIOSK_LOCAL: tuple[Step, ...] = (
    settled_by("here"),
    PRICED,
    *AT_KIOSK,
    says(ON_THE_WAY, totalCost=1.5),
    says(LOCALLY, totalCost=3.3),
    paid("invoiced", 330, mode="invoiced"),
)
