"""A station of OCPP 2.0.1 that does what it is asked from afar, in a thread of its own."""

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from calling import called

from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.line import Line


class ToldStation:
    """Begins a session when it is asked to start, ends it when it is asked to stop."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._seq, self._wh, self._token = 0, 0, dict[str, Any]()
        self._transaction = uuid4().hex

    async def live(self) -> None:
        """Boot, tell that a car is there, and do what is asked."""
        box = {"vendorName": "viavolta", "model": "told"}
        await self.line.call("BootNotification", {"reason": "PowerUp", "chargingStation": box})
        status = {"timestamp": _now(), "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
        await self.line.call("StatusNotification", status)
        while True:
            heard = await self.line.heard.get()
            match heard.action:
                case "RequestStartTransaction":
                    self.line.answer(heard, {"status": "Accepted"})
                    self._token = heard.payload["idToken"]
                    await self._tell("Started", "RemoteStart", 0)
                    await self._tell("Updated", "ChargingStateChanged", 1500)
                case "RequestStopTransaction":
                    self.line.answer(heard, {"status": "Accepted"})
                    await self._tell("Ended", "RemoteStop", 500)
                case "SetChargingProfile":
                    self.line.answer(heard, {"status": "Accepted"})
                case _:
                    self.line.answer(heard, None)

    async def _tell(self, kind: str, why: str, more_wh: int) -> None:
        self._wh += more_wh
        sampled: list[dict[str, Any]] = [
            {"value": self._wh},
            {"value": 7000 if kind == "Updated" else 0, "measurand": "Power.Active.Import"},
            {"value": 42, "measurand": "SoC"},
        ]
        payload = {
            "eventType": kind,
            "timestamp": _now(),
            "triggerReason": why,
            "seqNo": self._seq,
            "evse": {"id": 1, "connectorId": 1},
            "idToken": self._token,
            "transactionInfo": {"transactionId": self._transaction},
            "meterValue": [{"timestamp": _now(), "sampledValue": sampled}],
        }
        self._seq += 1
        await self.line.call("TransactionEvent", payload)


@contextmanager
def told_station(url: str, identity: str, password: str) -> Iterator[None]:
    """Let such a station live at a gateway."""
    loop = asyncio.new_event_loop()

    async def live() -> None:
        async with await called(url, identity, password, Version.V201) as line:
            await ToldStation(line).live()

    task = loop.create_task(live())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait({task})))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        loop.close()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()
