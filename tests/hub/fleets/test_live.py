"""From a departure to the plan and back: what was decided stands on the page of the fleet."""

import datetime as dt
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone

from viavolta.hub.fleets.queries import fleet_now
from viavolta.hub.operate.tenants import zone_of
from viavolta.services.fleets.readiness import Cause, State
from viavolta.services.live.control import decide
from viavolta.services.live.figures import live_figures
from viavolta.storage import leases
from viavolta.storage.fleets import give_fleet_wishes
from viavolta.storage.live_facts import LiveReader
from viavolta.storage.live_orders import carry_out
from viavolta.storage.tables.fleets import FleetVehicle
from viavolta.storage.tables.live import Order, SiteLimit, Wish
from viavolta.storage.tables.stations import GatewaySeen, Outlet, Station


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "wanted",
    [(6.0, State.WILL_LACK, Cause.LIMIT), (60.0, State.WILL_BE_READY, None)],
)
def test_a_departure_is_planned_and_the_limit_is_named(
    cast: Cast, van: FleetVehicle, plug: Any, wanted: tuple[float, State, Any]
) -> None:
    """30 kWh in four hours: under 6 kW they do not come, and the page says which limit binds."""
    limit_kw, state, cause = wanted
    now = timezone.now()
    SiteLimit.objects.create(
        tenant_id=van.tenant_id, limit_id="depot", name="Depot North", import_kw=limit_kw
    )
    van.usual.all().delete()
    van.departures.create(leaves_at=now + dt.timedelta(hours=4))
    plug(power_w=0.0, energy_wh=0.0)
    assert give_fleet_wishes(now, lambda _tenant: zone_of(cast.organisation)) == 1
    GatewaySeen.objects.create(gateway="g", process="p", n_stations=1, seen_at=now)
    plan(van.tenant_id, now)
    order = Order.objects.get()
    assert order.departure_source == "fleet"
    assert order.departure_at == Wish.objects.get().ready_at
    found = fleet_now(cast.organisation, now)[0]
    assert (found.state, found.cause) == (state, cause)
    if cause is not None:
        assert found.limit_name == "Depot North"
        assert found.missing_kwh is not None
        assert 4.0 < found.missing_kwh < 12.0
        page = cast.client("reader").get("/stations/sampleton/fleet/").content.decode()
        assert "the limit Depot North binds" in page


def plan(tenant_id: int, now: dt.datetime) -> None:
    """What the control loop does, however long it takes."""
    figures = live_figures()
    facts = LiveReader(last_past=figures.last_past).read(tenant_id, now)
    decision = decide(facts, now=now, figures=figures)
    assert leases.hold(tenant_id, "test")
    assert carry_out(tenant_id, decision, "test") is not None


@pytest.fixture
def told(station: Station) -> None:
    """The station hangs on the limit, and its outlet gives 22 kW."""
    Station.objects.filter(pk=station.pk).update(limit_id="depot", connected_at=timezone.now())
    Outlet.objects.create(
        station=station,
        evse=1,
        connector=1,
        status="Occupied",
        status_at=timezone.now(),
        max_kw=22.0,
    )
