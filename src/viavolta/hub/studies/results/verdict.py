"""What `viavolta check` says of a study: run once per study folder, kept beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viavolta.hub.studies.results.folder import Result

CHECK_FILE = "check.json"
"""`viavolta check DIR --json` as the worker wrote it, beside the study folder (never in it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether every rule holds, else how many findings there are and the first of them."""

    is_ok: bool
    n_findings: int
    findings: tuple[dict[str, Any], ...]


def check_path(folder: Path) -> Path:
    """Where the verdict on a study folder is kept."""
    return folder.with_name(f"{folder.name}.{CHECK_FILE}")


def verdict_of(result: Result) -> Verdict | None:
    """The verdict on this very study; None where the check has not run, or ran on an older one."""
    path = check_path(result.folder)
    try:
        made = path.stat().st_mtime_ns
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if made < (result.folder / "study.json").stat().st_mtime_ns or "ok" not in said:
        return None
    return Verdict(
        is_ok=bool(said["ok"]),
        n_findings=int(said.get("n_findings", 0)),
        findings=tuple(said.get("findings", ())[:20]),
    )
