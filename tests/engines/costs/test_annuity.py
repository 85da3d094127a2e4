"""Money over years: hand calculations and what must hold for any interest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.engines.costs.annuity import (
    annuity_factor,
    n_purchases,
    renewal_factor,
    yearly_cost_eur,
)

interests = st.floats(0, 0.5)
lives = st.floats(0.5, 60)


def test_annuity_by_hand() -> None:
    """580,000 EUR, 14 years, 4 %: 1.04^14 = 1.731676, 0.04 x 1.731676 / 0.731676 = 9.467 %."""
    assert annuity_factor(0.04, 14) == pytest.approx(0.0946690, abs=5e-7)
    assert yearly_cost_eur(580_000, 0.04, life_years=14) == pytest.approx(54_908, abs=1)


def test_annuity_of_one_year_is_the_price_and_a_year_of_interest() -> None:
    """A part of one year's life costs 1 + i at the end of that year."""
    assert annuity_factor(0.07, 1) == pytest.approx(1.07)


def test_annuity_without_interest_is_straight_line() -> None:
    """Without interest each year pays its share."""
    assert annuity_factor(0, 20) == 0.05


@given(interests, st.integers(1, 60))
def test_payments_are_worth_the_price(interest: float, life: int) -> None:
    """Discounted back, the yearly payments add up to the purchase."""
    pay = annuity_factor(interest, life)
    worth = sum(pay / (1 + interest) ** year for year in range(1, life + 1))
    assert worth == pytest.approx(1)


@given(interests, interests, lives)
def test_more_interest_never_costs_less(a: float, b: float, life: float) -> None:
    """The factor rises with interest."""
    low, high = sorted((a, b))
    assert annuity_factor(low, life) <= annuity_factor(high, life) * (1 + 1e-9)


@given(interests, lives, lives)
def test_a_longer_life_never_costs_more(interest: float, a: float, b: float) -> None:
    """The factor falls with life."""
    short, long = sorted((a, b))
    assert annuity_factor(interest, long) <= annuity_factor(interest, short) * (1 + 1e-9)


@pytest.mark.parametrize("life", [0, -1])
def test_a_life_that_is_none_is_refused(life: float) -> None:
    """Nothing lasts zero years."""
    with pytest.raises(ValueError, match="life"):
        annuity_factor(0.04, life)
    with pytest.raises(ValueError, match="life"):
        n_purchases(14, life)


@pytest.mark.parametrize(
    ("horizon", "life", "times"), [(14, 7, 2), (14, 6.9, 3), (12, 7, 2), (12, 20, 1), (14, 1, 14)]
)
def test_purchases_within_a_horizon(horizon: float, life: float, times: int) -> None:
    """A part is bought at the start and whenever it is worn before the end."""
    assert n_purchases(horizon, life) == times


def test_renewal_by_hand() -> None:
    """Two batteries in 14 years at 4 %: 1 + 1.04^-7 = 1.759918; the second 3 % a year cheaper."""
    assert renewal_factor(0.04, 14, life_years=7) == pytest.approx(1.759918, abs=1e-6)
    cheaper = 1 + (0.97 / 1.04) ** 7
    assert renewal_factor(0.04, 14, life_years=7, price_change_share=-0.03) == pytest.approx(
        cheaper
    )


@given(interests, st.floats(5, 20), st.floats(1, 20))
def test_renewal_lies_between_one_and_all_at_once(
    interest: float, horizon: float, life: float
) -> None:
    """Later purchases count for something, and for no more than they would today."""
    factor = renewal_factor(interest, horizon, life_years=life)
    assert 1 <= factor <= n_purchases(horizon, life)
