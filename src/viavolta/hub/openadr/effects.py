"""What events do: limits on the organisation's tree, prices of energy."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from viavolta.hub.openadr.models import VtnObject
from viavolta.hub.people.models import Organisation
from viavolta.protocols.openadr.capacity import FOREVER, capacities_of
from viavolta.protocols.openadr.objects import Kind
from viavolta.protocols.openadr.prices import prices_of
from viavolta.storage.grid_signals import Heard, follow_limits, follow_prices

_NO_END = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def to_follow(row: VtnObject) -> bool:
    """Whether limits and prices may change with an object: one of those that say when they end."""
    if row.kind == Kind.PROGRAM:
        return row.children.filter(kind=Kind.EVENT).exclude(ends_at=None).exists()
    return row.ends_at is not None


def end_of(content: dict[str, Any], received_at: dt.datetime) -> dt.datetime | None:
    """When an event's last limit or price ends; None where it sets none."""
    ends = [
        *(c.end for c in capacities_of(content, received_at=received_at)),
        *(p.end for p in prices_of(content, received_at=received_at)),
    ]
    if not ends:
        return None
    return _NO_END if max(ends) == FOREVER else max(ends)


def follow_events(organisation: Organisation) -> None:
    """Make limits and prices what the events of an organisation's VTN say."""
    now = timezone.now()
    rows = (
        VtnObject.objects.filter(organisation=organisation, kind=Kind.EVENT, ends_at__gt=now)
        .select_related("parent", "client")
        .order_by("pk")
    )
    heard = list(_heard(rows))
    follow_limits(organisation.pk, [one for one, _ in heard], now=now)
    follow_prices(organisation.pk, [one for one, is_priced in heard if is_priced], now=now)


def _heard(rows: Iterable[VtnObject]) -> Iterable[tuple[Heard, bool]]:
    for row in rows:
        content = {**row.content, "id": row.object_id}
        if not content.get("targets") and row.parent is not None:
            content["targets"] = row.parent.content.get("targets")
        is_priced = row.client is not None and row.client.sets_prices
        yield Heard(content=content, received_at=row.modified_at), is_priced
