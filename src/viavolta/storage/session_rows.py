"""Sessions from what stations tell of them, a batch at a time.

An event that is simply the next of its session is added to what the row says; whatever else comes
has its session folded anew from all events. Both give the same session, and writing one twice
changes nothing.
"""

import dataclasses
import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self, TypeVar

from django.db.models import Q
from django.utils import timezone

from viavolta.model.session import Doubt, EventKind, Reading, Session, SessionEvent
from viavolta.protocols.ocpp.transactions import events_of
from viavolta.services.central_system.record import Record
from viavolta.services.sessions.fold import in_order, readings_of, session_of
from viavolta.services.sessions.hours import Hour, Hours, hours_of
from viavolta.services.sessions.tail import Tail, extended, tail_from, tail_of
from viavolta.storage.bulk import write
from viavolta.storage.tables import stations as tables
from viavolta.storage.tables.live import Wish

AT_ONCE = 500
"""Values in one question to the database."""

_WRITTEN = (
    "start_key",
    "started_at",
    "ended_at",
    "evse",
    "connector",
    "token",
    "stop_reason",
    "energy_wh",
    "discharged_wh",
    "power_w",
    "soc",
    "is_complete",
    "missing",
    "doubts",
    "tail",
    "updated_at",
)
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event of a session, as a station told it: the transaction's number, and the event.

    `start_key` is that of a start of 1.6, empty for every other event.
    """

    station: int
    transaction: str
    start_key: str
    event: SessionEvent

    @classmethod
    def of(cls, record: Record) -> Self | None:
        """What a record tells of a session, if it does."""
        payload = record.payload or {}
        told = events_of(record.action, payload, received_at=record.received_at)
        if told is None:
            return None
        number, event = told
        is_start_16 = number is None
        return cls(
            station=record.station,
            transaction=str((record.answer or {})["transactionId"]) if number is None else number,
            start_key=start_key_of(payload) if is_start_16 else "",
            event=event,
        )


def start_key_of(start: Mapping[str, Any]) -> str:
    """What makes a start of OCPP 1.6, told again, recognisable as the same."""
    return hashlib.sha256(json.dumps(start, sort_keys=True).encode()).hexdigest()


def bring_in_sessions(told: Iterable[Told]) -> None:
    """Write what stations told of their sessions; inside a transaction."""
    heard = list(told)
    if not heard:
        return
    news: dict[int, list[SessionEvent]] = defaultdict(list)
    rows: dict[int, tables.Session] = {}
    for one, row in zip(heard, _sessions_of(heard), strict=True):
        rows[row.pk] = row
        news[row.pk].append(one.event)
    hours: dict[tuple[int, dt.datetime], Hour] = {}
    events: list[tables.SessionEvent] = []
    anew = []
    for pk, row in rows.items():
        added = _extend(row, news[pk])
        if added is None:
            anew.append(pk)
            continue
        events += (_row_of(row, event) for event in news[pk])
        for hour, passed in added:
            hours.setdefault((pk, hour), Hour()).add(passed)
    _add_hours(hours)
    events += _fold_anew({pk: rows[pk] for pk in anew}, news)
    tables.SessionEvent.objects.bulk_create(events, ignore_conflicts=True)
    write(list(rows.values()), _WRITTEN)


def events_of_session(session: tables.Session) -> list[SessionEvent]:
    """All events of a session as they came, each once."""
    return [_event_of(content) for content in session.events.values_list("content", flat=True)]


def forget_tokens(sessions: Sequence[tables.Session]) -> None:
    """Take out of sessions, their events and wishes with what card they were begun.

    An event counts as the same without it: what a station tells again changes nothing.
    """
    for some in _pieces(sessions):
        rows = list(
            tables.SessionEvent.objects.filter(session__in=[s.pk for s in some]).select_related(
                "session"
            )
        )
        taken = set[tuple[int, str, str]]()
        for row in rows:
            event = dataclasses.replace(_event_of(row.content), token="")
            bare = _row_of(row.session, event)
            row.content, row.digest = bare.content, bare.digest
            while (row.session_id, row.key, row.digest) in taken:
                row.digest = hashlib.sha256(row.digest.encode()).hexdigest()
            taken.add((row.session_id, row.key, row.digest))
        tables.SessionEvent.objects.bulk_update(rows, ("content", "digest"), batch_size=AT_ONCE)
        keys = [session.pk for session in some]
        Wish.objects.filter(session__in=keys).update(token="")
        tables.Session.objects.filter(pk__in=keys).update(token="")


def _extend(
    row: tables.Session, events: Iterable[SessionEvent]
) -> list[tuple[dt.datetime, Hour]] | None:
    """Add events to a session's row; what they add by the hour, None where that is not enough."""
    if row.tail is None:
        return None
    session, added = _session_in(row), list[tuple[dt.datetime, Hour]]()
    tail: Tail | None = tail_from(row.tail)
    for event in events:
        found = None if tail is None else extended(session, tail, event)
        if found is None:
            return None
        session, tail, hours = found
        added += hours.items()
    _put(row, session)
    row.tail = None if tail is None else tail.as_json()
    return added


