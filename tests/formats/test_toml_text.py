"""What is written as TOML is read back as the same content."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.formats.toml_text import toml_text

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
PLAIN = st.one_of(
    WORDS,
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(WORDS, max_size=3),
)
TABLES = st.recursive(
    st.dictionaries(NAMES, PLAIN, max_size=4),
    lambda inner: st.dictionaries(
        NAMES, st.one_of(inner, st.lists(inner, min_size=1, max_size=3)), max_size=3
    ),
    max_leaves=8,
)


@given(TABLES)
def test_content_survives(content: dict[str, Any]) -> None:
    """Any nest of tables, lists and values comes back as it was."""
    assert tomllib.loads(toml_text(content)) == content


def test_none_is_left_out() -> None:
    """A value that is not set is not written."""
    assert toml_text({"depots": [{"name": "Nord", "max_points": None}]}) == (
        '[[depots]]\nname = "Nord"\n'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_must_be_finite(value: float) -> None:
    """A number that no file should hold is refused."""
    with pytest.raises(ValueError, match="not finite"):
        toml_text({"x": value})
