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

_LONG = frozenset({"blocks", "duals", "depot_tolls"})
"""Parts of a plan that the summary leaves out."""

_DIGITS = 6

app = typer.Typer(no_args_is_help=True, help="Solve vehicle scheduling benchmarks.")


@app.callback()
def _group() -> None:
    """Solve vehicle scheduling benchmarks."""


LayoverOption = Annotated[
    float, typer.Option("--min-layover", help="Least seconds between a vehicle's trips.")
]
PlacesOption = Annotated[
    str | None,
    typer.Option(
        "--vehicles-per-depot", help="Most vehicles of all depots (12) or of each (12,8)."
    ),
]


@app.command("solve")
def solve(
    instance: Annotated[Path, typer.Argument(help="Benchmark file: .txt or .txt.xz.")],
    out: Annotated[Path, typer.Option("--out", help="Plan to write (JSON).")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the plan if it exists.")] = False,
    min_layover: LayoverOption = 0.0,
    vehicles_per_depot: PlacesOption = None,
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
        from viavolta.services.solve_blocks import BlockRules, solve_blocks  # noqa: PLC0415

        _check_output(out, force=force)
        numbers = {
            "--seed": float(seed),
            "--time-limit": time_limit or 0.0,
            "--min-layover": min_layover,
        }
        _check_numbers(numbers)
        rules = BlockRules(
            min_layover_s=min_layover, vehicles_per_depot=_vehicles(vehicles_per_depot)
        )
        document = solve_blocks(
            instance,
            seed=seed,
            effort=effort,
            time_limit_s=time_limit,
            rules=rules,
            progress=progress,
            clock=time.perf_counter,
        )
        content = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
        write_whole(out, (content + "\n").encode())
        told = {key: v for key, v in document.items() if key not in _LONG}
        return told | {"out": str(out)}

    run(work, as_json=as_json, lang=lang, effort=effort, show=_show)


def _vehicles(option: str | None) -> tuple[int, ...] | None:
    """Read one number for all depots, or one for each."""
    if option is None:
        return None
    words = [word.strip() for word in option.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) <= _DIGITS for word in words):
        raise UsageError(
            code="option-out-of-range",
            message=text(
                "{option} {value} is not usable", option="--vehicles-per-depot", value=option[:200]
            ),
            where=Where(field="--vehicles-per-depot", value=option[:200]),
            expected=text("whole numbers, one for all depots or one for each: 12 or 12,8"),
        )
    return tuple(int(word) for word in words)


def _check_output(out: Path, *, force: bool) -> None:
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


def _check_numbers(options: dict[str, float]) -> None:
    for option, value in options.items():
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
