"""`viavolta plan`: from a timetable to a complete study."""

import datetime as dt
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import (
    EffortOption,
    ForceOption,
    JsonOption,
    LangOption,
    OutOption,
    ProgressOption,
    SeedOption,
    TimeLimitOption,
    printable,
    run,
    say,
)
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Plan electric buses from a timetable.")

FeedArgument = Annotated[Path, typer.Argument(help="A GTFS feed or VDV 452 files: zip or folder.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML as `viavolta config bus` prints it.")
]
DateOption = Annotated[str | None, typer.Option("--date", help="Service day, YYYY-MM-DD.")]
DepotOption = Annotated[
    list[str] | None, typer.Option("--depot", help="NAME=LAT,LON; repeat for several.")
]
ElevationOption = Annotated[
    list[Path] | None, typer.Option("--elevation", help=".hgt, .hgt.zip, GeoTIFF or a folder.")
]
WeatherOption = Annotated[
    Path | None, typer.Option("--weather", help="A year of hours: .epw or CSV.")
]
LoadOption = Annotated[
    Path | None, typer.Option("--load", help="Passengers on board: CSV by trip, or line and hour.")
]
OsmOption = Annotated[
    Path | None,
    typer.Option("--osm", help="Roads for trips without shape and deadheads: .osm.pbf, .osm."),
]
GridOption = Annotated[
    Path | None, typer.Option("--grid", help="The grid that depots hang on: a folder or a file.")
]
LayoverOption = Annotated[
    int | None, typer.Option("--min-layover", help="Least seconds between trips.", min=0)
]
SpeedOption = Annotated[
    float | None, typer.Option("--deadhead-kmh", help="Speed of ways without passengers.")
]
WorkOption = Annotated[
    Path | None, typer.Option("--work", help="Folder of finished stages, to go on after a stop.")
]
MaxTripsOption = Annotated[
    int | None, typer.Option("--max-trips", help="Refuse a day with more trips.", min=1)
]


@app.callback()
def plan() -> None:
    """Plan electric mobility."""


