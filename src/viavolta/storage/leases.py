"""Which process plans the sessions of a tenant: one at a time, as long as it says so."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from viavolta.storage.processes import is_lost
from viavolta.storage.tables.live import ControlLease

HOLDS = dt.timedelta(seconds=45)
"""So long a lease holds unless it is renewed: no tenant waits longer for another process."""


def hold(tenant_id: int, holder: str) -> bool:
    """Take a tenant's lease or renew it; False where another process holds it.

    A process of this machine that has ended holds nothing.
    """
    now = timezone.now()
    lease = ControlLease.objects.filter(tenant_id=tenant_id)
    known = lease.first()
    if known is not None:
        is_free = known.holder == holder or known.until <= now or is_lost(known.holder)
        same = lease.filter(holder=known.holder, until=known.until)
        return is_free and bool(same.update(holder=holder, until=now + HOLDS))
    try:
        with transaction.atomic():
            ControlLease.objects.create(tenant_id=tenant_id, holder=holder, until=now + HOLDS)
    except IntegrityError:  # another process was faster
        return False
    return True


def is_held(tenant_id: int, holder: str) -> bool:
    """Whether a lease is this process's still; locks it until the transaction ends."""
    lease = ControlLease.objects.select_for_update().filter(tenant_id=tenant_id).first()
    return lease is not None and lease.holder == holder and lease.until > timezone.now()


def release(holder: str) -> None:
    """Give all leases back, so that another process may plan at once."""
    ControlLease.objects.filter(holder=holder).update(until=timezone.now())


def note(tenant_id: int, *, trouble: str, n_sessions: int = 0, gap: float | None = None) -> None:
    """Write down how the last plan went: what kept it from being made, or what it amounts to."""
    row = ControlLease.objects.filter(tenant_id=tenant_id)
    if trouble:
        row.update(trouble=trouble[:300], troubled_at=timezone.now())
    else:
        row.update(trouble="", planned_at=timezone.now(), n_sessions=n_sessions, gap=gap)


def renew(holder: str) -> None:
    """Keep all leases that a process holds; what is over already is not."""
    now = timezone.now()
    ControlLease.objects.filter(holder=holder, until__gt=now).update(until=now + HOLDS)
