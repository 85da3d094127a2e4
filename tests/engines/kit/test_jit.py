"""Compiled kernels are kept by the state of all sources: none calls an older one."""

from pathlib import Path

import numba

from viavolta.engines.kit.jit import stamp


def test_a_change_in_any_file_changes_the_stamp(tmp_path: Path) -> None:
    """Content and names count, times do not."""
    (tmp_path / "room").mkdir()
    (tmp_path / "a.py").write_text("one = 1\n")
    (tmp_path / "room" / "b.py").write_text("two = 2\n")
    first = stamp(tmp_path)
    (tmp_path / "a.py").touch()
    assert stamp(tmp_path) == first
    (tmp_path / "room" / "b.py").write_text("two = 3\n")
    changed = stamp(tmp_path)
    assert changed != first
    (tmp_path / "room" / "b.py").rename(tmp_path / "room" / "c.py")
    assert stamp(tmp_path) not in {first, changed}


def test_kernels_are_kept_by_the_stamp() -> None:
    """The folder of the kept kernels names the state of the engines."""
    assert Path(numba.config.CACHE_DIR).name.startswith("kernels-")
