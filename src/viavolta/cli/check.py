"""`viavolta check`: verify a study from its tables alone."""

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.probe_tables import first_unreadable
from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

RULE_BROKEN = 6
"""Exit code of a check that found something."""

SHOWN_PER_RULE = 20
_FOLDER_BYTES_MAX = 4_000_000_000


def check(
    folder: Annotated[Path, typer.Argument(help="Folder of the study.")],
    *,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Verify a study from its tables alone; exit 6 where a rule is broken."""
    summary: dict[str, Any] = {}

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.services.check_study import check_study  # noqa: PLC0415

        progress(text("check"), 0.0)
        result = check_study(folder, read_folder)
        findings = [dataclasses.asdict(finding) for finding in result.findings]
        summary.update(
            out=str(folder),
            kind=result.kind,
            ok=result.is_ok,
            findings=findings,
            n_findings=len(findings),
        )
        return summary

    run(work, as_json=as_json, lang=lang, show=_show)
    if not summary["ok"]:
        raise typer.Exit(RULE_BROKEN)


def _show(summary: dict[str, Any]) -> None:
    if summary["ok"]:
        say(text("every rule holds: {folder}", folder=summary["out"]))
        return
    counts = Counter(finding["rule"] for finding in summary["findings"])
    for rule, count in counts.items():
        of_rule = [finding for finding in summary["findings"] if finding["rule"] == rule]
        for finding in of_rule[:SHOWN_PER_RULE]:
            say(
                text(
                    "{rule}: {table}, {where}: {message}",
                    rule=rule,
                    table=finding["table"],
                    where=finding["where"],
                    message=finding["message"],
                )
            )
        if count > SHOWN_PER_RULE:
            say(text("{rule}: and {n} more", rule=rule, n=count - SHOWN_PER_RULE))
    say(
        text(
            "{n} findings under {rules} rules: {folder}",
            n=summary["n_findings"],
            rules=len(counts),
            folder=summary["out"],
        )
    )


def read_folder(folder: Path) -> dict[str, bytes]:
    """Read the files of a study folder and the folders in it, by name with forward slashes.

    Raises
    ------
    UsageError: there is no such folder. InputError: a file cannot be read, or is too large.
    """
    if not folder.is_dir():
        raise UsageError(
            code="missing-path",
            message=text("there is no folder {folder}", folder=folder),
            hint=text("name the folder that --out named when the study was made"),
        )
    paths = sorted(_files(folder))
    size = 0
    for path in paths:
        size += path.stat().st_size
        if size > _FOLDER_BYTES_MAX:
            raise InputError(
                code="study-too-large",
                message=text("the folder holds more than any study"),
                where=Where(file=path.name),
                expected=text("at most {n} bytes in all", n=_FOLDER_BYTES_MAX),
                hint=text("name the folder of one study, not one above it"),
            )
    files = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
    bad = first_unreadable([path for path in paths if path.suffix == ".parquet"])
    if bad is not None:
        raise InputError(
            code="study-table-unreadable",
            message=text("{file} is not a readable Parquet file", file=bad.name),
            where=Where(file=bad.name),
            hint=text("the study is damaged; make it anew"),
        )
    return files


def _files(folder: Path) -> Iterator[Path]:
    """Ordinary files only: a pipe or a device would never end."""
    for parent, _, names in os.walk(folder):
        yield from (path for name in names if (path := Path(parent, name)).is_file())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            code="study-file-unreadable",
            message=text("{file} cannot be read", file=path.name),
            where=Where(file=path.name, value=str(error.strerror)),
            hint=text("check that you may read the file, and that its disk is sound"),
        ) from error
