"""What a text speaks of: terms of the glossary in any language, and the stems of its words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from viavolta.catalogue.glossary import LANGUAGES, slovenian, stop_words, terms

STEM_LETTERS = 6
"""Words are told apart by their first letters: rough, but the same rule for every language."""
_LEAST_LETTERS = 3
_GAP = 2
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_TOKEN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of saying a term: the words that must follow each other."""

    key: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of a language, found by their first word: whole, by its start, or by its end."""

    whole: dict[str, list[Way]] = field(default_factory=dict)
    start: dict[str, list[Way]] = field(default_factory=dict)
    end: dict[str, list[Way]] = field(default_factory=dict)

    def beginning_with(self, token: str) -> Iterator[Way]:
        """Ways whose first word may be this token."""
        yield from self.whole.get(token, ())
        for n in range(1, len(token) + 1):
            yield from self.start.get(token[:n], ())
            yield from self.end.get(token[-n:], ())


def tokens_of(text: str) -> list[str]:
    """Words of a text in lower case, without accents; umlauts become two letters.

    Examples
    --------
    >>> tokens_of("Überlandbus, d'été")
    ['ueberlandbus', 'd', 'ete']
    """
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_UMLAUTS))
    return _TOKEN.findall("".join(letter for letter in bare if not unicodedata.combining(letter)))


def terms_said(text: str, language: str) -> Counter[str]:
    """Keys of the glossary's terms that a text says, and how often.

    Words of the text's language and English ones are known; of a text in another language, those of
    all.
    """
    said: Counter[str] = Counter()
    for known in _languages(language):
        found = _found(tokens_of(text), known, language)
        said.update(key for key, _ in dict.fromkeys((key, span.start) for key, span in found))
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A word that somebody searches for: the start of its stem, or terms that it belongs to."""

    stem: str
    is_whole: bool
    terms: frozenset[str]


def wishes_of(text: str, language: str) -> list[Wish]:
    """The words of a search, in any of the six languages; small words of `language` left out."""
    tokens = tokens_of(text)
    terms_of: dict[int, set[str]] = {at: set() for at in range(len(tokens))}
    for known in LANGUAGES:
        for key, span in _found(tokens, known, language):
            for at in span:
                terms_of[at].add(key)
    idle = _idle_of_text(language)
    wanted = [at for at, token in enumerate(tokens) if token not in idle] or range(len(tokens))
    return [
        Wish(
            stem=tokens[at][:STEM_LETTERS],
            is_whole=len(tokens[at]) >= STEM_LETTERS,
            terms=frozenset(terms_of[at]),
        )
        for at in wanted
    ]


def _found(tokens: list[str], known: str, language: str) -> Iterator[tuple[str, range]]:
    """Terms that tokens of a text in `language` say in the words of `known`, and where."""
    ways, idle = _ways(known), _idle(known)
    foreign_idle = frozenset() if known == language else _idle_of_text(language)
    for at, token in enumerate(tokens):
        if token not in foreign_idle:
            for way in ways.beginning_with(token):
                end = _end(way, tokens, at, idle)
                if end:
                    yield way.key, range(at, end)


def stems_of(text: str, language: str) -> Counter[str]:
    """Stems of the words of a text that may say something, and how often."""
    idle = _idle_of_text(language)
    return Counter(
        token[:STEM_LETTERS]
        for token in tokens_of(text)
        if token not in idle and len(token) >= _LEAST_LETTERS and not token.isdigit()
    )


def in_english(text: str) -> list[str]:
    """The words of a Slovenian text that are known, in English, in the order of the text.

    The longest known start of a word counts.

    Examples
    --------
    >>> in_english("Tiha kolesa v mestu")
    ['quiet', 'bicycle', 'city']
    """
    known = _slovenian()
    found = []
    for token in tokens_of(text):
        starts = (token[:n] for n in range(len(token), _LEAST_LETTERS - 1, -1))
        meaning = next((known[start] for start in starts if start in known), None)
        if meaning is not None and token not in _idle("sl"):
            found.append(meaning)
    return found


@cache
def _slovenian() -> dict[str, str]:
    return {"".join(tokens_of(stem)): english for stem, english in slovenian().items()}


def _idle_of_text(language: str) -> frozenset[str]:
    return frozenset().union(*map(_idle, _languages(language)))


def _languages(language: str) -> tuple[str, ...]:
    if language not in LANGUAGES:
        return LANGUAGES
    return ("en",) if language == "en" else (language, "en")


def _end(way: Way, tokens: list[str], at: int, idle: frozenset[str]) -> int:
    """The token behind the way's last word, idle words between them passed over; 0 if not said."""
    for word in way.words[1:]:
        at += 1
        skipped = 0
        while at < len(tokens) and not _is(word, tokens[at]):
            if tokens[at] not in idle or skipped == _GAP:
                return 0
            at += 1
            skipped += 1
        if at >= len(tokens):
            return 0
    return at + 1


def _is(word: str, token: str) -> bool:
    bare = word.strip("*")
    if word.startswith("*"):
        return bare in token if word.endswith("*") else token.endswith(bare)
    return token.startswith(bare) if word.endswith("*") else token == bare


@cache
def _idle(language: str) -> frozenset[str]:
    return frozenset(token for word in stop_words()[language] for token in tokens_of(word))


@cache
def _ways(language: str) -> Ways:
    """The ways of a language; idle words after the first are left out, unless all are idle."""
    ways, idle = Ways(), _idle(language)
    for term in terms().values():
        for said in dict.fromkeys(term.ways[language]):
            words = tuple(_words(said))
            if not idle.issuperset(words):
                words = (words[0], *(word for word in words[1:] if word not in idle))
            way = Way(key=term.key, words=words)
            first = words[0]
            bare = first.strip("*")
            if not first.startswith("*"):
                by = ways.start if first.endswith("*") else ways.whole
                by.setdefault(bare, []).append(way)
                continue
            ways.end.setdefault(bare, []).append(way)
    return ways


def _words(said: str) -> Iterator[str]:
    """Words of a way with their stars."""
    for part in said.split():
        tokens = tokens_of(part.strip("*"))
        for n, token in enumerate(tokens):
            front = "*" if part.startswith("*") and n == 0 else ""
            back = "*" if part.endswith("*") and n == len(tokens) - 1 else ""
            yield front + token + back
