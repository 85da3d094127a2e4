"""The safe default that every station on the line holds for the day without a link."""

import datetime as dt

from django.db.models import Max

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.facts import TenantFacts
from viavolta.services.live.safe import safe_kw
from viavolta.services.live.wire import ACTION, default_call
from viavolta.storage.live_facts import gateways_alive
from viavolta.storage.tables.stations import Command, Station
from viavolta.storage.wake import wake

BY = "control-default"
"""Who asks stations to keep a default."""

WITHIN = dt.timedelta(minutes=5)


class Defaults:
    """Puts a default into each station that comes on the line, and anew where it changes."""

    def __init__(self) -> None:
        self._put: dict[int, tuple[dt.datetime | None, float]] = {}

    def put(self, tenant_id: int, facts: TenantFacts, now: dt.datetime) -> int:
        """Have stations told whose default is not known to be there; how many. Blocking.

        A station under no limit gets none: nothing of ours binds it.
        """
        rows = Station.objects.filter(
            tenant_id=tenant_id,
            admission=Station.Admission.ACCEPTED,
            gateway__in=gateways_alive(now),
        ).exclude(ocpp_version="")
        by_limit: dict[str, float | None] = {}
        new = []
        for row in rows:
            if row.limit_id not in by_limit:
                by_limit[row.limit_id] = safe_kw(row.limit_id, facts)
            kw = by_limit[row.limit_id]
            if kw is not None and self._put.get(row.pk) != (row.connected_at, kw):
                new.append((row, kw))
        asked = _asked(tenant_id) if new else {}
        commands = []
        for row, kw in new:
            self._put[row.pk] = (row.connected_at, kw)
            payload = default_call(Version(row.ocpp_version), kw)
            last = asked.get(row.pk)
            is_there = last is not None and last.payload == payload
            if is_there and last is not None and last.asked_at > (row.connected_at or now):
                continue  # this process is new, the station is not
            commands.append(_command(row, payload, now))
        Command.objects.bulk_create(commands)
        if commands:
            wake()
        return len(commands)


def _command(station: Station, payload: dict[str, object], now: dt.datetime) -> Command:
    return Command(
        station=station,
        action=ACTION,
        payload=payload,
        asked_by=BY,
        asked_at=now,
        expires_at=now + WITHIN,
    )


def _asked(tenant_id: int) -> dict[int, Command]:
    """The default that each station was asked last to keep."""
    asked = Command.objects.filter(station__tenant_id=tenant_id, asked_by=BY).order_by()
    last = asked.values("station").annotate(last=Max("pk")).values_list("last", flat=True)
    return {row.station_id: row for row in Command.objects.filter(pk__in=list(last))}
