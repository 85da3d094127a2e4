"""The labelled needs: their shape, and how many of their right solutions are among the first."""

from collections import Counter
from collections.abc import Callable
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]
FLOOR, FLOOR_OF_A_LANGUAGE, FLOOR_WITHOUT_VECTORS = 0.9, 0.85, 0.83
FLOOR_OF_LATER_NEEDS = 0.8


@pytest.fixture(scope="module")
def labelled(script: Script):
    """The labelled set with its vectors."""
    return script("matching_set").matching_set()


def test_set_is_whole(labelled):
    """At least 20 needs in each language, 60 solutions, and every label names a solution."""
    languages = Counter(need.description.language for need in labelled.needs)
    assert len(languages) == 6
    assert min(languages.values()) >= 20
    assert len(labelled.solutions) >= 60
    assert len({one.language for one in labelled.solutions.values()}) == 6
    for need in labelled.needs:
        assert need.right
        assert need.right <= set(labelled.solutions)
    titles = [need.description.title for need in labelled.needs]
    assert len(set(titles)) == len(titles)


def test_right_solutions_are_among_the_first_three(labelled):
    """Recall at 3 holds its floor over all needs, and in each language."""
    recalls = labelled.recalls()
    assert recalls.mean() >= FLOOR
    assert min(labelled.by_language(recalls).values()) >= FLOOR_OF_A_LANGUAGE


def test_search_works_before_vectors_are_there(labelled, script: Script):
    """Facets, words and glossary alone find most of the right solutions."""
    recalls = labelled.recalls(script("matching_set").PARTS["facets, words, glossary"])
    assert recalls.mean() >= FLOOR_WITHOUT_VECTORS


def test_needs_written_later_find_their_solutions_too(script: Script):
    """Needs that were not looked at when glossary and weights were set do nearly as well."""
    later = script("matching_set").matching_set("needs_later.csv")
    assert len(later.needs) >= 30
    assert later.recalls().mean() >= FLOOR_OF_LATER_NEEDS
