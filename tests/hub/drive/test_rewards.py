"""Rewards for plugging in: by a stated rule, in the bill once, summed up for all."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from cast import Cast
from django.test import Client
from django.utils import timezone

from viavolta.hub.drive.months import Month
from viavolta.hub.drive.receipt import address_of
from viavolta.hub.operate.tenants import zone_of
from viavolta.hub.people.secrets import hash_of
from viavolta.services.billing.tariff import Reward, Tariff, content_of
from viavolta.storage.billing import close_bill, close_bills
from viavolta.storage.tables.billing import Bill, DriverPreference, Visit
from viavolta.storage.tables.billing import Tariff as TariffRow
from viavolta.storage.tables.fleets import FleetVehicle
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station

Tell = Callable[..., None]
ROOT = "/stations/sampleton/"
RULE = Reward(eur_per_flexible_hour=Decimal("1.20"), eur_per_plugged_hour=Decimal("0.60"))


def text_of(answer: Any) -> str:
    """The page as text without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


@pytest.fixture
def ruled(station: Station) -> Station:
    """The station under a rule that rewards being plugged in."""
    prices = Tariff(zone="Europe/Vienna", components=(), reward=RULE)
    TariffRow.objects.update(content=content_of(prices))
    return station


def wish(session: Session, minute: int, **more: Any) -> Wish:
    """A wish that was given some minutes after the begin."""
    return Wish.objects.create(
        tenant_id=session.station.tenant_id,
        station=session.station,
        evse=1,
        session=session,
        given_at=session.started_at + dt.timedelta(minutes=minute),
        **more,
    )


def test_the_reward_counts_flexible_time_once(phone: Client, ruled: Station, tell: Tell) -> None:
    """Five minutes at 0.60 and two of them at 1.20 an hour: 5 + 4 cents, looked at twice."""
    tell(ruled, "C", range(6))
    session = Session.objects.get()
    assert session.ended_at is not None
    seconds = (session.ended_at - session.started_at).total_seconds()
    wish(session, 1)
    wish(session, 3, mode="now")
    for _ in range(2):
        close_bills(timezone.now())
        close_bill(session.pk, timezone.now())
    bill = Bill.objects.get()
    assert bill.flexible_s == 120
    assert bill.reward_cents == round(120 / 36 * 1.2 + seconds / 36 * 0.6)
    assert sum(line["cents"] for line in bill.reward_lines) == bill.reward_cents
    assert bill.payments.get().cents == bill.cents - bill.reward_cents
    page = text_of(phone.get(address_of(session)))
    assert "What you earned" in page
    assert "per hour in which you leave the power to the plan" in page
    assert phone.get(address_of(session) + "receipt.pdf").content.startswith(b"%PDF")


def test_what_may_be_earned_is_said_before_the_start(phone: Client, ruled: Station) -> None:
    """Beside the prices, with its rule."""
    page = text_of(phone.get(f"/c/{ruled.identity}/1"))
    assert "What you earn" in page
    assert "1.20" in page


def test_an_operator_sees_the_sums_of_a_month(cast: Cast, ruled: Station, tell: Tell) -> None:
    """By card, by vehicle, and visitors together; definitions stand on the page."""
    FleetVehicle.objects.create(tenant_id=ruled.tenant_id, name="Van 1", token="VAN")
    for token in ("CARD-1", "VAN", "VISITXYZ"):
        tell(ruled, token, range(6))
    for session in Session.objects.all():
        wish(session, 1)
        close_bill(session.pk, timezone.now())
    month = Month.of(Session.objects.get(token="CARD-1").ended_at, _zone(cast))  # type: ignore[arg-type] # it ended
    page = cast.client("reader").get(f"{ROOT}rewards/?month={month.name}")
    rows = {one.name: one for one in page.context["table"].rows}
    assert set(rows) == {"CARD-1", "Van 1", ""}
    assert rows["Van 1"].vehicle is not None
    assert rows[""].plug_in_share is None
    cents = sum(Bill.objects.values_list("reward_cents", flat=True))
    assert sum(one.measures.reward_cents for one in rows.values()) == cents > 0
    text = text_of(page)
    assert "as simulations count it" in text
    assert "cheapest hours, no boost, no priority" in text
    told = cast.client("reader").get("/api/operate/sampleton/rewards", {"month": month.name}).json()
    assert told["total"]["reward_cents"] == cents
    assert told["total"]["participation"] == 1.0
    assert [one["name"] for one in told["earners"]] == ["", "CARD-1", "Van 1"]
    answer = cast.client("reader").get(f"{ROOT}rewards/?month={month.name}&export=csv")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined] # streams
    assert "Van 1" in content
    empty = cast.client("reader").get(f"{ROOT}rewards/?month=2001-01")
    assert "Nobody was plugged in" in text_of(empty)


def _zone(cast: Cast) -> Any:
    return zone_of(cast.organisation)


def test_a_driver_sees_her_own(phone: Client, ruled: Station, tell: Tell) -> None:
    """Sessions with the card that is tied to her phone, and of nobody else."""
    tell(ruled, "CARD-1", range(6))
    tell(ruled, "CARD-2", range(6))
    for session in Session.objects.all():
        wish(session, 0)
        close_bill(session.pk, timezone.now())
    assert "Plugged in, the last 30 days" not in text_of(phone.get("/c/"))
    phone.get(f"/c/{ruled.identity}/1")
    phone.cookies["driver"] = "secret"
    DriverPreference.objects.create(
        key_hash=hash_of("secret"), token="CARD-1", issuer_id=ruled.tenant_id
    )
    page = phone.get("/c/")
    figures = {str(one.label): one.value for one in page.context["earned"]}
    own = Bill.objects.get(session__token="CARD-1")
    assert figures["Your reward"].startswith(f"{own.reward_cents / 100:.2f}")
    assert figures["Participation"].startswith("100")
    assert "keeps, and how long" in text_of(page)


def test_her_wish_kept_or_not_is_told(phone: Client, ruled: Station, tell: Tell) -> None:
    """In the list of what is kept of her."""
    tell(ruled, "VISITX", range(6))
    session = Session.objects.get()
    wish(session, 0, is_kept=True)
    phone.cookies["driver"] = "secret"
    Visit.objects.create(
        key_hash=hash_of("secret"), station=ruled, evse=1, token="VISITX", session=session
    )
    assert "wish kept" in text_of(phone.get("/c/"))
    Wish.objects.update(is_kept=False)
    assert "wish not kept" in text_of(phone.get("/c/"))


def test_the_page_of_a_station_leads_to_its_drivers_pages(cast: Cast, station: Station) -> None:
    """And to the QR code of each point."""
    page = cast.client("reader").get(f"{ROOT}at/{station.identity}/").content.decode()
    for evse in (1, 2):
        assert f'href="/c/{station.identity}/{evse}"' in page
        assert f'href="/c/{station.identity}/{evse}/qr.svg"' in page


def test_energy_given_back_is_told_with_its_wear_and_whose_wish_counts(
    phone: Client, ruled: Station, tell: Tell
) -> None:
    """While it goes on, too."""
    tell(ruled, "CARD-1", range(3))
    session = Session.objects.get()
    Session.objects.update(discharged_wh=5000.0)
    wish(session, 0, given_by="fleet")
    phone.cookies["driver"] = "secret"
    DriverPreference.objects.create(
        key_hash=hash_of("secret"), token="CARD-1", issuer_id=ruled.tenant_id
    )
    text = text_of(phone.get(f"/c/{ruled.identity}/1"))
    assert "Estimated wear of the battery" in text
    assert "The departure of your fleet counts" in text
