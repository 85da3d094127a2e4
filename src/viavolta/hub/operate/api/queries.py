"""What a tenant's stations do and did, in the API."""

import dataclasses
import datetime as dt
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.operate.api import schemas
from viavolta.hub.operate.queries.installed import profiles_at, reservations_at
from viavolta.hub.operate.queries.limits import limits_now, orders_of
from viavolta.hub.operate.queries.messages import messages_of
from viavolta.hub.operate.queries.sessions import course_of, hours_of, order_of, sessions_of
from viavolta.hub.operate.queries.state import with_state
from viavolta.hub.operate.queries.stations import stations_of
from viavolta.hub.operate.tenants import tenant_of
from viavolta.hub.people.models import Organisation, Role
from viavolta.storage.enrolment import waiting
from viavolta.storage.tables.live import EnergyPrice
from viavolta.storage.tables.stations import Session, Station, Token

router = Router(tags=["charging stations"])
_MOST_STATIONS = 200
"""Stations of which reservations and profiles are told at once."""


class TransactionState(StrEnum):
    """How a transaction stands."""

    OPEN = "open"
    ENDED = "ended"


class TransactionFilter(Schema):
    """Which transactions to list."""

    station: str = Field("", max_length=48)
    evse: int | None = Field(None, ge=0, le=1_000_000)
    state: TransactionState | None = None
    transaction: str = Field("", max_length=36)
    token: str = Field("", max_length=255, description="the tag or token as the station wrote it")
    stop_reason: str = Field("", max_length=40)
    since: dt.datetime | None = Field(None, description="started then or later")
    until: dt.datetime | None = Field(None, description="started before then")

    def narrow(self, rows: QuerySet[Session]) -> QuerySet[Session]:
        """The rows that are asked for."""
        said = {
            "station__identity": self.station,
            "evse": self.evse,
            "transaction": self.transaction,
            "token": self.token,
            "stop_reason": self.stop_reason,
            "started_at__gte": self.since,
            "started_at__lt": self.until,
        }
        rows = rows.filter(**{f: value for f, value in said.items() if value not in {"", None}})
        return (
            rows
            if self.state is None
            else rows.filter(ended_at__isnull=self.state is TransactionState.OPEN)
        )


class StationFilter(Schema):
    """Of which station."""

    station: str = Field("", max_length=48)


class MessageFilter(StationFilter):
    """Which messages to list."""

    action: str = Field("", max_length=40)
    request_id: int | None = Field(None, ge=-(2**31), lt=2**63)
    since: dt.datetime | None = None


def _tenant(request: HttpRequest, organisation: str) -> Organisation:
    return tenant_of(request, organisation, Role.READER)


def _stations(request: HttpRequest, organisation: str, identity: str) -> list[Station]:
    rows = stations_of(_tenant(request, organisation))
    return list((rows.filter(identity=identity) if identity else rows)[:_MOST_STATIONS])


