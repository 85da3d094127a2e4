"""Who uses a data folder: any number serve from it, or one replaces what it holds."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text

_NAME = "hub.lock"


@contextmanager
def together_with_others(data: Path) -> Iterator[None]:
    """Serve from a folder, which nobody may replace meanwhile.

    Raises
    ------
    UsageError: it is being replaced.
    """
    with _held(data, fcntl.LOCK_SH, text("the data of this hub is being restored")):
        yield


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Replace what a folder holds, which nobody on this machine serves from meanwhile.

    Raises
    ------
    UsageError: somebody does.
    """
    with _held(data, fcntl.LOCK_EX, text("this hub is being served")):
        yield


@contextmanager
def _held(data: Path, how: int, otherwise: str) -> Iterator[None]:
    with (data / _NAME).open("w") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                code="hub-is-served",
                message=otherwise,
                where=Where(field="--data", value=str(data)[:200]),
                hint=text("stop the hub, or wait until that is done"),
            ) from None
        yield
