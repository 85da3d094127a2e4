"""Figures between their extremes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.ranges import Range, evaluate, exact, figure_range


def between(low: float, value: float, high: float) -> Range:
    return Range(value=value, low=low, high=high, source="test")


triples = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted)


def test_one_figure_is_moved_at_a_time() -> None:
    """10 x 10 with 5..20 and 8..11: the extremes are 5 x 10 and 20 x 10, not 5 x 8 and 20 x 11."""
    result = evaluate(lambda a, b: a * b, a=between(5, 10, 20), b=between(8, 10, 11))
    assert (result.low, result.value, result.high) == (50, 100, 200)


def test_a_figure_per_type_moves_for_all_types() -> None:
    """Prices of several types are low together."""
    result = evaluate(lambda p: p[0] + p[1], p=(between(1, 2, 3), between(10, 20, 30)))
    assert (result.low, result.value, result.high) == (11, 22, 33)


@given(triples, triples)
def test_the_value_lies_in_its_range(a: list[float], b: list[float]) -> None:
    """Also where a formula falls with a figure, or turns."""
    result = evaluate(lambda x, y: x * x - 3 * y, x=between(*a), y=between(*b))
    assert result.low <= result.value <= result.high


@pytest.mark.parametrize("bad", [(2, 1, 3), (1, 4, 3), (0, 1, float("inf")), (float("nan"), 1, 2)])
def test_a_wrong_range_cannot_exist(bad: tuple[float, float, float]) -> None:
    """Low, value and high are in order and finite."""
    with pytest.raises(ValueError, match=r"not (between|finite)"):
        between(*bad)


def test_a_figure_of_the_user_has_no_range() -> None:
    """What the user knows is not in doubt, even outside the published range."""
    assumptions = Assumptions(["costs"])
    assert figure_range(assumptions, "costs.interest_share").high == 0.07
    assumptions.replace({"costs.interest_share": 0.09}, file="own.toml")
    own = figure_range(assumptions, "costs.interest_share")
    assert (own.low, own.value, own.high) == (0.09, 0.09, 0.09)
    assert own.source == "set in own.toml"


def test_sources_are_named_once() -> None:
    """A result names the sources of its figures, each once, figures of a plan none."""
    result = evaluate(lambda a, b, n: a * b * n, a=between(1, 1, 1), b=between(2, 2, 2), n=exact(3))
    assert result.source == "test"
