"""Whether what a station says can stand in the tables: found out before it is answered.

The schemas leave room for what no column takes and no sum bears: negative connectors, the 61st
second of a minute, years before the calendar. A station that says so is told at once; else one
record would hold up the tables of everybody.
"""

import datetime as dt
import math
from collections.abc import Iterable, Iterator

from viavolta.model.session import SessionEvent
from viavolta.protocols.ocpp.needs import Needs, needs_of
from viavolta.services.central_system.record import Record
from viavolta.storage import vehicle_needs
from viavolta.storage.session_rows import Told
from viavolta.storage.station_rows import outlet_of

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""Clocks that were never set stand here."""

LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
MOST = 1e15
"""What no meter, battery or power reaches, in any unit."""

MOST_NUMBER = 2**31 - 1
MOST_TRANSACTION_CHARS = 36
MOST_KEY_CHARS = 80


def why_unfit(record: Record) -> str:
    """Why a valid call cannot be brought into the tables; empty where it can."""
    payload = record.payload or {}
    try:
        told = Told.of(record)
        if told is not None:
            return why_no_event(told)
        if record.action == "StatusNotification":
            outlet = outlet_of(record, payload)
            return _first_of(
                _why_no_number(outlet.evse, outlet.connector), _why_no_time([outlet.status_at])
            )
        if record.action == vehicle_needs.ACTION:
            return _why_no_needs(needs_of(payload))
    except (ValueError, OverflowError):
        return "a time or a number that is none"
    return ""


def why_no_event(told: Told) -> str:
    """Why an event cannot be brought into the tables; empty where it can."""
    event = told.event
    if len(told.transaction) > MOST_TRANSACTION_CHARS or len(event.key) > MOST_KEY_CHARS:
        return "a number of too many characters"
    return _first_of(
        _why_no_number(event.evse, event.connector),
        _why_no_time([event.at, *(reading.at for reading in event.readings)]),
        _why_no_amount(_amounts(event)),
    )


def _why_no_needs(needs: Needs) -> str:
    amounts = (
        needs.energy_kwh,
        needs.min_energy_kwh,
        needs.max_kw,
        needs.min_kw,
        needs.max_discharge_kw,
        needs.capacity_kwh,
        needs.soc,
    )
    departure = [] if needs.departure_at is None else [needs.departure_at]
    return _first_of(_why_no_number(needs.evse), _why_no_time(departure), _why_no_amount(amounts))


def _first_of(*reasons: str) -> str:
    return next(filter(None, reasons), "")


def _why_no_number(*numbers: int | None) -> str:
    is_right = all(number is None or 0 <= number <= MOST_NUMBER for number in numbers)
    return "" if is_right else "no number of an EVSE or a connector"


def _why_no_time(times: Iterable[dt.datetime]) -> str:
    is_right = all(EARLIEST <= time < LATEST for time in times)
    return "" if is_right else f"a time outside of {EARLIEST:%Y} to {LATEST:%Y}"


def _why_no_amount(amounts: Iterable[float | None]) -> str:
    is_right = all(
        amount is None or (math.isfinite(amount) and abs(amount) < MOST) for amount in amounts
    )
    return "" if is_right else "an amount that nothing reaches"


def _amounts(event: SessionEvent) -> Iterator[float | None]:
    for reading in event.readings:
        yield from (reading.import_wh, reading.export_wh, reading.power_w, reading.soc)
