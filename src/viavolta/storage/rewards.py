"""What drivers and vehicles of a tenant did and earned, from its sessions and their bills."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from viavolta.services.billing.measures import Taken
from viavolta.storage.billing import standing_of
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.tables.billing import Bill
from viavolta.storage.tables.stations import Session

VISITORS = ""
"""The driver of all sessions without a card: of visitors, or begun without any token."""


def taken_in(tenant_id: int, start: dt.datetime, end: dt.datetime) -> list[Taken]:
    """The sessions of a tenant that touch `[start, end)`, each once, as its standing bill says.

    Drivers go by their card. Until its bill is closed, a session that ended counts by its hours.
    """
    rows = Session.objects.filter(station__tenant_id=tenant_id, started_at__lt=end)
    return taken_of(rows.filter(Q(ended_at=None) | Q(ended_at__gte=start)))


def taken_of(sessions: Iterable[Session]) -> list[Taken]:
    """Sessions as measures see them."""
    rows = list(sessions)
    bills = Bill.objects.filter(session__in=[row.pk for row in rows])
    by_session = {
        bill.session_id: standing_of(bill) for bill in bills.prefetch_related("corrections")
    }
    found = []
    for row in rows:
        figures = by_session.get(row.pk)
        found.append(
            Taken(
                driver=VISITORS if row.token.startswith(VISIT_PREFIX) else row.token,
                started_at=row.started_at,
                ended_at=row.ended_at,
                is_flexible=figures is not None and figures.flexible_s > 0,
                energy_wh=0.0 if figures is None else figures.energy_wh,
                flexible_wh=0.0 if figures is None else figures.flexible_wh,
                discharged_wh=0.0 if figures is None else figures.discharged_wh,
                reward_cents=0 if figures is None else figures.reward_cents,
            )
        )
    return found
