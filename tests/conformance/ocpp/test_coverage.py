"""The page of what is covered says what the suite does."""

import os
from collections import Counter

from oca import ALL
from oca.coverage import PAGE, page, write

from viavolta.protocols.ocpp.schemas import Version


def test_the_page_is_written_from_the_cases() -> None:
    """With VIAVOLTA_WRITE_COVERAGE set it is written anew."""
    if os.environ.get("VIAVOLTA_WRITE_COVERAGE"):
        write()
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_case_stands_once_in_its_version() -> None:
    """No number is claimed twice."""
    counts = Counter((case.id, case.version) for case in ALL)
    assert max(counts.values()) == 1


def test_the_public_lists_are_whole() -> None:
    """As many cases as the lists have."""
    counts = Counter(case.version for case in ALL)
    assert (counts[Version.V16], counts[Version.V201]) == (77, 252)
