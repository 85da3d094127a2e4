"""`viavolta tables`: every table of a study in one workbook."""

from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress


def tables(
    folder: Annotated[Path, typer.Argument(help="Folder of the study.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Workbook to write.")] = Path(
        "tables.xlsx"
    ),
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the workbook if it exists.")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Write every table of a study as a workbook for spreadsheets (XLSX)."""

    def work(progress: Progress) -> dict[str, Any]:
        from viavolta.formats.gtfs_write import check_target, write_whole  # noqa: PLC0415
        from viavolta.services.study_workbook import study_workbook  # noqa: PLC0415
        from viavolta.storage.study_folder import read_study, study_of  # noqa: PLC0415

        check_target(output, force=force)
        study = study_of(*read_study(folder))
        progress(text("tables"), 0.0)
        write_whole(output, study_workbook(study))
        rows = {name: table.height for name, table in sorted(study.tables.items())}
        return {"out": str(output), "tables": rows}

    def show(summary: dict[str, Any]) -> None:
        n, rows = len(summary["tables"]), sum(summary["tables"].values())
        say(text("{n} tables, {rows} rows: {file}", n=n, rows=rows, file=summary["out"]))

    run(work, as_json=as_json, lang=lang, show=show)
