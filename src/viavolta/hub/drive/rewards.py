"""What the drivers and vehicles of a tenant did in a month, and what it brought them."""

import dataclasses
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from viavolta.hub.drive.months import Month
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.measures import Measures, Taken, measures_of
from viavolta.services.billing.wear import usual_wear
from viavolta.storage.fleets import spellings_of
from viavolta.storage.rewards import VISITORS, taken_in
from viavolta.storage.tables.fleets import FleetVehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class Earner:
    """A driver by her card, a vehicle by its name, or all visitors without a card together.

    Wear is estimated for what was given back, low and high by the kind of battery (cents).
    """

    name: str
    vehicle: int | None
    measures: Measures
    wear_cents: tuple[int, int]

    @property
    def is_visitors(self) -> bool:
        """Whether these are visitors: they have no plug-in rate, since nobody tells them apart."""
        return not self.name

    @property
    def plug_in_share(self) -> float | None:
        """The plug-in rate."""
        return None if self.is_visitors else self.measures.plug_in_share


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfRewards:
    """A month: everybody, and the sums; the plug-in rate is of those with a card."""

    month: Month
    until: dt.datetime
    earners: list[Earner]
    total: Measures
    plug_in_share: float | None
    wear_cents: tuple[int, int]


def month_of_rewards(tenant: Organisation, month: Month, now: dt.datetime) -> MonthOfRewards:
    """What happened in a month, of the present one so far."""
    until = max(min(month.end, now), month.start)
    whose = {
        text: row
        for row in FleetVehicle.objects.filter(tenant_id=tenant.pk)
        for text in spellings_of(row)
    }
    taken = [_by_vehicle(one, whose) for one in taken_in(tenant.pk, month.start, until)]
    groups: dict[str, list[Taken]] = defaultdict(list)
    for one in taken:
        groups[one.driver].append(one)
    vehicles = {row.name: row.pk for row in whose.values()}
    total = measures_of(taken, month.start, until)
    with_card = measures_of((o for o in taken if o.driver != VISITORS), month.start, until)
    return MonthOfRewards(
        month=month,
        until=until,
        earners=[
            Earner(
                name=name,
                vehicle=vehicles.get(name),
                measures=(found := measures_of(own, month.start, until)),
                wear_cents=_wear(found),
            )
            for name, own in sorted(groups.items())
        ],
        total=total,
        plug_in_share=with_card.plug_in_share,
        wear_cents=_wear(total),
    )


def _by_vehicle(one: Taken, whose: dict[str, FleetVehicle]) -> Taken:
    vehicle = whose.get(one.driver)
    return one if vehicle is None else dataclasses.replace(one, driver=vehicle.name)


def _wear(found: Measures) -> tuple[int, int]:
    return usual_wear().cents(found.discharged_kwh * 1000)
