"""Commands, charging profiles and preferences of partners, up to the result that they are told."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone
from roaming import NOW, THEIR_ROLES, TOKEN, Speaker, a_site, partner_of

from viavolta.hub.ocpi.models import PartnerCommand, Place, Push
from viavolta.hub.ocpi.pushing import send_due
from viavolta.hub.ocpi.results import conclude
from viavolta.protocols.ocpi.objects import findings
from viavolta.storage.tables.live import Order, Wish
from viavolta.storage.tables.stations import Command, Session, Station, Token

pytestmark = pytest.mark.django_db
CPO = "cpo/2.2.1"
URL = "https://partner.example.org/results/1"
NEVER = {**TOKEN, "whitelist": "NEVER"}


def soon(**more: float) -> str:
    """A time of the wire from now on."""
    return f"{timezone.now() + dt.timedelta(**more):%Y-%m-%dT%H:%M:%SZ}"


def started(station: Station, **more: Any) -> dict[str, Any]:
    """A START_SESSION at the first EVSE."""
    return {
        "response_url": URL,
        "token": NEVER,
        "location_id": f"L{Place.objects.get().pk}",
        "evse_uid": f"{station.pk}-1",
        **more,
    }


def ended(answer: Any, state: str = "answered") -> None:
    """The station has answered the last command, or not."""
    Command.objects.order_by("-pk").update(state=state, answer=answer)
    conclude(timezone.now())


def results() -> list[Any]:
    """What is queued for the addresses of results."""
    return [(row.path, row.content) for row in Push.objects.filter(module="results")]


@pytest.fixture
def session(
    partner: Speaker, station: Station, told_later: tuple[Callable[..., None], Any]
) -> Session:
    """A session of the partner's card, as the partner sees it."""
    publish, charge = told_later
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    charge(station, "CARD-1", range(3))
    publish()
    return Session.objects.get()


def test_a_session_is_started_by_its_issuer(
    partner: Speaker, station: Station, told_later: tuple[Any, Any]
) -> None:
    """The card charges for a while though it must be asked about; the session names the command."""
    publish, charge = told_later
    asked = started(station, authorization_reference="ref-1")
    told = partner.data("POST", f"{CPO}/commands/START_SESSION", asked)
    assert findings("CommandResponse", told) == []
    assert told["result"] == "ACCEPTED"
    command = Command.objects.get()
    assert (command.action, command.payload["idToken"], command.payload["evseId"]) == (
        "RequestStartTransaction",
        {"idToken": "CARD-1", "type": "ISO14443"},
        1,
    )
    token = Token.objects.get(token="CARD-1")
    assert token.status == "Accepted"
    assert token.expires_at is not None
    assert conclude(timezone.now()) == 0
    ended({"status": "Accepted"})
    conclude(timezone.now())
    assert results() == [(URL, {"result": "ACCEPTED"})]
    charge(station, "CARD-1", range(2), start=timezone.now())
    publish(minutes=1)
    (session,) = partner.data("GET", f"{CPO}/sessions")
    assert (session["auth_method"], session["authorization_reference"]) == ("COMMAND", "ref-1")


@pytest.mark.parametrize(
    ("state", "answer", "result"),
    [
        ("answered", {"status": "Rejected"}, "REJECTED"),
        ("timed-out", None, "TIMEOUT"),
        ("expired", None, "TIMEOUT"),
        ("misunderstood", None, "NOT_SUPPORTED"),
        ("refused", None, "REJECTED"),
    ],
)
def test_whatever_the_station_does_is_told(
    partner: Speaker, station: Station, state: str, answer: Any, result: str
) -> None:
    """Refused, silent, not connected, not understood."""
    partner.data("POST", f"{CPO}/commands/START_SESSION", started(station))
    ended(answer, state)
    assert results() == [(URL, {"result": result})]


def test_a_station_that_never_connects_times_out(partner: Speaker, station: Station) -> None:
    """Even where no gateway runs to end the command."""
    partner.data("POST", f"{CPO}/commands/START_SESSION", started(station))
    assert conclude(timezone.now() + dt.timedelta(minutes=2)) == 1
    assert results() == [(URL, {"result": "TIMEOUT"})]


