"""A tariff in the words of OCPI costs what ours costs, by the rules of OCPI."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from viavolta.protocols.ocpi.objects import findings
from viavolta.protocols.ocpi.pricing import cost_of
from viavolta.protocols.ocpi.slices import Slice
from viavolta.services.billing.price import Use, account_of
from viavolta.services.billing.tariff import Component, Per, Reward, Tariff
from viavolta.services.roaming.tariffs import FREE, elements_of

ZONE = "Europe/Vienna"
START = dt.datetime(2026, 3, 2, 20, 30, tzinfo=dt.UTC)  # a Monday, 21:30 in Vienna
FULL = START + dt.timedelta(hours=2)
END = START + dt.timedelta(hours=3)
USE = Use(started_at=START, ended_at=END, registers=((START, 0.0), (FULL, 20_000.0)), full_at=FULL)
SLICES = [
    Slice(start=START, end=FULL, energy_kwh=Decimal(20)),
    Slice(start=FULL, end=END, is_charging=False),
]


def per(kind: Per, eur: str, **more: object) -> Component:
    """A price."""
    return Component(per=kind, eur=Decimal(eur), **more)  # type: ignore[arg-type] # of the tests


@pytest.mark.parametrize(
    "components",
    [
        (per(Per.KWH, "0.48"),),
        (per(Per.SESSION, "0.60"), per(Per.KWH, "0.48"), per(Per.MINUTE, "0.012")),
        (per(Per.KWH, "0.30", from_min=22 * 60, until_min=6 * 60), per(Per.KWH, "0.48")),
        (per(Per.KWH, "0.30", weekdays=(0,)), per(Per.KWH, "0.48")),
        (per(Per.MINUTE, "0.06", until_min=22 * 60), per(Per.MINUTE, "0.03")),
        (per(Per.KWH, "0.48"), per(Per.IDLE_MINUTE, "0.06")),
        (
            per(Per.MINUTE, "0.012"),
            per(Per.IDLE_MINUTE, "0.06", from_min=8 * 60, until_min=24 * 60),
        ),
    ],
)
def test_both_cost_the_same(components: tuple[Component, ...]) -> None:
    """Energy, minutes, blocking, hours over midnight and weekdays, to the cent."""
    tariff = Tariff(zone=ZONE, components=components, vat_share=Decimal("0.2"))
    said = elements_of(tariff)
    assert said.unsaid == []
    whole = {
        "country_code": "AT",
        "party_id": "SAM",
        "id": "T1",
        "currency": "EUR",
        "elements": said.elements,
        "last_updated": "2026-03-01T00:00:00Z",
    }
    assert findings("Tariff", whole) == []
    cost = cost_of(whole, SLICES, zone=ZoneInfo(ZONE))
    assert cost.incl_vat is not None
    ours = account_of(tariff, USE)
    assert float(cost.incl_vat) == pytest.approx(ours.cents / 100, abs=0.011)


def test_what_has_no_words_is_said_beside() -> None:
    """Boost, rewards, the minutes before blocking costs."""
    tariff = Tariff(
        zone=ZONE,
        components=(
            per(Per.KWH, "0.48"),
            per(Per.IDLE_MINUTE, "0.06"),
            per(Per.BOOST, "1.50"),
        ),
        idle_after_min=30,
        reward=Reward(eur_per_discharged_kwh=Decimal("0.10")),
    )
    words = " ".join(elements_of(tariff).unsaid)
    for part in ("30 minutes", "1.50 EUR", "Rewards"):
        assert part in words


def test_a_tariff_without_a_price_says_free() -> None:
    """As the specification writes it: a flat fee of nothing."""
    for components in ((), (per(Per.KWH, "0"),)):
        assert elements_of(Tariff(zone=ZONE, components=components)) == FREE
