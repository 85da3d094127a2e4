"""`viavolta simulate`: replay recorded sessions under several strategies."""

import datetime as dt
import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.charge import step_seconds
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

FORMATS = ("auto", "norway", "acn", "perth", "stays")
STRATEGIES = ("uncontrolled", "first-come", "smart", "smart-v2x")
PRICES_KNOWN = ("day-ahead", "all")


def simulate(
    sessions: Annotated[Path, typer.Argument(help="Recorded sessions (CSV, perhaps .gz).")],
    out: OutOption,
    *,
    format_: Annotated[
        str, typer.Option("--format", help="norway, acn, perth, stays, or auto.")
    ] = "auto",
    signals: Annotated[
        Path | None, typer.Option("--signals", help="Prices: SIGNALS.csv, or utc,price_eur_mwh.")
    ] = None,
    prices_known: Annotated[
        str, typer.Option("--prices-known", help="day-ahead, or all from the beginning.")
    ] = "day-ahead",
    limits: Annotated[
        Path | None, typer.Option("--limits", help="Tree of power limits (CSV).")
    ] = None,
    limit_profile: Annotated[
        Path | None, typer.Option("--limit-profile", help="Limits over time (CSV).")
    ] = None,
    base_load: Annotated[
        Path | None, typer.Option("--base-load", help="Load that is no vehicle's (CSV).")
    ] = None,
    site_kw: Annotated[
        float | None, typer.Option("--site-kw", help="Connection of each site instead of --limits.")
    ] = None,
    site_export_kw: Annotated[
        float | None, typer.Option("--site-export-kw", help="What may flow out of each site.")
    ] = None,
    step: Annotated[str, typer.Option("--step", help="Length of a step; divides an hour.")] = (
        "15min"
    ),
    from_: Annotated[
        str | None, typer.Option("--from", help="First local day of arrivals, YYYY-MM-DD.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Last local day of arrivals, YYYY-MM-DD.")
    ] = None,
    strategies: Annotated[
        str, typer.Option("--strategies", help="Which to compare, separated by commas.")
    ] = "uncontrolled,first-come,smart,smart-v2x",
    max_kw: Annotated[
        float | None, typer.Option("--max-kw", help="Power of plugs that the file does not tell.")
    ] = None,
    capacity_kwh: Annotated[
        float | None, typer.Option("--capacity-kwh", help="Battery where the file does not tell.")
    ] = None,
    v2x_share: Annotated[
        float | None, typer.Option("--v2x-share", help="Share of vehicles that can give back.")
    ] = None,
    wear_eur_per_kwh: Annotated[
        float | None, typer.Option("--wear-eur-per-kwh", help="Wear per kWh given back.")
    ] = None,
    unmet_eur_per_kwh: Annotated[
        float, typer.Option("--unmet-eur-per-kwh", help="Price of energy not delivered.")
    ] = 10.0,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    time_limit: TimeLimitOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Replay recorded sessions with only what would have been known at the time."""

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.reports.files import simulation_files  # noqa: PLC0415
        from viavolta.services.simulate import (  # noqa: PLC0415
            SimulationRequest,
            simulate,
        )
        from viavolta.services.simulation.strategies import Strategy  # noqa: PLC0415
        from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

        _check_choices(format_=format_, prices_known=prices_known)
        _check_amounts(
            {
                "--site-kw": site_kw,
                "--site-export-kw": site_export_kw,
                "--max-kw": max_kw,
                "--capacity-kwh": capacity_kwh,
                "--v2x-share": v2x_share,
                "--wear-eur-per-kwh": wear_eur_per_kwh,
                "--unmet-eur-per-kwh": unmet_eur_per_kwh,
            }
        )
        _check_limits(limits, site_kw=site_kw, site_export_kw=site_export_kw)
        _check_needs_limits(limits, {"--limit-profile": limit_profile, "--base-load": base_load})
        _check_files([sessions, signals, limits, limit_profile, base_load])
        request = SimulationRequest(
            sessions=sessions,
            format=format_,
            signals=signals,
            prices_known=prices_known,
            limits=limits,
            limit_profile=limit_profile,
            base_load=base_load,
            site_kw=site_kw,
            site_export_kw=site_export_kw,
            step_s=step_seconds(step),
            first_day=_day("--from", from_),
            last_day=_day("--to", to),
            strategies=tuple(Strategy(name) for name in _chosen(strategies)),
            max_kw=max_kw,
            capacity_kwh=capacity_kwh,
            v2x_share=v2x_share,
            wear_eur_per_kwh=wear_eur_per_kwh,
            unmet_eur_per_kwh=unmet_eur_per_kwh,
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
            command=_command(
                sessions,
                {
                    "--format": None if format_ == "auto" else format_,
                    "--signals": signals,
                    "--prices-known": None if prices_known == "day-ahead" else prices_known,
                    "--limits": limits,
                    "--limit-profile": limit_profile,
                    "--base-load": base_load,
                    "--site-kw": site_kw,
                    "--site-export-kw": site_export_kw,
                    "--step": None if step == "15min" else step,
                    "--from": from_,
                    "--to": to,
                    "--strategies": ",".join(_chosen(strategies)),
                    "--max-kw": max_kw,
                    "--capacity-kwh": capacity_kwh,
                    "--v2x-share": v2x_share,
                    "--wear-eur-per-kwh": wear_eur_per_kwh,
                    "--unmet-eur-per-kwh": unmet_eur_per_kwh,
                    "--seed": seed,
                },
            ),
        )
        prepare_out(out, force=force)
        study = simulate(request, progress=progress, clock=time.perf_counter)
        progress(text("report"), 1.0)
        folder = write_study(out, study, force=force, extra=simulation_files(study))
        warnings = [f"{warning.code}: {warning.message}" for warning in study.warnings]
        repairs = {repair.code: repair.count for repair in study.repairs}
        report_path = str(folder / "report.html")
        return {
            **study.summary,
            "warnings": warnings,
            "repairs": repairs,
            "out": str(folder),
            "report": report_path,
        }

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show)


def _command(sessions: Path, options: dict[str, object]) -> tuple[str, ...]:
    """The command that makes the same study again, files by name."""
    words = ["viavolta", "simulate", sessions.name, "--out", "STUDY"]
    for option, value in options.items():
        if value is not None:
            words += [option, value.name if isinstance(value, Path) else str(value)]
    return tuple(words)


def _check_choices(*, format_: str, prices_known: str) -> None:
    for option, value, choices in (
        ("--format", format_, FORMATS),
        ("--prices-known", prices_known, PRICES_KNOWN),
    ):
        if value not in choices:
            raise _no_choice(option, value, choices=choices)


def _no_choice(option: str, value: str, *, choices: tuple[str, ...]) -> UsageError:
    return UsageError(
        code="option-unknown-choice",
        message=text("{option} {value} is not known", option=option, value=value[:200]),
        where=Where(field=option, value=value[:200]),
        expected=", ".join(choices),
        hint=text("use one of these words"),
    )


def _chosen(strategies: str) -> list[str]:
    """Names of strategies, each once, in the order in which they are compared."""
    asked = [name.strip() for name in strategies.split(",") if name.strip()]
    for name in asked or [""]:
        if name not in STRATEGIES:
            option = "--strategies"
            raise _no_choice(option, name, choices=STRATEGIES)
    return [name for name in STRATEGIES if name in asked]


def _check_amounts(amounts: dict[str, float | None]) -> None:
    positive = {"--max-kw", "--capacity-kwh"}
    for option, value in amounts.items():
        if value is None:
            continue
        is_fine = math.isfinite(value) and (value > 0 if option in positive else value >= 0)
        if option == "--v2x-share":
            is_fine = is_fine and value <= 1
        if not is_fine:
            raise UsageError(
                code="option-out-of-range",
                message=text("{option} {value} is not usable", option=option, value=value),
                where=Where(field=option, value=str(value)),
                expected=text("a share from 0 to 1")
                if option == "--v2x-share"
                else text("a number above zero")
                if option in positive
                else text("a number that is not negative"),
            )


def _check_limits(
    limits: Path | None, *, site_kw: float | None, site_export_kw: float | None
) -> None:
    if limits is not None and (site_kw is not None or site_export_kw is not None):
        raise UsageError(
            code="simulation-limits-twice",
            message=text("--limits and --site-kw both say how strong connections are"),
            where=Where(field="--site-kw", value=str(site_kw)),
            hint=text("keep one of them"),
        )


def _check_needs_limits(limits: Path | None, files: dict[str, Path | None]) -> None:
    for option, path in files.items():
        if limits is None and path is not None:
            raise UsageError(
                code="simulation-limits-missing",
                message=text("{option} needs --limits", option=option),
                where=Where(field=option, value=str(path)[:200]),
                hint=text("name the limits to which the file refers"),
            )


def _check_files(files: list[Path | None]) -> None:
    for path in files:
        if path is not None and not path.is_file():
            raise UsageError(
                code="missing-path",
                message=text("there is no file {path}", path=path),
                where=Where(file=path.name),
            )


def _day(option: str, value: str | None) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(
            code="bad-date",
            message=text("{option} {value} is no date", option=option, value=value[:200]),
            where=Where(field=option, value=value[:200]),
            expected="YYYY-MM-DD",
        ) from error


def _show(summary: dict[str, Any]) -> None:
    say(
        text(
            "{n} stays of {drivers} drivers or plugs, plugged in {share:.0%} of the time",
            n=summary["stays"],
            drivers=summary["drivers"],
            share=summary["plug_in_share"],
        )
    )
    for found in summary["strategies"]:
        say(
            text(
                "{strategy:<12} {cost:12.2f} EUR  peak {peak:8.1f} kW  missing {unmet:8.1f} kWh "
                "at {n} stays",
                strategy=found["strategy"],
                cost=found["cost_eur"],
                peak=found["peak_kw"],
                unmet=found["unmet_kwh"],
                n=found["unmet_stays"],
            )
        )
    for code, count in summary["repairs"].items():
        say(text("mended: {code} {count}", code=code, count=count))
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("report: {report}", report=summary["report"]))
