"""The page at the post: prices first, no account, and nobody touches anybody else's session."""

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from viavolta.hub.drive import fair_use, qr_code
from viavolta.services.live.orders import Why
from viavolta.storage.driver_wishes import next_time, tie_visits
from viavolta.storage.tables.billing import ChargingTerms, DriverPreference, Visit
from viavolta.storage.tables.live import Order, SiteLimit, Wish
from viavolta.storage.tables.stations import Command, Outlet, Session, Station, Token

PAGE = "/c/AT-SAM-E1/1"
WANTED = {
    "mode": "smart",
    "ready": "07:00",
    "target_soc": "80",
    "soc_arrival": "35",
    "capacity_kwh": "60",
    "min_soc": "20",
    "may_discharge": "on",
}
Tell = Callable[..., None]
pytestmark = pytest.mark.usefixtures("station")


def test_prices_come_first_in_the_order_of_the_law(phone: Client) -> None:
    """Per kWh with its hours, per session, the boost last; no script is needed to start."""
    page = phone.get(PAGE).content.decode()
    order = [page.index(text) for text in ("0.29", "22:00\N{EN DASH}06:00", "0.49", "0.25", "1.50")]
    assert order == sorted(order)
    assert page.index("0.29") < page.index("Start charging")
    assert "20.0 % value added tax" in page
    assert 'method="post" action="/c/AT-SAM-E1/1/start"' in page


def test_a_visitor_starts_with_a_token_of_her_own(phone: Client, station: Station) -> None:
    """One command, one token that only this start has, one wish for the next session."""
    answer = phone.post(PAGE + "/start", WANTED, follow=True)
    assert "The station is being asked" in answer.content.decode()
    visit, command, wish = Visit.objects.get(), Command.objects.get(), Wish.objects.get()
    assert command.action == "RequestStartTransaction"
    assert command.payload["idToken"] == {"idToken": visit.token, "type": "Central"}
    assert command.payload["evseId"] == 1
    token = Token.objects.get(token=visit.token)
    assert (token.tenant_id, token.status, token.group) == (station.tenant_id, "Accepted", "")
    assert len(visit.token) == 20
    assert (wish.target_soc, wish.soc_arrival, wish.min_soc) == (0.8, 0.35, 0.2)
    assert (wish.may_discharge, wish.mode, wish.token) == (True, "smart", visit.token)
    assert wish.ready_at == next_time(wish.given_at, 7 * 60, "Europe/Vienna")
    cookie = phone.cookies["driver"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie.value not in (visit.key_hash, visit.token)


def test_pressing_twice_asks_once(phone: Client) -> None:
    """The same start is waited for; somebody else waits for it, too."""
    for _ in range(2):
        phone.post(PAGE + "/start", WANTED)
    answer = Client().post(PAGE + "/start", WANTED, follow=True)
    assert "just starting here" in answer.content.decode()
    assert Command.objects.count() == Visit.objects.count() == 1


def test_a_station_of_1_6_is_asked_in_its_words(phone: Client) -> None:
    """RemoteStartTransaction, whose idTag has 20 characters at most."""
    Station.objects.update(ocpp_version="1.6")
    phone.post(PAGE + "/start", WANTED)
    command, visit = Command.objects.get(), Visit.objects.get()
    assert command.action == "RemoteStartTransaction"
    assert command.payload == {"idTag": visit.token, "connectorId": 1}


def test_what_goes_on_and_why(phone: Client, station: Station, tell: Tell) -> None:
    """The session is hers once it has come: power, energy, cost, reason and outlook."""
    phone.post(PAGE + "/start", WANTED)
    tell(station, Visit.objects.get().token, range(4))
    tie_visits()
    session = Session.objects.get()
    assert Wish.objects.get().session == session
    now = timezone.now()
    Order.objects.create(
        session=session,
        planned_at=now,
        power_kw=0.0,
        why=Why.CHEAPER_LATER,
        until_at=now + dt.timedelta(hours=1),
        served_at=now + dt.timedelta(hours=3),
        departure_at=now + dt.timedelta(hours=5),
        departure_source="wish",
        energy_kwh=20.0,
    )
    page = phone.get(PAGE).content.decode()
    assert "Waiting for cheaper hours until" in page
    assert "You will have 80 % by" in page
    assert "3.00" in page
    assert "Stop charging" in page
    assert "Stop charging" not in Client().get(PAGE).content.decode()
    SiteLimit.objects.create(tenant_id=station.tenant_id, limit_id="t1", name="Transformer 1")
    Order.objects.update(why=Why.LIMITED, limit_id="t1", until_at=None, missing_kwh=12.0)
    page = phone.get(PAGE).content.decode()
    assert "Transformer 1 gives no more now" in page
    assert "12.0 kWh will be missing" in page


def test_only_the_visitor_stops_changes_and_boosts(
    phone: Client, station: Station, tell: Tell
) -> None:
    """Whoever else knocks learns nothing; the visitor stops her own session, once."""
    phone.post(PAGE + "/start", WANTED)
    tell(station, Visit.objects.get().token, range(3))
    other = Client()
    other.post("/c/AT-SAM-E1/2/start", WANTED)
    wishes = Wish.objects.count()
    for what in ("stop", "boost", "wish"):
        assert other.post(f"{PAGE}/{what}", WANTED).status_code == 404
        assert Client().post(f"{PAGE}/{what}", WANTED).status_code == 404
    forged = Client()
    forged.cookies["driver"] = Visit.objects.first().key_hash
    assert forged.post(PAGE + "/stop").status_code == 404
    assert Wish.objects.count() == wishes
    phone.post(PAGE + "/wish", WANTED | {"target_soc": "90"})
    phone.post(PAGE + "/boost")
    phone.post(PAGE + "/boost")
    newest = Wish.objects.first()
    assert (newest.target_soc, newest.is_boosted, newest.mode) == (0.9, True, "now")
    assert Wish.objects.filter(is_boosted=True).count() == 1
    for _ in range(2):
        phone.post(PAGE + "/stop")
    (stop,) = Command.objects.filter(action="RequestStopTransaction")
    assert stop.payload == {"transactionId": Session.objects.get().transaction}


def test_a_session_of_somebody_with_a_card_is_hers(
    phone: Client, station: Station, tell: Tell
) -> None:
    """A visitor sees that it is taken, no more; whoever tied the card to her phone may stop it."""
    tell(station, "CARD-1", range(3))
    page = phone.get(PAGE).content.decode()
    assert "Somebody is charging here" in page
    assert "Start charging" not in page
    answer = phone.post(PAGE + "/start", WANTED, follow=True)
    assert "Somebody is charging here already" in answer.content.decode()
    assert not Visit.objects.exists()
    phone.post("/c/AT-SAM-E1/2/start", WANTED | {"remember": "on"})
    DriverPreference.objects.update(token="CARD-1", issuer_id=station.tenant_id)
    assert "Stop charging" in phone.get(PAGE).content.decode()
    DriverPreference.objects.create(key_hash="x", token="CARD-1", issuer_id=99)
    DriverPreference.objects.filter(token="CARD-1").exclude(key_hash="x").update(issuer_id=98)
    assert "Stop charging" not in phone.get(PAGE).content.decode()  # two claim it


@pytest.mark.parametrize(
    "path",
    [
        "/c/nowhere/1",
        "/c/AT-SAM-E1/3",
        "/c/AT-SAM-E1/0",
        "/c/AT-SAM-E1/99999999999999999999",
        "/c/%00/1",
        "/c/" + "x" * 3000 + "/1",
    ],
)
def test_what_is_no_point_is_not_found(phone: Client, path: str) -> None:
    """Unknown, switched off or absurd: nothing there."""
    assert phone.get(path).status_code == 404
    assert phone.post(path + "/start", WANTED).status_code == 404


def test_visitors_only_where_the_operator_takes_them(phone: Client) -> None:
    """Not at stations that wait for adoption, nor where the terms say no."""
    Station.objects.update(admission="Pending")
    assert phone.get(PAGE).status_code == 404
    Station.objects.update(admission="Accepted")
    assert phone.get(PAGE).status_code == 200
    ChargingTerms.objects.update(takes_visitors=False)
    assert phone.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "steal"},
        {"ready": "25:61"},
        {"target_soc": "nan"},
        {"capacity_kwh": "1e999"},
        {"energy_kwh": "-3"},
        {"min_soc": "95"},
        {"target_soc": "<script>alert(1)</script>"},
    ],
)
def test_nonsense_starts_nothing(phone: Client, wrong: dict[str, str]) -> None:
    """The form comes back with what is wrong, harmless, and nothing was asked."""
    answer = phone.post(PAGE + "/start", WANTED | wrong)
    assert answer.status_code == 422
    assert b"<script>alert" not in answer.content
    assert not Command.objects.exists()


