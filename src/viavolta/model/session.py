"""Sessions: what happened at a charging point between plugging in and driving away.

A station tells a session in events. They may come late, twice, in any order, or not at all; a
`Session` is what the events that did come amount to, with what is doubtful about it.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """Which part of a session an event tells."""

    STARTED = "started"
    UPDATED = "updated"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One moment of the meter; None where the station does not say.

    Attributes
    ----------
    at : the station's own time, UTC.
    import_wh, export_wh : registers: energy into the vehicle, and out of it, ever.
    power_w : charging positive, discharging negative.
    soc : share 0..1.
    signed : the meter's signed record as it came (OCMF or other), empty where there is none.
    """

    at: dt.datetime
    import_wh: float | None = None
    export_wh: float | None = None
    power_w: float | None = None
    soc: float | None = None
    signed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """One event of a session, whatever the version of the protocol.

    Attributes
    ----------
    key : unique within the session: the sequence number where the protocol has one, else what makes
        a repeat of the same event recognisable.
    seq : sequence number from 0, None where the protocol has none.
    at, received_at : the station's time, and when it arrived here; UTC.
    token : whom the session is for, as the station wrote it; empty where not said.
    reason : why the session ended, or why this event was sent, in the protocol's words.
    is_offline : the station says that it was offline when this happened.
    """

    kind: EventKind
    key: str
    seq: int | None
    at: dt.datetime
    received_at: dt.datetime
    evse: int | None = None
    connector: int | None = None
    token: str = ""
    reason: str = ""
    state: str = ""
    is_offline: bool = False
    readings: tuple[Reading, ...] = ()


class Doubt(StrEnum):
    """What is not as it should be about a session; each is told, none stops a bill."""

    NO_START = "no-start"
    """Nothing says when it began: the first event that came counts as the start."""
    GAP = "gap"
    """Sequence numbers are missing between those that came."""
    CONFLICT = "conflict"
    """Two different events carry the same sequence number."""
    AFTER_END = "after-end"
    """Events carry a number or a time behind the end."""
    CLOCK = "clock"
    """The station's times run backwards, or into the future of their arrival."""
    METER_FELL = "meter-fell"
    """The register went down: energy is counted from the rises alone."""
    NO_METER = "no-meter"
    """No two readings of a register: the energy is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a session amounts to, from the events that came.

    `is_complete`: it ended, and no number is missing. `missing`: the numbers that are.
    `energy_wh`, `discharged_wh`: None where no meter says.
    """

    started_at: dt.datetime
    ended_at: dt.datetime | None
    evse: int | None
    connector: int | None
    token: str
    stop_reason: str
    energy_wh: float | None
    discharged_wh: float | None
    last_power_w: float | None
    last_soc: float | None
    is_complete: bool
    missing: tuple[int, ...]
    doubts: frozenset[Doubt]
    signed: tuple[str, ...]
