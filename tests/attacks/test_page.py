"""The page of the attacks says what the suite does."""

import os

from attacks_page import PAGE, groups, page, write


def test_the_page_is_written_from_the_attacks() -> None:
    """With VIAVOLTA_WRITE_COVERAGE set it is written anew."""
    if os.environ.get("VIAVOLTA_WRITE_COVERAGE"):
        write()
    assert PAGE.read_text(encoding="utf-8") == page()


def test_there_are_many_and_each_says_what_it_tries() -> None:
    """At least thirty, under names that are used once."""
    attacks = [attack for _, found in groups() for attack in found]
    assert len(attacks) >= 30
    assert len({attack.name for attack in attacks}) == len(attacks)
    assert all(len(attack.says) > 40 for attack in attacks)