@app.command("bus")
def bus(
    feed: FeedArgument,
    *,
    out: OutOption,
    config: ConfigOption = None,
    date: DateOption = None,
    depot: DepotOption = None,
    elevation: ElevationOption = None,
    weather: WeatherOption = None,
    load: LoadOption = None,
    osm: OsmOption = None,
    grid: GridOption = None,
    min_layover: LayoverOption = None,
    deadhead_kmh: SpeedOption = None,
    max_trips: MaxTripsOption = None,
    work: WorkOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    time_limit: TimeLimitOption = None,
    progress: ProgressOption = "text",
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Plan a city's electric bus network from its timetable."""

    def planned(progress: Progress) -> dict[str, Any]:
        from viavolta.services.bus.request import BusRequest  # noqa: PLC0415 - start-up time

        request = BusRequest(
            feed=existing(feed),
            config=existing(config) if config else None,
            date=parse_date(date),
            depots=tuple(depot or ()),
            elevation=tuple(existing(path) for path in elevation or ()),
            osm=existing(osm) if osm else None,
            weather=existing(weather) if weather else None,
            load=existing(load) if load else None,
            grid=existing(grid) if grid else None,
            min_layover_s=min_layover,
            deadhead_kmh=deadhead_kmh,
            max_trips=max_trips,
            seed=seed,
            effort=effort,
        )
        return write_plan(
            request, out, force=force, time_limit=time_limit, progress=progress, work=work
        )

    run(
        planned,
        as_json=as_json,
        lang=lang,
        effort=effort,
        progress_form=progress,
        show=show_plan,
    )


def plan_bus_to_folder(
    feed: Path,
    out: Path,
    *,
    depots: list[str],
    elevation: list[Path],
    force: bool,
    seed: int,
    effort: str,
    progress: Progress,
    title: str | None,
) -> dict[str, Any]:
    """Plan a feed into a study folder; returns the summary with `out` and `report`."""
    from viavolta.services.bus.request import BusRequest  # noqa: PLC0415 - start-up time

    request = BusRequest(
        feed=feed,
        depots=tuple(depots),
        elevation=tuple(elevation),
        seed=seed,
        effort=effort,
        title=title,
    )
    return write_plan(request, out, force=force, time_limit=None, progress=progress)


def write_plan(
    request: Any,
    out: Path,
    *,
    force: bool,
    time_limit: float | None,
    progress: Progress,
    work: Path | None = None,
) -> dict[str, Any]:
    """Plan, report and write; returns the summary with `out` and `report`.

    Stages that are done are kept in the folder `work` until the study stands.
    """
    from viavolta.reports.files import bus_files  # noqa: PLC0415 - start-up time
    from viavolta.services.plan_bus import plan_bus  # noqa: PLC0415 - start-up time
    from viavolta.storage.stage_folder import StageFolder  # noqa: PLC0415
    from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

    place = prepare_out(out, force=force)
    if work is not None:
        refuse_inside(work, place)
    store = None if work is None else StageFolder(work)
    deadline = None if time_limit is None else time.monotonic() + time_limit
    study = plan_bus(
        request,
        clock=time.perf_counter,
        progress=progress,
        stop=lambda: deadline is not None and time.monotonic() > deadline,
        store=store,
    )
    for note in study.warnings:
        sys.stderr.write(f"warning [{note.code}]: {printable(note.message)}\n")
    progress("report", 0.0)
    folder = write_study(out, study, force=force, extra=bus_files(study))
    if store is not None:
        store.clear()
    return {**study.summary, "out": str(folder), "report": str(folder / "report.html")}


def show_plan(summary: dict[str, Any]) -> None:
    """Print the answer for people."""
    say(
        text(
            "{vehicles} battery buses serve {n} of {trips} trips (at least {bound} in any plan)",
            vehicles=summary["vehicles"],
            n=summary["trips"] - len(summary["infeasible_trips"]),
            trips=summary["trips"],
            bound=summary["vehicles_lower_bound"],
        )
    )
    say(
        text(
            "{points} charging points; {managed:,.0f} kW at most, {unmanaged:,.0f} kW unmanaged",
            points=summary["charging_points"],
            managed=summary["peak_kw_managed"],
            unmanaged=summary["peak_kw_unmanaged"],
        )
    )
    say(
        text(
            "{cost:,.0f} EUR a year against {diesel:,.0f} EUR with diesel; {co2:,.0f} t CO2 "
            "against {diesel_co2:,.0f} t",
            cost=summary["cost_eur_per_year"],
            diesel=summary["diesel_cost_eur_per_year"],
            co2=summary["co2_t_per_year"],
            diesel_co2=summary["diesel_co2_t_per_year"],
        )
    )
    _show_grid(summary.get("grid"))
    say(text("report: {report}", report=summary["report"]))


def _show_grid(grid: Any) -> None:
    """Say what must be built in the grid, where there is one."""
    if grid is None:
        return
    eur = {
        name: text("no measures suffice") if value is None else f"{value:,.0f} EUR"
        for name, value in grid["reinforcement_eur"].items()
    }
    say(
        text(
            "grid (grade {grade}): {managed} to build, unmanaged {unmanaged}; {n} connections "
            "limited by it",
            grade=grid["grade"],
            managed=eur["managed"],
            unmanaged=eur["unmanaged"],
            n=len(grid["limited_depots"]),
        )
    )


def refuse_inside(work: Path, out: Path) -> None:
    """Keep the stages apart from the study, which replaces whatever its folder holds.

    Raises
    ------
    UsageError: `work` is `out`, or lies in it.
    """
    if work.resolve().is_relative_to(out.resolve()):
        raise UsageError(
            code="work-in-out",
            message=text("--work {work} lies in --out {out}", work=work, out=out),
            where=Where(field="--work", value=str(work)[:200]),
            hint=text("choose a folder beside it"),
        )


def existing(path: Path) -> Path:
    """The path, if there is something there.

    Raises
    ------
    UsageError: there is nothing.
    """
    if not path.exists():
        raise UsageError(
            code="missing-path",
            message=text("there is no {path}", path=path),
            hint=text("check the name and the folder you are in"),
        )
    return path


def parse_date(value: str | None) -> dt.date | None:
    """Read a `--date` option.

    Raises
    ------
    UsageError: it is no date.
    """
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(
            code="bad-date",
            message=text("--date {value} is no date", value=value[:200]),
            where=Where(field="--date", value=value[:200]),
            expected="YYYY-MM-DD",
        ) from error
