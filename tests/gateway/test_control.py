"""The control loop with a real gateway: simulated stations of all versions follow its plans."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from live_scene import TENANT, Scene, scene, take_in

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.orders import Why
from viavolta.simulator.car import Car
from viavolta.storage import leases
from viavolta.storage.tables.live import (
    ControlLease,
    EnergyPrice,
    LimitChange,
    Order,
    PlannedHour,
    SiteLimit,
    Wish,
)
from viavolta.storage.tables.stations import Command, CommandState, Station

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_file")]
VERSIONS = {"cp-16": Version.V16, "cp-201": Version.V201, "cp-21": Version.V21}


@pytest.fixture(autouse=True)
def site(tmp_path: Path) -> SiteLimit:
    """A transformer with a station of each version, and a flat price."""
    for identity in VERSIONS:
        take_in(tmp_path, identity, limit_id="transformer")
    price(0, 0.20)
    return SiteLimit.objects.create(
        tenant_id=TENANT, limit_id="transformer", import_kw=40.0, export_kw=40.0
    )


def price(hours: float, eur: float) -> None:
    """Energy costs this much from so many hours on; a little less is paid for it."""
    EnergyPrice.objects.update_or_create(
        tenant_id=TENANT,
        starts_at=timezone.now().replace(minute=0, second=0, microsecond=0)
        + dt.timedelta(hours=hours),
        defaults={"buy_eur_per_kwh": eur, "sell_eur_per_kwh": eur - 0.01},
    )


def lower(site: SiteLimit, kw: float) -> None:
    """Set a limit from now on, as the slider does."""
    LimitChange.objects.create(
        limit=site, import_kw=kw, starts_at=timezone.now(), source=LimitChange.Source.OPERATOR
    )


def car(**more: Any) -> Car:
    """A car that takes 11 kW on three phases."""
    return Car(**{"token": "card", "max_kw": 11.0, "min_kw": 4.14, "soc": 0.3} | more)


def play(data: Path, story: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    """Run a story."""

    async def told() -> None:
        async with scene(data, VERSIONS) as running:
            await story(running)

    asyncio.run(told())


def test_powers_follow_a_lowered_limit_and_the_minimum_is_kept(
    tmp_path: Path, site: SiteLimit
) -> None:
    """33 kW are drawn; once the limit falls to 14, no more than that, who has least first."""

    async def story(live: Scene) -> None:
        for k, identity in enumerate(VERSIONS):
            session = await live.plug_in(identity, car(soc=0.1 if k == 0 else 0.4), hours=4)
            await asyncio.to_thread(
                Wish.objects.create,
                tenant_id=TENANT,
                station=session.station,
                evse=1,
                session=session,
                token="card",
                mode=Wish.Mode.NOW,
                target_soc=0.9,
                min_soc=0.3 if k == 0 else None,
                capacity_kwh=60.0,
                ready_at=timezone.now() + dt.timedelta(hours=8),
            )
        await live.until(lambda: sum(live.powers_kw().values()) > 32.9, "full power")
        await asyncio.to_thread(lower, site, 14.0)
        await live.until(lambda: sum(live.powers_kw().values()) <= 14.05, "the lower limit")
        await live.until(lambda: live.powers_kw()["cp-16"] > 9.8, "the driver's minimum first")
        powers = await asyncio.to_thread(live.powers_kw)
        assert sum(powers.values()) <= 14.05

    play(tmp_path, story)
    limited = Order.objects.exclude(session__station__identity="cp-16")
    assert {(row.why, row.limit_id) for row in limited} == {(Why.LIMITED, "transformer")}
    assert Order.objects.get(session__station__identity="cp-16").is_taken
    assert PlannedHour.objects.count() > 0
    assert ControlLease.objects.get(tenant_id=TENANT).trouble == ""


def test_a_battery_gives_back_while_energy_is_dear(tmp_path: Path) -> None:
    """Its fleet lets it: setpoints below zero go to the station of 2.1, and it discharges."""
    station = Station.objects.get(identity="cp-21")
    Wish.objects.create(
        tenant_id=TENANT, station=station, evse=1, min_soc=0.3, may_discharge=True, given_by="fleet"
    )
    price(0, 0.60)
    price(2, 0.10)

    async def story(live: Scene) -> None:
        lender = car(soc=0.7, target_soc=0.8, max_discharge_kw=10.0, capacity_kwh=60.0)
        await live.plug_in("cp-21", lender, hours=12)
        await live.until(lambda: live.powers_kw().get("cp-21", 0) < -9.9, "discharging")

    play(tmp_path, story)
    order = Order.objects.get()
    assert order.why == Why.GIVES_BACK
    assert order.departure_source == "vehicle"
    assert order.command is not None
    profile = order.command.payload["chargingProfile"]
    assert profile["chargingProfilePurpose"] == "TxProfile"
    first = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    assert (first["operationMode"], first["setpoint"]) == ("CentralSetpoint", -10_000.0)


def test_a_station_that_refuses_counts_as_a_load(tmp_path: Path, site: SiteLimit) -> None:
    """It draws what it likes; the others get what is left of the limit."""
    lower(site, 16.0)

    async def story(live: Scene) -> None:
        stubborn = live.drives["cp-201"].station
        stubborn.asked = lambda *_: {"status": "Rejected"}  # type: ignore[method-assign] # takes nothing
        await live.plug_in("cp-201", car(), hours=4)
        await live.plug_in("cp-16", car(), hours=4)
        await live.until(lambda: live.powers_kw().get("cp-201", 0) > 10.9, "who refuses")
        refused = Order.objects.filter(session__station__identity="cp-201", is_taken=False)
        await live.until(refused.filter(why=Why.BY_ITSELF).exists, "the order of who refuses")
        await live.until(lambda: live.powers_kw().get("cp-16", 0) > 4.9, "what is left")
        await live.until(lambda: sum(live.powers_kw().values()) <= 16.05, "the limit")

    play(tmp_path, story)


def test_every_station_holds_a_default_for_the_day_without_a_link(tmp_path: Path) -> None:
    """A third of the transformer each, put there when it boots, once."""

    async def story(live: Scene) -> None:
        there = Command.objects.filter(asked_by="control-default", state=CommandState.ANSWERED)
        await live.until(lambda: there.count() == len(VERSIONS), "the defaults")
        await live.plug_in("cp-16", car(), hours=1)
        await live.until(Order.objects.exists, "a plan")

    play(tmp_path, story)
    told = Command.objects.filter(asked_by="control-default")
    assert told.count() == len(VERSIONS)
    for command in told:
        assert (command.answer or {})["status"] == "Accepted"
        content = command.payload.get("csChargingProfiles") or command.payload["chargingProfile"]
        schedule = content["chargingSchedule"]
        schedule = schedule[0] if isinstance(schedule, list) else schedule
        assert content["chargingProfilePurpose"] == "TxDefaultProfile"
        assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 13300.0}]


def test_who_loses_the_lease_plans_no_more(tmp_path: Path, site: SiteLimit) -> None:
    """Another process holds it: this one writes nothing, and takes over once it is given back."""

    async def story(live: Scene) -> None:
        await live.plug_in("cp-16", car(), hours=4)
        await live.until(Order.objects.filter(power_kw__gt=10.9).exists, "a plan")
        await asyncio.to_thread(_steal)
        await asyncio.to_thread(lower, site, 5.0)
        for _ in range(5):
            assert await asyncio.to_thread(live.control.once) == 0
        assert await asyncio.to_thread(Order.objects.filter(power_kw__gt=10.9).exists)
        await asyncio.to_thread(leases.release, "another")
        live.control._tenants.clear()  # noqa: SLF001 - time passes
        await live.until(Order.objects.filter(power_kw__lte=5.0).exists, "the lower limit")

    play(tmp_path, story)


def _steal() -> None:
    until = timezone.now() + leases.HOLDS
    ControlLease.objects.filter(tenant_id=TENANT).update(holder="another", until=until)


def test_bad_data_of_one_tenant_stop_nobody_else(tmp_path: Path) -> None:
    """Limits in a circle cannot be planned: that is told, and the other tenant is planned."""
    other = SiteLimit.objects.create(tenant_id=2, limit_id="round")
    other.parent = SiteLimit.objects.create(tenant_id=2, limit_id="and-round", parent=other)
    other.save()
    Station.objects.filter(identity="cp-201").update(tenant_id=2, limit_id="round")

    async def story(live: Scene) -> None:
        await live.plug_in("cp-201", car(), hours=4)
        await live.plug_in("cp-16", car(), hours=4)
        planned = Order.objects.filter(session__station__identity="cp-16")
        await live.until(planned.exists, "the plan of the one")
        troubled = ControlLease.objects.filter(tenant_id=2, trouble__contains="cycle")
        await live.until(troubled.exists, "the trouble of the other")

    play(tmp_path, story)
    assert not Order.objects.filter(session__station__identity="cp-201").exists()


def test_a_promise_is_made_and_judged(tmp_path: Path) -> None:
    """The plan says when the wish is served; when the session ends it is told whether it was."""

    async def story(live: Scene) -> None:
        session = await live.plug_in("cp-21", car(soc=0.5, capacity_kwh=60.0), hours=4)
        wish = await asyncio.to_thread(
            Wish.objects.create,
            tenant_id=TENANT,
            station=session.station,
            evse=1,
            session=session,
            energy_kwh=30.0,
            mode=Wish.Mode.NOW,
        )
        promised = Wish.objects.filter(pk=wish.pk, promised_at__gt=timezone.now())
        await live.until(promised.exists, "a promise")
        await live.unplug("cp-21")
        await live.plug_in("cp-16", car(), hours=4)
        await live.until(Wish.objects.filter(is_kept=False).exists, "a broken promise")

    play(tmp_path, story)


def test_a_wish_given_before_holds_for_the_next_session_there(tmp_path: Path) -> None:
    """It is tied to the session at its EVSE, if the token fits."""
    station = Station.objects.get(identity="cp-16")
    fits, differs = (
        Wish.objects.create(tenant_id=TENANT, station=station, evse=1, token=token)
        for token in ("card", "another card")
    )

    async def story(live: Scene) -> None:
        await live.plug_in("cp-16", car(), hours=4)
        await live.until(Order.objects.exists, "a plan")

    play(tmp_path, story)
    fits.refresh_from_db()
    differs.refresh_from_db()
    assert fits.session is not None
    assert differs.session is None
