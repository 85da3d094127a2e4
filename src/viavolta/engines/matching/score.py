"""How well needs and solutions match: facets first, then terms and words, then vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viavolta.catalogue.glossary import terms, value_key
from viavolta.engines.kit.embedding import DIMENSIONS
from viavolta.engines.matching.agreement import (
    Agreement,
    agreement_of_needs,
    agreement_of_solutions,
    matched_values,
)
from viavolta.engines.matching.profiles import Profile
from viavolta.engines.matching.tables import FacetTable
from viavolta.engines.matching.texts import (
    Rarity,
    TextTable,
    feature_id,
    shares_offered,
    shares_wanted,
    weights_wanted,
)
from viavolta.model.arrays import Flags, Floats
from viavolta.model.facets import Facet

FACET_WEIGHT = {
    Facet.SEGMENT: 1.5,
    Facet.VEHICLE: 3.0,
    Facet.SITE: 2.0,
    Facet.POWER: 1.0,
    Facet.VOLTAGE_LEVEL: 1.0,
    Facet.STANDARD: 1.5,
    Facet.BUDGET: 0.5,
    Facet.CLIMATE: 0.75,
    Facet.TERRAIN: 1.0,
    Facet.POPULATION: 0.5,
    Facet.MATURITY: 0.5,
}
_LEAST_WEIGHT = 3.0
"""A need that says little in facets is judged by its text more."""
_UNSAID, _CONFLICT = 0.3, -0.5
"""What a facet is worth where the solution says nothing of it, and where it says something else."""
_UNKNOWN_COSINE = 0.35
"""Cosine of two texts of this trade by chance; stands in where a vector is still to come."""
_COMPARED_BY_VECTOR = 1_000
"""Vectors decide among those that facets and text put first; 20 MB for each question cost more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each part of the score counts."""

    facets: float = 1.0
    terms: float = 0.5
    stems: float = 0.5
    vectors: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The profiles of N needs or of N solutions as tables; vectors (N, D), has_vector (N,)."""

    facets: FacetTable
    terms: TextTable
    stems: TextTable
    vectors: NDArray[np.float32]
    has_vector: Flags

    @staticmethod
    def of(profiles: Sequence[Profile]) -> "Pool":
        """The tables of profiles, one row each, in their order."""
        nothing = np.zeros(DIMENSIONS, dtype=np.float32)
        vectors = [nothing if one.vector is None else one.vector for one in profiles]
        return Pool(
            facets=FacetTable.of([one.facets for one in profiles]),
            terms=TextTable.of([one.terms for one in profiles]),
            stems=TextTable.of([one.stems for one in profiles]),
            vectors=np.array(vectors, dtype=np.float32).reshape(-1, DIMENSIONS),
            has_vector=np.array([one.vector is not None for one in profiles], dtype=np.bool_),
        )

    def __len__(self) -> int:
        return len(self.facets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """All needs and solutions that are matched, and how rare their terms and stems are.

    `wanted_terms`, `wanted_stems`: how much each need wants in all.
    """

    needs: Pool
    solutions: Pool
    terms: Rarity
    stems: Rarity
    wanted_terms: Floats
    wanted_stems: Floats

    @staticmethod
    def of(needs: Pool, solutions: Pool) -> "Market":
        """The market of two pools."""
        terms = Rarity.of(needs.terms, solutions.terms)
        stems = Rarity.of(needs.stems, solutions.stems)
        return Market(
            needs=needs,
            solutions=solutions,
            terms=terms,
            stems=stems,
            wanted_terms=weights_wanted(needs.terms, terms),
            wanted_stems=weights_wanted(needs.stems, stems),
        )


def scores_of_solutions(need: Profile, market: Market, weights: Weights | None = None) -> Floats:
    """Score of each solution of the market for one need, (N,); the higher the better."""
    many, by = market.solutions, weights or Weights()
    wanted = FacetTable.of([need.facets])
    scores = (
        by.facets * facet_scores(agreement_of_solutions(need.facets, many.facets), wanted)
        + by.terms * shares_offered(need.terms, many.terms, market.terms)
        + by.stems * shares_offered(need.stems, many.stems, market.stems)
    )
    return scores + by.vectors * _cosines(need, many, scores)


def scores_of_needs(solution: Profile, market: Market, weights: Weights | None = None) -> Floats:
    """Score of one solution for each need of the market, (N,): the same figure the other way."""
    many, by = market.needs, weights or Weights()
    scores = (
        by.facets * facet_scores(agreement_of_needs(solution.facets, many.facets), many.facets)
        + by.terms * shares_wanted(solution.terms, many.terms, market.wanted_terms, market.terms)
        + by.stems * shares_wanted(solution.stems, many.stems, market.wanted_stems, market.stems)
    )
    return scores + by.vectors * _cosines(solution, many, scores)


def best(scores: Floats, n: int) -> NDArray[np.int64]:
    """Rows of the n best scores, best first; equal ones in the order of the rows."""
    return np.argsort(-scores, kind="stable")[:n]


def facet_scores(agreement: Agreement, wanted: FacetTable) -> Floats:
    """Score of each pair by facets alone, -0.5..1; `wanted` has one row, or one for each pair."""
    weight = np.array([FACET_WEIGHT[facet] for facet in Facet])
    total, asked = np.zeros(len(agreement.met)), np.zeros(len(wanted))
    for column in np.flatnonzero(wanted.has_said.any(axis=0)):
        met, says = agreement.met[:, column], wanted.has_said[:, column]
        worth = np.where(met > 0.0, met, _CONFLICT)
        worth = np.where(agreement.is_known[:, column], worth, _UNSAID)
        total += worth * says * weight[column]
        asked += says * weight[column]
    return total / np.maximum(asked, _LEAST_WEIGHT)


def _cosines(one: Profile, many: Pool, scores: Floats) -> Floats:
    """Cosines with those that facets and text put first; 0 for the others, which stay behind."""
    if one.vector is None:
        return np.full(len(many), _UNKNOWN_COSINE)
    if len(many) <= _COMPARED_BY_VECTOR:
        return np.where(many.has_vector, many.vectors @ one.vector, _UNKNOWN_COSINE)
    cosines = np.zeros(len(many))
    first = np.argpartition(-scores, _COMPARED_BY_VECTOR)[:_COMPARED_BY_VECTOR]
    known = many.vectors[first] @ one.vector
    cosines[first] = np.where(many.has_vector[first], known, _UNKNOWN_COSINE)
    return cosines


def reasons(need: Profile, solution: Profile, rarity: Rarity) -> tuple[str, ...]:
    """Keys of the glossary on which two match: terms of both, the rarest first, then facets.

    Segments are so wide that they come last.
    """
    matched = matched_values(need.facets, solution.facets)
    matched.sort(key=lambda pair: pair[0] is Facet.SEGMENT)
    facets = [value_key(*pair) for pair in matched]
    shared = np.intersect1d(need.terms.feature, solution.terms.feature)
    order = np.argsort(-rarity.of_features(shared), kind="stable")
    said = [_KEYS[int(shared[at])] for at in order if int(shared[at]) in _KEYS]
    return tuple(dict.fromkeys([*(key for key in said if key not in facets), *facets]))


def with_vector(profile: Profile, vector: NDArray[np.float32]) -> Profile:
    """The same profile with its vector."""
    return replace(profile, vector=vector)


_KEYS = {feature_id(key): key for key in terms()}
