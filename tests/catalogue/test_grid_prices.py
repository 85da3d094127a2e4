"""The price list of grid works: types, earthworks, the index; golden against its sources."""

import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.grid_equipment import SUBJECTS, grid_prices, region_of
from viavolta.model.grid_prices import GridPrices, Level, Region, level_of


def _list(region: Region) -> GridPrices:
    return grid_prices(region, Assumptions(SUBJECTS))


@pytest.mark.parametrize(("region", "lv", "mv"), [("rural", 60, 80), ("urban", 100, 140)])
def test_a_cable_with_its_trench_costs_what_the_study_says(
    region: str, lv: float, mv: float
) -> None:
    """60 and 100 kEUR/km at LV, 80 and 140 at MV in 2012 (dena, BNetzA), times the index."""
    prices = _list(Region(region))
    index = Assumptions(SUBJECTS).number("grid_costs.index_since_2012_share")
    for type_id, level, expected in (
        ("NAYY 4x150", Level.LV, lv),
        ("NA2XS2Y 3x1x185", Level.MV, mv),
    ):
        whole = prices.price_of(type_id) + prices.trench_eur_per_km(level)
        assert whole == pytest.approx(expected * 1000 * index)


def test_types_of_a_level_grow_in_price_and_strength() -> None:
    """More copper or aluminium costs more, drops less and bears more."""
    prices = _list(Region.RURAL)
    for level in (Level.LV, Level.MV):
        cables = [one for one in prices.cables if one.level is level]
        assert [one.eur_per_km for one in cables] == sorted(one.eur_per_km for one in cables)
        assert [one.max_a for one in cables] == sorted(one.max_a for one in cables)
        assert [-one.r_ohm_per_km for one in cables] == sorted(-one.r_ohm_per_km for one in cables)
    for level in (Level.MV_LV, Level.HV_MV):
        transformers = [one for one in prices.transformers if one.level is level]
        assert [one.price_eur for one in transformers] == sorted(
            one.price_eur for one in transformers
        )
        assert [one.sn_kva for one in transformers] == sorted(one.sn_kva for one in transformers)


def test_every_type_that_was_read_counts_as_used() -> None:
    """A study lists the figures it rests on."""
    assumptions = Assumptions(SUBJECTS)
    grid_prices(Region.RURAL, assumptions)
    keys = {figure.key for figure in assumptions.used()}
    assert "grid_costs.type.630 kVA_eur" in keys
    assert "grid_equipment.630 kVA.sn_kva" in keys
    assert "grid_costs.trench_lv_urban_eur_per_km" not in keys


def test_region_goes_by_density() -> None:
    """500 people per square kilometre is still rural."""
    assumptions = Assumptions(SUBJECTS)
    assert region_of(500, assumptions) is Region.RURAL
    assert region_of(501, assumptions) is Region.URBAN


def test_other_prices_replace_those_of_the_list() -> None:
    """Items that are named change, the others stay; an unknown one is refused."""
    prices = _list(Region.RURAL)
    other = prices.with_prices(
        {"NAYY 4x240": 1.0, "630 kVA": 2.0, "outlet_lv_eur": 3.0}, source="x"
    )
    assert [other.price_of(one) for one in ("NAYY 4x240", "630 kVA", "outlet_lv_eur")] == [1, 2, 3]
    assert other.price_of("NAYY 4x150") == prices.price_of("NAYY 4x150")
    with pytest.raises(KeyError):
        prices.with_prices({"copper": 1.0}, source="x")


def test_levels_go_by_the_nominal_voltage() -> None:
    """0.4 kV is low, 20 kV medium, 110 kV neither."""
    assert [level_of(kv) for kv in (0.4, 20.0, 110.0)] == [Level.LV, Level.MV, None]
