"""Kinds of runs: each says how its arguments become a command line, and what follows its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from viavolta.storage.tables.models import Run


def nothing(run: Run) -> None:
    """Do nothing when a run ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKind:
    """How runs of a kind are done.

    Attributes
    ----------
    command : words of the command line behind `viavolta`; may write files into `run.folder`.
    at_end : called in the transaction in which a run becomes done, failed or stopped; what it
        sends goes on `transaction.on_commit`. If it raises, the run has failed.
    is_quick : takes seconds; has a place of its own in every worker, so that it never waits
        behind long runs.
    uses_database : the command reads the hub's tables; others are not told where they are.
    """

    name: str
    command: Callable[[Run], Sequence[str]]
    at_end: Callable[[Run], None] = nothing
    is_quick: bool = False
    uses_database: bool = False


_kinds: dict[str, RunKind] = {}


def register(kind: RunKind) -> None:
    """Make a kind known; done once, when the program starts."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> RunKind:
    """The kind of that name.

    Raises
    ------
    KeyError: nobody registered it.
    """
    return _kinds[name]
