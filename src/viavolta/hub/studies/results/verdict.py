"""What `viavolta check` says of a study: run once per study folder, kept beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result
from viavolta.storage.runs import queue
from viavolta.storage.runs.child import read_answer
from viavolta.storage.runs.kinds import RunKind
from viavolta.storage.tables.models import Run

CHECK_STUDY = "check-study"

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


def ask_for_check(scenario: Scenario) -> Run:
    """Have a scenario's new study checked by the worker."""
    return queue.enqueue(
        CHECK_STUDY,
        owner_key=f"organisation:{scenario.study.organisation_id}",
        arguments={"folder": scenario.result_folder},
        title=scenario.study.title,
    )


def check_command(run: Run) -> list[str]:
    """The command that checks a study folder from its tables alone."""
    return ["check", str(_data() / run.arguments["folder"]), "--json"]


def check_ended(run: Run) -> None:
    """Keep what the check said beside the study; a broken rule ends the command with a code."""
    said = read_answer(run.folder)
    folder = _data() / run.arguments["folder"]
    if said is None or "ok" not in said or not folder.is_dir():
        return
    path = check_path(folder)
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def _data() -> Path:
    config: Any = settings.CONFIG
    return Path(config.data)


STUDY_CHECK_KIND = RunKind(
    name=CHECK_STUDY, command=check_command, at_end=check_ended, is_quick=True
)
