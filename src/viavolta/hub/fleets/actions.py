"""Vehicles added, changed, removed; departures set, removed, loaded from a file."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from viavolta.formats.departures import DepartureRow
from viavolta.hub.fleets.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.tenants import zone_of
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.services.fleets.departures import moment_of
from viavolta.storage.fleets import withdraw_wishes
from viavolta.storage.tables.fleets import Departure, FleetVehicle, UsualDeparture

MOST_VEHICLES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFacts:
    """What an editor says of a vehicle; `usual` has minutes of the local day by weekday."""

    name: str
    token: str = ""
    contract_id: str = ""
    mac: str = ""
    capacity_kwh: float | None = None
    target_soc: float | None = None
    min_soc: float | None = None
    may_discharge: bool = False
    usual: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureFacts:
    """A departure on a day by local clocks; `minute` None: the vehicle stays."""

    day: dt.date
    minute: int | None
    target_soc: float | None = None
    energy_kwh: float | None = None


@transaction.atomic
def add_vehicle(user: User, tenant: Organisation, facts: VehicleFacts) -> FleetVehicle:
    """Add a vehicle.

    Raises
    ------
    RefusedError: another has its name, card, contract or address; or there are too many.
    """
    require_member(user, tenant, Role.EDITOR)
    if FleetVehicle.objects.filter(tenant_id=tenant.pk).count() >= MOST_VEHICLES:
        raise RefusedError(_("A fleet has at most %(n)d vehicles.") % {"n": MOST_VEHICLES})
    row = FleetVehicle(tenant_id=tenant.pk)
    _save(row, facts)
    record(Verb.VEHICLE_ADDED, actor=user, organisation=tenant, subject=row)
    return row


@transaction.atomic
def change_vehicle(
    user: User, tenant: Organisation, row: FleetVehicle, facts: VehicleFacts
) -> None:
    """Change a vehicle; its session under way follows within seconds.

    Raises
    ------
    RefusedError: another has its name, card, contract or address.
    """
    require_member(user, tenant, Role.EDITOR)
    before = (row.token, row.contract_id, row.mac)
    if before != (facts.token, facts.contract_id, facts.mac):
        withdraw_wishes(row)
    _save(row, facts)
    record(Verb.VEHICLE_CHANGED, actor=user, organisation=tenant, subject=row)


@transaction.atomic
def remove_vehicle(user: User, tenant: Organisation, row: FleetVehicle) -> None:
    """Remove a vehicle with its departures; its sessions stay what they are."""
    require_member(user, tenant, Role.EDITOR)
    withdraw_wishes(row)
    record(Verb.VEHICLE_REMOVED, actor=user, organisation=tenant, subject=row)
    row.delete()


@transaction.atomic
def set_departure(
    user: User, tenant: Organisation, row: FleetVehicle, facts: DepartureFacts
) -> None:
    """Set the departure of one day, in place of what was set for that day before."""
    require_member(user, tenant, Role.EDITOR)
    _set_days(tenant, {row: [facts]})
    record(Verb.DEPARTURE_SET, actor=user, organisation=tenant, subject=row)


@transaction.atomic
def remove_departure(user: User, tenant: Organisation, departure: Departure) -> None:
    """Take a single departure back: the usual one of that day counts again."""
    require_member(user, tenant, Role.EDITOR)
    vehicle = departure.vehicle
    departure.delete()
    record(Verb.DEPARTURE_REMOVED, actor=user, organisation=tenant, subject=vehicle)


@transaction.atomic
def load_departures(user: User, tenant: Organisation, rows: Sequence[DepartureRow]) -> int:
    """Set the departures of a file; of the days that it names for a vehicle it has all of them."""
    require_member(user, tenant, Role.EDITOR)
    vehicles = {row.name: row for row in FleetVehicle.objects.filter(tenant_id=tenant.pk)}
    wanted: dict[FleetVehicle, list[DepartureFacts]] = {}
    for row in rows:
        facts = DepartureFacts(
            day=row.day, minute=row.minute, target_soc=row.target_soc, energy_kwh=row.energy_kwh
        )
        wanted.setdefault(vehicles[row.vehicle], []).append(facts)
    _set_days(tenant, wanted)
    record(Verb.DEPARTURES_LOADED, actor=user, organisation=tenant, detail={"rows": len(rows)})
    return len(rows)


def _set_days(
    tenant: Organisation, wanted: Mapping[FleetVehicle, Sequence[DepartureFacts]]
) -> None:
    zone = zone_of(tenant)
    for vehicle, departures in wanted.items():
        days = {one.day for one in departures}
        own = Departure.objects.filter(vehicle=vehicle)
        old = [one.pk for one in own if one.leaves_at.astimezone(zone).date() in days]
        Departure.objects.filter(pk__in=old).delete()
        Departure.objects.bulk_create(
            Departure(
                vehicle=vehicle,
                leaves_at=moment_of(one.day, one.minute or 0, zone),
                stays=one.minute is None,
                target_soc=one.target_soc,
                energy_kwh=one.energy_kwh,
            )
            for one in departures
        )


def _save(row: FleetVehicle, facts: VehicleFacts) -> None:
    row.name, row.token, row.contract_id = facts.name, facts.token, facts.contract_id
    row.mac, row.capacity_kwh, row.target_soc = facts.mac, facts.capacity_kwh, facts.target_soc
    row.min_soc, row.may_discharge = facts.min_soc, facts.may_discharge
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise RefusedError(
            _("Another vehicle has this name, card, contract or MAC address already.")
        ) from error
    _save_usual(row, facts.usual.items())


def _save_usual(row: FleetVehicle, usual: Iterable[tuple[int, int]]) -> None:
    row.usual.all().delete()
    UsualDeparture.objects.bulk_create(
        UsualDeparture(vehicle=row, weekday=weekday, minute=minute) for weekday, minute in usual
    )
