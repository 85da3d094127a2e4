"""What a tenant's plan goes by, read from the tables."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from viavolta.protocols.ocpp.needs import phases_of
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.facts import (
    AtPlug,
    Giver,
    LimitFacts,
    LimitSpan,
    NeedsFacts,
    Past,
    PriceFacts,
    TenantFacts,
    WishFacts,
)
from viavolta.services.live.wire import levels_from
from viavolta.services.sessions.metered import energy_within_wh
from viavolta.storage.presence import ALIVE
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.live import (
    EnergyPrice,
    LimitChange,
    Order,
    SiteLimit,
    VehicleNeeds,
    Wish,
)
from viavolta.storage.tables.stations import (
    CommandState,
    GatewaySeen,
    Outlet,
    Session,
    Station,
)

PAST_DAYS = 90
MOST_PAST = 20_000
"""Past sessions that are looked through at most when sessions begin, the latest ones."""

TRY_AGAIN = dt.timedelta(minutes=15)
"""A station that turned a profile down is asked again after so long."""

SETTLES = dt.timedelta(minutes=1)
"""A vehicle has found its power so long after it was told."""

_SOME_KW, _CLEARLY = 1.0, 0.9
NEEDS_BEFORE = dt.timedelta(minutes=10)
"""A vehicle may tell its needs so long before its session begins."""

_DOWN = (CommandState.REFUSED, CommandState.MISUNDERSTOOD)
_UNDER_WAY = (CommandState.QUEUED, CommandState.SENT)
_WH = 1000.0

Pasts = tuple[tuple[Past, ...], tuple[Past, ...]]


class LiveReader:
    """Reads tenants' facts; remembers what does not change while a session lasts.

    `last_past` past sessions of a token or station count at most.
    """

    def __init__(self, *, last_past: int) -> None:
        self._last_past = last_past
        self._pasts: dict[int, Pasts] = {}
        self._taken_before: dict[int, float] = {}
        self._most_kw: dict[int, float] = {}
        self._is_slow: set[int] = set()

    def read(self, tenant_id: int, now: dt.datetime) -> TenantFacts:
        """Everything about a tenant as it is now; blocking."""
        sessions = sessions_under_way(tenant_id)
        self._forget_others(sessions)
        limits = list(SiteLimit.objects.filter(tenant_id=tenant_id).select_related("parent"))
        return TenantFacts(
            sessions=tuple(self._plugs(tenant_id, sessions, now)),
            limits=tuple(_limit(row) for row in limits),
            spans=tuple(spans_of(tenant_id, now)),
            prices=tuple(_prices(tenant_id, now)),
            outlets=tuple(_outlets(tenant_id)),
        )

    def _plugs(
        self, tenant_id: int, sessions: Sequence[Session], now: dt.datetime
    ) -> Iterable[AtPlug]:
        pks = [row.pk for row in sessions]
        wishes = {
            w.session_id: w
            for w in Wish.objects.filter(session__in=pks, is_withdrawn=False).order_by("pk")
        }
        orders = {
            o.session_id: o for o in Order.objects.filter(session__in=pks).select_related("command")
        }
        needs = _needs(sessions)
        outlets = _outlet_facts(sessions)
        alive = gateways_alive(now)
        self._learn(tenant_id, sessions, now)
        for row in sessions:
            evse, own = row.evse or 0, needs.get(row.pk)
            kw, rotation = outlets.get((row.station_id, evse), (None, ""))
            order = orders.get(row.pk)
            token_past, station_past = self._pasts[row.pk]
            yield AtPlug(
                session_id=str(row.pk),
                station_id=row.station_id,
                evse=evse,
                version=Version(row.station.ocpp_version),
                transaction=row.transaction,
                limit_id=row.station.limit_id,
                started_at=row.started_at,
                drawn_kwh=(row.energy_wh or 0.0) / _WH,
                given_kwh=(row.discharged_wh or 0.0) / _WH,
                power_kw=None if row.power_w is None else row.power_w / _WH,
                soc=row.soc,
                outlet_kw=kw,
                rotation=rotation,
                draws_at_most_kw=self._draws_at_most_kw(row, order, now),
                is_on_line=row.station.gateway in alive,
                connected_at=row.station.connected_at,
                refuses=refuses(order, now),
                held=() if order is None else levels_from(order.plan),
                wish=wish_facts(wishes[row.pk]) if row.pk in wishes else None,
                needs=None if own is None else self._needs_facts(own, row),
                token_past=token_past,
                station_past=station_past,
            )

    def _draws_at_most_kw(
        self, row: Session, order: Order | None, now: dt.datetime
    ) -> float | None:
        """The highest power of a session that was given clearly more for a while."""
        most_kw = max(self._most_kw.get(row.pk, 0.0), (row.power_w or 0.0) / _WH)
        self._most_kw[row.pk] = most_kw
        command = None if order is None else order.command
        if order is not None and command is not None and command.ended_at is not None:
            is_settled = now - command.ended_at > SETTLES and is_held(order)
            if is_settled and _SOME_KW < most_kw < order.power_kw * _CLEARLY:
                self._is_slow.add(row.pk)
        return most_kw if row.pk in self._is_slow else None

    def _needs_facts(self, row: VehicleNeeds, session: Session) -> NeedsFacts:
        told = row.content.get("chargingNeeds", {})
        if row.pk not in self._taken_before:
            self._taken_before[row.pk] = _taken_kwh(session, row.told_at)
        taken_kwh = ((session.energy_wh or 0.0) - (session.discharged_wh or 0.0)) / _WH
        return NeedsFacts(
            departure_at=row.departure_at,
            energy_kwh=row.energy_kwh,
            min_energy_kwh=row.min_energy_kwh,
            max_kw=row.max_kw,
            min_kw=row.min_kw,
            max_discharge_kw=row.max_discharge_kw,
            capacity_kwh=row.capacity_kwh,
            soc=row.soc,
            phases=phases_of(told),
            is_dc=str(told.get("requestedEnergyTransfer", "")).startswith("DC"),
            taken_since_kwh=taken_kwh - self._taken_before[row.pk],
        )

    def _learn(self, tenant_id: int, sessions: Sequence[Session], now: dt.datetime) -> None:
        """Look up the past of sessions that are new."""
        new = [row for row in sessions if row.pk not in self._pasts]
        if not new:
            return
        tokens = {row.token for row in new if row.token}
        stations = {row.station_id for row in new}
        ended = (
            Session.objects.filter(
                Q(token__in=tokens) | Q(station__in=stations),
                station__tenant_id=tenant_id,
                ended_at__gt=now - dt.timedelta(days=PAST_DAYS),
                energy_wh__isnull=False,
            )
            .order_by("-ended_at")[:MOST_PAST]
            .values_list("token", "station_id", "started_at", "ended_at", "energy_wh")
        )
        by_token: dict[str, list[Past]] = defaultdict(list)
        by_station: dict[int, list[Past]] = defaultdict(list)
        for token, station, start, end, energy_wh in ended:
            if end is None or energy_wh is None:
                continue
            past = Past(stay_s=(end - start).total_seconds(), energy_kwh=energy_wh / _WH)
            for place in (by_token[token], by_station[station]):
                if len(place) < self._last_past:
                    place.append(past)
        for row in new:
            own = by_token[row.token] if row.token else []
            self._pasts[row.pk] = (tuple(own), tuple(by_station[row.station_id]))

    def _forget_others(self, sessions: Sequence[Session]) -> None:
        """Drop what was remembered of sessions that are over."""
        if len(self._pasts) > 2 * len(sessions) + 1000:
            self._pasts.clear()
            self._taken_before.clear()
            self._most_kw.clear()
            self._is_slow.clear()


def sessions_under_way(tenant_id: int) -> list[Session]:
    """The sessions of a tenant that may be planned: at each EVSE the last one that is open."""
    rows = (
        Session.objects.filter(
            ended_at=None,
            evse__isnull=False,
            station__tenant_id=tenant_id,
            station__admission=Station.Admission.ACCEPTED,
        )
        .exclude(station__ocpp_version="")
        .select_related("station")
        .order_by("started_at", "pk")
    )
    return list({(row.station_id, row.evse): row for row in rows}.values())


def gateways_alive(now: dt.datetime) -> set[str]:
    """Gateways that were heard of lately."""
    rows = GatewaySeen.objects.filter(seen_at__gt=now - ALIVE)
    return set(rows.values_list("gateway", flat=True))


def refuses(order: Order | None, now: dt.datetime) -> bool:
    """Whether a station turned the last profile of a session down, not long ago."""
    command = None if order is None else order.command
    if command is None or command.ended_at is None or now - command.ended_at > TRY_AGAIN:
        return False
    if command.state in _DOWN:
        return True
    is_answered = command.state == CommandState.ANSWERED
    return is_answered and (command.answer or {}).get("status") != "Accepted"


def is_held(order: Order | None) -> bool:
    """Whether the station has the last profile of a session, or is just being given it."""
    command = None if order is None else order.command
    if command is None:
        return False
    if command.state in _UNDER_WAY:
        return True
    is_answered = command.state == CommandState.ANSWERED
    return is_answered and (command.answer or {}).get("status") == "Accepted"


def spans_of(tenant_id: int, now: dt.datetime) -> Iterable[LimitSpan]:
    """Limits for a while that hold now or later."""
    rows = LimitChange.objects.filter(limit__tenant_id=tenant_id, is_withdrawn=False)
    for row in rows.filter(Q(ends_at=None) | Q(ends_at__gt=now)).select_related("limit"):
        yield LimitSpan(
            limit_id=row.limit.limit_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            import_kw=row.import_kw,
            export_kw=row.export_kw,
        )


def _limit(row: SiteLimit) -> LimitFacts:
    return LimitFacts(
        limit_id=row.limit_id,
        parent="" if row.parent is None else row.parent.limit_id,
        import_kw=row.import_kw,
        export_kw=row.export_kw,
        fuse_a=row.fuse_a,
        base_load_kw=row.base_load_kw,
    )


def _prices(tenant_id: int, now: dt.datetime) -> Iterable[PriceFacts]:
    rows = EnergyPrice.objects.filter(tenant_id=tenant_id)
    first = rows.filter(starts_at__lte=now).order_by("-starts_at").first()
    begin = now if first is None else first.starts_at
    for row in rows.filter(starts_at__gte=begin):
        yield PriceFacts(
            starts_at=row.starts_at,
            buy_eur_per_kwh=row.buy_eur_per_kwh,
            sell_eur_per_kwh=row.sell_eur_per_kwh,
        )


def _outlets(tenant_id: int) -> Iterable[tuple[str, int]]:
    """Limits of stations with the number of their EVSEs, one at least."""
    evses: dict[int, set[int]] = defaultdict(set)
    known = Outlet.objects.filter(station__tenant_id=tenant_id, evse__gt=0)
    for station, evse in known.values_list("station_id", "evse"):
        evses[station].add(evse)
    taken_in = Station.objects.filter(
        tenant_id=tenant_id, admission=Station.Admission.ACCEPTED
    ).exclude(limit_id="")
    for pk, limit_id in taken_in.values_list("pk", "limit_id"):
        yield limit_id, max(len(evses[pk]), 1)


def _outlet_facts(
    sessions: Sequence[Session],
) -> Mapping[tuple[int, int], tuple[float | None, str]]:
    """Power and rotation of EVSEs: of several connectors the most that one can."""
    found: dict[tuple[int, int], tuple[float | None, str]] = {}
    rows = Outlet.objects.filter(station__in={row.station_id for row in sessions})
    for station, evse, max_kw, rotation in rows.values_list(
        "station_id", "evse", "max_kw", "rotation"
    ):
        kw, turned = found.get((station, evse), (None, ""))
        known = [one for one in (kw, max_kw) if one is not None]
        found[station, evse] = (max(known) if known else None, rotation or turned)
    return found


def _needs(sessions: Sequence[Session]) -> Mapping[int, VehicleNeeds]:
    """What vehicles said last in their sessions."""
    by_place = {(row.station_id, row.evse): row for row in sessions}
    first = min((row.started_at for row in sessions), default=None)
    if first is None:
        return {}
    rows = VehicleNeeds.objects.filter(
        station__in={row.station_id for row in sessions}, told_at__gt=first - NEEDS_BEFORE
    )
    found: dict[int, VehicleNeeds] = {}
    for row in rows.order_by("told_at", "pk"):
        session = by_place.get((row.station_id, row.evse))
        if session is not None and row.told_at > session.started_at - NEEDS_BEFORE:
            found[session.pk] = row
    return found


def wish_facts(row: Wish) -> WishFacts:
    """What a wish asks for."""
    return WishFacts(
        giver=Giver(row.given_by),
        ready_at=row.ready_at,
        energy_kwh=row.energy_kwh,
        target_soc=row.target_soc,
        min_soc=row.min_soc,
        capacity_kwh=row.capacity_kwh,
        soc_arrival=row.soc_arrival,
        is_now=row.mode == Wish.Mode.NOW,
        may_discharge=row.may_discharge,
        is_boosted=row.is_boosted,
        has_priority=row.has_priority,
    )


def _taken_kwh(session: Session, until: dt.datetime) -> float:
    """Net energy of a session up to a moment, from its events."""
    if until <= session.started_at:
        return 0.0
    readings = [r for event in events_of_session(session) for r in event.readings]
    drawn = [(r.at, r.import_wh) for r in readings if r.import_wh is not None]
    given = [(r.at, r.export_wh) for r in readings if r.export_wh is not None]
    spent = (
        energy_within_wh(drawn, session.started_at, until),
        energy_within_wh(given, session.started_at, until),
    )
    return (spent[0] - spent[1]) / _WH
