"""Figures with their sources, the user's replacements, and a record of what was used."""

import csv
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

STATUSES = ("verified", "secondary", "general-knowledge", "user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure about the world. `value` is a number or, for a choice, a word."""

    key: str
    value: float | str
    minimum: float | None
    maximum: float | None
    unit: str
    year: int | None
    source: str
    url: str
    status: str
    note: str

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            msg = f"{self.key}: status {self.status!r} is not one of {STATUSES}"
            raise ValueError(msg)


def catalogue_figures(subject: str) -> dict[str, Figure]:
    """All figures of one catalogue file, by their full key `subject.key`, in file order.

    Columns of the file: key, value, min, max, unit, year, source, url, status, note.
    """
    path = resources.files("viavolta.catalogue").joinpath(f"{subject}.csv")
    figures = {}
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        key = f"{subject}.{row['key']}"
        figures[key] = Figure(
            key=key,
            value=_number_or_word(row["value"]),
            minimum=float(row["min"]) if row["min"] else None,
            maximum=float(row["max"]) if row["max"] else None,
            unit=row["unit"],
            year=int(row["year"]) if row["year"] else None,
            source=row["source"],
            url=row["url"],
            status=row["status"],
            note=row["note"],
        )
    return figures


class Assumptions:
    """The figures a study rests on: the catalogue's, with the user's own in their place.

    Reading a figure records it as used, so that the study lists exactly what it rests on.
    """

    def __init__(self, subjects: Iterable[str]) -> None:
        self._figures: dict[str, Figure] = {}
        for subject in subjects:
            self._figures.update(catalogue_figures(subject))
        self._used: dict[str, None] = {}

    def number(self, key: str) -> float:
        """The figure's value, in the unit its key ends in."""
        value = self._use(key).value
        if isinstance(value, str):
            msg = f"{key} is the word {value!r}, not a number"
            raise TypeError(msg)
        return value

    def word(self, key: str) -> str:
        """The figure's value where it is a choice between words."""
        return str(self._use(key).value)

    def figure(self, key: str) -> Figure:
        """The figure with its range and source, without recording a use."""
        return self._figures[key]

    def keys(self) -> list[str]:
        """All keys, in catalogue order."""
        return list(self._figures)

    def used(self) -> list[Figure]:
        """The figures that were read so far, in catalogue order."""
        return [f for key, f in self._figures.items() if key in self._used]

    def recall(self, keys: Iterable[str]) -> None:
        """Record figures as used that an earlier, interrupted run has read."""
        for key in keys:
            self._use(key)

    def replace(self, values: Mapping[str, float | str], *, file: str) -> None:
        """Put the user's own values in place; `file` is named in errors.

        Raises
        ------
        InputError: an unknown key, or a word where a number is expected and the reverse.
        """
        for key, value in values.items():
            old = self._figures.get(key)
            if old is None:
                near = difflib.get_close_matches(key, self._figures, n=1)
                raise InputError(
                    code="config-unknown-key",
                    message=text("{key} is not a known assumption", key=key),
                    where=Where(file=file, field=key, value=str(value)),
                    expected=text("a key that `viavolta config` prints"),
                    hint=text("did you mean {near}?", near=near[0])
                    if near
                    else text("compare with the file that `viavolta config` prints"),
                )
            if isinstance(value, bool) or isinstance(old.value, str) != isinstance(value, str):
                raise InputError(
                    code="config-wrong-kind",
                    message=text("{key} has the wrong kind of value", key=key),
                    where=Where(file=file, field=key, value=str(value)),
                    expected=text("a value like {value}", value=old.value),
                    hint=text("write words in quotes and numbers without"),
                )
            source = text("set in {file}", file=file)
            self._figures[key] = replace(
                old,
                value=value,
                minimum=None,
                maximum=None,
                status="user",
                source=source,
                year=None,
                url="",
            )

    def _use(self, key: str) -> Figure:
        figure = self._figures[key]
        self._used[key] = None
        return figure


def read_config(path: Path) -> dict[str, object]:
    """Parse a TOML configuration file.

    Raises
    ------
    InputError: the file is not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            code="config-not-toml",
            message=text("{file} is not valid TOML: {error}", file=path.name, error=error),
            where=Where(file=path.name),
            hint=text("`viavolta config bus` prints a valid file to start from"),
        ) from error


def _number_or_word(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
