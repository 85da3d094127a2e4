"""Stop at 20 EUR, 15 kWh, one hour: what is wanted at the post ends the session at any station."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from viavolta.hub.drive.limits import share_used, stop_at_limits
from viavolta.storage.driver_wishes import tie_visits
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Command, CommandState, Session, Station

PAGE = "/c/AT-SAM-E1/1"
LIMITED = {"mode": "smart", "most_eur": "20.50", "most_kwh": "15", "most_min": "60"}
Tell = Callable[..., None]
pytestmark = pytest.mark.usefixtures("station")


def stops() -> list[Command]:
    """What stations were asked because of limits, the newest first."""
    return list(Command.objects.filter(asked_by="limit"))


def limited(station: Station, version: str, **limits: float) -> Session:
    """A session under way for ten minutes, of 4 kWh so far, with limits."""
    Station.objects.filter(pk=station.pk).update(ocpp_version=version, gateway="g")
    began_at = timezone.now() - dt.timedelta(minutes=10)
    session = Session.objects.create(
        station=station,
        transaction="17",
        evse=1,
        started_at=began_at,
        energy_wh=4000.0,
        power_w=7000.0,
    )
    Wish.objects.create(
        tenant_id=station.tenant_id, station=station, evse=1, session=session, **limits
    )
    return Session.objects.select_related("station").get(pk=session.pk)


def test_limits_are_kept_with_the_wish_and_shown(
    phone: Client, station: Station, tell: Tell
) -> None:
    """As long as charging goes on."""
    phone.post(PAGE + "/start", LIMITED)
    wish = Wish.objects.get()
    assert (wish.most_cents, wish.most_kwh, wish.most_min) == (2050, 15.0, 60)
    tell(station, wish.token, range(2))
    tie_visits()
    page = phone.get(PAGE).content.decode()
    assert "Stops by itself at 20.50\N{NO-BREAK SPACE}EUR, 15.0\N{NO-BREAK SPACE}kWh" in page
    phone.post(PAGE + "/wish", {"mode": "smart", "most_kwh": "20"})
    wish = Wish.objects.order_by("pk").last()
    assert wish is not None
    assert (wish.most_cents, wish.most_kwh, wish.most_min) == (None, 20.0, None)


@pytest.mark.parametrize("wrong", [{"most_eur": "0.1"}, {"most_min": "0"}, {"most_kwh": "-1"}])
def test_a_limit_that_is_none_is_refused(phone: Client, wrong: dict[str, str]) -> None:
    """The form says so, and nothing starts."""
    assert phone.post(PAGE + "/start", LIMITED | wrong).status_code == 422
    assert not Command.objects.exists()


def test_an_older_station_is_asked_to_stop_once_a_limit_is_reached(station: Station) -> None:
    """Not before; again only after a while."""
    session = limited(station, "1.6", most_kwh=4.5)
    now = timezone.now()
    assert stop_at_limits(now) == 0
    Session.objects.filter(pk=session.pk).update(energy_wh=4500.0)
    assert stop_at_limits(now) == 1
    assert stop_at_limits(now) == 0
    (asked,) = stops()
    assert (asked.action, asked.payload) == ("RemoteStopTransaction", {"transactionId": 17})
    asked.state = CommandState.LOST
    asked.save()
    assert stop_at_limits(now + dt.timedelta(minutes=2)) == 1


def test_time_counts_from_the_start(station: Station) -> None:
    """Ten minutes of twenty."""
    session = limited(station, "2.0.1", most_min=20)
    now = session.started_at + dt.timedelta(minutes=10)
    wish = Wish.objects.get()
    assert share_used(session, wish, now) == pytest.approx(0.5)
    assert stop_at_limits(now) == 0
    assert stop_at_limits(now + dt.timedelta(minutes=10)) == 1
    assert stops()[0].payload == {"transactionId": "17"}


def test_a_station_that_knows_limits_stops_by_itself(station: Station) -> None:
    """Of 2.1: it is asked only where it goes on all the same."""
    session = limited(station, "2.1", most_kwh=4.0)
    now = timezone.now()
    assert stop_at_limits(now) == 0
    Session.objects.filter(pk=session.pk).update(energy_wh=4300.0, power_w=0.0)
    assert stop_at_limits(now) == 0
    Session.objects.filter(pk=session.pk).update(power_w=7000.0)
    assert stop_at_limits(now) == 1


def test_the_newest_wish_counts(station: Station) -> None:
    """Who raises the limit goes on charging."""
    session = limited(station, "1.6", most_kwh=3.0)
    Wish.objects.create(
        tenant_id=station.tenant_id, station=station, evse=1, session=session, most_kwh=30.0
    )
    assert stop_at_limits(timezone.now()) == 0


def test_a_cost_is_that_of_the_account(phone: Client, station: Station, tell: Tell) -> None:
    """By the tariff of the station, up to now."""
    phone.post(PAGE + "/start", {"mode": "smart", "most_eur": "1"})
    wish = Wish.objects.get()
    tell(station, wish.token, range(3))
    tie_visits()
    session = Session.objects.select_related("station").get()
    wish.refresh_from_db()
    assert share_used(session, wish, timezone.now()) > 0.5
