"""What a session under way has used so far, event by event, in little memory.

Events are taken in as they come, in order; of the meter only those readings are kept on which an
account can depend: the first and the last of each stretch in which prices stay the same and the
register only rises. The account is to the cent that of all events (`session_use.use_of`): tested.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from viavolta.model.session import EventKind, SessionEvent
from viavolta.services.billing.price import Account, Register, Use, account_of
from viavolta.services.billing.session_use import FULL, TAKES
from viavolta.services.billing.tariff import Tariff, local_edges
from viavolta.services.sessions.fold import in_order

LONGEST = dt.timedelta(days=60)
"""A session that says it lasts longer has a wrong clock: its account would take long to make."""


class OutOfTurnError(ValueError):
    """An event is not simply the next one: all events must be read."""


class RunningUse:
    """A session under its tariff, from its first event on.

    Parameters
    ----------
    start
        Its first event, number 0.

    Raises
    ------
    OutOfTurnError: another event.
    """

    def __init__(self, tariff: Tariff, start: SessionEvent) -> None:
        if start.kind is not EventKind.STARTED or start.seq != 0:
            raise OutOfTurnError(start.key)
        self.tariff = tariff
        self._zone = ZoneInfo(tariff.zone)
        self._last = start
        self._started_at = start.at
        self._full_at: dt.datetime | None = None
        self._registers: list[Register] = []
        self._take(start)

    @classmethod
    def of(cls, tariff: Tariff, events: Iterable[SessionEvent]) -> "RunningUse":
        """The session of events in any order, each as often as it came.

        Raises
        ------
        OutOfTurnError: some are missing.
        """
        kept = in_order(events)
        if not kept:
            msg = "no event"
            raise OutOfTurnError(msg)
        found = cls(tariff, kept[0])
        for event in kept[1:]:
            found.add(event)
        return found

    @property
    def has_ended(self) -> bool:
        """Whether the last event told the end."""
        return self._last.kind is EventKind.ENDED

    def add(self, event: SessionEvent) -> None:
        """Take in the next event; the last one again changes nothing.

        Raises
        ------
        OutOfTurnError: it is neither.
        """
        if event.seq == self._last.seq:
            again = dataclasses.replace(event, received_at=self._last.received_at)
            if again != self._last:
                raise OutOfTurnError(event.key)
            return
        is_next = event.seq == (self._last.seq or 0) + 1 and event.kind is not EventKind.STARTED
        is_sane = event.at - self._started_at <= LONGEST
        if not is_next or not is_sane or self.has_ended:
            raise OutOfTurnError(event.key)
        self._take(event)

    def account(self, *, is_boosted: bool) -> Account:
        """What it costs by its last event."""
        return account_of(
            self.tariff,
            Use(
                started_at=self._started_at,
                ended_at=max(self._started_at, self._last.at),
                registers=tuple(self._registers),
                full_at=self._full_at,
                is_boosted=is_boosted,
            ),
        )

    def _take(self, event: SessionEvent) -> None:
        self._last = event
        if event.state in TAKES:
            self._full_at = None
        elif event.state in FULL and self._full_at is None:
            self._full_at = event.at
        read = sorted((r.at, r.import_wh) for r in event.readings if r.import_wh is not None)
        for register in read:
            self._put(register)

    def _put(self, register: Register) -> None:
        kept = self._registers
        if kept and register < kept[-1]:
            raise OutOfTurnError(str(register[0]))
        if len(kept) > 1 and self._is_between(kept[-2], kept[-1], register):
            kept.pop()
        kept.append(register)

    def _is_between(self, before: Register, middle: Register, after: Register) -> bool:
        """Whether the middle reading changes nothing: even rises, and one price all the while."""
        if not before[1] <= middle[1] <= after[1]:
            return False
        if after[0] - before[0] > dt.timedelta(days=1):
            return False
        return not local_edges(self.tariff.components, self._zone, before[0], after[0])
