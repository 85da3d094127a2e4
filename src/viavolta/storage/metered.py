"""Energy that the stations below a limit took, from the events of their sessions."""

import datetime as dt
from collections.abc import Sequence

from viavolta.services.sessions.metered import Register, energy_within_wh
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.live import SiteLimit
from viavolta.storage.tables.stations import Session, Station

Span = tuple[dt.datetime, dt.datetime]


def energy_below_kwh(tenant_id: int, limit_id: str, spans: Sequence[Span]) -> list[float | None]:
    """Energy (kWh) taken below a limit in each span; "" for all stations of the tenant.

    None where a session of that time told no two readings of its meter.
    """
    stations = Station.objects.filter(tenant_id=tenant_id)
    if limit_id:
        stations = stations.filter(limit_id__in=_below(tenant_id, limit_id))
    registers = _registers(list(stations.values_list("pk", flat=True)), spans)
    found: list[float | None] = []
    for start, end in spans:
        own = [told for began, ended, told in registers if began < end and ended > start]
        known = all(len(told) > 1 for told in own)
        total = sum(energy_within_wh(told, start, end) for told in own) / 1000
        found.append(total if known else None)
    return found


def _registers(
    stations: list[int], spans: Sequence[Span]
) -> list[tuple[dt.datetime, dt.datetime, list[Register]]]:
    """Begin, end and readings of every session that touches the spans."""
    if not spans:
        return []
    first, last = min(s for s, _ in spans), max(e for _, e in spans)
    rows = Session.objects.filter(station__in=stations, started_at__lt=last)
    rows = rows.exclude(ended_at__lte=first)
    return [
        (
            row.started_at,
            row.ended_at or last,
            [
                (reading.at, reading.import_wh)
                for event in events_of_session(row)
                for reading in event.readings
                if reading.import_wh is not None
            ],
        )
        for row in rows
    ]


def _below(tenant_id: int, limit_id: str) -> set[str]:
    """A limit and all limits under it."""
    rows = list(
        SiteLimit.objects.filter(tenant_id=tenant_id).values_list("pk", "parent_id", "limit_id")
    )
    found = {pk for pk, _, name in rows if name == limit_id}
    while True:
        more = {pk for pk, parent, _ in rows if parent in found} - found
        if not more:
            return {limit_id, *(name for pk, _, name in rows if pk in found)}
        found |= more
