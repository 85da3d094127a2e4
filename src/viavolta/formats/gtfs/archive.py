"""The bytes of a feed's tables, from a zip or a folder, without trusting either.

Nothing is ever written to disk: members are read into memory under the limits below.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from viavolta.formats.gtfs.repairs import MAX_VALUE_CHARS, RepairLog, where
from viavolta.formats.vdv452 import read_as_feed
from viavolta.model.errors import InputError, UsageError
from viavolta.model.messages import text

REQUIRED_TABLES = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
OPTIONAL_TABLES = (
    "agency.txt",
    "attributions.txt",
    "calendar.txt",
    "calendar_dates.txt",
    "frequencies.txt",
    "shapes.txt",
)
X10 = ".x10"
"""Ending of the files of VDV 452."""
MAX_TABLE_BYTES = 2 * 1024**3
"""Largest table read; the largest national feeds stay below it."""
MAX_FEED_BYTES = 4 * 1024**3
"""Largest sum of all tables."""
MAX_RATIO = 250
"""Largest unpacked/packed size; real feeds stay below 60, a zip bomb reaches 1,000."""
FREE_RATIO_BYTES = 4 * 1024**2
"""Members up to this size may have any ratio: they cannot hurt."""
MAX_MEMBERS = 20_000
_MAX_DEPTH = 4
_ENCRYPTED_FLAG = 0x1
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,  # a compression that Python does not know
    UnicodeError,  # a member name in no known encoding
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One file of a feed: its place as in the archive, and how to read it."""

    place: PurePosixPath
    packed_bytes: int
    unpacked_bytes: int
    read: Callable[[], bytes]

    @property
    def table(self) -> str:
        """Name of the table, e.g. `stops.txt`."""
        return self.place.name.lower()


_Read = Callable[[list[_Member], Path, RepairLog], dict[str, bytes]]


def read_tables(path: Path, log: RepairLog) -> dict[str, bytes]:
    """Read the tables of a feed that the bus planner needs, by name.

    Files of VDV 452 (.x10) in a folder or a zip are read as the feed that they stand for.

    Raises
    ------
    UsageError
        `path-not-found`.
    InputError
        `not-a-zip`, `unreadable-zip`, `encrypted-zip`, `feed-too-large`, `zip-bomb`,
        `missing-table`.
    """
    return _with_members(path, log, _chosen)


def read_files(path: Path) -> dict[str, bytes]:
    """Read every file of a feed, unknown ones too, as it lies there, by its name in the feed.

    Raises
    ------
    UsageError, InputError
        As `read_tables` does.
    """
    return _with_members(path, RepairLog(), _all_files)


