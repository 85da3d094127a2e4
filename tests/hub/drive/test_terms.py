"""Terms and tariffs, version by version, within the law; cards tied to phones; forgetting."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from cast import Cast
from django.test import Client
from django.utils import timezone

from viavolta.storage.billing import close_bills, prices_of, tariff_at, terms_of
from viavolta.storage.retention import forget
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.billing import Bill, CardLink, ChargingTerms, DriverPreference, Tariff
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import Outlet, Session, SessionEvent, Station, Token

Tell = Callable[..., None]
ROOT = "/stations/sampleton/"
TERMS = {
    "zone": "Europe/Vienna",
    "payment": "invoiced",
    "takes_visitors": "on",
    "keep_visits_days": 30,
    "keep_preferences_days": 100,
    "keep_cards_days": 60,
    "keep_bills_years": 7,
}


def text_of(answer: Any) -> str:
    """The page as text without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_an_owner_changes_the_terms(cast: Cast) -> None:
    """They count at once; an editor may not; the test provider is offered where it is allowed."""
    assert cast.client("editor").post(f"{ROOT}terms/edit/", TERMS).status_code == 403
    owner = cast.client("owner")
    assert owner.post(f"{ROOT}terms/edit/", TERMS).status_code == 302
    found = terms_of(cast.organisation.pk)
    assert (found.zone, found.keep_cards_days, found.honours_preferences) == (
        "Europe/Vienna",
        60,
        False,
    )
    assert owner.post(f"{ROOT}terms/edit/", TERMS | {"payment": "test"}).status_code == 422
    assert "60 days after it ended" in text_of(cast.client("reader").get(f"{ROOT}terms/"))


def test_a_tariff_is_followed_by_the_next_version(cast: Cast, station: Station) -> None:
    """With a price of the night and rewards; sessions of before keep theirs."""
    before = timezone.now()
    form = {
        "kwh": "0.45",
        "other_kwh": "0.25",
        "other_from": "22:00",
        "other_until": "06:00",
        "vat_percent": "20",
        "reward_flexible": "0.02",
        "reward_most": "1",
    }
    assert cast.client("owner").post(f"{ROOT}terms/prices/", form).status_code == 302
    row = tariff_at(station, timezone.now())
    assert row is not None
    assert row.version == 2
    prices = prices_of(row)
    assert [str(c.eur) for c in prices.components] == ["0.25", "0.45"]
    assert str(prices.reward.eur_per_flexible_hour) == "0.02"
    old = tariff_at(station, before)
    assert old is not None
    assert old.version == 1
    page = text_of(cast.client("reader").get(f"{ROOT}terms/"))
    assert "version 2" in page
    assert "counts now" in page


def test_the_law_is_held_where_points_are_strong(cast: Cast, station: Station) -> None:
    """From 50 kW on nobody pays by the minute (AFIR, Article 5)."""
    form = {"kwh": "0.45", "minute": "0.10", "vat_percent": "20"}
    Outlet.objects.filter(station=station).update(max_kw=150.0)
    refused = cast.client("owner").post(f"{ROOT}terms/prices/", form)
    assert refused.status_code == 422
    assert "AFIR" in text_of(refused)
    assert Tariff.objects.count() == 1
    Outlet.objects.filter(station=station).update(max_kw=22.0)
    assert cast.client("owner").post(f"{ROOT}terms/prices/", form).status_code == 302
    wrong = form | {"other_kwh": "0.2"}
    assert cast.client("owner").post(f"{ROOT}terms/prices/", wrong).status_code == 422


def test_a_card_is_tied_by_a_link_that_is_good_once(cast: Cast, phone: Client) -> None:
    """On the phone that opens it first; a later link moves it to another phone."""
    token = Token.objects.create(tenant_id=cast.organisation.pk, token="CARD-5")
    make = f"{ROOT}tokens/{token.pk}/link/"
    assert cast.client("reader").post(make).status_code == 403
    page = cast.client("editor").post(make)
    address = re.search(r"(/c/card/[\w-]+/)", page.content.decode())
    assert address is not None
    assert address[1].split("/")[3] not in str(list(CardLink.objects.values()))
    assert "days after it ended" in text_of(phone.get(address[1]))
    assert phone.post(address[1]).status_code == 302
    kept = DriverPreference.objects.get()
    assert (kept.token, kept.issuer_id) == ("CARD-5", cast.organisation.pk)
    assert Client().get(address[1]).status_code == 404
    assert "tied to this phone" in text_of(phone.get("/c/"))
    second = re.search(r"(/c/card/[\w-]+/)", cast.client("editor").post(make).content.decode())
    assert second is not None
    Client().post(second[1])
    assert DriverPreference.objects.get(token="CARD-5").pk != kept.pk
    phone.post("/c/forget/")
    assert not DriverPreference.objects.filter(pk=kept.pk).exists()


def test_a_card_is_forgotten_in_sessions_events_and_wishes(station: Station, tell: Tell) -> None:
    """After the days of the terms; the session, its energy and its bill stay as they are."""
    ChargingTerms.objects.update(keep_cards_days=60)
    tell(station, "SECRET-CARD", range(6), transaction="t-1")
    session = Session.objects.get()
    assert session.ended_at is not None
    Wish.objects.create(
        tenant_id=station.tenant_id, station=station, evse=1, session=session, token="SECRET-CARD"
    )
    close_bills(timezone.now())
    before = Bill.objects.values().get()
    forget(session.ended_at + dt.timedelta(days=59))
    assert Session.objects.get().token == "SECRET-CARD"
    forget(session.ended_at + dt.timedelta(days=61))
    kept = [*Session.objects.values(), *SessionEvent.objects.values(), *Wish.objects.values()]
    assert "SECRET-CARD" not in str(kept)
    assert close_bills(timezone.now()) == 0
    assert Bill.objects.values().get() == before


def test_a_session_goes_with_its_bill(station: Station, tell: Tell) -> None:
    """And is billed no second time."""
    tell(station, "C", range(6))
    close_bills(timezone.now())
    session = Session.objects.get()
    assert session.ended_at is not None
    later = session.ended_at + dt.timedelta(days=366 * 10 + 1)
    forget(later)
    assert close_bills(later) == 0
    assert not Bill.objects.exists()
    assert not Session.objects.exists()
    assert not SessionEvent.objects.exists()


def test_cards_are_forgotten_in_commands_and_messages(station: Station) -> None:
    """What was asked and when stays; to whom it was about goes, and what stations said."""
    ChargingTerms.objects.update(keep_cards_days=60)
    now = timezone.now()
    payload = {"idToken": {"idToken": "SECRET-CARD", "type": "ISO14443"}, "evseId": 1}
    command = ask(station.pk, "RequestStartTransaction", payload, by="")
    Notice.objects.create(
        station=station, received_at=now, action="DataTransfer", payload={"data": "x"}
    )
    forget(now + dt.timedelta(days=59))
    command.refresh_from_db()
    assert command.payload == payload
    assert Notice.objects.exists()
    for _ in range(2):
        forget(now + dt.timedelta(days=61))
    command.refresh_from_db()
    assert command.payload == {"evseId": 1}
    assert not Notice.objects.exists()
