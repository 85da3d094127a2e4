"""The glossary of the trade in six languages: names of its terms, and how texts say them.

`words/glossary.csv` has one row for each term; a cell holds the term's name in that language, then
after `|` the ways in which texts say it. `*` stands for any letters at the start or end of a word,
as in `busflotte*`. An empty cell means the English one. Terms with `in_text` no are names only.
"""

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from viavolta.model.facets import FACET_VALUES, Facet

_FOLDER = files("viavolta.catalogue").joinpath("words")

LANGUAGES = ("en", "de", "fr", "it", "sl", "nl")
"""Languages of the glossary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term: its key, its name in each language, the ways texts say it in each language."""

    key: str
    names: MappingProxyType[str, str]
    ways: MappingProxyType[str, tuple[str, ...]]


def value_key(facet: Facet, value: StrEnum) -> str:
    """Key of a facet's value, such as `vehicle.cargo-bike`."""
    return f"{facet}.{value}"


@cache
def terms() -> MappingProxyType[str, Term]:
    """All terms by their keys, in the order of the file."""
    with _FOLDER.joinpath("glossary.csv").open(encoding="utf-8") as file:
        return MappingProxyType({row["key"]: _term(row) for row in csv.DictReader(file)})


def name(key: str, language: str) -> str:
    """Name of a term in a language, English where there is no glossary of that language."""
    names = terms()[key].names
    return names.get(language, names["en"])


def _term(row: dict[str, str]) -> Term:
    cells = {language: (row[language] or row["en"]).split("|") for language in LANGUAGES}
    is_in_text = row["in_text"] == "yes"
    return Term(
        key=row["key"],
        names=MappingProxyType({language: cell[0] for language, cell in cells.items()}),
        ways=MappingProxyType(
            {language: tuple(cell) if is_in_text else () for language, cell in cells.items()}
        ),
    )


@cache
def stop_words() -> MappingProxyType[str, frozenset[str]]:
    """Words that say nothing of a subject, by language."""
    with _FOLDER.joinpath("stop_words.csv").open(encoding="utf-8") as file:
        return MappingProxyType(
            {row["language"]: frozenset(row["words"].split()) for row in csv.DictReader(file)}
        )


@cache
def slovenian() -> MappingProxyType[str, str]:
    """Starts of common Slovenian words, and what they mean in English."""
    with _FOLDER.joinpath("slovenian.csv").open(encoding="utf-8") as file:
        return MappingProxyType({row["stem"]: row["english"] for row in csv.DictReader(file)})


def facet_keys() -> tuple[str, ...]:
    """Keys of all facets and of all their values."""
    return tuple(
        key
        for facet, values in FACET_VALUES.items()
        for key in (f"facet.{facet}", *(value_key(facet, value) for value in values))
    )