def test_stations_of_1_6_are_asked_in_their_words(partner: Speaker, station: Station) -> None:
    """By connector, without a kind of token; a number too long for 1.6 is refused."""
    Station.objects.update(ocpp_version="1.6")
    partner.data("POST", f"{CPO}/commands/START_SESSION", started(station))
    command = Command.objects.get()
    assert (command.action, command.payload) == (
        "RemoteStartTransaction",
        {"idTag": "CARD-1", "connectorId": 1},
    )
    long = {**NEVER, "uid": "C" * 36}
    told = partner.data("POST", f"{CPO}/commands/START_SESSION", started(station, token=long))
    assert told["result"] == "REJECTED"
    Station.objects.update(ocpp_version="")
    told = partner.data("POST", f"{CPO}/commands/START_SESSION", started(station))
    assert told["result"] == "REJECTED"
    assert Command.objects.count() == 1


def test_only_what_is_the_partners_own(
    cast: Cast, partner: Speaker, elsewhere: Speaker, session: Session, station: Station
) -> None:
    """Foreign tokens, sessions, reservations, locations and cables are out of reach."""
    roles = [{**role, "party_id": "TWO"} for role in THEIR_ROLES]
    second = partner_of(cast.users["owner"], cast.organisation, roles=roles)
    path = f"{CPO}/commands"
    stolen = started(station)
    assert second.ask("POST", f"{path}/START_SESSION", stolen)[1]["status_code"] == 2001
    stolen["token"] = {**NEVER, "party_id": "TWO"}
    assert second.data("POST", f"{path}/START_SESSION", stolen)["result"] == "REJECTED"
    assert elsewhere.ask("POST", f"{path}/START_SESSION", started(station))[0] == 404
    stop = {"response_url": URL, "session_id": str(session.pk)}
    for speaker in (second, elsewhere):
        told = speaker.data("POST", f"{path}/STOP_SESSION", stop)
        assert told["result"] == "UNKNOWN_SESSION"
    cable = {
        "response_url": URL,
        "location_id": started(station)["location_id"],
        "evse_uid": f"{station.pk}-1",
        "connector_id": "1",
    }
    assert second.data("POST", f"{path}/UNLOCK_CONNECTOR", cable)["result"] == "REJECTED"
    assert not Command.objects.exists()
    assert partner.data("POST", f"{path}/UNLOCK_CONNECTOR", cable)["result"] == "ACCEPTED"
    ended({"status": "UnlockFailed"})
    assert partner.data("POST", f"{path}/STOP_SESSION", stop)["result"] == "ACCEPTED"
    ended({"status": "Accepted"})
    assert [content["result"] for _path, content in results()] == ["FAILED", "ACCEPTED"]
    assert Command.objects.order_by("pk")[1].payload == {"transactionId": session.transaction}
    Session.objects.update(ended_at=timezone.now())
    assert partner.data("POST", f"{path}/STOP_SESSION", stop)["result"] == "REJECTED"


def test_a_reservation_is_made_moved_and_given_up(
    cast: Cast, partner: Speaker, station: Station
) -> None:
    """One number for one name; another partner cannot give it up; a far one is refused."""
    path = f"{CPO}/commands"
    asked = {**started(station), "reservation_id": "r-1", "expiry_date": soon(hours=1)}
    assert partner.data("POST", f"{path}/RESERVE_NOW", asked)["result"] == "ACCEPTED"
    partner.data("POST", f"{path}/RESERVE_NOW", {**asked, "expiry_date": soon(hours=2)})
    partner.data("POST", f"{path}/RESERVE_NOW", {**asked, "reservation_id": "r-2"})
    numbers = [row.payload["id"] for row in Command.objects.order_by("pk")]
    assert numbers == [1, 1, 2]
    for until in (soon(hours=25), soon(hours=-1)):
        told = partner.data("POST", f"{path}/RESERVE_NOW", {**asked, "expiry_date": until})
        assert told["result"] == "REJECTED"
    roles = [{**role, "party_id": "TWO"} for role in THEIR_ROLES]
    second = partner_of(cast.users["owner"], cast.organisation, roles=roles)
    cancel = {"response_url": URL, "reservation_id": "r-1"}
    assert second.data("POST", f"{path}/CANCEL_RESERVATION", cancel)["result"] == "REJECTED"
    assert partner.data("POST", f"{path}/CANCEL_RESERVATION", cancel)["result"] == "ACCEPTED"
    assert Command.objects.order_by("-pk")[0].payload == {"reservationId": 1}
    ended({"status": "Occupied"})
    told = sorted(content["result"] for _path, content in results())
    assert told == ["EVSE_OCCUPIED"] * 3 + ["REJECTED"]


