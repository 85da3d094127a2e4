"""`viavolta charge`: schedule stays under limits against prices, with proof."""

import math
import re
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
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress
from viavolta.services.charge_request import ChargeRequest

_SECONDS = {"s": 1, "min": 60, "h": 3600}


def charge(
    stays: Annotated[Path, typer.Argument(help="Who is at which plug, when (STAYS.csv).")],
    limits: Annotated[Path, typer.Option("--limits", help="Tree of power limits (CSV).")],
    signals: Annotated[Path, typer.Option("--signals", help="Prices over time (CSV).")],
    out: OutOption,
    *,
    limit_profile: Annotated[
        Path | None, typer.Option("--limit-profile", help="Limits over time (CSV).")
    ] = None,
    base_load: Annotated[
        Path | None, typer.Option("--base-load", help="Load that is no vehicle's (CSV).")
    ] = None,
    power_profile: Annotated[
        Path | None, typer.Option("--power-profile", help="Powers of stays over time (CSV).")
    ] = None,
    step: Annotated[str, typer.Option("--step", help="Length of a step; divides an hour.")] = (
        "15min"
    ),
    gap: Annotated[float, typer.Option("--gap", help="Proven gap that is good enough.")] = 0.001,
    unmet_eur_per_kwh: Annotated[
        float, typer.Option("--unmet-eur-per-kwh", help="Price of energy not delivered.")
    ] = 10.0,
    unfair_eur_per_kwh: Annotated[
        float,
        typer.Option("--unfair-eur-per-kwh", help="More for what lacks beyond half of a wish."),
    ] = 0.0,
    carbon_eur_per_t: Annotated[
        float, typer.Option("--carbon-eur-per-t", help="Price of carbon in the decision.")
    ] = 0.0,
    early_spread_h: Annotated[
        float, typer.Option("--early-spread-h", help="How early vehicles may leave, in hours.")
    ] = 0.0,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Address of a compute cluster.")
    ] = None,
    parts: Annotated[int, typer.Option("--parts", min=1, help="Parts of a task on a cluster.")] = 8,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    time_limit: TimeLimitOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Schedule charging at least cost under nested power limits, with a proven lower bound."""

    def work(progress: Progress) -> dict[str, Any]:
        _check_amounts(
            {
                "--gap": gap,
                "--unmet-eur-per-kwh": unmet_eur_per_kwh,
                "--unfair-eur-per-kwh": unfair_eur_per_kwh,
                "--carbon-eur-per-t": carbon_eur_per_t,
                "--early-spread-h": early_spread_h,
                "--time-limit": 0.0 if time_limit is None else time_limit,
            }
        )
        request = ChargeRequest(
            stays=stays,
            limits=limits,
            signals=signals,
            limit_profile=limit_profile,
            base_load=base_load,
            power_profile=power_profile,
            step_s=step_seconds(step),
            gap=gap,
            unmet_eur_per_kwh=unmet_eur_per_kwh,
            unfair_eur_per_kwh=unfair_eur_per_kwh,
            carbon_eur_per_t=carbon_eur_per_t,
            early_spread_h=early_spread_h,
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
        )
        _check_files(request.files)
        return _write_charge(
            request, out, force=force, progress=progress, cluster=cluster, n_parts=parts
        )

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show)


def _write_charge(
    request: ChargeRequest,
    out: Path,
    *,
    force: bool,
    progress: Progress,
    cluster: str | None,
    n_parts: int,
) -> dict[str, Any]:
    """Schedule, report and write; returns the summary with warnings, `out` and `report`."""
    # heavy imports: not on the way to --help
    from viavolta.reports.files import charge_files  # noqa: PLC0415
    from viavolta.services.schedule_charging import schedule_charging  # noqa: PLC0415
    from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

    with ExitStack() as stack:
        where: dict[str, Any] = {}
        if cluster is not None:
            from viavolta.storage.compute import cluster_pool  # noqa: PLC0415 - start-up time

            where = {"make_pool": stack.enter_context(cluster_pool(cluster)), "n_parts": n_parts}
        prepare_out(out, force=force)
        study = schedule_charging(request, progress=progress, clock=time.perf_counter, **where)
    progress(text("report"), 1.0)
    folder = write_study(out, study, force=force, extra=charge_files(study))
    return {
        **study.summary,
        "warnings": [f"{warning.code}: {warning.message}" for warning in study.warnings],
        "out": str(folder),
        "report": str(folder / "report.html"),
    }


def step_seconds(step: str) -> int:
    """Read the length of a step such as 15min, 900s or 1h.

    Raises
    ------
    UsageError: not a length of time.
    """
    match = re.fullmatch(r"([0-9]{1,6}) ?(s|min|h)", step.strip())
    if match is None:
        raise UsageError(
            code="step-unreadable",
            message=text("--step {step} is not a length of time", step=step[:200]),
            where=Where(field="--step", value=step[:200]),
            expected=text("5min, 15min, 900s or 1h, for example"),
        )
    return int(match[1]) * _SECONDS[match[2]]


def _check_amounts(amounts: dict[str, float]) -> None:
    for option, value in amounts.items():
        if not (math.isfinite(value) and value >= 0):
            raise UsageError(
                code="option-out-of-range",
                message=text("{option} {value} is not usable", option=option, value=value),
                where=Where(field=option, value=str(value)),
                expected=text("a number that is not negative"),
            )


def _check_files(files: tuple[Path, ...]) -> None:
    for path in files:
        if not path.is_file():
            raise UsageError(
                code="missing-path",
                message=text("there is no file {path}", path=path),
                where=Where(file=path.name),
            )


def _show(summary: dict[str, Any]) -> None:
    say(
        text(
            "{n} stays scheduled: {cost:.2f} EUR (unmanaged {unmanaged:.2f} EUR)",
            n=summary["stays"],
            cost=summary["cost_eur"],
            unmanaged=summary["cost_unmanaged_eur"],
        )
    )
    say(
        text(
            "proven: no schedule costs less than {bound:.2f} EUR, a gap of {gap:.3%}",
            bound=summary["lower_bound_eur"],
            gap=summary["gap"],
        )
    )
    say(
        text(
            "highest import {peak:.1f} kW (unmanaged {unmanaged:.1f} kW)",
            peak=summary["peak_import_kw"],
            unmanaged=summary["peak_unmanaged_kw"],
        )
    )
    for binding in summary["binding_limits"][:3]:
        say(
            text(
                "limit {limit} binds for {hours:g} h: one more kW would save {value:.2f} EUR",
                limit=binding["limit_id"],
                hours=binding["hours"],
                value=binding["value_eur"],
            )
        )
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("study: {out}", out=summary["out"]))
    say(text("report: {report}", report=summary["report"]))
