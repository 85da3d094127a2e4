"""`viavolta grid capacity`: how many vehicles a grid takes, and where."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from viavolta.cli.charge import step_seconds
from viavolta.cli.grid import check_paths
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

if TYPE_CHECKING:
    from viavolta.engines.grid.bands import Split
    from viavolta.services.hosting.request import CapacityRequest


def capacity(
    grid: Annotated[Path, typer.Argument(help="The grid: a folder or a file of a known kind.")],
    out: OutOption,
    *,
    loads: Annotated[
        Path | None, typer.Option("--loads", help="Power at nodes over time (CSV, Parquet).")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option("--customers", help="Customers and roofs by profile (CSV).")
    ] = None,
    households: Annotated[
        int | None, typer.Option("--households", help="In the whole grid; else by the base load.")
    ] = None,
    strategies: Annotated[
        str, typer.Option("--strategies", help="unmanaged, smart, v2x, separated by commas.")
    ] = "unmanaged,smart,v2x",
    shares: Annotated[
        str,
        typer.Option("--shares", help="Vehicles per household elsewhere, for single nodes."),
    ] = "0,0.3",
    draws: Annotated[
        int | None, typer.Option("--draws", help="Draws without management; else by --effort.")
    ] = None,
    managed_draws: Annotated[
        int | None,
        typer.Option("--managed-draws", help="Draws with management too; else by --effort."),
    ] = None,
    band: Annotated[
        str, typer.Option("--band", help="Voltage band: shared between levels, or whole.")
    ] = "shared",
    year: Annotated[int, typer.Option("--year", help="Calendar year where no file says.")] = 2023,
    step: Annotated[
        str | None, typer.Option("--step", help="Length of a step; divides an hour.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Address of a compute cluster.")
    ] = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    time_limit: TimeLimitOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Find how many vehicles a grid takes, by node and feeder, unmanaged, smart and with V2X."""

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.services.hosting.request import STRATEGIES, CapacityRequest  # noqa: PLC0415

        request = CapacityRequest(
            grid=grid,
            loads=loads,
            customers=customers,
            households=households,
            strategies=_words("--strategies", strategies, known=STRATEGIES),
            shares=_numbers("--shares", shares),
            n_draws=draws,
            n_managed=managed_draws,
            split=_split(band),
            year=year,
            step_s=None if step is None else step_seconds(step),
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
        )
        check_paths(request.files)
        return _write_capacity(request, out, force=force, progress=progress, cluster=cluster)

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show_capacity)


def _write_capacity(
    request: "CapacityRequest",
    out: Path,
    *,
    force: bool,
    progress: Progress,
    cluster: str | None,
) -> dict[str, Any]:
    """Draw, and write the study with its GeoPackage; returns the summary, warnings and `out`."""
    from viavolta.cli.check import read_folder  # noqa: PLC0415 - start-up time
    from viavolta.reports.grid.files import grid_files  # noqa: PLC0415 - start-up time
    from viavolta.services.host_vehicles import (  # noqa: PLC0415 - start-up time
        host_vehicles,
        hosting_map,
        on_this_machine,
    )
    from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

    prepare_out(out, force=force)
    with ExitStack() as stack:
        map_draws: Any = on_this_machine
        if cluster is not None:
            from viavolta.storage.compute import cluster_map  # noqa: PLC0415 - start-up time

            map_draws = stack.enter_context(cluster_map(cluster))
        study = host_vehicles(
            request,
            read=read_folder,
            progress=progress,
            clock=time.perf_counter,
            map_draws=map_draws,
        )
    progress(text("report"), 1.0)
    on_a_map = hosting_map(study.tables)
    extra = {} if on_a_map is None else {"hosting.gpkg": on_a_map}
    folder = write_study(out, study, force=force, extra={**grid_files(study), **extra})
    return {
        **study.summary,
        "warnings": [f"{warning.code}: {warning.message}" for warning in study.warnings],
        "out": str(folder),
        "report": str(folder / "report.html"),
    }


def _split(band: str) -> "Split":
    from viavolta.engines.grid.bands import Split  # noqa: PLC0415 - start-up time

    if band not in list(Split):
        raise UsageError(
            code="grid-unknown-band",
            message=text("--band {band} is not known", band=band[:200]),
            where=Where(field="--band", value=band[:200]),
            expected=", ".join(Split),
        )
    return Split(band)


def _words(option: str, value: str, *, known: tuple[str, ...]) -> tuple[str, ...]:
    """Words separated by commas, in the order in which they are known."""
    asked = [word.strip() for word in value.split(",") if word.strip()]
    for word in asked or [value]:
        if word not in known:
            raise UsageError(
                code="option-unknown-choice",
                message=text("{option} {value} is not known", option=option, value=word[:200]),
                where=Where(field=option, value=word[:200]),
                expected=", ".join(known),
                hint=text("use one of these words"),
            )
    return tuple(word for word in known if word in asked)


def _numbers(option: str, value: str) -> tuple[float, ...]:
    """Numbers separated by commas."""
    try:
        return tuple(float(word) for word in value.split(",") if word.strip())
    except ValueError as error:
        raise UsageError(
            code="option-out-of-range",
            message=text("{option} {value} is not usable", option=option, value=value[:200]),
            where=Where(field=option, value=value[:200]),
            expected=text("numbers separated by commas"),
        ) from error


def _show_capacity(summary: dict[str, Any]) -> None:
    say(
        text(
            "{nodes} nodes, {households} households, {draws} draws of {steps} steps; "
            "data grade {grade}",
            nodes=summary["n_nodes"],
            households=summary["households"],
            draws=summary["draws"],
            steps=summary["steps"],
            grade=summary["grade"],
        )
    )
    for name in summary["strategies"]:
        count, plugs = summary["n_vehicles"][name], summary["plugs_kw"][name]
        say(
            text(
                "{name}: {p50} vehicles ({p05} to {p95} in 90 % of the draws), "
                "{kw:.0f} kW of charging points",
                name=name,
                kw=plugs["p50"],
                **count,
            )
        )
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("study: {out}", out=summary["out"]))
    say(text("report: {report}", report=summary["report"]))
