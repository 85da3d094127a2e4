"""Files as they came, below the data folder and outside of everything the web server serves.

A file lies at `uploads/AB/SHA256/NAME`. It is written beside its place, made durable and renamed,
so that what was acknowledged survives a power cut.
"""

import hashlib
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = "uploads"
_INCOMING = ".incoming"
_MAX_STEM = 60


class TooLargeError(Exception):
    """More bytes came than this kind of file may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A whole file that has come in but has no place yet."""

    path: Path
    sha256: str
    size_bytes: int


def data_folder() -> Path:
    """The hub's data folder."""
    config: Any = settings.CONFIG
    return Path(config.data)


def receive(chunks: Iterable[bytes], *, most_bytes: int) -> Received:
    """Write what comes in, while counting and hashing it.

    Raises
    ------
    TooLargeError: there is more than `most_bytes`; nothing is kept.
    """
    folder = data_folder() / ROOT / _INCOMING
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as sink:
            for chunk in chunks:
                size += len(chunk)
                if size > most_bytes:
                    raise TooLargeError
                digest.update(chunk)
                sink.write(chunk)
            sink.flush()
            os.fsync(sink.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path=path, sha256=digest.hexdigest(), size_bytes=size)


def settle(received: Received, name: str) -> str:
    """Give a file its place; returns that, relative to the data folder."""
    place = Path(ROOT) / received.sha256[:2] / received.sha256 / name
    target = data_folder() / place
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    received.path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return place.as_posix()


def discard(received: Received) -> None:
    """Forget a file that has no place."""
    received.path.unlink(missing_ok=True)


def absolute(place: str) -> Path:
    """Where a kept file lies.

    Raises
    ------
    ValueError: the place is not below the uploads.
    """
    root = (data_folder() / ROOT).resolve()
    path = (data_folder() / place).resolve()
    if not path.is_relative_to(root):
        msg = "a place outside the uploads"
        raise ValueError(msg)
    return path


def findings_folder(place: str, kind: str) -> Path:
    """Where the check of a file keeps what it found."""
    return absolute(place).parent / f"found-{kind}"


def remove(place: str) -> None:
    """Remove a file with everything found about it."""
    shutil.rmtree(absolute(place).parent, ignore_errors=True)


def safe_name(name: str, *, endings: tuple[str, ...], fallback: str) -> str | None:
    """A plain file name made from the one a browser sent; None if its ending is none of those."""
    last = name.replace("\\", "/").rpartition("/")[2].strip().lower()
    ending = next((e for e in endings if last.endswith(e)), None)
    if ending is None:
        return None
    plain = unicodedata.normalize("NFKD", last[: -len(ending)]).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_STEM].strip("-")
    return (stem or fallback) + ending
