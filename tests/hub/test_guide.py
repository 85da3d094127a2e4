"""The guide: complete in six languages, each statement with its source."""

import pytest
from django.test import Client

from viavolta.hub.guide.entries import (
    CHAPTERS,
    LANGUAGES,
    STATUSES,
    cited_sources,
    entries,
    entry,
    field_guide,
    read_texts,
)
from viavolta.hub.guide.portals import portals, portals_of

PARTS = {"title", "what", "why", "where"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_entry_speaks_six_languages(chapter: str) -> None:
    """Each entry has all four parts in each language, no two languages the same text."""
    for key, row in read_texts(chapter).items():
        if key == "chapter":
            assert set(row) == set(LANGUAGES)
            continue
        assert set(row) == {"sources", *LANGUAGES}, key
        assert all(set(row[language]) == PARTS for language in LANGUAGES), key
        assert all(all(row[language].values()) for language in LANGUAGES), key
        assert len({row[language]["what"] for language in LANGUAGES}) == len(LANGUAGES), key


def test_every_statement_has_a_source() -> None:
    """Each entry names sources that exist, each with a status; no source is idle."""
    named = {key for chapter in CHAPTERS for e in entries(chapter, "en") for key in _keys(e)}
    known = cited_sources()
    assert named == set(known)
    assert all(source.status in STATUSES for source in known.values())


def _keys(found: object) -> list[str]:
    return [source.key for source in found.sources]  # type: ignore[attr-defined] # an Entry


def test_entries_stay_short() -> None:
    """No part of an entry is longer than a reader beside a form takes in."""
    for chapter in CHAPTERS:
        for language in LANGUAGES:
            for one in entries(chapter, language):
                assert max(map(len, (one.what, one.why, one.where))) < 260, (one.key, language)


def test_keys_are_unique() -> None:
    """An entry is found by its key alone."""
    keys = [one.key for chapter in CHAPTERS for one in entries(chapter, "en")]
    assert len(set(keys)) == len(keys) >= 30
    assert entry("battery", "sl").title == "Baterija"
    with pytest.raises(KeyError):
        entry("chapter")


def test_a_field_shows_its_entry() -> None:
    """Beside a field stand what, why, where and the sources."""
    guide = field_guide("timetable")
    assert guide.what
    assert guide.why
    assert guide.where
    assert guide.sources


def test_portals_of_a_country_come_first() -> None:
    """A planner sees her country's portals, then those of the whole world."""
    slovene = portals_of("si")
    assert slovene[0].country == "SI"
    assert slovene[-1].country == ""
    assert all(portal.url.startswith("https://") for portal in portals())
    assert all(portal.status in STATUSES for portal in portals())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/guide/", "/guide/portals/", "/guide/words/", *(f"/guide/{c}/" for c in CHAPTERS)]
)
def test_everybody_reads_the_guide(address: str) -> None:
    """The pages of the guide open without an account; an unknown chapter does not exist."""
    assert Client().get(address).status_code == 200
    assert Client().get("/guide/nothing/").status_code == 404
