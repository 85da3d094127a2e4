"""Rewards of a tenant's drivers, and anonymous statistics for everybody, in the API."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from viavolta.hub.drive.kiosk import paid_at_kiosk
from viavolta.hub.drive.months import Month
from viavolta.hub.drive.rewards import month_of_rewards
from viavolta.hub.drive.statistics import Cell, cells_of, cells_of_all, publisher
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.operate.api.commands import CommandOut, station_of
from viavolta.hub.operate.tenants import tenant_of, zone_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Role
from viavolta.services.billing.measures import Measures
from viavolta.services.statistics.anonymity import OTHERS

router = Router(tags=["rewards"])
figures = Router(tags=["statistics"])


class MonthFilter(Schema):
    """Which month, by local days."""

    month: str = Field("", pattern=r"^(2[01]\d\d-(0[1-9]|1[0-2]))?$", description="2026-11; now")


class MeasuresOut(Schema):
    """Sums of a period; energies, wear and rewards of sessions that ended in it."""

    drivers: int
    sessions: int
    plugged_h: float
    plug_in_share: float | None = Field(
        description="hours plugged in over drivers times hours of the period, as simulations count"
    )
    participation: float | None = Field(
        description="share of sessions whose driver left the power to the plan for a while"
    )
    energy_kwh: float
    flexible_kwh: float
    discharged_kwh: float
    wear_low_cents: int
    wear_high_cents: int
    reward_cents: int

    @classmethod
    def of(cls, found: Measures, share: float | None, wear_cents: tuple[int, int]) -> "MeasuresOut":
        """The figures of one driver or of all."""
        return cls(
            drivers=found.drivers,
            sessions=found.sessions,
            plugged_h=found.plugged_h,
            plug_in_share=share,
            participation=found.participation,
            energy_kwh=found.energy_kwh,
            flexible_kwh=found.flexible_kwh,
            discharged_kwh=found.discharged_kwh,
            wear_low_cents=wear_cents[0],
            wear_high_cents=wear_cents[1],
            reward_cents=found.reward_cents,
        )


class EarnerOut(Schema):
    """A driver by her card, a vehicle by its name, or visitors (no name) together."""

    name: str
    vehicle: int | None
    measures: MeasuresOut


class RewardsOut(Schema):
    """A month of rewards."""

    month: str
    until: dt.datetime
    total: MeasuresOut
    earners: list[EarnerOut]


@router.get(
    "/{organisation}/rewards",
    response=RewardsOut,
    operation_id="get_rewards",
    summary="What drivers did in a month and what it brought them",
)
@api_access(Access.READER)
def get_rewards(request: HttpRequest, organisation: str, wanted: Query[MonthFilter]) -> RewardsOut:
    """The present month so far, unless another is asked for."""
    tenant = tenant_of(request, organisation, Role.READER)
    now, zone = timezone.now(), zone_of(tenant)
    month = Month.named(wanted.month, zone) or Month.of(now, zone)
    found = month_of_rewards(tenant, month, now)
    return RewardsOut(
        month=month.name,
        until=found.until,
        total=MeasuresOut.of(found.total, found.plug_in_share, found.wear_cents),
        earners=[
            EarnerOut(
                name=one.name,
                vehicle=one.vehicle,
                measures=MeasuresOut.of(one.measures, one.plug_in_share, one.wear_cents),
            )
            for one in found.earners
        ],
    )


class KioskPayment(Schema):
    """What somebody has paid for at a terminal that stands by itself."""

    psp_ref: str = Field(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="the reference of the payment provider",
    )
    evse: int = Field(ge=1, le=1000)
    authorised_cents: int = Field(ge=1, le=10_000_000, description="held, tax included")
    card: str = Field("", pattern=r"^(\d{4})?$", description="its last four digits")


@router.post(
    "/{organisation}/stations/{station}/terminal-payments",
    response={202: CommandOut},
    operation_id="add_terminal_payment",
    summary="Start what was paid for at a stand-alone terminal",
)
@api_access(Access.EDITOR)
def post_payment(request: HttpRequest, organisation: str, station: str, body: KioskPayment) -> Any:
    """The station may charge up to the amount; a repeat of the reference asks nothing new."""
    row = station_of(request, organisation, station, Role.EDITOR)
    tenant = tenant_of(request, organisation, Role.EDITOR)
    command = paid_at_kiosk(
        visitor(request),
        tenant,
        row,
        evse=body.evse,
        psp_ref=body.psp_ref,
        cents=body.authorised_cents,
        card=body.card,
    )
    return Status(202, command)


class CellOut(Schema):
    """What is published of an area's month, or of all areas together."""

    month: str
    area: str | None = Field(description="null: all that is published of the month")
    is_pooled: bool = Field(description="smaller areas together")
    sessions: int
    energy_kwh: int
    smart_share: float | None
    kept_share: float | None
    plug_in_share: float | None
    withheld_areas: int

    @classmethod
    def of(cls, cell: Cell) -> "CellOut":
        """A row of the page."""
        shown = cell.figures
        return cls(
            month=f"{cell.month:%Y-%m}",
            area=cell.area,
            is_pooled=cell.area == OTHERS,
            sessions=shown.sessions,
            energy_kwh=shown.energy_kwh,
            smart_share=shown.smart_share,
            kept_share=shown.kept_share,
            plug_in_share=shown.plug_in_share,
            withheld_areas=cell.withheld,
        )


class StatisticsOut(Schema):
    """Anonymous statistics; every figure is of `least_cards` different cards or more."""

    least_cards: int
    cells: list[CellOut]


@figures.get(
    "/charging",
    response=StatisticsOut,
    operation_id="get_charging_statistics",
    summary="Anonymous statistics of the whole hub",
)
@api_access(Access.PUBLIC)
def get_statistics(request: HttpRequest) -> StatisticsOut:  # noqa: ARG001 - ninja's signature
    """By month and region; smaller ones together, or withheld."""
    return _statistics(cells_of_all())


@figures.get(
    "/charging/{organisation}",
    response=StatisticsOut,
    operation_id="get_charging_statistics_of",
    summary="Anonymous statistics of an operator",
)
@api_access(Access.PUBLIC)
def get_statistics_of(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    organisation: str,
) -> StatisticsOut:
    """By month and site, if it publishes any."""
    return _statistics(cells_of(publisher(organisation).pk))


def _statistics(cells: list[Cell]) -> StatisticsOut:
    return StatisticsOut(
        least_cards=settings.ANONYMITY_CARDS, cells=[CellOut.of(cell) for cell in cells]
    )
