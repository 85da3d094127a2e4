"""Finished stages in a folder: whole or absent, and never anything foreign."""

import datetime as dt
import hashlib
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from viavolta.model.errors import PeerError, UsageError
from viavolta.model.notices import StudyWarning
from viavolta.storage.stage_folder import StageFolder


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    """Records, arrays and tables, under their own key only; the folder is its owner's alone."""
    folder = tmp_path / "new" / "work"
    warning = StudyWarning(code="a", file=None, message="b")
    table = pl.DataFrame({"when": [dt.date(2026, 1, 2)], "names": [["x", "y"]]})
    strided = np.arange(12.0).reshape(3, 4)[:, ::2]
    value = (warning, {"t": table}, strided, frozenset({np.float64(2.5)}), dt.datetime.now(dt.UTC))
    StageFolder(folder).put("read", "k1", value)
    back = StageFolder(folder).get("read", "k1")
    assert isinstance(back, tuple)
    assert back[0] == warning
    assert back[1]["t"].equals(table)
    assert (back[2] == strided).all()
    assert back[3:] == value[3:]
    assert StageFolder(folder).get("read", "k2") is None
    assert StageFolder(folder).get("blocks", "k1") is None
    assert folder.stat().st_mode & 0o077 == 0


def test_a_damaged_stage_is_absent(tmp_path: Path) -> None:
    """Half a file, or one with a changed byte, is done again."""
    store = StageFolder(tmp_path)
    store.put("read", "k", "a long enough value")
    file = tmp_path / "read.stage"
    content = file.read_bytes()
    for damaged in (content[:-1], content[:-3] + b"x" + content[-2:], b""):
        file.write_bytes(damaged)
        assert store.get("read", "k") is None


def test_a_foreign_file_runs_nothing(tmp_path: Path) -> None:
    """A file with a valid hash that would call something is refused before it does."""
    calls = b"cos\nsystem\n(S'true'\ntR."
    for body in (calls, pickle.dumps(StageFolder.clear), pickle.dumps(len)):
        head = f"viavolta stage k {hashlib.sha256(body).hexdigest()}\n".encode()
        (tmp_path / "read.stage").write_bytes(head + body)
        with pytest.raises(PeerError) as caught:
            StageFolder(tmp_path).get("read", "k")
        assert caught.value.code == "stage-foreign"


def test_only_stages_are_cleared(tmp_path: Path) -> None:
    """What else lies in the folder stays."""
    store = StageFolder(tmp_path)
    store.put("read", "k", 1)
    (tmp_path / "notes.txt").write_text("mine")
    store.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Where the folder cannot be, it is said so before any work; so where nothing can be kept."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as caught:
        StageFolder(tmp_path / "file")
    assert caught.value.code == "work-is-a-file"
    with pytest.raises(PeerError) as below:
        StageFolder(tmp_path / "file" / "below")
    assert below.value.code == "stage-not-kept"
    store = StageFolder(tmp_path / "work")
    (tmp_path / "work").rmdir()
    with pytest.raises(PeerError) as full:
        store.put("read", "k", 1)
    assert full.value.code == "stage-not-kept"


def test_a_name_with_a_path_is_a_fault(tmp_path: Path) -> None:
    """Stages are named by the program; none leads out of the folder."""
    with pytest.raises(ValueError, match="no name of a stage"):
        StageFolder(tmp_path).get("../read", "k")
