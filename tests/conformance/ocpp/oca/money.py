"""What a session costs and how far it may go: tariffs, limits, bills, in the tables."""

import datetime as dt
from typing import Any

from django.utils import timezone

from oca.cases import Does, Stored
from viavolta.gateway.prices import Place
from viavolta.services.central_system.world import Limits
from viavolta.storage.billing import close_bill
from viavolta.storage.tables import billing as tables
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_CONTENT = {
    "zone": "Europe/Vienna",
    "vat_share": "0.2",
    "idle_after_min": 0,
    "components": [
        {"per": per, "eur": eur, "from_min": 0, "until_min": 1440, "weekdays": []}
        for per, eur in (("kwh", "0.40"), ("session", "0.50"))
    ],
    "reward": {
        "eur_per_discharged_kwh": "0",
        "eur_per_plugged_hour": "0",
        "most_eur": None,
    },
}


def _has_prices(stage: Any) -> None:
    """The station stands at a site of its own, where a kWh costs 0.40 EUR and a session 0.50."""
    identity, pk = stage.station.identity, stage.station.pk
    tables.ChargingTerms.objects.get_or_create(tenant_id=1, defaults={"payment": "invoiced"})
    tables.Tariff.objects.create(
        tenant_id=1, site=identity, version=1, valid_from=LONG_AGO, content=_CONTENT
    )
    Station.objects.filter(pk=pk).update(site=identity, changed_at=timezone.now())
    stage.wait_for_registry(site=identity)
    place = Place(station=pk, tenant_id=1, site=identity)
    for gateway in (stage.gateways.plain, stage.gateways.tls):
        prices = gateway.registry.transactions.prices
        stage.wait_for(
            lambda held=prices: held.at(place, LONG_AGO) is not None and held.are_asked(1)
        )


PRICED = Does(_has_prices)


def wants(**limits: float) -> Does:
    """The driver says how far the session may go, before it or on the way."""

    def act(stage: Any) -> None:
        stage.project()
        session = Session.objects.filter(station=stage.station, ended_at=None).first()
        Wish.objects.create(
            tenant_id=1, station=stage.station, evse=1, session=session, token="card", **limits
        )
        expected = Limits(
            max_cents=limits.get("most_cents"),
            max_wh=limits["most_kwh"] * 1000 if "most_kwh" in limits else None,
            max_s=limits["most_min"] * 60 if "most_min" in limits else None,
        )
        held = stage.gateway.registry.transactions.wants
        pk = stage.station.pk
        if session is None:
            stage.wait_for(lambda: held.waiting(pk, 1) == expected)
        else:
            stage.wait_for(lambda: held.limits((pk, session.transaction)) == expected)

    return Does(act)


def billed(cents: int) -> Stored:
    """The bill of the station's session comes to as much as the station was told."""

    def check(stage: Any) -> None:
        session = Session.objects.get(station=stage.station)
        bill = close_bill(session.pk, timezone.now())
        assert bill is not None
        assert bill.cents == cents

    return Stored(check)
