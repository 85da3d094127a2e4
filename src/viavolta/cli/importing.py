"""`viavolta import`: makes what a planner needs from what a city has."""

from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Make a timetable or a basemap from other sources.")

_HEADWAY_HELP = (
    "Minutes between buses, repeatable: 10 (all lines, 06:00-22:00); 5=20 (only line 5); "
    "06:00-09:00=8,09:00-20:00=12 (by period, half-open, to 30:00 at most); "
    "1=06:00-09:00=8,09:00-20:00=12 (only line 1); 7=off (leave line 7 out). "
    "A value for one line goes before the value for all. Without any: a town line's assumed day."
)


@app.callback()
def _group() -> None:
    """Make a timetable or a basemap from other sources."""


@app.command("osm-lines")
def osm_lines(
    file: Annotated[Path, typer.Argument(help="Extract: .osm.pbf, .osm or .osm.gz.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="GTFS feed to write (.zip).")],
    *,
    headway: Annotated[list[str] | None, typer.Option("--headway", help=_HEADWAY_HELP)] = None,
    days: Annotated[
        str, typer.Option("--days", help="Days of service: mon-fri, or mon,wed,sat-sun.")
    ] = "mon-fri",
    year: Annotated[
        int | None, typer.Option("--year", help="Calendar year of the service (assumed: 2026).")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="IANA time zone, such as Europe/Paris.")
    ] = None,
    speed_kmh: Annotated[
        float | None,
        typer.Option("--speed-kmh", help="Mean speed, stops included (assumed: 16)."),
    ] = None,
    min_inside: Annotated[
        float | None,
        typer.Option("--min-inside", help="Refuse lines with a smaller share of stops inside."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the feed if it exists.")] = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Make a timetable on the bus lines of an OpenStreetMap extract.

    For a city without GTFS: lines, stops and ways are OpenStreetMap's, the times come from the
    headways you state. The feed is labelled as generated and carries OpenStreetMap's licence.
    """

    def work(progress: Progress) -> dict[str, Any]:
        from viavolta.services.import_lines import (  # noqa: PLC0415 - osmium is slow to load
            ImportRequest,
            import_lines,
        )

        request = ImportRequest(
            source=file,
            output=output,
            headways=tuple(headway or ()),
            days=days,
            year=year,
            timezone=timezone,
            speed_kmh=speed_kmh,
            min_inside_share=min_inside,
            force=force,
        )
        return import_lines(request, progress=progress)

    run(work, as_json=as_json, lang=lang, show=show_lines)


@app.command("basemap")
def basemap(
    file: Annotated[Path, typer.Argument(help="Extract: .osm.pbf, .osm or .osm.gz.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Basemap to write (.pmtiles).")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Make a basemap for the hub's maps of an OpenStreetMap extract.

    Put it into the folder `basemaps` of the hub's data; it carries OpenStreetMap's licence.
    """

    def work(progress: Progress) -> dict[str, Any]:
        from viavolta.services.import_basemap import (  # noqa: PLC0415 - osmium is slow to load
            import_basemap,
        )

        return import_basemap(file, output, force=force, progress=progress)

    def show(summary: dict[str, Any]) -> None:
        say(text("{file}: {mb:.1f} MB", file=summary["out"], mb=summary["bytes"] / 1e6))
        say(summary["licence"])

    run(work, as_json=as_json, lang=lang, show=show)


def show_lines(summary: dict[str, Any]) -> None:
    """Print what was made, what was refused and why, and what was assumed."""
    say(summary["label"])
    say()
    line, ends, minutes = text("line"), text("from - to"), text("min")
    say(f"{line:<8}{ends:<52}{text('km'):>7}{minutes:>6}{text('trips'):>7}")
    for line in summary["lines"]:
        for way in line["directions"]:
            ends = f"{way['from']} - {way['to']}"
            mark = " *" if way["is_generated_return"] else ""
            figures = f"{way['length_km']:>7.1f}{way['duration_min']:>6.0f}{way['trips']:>7}{mark}"
            say(f"{line['ref'][:7]:<8}{ends[:51]:<52}{figures}")
    if any(way["is_generated_return"] for line in summary["lines"] for way in line["directions"]):
        say(text("* return over the same stops: no relation maps it"))
    say()
    say(
        text(
            "{lines} lines, {stops} stops, {trips} trips per day of service",
            lines=len(summary["lines"]),
            stops=summary["stops"],
            trips=summary["trips_per_day"],
        )
    )
    _show_refused(summary["refused"])
    for repair in summary["repairs"]:
        say(text("mended: {action}, {count} x ({code}; {example})", **repair))
    for warning in summary["warnings"]:
        say(text("warning [{code}]: {message}", **warning))
    for figure in summary["assumptions"]:
        say(text("assumed: {key} = {value:g} {unit} ({status})", **figure))
    say()
    say(text("licence: {licence}", licence=summary["licence"]))
    say(text("written: {out}", out=summary["out"]))


def _show_refused(refused: list[dict[str, Any]]) -> None:
    if not refused:
        return
    say(text("refused: {n} relations", n=len(refused)))
    for one in refused:
        say(text("  {relation} line {ref}: {reason} [{code}]", **one))