def test_a_location_with_several_evses_wants_one_named(partner: Speaker, station: Station) -> None:
    """With one EVSE it may be left out; unknown ones are refused."""
    asked = started(station)
    del asked["evse_uid"]
    path = f"{CPO}/commands/START_SESSION"
    told = partner.data("POST", path, asked)
    assert (told["result"], "several" in told["message"][0]["text"]) == ("REJECTED", True)
    assert partner.data("POST", path, {**asked, "evse_uid": "9-9"})["result"] == "REJECTED"
    http, told, _headers = partner.ask("POST", path, {**asked, "location_id": "L0"})
    assert (http, told["status_code"]) == (404, 2003)
    station.outlets.filter(evse=2).delete()
    assert partner.data("POST", path, asked)["result"] == "ACCEPTED"
    assert partner.ask("POST", f"{CPO}/commands/DANCE", asked)[0] == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example.org/x",
        "https://user@partner.example.org/x",
        "ftp://partner.example.org/x",
        "https:///x",
    ],
)
def test_a_result_goes_nowhere_else(partner: Speaker, station: Station, url: str) -> None:
    """An address for results that may not be called: nothing is asked of the station."""
    told = partner.ask("POST", f"{CPO}/commands/START_SESSION", started(station, response_url=url))
    assert told[1]["status_code"] == 2001
    assert not Command.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "localhost"])
def test_a_result_never_reaches_a_private_address(
    partner: Speaker, station: Station, host: str
) -> None:
    """It is resolved when it is sent, and then refused; nothing is connected to."""
    asked = started(station, response_url=f"https://{host}:1/x")
    partner.data("POST", f"{CPO}/commands/START_SESSION", asked)
    ended({"status": "Accepted"})
    assert send_due(timezone.now()) == 1
    assert "not public" in Push.objects.get(module="results").error


def test_preferences_become_a_wish(partner: Speaker, elsewhere: Speaker, session: Session) -> None:
    """The last one counts; what cannot be is said so; nobody else may."""
    path = f"{CPO}/sessions/{session.pk}/charging_preferences"
    wanted = {
        "profile_type": "CHEAP",
        "departure_time": soon(hours=8),
        "energy_need": 20,
        "discharge_allowed": True,
    }
    assert partner.data("PUT", path, wanted) == "ACCEPTED"
    assert partner.data("PUT", path, {"profile_type": "FAST"}) == "ACCEPTED"
    last, first = Wish.objects.all()
    assert (first.energy_kwh, first.may_discharge, first.mode, first.is_withdrawn) == (
        20,
        True,
        "smart",
        True,
    )
    assert (last.mode, last.given_by, last.is_withdrawn) == ("now", "partner", False)
    assert last.session == session
    assert partner.data("PUT", path, {"profile_type": "GREEN"}) == "PROFILE_TYPE_NOT_SUPPORTED"
    late = {"profile_type": "CHEAP", "departure_time": NOW.replace("2026", "2020")}
    assert partner.data("PUT", path, late) == "NOT_POSSIBLE"
    assert elsewhere.ask("PUT", path, wanted)[0] == 404
    Session.objects.update(ended_at=timezone.now())
    assert partner.data("PUT", path, wanted) == "NOT_POSSIBLE"
    assert Wish.objects.count() == 2


PROFILE = {
    "charging_rate_unit": "W",
    "duration": 3600,
    "charging_profile_period": [
        {"start_period": 0, "limit": 7400},
        {"start_period": 1800, "limit": 3700.5},
    ],
}


