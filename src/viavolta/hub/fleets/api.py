"""Fleets in the API: vehicles as they stand, their departures, what each did."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field, field_validator, model_validator

from viavolta.hub.fleets.actions import (
    DepartureFacts,
    VehicleFacts,
    add_vehicle,
    change_vehicle,
    remove_departure,
    remove_vehicle,
    set_departure,
)
from viavolta.hub.fleets.queries import (
    Planned,
    VehicleNow,
    departures_of,
    fleet_now,
    history_of,
    vehicle_now,
)
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.operate.api.schemas import TransactionOut
from viavolta.hub.operate.queries.sessions import sessions_of
from viavolta.hub.operate.tenants import tenant_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation, Role
from viavolta.services.fleets.keys import contract_of, mac_of
from viavolta.storage.tables.fleets import Departure, FleetVehicle

router = Router(tags=["fleets"])
Share = Annotated[float, Field(ge=0, le=1)]
Minute = Annotated[int, Field(ge=0, lt=24 * 60)]


class VehicleBody(Schema):
    """A vehicle; a station knows it by its card, contract or MAC address, one of them at least."""

    name: str = Field(min_length=1, max_length=60)
    token: str = Field("", max_length=255)
    contract_id: str = Field("", max_length=36, description="eMAID")
    mac: str = Field("", max_length=20)
    capacity_kwh: float | None = Field(None, ge=1, le=2000)
    target_soc: Share | None = None
    min_soc: Share | None = Field(None, description="kept whatever is cheap")
    may_discharge: bool = False
    usual: dict[Annotated[int, Field(ge=0, le=6)], Minute] = Field(
        default_factory=dict,
        description="minute of the local day on which it leaves, by weekday (0 is Monday)",
    )

    @field_validator("contract_id")
    @classmethod
    def plain_contract(cls, value: str) -> str:
        """An eMAID without separators."""
        return _plain(contract_of(value) if value else "", "this is no eMAID")

    @field_validator("mac")
    @classmethod
    def plain_mac(cls, value: str) -> str:
        """A MAC address without separators."""
        return _plain(mac_of(value) if value else "", "this is no MAC address")

    @model_validator(mode="after")
    def is_known_by_something(self) -> "VehicleBody":
        """A key, and a least charge that is not above the target."""
        if not (self.token or self.contract_id or self.mac):
            msg = "token, contract_id or mac is needed"
            raise ValueError(msg)
        if (self.min_soc or 0.0) > (1.0 if self.target_soc is None else self.target_soc):
            msg = "min_soc is above target_soc"
            raise ValueError(msg)
        return self


def _plain(found: str | None, wrong: str) -> str:
    if found is None:
        raise ValueError(wrong)
    return found


class DepartureBody(Schema):
    """The departure of one local day, in place of what was set for it before."""

    day: dt.date
    minute: Minute | None = Field(description="of the local day; null: it does not leave")
    target_soc: Share | None = None
    energy_kwh: float | None = Field(None, gt=0, le=2000)

    @model_validator(mode="after")
    def has_one_need(self) -> "DepartureBody":
        """A share of the battery or an energy."""
        if self.target_soc is not None and self.energy_kwh is not None:
            msg = "target_soc or energy_kwh, not both"
            raise ValueError(msg)
        return self


class DepartureOut(Schema):
    """A departure; `single` is the id of one that was set for its day, null for a usual one."""

    at: dt.datetime
    stays: bool
    target_soc: float | None
    energy_kwh: float | None
    single: int | None


class VehicleOut(Schema):
    """A vehicle as it stands; exceptions are the states before `waits`."""

    id: int
    name: str
    token: str
    contract_id: str
    mac: str
    capacity_kwh: float | None
    target_soc: float | None
    min_soc: float | None
    may_discharge: bool
    usual: dict[int, int]
    state: str
    is_exception: bool
    leaves_at: dt.datetime | None
    transaction: int | None = Field(description="the id of its open transaction")
    station: str | None
    soc: float | None
    power_kw: float | None
    ready_at: dt.datetime | None = Field(description="when its plan serves it")
    missing_kwh: float | None
    cause: str | None = Field(
        description="limit, time, station or unknown, where energy will be missing"
    )
    limit_id: str

    @classmethod
    def of(cls, one: VehicleNow) -> "VehicleOut":
        """What is known of a vehicle now."""
        row, session, order = one.row, one.session, one.order
        power_w = None if session is None else session.power_w
        return cls(
            id=row.pk,
            name=row.name,
            token=row.token,
            contract_id=row.contract_id,
            mac=row.mac,
            capacity_kwh=row.capacity_kwh,
            target_soc=row.target_soc,
            min_soc=row.min_soc,
            may_discharge=row.may_discharge,
            usual={day.weekday: day.minute for day in row.usual.all()},
            state=one.state.name.lower().replace("_", "-"),
            is_exception=one.state.is_exception,
            leaves_at=one.due_at,
            transaction=None if session is None else session.pk,
            station=None if session is None else session.station.identity,
            soc=None if session is None else session.soc,
            power_kw=None if power_w is None else power_w / 1000,
            ready_at=None if order is None else order.served_at,
            missing_kwh=one.missing_kwh,
            cause=None if one.cause is None else one.cause.name.lower(),
            limit_id="" if order is None else order.limit_id,
        )


@router.get(
    "/{organisation}/fleet",
    response=list[VehicleOut],
    operation_id="list_fleet_vehicles",
    summary="Vehicles as they stand",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_vehicles(request: HttpRequest, organisation: str) -> Any:
    """Exceptions first: who will not be ready, by how much, because of what."""
    tenant = tenant_of(request, organisation, Role.READER)
    return [VehicleOut.of(one) for one in fleet_now(tenant, timezone.now())]


@router.post(
    "/{organisation}/fleet",
    response={201: VehicleOut},
    operation_id="add_fleet_vehicle",
    summary="Add a vehicle",
)
@api_access(Access.EDITOR)
def post_vehicle(request: HttpRequest, organisation: str, body: VehicleBody) -> Any:
    """Its session under way follows within seconds."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    row = add_vehicle(visitor(request), tenant, VehicleFacts(**body.dict()))
    return Status(201, _out(tenant, row.pk))


