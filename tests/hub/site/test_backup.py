"""A backup holds all of a hub; a restore makes it again, on either database."""

import gzip
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cast import Cast
from django.conf import settings
from django.db import connection

from viavolta.hub.people.models import Organisation, User
from viavolta.hub.site import backup
from viavolta.hub.site.lock import together_with_others
from viavolta.hub.studies.models import Study, Upload
from viavolta.model.errors import InputError, PlatformError, UsageError
from viavolta.storage.tables.models import Run

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "uploads/ab/feed.zip": b"a feed",
    "studies/run-1/study.json": b"{}",
    "studies/run-1/trips.parquet": bytes(range(256)) * 100,
    "media/1/picture.webp": b"a picture",
    "secrets/hub-key": b"the key",
}
NOT_KEPT = {"outbox/letter.log": b"x", "runs/1/work/read.stage": b"x", "studies/.half/a": b"x"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a hub with a few files."""
    folder = tmp_path / "data"
    for name, content in {**FILES, **NOT_KEPT}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    monkeypatch.setattr(settings, "CONFIG", type("Config", (), {"data": folder}))
    return folder


@pytest.fixture
def hub(data: Path, cast: Cast) -> Path:
    """A hub with people, an upload, a study and a run."""
    editor, city = cast.users["editor"], cast.organisation
    upload = Upload.objects.create(
        organisation=city, kind="feed", name="feed.zip", sha256="0" * 64, size_bytes=6,
        path="uploads/ab/feed.zip", findings={"trips": 3}, uploaded_by=editor,
    )  # fmt: skip
    study = Study.objects.create(organisation=city, title="Žalec: Ünterwegs", slug="zalec")
    scenario = study.scenarios.create(name="As it is", is_baseline=True, config={"a": [1, 2.5]})
    scenario.uploads.add(upload)
    Run.objects.create(kind="plan-bus", owner_key="organisation:1", state="running", worker="w")
    return data


def rows_of(file: Path) -> list[dict[str, object]]:
    with tarfile.open(file) as archive:
        stream = archive.extractfile(backup.ROWS)
        assert stream is not None
        rows = [json.loads(line) for line in stream.read().decode().splitlines()]
    return sorted(rows, key=lambda row: (row["model"], row["pk"]))


def files_in(data: Path) -> dict[str, bytes]:
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for folder in (*backup.FOLDERS, "secrets")
        for path in sorted((data / folder).rglob("*"))
        if path.is_file()
    }


def lose_everything(data: Path) -> None:
    Study.objects.all().delete()
    Organisation.objects.all().delete()
    User.objects.all().delete()
    (data / "studies/run-1/study.json").write_bytes(b"damaged")
    (data / "uploads/ab/feed.zip").unlink()
    (data / "media/foreign").write_bytes(b"from elsewhere")


def test_a_restored_hub_is_the_hub_that_was_backed_up(hub: Path, tmp_path: Path) -> None:
    """Every row and every file, and nothing that came later; a new row gets a new number."""
    file = tmp_path / "backup.tar.gz"
    made = backup.back_up(file, with_key=True)
    assert (made.files, made.vanished, made.has_key) == (5, 0, True)
    assert file.stat().st_mode & 0o077 == 0
    before, number = rows_of(file), Study.objects.get().pk
    lose_everything(hub)
    (hub / "secrets/hub-key").write_bytes(b"another key")
    restored = backup.restore(file, is_forced=True)
    assert restored.rows == made.rows == len(before)
    assert files_in(hub) == FILES
    backup.back_up(tmp_path / "again.tar.gz", with_key=True)
    assert rows_of(tmp_path / "again.tar.gz") == before
    assert Study.objects.create(organisation=Organisation.objects.get(), title="n").pk > number


def test_the_key_stays_at_home_unless_it_is_asked_for(hub: Path, tmp_path: Path) -> None:
    """Without it the hub that is restored keeps its own."""
    file = tmp_path / "backup.tar.gz"
    assert not backup.back_up(file, with_key=False).has_key
    assert b"the key" not in gzip.decompress(file.read_bytes())
    (hub / "secrets/hub-key").write_bytes(b"another key")
    backup.restore(file, is_forced=True)
    assert (hub / "secrets/hub-key").read_bytes() == b"another key"


def test_a_hub_that_is_not_empty_or_served_is_not_replaced(hub: Path, tmp_path: Path) -> None:
    """Unless it is forced, and never while somebody serves from it."""
    file = tmp_path / "backup.tar.gz"
    backup.back_up(file, with_key=False)
    with pytest.raises(UsageError) as full:
        backup.restore(file)
    assert full.value.code == "hub-not-empty"
    with together_with_others(hub), pytest.raises(UsageError) as served:
        backup.restore(file, is_forced=True)
    assert served.value.code == "hub-is-served"
    with pytest.raises(UsageError) as there:
        backup.back_up(file, with_key=False)
    assert there.value.code == "file-exists"


def flip(content: bytes) -> bytes:
    return content[: len(content) // 2] + b"\0\1\2" + content[len(content) // 2 + 3 :]


@pytest.mark.parametrize(
    "damage",
    [flip, lambda content: content[: len(content) // 2], lambda _: b"no archive", lambda _: b""],
)
def test_a_damaged_backup_changes_nothing(
    damage: Callable[[bytes], bytes], hub: Path, tmp_path: Path
) -> None:
    """Rows and files stay as they are, and no rest of it is left."""
    file = tmp_path / "backup.tar.gz"
    backup.back_up(file, with_key=False)
    file.write_bytes(damage(file.read_bytes()))
    before = sorted(path.name for path in hub.iterdir())
    with pytest.raises(InputError) as caught:
        backup.restore(file, is_forced=True)
    assert caught.value.code == "backup-damaged"
    assert Study.objects.count() == 1
    assert files_in(hub).items() >= FILES.items()
    assert sorted({path.name for path in hub.iterdir()} - {"hub.lock"}) == before


@pytest.mark.parametrize("name", ["../evil", "secrets/other", "uploads/../evil", "uploads/.x/a"])
def test_a_backup_writes_nowhere_else(name: str, hub: Path, tmp_path: Path) -> None:
    """A file made by someone else cannot lead out of the folders of a backup."""
    file = tmp_path / "backup.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(InputError):
        backup.restore(file, is_forced=True)
    assert not (hub.parent / "evil").exists()


def test_a_backup_of_other_tables_is_refused(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says by which version it was written."""
    file = tmp_path / "backup.tar.gz"
    with monkeypatch.context() as other:
        other.setattr(backup, "_migrations", lambda: [["people", "0009_later"]])
        backup.back_up(file, with_key=False)
    with pytest.raises(InputError) as caught:
        backup.restore(file, is_forced=True)
    assert caught.value.code == "backup-of-another-version"
    assert files_in(hub).items() >= FILES.items()


def test_files_come_back_if_rows_cannot_be_taken(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure at the very end undoes both."""
    file = tmp_path / "backup.tar.gz"
    backup.back_up(file, with_key=True)
    (hub / "uploads/ab/feed.zip").write_bytes(b"newer")
    rename = Path.rename

    def fails_at_media(path: Path, target: Path) -> Path:
        if path == hub / "media":
            raise OSError(28, "no space left")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails_at_media)
    with pytest.raises(OSError, match="no space left"):
        backup.restore(file, is_forced=True)
    monkeypatch.undo()
    assert Study.objects.count() == 1
    assert (hub / "uploads/ab/feed.zip").read_bytes() == b"newer"


def test_a_hub_moves_from_sqlite_to_postgresql_and_back(
    hub: Path, tmp_path: Path, postgres_url: str
) -> None:
    """By the commands themselves: the rows are the same on both."""
    if connection.vendor != "sqlite":
        pytest.skip("begins on SQLite")
    here, there = tmp_path / "here.tar.gz", tmp_path / "there.tar.gz"
    backup.back_up(here, with_key=True)
    surroundings = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    surroundings |= {"DATABASE_URL": postgres_url, "VIAVOLTA_DATA": str(tmp_path / "moved")}
    for words in (["restore", str(here)], ["backup", str(there), "--with-key"]):
        subprocess.run(
            [sys.executable, "-m", "viavolta", *words, "--json"], check=True, env=surroundings
        )
    assert files_in(tmp_path / "moved") == FILES
    assert rows_of(there) == rows_of(here)
    lose_everything(hub)
    backup.restore(there, is_forced=True)
    assert files_in(hub) == FILES
    backup.back_up(tmp_path / "back.tar.gz", with_key=True)
    assert rows_of(tmp_path / "back.tar.gz") == rows_of(here)


def test_every_refusal_is_an_error_of_the_platform(tmp_path: Path, data: Path) -> None:
    """A missing file and a missing folder are told, not raised as they come."""
    assert data.is_dir()
    for act in (
        lambda: backup.restore(tmp_path / "none"),
        lambda: backup.back_up(tmp_path / "none" / "file", with_key=False),
    ):
        with pytest.raises(PlatformError) as caught:
            act()
        assert caught.value.code == "missing-path"