@router.get(
    "/{organisation}/stations",
    response=list[schemas.StationOut],
    operation_id="list_stations",
    summary="Stations as they stand",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_stations(request: HttpRequest, organisation: str) -> Any:
    """By identity."""
    rows = with_state(stations_of(_tenant(request, organisation)))
    return rows.prefetch_related("outlets")


@router.get(
    "/{organisation}/stations/{station}",
    response=schemas.StationOut,
    operation_id="get_station",
    summary="One station as it stands",
)
@api_access(Access.READER)
def get_station(request: HttpRequest, organisation: str, station: str) -> Any:
    """By its identity."""
    rows = with_state(stations_of(_tenant(request, organisation)))
    return get_object_or_404(rows, identity=station)


@router.get(
    "/{organisation}/waiting",
    response=list[schemas.StationOut],
    operation_id="list_waiting_stations",
    summary="Stations that wait to be adopted",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_waiting(request: HttpRequest, organisation: str) -> Any:
    """Those that called through an open window."""
    return with_state(waiting(_tenant(request, organisation).pk)).prefetch_related("outlets")


@router.get(
    "/{organisation}/transactions",
    response=list[schemas.TransactionOut],
    operation_id="list_transactions",
    summary="Transactions",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_transactions(
    request: HttpRequest, organisation: str, wanted: Query[TransactionFilter]
) -> Any:
    """Newest first; by station, state, tag, stop reason and time."""
    return wanted.narrow(sessions_of(_tenant(request, organisation)))


@router.get(
    "/{organisation}/transactions/latest",
    response=schemas.TransactionOut,
    operation_id="get_latest_transaction",
    summary="The latest transaction",
)
@api_access(Access.READER)
def latest_transaction(
    request: HttpRequest, organisation: str, wanted: Query[TransactionFilter]
) -> Session:
    """The one of those asked for that started last."""
    row = wanted.narrow(sessions_of(_tenant(request, organisation))).first()
    if row is None:
        raise Http404
    return row


@router.get(
    "/{organisation}/transactions/{charging_session}",
    response=schemas.TransactionDetail,
    operation_id="get_transaction",
    summary="One transaction with its course",
)
@api_access(Access.READER)
def get_transaction(request: HttpRequest, organisation: str, charging_session: int) -> Any:
    """Readings, the plan beside what happened, and what the last plan gives it."""
    rows = sessions_of(_tenant(request, organisation))
    row: Any = get_object_or_404(rows, pk=charging_session)
    row.readings, row.hours_beside, row.last_order = course_of(row), hours_of(row), order_of(row)
    return row


@router.get(
    "/{organisation}/orders",
    response=list[schemas.OrderOut],
    operation_id="list_orders",
    summary="What the last plans give the sessions under way",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_orders(request: HttpRequest, organisation: str) -> Any:
    """By station."""
    return orders_of(_tenant(request, organisation))


@router.get(
    "/{organisation}/tokens",
    response=list[schemas.TokenOut],
    operation_id="list_charging_tokens",
    summary="Tokens that may charge",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_tokens(request: HttpRequest, organisation: str, token: str = "") -> Any:
    """All, or the one that is asked for."""
    rows = Token.objects.filter(tenant_id=_tenant(request, organisation).pk).order_by("token")
    return rows.filter(token=token) if token else rows


@router.get(
    "/{organisation}/reservations",
    response=list[schemas.ReservationOut],
    operation_id="list_reservations",
    summary="Reservations that hold",
)
@api_access(Access.READER)
def list_reservations(
    request: HttpRequest, organisation: str, wanted: Query[StationFilter]
) -> list[dict[str, Any]]:
    """By the commands that stations accepted, what they said since, and their sessions."""
    now = timezone.now()
    return [
        {"station": row.identity, **dataclasses.asdict(found)}
        for row in _stations(request, organisation, wanted.station)
        for found in reservations_at(row, now)
    ]


@router.get(
    "/{organisation}/profiles",
    response=list[schemas.ProfileOut],
    operation_id="list_charging_profiles",
    summary="Charging profiles that stations hold",
)
@api_access(Access.READER)
def list_profiles(
    request: HttpRequest, organisation: str, wanted: Query[StationFilter]
) -> list[dict[str, Any]]:
    """By the commands that stations accepted, and their open transactions."""
    return [
        {"station": row.identity, **dataclasses.asdict(found)}
        for row in _stations(request, organisation, wanted.station)
        for found in profiles_at(row)
    ]


@router.get(
    "/{organisation}/messages",
    response=list[schemas.MessageOut],
    operation_id="list_station_messages",
    summary="What stations said besides sessions and states",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_messages(request: HttpRequest, organisation: str, wanted: Query[MessageFilter]) -> Any:
    """Newest first: reports, events, logs, firmware; personal data is masked."""
    said = {
        "station__identity": wanted.station,
        "action": wanted.action,
        "request_id": wanted.request_id,
        "received_at__gte": wanted.since,
    }
    rows = messages_of(_tenant(request, organisation))
    return rows.filter(**{f: value for f, value in said.items() if value not in {"", None}})


@router.get(
    "/{organisation}/limits",
    response=list[schemas.LimitOut],
    operation_id="list_limits",
    summary="Limits of power, now",
)
@api_access(Access.READER)
def list_limits(request: HttpRequest, organisation: str) -> list[dict[str, Any]]:
    """Each below its parent, with what draws under it."""
    return [
        {
            **dataclasses.asdict(found),
            "limit_id": found.row.limit_id,
            "name": found.row.name,
            "parent": None if found.row.parent is None else found.row.parent.limit_id,
            "contract_kw": found.row.import_kw,
            "fuse_a": found.row.fuse_a,
        }
        for found in limits_now(_tenant(request, organisation), timezone.now())
    ]


@router.get(
    "/{organisation}/prices",
    response=list[schemas.PriceOut],
    operation_id="list_energy_prices",
    summary="What energy is worth",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_prices(request: HttpRequest, organisation: str, since: dt.datetime | None = None) -> Any:
    """In order of time; each holds until the next."""
    rows = EnergyPrice.objects.filter(tenant_id=_tenant(request, organisation).pk)
    return rows if since is None else rows.filter(starts_at__gte=since)
