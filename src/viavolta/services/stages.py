"""Stages of long work that survive: what each one found is kept, and a later run takes it up.

A service does its work in stages and hands each to `Stages.result`. With a store, what a stage
found is kept under the key of everything it rests on (`stage_key`), so that work which was ended
in the middle goes on behind its last finished stage, and what another request left is never used.
"""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Protocol, TypeVar, cast

from viavolta import __version__
from viavolta.catalogue import Assumptions
from viavolta.formats.input_file import input_of
from viavolta.model.messages import language_in_use
from viavolta.model.progress import StopRule, never

T = TypeVar("T")
Clock = Callable[[], float]

_COMPUTING = ("model", "catalogue", "formats", "engines", "services", "locale")
_SOURCES = (".py", ".csv", ".po", ".mo")
_LIBRARIES = ("highspy", "numba", "numpy", "polars", "power-grid-model")


class StageStore(Protocol):
    """Where finished stages are kept: one value by stage, valid under one key only."""

    def get(self, stage: str, key: str) -> object | None:
        """What was kept of a stage under this key; None where there is nothing."""

    def put(self, stage: str, key: str, value: object) -> None:
        """Keep what a stage found, whole or not at all, in place of anything kept before."""


class Keep(Protocol):
    """Does a piece of work, or takes up what an earlier run found of it."""

    def __call__(self, stage: str, work: Callable[[], T]) -> T:
        """The result of the work."""


def at_once(stage: str, work: Callable[[], T]) -> T:  # noqa: ARG001 - the form of `Keep`
    """Do the work, keep nothing."""
    return work()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A finished stage: its result, the figures read and the seconds spent until its end."""

    result: object
    used: tuple[str, ...]
    timings_s: dict[str, float]


class Stages:
    """The stages of one piece of work, in their order, with the seconds each has taken.

    A stage that the stop rule may have cut short is not kept: it is no result of the request alone.
    """

    def __init__(
        self,
        assumptions: Assumptions,
        *,
        clock: Clock,
        store: StageStore | None = None,
        key: str = "",
        stop: StopRule = never,
    ) -> None:
        self._assumptions, self._clock, self._stop = assumptions, clock, stop
        self._store, self._key = store, key
        self._last = clock()
        self.timings_s: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Count the seconds since the last lap as those of a stage."""
        now = self._clock()
        self.timings_s[stage] = round(self.timings_s.get(stage, 0.0) + now - self._last, 3)
        self._last = now

    def result(self, stage: str, work: Callable[[], T]) -> T:
        """What a stage found: now, or in an earlier run.

        `stage` may carry a variant behind a point (`blocks.0.7`); seconds are summed without it.
        """
        kept = self.found(stage)
        if kept is not None:
            return cast("T", kept)
        result = work()
        self.lap(stage.partition(".")[0])
        if self._store is not None and not self._stop():
            used = tuple(figure.key for figure in self._assumptions.used())
            timings_s = dict(self.timings_s)
            self._store.put(stage, self._key, _Kept(result=result, used=used, timings_s=timings_s))
        return result

    def below(self, prefix: str) -> Keep:
        """Keep parts of a stage under names that begin with that of the stage."""

        def keep(stage: str, work: Callable[[], T]) -> T:
            return self.result(f"{prefix}.{stage}", work)

        return keep

    def found(self, stage: str) -> object | None:
        """What an earlier run found of a stage; None where it has to be done."""
        kept = None if self._store is None else self._store.get(stage, self._key)
        if not isinstance(kept, _Kept):
            return None
        self._assumptions.recall(kept.used)
        self.timings_s.update(kept.timings_s)
        self._last = self._clock()
        return kept.result


def stage_key(options: Mapping[str, object], inputs: Mapping[str, Sequence[Path | None]]) -> str:
    """The key of all that a piece of work rests on: options, files, language, program, libraries.

    Parameters
    ----------
    options : those of the request that name no file, by name; plain values.
    inputs : files and folders by what they are for, in the order they were given.
    """
    rests_on = {
        "options": dict(options),
        "files": {
            use: [dataclasses.astuple(input_of(path)) for path in paths if path is not None]
            for use, paths in inputs.items()
        },
        "language": language_in_use(),
        "program": [__version__, _source_digest()],
        "python": sys.version_info[:3],
        "libraries": [version(name) for name in _LIBRARIES],
    }
    document = json.dumps(rests_on, sort_keys=True, default=str)
    return hashlib.sha256(document.encode()).hexdigest()


@cache
def _source_digest() -> str:
    """Hash of the program's own text that computes: a changed rule must not meet old stages."""
    digest = hashlib.sha256()
    for room in _COMPUTING:
        for name, content in _sources(resources.files("viavolta").joinpath(room), room):
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def _sources(folder: Traversable, name: str) -> Iterable[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir() if folder.is_dir() else (), key=lambda e: e.name):
        below = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, below)
        elif entry.name.endswith(_SOURCES):
            yield below, entry.read_bytes()
