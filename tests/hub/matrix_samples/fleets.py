"""Samples of fleets: a vehicle of the city and a departure of it."""

import datetime as dt

from cast import Cast
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from matrix import row, sample

from viavolta.storage.tables.fleets import Departure, FleetVehicle


def a_vehicle(cast: Cast) -> FleetVehicle:
    """A vehicle of the city."""
    return FleetVehicle.objects.get_or_create(
        tenant_id=cast.organisation.pk, name="Van 1", token="van-1"
    )[0]


@sample("vehicle")
def _vehicle(cast: Cast) -> int:
    return a_vehicle(cast).pk


@sample("departure")
def _departure(cast: Cast) -> int:
    return Departure.objects.get_or_create(
        vehicle=a_vehicle(cast),
        defaults={"leaves_at": timezone.now() + dt.timedelta(days=1)},
    )[0].pk


_DAY = "2030-05-04"
row("fleet-vehicle-new", post={"name": "Van 2", "token": "van-2"})
row("fleet-vehicle-edit", post={"name": "Van 1", "token": "van-1"})
row("fleet-departure-new", post={"day": _DAY, "time": "06:30"})
row(
    "fleet-departures-load",
    post=lambda _cast: {"file": SimpleUploadedFile("departures.csv", b"vehicle\n")},
)
row("add_fleet_vehicle", post={"name": "Van 3", "token": "van-3"})
row("change_fleet_vehicle", post={"name": "Van 1", "token": "van-1"})
row("set_fleet_departure", post={"day": _DAY, "minute": 390})
