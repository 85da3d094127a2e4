"""`viavolta demo`: plans the sample city and shows the report."""

import json
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import (
    EffortOption,
    ForceOption,
    JsonOption,
    LangOption,
    SeedOption,
    run,
    say,
)
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

DEFAULT_OUT = Path("viavolta-demo")

_MAX_STUDY_BYTES = 50_000_000


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the study.")] = DEFAULT_OUT,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Plan electric buses for the sample city, Monaco, and show the report.

    OpenStreetMap as of June 2012, generated timetable, not today's network.
    """

    def work(progress: Progress) -> dict[str, Any]:
        return plan_demo(out, force=force, seed=seed, effort=effort, progress=progress)

    def show(summary: dict[str, Any]) -> None:
        say(text("viavolta is ready: {report}", report=summary["report"]))
        if _has_display():
            webbrowser.open(Path(summary["report"]).absolute().as_uri())

    run(work, as_json=as_json, lang=lang, effort=effort, show=show)


def plan_demo(
    out: Path, *, force: bool, seed: int, effort: str, progress: Progress
) -> dict[str, Any]:
    """Generate the sample feed in a temporary folder and plan it into `out`.

    Raises
    ------
    UsageError: `out` holds something else than a study of the demo, and force is not given.
    """
    from viavolta.cli.plan import plan_bus_to_folder  # noqa: PLC0415 - slow to load
    from viavolta.samples import monaco  # noqa: PLC0415 - the rest of the work is heavy too
    from viavolta.services.demo import prepare_demo  # noqa: PLC0415 - slow to load

    title = f"{monaco().title} ({monaco().label})"
    may_replace = force or check_demo_folder(out, title=title)
    with tempfile.TemporaryDirectory(prefix="viavolta-demo-") as folder:
        inputs = prepare_demo(Path(folder), progress=progress)
        return plan_bus_to_folder(
            inputs.feed,
            out,
            depots=list(inputs.city.depots),
            elevation=[inputs.city.elevation],
            force=may_replace,
            seed=seed,
            effort=effort,
            progress=progress,
            title=title,
        )


def check_demo_folder(out: Path, *, title: str) -> bool:
    """Tell whether `out` holds an earlier study of the demo, which may be replaced.

    Raises
    ------
    UsageError: it holds anything else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if _title_of(out / "study.json") == title:
        return True
    raise UsageError(
        code="demo-folder-taken",
        message=text("{out} is not empty and holds no study of the demo", out=str(out)),
        where=Where(field="--out", value=str(out)[:200]),
        hint=text("another --out, or --force to replace a study"),
    )


def _title_of(study: Path) -> str | None:
    if not study.is_file() or study.stat().st_size > _MAX_STUDY_BYTES:
        return None
    try:
        content = json.loads(study.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    title = content.get("title") if isinstance(content, dict) else None
    return title if isinstance(title, str) else None


def _has_display() -> bool:
    """Tell whether a person sits before a terminal with a screen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
