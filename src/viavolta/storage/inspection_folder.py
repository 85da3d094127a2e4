"""What an inspection found, as files: written beside its place and renamed at the end."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from viavolta.model.errors import UsageError
from viavolta.model.messages import text
from viavolta.storage.study_folder import swap_in, umask

FINDINGS, BAD_ROWS, MAP = "findings.json", "bad_rows.csv", "map.geojson"


def prepare_inspection_out(out: Path) -> Path:
    """Check early that findings may be written to `out`.

    Raises
    ------
    UsageError: `out` holds something else than earlier findings.
    """
    is_free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not is_free and not (out / FINDINGS).is_file():
        raise UsageError(
            code="out-not-empty",
            message=text("{out} is not empty", out=out),
            hint=text("choose another --out; only earlier findings are replaced"),
        )
    return out


def write_inspection(
    out: Path,
    findings: Mapping[str, Any],
    *,
    bad_rows: pl.DataFrame | None = None,
    geojson: Mapping[str, Any] | None = None,
) -> Path:
    """Write findings, and the rows to mend and the map where there are any."""
    out = prepare_inspection_out(out).absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        (beside / FINDINGS).write_text(_json(findings), encoding="utf-8")
        if bad_rows is not None and bad_rows.height:
            (beside / BAD_ROWS).write_bytes(bad_rows.write_csv().encode("utf-8"))
        if geojson is not None:
            (beside / MAP).write_text(_json(geojson), encoding="utf-8")
        beside.chmod(0o777 & ~umask())
        swap_in(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return out


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False)
