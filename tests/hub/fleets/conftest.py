"""A city with a van that charges with a card, at a station that is on line."""

import datetime as dt
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone

from viavolta.storage.tables.fleets import FleetVehicle, UsualDeparture
from viavolta.storage.tables.stations import Session, Station


@pytest.fixture
def station(cast: Cast) -> Station:
    """A station of the city."""
    return Station.objects.create(
        tenant_id=cast.organisation.pk, identity="depot-1", gateway="g", ocpp_version="2.0.1"
    )


@pytest.fixture
def van(cast: Cast) -> FleetVehicle:
    """Leaves at seven, local time, every day, with 90 %."""
    made = FleetVehicle.objects.create(
        tenant_id=cast.organisation.pk,
        name="Van 1",
        token="VAN-1",
        target_soc=0.9,
        min_soc=0.3,
        capacity_kwh=60.0,
        may_discharge=True,
    )
    for weekday in range(7):
        UsualDeparture.objects.create(vehicle=made, weekday=weekday, minute=7 * 60)
    return made


@pytest.fixture
def plug(station: Station) -> Any:
    """Plug something in, an hour ago."""
    van_1 = "VAN-1"

    def plugged(token: str = van_1, **more: Any) -> Session:
        values = {"started_at": timezone.now() - dt.timedelta(hours=1), "evse": 1, "soc": 0.4}
        return Session.objects.create(
            station=station, transaction=f"t-{token}", token=token, **values | more
        )

    return plugged
