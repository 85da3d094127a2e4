"""Receipts: exact, signed values checked, on paper, read only by whoever has the address."""

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core import signing
from django.test import Client
from django.utils import timezone
from ocmf_sample import KEY, RECORD

from viavolta.hub.drive.receipt import address_of
from viavolta.storage.retention import forget
from viavolta.storage.tables.billing import Bill, ChargingTerms, MeterKey, Visit
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station

Tell = Callable[..., None]
OTHER_KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    .hex()
)
SIGNED = base64.b64encode(RECORD.encode()).decode()


@pytest.fixture
def ended(station: Station, tell: Tell) -> Session:
    """A session of five kWh; its meter signed."""
    tell(station, "CARD-1", range(6), signed=SIGNED)
    session = Session.objects.get(transaction="t-CARD-1")
    Wish.objects.create(
        tenant_id=station.tenant_id, station=station, evse=1, session=session, is_kept=True
    )
    return session


def test_a_receipt_says_all_of_it(phone: Client, station: Station, tell: Tell) -> None:
    """Lines, tax, reward, wear with its sources, the wish, the number."""
    tell(station, "C", range(3), export_wh=0.0)
    tell(station, "C", [3, 4, 5], export_wh=2000.0)
    session = Session.objects.get()
    Wish.objects.create(
        tenant_id=station.tenant_id, station=station, evse=1, session=session, is_kept=True
    )
    page = phone.get(address_of(session)).content.decode()
    bill = Bill.objects.get()
    assert bill.energy_wh == 5000
    assert bill.reward_cents == 20
    shown = f"{(bill.cents - 20) / 100:.2f}"
    for text in (shown, "value added tax in it", "0.20", "Naumann", "kept", "on an invoice"):
        assert text in page
    assert "The meter signed nothing" in page


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (KEY, "The signature is right"),
        ("", "not known here"),
        (OTHER_KEY, "does not fit"),
    ],
)
def test_signed_values_are_checked(
    phone: Client, station: Station, ended: Session, key: str, said: str
) -> None:
    """With the key of the meter; with that of another one it does not fit."""
    if key:
        MeterKey.objects.create(station=station, evse=1, public_key=key, source="type plate")
    page = phone.get(address_of(ended)).content.decode()
    assert said in page
    assert "0.2596 kWh" in page
    assert "KEBA_KCP30" in page


def test_changed_values_are_told(phone: Client, station: Station, tell: Tell) -> None:
    """One digit of the record is another: the receipt says so."""
    tell(station, "C", range(6), signed=RECORD.replace("0.2597", "9.2597"))
    MeterKey.objects.create(station=station, evse=1, public_key=KEY, source="type plate")
    page = phone.get(address_of(Session.objects.get())).content.decode()
    assert "does not fit" in page


def test_another_format_is_kept_and_shown(phone: Client, station: Station, tell: Tell) -> None:
    """Whatever a meter writes stands there as it is, harmless."""
    tell(station, "C", range(6), signed="<script>alert(1)</script>")
    page = phone.get(address_of(Session.objects.get())).content.decode()
    assert "another format than OCMF" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_on_paper(phone: Client, ended: Session) -> None:
    """The same as a PDF, in the reader's language."""
    answer = phone.get(address_of(ended) + "receipt.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    phone.cookies["django_language"] = "de"
    assert phone.get(address_of(ended) + "receipt.pdf").content != answer.content


def test_only_the_address_opens_a_receipt(phone: Client, ended: Session) -> None:
    """Not a number, not a signature of something else, not one of a session under way."""
    signed = signing.Signer(salt="elsewhere").sign(str(ended.pk))
    for text in (str(ended.pk), signed, f"{ended.pk}:x", "x" * 500, "%00"):
        assert phone.get(f"/receipt/{text}/").status_code == 404
    answer = phone.get(address_of(ended))
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    running = Session.objects.create(
        station=ended.station, transaction="now", started_at=timezone.now()
    )
    assert phone.get(address_of(running)).status_code == 404


def test_a_test_payment_says_so(phone: Client, ended: Session, settings: Any) -> None:
    """On the receipt, in words."""
    settings.TEST_PAYMENTS = True
    ChargingTerms.objects.update(payment="test")
    assert "Test: no money has moved" in phone.get(address_of(ended)).content.decode()


def test_what_is_old_is_forgotten(phone: Client, station: Station, ended: Session) -> None:
    """Visits after the days of the terms, bills after their years; the meter's events stay."""
    Visit.objects.create(key_hash="k", station=station, evse=1, token="VISIT-OLD", session=ended)
    phone.get(address_of(ended))
    soon = ended.ended_at + dt.timedelta(days=89)
    forget(soon)
    assert Visit.objects.exists()
    forget(soon + dt.timedelta(days=2))
    assert not Visit.objects.exists()
    assert Bill.objects.exists()
    forget(soon + dt.timedelta(days=366 * 11))
    assert not Bill.objects.exists()
