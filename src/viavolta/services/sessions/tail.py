"""The next event of a session in order, added to what is known without reading the earlier ones.

Most events come in order and once: `extended` takes them in at the cost of one. Whatever else comes
(a repeat, a late one, a second start, anything after the end) must be folded anew; `extended` says
so. That both give the same session is tested.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from viavolta.model.session import Doubt, EventKind, Reading, Session, SessionEvent
from viavolta.services.sessions.fold import CLOCK_TOLERANCE, in_order, reading_order, readings_of
from viavolta.services.sessions.hours import Hours, hours_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What the next event needs to know of the earlier ones.

    `seq` and `at` are of the last event; `last` is the last reading, `imported` and `exported` the
    last ones that tell a register, None where there is none.
    """

    seq: int | None
    at: dt.datetime
    last: Reading | None = None
    imported: Reading | None = None
    exported: Reading | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain values; signed records are not needed."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "readings": [_plain(r) for r in (self.last, self.imported, self.exported)],
        }


def tail_from(plain: dict[str, Any]) -> Tail:
    """The tail that `as_json` wrote."""
    last, imported, exported = map(_reading, plain["readings"])
    return Tail(
        seq=plain["seq"],
        at=dt.datetime.fromisoformat(plain["at"]),
        last=last,
        imported=imported,
        exported=exported,
    )


def tail_of(events: Iterable[SessionEvent]) -> Tail | None:
    """The tail behind these events; None where the next one has to be folded with them."""
    kept = in_order(events)
    is_over = any(e.kind is EventKind.ENDED for e in kept)
    if is_over or len({e.seq is None for e in kept}) != 1:
        return None
    return _with_readings(Tail(seq=kept[-1].seq, at=kept[-1].at), readings_of(kept))


def extended(
    session: Session, tail: Tail, event: SessionEvent
) -> tuple[Session, Tail | None, Hours] | None:
    """The session with one more event, its new tail, and what the event adds to its hours.

    None where the event is not simply the next one.
    """
    if not _is_next(tail, event):
        return None
    new = sorted(event.readings, key=reading_order)
    if new and tail.last is not None and reading_order(new[0]) < reading_order(tail.last):
        return None
    doubts = set(session.doubts)
    if event.at > event.received_at + CLOCK_TOLERANCE:
        doubts.add(Doubt.CLOCK)
    energy_wh, discharged_wh = session.energy_wh, session.discharged_wh
    imported, exported = tail.imported, tail.exported
    last_power_w, last_soc = session.last_power_w, session.last_soc
    for reading in new:
        if reading.import_wh is not None:
            energy_wh = _risen(
                energy_wh, _register(imported, "import_wh"), reading.import_wh, doubts
            )
            imported = reading
        if reading.export_wh is not None:
            discharged_wh = _risen(
                discharged_wh, _register(exported, "export_wh"), reading.export_wh, doubts
            )
            exported = reading
        last_power_w = last_power_w if reading.power_w is None else reading.power_w
        last_soc = last_soc if reading.soc is None else reading.soc
    if energy_wh is not None:
        doubts.discard(Doubt.NO_METER)
    has_ended = event.kind is EventKind.ENDED
    longer = dataclasses.replace(
        session,
        ended_at=event.at if has_ended else None,
        stop_reason=event.reason if has_ended else "",
        evse=event.evse if session.evse is None else session.evse,
        connector=event.connector if session.connector is None else session.connector,
        token=session.token or event.token,
        energy_wh=energy_wh,
        discharged_wh=discharged_wh,
        last_power_w=last_power_w,
        last_soc=last_soc,
        is_complete=has_ended and not session.missing,
        doubts=frozenset(doubts),
        signed=tuple(dict.fromkeys((*session.signed, *(r.signed for r in new if r.signed)))),
    )
    behind = Tail(
        seq=event.seq,
        at=event.at,
        last=new[-1] if new else tail.last,
        imported=imported,
        exported=exported,
    )
    return longer, None if has_ended else behind, _hours(tail, new)


def _is_next(tail: Tail, event: SessionEvent) -> bool:
    if event.kind is EventKind.STARTED or (event.seq is None) != (tail.seq is None):
        return False
    if event.seq is not None and tail.seq is not None:
        return event.seq == tail.seq + 1 and event.at >= tail.at
    # without numbers an end may share its time with the last meter value, which no other may
    return event.at > tail.at or (event.kind is EventKind.ENDED and event.at == tail.at)


def _risen(
    total: float | None, before: float | None, after: float, doubts: set[Doubt]
) -> float | None:
    if before is None:
        return total
    if after < before:
        doubts.add(Doubt.METER_FELL)
    return (total or 0.0) + max(0.0, after - before)


def _register(reading: Reading | None, name: str) -> float | None:
    value: float | None = getattr(reading, name, None)
    return value


def _hours(tail: Tail, new: list[Reading]) -> Hours:
    """What new readings add: they go on where the registers stood."""
    before = [r for r in (tail.imported, tail.exported) if r is not None]
    if tail.imported is not None and tail.exported is not None:
        # two readings: each goes on with its own register alone
        before = [
            dataclasses.replace(tail.imported, export_wh=None),
            dataclasses.replace(tail.exported, import_wh=None),
        ]
    return hours_of([*(dataclasses.replace(r, power_w=None) for r in before), *new])


def _with_readings(tail: Tail, readings: list[Reading]) -> Tail:
    def last(register: str) -> Reading | None:
        return next((r for r in reversed(readings) if getattr(r, register) is not None), None)

    return dataclasses.replace(
        tail,
        last=readings[-1] if readings else None,
        imported=last("import_wh"),
        exported=last("export_wh"),
    )


def _plain(reading: Reading | None) -> list[Any] | None:
    if reading is None:
        return None
    return [reading.at.isoformat(), reading.import_wh, reading.export_wh]


def _reading(plain: list[Any] | None) -> Reading | None:
    if plain is None:
        return None
    at, import_wh, export_wh = plain
    return Reading(at=dt.datetime.fromisoformat(at), import_wh=import_wh, export_wh=export_wh)