def _fold_anew(
    rows: Mapping[int, tables.Session], news: Mapping[int, Sequence[SessionEvent]]
) -> list[tables.SessionEvent]:
    """Make sessions anew from all of their events; the rows of those that are new."""
    known: dict[int, dict[tuple[str, str], SessionEvent]] = defaultdict(dict)
    for some in _pieces(list(rows)):
        kept = tables.SessionEvent.objects.filter(session__in=some)
        for pk, key, digest, content in kept.values_list("session", "key", "digest", "content"):
            known[pk][key, digest] = _event_of(content)
    new_rows = []
    hours: dict[int, Hours] = {}
    for pk, row in rows.items():
        events = known[pk]
        n_before = len(events)
        for event in news[pk]:
            new = _row_of(row, event)
            if (new.key, new.digest) in events:
                continue
            new.copy = sum(key == new.key for key, _ in events)
            events[new.key, new.digest] = event
            new_rows.append(new)
        if len(events) == n_before:
            continue
        _put(row, session_of(events.values()))
        tail = tail_of(events.values())
        row.tail = None if tail is None else tail.as_json()
        hours[pk] = hours_of(readings_of(in_order(events.values())))
    for some in _pieces([pk for pk in hours if known[pk]]):
        tables.SessionHour.objects.filter(session__in=some).delete()
    _write_hours({(pk, hour): one for pk, found in hours.items() for hour, one in found.items()})
    return new_rows


def _add_hours(added: Mapping[tuple[int, dt.datetime], Hour]) -> None:
    """Add to the hours of sessions what further readings brought."""
    total = dict(added)
    by_hour: dict[dt.datetime, list[int]] = defaultdict(list)
    for pk, hour in added:
        by_hour[hour].append(pk)
    for hour, sessions in by_hour.items():
        for some in _pieces(sessions):
            for row in tables.SessionHour.objects.filter(session__in=some, hour=hour):
                total[row.session_id, hour].add(
                    Hour(
                        energy_kwh=row.energy_kwh,
                        discharged_kwh=row.discharged_kwh,
                        max_kw=row.max_kw,
                    )
                )
    _write_hours(total)


def _write_hours(hours: Mapping[tuple[int, dt.datetime], Hour]) -> None:
    tables.SessionHour.objects.bulk_create(
        (
            tables.SessionHour(
                session_id=pk,
                hour=hour,
                energy_kwh=one.energy_kwh,
                discharged_kwh=one.discharged_kwh,
                max_kw=one.max_kw,
            )
            for (pk, hour), one in hours.items()
        ),
        update_conflicts=True,
        unique_fields=("session", "hour"),
        update_fields=("energy_kwh", "discharged_kwh", "max_kw"),
    )


def _sessions_of(heard: Sequence[Told]) -> list[tables.Session]:
    """The session of each event, made where there is none.

    A start of 1.6 told twice under two numbers is one session, and its second number an alias.
    """
    by_number = _known_sessions({(one.station, one.transaction) for one in heard})
    by_start = _sessions_by(
        "start_key", {(one.station, one.start_key) for one in heard if one.start_key}
    )
    new: dict[tuple[int, str], tables.Session] = {}
    aliases = []
    for one in heard:
        number, start = (one.station, one.transaction), (one.station, one.start_key)
        same = by_start.get(start) if one.start_key else None
        if same is not None and number not in by_number:
            aliases.append((one, same))
            by_number[number] = same
        row = by_number.get(number)
        if row is None:
            row = by_number[number] = new[number] = tables.Session(
                station_id=one.station, transaction=one.transaction, started_at=one.event.at
            )
        if one.start_key and same is None and not row.start_key:
            row.start_key = one.start_key
            by_start[start] = row
    tables.Session.objects.bulk_create(new.values())
    tables.TransactionAlias.objects.bulk_create(
        tables.TransactionAlias(station_id=one.station, transaction=one.transaction, session=row)
        for one, row in aliases
    )
    return [by_number[one.station, one.transaction] for one in heard]