@router.get(
    "/{organisation}/fleet/{vehicle}",
    response=VehicleOut,
    operation_id="get_fleet_vehicle",
    summary="One vehicle as it stands",
)
@api_access(Access.READER)
def get_vehicle(request: HttpRequest, organisation: str, vehicle: int) -> VehicleOut:
    """By its id."""
    return _out(tenant_of(request, organisation, Role.READER), vehicle)


@router.put(
    "/{organisation}/fleet/{vehicle}",
    response=VehicleOut,
    operation_id="change_fleet_vehicle",
    summary="Change a vehicle",
)
@api_access(Access.EDITOR)
def put_vehicle(
    request: HttpRequest, organisation: str, vehicle: int, body: VehicleBody
) -> VehicleOut:
    """All that is known of it is replaced, its usual departures too."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    row = _vehicle(tenant, vehicle)
    change_vehicle(visitor(request), tenant, row, VehicleFacts(**body.dict()))
    return _out(tenant, vehicle)


@router.delete(
    "/{organisation}/fleet/{vehicle}",
    response={204: None},
    operation_id="remove_fleet_vehicle",
    summary="Remove a vehicle",
)
@api_access(Access.EDITOR)
def delete_vehicle(request: HttpRequest, organisation: str, vehicle: int) -> Any:
    """Its sessions stay what they are."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    remove_vehicle(visitor(request), tenant, _vehicle(tenant, vehicle))
    return Status(204, None)


@router.get(
    "/{organisation}/fleet/{vehicle}/departures",
    response=list[DepartureOut],
    operation_id="list_fleet_departures",
    summary="Departures of a vehicle in the next two weeks",
)
@api_access(Access.READER)
def list_departures(request: HttpRequest, organisation: str, vehicle: int) -> list[Planned]:
    """Usual ones, and those set for single days in their place."""
    tenant = tenant_of(request, organisation, Role.READER)
    return departures_of(tenant, _vehicle(tenant, vehicle), timezone.now())


@router.put(
    "/{organisation}/fleet/{vehicle}/departures",
    response={204: None},
    operation_id="set_fleet_departure",
    summary="Set the departure of one day",
)
@api_access(Access.EDITOR)
def put_departure(
    request: HttpRequest, organisation: str, vehicle: int, body: DepartureBody
) -> Any:
    """In place of what was set for that day before."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    row = _vehicle(tenant, vehicle)
    set_departure(visitor(request), tenant, row, DepartureFacts(**body.dict()))
    return Status(204, None)


@router.delete(
    "/{organisation}/fleet/{vehicle}/departures/{departure}",
    response={204: None},
    operation_id="remove_fleet_departure",
    summary="Let the usual departure of a day count again",
)
@api_access(Access.EDITOR)
def delete_departure(request: HttpRequest, organisation: str, vehicle: int, departure: int) -> Any:
    """By the number that the list tells as `single`."""
    tenant = tenant_of(request, organisation, Role.EDITOR)
    rows = Departure.objects.select_related("vehicle")
    row = get_object_or_404(rows, vehicle__tenant_id=tenant.pk, vehicle_id=vehicle, pk=departure)
    remove_departure(visitor(request), tenant, row)
    return Status(204, None)


@router.get(
    "/{organisation}/fleet/{vehicle}/transactions",
    response=list[TransactionOut],
    operation_id="list_fleet_transactions",
    summary="Transactions of a vehicle",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_transactions(request: HttpRequest, organisation: str, vehicle: int) -> Any:
    """Newest first."""
    tenant = tenant_of(request, organisation, Role.READER)
    mine = history_of(_vehicle(tenant, vehicle)).values("pk")
    return sessions_of(tenant).filter(pk__in=mine).order_by("-started_at", "-pk")


def _vehicle(tenant: Organisation, number: int) -> FleetVehicle:
    return get_object_or_404(FleetVehicle, tenant_id=tenant.pk, pk=number)


def _out(tenant: Organisation, number: int) -> VehicleOut:
    return VehicleOut.of(vehicle_now(tenant, number, timezone.now()))
