"""`viavolta backup` and `viavolta restore`: the whole hub as one file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import ForceOption, JsonOption, LangOption, run, say
from viavolta.cli.serving import DataOption
from viavolta.model.messages import text
from viavolta.model.progress import Progress

FileArgument = Annotated[Path, typer.Argument(help="The backup: a gzipped tar.")]


def backup(
    file: FileArgument,
    *,
    data: DataOption = None,
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Put the hub's own key in, too.")
    ] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Write people, organisations, studies, files: all that the hub cannot make again."""

    def work(progress: Progress) -> dict[str, Any]:
        progress("backup", 0.0)
        _set_up(data)
        from viavolta.hub.site.backup import back_up  # noqa: PLC0415 - needs the settings

        made = back_up(file, with_key=with_key, is_forced=force)
        return {
            "out": str(file),
            "rows": made.rows,
            "files": made.files,
            "vanished": made.vanished,
            "has_key": made.has_key,
        }

    def show(summary: dict[str, Any]) -> None:
        say(text("{rows} rows and {files} files in {out}", **summary))
        if not with_key:
            say(text("without the hub's key: after a restore people sign in again"))

    run(work, as_json=as_json, lang=lang, show=show)


def restore(
    file: FileArgument,
    *,
    data: DataOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Make the hub again from a backup, on the same database or another."""

    def work(progress: Progress) -> dict[str, Any]:
        progress("restore", 0.0)
        _set_up(data)
        from viavolta.hub.site.backup import restore as make  # noqa: PLC0415 - needs the settings

        made = make(file, is_forced=force)
        from django.conf import settings  # noqa: PLC0415 - start-up time

        return {"out": str(settings.CONFIG.data), "rows": made.rows, "files": made.files}

    def show(summary: dict[str, Any]) -> None:
        say(text("the hub is restored in {out}", out=summary["out"]))

    run(work, as_json=as_json, lang=lang, show=show)


def _set_up(data: Path | None) -> None:
    from viavolta.hub.site.start import migrate, set_up  # noqa: PLC0415 - start-up time

    set_up(data)
    migrate()
