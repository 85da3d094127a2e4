"""The labelled needs and solutions of tests/golden/matching, and how well they are matched.

Recall at 3: of the solutions that are right for a need, the share that is among the first three.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from viavolta.catalogue.glossary import LANGUAGES
from viavolta.engines.matching.profiles import (
    Description,
    profile_of_need,
    profile_of_solution,
    vectors_of_descriptions,
)
from viavolta.engines.matching.score import (
    Market,
    Pool,
    Weights,
    best,
    scores_of_solutions,
    with_vector,
)
from viavolta.model.facets import FACET_VALUES, Facets

FOLDER = Path(__file__).parents[1] / "tests" / "golden" / "matching"
FIRST = 3
PARTS: dict[str, Weights] = {
    "facets": Weights(terms=0.0, stems=0.0, vectors=0.0),
    "facets, words": Weights(terms=0.0, vectors=0.0),
    "facets, words, glossary": Weights(vectors=0.0),
    "facets, words, glossary, vectors": Weights(),
    "words and vectors, no facets": Weights(facets=0.0),
}
_FACET_OF = {value.value: facet.value for facet, values in FACET_VALUES.items() for value in values}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledNeed:
    """A need and the solutions that are right for it."""

    need: str
    description: Description
    right: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingSet:
    """Labelled needs, the solutions by name, and the market of both with vectors."""

    needs: Sequence[LabelledNeed]
    solutions: Mapping[str, Description]
    market: Market

    def recalls(self, weights: Weights | None = None) -> np.ndarray:
        """Recall at 3 of each need."""
        names = list(self.solutions)
        recalls = []
        for need, vector in zip(self.needs, self.market.needs.vectors, strict=True):
            profile = with_vector(profile_of_need(need.description), vector)
            first = best(scores_of_solutions(profile, self.market, weights), FIRST)
            recalls.append(len(need.right & {names[row] for row in first}) / len(need.right))
        return np.array(recalls)

    def by_language(self, recalls: np.ndarray) -> dict[str, float]:
        """Mean recall of the needs in each language."""
        language = np.array([need.description.language for need in self.needs])
        return {one: float(recalls[language == one].mean()) for one in LANGUAGES}


def matching_set(name: str = "needs.csv") -> MatchingSet:
    """The labelled set with the needs of one file; takes some seconds for the vectors."""
    needs, solutions = labelled_needs(name), labelled_solutions()
    ours, theirs = [need.description for need in needs], list(solutions.values())
    market = Market.of(
        Pool.of(
            [
                with_vector(profile_of_need(need), vector)
                for need, vector in zip(ours, vectors_of_descriptions(ours), strict=True)
            ]
        ),
        Pool.of(
            [
                with_vector(profile_of_solution(one), vector)
                for one, vector in zip(theirs, vectors_of_descriptions(theirs), strict=True)
            ]
        ),
    )
    return MatchingSet(needs=needs, solutions=solutions, market=market)


def labelled_needs(name: str = "needs.csv") -> list[LabelledNeed]:
    """The needs of a file."""
    return [
        LabelledNeed(need=row["need"], description=_description(row), right=_right(row))
        for row in _rows(name)
    ]


def labelled_solutions() -> dict[str, Description]:
    """The solutions by name."""
    return {row["solution"]: _description(row) for row in _rows("solutions.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _right(row: dict[str, str]) -> frozenset[str]:
    return frozenset(row["right"].split())


def _description(row: dict[str, str]) -> Description:
    codes: dict[str, list[str]] = {}
    for code in row["facets"].split():
        codes.setdefault(_FACET_OF[code], []).append(code)
    return Description(
        language=row["language"],
        title=row["title"],
        text=row["text"],
        facets=Facets.from_codes(codes),
    )
