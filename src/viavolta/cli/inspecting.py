"""`viavolta inspect`: what is in a file, before a study is made of it."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.plan import existing
from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.errors import PlatformError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress


def inspect(
    file: Annotated[Path, typer.Argument(help="The file.")],
    *,
    kind: Annotated[
        str,
        typer.Option("--kind", help="feed, config, elevation, weather, grid or sessions."),
    ] = "feed",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for findings, rows to mend and a map.")
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Tell what is in a file, what was mended and what cannot be used."""

    def work(progress: Progress) -> dict[str, Any]:
        from viavolta.services.inspect_file import FileKind, inspect_file  # noqa: PLC0415 - start
        from viavolta.storage.inspection_folder import (  # noqa: PLC0415 - start-up time
            prepare_inspection_out,
            write_inspection,
        )

        wanted = _kind(kind, [one.value for one in FileKind])
        if out is not None:
            prepare_inspection_out(out)
        try:
            found = inspect_file(existing(file), FileKind(wanted), progress=progress)
        except PlatformError as error:
            if out is not None:
                write_inspection(out, {"kind": wanted, "error": error.as_dict()})
            raise
        summary = {
            "kind": wanted,
            "facts": found.facts,
            "repairs": [dataclasses.asdict(repair) for repair in found.repairs],
            "warnings": [dataclasses.asdict(warning) for warning in found.warnings],
            "bad_rows": found.bad_rows.height,
            "error": None,
        }
        if out is None:
            return summary
        folder = write_inspection(out, summary, bad_rows=found.bad_rows, geojson=found.geojson)
        return {**summary, "out": str(folder)}

    run(work, as_json=as_json, lang=lang, show=_show)


def _kind(word: str, known: list[str]) -> str:
    if word not in known:
        raise UsageError(
            code="option-out-of-range",
            message=text("{option} {word} is not known", option="--kind", word=word[:200]),
            where=Where(field="--kind", value=word[:200]),
            expected=", ".join(known),
            hint=text("choose one of these words"),
        )
    return word


_SHOWN = 2
"""Facts longer than this many entries are counted, not listed."""


def _show(summary: dict[str, Any]) -> None:
    for name, value in summary["facts"].items():
        is_long = isinstance(value, list) and len(value) > _SHOWN and name != "bounds"
        say(f"{name}: {len(value) if is_long else value}")
    for repair in summary["repairs"]:
        say(text("mended [{code}] {file}, {count} x: {action}", **repair))
    for warning in summary["warnings"]:
        say(text("warning [{code}]: {message}", **warning))
    if "out" in summary:
        say(text("findings: {out}", out=summary["out"]))
