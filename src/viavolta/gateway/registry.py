"""What the doors and the answers need to know, in memory, kept fresh from the tables.

The event loop never waits for the database: `refresh` runs in a thread of its own and swaps in what
changed.
"""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import close_old_connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from viavolta.gateway.setpoints import Setpoints
from viavolta.gateway.transactions import Transactions
from viavolta.gateway.trust import Trust
from viavolta.services.central_system.world import Admission, TokenStatus, TokenVerdict
from viavolta.storage.station_authorities import signing_organisations
from viavolta.storage.station_keys import gateway_key
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.stations import NumberBlock, Session, Station, Token

OVERLAP = dt.timedelta(seconds=10)
"""Rows changed so long before the last look are read again: clocks and commits are not exact."""

WHOLE_EVERY = dt.timedelta(minutes=5)
"""Everything is read again so often, so that what was deleted goes."""

NUMBERS_AT_ONCE = 1000

REMEMBER_STARTS = dt.timedelta(days=1)
"""A start told again later than this gets a second number, and is the same session all the same."""

MOST_STARTS = 200_000
"""Starts that are remembered with their numbers; beyond, the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A station as the doors see it."""

    pk: int
    tenant_id: int
    identity: str
    site: str
    key_hash: str
    next_key_hash: str
    wants_key: bool
    serial: str
    certificate_sha256: str
    next_certificate_sha256: str
    certificate_expires_at: dt.datetime | None
    security_profile: int
    admission: Admission
    window_id: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """A window of enrolment as the doors see it."""

    pk: int
    token_hash: str
    opens_at: dt.datetime
    ends_at: dt.datetime

    def is_open(self, now: dt.datetime) -> bool:
        """Whether unknown stations may call."""
        return self.opens_at <= now < self.ends_at


_COLUMNS = [field.name for field in dataclasses.fields(Entry)]
_UNKNOWN = TokenVerdict(status=TokenStatus.UNKNOWN)


class Registry:
    """Stations by identity, tokens by tenant, windows of enrolment, transaction numbers.

    `data` is the folder where the keys of authorities are.
    """

    def __init__(self, data: Path | None = None) -> None:
        self._data = data
        self.key = b"" if data is None else gateway_key(data)
        """The key of the hashes that this gateway makes."""
        self._organisations: dict[int, str] = {}
        self.setpoints = Setpoints()
        self.transactions = Transactions()
        self.trust = Trust()
        self._windows: dict[str, Window] = {}
        self._stations: dict[str, Entry] = {}
        self._tokens: dict[tuple[int, str], TokenVerdict] = {}
        self._numbers: list[int] = []
        self._starts: dict[tuple[int, str], int] = {}
        self._seen_at: dt.datetime | None = None
        self._whole_at: dt.datetime | None = None
        self._wanting: list[str] = []

    def station(self, identity: str) -> Entry | None:
        """The station of an identity."""
        return self._stations.get(identity)

    def window(self, token_hash: str) -> Window | None:
        """The window of enrolment of a token."""
        return self._windows.get(token_hash)

    def signing_organisation(self, tenant_id: int) -> str | None:
        """The name that requests of a tenant's stations must give; None where nobody signs."""
        return self._organisations.get(tenant_id)

    def who_wants_a_key(self) -> list[Entry]:
        """The stations that are to be given a new password."""
        return [self._stations[identity] for identity in self._wanting]

    def add(self, station: Station) -> Entry:
        """Take in a station that has just been made."""
        entry = _entry(*(getattr(station, name) for name in _COLUMNS))
        self._stations[entry.identity] = entry
        return entry

    def now(self) -> dt.datetime:
        """The time, UTC."""
        return timezone.now()

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
            if len(self._starts) > MOST_STARTS:
                del self._starts[next(iter(self._starts))]
        return known

    def refresh(self) -> None:
        """Read what changed since the last time, and fetch numbers; blocking, in a thread."""
        close_old_connections()
        now = timezone.now()
        if self._whole_at is None or now - self._whole_at > WHOLE_EVERY:
            self._read_whole(now)
        else:
            since = (self._seen_at or now) - OVERLAP
            self.setpoints.refresh(since)
            self.transactions.refresh(now, since)
            self._stations |= _entries(Station.objects.filter(changed_at__gt=since))
            self._tokens |= _verdicts(Token.objects.filter(changed_at__gt=since))
        self._wanting = list(
            Station.objects.filter(wants_key=True).values_list("identity", flat=True)
        )
        windows = EnrolmentWindow.objects.values_list("pk", "token_hash", "opens_at", "ends_at")
        self._windows = {row[1]: Window(*row) for row in windows}
        if self._data is not None:
            self._organisations = signing_organisations(self._data)
        self.trust.refresh(self._data)
        self._seen_at = now
        if len(self._numbers) < NUMBERS_AT_ONCE:
            # reversed, so that the smallest is given out first
            self._numbers = [*reversed(_new_numbers(NUMBERS_AT_ONCE)), *self._numbers]

    def _read_whole(self, now: dt.datetime) -> None:
        self.setpoints.refresh(None)
        self.transactions.refresh(now, None)
        self._stations = _entries(Station.objects.all())
        self._tokens = _verdicts(Token.objects.all())
        if self._whole_at is None:  # later ones were given out here, or elsewhere to be an alias
            recent = Session.objects.filter(started_at__gt=now - REMEMBER_STARTS)
            rows = recent.exclude(start_key="").values_list(
                "station_id", "start_key", "transaction"
            )
            self._starts = {(station, key): int(number) for station, key, number in rows}
        self._whole_at = now


def _entries(rows: QuerySet[Station]) -> dict[str, Entry]:
    found = (_entry(*row) for row in rows.values_list(*_COLUMNS))
    return {entry.identity: entry for entry in found}


def _entry(*values: Any) -> Entry:
    entry = Entry(*values)
    return dataclasses.replace(entry, admission=Admission(entry.admission))


def _verdicts(rows: QuerySet[Token]) -> dict[tuple[int, str], TokenVerdict]:
    found = rows.values_list(
        "tenant_id", "token", "status", "expires_at", "group", "language", "priority"
    )
    return {
        (tenant_id, token): TokenVerdict(
            status=TokenStatus(status),
            expires_at=expires_at,
            group=group,
            language=language,
            priority=priority,
        )
        for tenant_id, token, status, expires_at, group, language, priority in found
    }


def _new_numbers(n: int) -> range:
    """Take the next n transaction numbers for this process alone."""
    with transaction.atomic():
        block, _ = NumberBlock.objects.select_for_update().get_or_create(pk=1)
        first = block.next_number
        block.next_number = first + n
        block.save()
    return range(first, first + n)
