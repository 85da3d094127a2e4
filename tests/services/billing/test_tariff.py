"""Tariffs: shown in the law's order, kept as JSON to the last digit, checked for fast points."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.model.errors import UsageError
from viavolta.services.billing.payment import PaymentMode, PaymentState, provider_of
from viavolta.services.billing.tariff import (
    DAY_MIN,
    AdHocFault,
    Component,
    Per,
    Reward,
    Tariff,
    ad_hoc_faults,
    content_of,
    tariff_of,
)
from viavolta.services.billing.wear import usual_wear

amounts = st.decimals(0, 99, places=4)
components = st.builds(
    Component,
    per=st.sampled_from([Per.KWH, Per.MINUTE, Per.IDLE_MINUTE]),
    eur=amounts,
    from_min=st.integers(0, DAY_MIN - 1),
    until_min=st.integers(1, DAY_MIN),
    weekdays=st.lists(st.integers(0, 6), unique=True, max_size=3).map(tuple),
)
tariffs = st.builds(
    Tariff,
    zone=st.sampled_from(["Europe/Vienna", "UTC"]),
    components=st.lists(components, max_size=5).map(tuple),
    vat_share=st.decimals(0, 1, places=4),
    idle_after_min=st.integers(0, 600),
    reward=st.builds(
        Reward,
        eur_per_discharged_kwh=amounts,
        eur_per_plugged_hour=amounts,
        most_eur=st.none() | amounts,
    ),
)


@given(tariff=tariffs)
def test_json_and_back(tariff: Tariff) -> None:
    """What is stored reads back the same; it is shown in the order of AFIR."""
    assert tariff_of(content_of(tariff)) == tariff
    shown = [list(Per).index(c.per) for c in tariff.shown()]
    assert shown == sorted(shown)


@pytest.mark.parametrize("content", [{}, {"zone": "Nowhere"}, {"zone": "UTC", "vat_share": "x"}])
def test_what_is_no_tariff_is_told(content: dict[str, str]) -> None:
    """One kind of error, whatever is wrong."""
    with pytest.raises(ValueError, match="tariff"):
        tariff_of(content)


def test_fast_points_are_paid_by_the_kwh() -> None:
    """AFIR, Art. 5(4): from 50 kW on a price per kWh, beside it only a fee against blocking."""

    def faults(*asked: Per, max_kw: float = 50) -> list[AdHocFault]:
        parts = tuple(Component(per=per, eur=Decimal(1)) for per in asked)
        return ad_hoc_faults(Tariff(zone="UTC", components=parts), max_kw=max_kw)

    assert faults(Per.KWH, Per.IDLE_MINUTE) == []
    assert faults(Per.KWH, Per.SESSION) == [AdHocFault.NOT_PER_KWH_ALONE]
    assert faults(Per.MINUTE) == [AdHocFault.NO_PRICE_PER_KWH, AdHocFault.NOT_PER_KWH_ALONE]
    assert faults(Per.MINUTE, max_kw=22) == []


def test_wear_of_usual_cars() -> None:
    """A few cents per kWh, with its sources; nothing for nothing."""
    wear = usual_wear()
    assert 0.002 < wear.low_eur_per_kwh < wear.high_eur_per_kwh < 0.15
    assert any("Naumann" in source for source in wear.sources)
    assert wear.cents(0) == (0, 0)
    low, high = wear.cents(10_000)
    assert low == round(1000 * wear.low_eur_per_kwh) <= high


def test_the_test_provider_asks_to_be_allowed() -> None:
    """It says that it is a test, and does not run where nobody allowed it."""
    with pytest.raises(UsageError) as refused:
        provider_of(PaymentMode.TEST, is_test_allowed=False)
    assert refused.value.code == "test-payment-refused"
    paid = provider_of(PaymentMode.TEST, is_test_allowed=True).take("7", 100)
    assert (paid.state, paid.reference) == (PaymentState.PAID_IN_TEST, "TEST-7")
    free = provider_of(PaymentMode.FREE, is_test_allowed=False).take("7", 100)
    assert free.state is PaymentState.NOTHING_DUE
    owed = provider_of(PaymentMode.INVOICED, is_test_allowed=False).take("7", 100)
    assert owed.state is PaymentState.INVOICED
