"""Finished stages of a run as files of a folder, so that a later run can go on behind them.

One file by stage: a line with the key and the hash of what follows, then the pickled value. A file
of another key, or one that is damaged, counts as absent: the stage is done again. Only values of
this program and of the libraries it computes with are taken back, so that a file that someone else
put into the folder cannot run anything.
"""

import hashlib
import io
import os
import pickle
import re
import tempfile
from pathlib import Path

from viavolta.model.errors import PeerError, UsageError, Where
from viavolta.model.messages import text

SUFFIX = ".stage"

_NAME = re.compile(r"[\w][\w.-]{0,150}")
_OWN_ROOMS = ("viavolta.model.", "viavolta.catalogue.", "viavolta.engines.", "viavolta.formats.",
              "viavolta.services.")  # fmt: skip
_LIBRARY_NAMES = {
    ("builtins", "frozenset"),
    ("builtins", "set"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("polars.dataframe.frame", "DataFrame"),
    ("polars.series.series", "Series"),
}


class StageFolder:
    """A folder of finished stages; made where there is none, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if folder.exists() and not folder.is_dir():
            raise UsageError(
                code="work-is-a-file",
                message=text("{folder} is a file, not a folder", folder=folder),
                where=Where(field="--work", value=str(folder)[:200]),
                hint=text("choose another --work"),
            )
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _not_kept(folder, error) from error

    def get(self, stage: str, key: str) -> object | None:
        """What was kept of a stage under this key; None where there is nothing, or it is damaged.

        Raises
        ------
        PeerError: the file holds something that this program never keeps.
        """
        try:
            content = self._path(stage).read_bytes()
        except OSError:
            return None
        head, _, body = content.partition(b"\n")
        if head != _head(key, body):
            return None
        try:
            value: object = _Reader(io.BytesIO(body)).load()
        except pickle.UnpicklingError as error:
            raise PeerError(
                code="stage-foreign",
                message=text("{file} holds what no stage of a run holds", file=self._path(stage)),
                hint=text("someone else wrote it: empty the folder of --work"),
            ) from error
        return value

    def put(self, stage: str, key: str, value: object) -> None:
        """Keep what a stage found, whole or not at all.

        Raises
        ------
        PeerError: the folder cannot be written to.
        """
        body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        path = self._path(stage)
        try:
            handle, beside = tempfile.mkstemp(prefix=".", suffix=SUFFIX, dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(_head(key, body) + b"\n" + body)
                    stream.flush()
                    os.fsync(stream.fileno())
                Path(beside).replace(path)
            finally:
                Path(beside).unlink(missing_ok=True)
        except OSError as error:
            raise _not_kept(self._folder, error) from error

    def clear(self) -> None:
        """Remove all stages: the work is done."""
        for path in self._folder.glob(f"*{SUFFIX}"):
            path.unlink(missing_ok=True)

    def _path(self, stage: str) -> Path:
        if not _NAME.fullmatch(stage):
            msg = f"{stage!r} is no name of a stage"
            raise ValueError(msg)
        return self._folder / f"{stage}{SUFFIX}"


class _Reader(pickle.Unpickler):
    """Takes back records of this program and plain values of its libraries, nothing else."""

    def find_class(self, module: str, name: str) -> object:
        is_own = module.startswith(_OWN_ROOMS) and "." not in name
        if is_own or (module, name) in _LIBRARY_NAMES:
            found: object = super().find_class(module, name)
            if isinstance(found, type) or not is_own:
                return found
        msg = f"{module}.{name} is no part of a stage"
        raise pickle.UnpicklingError(msg)


def _head(key: str, body: bytes) -> bytes:
    return f"viavolta stage {key} {hashlib.sha256(body).hexdigest()}".encode()


def _not_kept(folder: Path, error: OSError) -> PeerError:
    return PeerError(
        code="stage-not-kept",
        message=text(
            "{folder} cannot be written to: {error}", folder=folder, error=error.strerror or error
        ),
        hint=text("make room or choose another --work; without it nothing is kept"),
    )
