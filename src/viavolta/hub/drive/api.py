"""Rewards of a tenant's drivers in the API."""

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from viavolta.hub.drive.months import Month
from viavolta.hub.drive.rewards import month_of_rewards
from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.operate.tenants import tenant_of, zone_of
from viavolta.hub.people.models import Role
from viavolta.services.billing.measures import Measures

router = Router(tags=["rewards"])


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
