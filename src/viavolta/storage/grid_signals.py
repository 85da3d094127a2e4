"""OpenADR events put to use: limits on the tree of a tenant's sites, and prices of energy.

A channel is where events come from: the hub's own VTN, or one that an organisation follows as a
VEN. Priorities of OpenADR decide within a channel; between channels the smallest limit counts, as
between all `LimitChange` rows. What changes is written as rows, so that a look at them tells what
held when and which event said so.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from viavolta.protocols.openadr.capacity import FOREVER, Capacity, capacities_of, pieces
from viavolta.protocols.openadr.prices import price_steps, prices_of
from viavolta.storage.tables.live import EnergyPrice, LimitChange, SiteLimit
from viavolta.storage.wake import wake

OWN = ""
"""The channel of the hub's own VTN."""

_BETWEEN = "/"  # stands in no object id of OpenADR
_AND = "+"
_SOURCE = "openadr"

Row = tuple[int, dt.datetime, dt.datetime | None, float | None, float | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An event with its id, and when it was received (UTC)."""

    content: Mapping[str, Any]
    received_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How many rows an update wrote and withdrew."""

    written: int
    withdrawn: int


def follow_limits(
    tenant_id: int,
    events: Sequence[Heard],
    *,
    channel: str = OWN,
    everybody: str = "",
    catches_all: bool = False,
    now: dt.datetime | None = None,
) -> Followed:
    """Make the limits of a tenant what all events of a channel say, from now on.

    A target that names a limit of the tree is that limit. An event for everybody is for the limit
    `everybody`, or for all at the top of the tree where that is empty; with `catches_all` so is
    one whose target names no limit: another's VTN has names of its own for us.

    Raises
    ------
    ValueError: an event that cannot be read.
    """
    now = now or timezone.now()
    said = [c for heard in events for c in _capacities(heard)]
    with transaction.atomic():
        # rows stay locked, so that two updates at once do not both write what is new
        tree = {row.limit_id: row for row in _tree(tenant_id)}
        wanted = set(
            _wanted(tree, _on_tree(said, tree, everybody, catches_all=catches_all), channel, now)
        )
        held = LimitChange.objects.filter(
            limit__in=tree.values(), source=LimitChange.Source.OPENADR, is_withdrawn=False
        ).exclude(ends_at__lte=now)
        kept: set[Row] = set()
        gone: list[int] = []
        for row in held:
            if not _is_of(row.reference, channel):
                continue
            key = _key(row)
            (kept.add(key) if key in wanted else gone.append(row.pk))
        LimitChange.objects.filter(pk__in=gone).update(is_withdrawn=True, changed_at=now)
        new = sorted(wanted - kept, key=lambda row: (row[0], row[1]))
        LimitChange.objects.bulk_create([_change(row, now) for row in new])
        wake()
    return Followed(written=len(new), withdrawn=len(gone))


def follow_prices(
    tenant_id: int,
    events: Sequence[Heard],
    *,
    channel: str = OWN,
    now: dt.datetime | None = None,
) -> int:
    """Make the prices of a tenant what all events of a channel say, from now on; how many rows.

    What the events do not say of selling is 0: nothing is paid for energy given.

    Raises
    ------
    ValueError: an event that cannot be read.
    """
    now = now or timezone.now()
    source = f"{_SOURCE}{_BETWEEN}{channel}"
    said = [p for heard in events for p in prices_of(heard.content, received_at=heard.received_at)]
    steps = [step for step in price_steps(said) if step.end > now]
    with transaction.atomic():
        EnergyPrice.objects.filter(tenant_id=tenant_id, source=source, starts_at__gte=now).exclude(
            starts_at__in=[step.start for step in steps]
        ).delete()
        for step in steps:
            EnergyPrice.objects.update_or_create(
                tenant_id=tenant_id,
                starts_at=step.start,
                defaults={
                    "buy_eur_per_kwh": step.buy_eur_per_kwh,
                    "sell_eur_per_kwh": step.sell_eur_per_kwh or 0.0,
                    "co2_g_per_kwh": step.co2_g_per_kwh,
                    "source": source,
                },
            )
        wake()
    return len(steps)


def limits_named(tenant_id: int, names: Iterable[str]) -> list[str]:
    """Those of some names that are limits of a tenant's tree."""
    rows = SiteLimit.objects.filter(tenant_id=tenant_id, limit_id__in=list(names))
    return list(rows.values_list("limit_id", flat=True))


def _capacities(heard: Heard) -> list[Capacity]:
    return capacities_of(heard.content, received_at=heard.received_at)


def _tree(tenant_id: int) -> list[SiteLimit]:
    return list(SiteLimit.objects.select_for_update().filter(tenant_id=tenant_id))


def _on_tree(
    said: Sequence[Capacity], tree: Mapping[str, SiteLimit], everybody: str, *, catches_all: bool
) -> list[Capacity]:
    """The same, with names of the tree as targets; what names nothing of it is left out."""
    top = [everybody] if everybody else [n for n, row in tree.items() if not row.parent_id]
    found = []
    for capacity in said:
        if capacity.target in tree:
            found.append(capacity)
        elif capacity.target == "" or catches_all:
            found += [replace(capacity, target=name) for name in top if name in tree]
    return found


def _wanted(
    tree: Mapping[str, SiteLimit], said: Sequence[Capacity], channel: str, now: dt.datetime
) -> Iterable[Row]:
    before = f"{channel}{_BETWEEN}" if channel else ""
    for name in {c.target for c in said}:
        for piece in pieces([c for c in said if c.target == name], target=name):
            if piece.end > now:
                yield (
                    tree[name].pk,
                    piece.start,
                    None if piece.end == FOREVER else piece.end,
                    piece.import_kw,
                    piece.export_kw,
                    before + _AND.join(piece.event_ids),
                )


def _key(row: LimitChange) -> Row:
    return (
        row.limit_id,
        row.starts_at,
        row.ends_at,
        row.import_kw,
        row.export_kw,
        row.reference,
    )


def _is_of(reference: str, channel: str) -> bool:
    return reference.rpartition(_BETWEEN)[0] == channel


def _change(row: Row, now: dt.datetime) -> LimitChange:
    limit, starts_at, ends_at, import_kw, export_kw, reference = row
    return LimitChange(
        limit_id=limit,
        starts_at=starts_at,
        ends_at=ends_at,
        import_kw=import_kw,
        export_kw=export_kw,
        source=LimitChange.Source.OPENADR,
        reference=reference,
        asked_by=_SOURCE,
        changed_at=now,
    )
