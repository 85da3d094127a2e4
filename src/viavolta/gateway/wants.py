"""What drivers want of transactions, in memory: how far they may go, and who has the boost."""

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from viavolta.services.central_system.world import Limits
from viavolta.storage.tables.live import Wish

WAITS = dt.timedelta(days=1)
"""A wish that was given before its session holds so long for the next one at its EVSE."""

_COLUMNS = (
    "pk",
    "station_id",
    "evse",
    "token",
    "session__transaction",
    "is_boosted",
    "most_cents",
    "most_kwh",
    "most_min",
)

Key = tuple[int, str]
"""A station, and its number of a transaction."""

_Wanted = tuple[int, Limits]
"""The number of the wish, and what it says: the newest counts."""


class Wants:
    """Limits and boosts by transaction, and by EVSE where the transaction is yet to come."""

    def __init__(self) -> None:
        self._limits: dict[Key, _Wanted] = {}
        self._waiting: dict[tuple[int, int], tuple[str, _Wanted]] = {}
        self._boosted: set[Key] = set()
        self._taken: set[int] = set()

    def refresh(self, since: dt.datetime | None) -> None:
        """Read wishes given since then, or all that may count; blocking, in a thread."""
        if since is None:
            waiting = Q(session=None, given_at__gt=timezone.now() - WAITS)
            rows = Wish.objects.filter(waiting | Q(session__ended_at=None, session__isnull=False))
            self._limits, self._waiting, self._boosted = {}, {}, set()
            self._taken &= set(rows.values_list("pk", flat=True))
        else:
            rows = Wish.objects.filter(given_at__gt=since)
        for row in rows.filter(is_withdrawn=False).order_by("pk").values_list(*_COLUMNS):
            pk, station, evse, token, transaction, is_boosted, cents, kwh, minutes = row
            found = Limits(
                max_cents=cents,
                max_wh=None if kwh is None else kwh * 1000.0,
                max_s=None if minutes is None else minutes * 60,
            )
            if transaction is None:
                if pk not in self._taken:
                    self._waiting[station, evse] = (token, (pk, found))
                continue
            key = (station, transaction)
            self._limits[key] = (pk, found)
            if is_boosted:
                self._boosted.add(key)

    def began(self, key: Key, evse: int, token: str) -> None:
        """A transaction goes on at an EVSE: what waited for it there is its own."""
        waiting = self._waiting.get((key[0], evse))
        if waiting is None or waiting[0] not in {"", token}:
            return
        del self._waiting[key[0], evse]
        self._taken.add(waiting[1][0])
        known = self._limits.get(key)
        if known is None or known[0] < waiting[1][0]:
            self._limits[key] = waiting[1]

    def limits(self, key: Key) -> Limits:
        """How far a transaction may go."""
        found = self._limits.get(key)
        return Limits() if found is None else found[1]

    def waiting(self, station: int, evse: int) -> Limits:
        """How far the next transaction at an EVSE may go."""
        found = self._waiting.get((station, evse))
        return Limits() if found is None else found[1][1]

    def is_boosted(self, key: Key) -> bool:
        """Whether its driver has bought the boost."""
        return key in self._boosted
