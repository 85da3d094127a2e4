"""Transactions under way, in memory: what each costs so far, and how far it may go.

The event loop never waits for the database: `refresh` runs in a thread of its own. A transaction
whose beginning was not heard here, or some of whose events came out of turn, is read from the
tables; until then nobody says what it costs.
"""

import datetime as dt
from dataclasses import dataclass

from viavolta.gateway.prices import Place, Prices
from viavolta.gateway.wants import Key, Wants
from viavolta.model.session import EventKind, SessionEvent
from viavolta.services.billing.running import OutOfTurnError, RunningUse
from viavolta.services.central_system.world import Limits, Standing
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.stations import Session

MOST = 200_000
"""Transactions that are kept; beyond, the oldest is forgotten."""

READ_AT_ONCE = 20
"""Transactions that are read from the tables in one refresh."""

READ_AGAIN = dt.timedelta(minutes=1)
FORGET_AFTER = dt.timedelta(minutes=10)
"""An ended transaction may be told again so long."""


@dataclass(slots=True)
class _Told:
    """The limits that a station was told last, in the answer to which event."""

    limits: Limits
    seq: int | None


class Transactions:
    """The running account of each transaction, and what its station was told of limits."""

    def __init__(self) -> None:
        self.prices, self.wants = Prices(), Wants()
        self._running: dict[Key, RunningUse] = {}
        self._begun: dict[Key, tuple[int, str]] = {}
        self._told: dict[Key, _Told] = {}
        self._ended: dict[Key, dt.datetime] = {}
        self._to_read: dict[Key, Place] = {}
        self._read_at: dict[Key, dt.datetime] = {}
        self._expected: dict[int, Place] = {}

    def expect(self, place: Place) -> None:
        """A station is on the line: its transactions under way are to be known."""
        self._expected[place.station] = place

    def heard(self, place: Place, transaction: str, event: SessionEvent) -> Standing:
        """How a transaction stands by an event of it."""
        key = (place.station, transaction)
        if event.seq == 0 and event.evse is not None:
            self._begun[key] = (event.evse, event.token)
        if key in self._begun:  # with every event: a wish may be read a moment after the start
            self.wants.began(key, *self._begun[key])
        if event.kind is EventKind.ENDED:
            self._ended.setdefault(key, event.received_at)
        return Standing(
            cents=self._cents(key, place, event), limits=self._limits_to_tell(key, event)
        )

    def _cents(self, key: Key, place: Place, event: SessionEvent) -> int | None:
        try:
            running = self._taken_in(key, place, event)
        except OutOfTurnError:
            self._running.pop(key, None)
            self._to_read.setdefault(key, place)
            return None
        if running is None:
            return None
        if not self.prices.are_asked(place.tenant_id):
            return 0
        return running.account(is_boosted=self.wants.is_boosted(key)).cents

    def _taken_in(self, key: Key, place: Place, event: SessionEvent) -> RunningUse | None:
        running = self._running.get(key)
        if running is not None:
            running.add(event)
            return running
        if event.seq != 0:
            raise OutOfTurnError(event.key)
        tariff = self.prices.at(place, event.at)
        if tariff is None:
            return None
        running = self._running[key] = RunningUse(tariff, event)
        return running

    def _limits_to_tell(self, key: Key, event: SessionEvent) -> Limits | None:
        """The limits, unless the station was told them already in the answer to another event."""
        limits, told = self.wants.limits(key), self._told.get(key)
        known = Limits() if told is None else told.limits
        if limits == known and (told is None or told.seq != event.seq):
            return None
        self._told[key] = _Told(limits, event.seq)
        return limits

    def refresh(self, now: dt.datetime, since: dt.datetime | None) -> None:
        """Read prices and wishes, and some of the transactions that are to be known."""
        self.prices.refresh()
        self.wants.refresh(since)
        self._look_for_expected()
        for key, last in list(self._read_at.items()):
            if now - last > READ_AGAIN:
                del self._read_at[key]
        due = [key for key in list(self._to_read) if key not in self._read_at]
        for key in due[:READ_AT_ONCE]:
            self._read_at[key] = now
            self._read(key, self._to_read.pop(key))
        for key, ended_at in list(self._ended.items()):
            if now - ended_at > FORGET_AFTER:
                self._forget(key)
        for held in (self._begun, self._running, self._told):
            for key in list(held)[: max(len(held) - MOST, 0)]:
                self._forget(key)

    def _forget(self, key: Key) -> None:
        self._begun.pop(key, None)
        self._running.pop(key, None)
        self._told.pop(key, None)
        self._ended.pop(key, None)

    def _look_for_expected(self) -> None:
        expected = [self._expected.pop(station) for station in list(self._expected)]
        priced = {place.station: place for place in expected if self.prices.has_any(place)}
        rows = Session.objects.filter(station__in=list(priced)[: READ_AT_ONCE * 20], ended_at=None)
        for station, transaction in rows.values_list("station_id", "transaction"):
            if (station, transaction) not in self._running:
                self._to_read.setdefault((station, transaction), priced[station])

    def _read(self, key: Key, place: Place) -> None:
        row = Session.objects.filter(station=key[0], transaction=key[1], ended_at=None).first()
        tariff = None if row is None else self.prices.at(place, row.started_at)
        if row is None or tariff is None:
            return
        try:
            running = RunningUse.of(tariff, events_of_session(row))
        except OutOfTurnError:
            return
        self._running.setdefault(key, running)
