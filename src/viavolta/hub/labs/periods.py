"""The period that a lab's figures are asked for."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone


def days_of(since: date | None, until: date | None) -> tuple[date, date]:
    """The first day and the last one, both included; this year unless both are given in order."""
    if since is not None and until is not None and since <= until:
        return since, until
    year = timezone.localdate().year
    return date(year, 1, 1), date(year, 12, 31)


def period_of(since: date | None, until: date | None) -> tuple[datetime, datetime]:
    """The instants between which things count: `[since, until + 1 day)`."""
    first, last = days_of(since, until)
    after = min(last, date.max - timedelta(days=1)) + timedelta(days=1)
    return _start(first), _start(after)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
