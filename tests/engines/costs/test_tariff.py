"""What electricity costs over the day and the year."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.catalogue.price_profile import Season, wholesale_profile
from viavolta.engines.costs.tariff import (
    Branch,
    EnergyUse,
    Floats,
    Tariff,
    branch_by_hours,
    capacity_eur_per_kw_day,
    catalogue_tariff,
    cheaper_branch,
    day_price,
    grid_fee_eur,
    step_means,
    weighted_year,
    yearly_bill,
)

ASSUMPTIONS = Assumptions(["tariffs", "prices"])
TARIFF = catalogue_tariff(ASSUMPTIONS)
profiles = st.lists(st.floats(-0.5, 1), min_size=24, max_size=24).map(np.array)


def use_at(hours: float, peak_kw: float = 1000) -> EnergyUse:
    return EnergyUse(energy_kwh=hours * peak_kw, peak_kw=peak_kw, wholesale_eur=0)


def test_branches_meet_at_2500_hours_golden() -> None:
    """Netze ODR 2025: 16.53 + 2,500 x 0.0859 = 231.28 and 191.79 + 2,500 x 0.0158 = 231.29."""
    use = use_at(2500, peak_kw=1)
    short, long = (grid_fee_eur(use, fee) for fee in TARIFF.branches)
    assert short == pytest.approx(231.28, abs=0.01)
    assert long == pytest.approx(231.29, abs=0.01)
    assert TARIFF.threshold_h == 2500


@given(st.floats(0, 8760), st.floats(1, 20_000))
def test_the_cheaper_branch_is_the_one_by_hours(hours: float, peak_kw: float) -> None:
    """Away from the border both rules agree, and the choice never costs more than its rival."""
    use = use_at(hours, peak_kw)
    fee = cheaper_branch(use, TARIFF)
    assert grid_fee_eur(use, fee) == min(grid_fee_eur(use, f) for f in TARIFF.branches)
    if abs(hours - 2500) > 1:
        assert fee.branch is branch_by_hours(use, TARIFF)


def test_the_other_branch_is_far_dearer_away_from_the_border() -> None:
    """A night depot of 1,000 h: taking the long branch would cost over twice the grid fee."""
    use = use_at(1000)
    bill = yearly_bill(use, TARIFF)
    assert bill.branch is Branch.SHORT_USE
    assert grid_fee_eur(use, TARIFF.long_use) > 2 * grid_fee_eur(use, TARIFF.short_use)
    assert bill.other_branch_eur > bill.total_eur


def test_yearly_bill_by_hand() -> None:
    """1 GWh, 500 kW, 2,000 h: 80,000 wholesale + 46,040 surcharges + 85,900 + 8,265 EUR grid."""
    bill = yearly_bill(EnergyUse(energy_kwh=1e6, peak_kw=500, wholesale_eur=80_000), TARIFF)
    assert bill.energy_eur == pytest.approx(80_000 + 46_040 + 85_900)
    assert bill.capacity_eur == pytest.approx(8_265)
    assert bill.hours_of_use == 2000
    assert bill.branch is bill.branch_by_hours is Branch.SHORT_USE


def test_no_load_costs_nothing() -> None:
    """A connection without load has no bill and no hours of use."""
    bill = yearly_bill(EnergyUse(energy_kwh=0, peak_kw=0, wholesale_eur=0), TARIFF)
    assert (bill.total_eur, bill.hours_of_use) == (0, 0)


def slow_step_means(hourly: Floats, start_s: int, step_s: int, n_steps: int) -> list[float]:
    """Second by second."""
    return [
        sum(hourly[second // 3600 % 24] for second in range(s, s + step_s)) / step_s
        for s in (start_s + step_s * t for t in range(n_steps))
    ]


@given(profiles, st.integers(0, 200_000), st.sampled_from([60, 700, 900, 3600, 5000]))
def test_step_means_agree_with_seconds(hourly: Floats, start_s: int, step_s: int) -> None:
    """Also where steps lie across hours or past midnight."""
    fast = step_means(hourly, start_s, step_s=step_s, n_steps=4)
    assert fast == pytest.approx(slow_step_means(hourly, start_s, step_s, 4), abs=1e-7)


@given(profiles, st.integers(0, 86_400))
def test_a_whole_day_has_the_mean_of_the_profile(hourly: Floats, start_s: int) -> None:
    """Whenever the day starts."""
    means = step_means(hourly, start_s, step_s=900, n_steps=96)
    assert means.mean() == pytest.approx(hourly.mean(), abs=1e-7)


def test_day_price_adds_all_parts() -> None:
    """Wholesale of the hour + 0.04604 of surcharges + 0.0158 of grid fee at long use."""
    wholesale = wholesale_profile(ASSUMPTIONS, Season.WINTER)
    price = day_price(wholesale, TARIFF, fee=TARIFF.long_use, start_s=0, step_s=3600, n_steps=24)
    assert price == pytest.approx(wholesale + 0.04604 + 0.0158)


def test_price_of_a_depot_is_plausible() -> None:
    """All parts together lie in Eurostat's range of business prices in the EU, 0.089 to 0.276."""
    mean = float(wholesale_profile(ASSUMPTIONS, Season.MEAN).mean())
    bill = yearly_bill(EnergyUse(energy_kwh=2e6, peak_kw=1000, wholesale_eur=2e6 * mean), TARIFF)
    assert 0.089 < bill.total_eur / 2e6 < 0.276


def test_capacity_price_of_a_day() -> None:
    """365 days carry the year."""
    assert 365 * capacity_eur_per_kw_day(TARIFF.long_use) == pytest.approx(191.79)
    assert capacity_eur_per_kw_day(TARIFF.long_use, 250) == pytest.approx(0.76716)


def test_weighted_year_adds_energy_and_takes_the_highest_peak() -> None:
    """100 winter days and 200 mild ones; a day that never comes sets no peak."""
    winter = EnergyUse(energy_kwh=10, peak_kw=5, wholesale_eur=1)
    mild = EnergyUse(energy_kwh=6, peak_kw=4, wholesale_eur=0.5)
    never = EnergyUse(energy_kwh=99, peak_kw=99, wholesale_eur=99)
    year = weighted_year([winter, mild, never], [100, 200, 0])
    assert year == EnergyUse(energy_kwh=2200, peak_kw=5, wholesale_eur=200)


def test_a_tariff_without_the_gap_keeps_the_cheaper() -> None:
    """With SimBA's prices of 2022 the branches meet at 2,486 h, near the border, not on it."""
    own = Assumptions(["tariffs"])
    own.replace(
        {
            "tariffs.short_use.capacity_eur_per_kw": 41.06,
            "tariffs.short_use.energy_eur_per_kwh": 0.0349,
            "tariffs.long_use.capacity_eur_per_kw": 70.14,
            "tariffs.long_use.energy_eur_per_kwh": 0.0232,
        },
        file="own.toml",
    )
    tariff: Tariff = catalogue_tariff(own)
    bill = yearly_bill(use_at(2490), tariff)
    assert (bill.branch, bill.branch_by_hours) == (Branch.LONG_USE, Branch.SHORT_USE)
