"""A charging point of the city with a tariff, and phones that visit it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from journalled import bring_in, told

from viavolta.services.billing.tariff import Component, Per, Reward, Tariff, content_of
from viavolta.storage.tables.billing import ChargingTerms
from viavolta.storage.tables.billing import Tariff as TariffRow
from viavolta.storage.tables.stations import Outlet, Station

PRICES = Tariff(
    zone="Europe/Vienna",
    vat_share=Decimal("0.2"),
    idle_after_min=30,
    components=(
        Component(per=Per.BOOST, eur=Decimal("1.50")),
        Component(per=Per.SESSION, eur=Decimal("0.25")),
        Component(per=Per.KWH, eur=Decimal("0.29"), from_min=22 * 60, until_min=6 * 60),
        Component(per=Per.KWH, eur=Decimal("0.49")),
    ),
    reward=Reward(eur_per_discharged_kwh=Decimal("0.10")),
)


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    """Each test may knock as often as a minute allows."""
    cache.clear()


@pytest.fixture
def station(cast: Any) -> Station:
    """A station on the line, with two points and a tariff."""
    return make_station(cast)


def make_station(cast: Any, identity: str = "AT-SAM-E1") -> Station:
    """A station of the city on the line."""
    tenant = cast.organisation.pk
    ChargingTerms.objects.get_or_create(
        tenant_id=tenant, defaults={"payment": "invoiced", "zone": "Europe/Vienna"}
    )
    TariffRow.objects.get_or_create(
        tenant_id=tenant,
        version=1,
        defaults={
            "valid_from": dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
            "content": content_of(PRICES),
        },
    )
    station = Station.objects.create(
        tenant_id=tenant, identity=identity, name="Market", gateway="g", ocpp_version="2.0.1"
    )
    for evse in (1, 2):
        Outlet.objects.create(
            station=station, evse=evse, connector=1, status="Occupied", status_at=timezone.now()
        )
    return station


@pytest.fixture
def phone() -> Client:
    """Somebody's phone, with no account; forms need their token, as in a browser."""
    return Client()


@pytest.fixture
def tell(tmp_path: Path) -> Callable[..., None]:
    """Have a station tell events of a session that began ten minutes ago."""

    def tell(station: Station, token: str, seqs: Any, last: int = 5, **more: Any) -> None:
        start = timezone.now() - dt.timedelta(minutes=10)
        transaction = more.pop("transaction", f"t-{token}")
        bring_in(
            tmp_path,
            *(
                told(
                    station,
                    transaction,
                    seq,
                    last,
                    start=start,
                    evse={"id": 1},
                    idToken={"idToken": token, "type": "Central"},
                    **more,
                )
                for seq in seqs
            ),
        )

    return tell