def test_a_profile_is_set_read_and_taken_back(partner: Speaker, session: Session) -> None:
    """In the words of the station; what it says is told as OCPI has it."""
    path = f"{CPO}/chargingprofiles/{session.pk}"
    told = partner.data("PUT", path, {"response_url": URL, "charging_profile": PROFILE})
    assert findings("ChargingProfileResponse", told) == []
    assert told["result"] == "ACCEPTED"
    payload = Command.objects.get().payload
    assert payload["evseId"] == 1
    assert payload["chargingProfile"]["transactionId"] == session.transaction
    periods = payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert periods == [{"startPeriod": 0, "limit": 7400.0}, {"startPeriod": 1800, "limit": 3700.5}]
    ended({"status": "Accepted"})
    partner.data("GET", path, duration=900, response_url=URL)
    schedule = {
        "evseId": 1,
        "duration": 900,
        "scheduleStart": NOW,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7400.0}],
    }
    ended({"status": "Accepted", "schedule": schedule})
    partner.data("DELETE", path, response_url=URL)
    assert Command.objects.order_by("-pk")[0].payload == {
        "chargingProfileId": payload["chargingProfile"]["id"]
    }
    Command.objects.filter(roaming__told_at=None).update(
        state="answered", answer={"status": "Unknown"}
    )
    conclude(timezone.now())
    (_set, got, cleared) = [content for _path, content in results()]
    assert findings("ActiveChargingProfileResult", got) == []
    assert got["profile"]["charging_profile"]["charging_profile_period"] == [
        {"start_period": 0, "limit": 7400.0}
    ]
    assert cleared == {"result": "UNKNOWN"}


def test_our_plan_has_the_last_word(partner: Speaker, session: Session) -> None:
    """Where a session is planned, a partner reads the plan and sets nothing."""
    now = timezone.now()
    Order.objects.create(
        session=session,
        planned_at=now,
        power_kw=3.7,
        why="cheaper-later",
        departure_at=now,
        departure_source="forecast",
        energy_kwh=10,
        plan=[
            [(now - dt.timedelta(minutes=5)).isoformat(), 3.7],
            [(now + dt.timedelta(minutes=10)).isoformat(), -2.0],
            [(now + dt.timedelta(hours=3)).isoformat(), 11.0],
        ],
    )
    path = f"{CPO}/chargingprofiles/{session.pk}"
    told = partner.data("PUT", path, {"response_url": URL, "charging_profile": PROFILE})
    assert told["result"] == "REJECTED"
    assert partner.data("DELETE", path, response_url=URL)["result"] == "REJECTED"
    assert partner.data("GET", path, duration=3600, response_url=URL)["result"] == "ACCEPTED"
    ((url, content),) = results()
    assert (url, findings("ActiveChargingProfileResult", content)) == (URL, [])
    periods = content["profile"]["charging_profile"]["charging_profile_period"]
    assert [one["limit"] for one in periods] == [3700.0, 0.0]
    assert not Command.objects.exists()


def test_profiles_that_make_no_sense_are_refused(
    partner: Speaker, elsewhere: Speaker, session: Session
) -> None:
    """No period, one that begins late, a negative limit; other partners' sessions are unknown."""
    path = f"{CPO}/chargingprofiles/{session.pk}"
    for periods in (
        [],
        [{"start_period": 5, "limit": 1}],
        [{"start_period": 0, "limit": -1}],
        [{"start_period": 0, "limit": 1}, {"start_period": 0, "limit": 2}],
    ):
        asked = {
            "response_url": URL,
            "charging_profile": {**PROFILE, "charging_profile_period": periods},
        }
        assert partner.ask("PUT", path, asked)[1]["status_code"] == 2001
    right = {"response_url": URL, "charging_profile": PROFILE}
    assert elsewhere.data("PUT", path, right)["result"] == "UNKNOWN_SESSION"
    for words in ({}, {"duration": "0"}, {"duration": "x"}):
        told = partner.ask("GET", path, response_url=URL, **words)[1]
        assert told["status_code"] == 2002
    assert partner.ask("GET", path, duration=60)[1]["status_code"] == 2002
    assert partner.data("DELETE", path, response_url=URL)["result"] == "REJECTED"
    assert not PartnerCommand.objects.exists()


def test_a_second_site_is_none_of_the_first(partner: Speaker, station: Station, cast: Cast) -> None:
    """An EVSE is found at its own location alone."""
    other = a_site(cast.organisation, "AT-SAM-E2")
    Station.objects.filter(pk=other.pk).update(site="Elsewhere")
    asked = started(station, evse_uid=f"{other.pk}-1")
    told = partner.data("POST", f"{CPO}/commands/START_SESSION", asked)
    assert told["result"] == "REJECTED"
