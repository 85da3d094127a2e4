"""A grid that came as one zip: unpacked into a folder, without trusting it."""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

MAX_MEMBERS = 200
MAX_BYTES = 500_000_000
"""Largest sum of all members."""
MAX_RATIO = 250
"""Largest unpacked/packed size of a member; tables of numbers stay below 30."""
FREE_RATIO_BYTES = 4 * 1024**2
"""Members up to this size may have any ratio: they cannot hurt."""
_SUFFIXES = (".csv", ".json", ".txt", ".md")
_ENCRYPTED_FLAG = 0x1
_BLOCK = 1 << 20


def unpack_grid(packed: Path, folder: Path) -> Path:
    """Unpack the tables of a grid into `folder`; returns where the grid begins.

    A single folder inside the zip is stepped into; a single .json is the grid itself. Other kinds
    of members are left out.

    Raises
    ------
    InputError: not a zip, damaged, protected by a password, too many or too large members, a
        member that points outside, or a zip within the zip.
    """
    try:
        with zipfile.ZipFile(packed) as archive:
            members = _members(archive, packed.name)
            for info, place in members:
                _write(archive, info, folder.joinpath(*place.parts))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise _refused(
            packed.name,
            code="unreadable-zip",
            message=text("the zip is damaged: {reason}", reason=str(error)[:200]),
            expected=text("a complete zip file"),
            hint=text("pack the grid again"),
        ) from error
    return _start(folder)


def _members(archive: zipfile.ZipFile, file: str) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_BYTES:
        raise _refused(
            file,
            code="grid-zip-too-large",
            message=text("the zip holds too much for a grid"),
            expected=text("at most {n} files and {m} bytes", n=MAX_MEMBERS, m=MAX_BYTES),
            hint=text("pack only the tables of the grid"),
        )
    chosen = []
    for info in infos:
        name = info.filename.replace("\\", "/")
        place = PurePosixPath(name)
        _check_member(info, place, file)
        is_hidden = any(part == "__MACOSX" or part.startswith(".") for part in place.parts)
        if not is_hidden and place.suffix.lower() in _SUFFIXES:
            chosen.append((info, place))
    return chosen


def _check_member(info: zipfile.ZipInfo, place: PurePosixPath, file: str) -> None:
    name = place.as_posix()
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
        raise _refused(
            file,
            code="zip-unsafe-member",
            value=name,
            message=text("the zip has a file that points outside it"),
            expected=text("plain names of files, at most in folders"),
            hint=text("pack the grid again with an ordinary program"),
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _refused(
            file,
            code="zip-unsafe-member",
            value=name,
            message=text("the zip has a link instead of a file"),
            expected=text("plain files"),
            hint=text("pack the files themselves"),
        )
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise _refused(
            file,
            code="encrypted-zip",
            value=name,
            message=text("the zip is protected by a password"),
            expected=text("an open zip"),
            hint=text("pack the grid without a password"),
        )
    if place.suffix.lower() == ".zip":
        raise _refused(
            file,
            code="zip-in-zip",
            value=name,
            message=text("there is a zip inside the zip"),
            expected=text("the tables of one grid"),
            hint=text("unpack it first and give the inner zip"),
        )
    is_small = info.file_size <= FREE_RATIO_BYTES
    if not is_small and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise _refused(
            file,
            code="zip-bomb",
            value=name,
            message=text("a file in the zip unpacks to an absurd size"),
            expected=text("at most {n} times its packed size", n=MAX_RATIO),
            hint=text("this is no table of a grid: remove it"),
        )


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Write a member, no more of it than its header says."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left = info.file_size
    with archive.open(info) as source, target.open("xb") as sink:
        while block := source.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                msg = "a member is longer than its header says"
                raise zipfile.BadZipFile(msg)
            sink.write(block)


def _start(folder: Path) -> Path:
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    if len(inside) == 1 and inside[0].is_dir():
        return _start(inside[0])
    if len(inside) == 1 and inside[0].suffix.lower() == ".json":
        return inside[0]
    return folder


def _refused(
    file: str, *, code: str, message: str, expected: str, hint: str, value: str | None = None
) -> InputError:
    return InputError(
        code=code,
        message=message,
        where=Where(file=file, value=None if value is None else value[:200]),
        expected=expected,
        hint=hint,
    )
