"""A backup of the hub in one file, and the hub made again from it, on either database.

The file is a gzipped tar: `manifest.json`, `rows.jsonl` (every row, as Django serialises them, so
that it fits SQLite and PostgreSQL alike) and the files of uploads, studies and media, each with its
hash. Left out: sessions (people sign in again), letters that were sent, stages of unfinished runs
(these begin anew), and the hub's own key unless it is asked for.
"""

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from viavolta import __version__
from viavolta.hub.people.models import Organisation, User
from viavolta.hub.site.lock import alone
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.storage.runs.queue import is_any_worker_alive

FOLDERS = ("uploads", "studies", "media")
KEY = "secrets/hub-key"
MANIFEST, ROWS = "manifest.json", "rows.jsonl"
_MADE_AGAIN = ("contenttypes", "auth.permission")
_LEFT_OUT = ("sessions", "tables.workerseen")
_BLOCK = 1 << 20
_MOST_MANIFEST_BYTES = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What a backup holds; `vanished` files were deleted while it was made."""

    rows: int
    files: int
    vanished: int
    has_key: bool


def back_up(file: Path, *, with_key: bool, is_forced: bool = False) -> BackedUp:
    """Write everything that the hub cannot make again into one file, whole or not at all.

    The rows are those of one moment; files are copied after that, and are never changed in place.

    Raises
    ------
    UsageError: there is such a file, or no folder for it.
    """
    if file.exists() and not is_forced:
        raise UsageError(
            code="file-exists",
            message=text("there is a file {file} already", file=file),
            hint=text("choose another name, or add --force to replace it"),
        )
    if not file.absolute().parent.is_dir():
        raise UsageError(
            code="missing-path",
            message=text("there is no folder {folder}", folder=file.absolute().parent),
            hint=text("make it first"),
        )
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as beside:
        rows = Path(beside) / ROWS
        _write_rows(rows)
        part = Path(beside) / "backup"
        made = _write_archive(part, rows, with_key=with_key)
        part.chmod(0o600)
        part.replace(file.absolute())
    return made


def _write_rows(path: Path) -> None:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with path.open("w", encoding="utf-8") as stream:
            call_command(
                "dumpdata",
                format="jsonl",
                exclude=[*_MADE_AGAIN, *_LEFT_OUT],
                use_natural_foreign_keys=True,
                use_base_manager=True,
                stdout=stream,
            )


def _write_archive(path: Path, rows: Path, *, with_key: bool) -> BackedUp:
    """The archive; the manifest stands last, so that half an archive is known by its absence."""
    hashes: dict[str, str] = {}
    vanished = 0
    data = Path(settings.CONFIG.data)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, source in _files(data, rows, with_key=with_key):
            try:
                hashes[name] = _add(archive, name, source)
            except FileNotFoundError:
                vanished += 1
        manifest = {
            "viavolta": __version__,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "migrations": _migrations(),
            "files": hashes,
        }
        content = json.dumps(manifest, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(content), 0o600
        archive.addfile(entry, io.BytesIO(content))
    return BackedUp(
        rows=_count_rows(rows), files=len(hashes) - 1, vanished=vanished, has_key=KEY in hashes
    )


def _files(data: Path, rows: Path, *, with_key: bool) -> Iterator[tuple[str, Path]]:
    yield ROWS, rows
    if with_key:
        yield KEY, data / KEY
    for folder in FOLDERS:
        for path in sorted((data / folder).rglob("*")):
            is_hidden = any(part.startswith(".") for part in path.relative_to(data).parts)
            if path.is_file() and not path.is_symlink() and not is_hidden:
                yield path.relative_to(data).as_posix(), path


def _add(archive: tarfile.TarFile, name: str, source: Path) -> str:
    with source.open("rb") as stream:
        entry = tarfile.TarInfo(name)
        entry.size = os.fstat(stream.fileno()).st_size
        entry.mode = 0o600
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        archive.addfile(entry, stream)
    return digest


def restore(file: Path, *, is_forced: bool = False) -> BackedUp:
    """Make the hub again from a backup; either all of it is there at the end, or nothing changed.

    Raises
    ------
    UsageError: no such file, the hub is not empty and it was not forced, or it is being served.
    InputError: the file is damaged, no backup, or one of another version.
    """
    if not file.is_file():
        raise UsageError(
            code="missing-path",
            message=text("there is no file {file}", file=file),
            hint=text("check the name and the folder you are in"),
        )
    data = Path(settings.CONFIG.data)
    with alone(data):
        if connection.vendor != "sqlite" and is_any_worker_alive():  # on another machine
            raise UsageError(
                code="hub-is-served",
                message=text("a worker of this hub is at work"),
                hint=text("stop the hub first"),
            )
        if not is_forced and not _is_empty(data):
            raise UsageError(
                code="hub-not-empty",
                message=text("this hub holds people, organisations or files already"),
                where=Where(field="--data", value=str(data)[:200]),
                hint=text("restore into a new folder and database, or add --force to replace all"),
            )
        new = Path(tempfile.mkdtemp(prefix=".restore-", dir=data))
        try:
            manifest = _unpack(file, new)
            _check(file, manifest, new)
            n_rows = _count_rows(new / ROWS)
            _take(new, data, has_key=KEY in manifest["files"])
        finally:
            shutil.rmtree(new, ignore_errors=True)
    files = manifest["files"]
    return BackedUp(rows=n_rows, files=len(files) - 1, vanished=0, has_key=KEY in files)


def _count_rows(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in stream)


def _is_empty(data: Path) -> bool:
    rows = User.objects.exists() or Organisation.objects.exists()
    return not rows and not any(
        path.is_file() for folder in FOLDERS for path in (data / folder).rglob("*")
    )


def _unpack(file: Path, new: Path) -> dict[str, Any]:
    """Write the files of a backup into a folder; only those that a backup may hold."""
    hashes: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(file, "r:gz") as archive:
            for entry in archive:
                stream = archive.extractfile(entry) if entry.isfile() else None
                if stream is None or not _is_allowed(entry.name):
                    raise _damaged(file, entry.name)
                if entry.name == MANIFEST:
                    manifest = json.loads(stream.read(_MOST_MANIFEST_BYTES))
                    continue
                path = new / entry.name
                path.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with path.open("wb") as target:
                    while block := stream.read(_BLOCK):
                        digest.update(block)
                        target.write(block)
                hashes[entry.name] = digest.hexdigest()
    except (tarfile.TarError, EOFError, OSError, ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(manifest, dict) or manifest.get("files") != hashes or ROWS not in hashes:
        raise _damaged(file, text("what it holds is not what it says it holds"))
    return manifest


def _is_allowed(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if name in {MANIFEST, ROWS, KEY}:
        return True
    return len(parts) > 1 and parts[0] in FOLDERS and not any(p.startswith(".") for p in parts)


def _damaged(file: Path, why: str) -> InputError:
    return InputError(
        code="backup-damaged",
        message=text("{file} is no backup of a hub, or it is damaged", file=file.name),
        where=Where(file=file.name, value=why[:200]),
        expected=text("a file that `viavolta backup` wrote"),
        hint=text("take another backup"),
    )


def _check(file: Path, manifest: dict[str, Any], new: Path) -> None:
    """Refuse rows that these tables cannot hold."""
    if manifest.get("migrations") != _migrations():
        raise InputError(
            code="backup-of-another-version",
            message=text(
                "{file} was written by viavolta {version} with other tables",
                file=file.name,
                version=manifest.get("viavolta"),
            ),
            where=Where(file=file.name, field="migrations"),
            expected=text("tables as those of this version, {version}", version=__version__),
            hint=text("restore it with the version that wrote it, then update"),
        )
    key = new / KEY
    if key.exists():
        key.chmod(0o600)


def _take(new: Path, data: Path, *, has_key: bool) -> None:
    """Put rows and files in place; the old files come back if anything fails."""
    old = new / "old"
    names = [*FOLDERS, *([KEY] if has_key else [])]
    moved: list[str] = []
    try:
        with transaction.atomic():
            call_command("flush", interactive=False, verbosity=0)
            call_command("loaddata", str(new / ROWS), verbosity=0)
            for name in names:
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                if (data / name).exists():
                    (data / name).rename(old / name)
                moved.append(name)
                if (new / name).exists():
                    (new / name).rename(data / name)
                else:
                    (data / name).mkdir(parents=True)
    except BaseException:
        for name in moved:
            if (data / name).exists():
                (data / name).rename(new / f"failed-{name.replace('/', '-')}")
            if (old / name).exists():
                (old / name).rename(data / name)
        raise


def _migrations() -> list[list[str]]:
    """The migrations that made these tables."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted([app, name] for app, name in applied)
