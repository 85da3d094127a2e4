"""A station of the `ocpp` library, for its own Python: ADDRESS IDENTITY PASSWORD VERSION.

It boots, charges, does as it is told, ends, and prints what it was answered as one line of JSON.
"""

import asyncio
import base64
import importlib
import json
import sys
from typing import Any

import websockets
from ocpp.routing import on

NINE, TEN = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"
ADDRESS, IDENTITY, PASSWORD, VERSION = sys.argv[1:]
SUBPROTOCOL = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}[VERSION]
library = importlib.import_module("ocpp.v" + VERSION.replace(".", ""))
call, call_result = library.call, library.call_result


class Station(library.ChargePoint):
    """What it was asked is kept in `heard`."""

    heard: asyncio.Queue[tuple[str, dict[str, Any]]]

    @on("SetChargingProfile")
    def set_profile(self, **asked: Any) -> Any:
        """Take a profile."""
        self.heard.put_nowait(("SetChargingProfile", asked))
        return call_result.SetChargingProfile(status="Accepted")

    @on("RemoteStopTransaction" if VERSION == "1.6" else "RequestStopTransaction")
    def stop(self, **asked: Any) -> Any:
        """Stop, as told."""
        self.heard.put_nowait(("stop", asked))
        kind = "RemoteStopTransaction" if VERSION == "1.6" else "RequestStopTransaction"
        return getattr(call_result, kind)(status="Accepted")


def say(**found: Any) -> None:
    """A line for the test."""
    sys.stdout.write(json.dumps(found, default=float) + "\n")
    sys.stdout.flush()


async def charge_16(station: Station) -> dict[str, Any]:
    """A session of 1.6."""
    boot = await station.call(
        call.BootNotification(charge_point_model="m", charge_point_vendor="v")
    )
    await station.call(
        call.StatusNotification(connector_id=1, error_code="NoError", status="Available")
    )
    card = await station.call(call.Authorize(id_tag="card"))
    start = await station.call(
        call.StartTransaction(connector_id=1, id_tag="card", meter_start=1000, timestamp=NINE)
    )
    say(transaction=start.transaction_id)
    _, profile = await asyncio.wait_for(station.heard.get(), 20)
    await asyncio.wait_for(station.heard.get(), 20)
    number = start.transaction_id
    await station.call(
        call.StopTransaction(transaction_id=number, meter_stop=8000, timestamp=TEN, reason="Remote")
    )
    return {"boot": boot.status, "card": card.id_tag_info["status"], "profile": profile}


async def charge_2(station: Station) -> dict[str, Any]:
    """A session of 2.x."""
    boot = await station.call(
        call.BootNotification(charging_station={"model": "m", "vendorName": "v"}, reason="PowerUp")
    )
    await station.call(
        call.StatusNotification(
            timestamp=NINE, connector_status="Available", evse_id=1, connector_id=1
        )
    )
    card = await station.call(call.Authorize(id_token={"idToken": "card", "type": "ISO14443"}))

    async def tell(kind: str, trigger: str, seq: int, at: str, wh: float, **more: Any) -> None:
        reading = {"timestamp": at, "sampledValue": [{"value": wh}]}
        await station.call(
            call.TransactionEvent(
                event_type=kind,
                timestamp=at,
                trigger_reason=trigger,
                seq_no=seq,
                transaction_info={"transactionId": "t1", **more},
                evse={"id": 1, "connectorId": 1},
                meter_value=[reading],
                id_token={"idToken": "card", "type": "ISO14443"},
            )
        )

    await tell("Started", "Authorized", 0, NINE, 1000.0, chargingState="Charging")
    say(transaction="t1")
    _, profile = await asyncio.wait_for(station.heard.get(), 20)
    await asyncio.wait_for(station.heard.get(), 20)
    await tell("Ended", "RemoteStop", 1, TEN, 8000.0, stoppedReason="Remote")
    return {"boot": boot.status, "card": card.id_token_info["status"], "profile": profile}


async def main() -> None:
    """Be a station for one session."""
    credential = base64.b64encode(f"{IDENTITY}:{PASSWORD}".encode()).decode()
    async with websockets.connect(
        f"{ADDRESS}/{IDENTITY}",
        subprotocols=[SUBPROTOCOL],
        additional_headers={"Authorization": f"Basic {credential}"},
    ) as line:
        station = Station(IDENTITY, line)
        station.heard = asyncio.Queue()
        listening = asyncio.create_task(station.start())
        found = await (charge_16 if VERSION == "1.6" else charge_2)(station)
        listening.cancel()
    say(**found)


asyncio.run(main())
