"""What points, works and connections cost to build."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.investment import (
    ConnectionRates,
    GridLevel,
    connection_cost_eur,
    connection_rates,
    depot_works_eur,
    level_for,
    point_cost_eur,
)


@pytest.fixture(scope="module")
def levels() -> tuple[ConnectionRates, ...]:
    return connection_rates(Assumptions(["costs"]))


def test_medium_voltage_connection_golden(levels: tuple[ConnectionRates, ...]) -> None:
    """SimBA's cost parameters: 62,500 + 200 x 562.5 + 1,000 x 158.3 + 80,000 = 413,300 EUR."""
    assert connection_cost_eur(1000, levels, length_m=200) == pytest.approx(413_300, abs=1e-6)
    assert connection_cost_eur(1000, levels) == pytest.approx(413_300, abs=1e-6)


def test_low_voltage_connection_by_hand(levels: tuple[ConnectionRates, ...]) -> None:
    """100 + 50 x 16.85 + 200 x 24.14 = 5,770.50 EUR for 200 kW at low voltage."""
    assert connection_cost_eur(200, levels) == pytest.approx(5_770.5)


def test_substation_connection_by_hand(levels: tuple[ConnectionRates, ...]) -> None:
    """2,000 x 80 + 6,000 x (158.3 + 63.49) = 1,490,740 EUR for 6 MW at a substation."""
    assert connection_cost_eur(6000, levels) == pytest.approx(1_490_740)


@pytest.mark.parametrize(
    ("kw", "level"),
    [
        (1, GridLevel.LV),
        (300, GridLevel.LV),
        (300.1, GridLevel.MV),
        (4500, GridLevel.MV),
        (4501, GridLevel.HV_MV),
        (90_000, GridLevel.HV_MV),
    ],
)
def test_the_level_follows_from_the_power(
    levels: tuple[ConnectionRates, ...], kw: float, level: GridLevel
) -> None:
    """The lowest level that takes the power."""
    assert level_for(kw, levels).level is level


def test_no_power_needs_no_connection(levels: tuple[ConnectionRates, ...]) -> None:
    """A depot that charges nothing is not connected."""
    assert connection_cost_eur(0, levels, length_m=500) == 0


@given(st.floats(1, 20_000), st.floats(1, 20_000), st.floats(0, 3000))
def test_within_a_level_more_power_or_cable_never_costs_less(
    a: float, b: float, length_m: float
) -> None:
    """Cost rises with power and with length at each level."""
    levels = connection_rates(Assumptions(["costs"]))
    low, high = sorted((a, b))
    if level_for(low, levels) is level_for(high, levels):
        small = connection_cost_eur(low, levels, length_m=length_m)
        assert small <= connection_cost_eur(high, levels, length_m=length_m) + 1e-6
        assert small <= connection_cost_eur(low, levels, length_m=length_m + 1)


def test_points_meet_their_source() -> None:
    """The derived line gives the 119,900 EUR of eflips-x for a depot point of 150 kW."""
    a = Assumptions(["costs"])
    cost = point_cost_eur(
        1,
        150,
        fixed_eur=a.number("costs.point_fixed_eur"),
        eur_per_kw=a.number("costs.point_eur_per_kw"),
    )
    assert cost == pytest.approx(119_899.5, rel=1e-3)


def test_works_are_capped() -> None:
    """15 points at 80,000 EUR make the 1.2 million of the source; a large depot has its own cap."""
    assert depot_works_eur(15, eur_per_point=80_000, max_eur=2_397_990) == 1_200_000
    assert depot_works_eur(300, eur_per_point=80_000, max_eur=2_397_990) == 2_397_990
    assert depot_works_eur(0, eur_per_point=80_000, max_eur=2_397_990) == 0
