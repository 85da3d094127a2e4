"""`viavolta grid`: what the grid takes, and why not."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli import grid_study
from viavolta.cli.charge import step_seconds
from viavolta.cli.grid_twin import twin
from viavolta.cli.runner import (
    EffortOption,
    ForceOption,
    JsonOption,
    LangOption,
    OutOption,
    SeedOption,
    TimeLimitOption,
    run,
    say,
)
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

app = typer.Typer(
    help="Hold a grid against its loads.", no_args_is_help=True, rich_markup_mode=None
)


app.command("study")(grid_study.study)


@app.callback()
def grid() -> None:
    """Hold a grid against its loads."""


app.command()(twin)


@app.command()
def assess(
    grid: Annotated[Path, typer.Argument(help="The grid: a folder or a file of a known kind.")],
    out: OutOption,
    *,
    loads: Annotated[
        Path | None, typer.Option("--loads", help="Power at nodes over time (CSV, Parquet).")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option("--customers", help="Customers and roofs by profile (CSV).")
    ] = None,
    charging: Annotated[
        list[str] | None,
        typer.Option("--charging", help="NAME=PATH or NAME=FOLDER:STRATEGY; repeat to compare."),
    ] = None,
    places: Annotated[
        Path | None, typer.Option("--places", help="Nodes of limits, and their devices (CSV).")
    ] = None,
    dim: Annotated[
        list[str] | None,
        typer.Option("--dim", help="Name of --charging that the operator dims; repeatable."),
    ] = None,
    weather: Annotated[
        Path | None, typer.Option("--weather", help="Air around transformers (EPW, CSV).")
    ] = None,
    band: Annotated[
        str, typer.Option("--band", help="Voltage band: shared between levels, or whole.")
    ] = "shared",
    year: Annotated[int, typer.Option("--year", help="Calendar year of --customers alone.")] = 2023,
    step: Annotated[
        str | None, typer.Option("--step", help="Length of a step; divides an hour.")
    ] = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    time_limit: TimeLimitOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Find where voltages, loadings and temperatures leave their limits, for how long, and why."""

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.cli.check import read_folder  # noqa: PLC0415
        from viavolta.engines.grid.bands import Split  # noqa: PLC0415
        from viavolta.reports.grid.files import grid_files  # noqa: PLC0415
        from viavolta.services.assess_grid import assess_grid  # noqa: PLC0415
        from viavolta.services.grid.request import AssessRequest, ChargingSource  # noqa: PLC0415
        from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

        if band not in list(Split):
            raise UsageError(
                code="grid-unknown-band",
                message=text("--band {band} is not known", band=band[:200]),
                where=Where(field="--band", value=band[:200]),
                expected=", ".join(Split),
            )
        sources = [_source(word) for word in charging or []]
        request = AssessRequest(
            grid=grid,
            loads=loads,
            customers=customers,
            charging=tuple(ChargingSource(name=n, path=p, strategy=s) for n, p, s in sources),
            places=places,
            dim=tuple(dict.fromkeys(dim or [])),
            weather=weather,
            split=Split(band),
            year=year,
            step_s=None if step is None else step_seconds(step),
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
        )
        check_paths(request.files)
        prepare_out(out, force=force)
        study = assess_grid(request, read=read_folder, progress=progress, clock=time.perf_counter)
        progress(text("report"), 1.0)
        folder = write_study(out, study, force=force, extra=grid_files(study))
        return {
            **study.summary,
            "warnings": [f"{warning.code}: {warning.message}" for warning in study.warnings],
            "out": str(folder),
            "report": str(folder / "report.html"),
        }

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show_assessment)


def check_paths(paths: tuple[Path, ...]) -> None:
    """Check early that files and folders are there.

    Raises
    ------
    UsageError: there is nothing at a path.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(
                code="missing-path",
                message=text("there is nothing at {path}", path=path),
                where=Where(file=path.name),
            )


def _source(word: str) -> tuple[str, Path, str | None]:
    """Name, path and strategy of a --charging NAME=PATH:STRATEGY."""
    name, equals, rest = word.partition("=")
    if not equals or not name.strip() or not rest:
        raise UsageError(
            code="grid-charging-unreadable-option",
            message=text("--charging {word} cannot be read", word=word[:200]),
            where=Where(field="--charging", value=word[:200]),
            expected=text("NAME=PATH, or NAME=FOLDER:STRATEGY"),
        )
    path = Path(rest)
    folder, colon, strategy = rest.rpartition(":")
    if colon and not path.exists() and Path(folder).is_dir():
        return name.strip(), Path(folder), strategy
    return name.strip(), path, None


def _show_assessment(summary: dict[str, Any]) -> None:
    say(
        text(
            "{nodes} nodes, {branches} branches, {steps} steps; data grade {grade}; {method}",
            nodes=summary["n_nodes"],
            branches=summary["n_branches"],
            steps=summary["steps"],
            grade=summary["grade"],
            method=summary["method"],
        )
    )
    for name in summary["strategies"]:
        causes = summary["violation_hours_by_cause"][name]
        say(
            text(
                "{name}: {hours:g} element hours outside limits at {n} elements{why}; highest "
                "import {peak:.0f} kW, losses {loss:.1%}",
                name=name,
                hours=summary["violation_hours"][name],
                n=summary["elements_violated"][name],
                why=text(" ({list})", list=", ".join(f"{k} {v:g} h" for k, v in causes.items()))
                if causes
                else "",
                peak=summary["peak_import_kw"][name],
                loss=summary["loss_share"][name],
            )
        )
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("study: {out}", out=summary["out"]))
    say(text("report: {report}", report=summary["report"]))
