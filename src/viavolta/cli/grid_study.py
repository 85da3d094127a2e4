"""`viavolta grid study`: what a town's electric cars ask of its grid."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

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
from viavolta.model.messages import text
from viavolta.model.progress import Progress

_READ_SHARE = 0.02


def study(
    out: OutOption,
    config: Annotated[
        Path | None, typer.Argument(help="The town (TOML); without it, a twin by default.")
    ] = None,
    *,
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
    """Say what a town's grid needs for electric cars, and what smart charging and V2X avoid."""

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.reports.grid.files import grid_files  # noqa: PLC0415
        from viavolta.services.study_town import (  # noqa: PLC0415
            MapDraws,
            TownRequest,
            study_town,
        )
        from viavolta.storage.cores import CoreMap  # noqa: PLC0415
        from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

        request = TownRequest(
            config=config,
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
            command=_command(config, seed=seed, effort=effort),
        )
        prepare_out(out, force=force)

        def told(share: float) -> None:
            progress(text("draws"), _READ_SHARE + (1 - 2 * _READ_SHARE) * share)

        with ExitStack() as stack:
            map_draws: MapDraws = CoreMap(told)
            if cluster is not None:
                from viavolta.storage.compute import cluster_map  # noqa: PLC0415 - start-up time

                map_draws = stack.enter_context(cluster_map(cluster))
            found = study_town(
                request, progress=progress, clock=time.perf_counter, map_draws=map_draws
            )
        progress(text("report"), 1.0)
        folder = write_study(out, found, force=force, extra=grid_files(found))
        return {
            **found.summary,
            "warnings": [f"{warning.code}: {warning.message}" for warning in found.warnings],
            "out": str(folder),
            "report": str(folder / "report.html"),
        }

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show)


def _command(config: Path | None, *, seed: int, effort: str) -> tuple[str, ...]:
    """The command that makes the same study again, files by name."""
    words = ["viavolta", "grid", "study", *(() if config is None else (config.name,))]
    return (*words, "--out", "STUDY", "--seed", str(seed), "--effort", effort)


def _show(summary: dict[str, Any]) -> None:
    say(
        text(
            "{name}: {households} households at {nodes} nodes, {cars} cars at home, {draws} draws; "
            "data grade {grade}",
            name=summary["name"],
            households=summary["n_households"],
            nodes=summary["n_nodes"],
            cars=summary["n_cars"],
            draws=summary["draws"],
            grade=summary["grade"],
        )
    )
    for case in summary["cases"]:
        cost, avoided = case["reinforcement_eur"], case["mean_avoided_share"]
        say(
            text(
                "{share:4.0%} {strategy:<10} {p50:9.0f} EUR ({p05:.0f} to {p95:.0f}){avoided}",
                share=case["ev_share"],
                strategy=case["strategy"],
                avoided=""
                if avoided is None or case["strategy"] == "unmanaged"
                else text(", avoids {share:.0%} of the mean", share=avoided),
                **cost,
            )
        )
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("study: {out}", out=summary["out"]))
    say(text("report: {report}", report=summary["report"]))
