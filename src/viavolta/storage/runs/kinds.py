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


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Something every worker looks after from time to time: `ask` asks for runs that are due.

    It is called within the worker and several may call it at once: it must be quick, and do
    nothing when the run is asked for already.
    """

    name: str
    every_s: float
    ask: Callable[[], None]


_kinds: dict[str, RunKind] = {}
_rounds: dict[str, Round] = {}


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


def add_round(one: Round) -> None:
    """Make a round known; done once, when the program starts."""
    _rounds[one.name] = one


def rounds() -> list[Round]:
    """All rounds."""
    return list(_rounds.values())
