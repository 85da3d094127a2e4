"""Entries of the guide, from `texts/CHAPTER.toml`: text by language, sources by their keys."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from django.utils.translation import get_language

from viavolta.hub.frame.forms import Guide, Source

CHAPTERS = ("timetable", "bus", "light", "charging", "grid", "prices")
LANGUAGES = ("en", "de", "fr", "it", "sl", "nl")
STATUSES = ("verified", "secondary", "general-knowledge")
_TEXTS = "viavolta.hub.guide.texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSource:
    """A work that a statement rests on; general knowledge has neither publisher nor year."""

    key: str
    title: str
    publisher: str
    year: int | None
    url: str
    status: str

    @property
    def label(self) -> str:
        """The source in one line."""
        return ", ".join(str(part) for part in (self.title, self.publisher, self.year) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One subject in one language: what it is, why it matters, where to get it."""

    key: str
    chapter: str
    title: str
    what: str
    why: str
    where: str
    sources: tuple[CitedSource, ...]


def entries(chapter: str, language: str | None = None) -> list[Entry]:
    """The entries of a chapter, in the reader's language unless another is asked for."""
    wanted = (language or get_language() or "en")[:2]
    wanted = wanted if wanted in LANGUAGES else "en"
    return [_entry(key, chapter, wanted) for key in _chapter(chapter) if key != "chapter"]


def chapter_title(chapter: str, language: str | None = None) -> str:
    """The name of a chapter."""
    wanted = (language or get_language() or "en")[:2]
    titles: dict[str, str] = _chapter(chapter)["chapter"]
    return titles.get(wanted, titles["en"])


def entry(key: str, language: str | None = None) -> Entry:
    """The entry of that key.

    Raises
    ------
    KeyError: there is none.
    """
    wanted = (language or get_language() or "en")[:2]
    wanted = wanted if wanted in LANGUAGES else "en"
    for chapter in CHAPTERS:
        if key in _chapter(chapter) and key != "chapter":
            return _entry(key, chapter, wanted)
    raise KeyError(key)


def field_guide(key: str) -> Guide:
    """The entry as it stands beside a field."""
    found = entry(key)
    return Guide(
        title=found.title,
        what=found.what,
        why=found.why,
        where=found.where,
        sources=[Source(label=source.label, url=source.url) for source in found.sources],
    )


def cited_sources() -> dict[str, CitedSource]:
    """All sources by key."""
    return {
        key: CitedSource(
            key=key,
            title=row["title"],
            publisher=row.get("publisher", ""),
            year=row.get("year"),
            url=row.get("url", ""),
            status=row["status"],
        )
        for key, row in read_texts("sources").items()
    }


def _entry(key: str, chapter: str, language: str) -> Entry:
    row = _chapter(chapter)[key]
    words: dict[str, str] = row[language]
    known = cited_sources()
    return Entry(
        key=key,
        chapter=chapter,
        title=words["title"],
        what=words["what"],
        why=words.get("why", ""),
        where=words.get("where", ""),
        sources=tuple(known[name] for name in row["sources"]),
    )


def _chapter(chapter: str) -> dict[str, Any]:
    return read_texts(chapter)


@cache
def read_texts(name: str) -> dict[str, Any]:
    """The content of a file of texts."""
    text = resources.files(_TEXTS).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
