"""A driver who scans the QR code of a station, and the operator who turned such codes on (2.1 C25).

The password in the code is made here a second time, by the text of the standard alone.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from oca.cases import Does, Hears, Kept, Payload, Says, Step, Stored
from oca.two import NINE, TX, UP, meter
from viavolta.hub.drive.codes import settle_codes
from viavolta.hub.people.models import Membership, Organisation, Role, User
from viavolta.services.central_system.world import TokenStatus
from viavolta.storage.tables.billing import ChargingTerms
from viavolta.storage.tables.payments import StationCode
from viavolta.storage.tables.stations import Command, CommandState

VARIABLES = ("URLTemplate", "TOTPVersion", "ValidityTime", "Length", "SharedSecret")
SIGNS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
COMPONENT = {"name": "WebPaymentsCtrlr"}


def owner() -> Client:
    """A browser of the operator's owner."""
    city, is_new = Organisation.objects.get_or_create(
        pk=1, defaults={"name": "City", "slug": "city", "kind": "city", "country": "AT"}
    )
    if is_new:
        user = User.objects.create_user("owner@example.org", "correct horse battery", name="O")
        Membership.objects.create(organisation=city, user=user, role=Role.OWNER)
    ChargingTerms.objects.get_or_create(tenant_id=1, defaults={"payment": "invoiced"})
    client = Client()
    client.force_login(User.objects.get(email="owner@example.org"))
    return client


def is_there(stage: Any) -> None:
    """Wait until the tables know that the station is on the line, and its version."""

    def is_known() -> bool:
        stage.project()
        return bool(stage.station.ocpp_version and stage.station.gateway)

    stage.wait_for(is_known)


def _turn_on(stage: Any) -> None:
    is_there(stage)
    answer = owner().post(f"/stations/city/at/{stage.station.identity}/codes/")
    assert answer.status_code == 302


def _keep_values(stage: Any, payload: Payload) -> None:
    """What a station learns: it never tells the secret again."""
    assert all(one["component"] == COMPONENT for one in payload["setVariableData"])
    stage.kept["web"] = {
        one["variable"]["name"]: one["attributeValue"] for one in payload["setVariableData"]
    }
    assert tuple(stage.kept["web"]) == VARIABLES


def _settle(stage: Any) -> None:
    stage.wait_for_end(Command.objects.get(station=stage.station, action="SetVariables"))
    settle_codes()
    assert StationCode.objects.get(station=stage.station).is_set


CODES_ON: tuple[Step, ...] = (
    *UP,
    Does(_turn_on),
    Hears(
        "SetVariables",
        _keep_values,
        {
            "setVariableResult": [
                {"component": COMPONENT, "variable": {"name": name}, "attributeStatus": "Accepted"}
                for name in VARIABLES
            ]
        },
    ),
    Does(_settle),
)


def _password(values: dict[str, str]) -> str:
    slot = int(time.time() / int(values["ValidityTime"]))
    digest = hmac.digest(values["SharedSecret"].encode(), slot.to_bytes(8, "big"), hashlib.sha256)
    first = digest[-1] % 16
    ring = digest + digest
    return "".join(SIGNS[sign % 62] for sign in ring[first : first + int(values["Length"])])


def scans(query: str = "", password: Callable[[str], str] = str) -> Does:
    """The driver's phone opens the address in the code; `password` may spoil it."""

    def act(stage: Any) -> None:
        values = stage.kept["web"]
        address = values["URLTemplate"]
        for name, value in (
            ("{chargingstationid}", stage.station.identity),
            ("{evse}", "1"),
            ("{version}", values["TOTPVersion"]),
            ("{totp}", password(_password(values))),
        ):
            address = address.replace(name, value)
        cache.clear()
        phone = stage.kept["phone"] = Client()
        assert phone.get(address + query).status_code == 302
        stage.kept["page"] = phone.get(f"/c/{stage.station.identity}/1").content.decode()

    return Does(act)


def _pays(stage: Any) -> None:
    """She starts with what the page offers."""
    assert "Start charging" in stage.kept["page"]
    assert 'value="20.0"' in stage.kept["page"]
    wanted = {"mode": "smart", "most_kwh": "20.0"}
    stage.kept["phone"].post(f"/c/{stage.station.identity}/1/start", wanted)


def _keep_token(stage: Any, payload: Payload) -> None:
    token = stage.kept["idToken"] = payload["idToken"]
    assert token["type"] == "DirectPayment"
    assert payload["evseId"] == 1
    registry = stage.gateway.registry
    stage.wait_for(
        lambda: (
            registry.verdict(1, token["idToken"], timezone.now()).status is TokenStatus.ACCEPTED
            and registry.transactions.wants.waiting(stage.station.pk, 1).max_wh == 20000.0
        )
    )


def _is_told(_stage: Any, payload: Payload) -> None:
    assert payload["evseId"] == 1
    assert payload["timeout"] > 0


def _is_refused(stage: Any) -> None:
    """No start is offered, none is taken, and the station hears of nothing."""
    assert "Start charging" not in stage.kept["page"]
    stage.kept["phone"].post(f"/c/{stage.station.identity}/1/start", {"mode": "smart"})
    asked = Command.objects.filter(station=stage.station).exclude(action="SetVariables")
    assert not asked.exists()
    assert not Command.objects.filter(
        station=stage.station, state__in=(CommandState.QUEUED, CommandState.SENT)
    ).exists()


PAID_BY_CODE: tuple[Step, ...] = (
    *CODES_ON,
    scans("?maxenergy=20000"),
    Hears("NotifyWebPaymentStarted", _is_told, {}),
    Does(_pays),
    Hears("RequestStartTransaction", _keep_token),
    Says(
        "TransactionEvent",
        {
            "eventType": "Started",
            "timestamp": NINE,
            "triggerReason": "RemoteStart",
            "seqNo": 0,
            "transactionInfo": {"transactionId": TX, "chargingState": "Charging"},
            "evse": {"id": 1, "connectorId": 1},
            "idToken": Kept("idToken"),
            "meterValue": [meter(1000)],
        },
        {
            "idTokenInfo": {"status": "Accepted"},
            "transactionLimit": {"maxEnergy": 20000.0},
        },
    ),
)
REFUSED = Stored(_is_refused)
