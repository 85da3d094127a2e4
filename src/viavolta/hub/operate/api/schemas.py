"""What the API says of stations, transactions and what belongs to them."""

import datetime as dt
from typing import Any

from ninja import Schema
from pydantic import Field

from viavolta.hub.operate.queries.messages import masked
from viavolta.hub.operate.queries.state import StationState
from viavolta.storage.tables.live import Order
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import Session


class OutletOut(Schema):
    """A connector with the state that it told last; connector 0 is the whole EVSE."""

    evse: int
    connector: int
    status: str
    error: str
    status_at: dt.datetime


class StationOut(Schema):
    """A station as it stands."""

    identity: str
    name: str
    site: str
    limit_id: str
    lat: float | None
    lon: float | None
    state: StationState
    power_kw: float | None = Field(description="of its open sessions; below zero: fed back")
    ocpp_version: str
    security_profile: int
    vendor: str
    model: str
    serial: str
    firmware: str
    connected_at: dt.datetime | None
    heard_at: dt.datetime | None
    outlets: list[OutletOut]

    @staticmethod
    def resolve_outlets(row: Any) -> list[Any]:
        """Its connectors."""
        return list(row.outlets.all())


class TransactionOut(Schema):
    """A transaction as far as its events tell it."""

    id: int
    station: str
    transaction: str = Field(description="the number or name that station and hub use")
    evse: int | None
    connector: int | None
    token: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    stop_reason: str
    energy_kwh: float | None
    discharged_kwh: float | None
    power_kw: float | None
    soc: float | None = Field(description="share 0..1")
    is_complete: bool
    missing: list[int] = Field(description="sequence numbers that did not come")
    doubts: list[str]

    @staticmethod
    def resolve_station(row: Session) -> str:
        """The identity of the station."""
        return row.station.identity


class ReadingOut(Schema):
    """What the meter said at a moment."""

    at: dt.datetime
    power_kw: float | None
    soc: float | None


class HourOut(Schema):
    """An hour of a transaction: the plan as it was made first beside what happened (kWh)."""

    hour: dt.datetime
    planned_kwh: float | None
    happened_kwh: float | None


class OrderOut(Schema):
    """What the last plan gives a session, and why."""

    station: str
    transaction: str
    planned_at: dt.datetime
    power_kw: float
    why: str
    limit_id: str
    until_at: dt.datetime | None
    served_at: dt.datetime | None
    missing_kwh: float
    departure_at: dt.datetime
    departure_source: str
    plan: list[tuple[dt.datetime, float]] = Field(description="pairs of a time and kW")

    @staticmethod
    def resolve_station(row: Order) -> str:
        """The identity of the station."""
        return row.session.station.identity

    @staticmethod
    def resolve_transaction(row: Order) -> str:
        """The session's own number."""
        return row.session.transaction


class TransactionDetail(TransactionOut):
    """A transaction with its course."""

    readings: list[ReadingOut]
    hours: list[HourOut]
    order: OrderOut | None

    @staticmethod
    def resolve_hours(row: Any) -> Any:
        """The plan beside what happened."""
        return row.hours_beside

    @staticmethod
    def resolve_order(row: Any) -> Any:
        """What the last plan gives it."""
        return row.last_order


class TokenOut(Schema):
    """A card, contract or other token that may charge."""

    id: int
    token: str
    kind: str
    status: str
    group: str
    language: str
    expires_at: dt.datetime | None


class ReservationOut(Schema):
    """An outlet kept for a token, by the commands that the station accepted."""

    station: str
    number: int
    evse: int | None
    token: str
    made_at: dt.datetime
    expires_at: dt.datetime


class ProfileOut(Schema):
    """A charging profile at a station, by the commands that the station accepted."""

    station: str
    number: int
    evse: int
    purpose: str
    stack_level: int
    transaction: str
    set_at: dt.datetime
    content: dict[str, Any]


class MessageOut(Schema):
    """What a station said besides sessions and states; personal data is masked."""

    id: int
    station: str
    action: str
    request_id: int | None = Field(description="the number under which it was asked for")
    received_at: dt.datetime
    payload: dict[str, Any]

    @staticmethod
    def resolve_station(row: Notice) -> str:
        """The identity of the station."""
        return row.station.identity

    @staticmethod
    def resolve_payload(row: Notice) -> dict[str, Any]:
        """The payload without personal data."""
        return masked(row)


class LimitOut(Schema):
    """A limit of power at this moment (kW)."""

    limit_id: str
    name: str
    parent: str | None
    contract_kw: float | None = Field(description="what holds whatever else is said")
    import_kw: float | None = Field(description="what holds now")
    export_kw: float | None
    source: str = Field(description="whose limit is the smallest one")
    until: dt.datetime | None
    use_kw: float
    ordered_kw: float
    fuse_a: float | None
    stations: int
    sessions: int


class PriceOut(Schema):
    """What energy is worth from a moment on."""

    starts_at: dt.datetime
    buy_eur_per_kwh: float
    sell_eur_per_kwh: float
    co2_g_per_kwh: float | None
    source: str
