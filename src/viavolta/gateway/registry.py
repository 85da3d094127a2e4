"""What the doors and the answers need to know, in memory, kept fresh from the tables.

The event loop never waits for the database: `refresh` runs in a thread of its own and swaps in what
changed.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import close_old_connections, transaction
from django.utils import timezone

from viavolta.services.central_system.world import Admission, TokenStatus, TokenVerdict
from viavolta.storage.tables.stations import NumberBlock, Session, Station, Token

OVERLAP = dt.timedelta(seconds=10)
"""Rows changed so long before the last look are read again: clocks and commits are not exact."""

WHOLE_EVERY = dt.timedelta(minutes=5)
"""Everything is read again so often, so that what was deleted goes."""

NUMBERS_AT_ONCE = 1000

REMEMBER_STARTS = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A station as the doors see it."""

    pk: int
    tenant_id: int
    identity: str
    key_hash: str
    certificate_sha256: str
    security_profile: int
    admission: Admission


_FIELDS = (
    "pk",
    "tenant_id",
    "identity",
    "key_hash",
    "certificate_sha256",
    "security_profile",
    "admission",
)
_UNKNOWN = TokenVerdict(status=TokenStatus.UNKNOWN)


class Registry:
    """Stations by identity, tokens by tenant, transaction numbers that were given out."""

    def __init__(self) -> None:
        self._stations: dict[str, Entry] = {}
        self._tokens: dict[tuple[int, str], TokenVerdict] = {}
        self._numbers: list[int] = []
        self._starts: dict[tuple[int, str], int] = {}
        self._seen_at: dt.datetime | None = None
        self._whole_at: dt.datetime | None = None

    def station(self, identity: str) -> Entry | None:
        """The station of an identity."""
        return self._stations.get(identity)

    def verdict(self, tenant_id: int, token: str, now: dt.datetime) -> TokenVerdict:
        """What is known of a token at a tenant's stations."""
        found = self._tokens.get((tenant_id, token), _UNKNOWN)
        if found.expires_at is not None and found.expires_at <= now:
            return TokenVerdict(status=TokenStatus.EXPIRED, expires_at=found.expires_at)
        return found

    def number_of(self, station: int, start_key: str) -> int:
        """The transaction number of a start: the one it got before, or a new one.

        Raises
        ------
        IndexError: no number is left until the next `refresh`.
        """
        known = self._starts.get((station, start_key))
        if known is None:
            known = self._starts[station, start_key] = self._numbers.pop()
        return known

    def refresh(self) -> None:
        """Read what changed since the last time, and fetch numbers; blocking, in a thread."""
        close_old_connections()
        now = timezone.now()
        if self._whole_at is None or now - self._whole_at > WHOLE_EVERY:
            self._read_whole(now)
        else:
            since = (self._seen_at or now) - OVERLAP
            self._stations |= _entries(Station.objects.filter(changed_at__gt=since))
            self._tokens |= _verdicts(Token.objects.filter(changed_at__gt=since))
        self._seen_at = now
        if len(self._numbers) < NUMBERS_AT_ONCE:
            # reversed, so that the smallest is given out first
            self._numbers = [*reversed(_new_numbers(NUMBERS_AT_ONCE)), *self._numbers]

    def _read_whole(self, now: dt.datetime) -> None:
        self._stations = _entries(Station.objects.all())
        self._tokens = _verdicts(Token.objects.all())
        recent = Session.objects.filter(started_at__gt=now - REMEMBER_STARTS).exclude(start_key="")
        for station, key, number in recent.values_list("station_id", "start_key", "transaction"):
            self._starts.setdefault((station, key), int(number))
        self._whole_at = now


def _entries(rows: "Iterable[Station]") -> dict[str, Entry]:
    found = {}
    for row in rows:
        values = {name: getattr(row, name) for name in _FIELDS}
        found[row.identity] = Entry(**values | {"admission": Admission(row.admission)})
    return found


def _verdicts(rows: "Iterable[Token]") -> dict[tuple[int, str], TokenVerdict]:
    return {
        (row.tenant_id, row.token): TokenVerdict(
            status=TokenStatus(row.status),
            expires_at=row.expires_at,
            group=row.group,
            language=row.language,
            priority=row.priority,
        )
        for row in rows
    }


def _new_numbers(n: int) -> range:
    """Take the next n transaction numbers for this process alone."""
    with transaction.atomic():
        block, _ = NumberBlock.objects.select_for_update().get_or_create(pk=1)
        first = block.next_number
        block.next_number = first + n
        block.save()
    return range(first, first + n)
