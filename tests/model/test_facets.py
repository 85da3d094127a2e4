"""Facets of needs and solutions, and when their values agree."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.model.facet_rules import met_share
from viavolta.model.facets import (
    FACET_VALUES,
    Budget,
    Climate,
    Facet,
    Facets,
    Maturity,
    Population,
    Site,
    Standard,
    Terrain,
    Vehicle,
)

codes = st.fixed_dictionaries(
    {},
    optional={
        facet.value: st.lists(st.sampled_from([v.value for v in values]), min_size=1, unique=True)
        for facet, values in FACET_VALUES.items()
    },
)


@given(codes)
def test_codes_come_back(codes):
    """Stored codes read back to the same facets, each value once and in its own order."""
    back = Facets.from_codes(codes).as_codes()
    assert {facet: set(values) for facet, values in back.items()} == {
        facet: set(values) for facet, values in codes.items()
    }
    for facet, values in back.items():
        order = [value.value for value in FACET_VALUES[Facet(facet)]]
        assert values == sorted(values, key=order.index)


@pytest.mark.parametrize(
    "codes", [{"vehicle": ["submarine"]}, {"colour": ["red"]}, {"site": [Vehicle.BUS]}]
)
def test_unknown_codes_are_refused(codes):
    """A facet or value that does not exist, or stands in the wrong facet, is refused."""
    with pytest.raises(ValueError, match="not a valid"):
        Facets.from_codes(codes)


def test_values_of_another_facet_are_refused():
    """A record cannot hold a value of another facet."""
    with pytest.raises(ValueError, match="vehicle knows no"):
        Facets(vehicle=frozenset({Site.DEPOT}))


def test_each_value_meets_itself_alone_fully_unless_there_is_an_order():
    """The same value meets all of what is wanted; kin and neighbours less, in a symmetric way."""
    for facet, values in FACET_VALUES.items():
        for wanted, offered in product(values, values):
            share = met_share(facet, wanted, offered)
            assert 0.0 <= share <= 1.0
            if wanted is offered:
                assert share == 1.0
            elif facet not in {Facet.BUDGET, Facet.MATURITY, Facet.TERRAIN, Facet.CLIMATE}:
                assert share < 1.0
                assert share == met_share(facet, offered, wanted)


@pytest.mark.parametrize(
    ("facet", "wanted", "offered", "share"),
    [
        (Facet.VEHICLE, Vehicle.BUS, Vehicle.MINIBUS, 0.5),
        (Facet.VEHICLE, Vehicle.BUS, Vehicle.CARGO_BIKE, 0.0),
        (Facet.TERRAIN, Terrain.HILLY, Terrain.MOUNTAIN, 1.0),
        (Facet.TERRAIN, Terrain.MOUNTAIN, Terrain.HILLY, 0.5),
        (Facet.TERRAIN, Terrain.MOUNTAIN, Terrain.FLAT, 0.0),
        (Facet.TERRAIN, Terrain.ISLAND, Terrain.MOUNTAIN, 0.0),
        (Facet.BUDGET, Budget.UP_TO_1M, Budget.UP_TO_50K, 1.0),
        (Facet.BUDGET, Budget.UP_TO_50K, Budget.UP_TO_250K, 0.3),
        (Facet.BUDGET, Budget.UP_TO_50K, Budget.OVER_5M, 0.0),
        (Facet.MATURITY, Maturity.PILOT, Maturity.MARKET, 1.0),
        (Facet.MATURITY, Maturity.MARKET, Maturity.PROVEN, 0.3),
        (Facet.CLIMATE, Climate.MODERATE, Climate.COLD_WINTERS, 1.0),
        (Facet.CLIMATE, Climate.COLD_WINTERS, Climate.MODERATE, 0.3),
        (Facet.CLIMATE, Climate.COLD_WINTERS, Climate.HOT_SUMMERS, 0.0),
        (Facet.POPULATION, Population.UNDER_50K, Population.UNDER_100K, 0.5),
        (Facet.STANDARD, Standard.OCPP_2_0_1, Standard.OCPP_2_1, 0.5),
        (Facet.STANDARD, Standard.OCPP_2_0_1, Standard.OCPI, 0.0),
    ],
)
def test_rules_of_the_trade(facet, wanted, offered, share):
    """Kin half, harder land covers easier, a budget is a ceiling and a maturity a floor."""
    assert met_share(facet, wanted, offered) == share
