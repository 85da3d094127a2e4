"""What is attacked: gateways with stations, and what must stand in their tables."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attacker import Attacker
from oca.stage import PASSWORD, PATIENCE_S, Gateways

from viavolta.gateway.server import Gateway
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.journal import durable_end
from viavolta.storage.projector import reached
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.stations import Session, Station

AT = "2026-03-01T08:00:00Z"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Target:
    """The gateways, and how their stations are made and called."""

    gateways: Gateways

    @property
    def gateway(self) -> Gateway:
        """The one with the plain port."""
        return self.gateways.plain

    @property
    def port(self) -> int:
        """Of the plain port."""
        return self.gateway.settings.port

    def station(self, **columns: Any) -> Station:
        """A new station with a password, known to the gateways."""
        name = f"cp-{next(_numbers)}"
        key = gateway_key(self.gateway.settings.data)
        values = {"tenant_id": 1, "key_hash": key_hash(key, name, PASSWORD)} | columns
        made = Station.objects.create(identity=name, **values)
        for gateway in (self.gateways.plain, self.gateways.tls):
            wait_for(lambda held=gateway: held.registry.station(name) is not None)
        return made

    def line(self, station: Station, version: Version = Version.V201, **more: Any) -> Attacker:
        """That station on the line, as it should be."""
        made = Attacker.as_station(self.port, station.identity, version=version, **more)
        assert made.status == 101
        return made

    def project(self) -> None:
        """Wait until all that was heard stands in the tables."""
        for gateway in (self.gateways.plain, self.gateways.tls):
            folder, name = gateway.settings.journal, gateway.settings.name
            wait_for(lambda f=folder, n=name: reached(n) >= durable_end(f))

    def is_held(self, station: Station) -> bool:
        """Whether a station is on the line."""
        return self.gateway.hall.get(station.pk) is not None


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "never came to pass"
        time.sleep(0.005)


def event(
    transaction: str, seq: int, kind: str = "Updated", *, wh: float | None = None, **more: Any
) -> dict[str, Any]:
    """A TransactionEvent of 2.x."""
    told: dict[str, Any] = {
        "eventType": kind,
        "timestamp": AT,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq,
        "transactionInfo": {"transactionId": transaction},
    }
    if wh is not None:
        told["meterValue"] = [{"timestamp": AT, "sampledValue": [{"value": wh}]}]
    return told | more


def sessions(station: Station) -> list[Session]:
    """The sessions of a station."""
    return list(Session.objects.filter(station=station).order_by("pk"))
