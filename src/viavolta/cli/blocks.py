"""`viavolta blocks`: vehicle scheduling on benchmark files."""

import json
import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import (
    EffortOption,
    JsonOption,
    LangOption,
    SeedOption,
    TimeLimitOption,
    run,
    say,
)
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Solve vehicle scheduling benchmarks.")


@app.callback()
def _group() -> None:
    """Solve vehicle scheduling benchmarks."""


@app.command("solve")
def solve(
    instance: Annotated[Path, typer.Argument(help="Benchmark file: .txt or .txt.xz.")],
    out: Annotated[Path, typer.Option("--out", help="Plan to write (JSON).")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the plan if it exists.")] = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    time_limit: TimeLimitOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Plan electric vehicles for timed trips, with charging on the way and a proven lower bound.

    Several depots, partial recharge; every trip once, each vehicle back at its own depot.
    """

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.formats.gtfs_write import write_whole  # noqa: PLC0415
        from viavolta.services.solve_blocks import solve_blocks  # noqa: PLC0415

        _check_options(out, force=force, seed=seed, time_limit=time_limit)
        document = solve_blocks(
            instance,
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
            progress=progress,
            clock=time.perf_counter,
        )
        content = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
        write_whole(out, (content + "\n").encode())
        told = {key: v for key, v in document.items() if key not in {"blocks", "duals"}}
        return told | {"out": str(out)}

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show)


def _check_options(out: Path, *, force: bool, seed: int, time_limit: float | None) -> None:
    if not out.parent.is_dir():
        raise UsageError(
            code="output-no-folder",
            message=text("there is no folder {folder}", folder=out.parent),
            where=Where(field="--out", value=str(out)[:200]),
        )
    if out.is_dir() or (out.exists() and not force):
        raise UsageError(
            code="output-exists",
            message=text("{file} exists already", file=out),
            where=Where(field="--out", value=str(out)[:200]),
            hint=text("another name, or --force to replace a file"),
        )
    for option, value in (("--seed", float(seed)), ("--time-limit", time_limit or 0.0)):
        if not (math.isfinite(value) and value >= 0.0):
            raise UsageError(
                code="option-out-of-range",
                message=text("{option} {value} is not usable", option=option, value=value),
                where=Where(field=option, value=str(value)[:200]),
                expected=text("a number that is not negative"),
            )


def _show(summary: dict[str, Any]) -> None:
    say(
        text(
            "{instance}: {n} vehicles, cost {cost:.2f}, in {seconds:.1f} s",
            instance=summary["instance"],
            n=summary["vehicles"],
            cost=summary["cost"],
            seconds=summary["runtime_s"],
        )
    )
    say(
        text(
            "proven: no plan costs less than {bound:.2f}, a gap of {gap:.3%} ({kind})",
            bound=summary["lower_bound"],
            gap=summary["gap"],
            kind=summary["bound_kind"],
        )
    )
    if summary["was_cut_short"]:
        say(text("the search was cut short by --time-limit"))
    say(text("written: {out}", out=summary["out"]))
