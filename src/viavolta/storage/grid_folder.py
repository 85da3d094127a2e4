"""The folder of a grid as files: written beside its place and renamed at the end."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from viavolta.model.errors import UsageError
from viavolta.model.messages import text
from viavolta.storage.study_folder import swap_in, umask

_MARK = "nodes.csv"  # what a folder holds that may be replaced


def prepare_grid_out(out: Path, *, force: bool) -> Path:
    """Check early that a grid may be written to `out`.

    Raises
    ------
    UsageError: `out` is a file, holds something and `force` is not set, or with `force` holds
        something that is no grid.
    """
    out = out.absolute()
    if out.exists() and not out.is_dir():
        raise UsageError(
            code="out-is-a-file",
            message=text("{out} is a file, not a folder", out=out),
            hint=text("choose another --out"),
        )
    if out.is_dir() and any(out.iterdir()):
        if not force:
            raise UsageError(
                code="out-not-empty",
                message=text("{out} is not empty", out=out),
                hint=text("choose another --out, or add --force to replace the grid in it"),
            )
        if not (out / _MARK).is_file() or (out / "study.json").exists():
            raise UsageError(
                code="out-not-a-grid",
                message=text("{out} holds files that are not a grid", out=out),
                hint=text("--force replaces grids only; choose another --out"),
            )
    return out


def write_grid_folder(out: Path, files: Mapping[str, bytes], *, force: bool) -> Path:
    """Write files by name into a folder, whole or not at all; returns its path."""
    out = prepare_grid_out(out, force=force)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, content in files.items():
            (beside / name).write_bytes(content)
        beside.chmod(0o777 & ~umask())
        swap_in(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return out
