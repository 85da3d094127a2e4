"""QR codes that change: only who stands before the screen may start."""

import datetime as dt

import pytest
from cast import Cast
from django.conf import settings
from django.test import Client
from django.utils import timezone

from viavolta.hub.drive.codes import settle_codes
from viavolta.protocols.ocpp.changing_code import ChangingCode
from viavolta.storage.sealed import unseal
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.payments import StationCode
from viavolta.storage.tables.stations import Command, CommandState, Station

PAGE = "/c/AT-SAM-E1/1"
AT_STATION = "/stations/sampleton/at/AT-SAM-E1/"


def values_of(command: Command) -> dict[str, str]:
    """What a station is told, by variable."""
    return {
        one["variable"]["name"]: one["attributeValue"] for one in command.payload["setVariableData"]
    }


def answered(command: Command, status: str = "Accepted") -> None:
    """The station answers."""
    results = [
        {"component": one["component"], "variable": one["variable"], "attributeStatus": status}
        for one in command.payload["setVariableData"]
    ]
    command.state, command.answer = CommandState.ANSWERED, {"setVariableResult": results}
    command.save()
    assert settle_codes() == 1


@pytest.fixture
def code(cast: Cast, station: Station) -> ChangingCode:
    """The station of 2.1 shows codes that change."""
    Station.objects.filter(pk=station.pk).update(ocpp_version="2.1")
    assert cast.client("owner").post(f"{AT_STATION}codes/").status_code == 302
    command = Command.objects.get()
    values = values_of(command)
    assert values["URLTemplate"] == (
        "http://testserver/c/{chargingstationid}/{evse}/q/{version}/{totp}"
    )
    answered(command)
    return ChangingCode(secret=values["SharedSecret"], validity_s=int(values["ValidityTime"]))


def address(code: ChangingCode, *, ago_s: float = 0.0, version: str = "v1", query: str = "") -> str:
    """What the station shows, or showed."""
    password = code.password_at(timezone.now() - dt.timedelta(seconds=ago_s))
    return f"{PAGE}/q/{version}/{password}{query}"


def test_the_secret_is_sealed_and_kept_nowhere_else(cast: Cast, code: ChangingCode) -> None:
    """The command forgets it once the station has answered; the page says that codes are on."""
    row = StationCode.objects.get()
    assert code.secret not in row.secret
    assert unseal(settings.CONFIG.data, row.secret) == code.secret
    assert values_of(Command.objects.get())["SharedSecret"] == ""
    page = cast.client("reader").get(AT_STATION).content.decode()
    assert "a sticker alone is not enough" in page


def test_who_scanned_the_code_starts_as_it_says(phone: Client, code: ChangingCode) -> None:
    """The station is told; limits of the address stand in the form; a payment on the web begins."""
    assert "scan the code that the station shows" in phone.get(PAGE).content.decode()
    answer = phone.get(address(code, query="?maxenergy=20000&maxCost=12.5&maxtime=3600"))
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    page = phone.get(PAGE).content.decode()
    assert "Start charging" in page
    assert all(f'value="{value}"' in page for value in ("20.0", "12.5", "60"))
    phone.get(address(code))
    told = Command.objects.get(action="NotifyWebPaymentStarted")
    assert told.payload == {"evseId": 1, "timeout": 180}
    phone.post(PAGE + "/start", {"mode": "smart", "most_kwh": "20"})
    started = Command.objects.get(action="RequestStartTransaction")
    assert started.payload["idToken"]["type"] == "DirectPayment"
    assert Wish.objects.get().most_kwh == 20.0


def test_without_a_code_nobody_starts(phone: Client, code: ChangingCode) -> None:
    """Nor with one that holds no more, of another version, of another point, or damaged."""
    wrong = [
        address(code, ago_s=180),
        address(code, version="v2"),
        address(ChangingCode(secret="another-secret-than-that")),
        address(code, query="?maxenergy=lots"),
        address(code, query="?maxenergy=-5"),
        address(code, query="?maxcost=nan"),
    ]
    for one in [*wrong, PAGE]:
        phone.get(one)
        phone.post(PAGE + "/start", {"mode": "smart"})
        assert "Start charging" not in phone.get(PAGE).content.decode()
    phone.get(address(code).replace("/1/", "/2/"))
    phone.post(PAGE + "/start", {"mode": "smart"})
    assert not Command.objects.filter(action="RequestStartTransaction").exists()
    assert not Wish.objects.exists()


def test_turned_off_anybody_starts_again(cast: Cast, phone: Client, code: ChangingCode) -> None:
    """And codes of before lead nowhere."""
    assert cast.client("editor").post(f"{AT_STATION}codes/", {"off": "1"}).status_code == 403
    cast.client("owner").post(f"{AT_STATION}codes/", {"off": "1"})
    assert "Start charging" in phone.get(PAGE).content.decode()
    answer = phone.get(address(code), follow=True)
    assert "not one of this station" in answer.content.decode()


def test_a_station_that_has_no_such_codes_says_so(cast: Cast, station: Station) -> None:
    """Nothing changes for drivers; one of another version is not even asked."""
    owner = cast.client("owner")
    owner.post(f"{AT_STATION}codes/")
    assert not StationCode.objects.exists()
    Station.objects.filter(pk=station.pk).update(ocpp_version="2.1")
    owner.post(f"{AT_STATION}codes/")
    answered(Command.objects.get(), "UnknownComponent")
    assert "did not take them: UnknownComponent" in owner.get(AT_STATION).content.decode()
    assert "Start charging" in Client().get(PAGE).content.decode()
