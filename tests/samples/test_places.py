"""Towns are found by their names in several languages."""

import pytest

from viavolta.samples.places import find_places, largest_place, nearest_place


@pytest.mark.parametrize(
    ("query", "name", "country"),
    [
        ("Wien", "Vienna", "AT"),
        ("dunaj", "Vienna", "AT"),
        ("novo mesto", "Novo Mesto", "SI"),
        ("Brunico", "Brunico", "IT"),
        ("s-hertogenbosch", "'s-Hertogenbosch", "NL"),
        ("geneve", "Geneva", "CH"),
    ],
)
def test_a_town_is_found_by_any_of_its_names(query: str, name: str, country: str) -> None:
    """Case, accents and the language of the name do not matter."""
    assert (name, country) in [(place.name, place.country) for place in find_places(query)]


def test_the_larger_of_two_towns_leads() -> None:
    """Among towns of one name the larger one comes first."""
    sizes = [place.inhabitants for place in find_places("Frankfurt")]
    assert sizes[0] == max(sizes)


def test_a_letter_finds_nothing() -> None:
    """A query of one letter is no query."""
    assert find_places("a") == []


def test_the_nearest_town_names_a_place_on_the_map() -> None:
    """A point near Trento is named by it; one far out at sea by nothing."""
    near = nearest_place(46.06, 11.13)
    assert near is not None
    assert near.name == "Trento"
    assert nearest_place(45.0, -30.0) is None


def test_a_network_is_named_after_its_largest_town() -> None:
    """Of the towns in a box the one of most inhabitants is taken."""
    town = largest_place(10.95, 45.84, 11.18, 46.18)
    assert town is not None
    assert town.name == "Trento"
    assert largest_place(-30.0, 45.0, -29.0, 46.0) is None
