"""What a driver usually wants follows her card, to whoever honours it."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from viavolta.storage.driver_wishes import give_kept_wishes, next_time
from viavolta.storage.tables.billing import ChargingTerms, DriverPreference
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station

Tell = Callable[..., None]


def kept(**more: Any) -> DriverPreference:
    """A preference for a card that tenant 77 gave out."""
    values = {"key_hash": "k", "token": "CARD-9", "issuer_id": 77, "ready_min": 390, "min_soc": 0.3}
    return DriverPreference.objects.create(**values | more)


def test_a_card_brings_its_wishes_along(station: Station, tell: Tell) -> None:
    """Once, at a station of another operator, with what she always keeps."""
    kept()
    tell(station, "CARD-9", range(3))
    now = timezone.now()
    assert give_kept_wishes(now) == 1
    assert give_kept_wishes(now) == 0
    wish = Wish.objects.get()
    assert (wish.given_by, wish.min_soc, wish.session) == ("preference", 0.3, Session.objects.get())
    assert wish.ready_at is not None
    local = wish.ready_at.astimezone(ZoneInfo("Europe/Vienna"))
    assert (local.hour, local.minute) == (6, 30)


@pytest.mark.parametrize(
    "why", ["the operator does not honour it", "two issuers claim it", "she is there herself"]
)
def test_where_it_does_not_count(station: Station, tell: Tell, why: str) -> None:
    """Nothing is guessed."""
    kept()
    tell(station, "CARD-9", range(3))
    if why == "the operator does not honour it":
        ChargingTerms.objects.update(honours_preferences=False)
    elif why == "two issuers claim it":
        kept(key_hash="other", issuer_id=78)
    else:
        Wish.objects.create(
            tenant_id=station.tenant_id, station=station, evse=1, session=Session.objects.get()
        )
    assert give_kept_wishes(timezone.now()) == 0


def test_the_operators_own_card_counts_whatever_others_claim(station: Station, tell: Tell) -> None:
    """A foreign claim on the same number changes nothing."""
    kept()
    kept(key_hash="own", issuer_id=station.tenant_id, min_soc=0.5)
    ChargingTerms.objects.update(honours_preferences=False)
    tell(station, "CARD-9", range(3))
    assert give_kept_wishes(timezone.now()) == 1
    assert Wish.objects.get().min_soc == 0.5


@given(
    now=st.timedeltas(dt.timedelta(), dt.timedelta(days=730)),
    minute=st.integers(0, 1439),
    zone=st.sampled_from(["Europe/Vienna", "Europe/Lisbon", "UTC"]),
)
def test_ready_by_is_the_next_time_the_clock_shows_it(
    now: dt.timedelta, minute: int, zone: str
) -> None:
    """A quarter of an hour to a day and a bit ahead; the clock shows it, but in a skipped hour."""
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + now
    found = next_time(moment, minute, zone)
    assert dt.timedelta(minutes=15) <= found - moment < dt.timedelta(hours=26)
    local = found.astimezone(ZoneInfo(zone))
    shown = local.hour * 60 + local.minute
    assert shown == minute or (local.month == 3 and shown == minute + 60)
