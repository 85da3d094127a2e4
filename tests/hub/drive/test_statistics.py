"""Anonymous statistics: public, by month and area, published once, of enough cards."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cast import Cast
from django.test import Client

from viavolta.hub.site.config import hub_config
from viavolta.model.errors import UsageError
from viavolta.storage.statistics import Publisher, publish_months
from viavolta.storage.tables.billing import ChargingTerms, Visit
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station
from viavolta.storage.tables.statistics import PublishedMonth

NOW = dt.datetime(2026, 12, 10, tzinfo=dt.UTC)


def text_of(answer: Any) -> str:
    """The page as text without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def publish(k: int = 3, now: dt.datetime = NOW) -> int:
    """What the worker does every hour, with everybody who publishes."""
    publishing = ChargingTerms.objects.filter(publishes_statistics=True)
    vienna = Publisher(zone=ZoneInfo("Europe/Vienna"), region="AT21")
    tenants = publishing.values_list("tenant_id", flat=True)
    return publish_months(now, k, dict.fromkeys(tenants, vienna))


@pytest.fixture
def month(station: Station, settings: Any) -> Station:
    """November: four cards at the market, two at the port, of an operator who publishes."""
    settings.ANONYMITY_CARDS = 3
    ChargingTerms.objects.update(publishes_statistics=True)
    Station.objects.filter(pk=station.pk).update(site="Market")
    port = Station.objects.create(tenant_id=station.tenant_id, identity="port", site="Port")
    for n, (where, card) in enumerate([*((station, c) for c in "ABCD"), (port, "A"), (port, "B")]):
        started_at = dt.datetime(2026, 11, 3 + n, 8, tzinfo=dt.UTC)
        session = Session.objects.create(
            station=where,
            transaction=f"m-{n}",
            token=card,
            started_at=started_at,
            ended_at=started_at + dt.timedelta(hours=9),
            energy_wh=10_000.0 * (n + 1),
        )
        Wish.objects.create(tenant_id=1, station=where, evse=1, session=session, is_kept=n != 1)
    return station


def test_a_small_area_is_withheld_and_stands_in_no_total(month: Station, phone: Client) -> None:
    """Said so, on the page and in the API."""
    assert publish() == 1
    page = phone.get("/charging/sampleton/")
    text = text_of(page)
    assert "Market" in text
    assert "Port" not in text
    assert "at least 3 different cards" in text
    told = phone.get("/api/statistics/charging/sampleton").json()
    assert told["least_cards"] == 3
    total, market = told["cells"]
    assert (total["area"], total["withheld_areas"]) == (None, 1)
    assert (market["area"], market["sessions"], market["energy_kwh"]) == ("Market", 4, 100)
    assert (market["kept_share"], market["plug_in_share"]) == (0.75, round(36 / (4 * 720), 3))
    assert total["sessions"] == market["sessions"]
    whole = phone.get("/api/statistics/charging").json()["cells"]
    assert [cell["area"] for cell in whole] == [None, "AT21"]
    assert whole[0]["withheld_areas"] == 1
    answer = phone.get("/charging/?export=csv")
    assert b"AT21" in b"".join(answer.streaming_content)  # type: ignore[attr-defined] # streams
    assert month.tenant_id


def test_a_month_is_published_once(month: Station) -> None:
    """Not before three days after its end, and never again, whatever comes late."""
    assert publish(now=dt.datetime(2026, 12, 2, tzinfo=dt.UTC)) == 0
    assert publish() == 1
    before = list(PublishedMonth.objects.values())
    Session.objects.filter(station=month).update(energy_wh=1.0)
    assert publish() == 0
    assert list(PublishedMonth.objects.values()) == before


def test_who_does_not_publish_is_in_nothing(month: Station, phone: Client) -> None:
    """Neither on a page of its own nor in the hub's sums."""
    ChargingTerms.objects.update(publishes_statistics=False)
    assert publish() == 0
    assert phone.get("/charging/sampleton/").status_code == 404
    assert phone.get("/api/statistics/charging/sampleton").status_code == 404
    assert "Nothing is published yet" in text_of(phone.get("/charging/"))
    assert month.pk


def test_a_stricter_setting_hides_what_was_published(
    month: Station, phone: Client, settings: Any
) -> None:
    """Months of fewer cards than are asked for now."""
    publish()
    settings.ANONYMITY_CARDS = 10
    assert phone.get("/api/statistics/charging/sampleton").json()["cells"] == []
    assert month.pk


def test_visitors_count_by_their_phone(month: Station) -> None:
    """Three starts from one phone are one; a start whose phone is forgotten is nobody's."""
    Session.objects.exclude(station=month).delete()
    for n, session in enumerate(Session.objects.order_by("pk")):
        Session.objects.filter(pk=session.pk).update(token=f"VISIT{n}")
        if n < 3:
            Visit.objects.create(
                key_hash="one phone", station=month, evse=1, token=f"VISIT{n}", session=session
            )
    publish()
    assert PublishedMonth.objects.get(tenant_id=month.tenant_id).cells == []


def test_an_operator_publishes_by_her_terms(cast: Cast) -> None:
    """A tick in the terms, linked to the page."""
    form = {
        "zone": "Europe/Vienna",
        "payment": "free",
        "publishes_statistics": "on",
        "keep_visits_days": 30,
        "keep_preferences_days": 100,
        "keep_cards_days": 60,
        "keep_bills_years": 7,
    }
    owner = cast.client("owner")
    assert owner.post("/stations/sampleton/terms/edit/", form).status_code == 302
    assert "/charging/sampleton/" in owner.get("/stations/sampleton/terms/").content.decode()
    assert "Sampleton" in text_of(Client().get("/charging/"))


@pytest.mark.parametrize("word", ["2", "-1", "many"])
def test_the_setting_is_checked(word: str, tmp_path: Any) -> None:
    """Fewer than three cards hide nobody."""
    with pytest.raises(UsageError) as caught:
        hub_config({"VIAVOLTA_ANONYMITY": word, "VIAVOLTA_DATA": str(tmp_path)})
    assert caught.value.where.field == "VIAVOLTA_ANONYMITY"
