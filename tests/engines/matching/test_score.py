"""Scores: the same both ways, in the right direction, with reasons that are true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.kit.embedding import DIMENSIONS
from viavolta.engines.matching.profiles import (
    Description,
    gist,
    profile_of_need,
    profile_of_solution,
    vectors_of_descriptions,
)
from viavolta.engines.matching.score import (
    Market,
    Pool,
    best,
    reasons,
    scores_of_needs,
    scores_of_solutions,
    with_vector,
)
from viavolta.model.facets import FACET_VALUES, Facets, Population, Site, Terrain, Vehicle

facets = st.fixed_dictionaries(
    {
        facet.value: st.frozensets(st.sampled_from(list(values)), max_size=2)
        for facet, values in FACET_VALUES.items()
    }
).map(lambda said: Facets(**said))
descriptions = st.builds(
    Description,
    language=st.sampled_from(["en", "de", "sl"]),
    title=st.sampled_from(["Busdepot", "Depot charging", "Trajekt", "Cargo bikes"]),
    text=st.sampled_from(["Load management at night", "gora in otok", "Lastenrad", ""]),
    facets=facets,
)


def described(title, text="", **said):
    """A description in English."""
    return Description(language="en", title=title, text=text, facets=Facets(**said))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(descriptions, min_size=1, max_size=4),
    st.lists(descriptions, min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_both_ways_give_the_same_score(needs, solutions, seed):
    """A need's score for a solution is the solution's score for the need, vectors or not."""
    rng = np.random.default_rng(seed)

    def some_vectors(profiles):
        vectors = rng.standard_normal((len(profiles), DIMENSIONS)).astype(np.float32) / 25
        return [
            with_vector(profile, vector) if vector[0] > 0 else profile
            for profile, vector in zip(profiles, vectors, strict=True)
        ]

    ours = some_vectors([profile_of_need(need) for need in needs])
    theirs = some_vectors([profile_of_solution(solution) for solution in solutions])
    market = Market.of(Pool.of(ours), Pool.of(theirs))
    forth = np.array([scores_of_solutions(need, market) for need in ours])
    back = np.array([scores_of_needs(solution, market) for solution in theirs])
    assert np.allclose(forth, back.T, atol=1e-6)


def test_facets_come_first():
    """Of two solutions with the same words, the one for the right vehicle and site leads."""
    need = profile_of_need(
        described("Charging", vehicle=frozenset({Vehicle.BUS}), site=frozenset({Site.DEPOT}))
    )
    wrong = described("Charging", vehicle=frozenset({Vehicle.FERRY}), site=frozenset({Site.PORT}))
    right = described("Charging", vehicle=frozenset({Vehicle.BUS}), site=frozenset({Site.DEPOT}))
    silent = described("Charging")
    solutions = Pool.of([profile_of_solution(one) for one in (wrong, silent, right)])
    scores = scores_of_solutions(need, Market.of(Pool.of([need]), solutions))
    assert best(scores, 3).tolist() == [2, 1, 0]


def test_reasons_name_what_matches():
    """A match is explained by shared terms and by the facets that are met."""
    need = profile_of_need(
        described(
            "Depot charging for our buses",
            terrain=frozenset({Terrain.MOUNTAIN}),
            population=frozenset({Population.UNDER_50K}),
        )
    )
    solution = profile_of_solution(
        described(
            "Overnight charging in alpine towns",
            terrain=frozenset({Terrain.MOUNTAIN}),
            population=frozenset({Population.UNDER_50K, Population.UNDER_100K}),
        )
    )
    market = Market.of(Pool.of([need]), Pool.of([solution]))
    assert reasons(need, solution, market.terms) == (
        "term.depot-charging",
        "terrain.mountain",
        "population.under-50k",
    )


def test_equal_scores_keep_their_order():
    """Equal solutions come in the order of the rows, so that pages do not flicker."""
    assert best(np.array([0.5, 0.7, 0.5, 0.7]), 3).tolist() == [1, 3, 0]


def test_vectors_bring_languages_together():
    """The same problem in two languages is nearer than another problem in the same language."""
    texts = [
        Description(language="en", title="Parcels by cargo bike", text="", facets=Facets()),
        Description(language="de", title="Pakete mit dem Lastenrad", text="", facets=Facets()),
        Description(language="sl", title="Paketi s tovornimi kolesi", text="", facets=Facets()),
        Description(language="en", title="Ferry with shore power", text="", facets=Facets()),
    ]
    vectors = vectors_of_descriptions(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    near = vectors @ vectors[0]
    assert near[1] > near[3]
    assert near[2] > near[3]


@pytest.mark.parametrize(
    ("title", "words"),
    [("Tihe polnilnice", "charging infrastructure. quiet charging station"), ("Xyzzy", "Xyzzy")],
)
def test_gist(title, words):
    """The gist of a text is in English; where nothing is known, it is the title."""
    assert words == gist(Description(language="sl", title=title, text="", facets=Facets()))
