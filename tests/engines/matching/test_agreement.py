"""Agreement of facets: against a slow twin, both ways, and by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.matching.agreement import (
    agreement_of_needs,
    agreement_of_solutions,
    matched_values,
)
from viavolta.engines.matching.tables import FacetTable
from viavolta.model.facet_rules import met_share
from viavolta.model.facets import (
    FACET_VALUES,
    Budget,
    Facet,
    Facets,
    Site,
    Standard,
    Terrain,
    Vehicle,
)

facets = st.fixed_dictionaries(
    {
        facet.value: st.frozensets(st.sampled_from(list(values)), max_size=3)
        for facet, values in FACET_VALUES.items()
    }
).map(lambda said: Facets(**said))


def met_by_hand(need, solution, facet):
    """The share of a facet's wanted values that is offered, in words: best, or mean of all."""
    wanted, offered = need.of(facet), solution.of(facet)
    if not wanted or not offered:
        return 0.0
    each = [max(met_share(facet, w, o) for o in offered) for w in wanted]
    return sum(each) / len(each) if facet is Facet.STANDARD else max(each)


@settings(max_examples=50, deadline=None)
@given(facets, st.lists(facets, min_size=1, max_size=5))
def test_one_with_many_is_one_with_each(one, many):
    """Both directions give, for each pair and facet, what the rule gives in ten obvious lines."""
    table = FacetTable.of(many)
    forth, back = agreement_of_solutions(one, table), agreement_of_needs(one, table)
    for row, other in enumerate(many):
        for column, facet in enumerate(Facet):
            known = bool(one.of(facet) and other.of(facet))
            assert forth.is_known[row, column] == back.is_known[row, column] == known
            assert np.isclose(forth.met[row, column], met_by_hand(one, other, facet))
            assert np.isclose(back.met[row, column], met_by_hand(other, one, facet))


def test_matched_values_are_named_in_order():
    """What matches is named as the need says it, budget as the solution says it, kin left out."""
    need = Facets(
        vehicle=frozenset({Vehicle.BUS, Vehicle.VAN}),
        site=frozenset({Site.DEPOT}),
        terrain=frozenset({Terrain.HILLY}),
        budget=frozenset({Budget.UP_TO_1M}),
        standard=frozenset({Standard.OCPP_2_0_1}),
    )
    solution = Facets(
        vehicle=frozenset({Vehicle.MINIBUS, Vehicle.VAN}),
        site=frozenset({Site.DEPOT}),
        terrain=frozenset({Terrain.MOUNTAIN}),
        budget=frozenset({Budget.UP_TO_250K}),
    )
    assert matched_values(need, solution) == [
        (Facet.VEHICLE, Vehicle.VAN),
        (Facet.SITE, Site.DEPOT),
        (Facet.BUDGET, Budget.UP_TO_250K),
        (Facet.TERRAIN, Terrain.HILLY),
    ]
    assert (Facet.VEHICLE, Vehicle.BUS) in matched_values(need, solution, least=0.5)