def _with_members(path: Path, log: RepairLog, read: _Read) -> dict[str, bytes]:
    def read_members(members: list[_Member]) -> dict[str, bytes]:
        x10 = {m.place.name: m for m in members if m.place.suffix.lower() == X10}
        is_feed = any(m.table == REQUIRED_TABLES[0] for m in members)
        return _from_vdv452(x10, path, log) if x10 and not is_feed else read(members, path, log)

    if path.is_dir():
        return read_members(list(_folder_members(path)))
    if not path.is_file():
        raise UsageError(
            code="path-not-found",
            message=text("there is no feed at {path}", path=path),
            where=where(str(path)),
            expected=text("a GTFS zip or a folder with its tables"),
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return read_members(_zip_members(archive, path, log))
    except _BROKEN_ZIP as error:
        raise _unreadable(path, error) from error


def _from_vdv452(x10: dict[str, _Member], path: Path, log: RepairLog) -> dict[str, bytes]:
    """The feed that files of VDV 452 stand for; what was left out or assumed is logged."""
    _check_sizes(x10, path)
    feed = read_as_feed({name: member.read() for name, member in sorted(x10.items())})
    log.take(feed.repairs, feed.warnings)
    return feed.files


def _unreadable(path: Path, error: Exception) -> InputError:
    with path.open("rb") as start:
        is_zip = start.read(2) == b"PK"
    reason = str(error)[:MAX_VALUE_CHARS]
    if is_zip:
        return InputError(
            code="unreadable-zip",
            message=text("the zip is damaged: {reason}", reason=reason),
            where=where(path.name),
            expected=text("a complete zip file"),
            hint=text("download the feed again, or repair it with `zip -FF`"),
        )
    return InputError(
        code="not-a-zip",
        message=text("the file is not a zip: {reason}", reason=reason),
        where=where(path.name),
        expected=text("a GTFS feed: a zip, or a folder with stops.txt, trips.txt ..."),
        hint=text("a web page saved under the name of the feed is the usual cause"),
    )


def _folder_members(path: Path) -> list[_Member]:
    files = [f for depth in ("*", "*/*") for f in sorted(path.glob(depth)) if f.is_file()]
    return [
        _Member(
            place=PurePosixPath(f.relative_to(path).as_posix()),
            packed_bytes=f.stat().st_size,
            unpacked_bytes=f.stat().st_size,
            read=f.read_bytes,
        )
        for f in files
    ]


def _zip_members(archive: zipfile.ZipFile, path: Path, log: RepairLog) -> list[_Member]:
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise InputError(
            code="feed-too-large",
            message=text("the zip has {n} members", n=len(infos)),
            where=where(path.name),
            expected=text("at most {n} members", n=MAX_MEMBERS),
            hint=text("pack only the tables of the feed"),
        )
    members = []
    for info in infos:
        name = info.filename.replace("\\", "/")
        place = PurePosixPath(name)
        if info.is_dir():
            continue
        if name.startswith("/") or ".." in place.parts or ":" in place.parts[0]:
            _note_unsafe(name, path, log)
            continue
        members.append(
            _Member(
                place=place,
                packed_bytes=info.compress_size,
                unpacked_bytes=info.file_size,
                read=_zip_reader(archive, info, path),
            )
        )
    return members


def _note_unsafe(name: str, path: Path, log: RepairLog) -> None:
    log.note(
        code="unsafe-member-name",
        file=path.name,
        count=1,
        example=name[:MAX_VALUE_CHARS],
        action=text("ignored: the name points outside the feed"),
    )


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise InputError(
                code="encrypted-zip",
                message=text("the zip is protected by a password"),
                where=where(path.name, value=info.filename),
                expected=text("an open zip"),
                hint=text("unpack it with the password and give the folder instead"),
            )
        with archive.open(info) as stream:
            return stream.read(info.file_size + 1)

    return read


def _chosen(members: list[_Member], path: Path, log: RepairLog) -> dict[str, bytes]:
    """Choose one folder of the feed and read the tables in it."""
    _, tables = _best_folder(members, path, log)
    required = list(REQUIRED_TABLES)
    if "calendar_dates.txt" not in tables:
        required.append("calendar.txt")
    for table in required:
        if table not in tables:
            raise _missing(table, path, members)
    _check_sizes(tables, path)
    largest_first = sorted(tables.values(), key=lambda m: (-m.unpacked_bytes, m.table))
    with ThreadPoolExecutor(max_workers=2) as pool:  # unpacking leaves the interpreter free
        contents = list(pool.map(lambda member: member.read(), largest_first))
    return {m.table: content for m, content in zip(largest_first, contents, strict=True)}


def _all_files(members: list[_Member], path: Path, log: RepairLog) -> dict[str, bytes]:
    """Every file of the feed's folder; of a table that stands twice, the one that is read."""
    folder, tables = _best_folder(members, path, log)
    chosen = {m.place.name: m for m in members if m.place.parent == folder}
    chosen = {name: tables.get(m.table, m) for name, m in chosen.items()}
    _check_sizes(chosen, path)
    return {name: chosen[name].read() for name in sorted(chosen)}


def _best_folder(
    members: list[_Member], path: Path, log: RepairLog
) -> tuple[PurePosixPath, dict[str, _Member]]:
    """The folder that holds most of the feed's tables, and those it holds, by name."""
    wanted = set(REQUIRED_TABLES + OPTIONAL_TABLES)
    folders: dict[PurePosixPath, dict[str, _Member]] = {}
    for member in members:
        hidden = any(p == "__MACOSX" or p.startswith(".") for p in member.place.parts)
        if member.table not in wanted or hidden or len(member.place.parts) > _MAX_DEPTH:
            continue
        tables = folders.setdefault(member.place.parent, {})
        if member.table in tables:
            _note_copy(tables[member.table], log)
        tables[member.table] = member
    if not folders:
        raise _missing(REQUIRED_TABLES[0], path, members)
    best = min(folders, key=lambda f: (-len(folders[f]), len(f.parts), f.as_posix()))
    for folder in sorted(folders, key=PurePosixPath.as_posix):
        for copy in folders[folder].values() if folder != best else ():
            _note_copy(copy, log)
    return best, folders[best]


def _note_copy(member: _Member, log: RepairLog) -> None:
    log.note(
        code="second-copy",
        file=member.table,
        count=1,
        example=member.place.as_posix()[:MAX_VALUE_CHARS],
        action=text(
            "ignored: the feed has this table twice; the fuller folder, or the later copy, counts"
        ),
    )


def _missing(table: str, path: Path, members: list[_Member]) -> InputError:
    hint = text("a feed has stops, routes, trips, stop_times and calendar or calendar_dates")
    if any(m.place.suffix.lower() == ".zip" for m in members):
        hint = text("there is a zip inside: unpack it first and give the inner zip")
    return InputError(
        code="missing-table",
        message=text("the feed has no {table}", table=table),
        where=where(table),
        expected=text("{table} in {feed}", table=table, feed=path.name),
        hint=hint,
    )


def _check_sizes(tables: dict[str, _Member], path: Path) -> None:
    for name, member in tables.items():
        if member.unpacked_bytes > MAX_TABLE_BYTES:
            raise _too_large(name, member.unpacked_bytes, MAX_TABLE_BYTES)
        ratio = member.unpacked_bytes / max(member.packed_bytes, 1)
        if member.unpacked_bytes > FREE_RATIO_BYTES and ratio > MAX_RATIO:
            raise InputError(
                code="zip-bomb",
                message=text("{table} unpacks to {n} times its size", table=name, n=round(ratio)),
                where=where(name, value=member.unpacked_bytes),
                expected=text("at most {n} times", n=MAX_RATIO),
                hint=text("if the feed is genuine, unpack it and give the folder"),
            )
    total_bytes = sum(member.unpacked_bytes for member in tables.values())
    if total_bytes > MAX_FEED_BYTES:
        raise _too_large(path.name, total_bytes, MAX_FEED_BYTES)


def _too_large(file: str, n_bytes: int, limit: int) -> InputError:
    return InputError(
        code="feed-too-large",
        message=text("{file} has {n} bytes", file=file, n=n_bytes),
        where=where(file, value=n_bytes),
        expected=text("at most {n} bytes", n=limit),
        hint=text("cut the feed to the area and the weeks you plan for"),
    )
