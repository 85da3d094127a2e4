"""A tenant's limits of power as a tree, with what holds now and what draws under each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.live import LimitChange, Order, SiteLimit
from viavolta.storage.tables.stations import Session, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitNow:
    """A limit at this moment (kW); None where nothing limits.

    `use_kw` is what is drawn under it, base load included, below zero when more is fed back;
    `ordered_kw` what the last plans give the sessions under it. `source` says whose limit is the
    smallest one for import. `set_kw` is what the operator set by hand.
    """

    row: SiteLimit
    depth: int
    import_kw: float | None
    export_kw: float | None
    source: str
    until: dt.datetime | None
    set_kw: float | None
    use_kw: float
    ordered_kw: float
    stations: int
    sessions: int

    @property
    def use_share(self) -> float | None:
        """How much of the limit is used, 0..1 and more."""
        return self.use_kw / self.import_kw if self.import_kw else None


def limits_of(tenant: Organisation) -> QuerySet[SiteLimit]:
    """All limits of a tenant."""
    return SiteLimit.objects.filter(tenant_id=tenant.pk)


def changes_of(tenant: Organisation) -> QuerySet[LimitChange]:
    """What was set for a while, newest first."""
    return (
        LimitChange.objects.filter(limit__tenant_id=tenant.pk)
        .select_related("limit")
        .order_by("-id")
    )


def in_force(changes: QuerySet[LimitChange], now: dt.datetime) -> QuerySet[LimitChange]:
    """Those changes that hold at a moment."""
    return changes.filter(is_withdrawn=False, starts_at__lte=now).filter(
        Q(ends_at=None) | Q(ends_at__gt=now)
    )


def limits_now(tenant: Organisation, now: dt.datetime) -> list[LimitNow]:
    """Every limit of a tenant, each below its parent."""
    rows = list(limits_of(tenant))
    holding: dict[int, list[LimitChange]] = defaultdict(list)
    for change in in_force(changes_of(tenant), now):
        holding[change.limit_id].append(change)
    own = _Use.by_limit(tenant)
    children: dict[int | None, list[SiteLimit]] = defaultdict(list)
    for row in rows:
        children[row.parent_id].append(row)
    found: list[LimitNow] = []

    def visit(row: SiteLimit, depth: int) -> "_Use":
        at = len(found)
        use = own[row.limit_id].plus(_Use(power_kw=row.base_load_kw))
        for child in children[row.pk]:
            use = use.plus(visit(child, depth + 1))
        found.insert(at, _now(row, depth, holding[row.pk], use))
        return use

    for root in children[None]:
        visit(root, 0)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What hangs on a limit."""

    power_kw: float = 0.0
    ordered_kw: float = 0.0
    stations: int = 0
    sessions: int = 0

    def plus(self, other: "_Use") -> "_Use":
        return _Use(
            power_kw=self.power_kw + other.power_kw,
            ordered_kw=self.ordered_kw + other.ordered_kw,
            stations=self.stations + other.stations,
            sessions=self.sessions + other.sessions,
        )

    @staticmethod
    def by_limit(tenant: Organisation) -> "defaultdict[str, _Use]":
        """What hangs on each limit itself."""
        found: defaultdict[str, _Use] = defaultdict(_Use)
        mine = Station.objects.filter(tenant_id=tenant.pk)
        for limit_id in mine.values_list("limit_id", flat=True):
            found[limit_id] = found[limit_id].plus(_Use(stations=1))
        sessions = Session.objects.filter(station__tenant_id=tenant.pk, ended_at=None)
        told = sessions.values_list("station__limit_id", "power_w", "order__power_kw")
        for limit_id, power_w, ordered_kw in told:
            use = _Use(power_kw=(power_w or 0.0) / 1000.0, ordered_kw=ordered_kw or 0.0, sessions=1)
            found[limit_id] = found[limit_id].plus(use)
        return found


def _now(row: SiteLimit, depth: int, changes: Iterable[LimitChange], use: _Use) -> LimitNow:
    imports = [(c.import_kw, c.source, c.ends_at) for c in changes if c.import_kw is not None]
    exports = [c.export_kw for c in changes if c.export_kw is not None]
    by_hand = [kw for kw, source, _end in imports if source == LimitChange.Source.OPERATOR]
    if row.import_kw is not None:
        imports.append((row.import_kw, LimitChange.Source.CONTRACT, None))
    if row.export_kw is not None:
        exports.append(row.export_kw)
    smallest = min(imports, key=lambda told: told[0]) if imports else (None, "", None)
    return LimitNow(
        row=row,
        depth=depth,
        import_kw=smallest[0],
        export_kw=min(exports) if exports else None,
        source=smallest[1],
        until=smallest[2],
        set_kw=min(by_hand) if by_hand else None,
        use_kw=use.power_kw,
        ordered_kw=use.ordered_kw,
        stations=use.stations,
        sessions=use.sessions,
    )


def orders_of(tenant: Organisation) -> QuerySet[Order]:
    """What the last plans give the sessions under way."""
    return (
        Order.objects.filter(session__station__tenant_id=tenant.pk, session__ended_at=None)
        .select_related("session__station", "command")
        .order_by("session__station__identity")
    )