def _known_sessions(numbers: set[tuple[int, str]]) -> dict[tuple[int, str], tables.Session]:
    """Sessions by station and transaction, aliases included."""
    found = _sessions_by("transaction", numbers)
    aliases = {}
    for some in _pieces(sorted(numbers - set(found))):
        rows = tables.TransactionAlias.objects.filter(_any_of("transaction", some))
        for row in rows:
            aliases[row.station_id, row.transaction] = row.session_id
    named = {row.pk: row for row in found.values()}
    missing = {pk for pk in aliases.values() if pk not in named}
    named |= {row.pk: row for row in _locked(Q(pk__in=missing))} if missing else {}
    return found | {number: named[pk] for number, pk in aliases.items()}


def _sessions_by(column: str, keys: set[tuple[int, str]]) -> dict[tuple[int, str], tables.Session]:
    found = {}
    for some in _pieces(sorted(keys)):
        for row in _locked(_any_of(column, some)):
            found[row.station_id, str(getattr(row, column))] = row
    return {key: row for key, row in found.items() if key in keys}


def _any_of(column: str, keys: Iterable[tuple[int, str]]) -> Q:
    """Rows of any of these stations with any of these words: a few too many, by an index."""
    stations, words = zip(*keys, strict=True)
    return Q(("station__in", set(stations)), (f"{column}__in", set(words)))


def _locked(which: Q) -> Iterable[tables.Session]:
    """Sessions that no other projector changes meanwhile."""
    return tables.Session.objects.filter(which).order_by("pk").select_for_update()


def _pieces(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _put(row: tables.Session, session: Session) -> None:
    row.started_at, row.ended_at = session.started_at, session.ended_at
    row.evse, row.connector, row.token = session.evse, session.connector, session.token
    row.stop_reason = session.stop_reason
    row.energy_wh, row.discharged_wh = session.energy_wh, session.discharged_wh
    row.power_w, row.soc = session.last_power_w, session.last_soc
    row.is_complete, row.missing = session.is_complete, list(session.missing)
    row.doubts = sorted(session.doubts)
    row.updated_at = timezone.now()


def _session_in(row: tables.Session) -> Session:
    return Session(
        started_at=row.started_at,
        ended_at=row.ended_at,
        evse=row.evse,
        connector=row.connector,
        token=row.token,
        stop_reason=row.stop_reason,
        energy_wh=row.energy_wh,
        discharged_wh=row.discharged_wh,
        last_power_w=row.power_w,
        last_soc=row.soc,
        is_complete=row.is_complete,
        missing=tuple(row.missing),
        doubts=frozenset(map(Doubt, row.doubts)),
        signed=(),
    )


def _row_of(row: tables.Session, event: SessionEvent) -> tables.SessionEvent:
    content = _content(event)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content["received_at"] = event.received_at.isoformat()
    return tables.SessionEvent(session_id=row.pk, key=event.key, digest=digest, content=content)


def _content(event: SessionEvent) -> dict[str, Any]:
    """The event as JSON, without when it arrived: a repeat arrives later and is the same."""
    return {
        "kind": event.kind,
        "key": event.key,
        "seq": event.seq,
        "at": event.at.isoformat(),
        "evse": event.evse,
        "connector": event.connector,
        "token": event.token,
        "reason": event.reason,
        "state": event.state,
        "is_offline": event.is_offline,
        "readings": [
            {
                "at": reading.at.isoformat(),
                "import_wh": reading.import_wh,
                "export_wh": reading.export_wh,
                "power_w": reading.power_w,
                "soc": reading.soc,
                "signed": reading.signed,
            }
            for reading in event.readings
        ],
    }


def _event_of(content: Mapping[str, Any]) -> SessionEvent:
    parts = dict(content)
    readings = [r | {"at": dt.datetime.fromisoformat(r["at"])} for r in parts.pop("readings")]
    return SessionEvent(
        **parts
        | {
            "kind": EventKind(parts["kind"]),
            "at": dt.datetime.fromisoformat(parts["at"]),
            "received_at": dt.datetime.fromisoformat(parts["received_at"]),
            "readings": tuple(Reading(**r) for r in readings),
        }
    )
