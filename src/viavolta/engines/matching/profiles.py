"""What is kept of a need or a solution to match it: facets, terms, stems, and in time a vector."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.catalogue.glossary import LANGUAGES, name, value_key
from viavolta.engines.kit.embedding import vectors_of
from viavolta.engines.matching.texts import Bag
from viavolta.engines.matching.words import in_english, stems_of, terms_said
from viavolta.model.facets import Facet, Facets

Vector = NDArray[np.float32]

_UNSEEN = frozenset({"sl"})
"""Languages that the encoder has not learnt: the glossary speaks for their texts."""
_GIST_SHARE = 0.2
_MOST_LETTERS = 1_000
"""Of a long text the beginning says what it is about; more would blur the vector."""
_SAID_ANYWAY = (
    Facet.SEGMENT,
    Facet.VEHICLE,
    Facet.SITE,
    Facet.STANDARD,
    Facet.CLIMATE,
    Facet.TERRAIN,
)
"""Facets of a solution that count as said in its text too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A need or a solution in its owner's words."""

    language: str
    title: str
    text: str
    facets: Facets

    @property
    def whole(self) -> str:
        """Title and text."""
        return f"{self.title}. {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is kept of a description; the vector is None until the worker has computed it."""

    facets: Facets
    terms: Bag
    stems: Bag
    vector: Vector | None = None


def profile_of_need(need: Description) -> Profile:
    """Profile of a need, without vector."""
    return _profile(need, terms_said(need.whole, need.language))


def profile_of_solution(solution: Description) -> Profile:
    """Profile of a solution, without vector; what its facets say counts as said."""
    said = terms_said(solution.whole, solution.language)
    for facet in _SAID_ANYWAY:
        for value in solution.facets.of(facet):
            said[value_key(facet, value)] = max(said[value_key(facet, value)], 1)
    return _profile(solution, said)


def _profile(description: Description, said: Counter[str]) -> Profile:
    return Profile(
        facets=description.facets,
        terms=Bag.of(said),
        stems=Bag.of(stems_of(description.whole, description.language)),
    )


def vectors_of_descriptions(descriptions: Sequence[Description]) -> Vector:
    """Vectors of descriptions, shape (N, D); a few for each second of one core.

    A text counts with its gist in English, and where the encoder does not know the language the
    gist stands alone.
    """
    gists = vectors_of([gist(one) for one in descriptions])
    vectors = np.where(
        np.array([[one.language in _UNSEEN] for one in descriptions]).reshape(-1, 1),
        gists,
        vectors_of([one.whole[:_MOST_LETTERS] for one in descriptions]) + _GIST_SHARE * gists,
    )
    unit: Vector = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def gist(description: Description) -> str:
    """The terms that a description says, in English; its title where it says none.

    Of a language that the encoder has not learnt, the known words follow in English.
    """
    said = terms_said(description.whole, description.language)
    known = ", ".join(name(key, LANGUAGES[0]) for key in said)
    if description.language in _UNSEEN:
        known = f"{known}. {' '.join(in_english(description.whole[:_MOST_LETTERS]))}".strip(". ")
    return known or description.title