def test_a_station_off_the_line_is_said(phone: Client) -> None:
    """No command waits for a station that is away."""
    Station.objects.update(gateway="")
    assert "not on the line" in phone.get(PAGE).content.decode()
    phone.post(PAGE + "/start", WANTED)
    assert not Command.objects.exists()


def test_forms_need_their_token() -> None:
    """Another site cannot press the buttons."""
    phone = Client(enforce_csrf_checks=True)
    assert phone.post(PAGE + "/start", WANTED).status_code == 403


def test_too_many_requests_are_turned_away(
    phone: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty changes a minute from one address, whatever cookie they bring."""
    monkeypatch.setattr(fair_use, "time", SimpleNamespace(time=lambda: 1_790_000_000.0))
    settings.VISITOR_CHANGES_PER_MINUTE = 20
    answers = [Client().post("/c/AT-SAM-E1/1/stop").status_code for _ in range(25)]
    assert answers == [404] * 20 + [429] * 5
    assert phone.post(PAGE + "/start", WANTED).status_code == 429
    assert phone.get(PAGE).status_code == 200


def test_the_qr_code_leads_to_the_page(phone: Client) -> None:
    """An SVG without script; the address in it is that of the page."""
    answer = phone.get(PAGE + "/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content == qr_code.qr_svg("http://testserver" + PAGE)
    assert b"<path" in answer.content
    assert b"script" not in answer.content


def test_what_is_kept_is_shown_and_deleted(phone: Client, station: Station, tell: Tell) -> None:
    """Sessions and wishes of this phone; what is under way stays hers until it ends."""
    phone.post(PAGE + "/start", WANTED | {"remember": "on"})
    token = Visit.objects.get().token
    tell(station, token, range(3))
    tie_visits()
    page = phone.get("/c/").content.decode()
    assert "under way" in page
    assert "07:00" in page
    phone.post("/c/forget/")
    assert Visit.objects.exists()
    assert not DriverPreference.objects.exists()
    tell(station, token, [3, 4, 5])
    phone.post("/c/forget/")
    assert not Visit.objects.exists()
    assert "Nothing is kept of you" in phone.get("/c/").content.decode()
    assert Session.objects.exists()


def test_preferences_fill_the_form_elsewhere(phone: Client) -> None:
    """What she wanted here stands in the form at the next station."""
    phone.post(PAGE + "/start", WANTED | {"remember": "on", "target_soc": "73"})
    Outlet.objects.filter(evse=2).update(status="Available")
    page = phone.get("/c/AT-SAM-E1/2").content.decode()
    assert 'value="73"' in page
    assert 'value="07:00"' in page
