"""Reports to VTNs that are followed: energy used, mean power, a baseline, how an event is taken.

The baseline of an interval is the mean of what was used at the same time of the ten days before
(nobody's control but the event's own is taken out of it), and is marked as estimated.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import fmean

from viavolta.hub.openadr.foreign import ForeignVtn
from viavolta.hub.openadr.models import Connection, ForeignEvent
from viavolta.protocols.openadr.intervals import Span
from viavolta.protocols.openadr.reports import Due, report, reports_of
from viavolta.storage.grid_signals import limits_named
from viavolta.storage.metered import Span as Times
from viavolta.storage.metered import energy_below_kwh

BASELINE_DAYS = 10
_RUNS_KWH = 0.001


def report_due(connection: Connection, now: datetime) -> int:
    """Send the reports whose intervals have ended, each once; how many.

    Raises
    ------
    PeerError: the VTN does not take one; it is tried again with the next look.
    """
    if not connection.sends_reports:
        return 0
    sent = 0
    for row in connection.events.filter(error=""):
        sent += _tell_choice(connection, row, now)
        for due in reports_of(row.content, received_at=row.received_at):
            mark = f"{due.descriptor}/{due.number}"
            if due.due_at <= now and mark not in row.reported:
                send_report(connection, row, due)
                row.reported = [*row.reported, mark]
                row.save(update_fields=["reported"])
                sent += 1
    return sent


def _tell_choice(connection: Connection, row: ForeignEvent, now: datetime) -> int:
    """Tell that an event was opted out of, or in again: as an operating state of the standard."""
    if row.is_out == row.told_out:
        return 0
    span = Span(start=now, end=now + timedelta(seconds=connection.poll_s), payloads=())
    due = Due(
        descriptor=0,
        number=0,
        kind="OPERATING_STATE",
        units=None,
        first=0,
        spans=(span,),
        due_at=now,
        names=(),
        is_aggregated=True,
    )
    send_report(connection, row, due)
    row.told_out = row.is_out
    row.save(update_fields=["told_out"])
    return 1


def send_report(connection: Connection, row: ForeignEvent, due: Due) -> None:
    """Send one report.

    Raises
    ------
    PeerError: the VTN does not take it.
    """
    named = limits_named(connection.organisation_id, due.names) or [connection.limit_id]
    spans = [(span.start, span.end) for span in due.spans]
    values = {
        name or connection.ven_name: _values(connection, row, due, name, spans)
        for name in (named[:1] if due.is_aggregated else named)
    }
    content = report(
        due,
        values,
        program_id=str(row.content["programID"]),
        event_id=row.event_id,
        client_name=connection.ven_name,
    )
    ForeignVtn(connection).make("reports", content)


def _values(
    connection: Connection, row: ForeignEvent, due: Due, limit_id: str, spans: Sequence[Times]
) -> list[float | str | None]:
    tenant = connection.organisation_id
    if due.kind == "BASELINE":
        return list(baseline_kwh(tenant, limit_id, spans))
    used = energy_below_kwh(tenant, limit_id, spans)
    if due.kind == "USAGE":
        return list(used)
    if due.kind == "OPERATING_STATE":
        return [_state(kwh, is_out=row.is_out) for kwh in used]
    hours = [(end - start).total_seconds() / 3600 for start, end in spans]
    return [None if kwh is None else kwh / h for kwh, h in zip(used, hours, strict=True)]


def baseline_kwh(tenant_id: int, limit_id: str, spans: Sequence[Times]) -> list[float | None]:
    """The mean of what was used at the same time of the days before; None where not known."""
    earlier = [
        (start - timedelta(days=day), end - timedelta(days=day))
        for start, end in spans
        for day in range(1, BASELINE_DAYS + 1)
    ]
    used = energy_below_kwh(tenant_id, limit_id, earlier)
    found: list[float | None] = []
    for k in range(len(spans)):
        own = [kwh for kwh in used[k * BASELINE_DAYS : (k + 1) * BASELINE_DAYS] if kwh is not None]
        found.append(fmean(own) if own else None)
    return found


def _state(used_kwh: float | None, *, is_out: bool) -> str:
    """The operating state, in the words of the standard."""
    activity = "RUNNING" if used_kwh is None or used_kwh > _RUNS_KWH else "IDLE"
    return f"{activity}_{'OPTED_OUT' if is_out else 'CURTAILED'}"
