"""What every command shares: exit codes, `--json`, progress on stderr, one sentence per error."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.model.errors import InterruptedRun, PlatformError, UsageError
from viavolta.model.messages import LANGUAGES, text, use_language
from viavolta.model.progress import Progress, stage_of

OutOption = Annotated[Path, typer.Option("--out", help="Folder for the study (made new).")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a folder that is not empty.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of every random choice.")]
EffortOption = Annotated[str, typer.Option("--effort", help="low, normal or high.")]
TimeLimitOption = Annotated[
    float | None, typer.Option("--time-limit", help="Seconds of search at most.", min=0.0)
]
LangOption = Annotated[str, typer.Option("--lang", help="Language of reports and messages.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
ProgressOption = Annotated[
    str, typer.Option("--progress", help="How progress is told on stderr: text or json.")
]

EFFORTS = ("low", "normal", "high")
PROGRESS_FORMS = ("text", "json")
TELL_EVERY_S = 0.2

Work = Callable[[Progress], dict[str, Any]]
"""A command's work: gets a progress callback, returns its summary with `out` where it wrote."""


def run(
    work: Work,
    *,
    as_json: bool,
    lang: str = "en",
    effort: str = "normal",
    progress_form: str = "text",
    show: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Run a command's work and end the process with the contract's exit code.

    `show` prints the summary for people; with `--json` stdout carries exactly one document.
    """
    try:
        _check_common(lang, effort, progress_form)
        use_language(lang)
        with _progress_lines() if progress_form == "json" else _progress_bar() as progress:
            summary = work(progress)
    except KeyboardInterrupt:
        fail_with(InterruptedRun(code="interrupted", message=text("interrupted")), as_json=as_json)
    except PlatformError as error:
        fail_with(error, as_json=as_json)
    else:
        if as_json:
            sys.stdout.write(json.dumps(summary, ensure_ascii=False, allow_nan=False) + "\n")
        elif show is not None:
            show(summary)


def say(line: str = "") -> None:
    """Print a line for people on stdout; control characters from outside are made visible."""
    sys.stdout.write(printable(line) + "\n")
    sys.stdout.flush()


def _check_common(lang: str, effort: str, progress_form: str) -> None:
    if lang not in LANGUAGES:
        raise UsageError(
            code="unknown-language",
            message=text("--lang {lang} is not available", lang=lang),
            expected=", ".join(LANGUAGES),
        )
    if effort not in EFFORTS:
        raise UsageError(
            code="unknown-effort",
            message=text("--effort {effort} is not known", effort=effort),
            expected=", ".join(EFFORTS),
        )
    if progress_form not in PROGRESS_FORMS:
        raise UsageError(
            code="unknown-progress",
            message=text("--progress {form} is not known", form=progress_form),
            expected=", ".join(PROGRESS_FORMS),
        )


def fail_with(error: PlatformError, *, as_json: bool) -> None:
    """Say what went wrong, and end with the exit code of its family."""
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(_sentence(error))
    raise typer.Exit(error.exit_code)


def _sentence(error: PlatformError) -> str:
    where = error.where
    parts = [
        text("file {file}", file=where.file) if where.file else "",
        text("row {row}", row=where.row) if where.row is not None else "",
        text("field {field}", field=where.field) if where.field else "",
        text("value {value!r}", value=where.value) if where.value is not None else "",
    ]
    lines = [text("error [{code}]: {message}", code=error.code, message=error.message)]
    place = ", ".join(p for p in parts if p)
    if place:
        lines.append("  " + text("where: {place}", place=place))
    if error.expected:
        lines.append("  " + text("expected: {expected}", expected=error.expected))
    if error.hint:
        lines.append("  " + text("hint: {hint}", hint=error.hint))
    return "\n".join(printable(line) for line in lines) + "\n"


def printable(line: str) -> str:
    """The line with control characters from outside made visible."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in line)


class _progress_bar:  # noqa: N801 - used as a context manager, like a function
    """Progress on stderr: a live bar on a terminal, one line per stage elsewhere."""

    def __enter__(self) -> Progress:
        self._stage = ""
        self._bar: Any = None
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - start-up time
            from rich.progress import Progress as Bar  # noqa: PLC0415 - start-up time

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0)
        return self._report

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _report(self, stage: str, share: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=stage, completed=share)
        elif stage != self._stage:
            sys.stderr.write(f"{stage} ...\n")
        self._stage = stage


@contextmanager
def _progress_lines() -> Iterator[Progress]:
    """Progress on stderr for programs: one JSON object per line, at most five a second per stage.

    The keys are a promise (docs/reference/cli.md): stage, share, message.
    """
    told_at, last = 0.0, ""

    def tell(told: str, share: float) -> None:
        nonlocal told_at, last
        now = time.monotonic()
        if told == last and now - told_at < TELL_EVERY_S:
            return
        told_at, last = now, told
        stage, message = stage_of(told)
        line = {"stage": stage, "share": round(share, 4), "message": message}
        sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stderr.flush()

    yield tell
