"""The map: lines, terminals and depots in an own projection, no tiles, no network."""

import math
from collections.abc import Callable, Sequence

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.bus.network_tables import (
    busiest_lines,
    depot_table,
    line_table,
    terminal_table,
)
from viavolta.reports.colours import styled
from viavolta.reports.figure import figure, legend_of, missing, section, swatch
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import number, power
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.projection import Projection, fit, scale_bar

PAPER_MAP_PX = 620.0
N_COLOURS = 7
"""The busiest lines get a colour of their own; more could not be told apart."""

_LABEL_PX = 6.6
_PX_PER_NAME = 60.0
Box = tuple[float, float, float, float]
"""West, north, east, south in px."""


def network_map(facts: BusFacts) -> Html:
    """Build the section with the map."""
    title = text("The network and its depots")
    places = facts.table("places")
    if places is None:
        return section("map", title, missing(text("places")))
    shapes = facts.table("shapes")
    notes = [] if shapes is not None else [missing(text("lines to draw (table shapes)"))]
    lines = busiest_lines(facts)
    drawn = [
        _draw(facts, lines, size=size, width=width, height=height)
        for size, width, height in (("wide", 760.0, 620.0), ("narrow", 340.0, 420.0))
    ]
    return section(
        "map",
        title,
        *notes,
        figure(
            "map",
            title=text("Lines, terminals and depots"),
            picture=join(drawn),
            legend=legend_of(_legend(lines)),
            caption=_caption(facts, lines),
            table=join((depot_table(facts), line_table(lines), terminal_table(facts))),
            table_label=text("Depots, lines and terminals as tables"),
        ),
    )


def _draw(facts: BusFacts, lines: pl.DataFrame, *, size: str, width: float, height: float) -> Html:
    places = facts.study.tables["places"].filter(
        (pl.col("is_terminal") | pl.col("is_depot")) & pl.col("lat").is_finite()
    )
    shapes = facts.table("shapes")
    lat, lon = places["lat"].to_list(), places["lon"].to_list()
    if shapes is not None:
        shapes = shapes.filter(pl.col("lat").is_finite() & pl.col("lon").is_finite())
        lat, lon = lat + shapes["lat"].to_list(), lon + shapes["lon"].to_list()
    if not lat:
        return missing(text("places with coordinates"))
    view = fit(lat, lon, width=width, height=height)
    content = [
        None if shapes is None else _routes(shapes, lines, view=view),
        _marks(facts, places, view),
        scale_bar(view),
    ]
    alt = text("Map of {n} lines with their terminals and depots", n=lines.height)
    return tag(
        "svg",
        *content,
        class_="map",
        viewBox=f"0 0 {view.width:g} {view.height:g}",
        width=f"{view.width:g}",
        height=f"{view.height:g}",
        role="img",
        aria_label=alt,
        data_size=size,
    )


def _routes(shapes: pl.DataFrame, lines: pl.DataFrame, *, view: Projection) -> Html:
    """One path per line, the busiest on top."""
    rank = {route: i for i, route in enumerate(lines["route_id"].to_list())}
    drawn: list[tuple[int, Html]] = []
    for (route,), part in shapes.group_by("route_id", maintain_order=True):
        place = rank.get(str(route), len(rank))
        name = clip(part["route_name"][0] or route, 80)
        drawn.append(
            (
                place,
                tag(
                    "path",
                    tag("title", text("Line {name}", name=name)),
                    d=_path(part, view.xy),
                    class_=_line_class(place),
                ),
            )
        )
    return tag("g", *(path for _, path in sorted(drawn, key=lambda d: -d[0])), class_="routes")


def _line_class(rank: int) -> str:
    return f"route r{rank}" if rank < N_COLOURS else "route"


def _path(route: pl.DataFrame, xy: Callable[[float, float], tuple[float, float]]) -> str:
    """Polylines of a line; points closer than a pixel to the last one are left out."""
    words: list[str] = []
    last_part, last = None, (math.inf, math.inf)
    for lat, lon, part in route.select("lat", "lon", "part").iter_rows():
        x, y = xy(lat, lon)
        if part != last_part:
            words.append(f"M{x:g} {y:g}")
        elif abs(x - last[0]) + abs(y - last[1]) < 1:
            continue
        else:
            words.append(f"L{x:g} {y:g}")
        last_part, last = part, (x, y)
    return "".join(words)


def _marks(facts: BusFacts, places: pl.DataFrame, view: Projection) -> Html:
    """Depots and terminals with points, always named; others where there is room, busiest first."""
    taken: list[Box] = []
    charges = pl.col("is_depot") | pl.col("has_charger")
    depots = _depots(facts, places.filter(charges), view, taken)
    terminals = _terminals(facts, places.filter(~charges), view, taken)
    return terminals + depots


def _depots(facts: BusFacts, places: pl.DataFrame, view: Projection, taken: list[Box]) -> Html:
    """Squares with name, points and connection."""
    equipment = _equipment(facts)
    drawn = []
    for place_id, name, lat, lon in places.select("place_id", "name", "lat", "lon").iter_rows():
        x, y = view.xy(lat, lon)
        lines = (clip(name, 32), equipment.get(place_id, text("no charging")))
        box, anchor = _label_box(x, y, lines, view)
        taken.append(box)
        drawn.append(tag("rect", x=f"{x - 6:g}", y=f"{y - 6:g}", width="12", height="12", rx="2"))
        at = f"{x + 12 if anchor == 'start' else x - 12:g}"
        drawn.append(tag("text", lines[0], x=at, y=f"{y - 1:g}", text_anchor=anchor))
        drawn.append(
            tag("text", lines[1], x=at, y=f"{y + 12:g}", text_anchor=anchor, class_="small")
        )
    return tag("g", *drawn, class_="depots")


def _equipment(facts: BusFacts) -> dict[str, str]:
    """Charging points and connection of each place in words."""
    chargers = facts.table("chargers")
    if chargers is None:
        return {}
    rows = chargers.select("place_id", "n_points", "connection_kw").iter_rows()
    return {p: text("{n} points, {p}", n=number(n), p=power(kw)) for p, n, kw in rows}


def _terminals(facts: BusFacts, places: pl.DataFrame, view: Projection, taken: list[Box]) -> Html:
    """Circles; a name only where it covers no other name and no depot."""
    trips = facts.table("trips")
    calls = pl.DataFrame(schema={"place_id": pl.String, "len": pl.UInt32})
    if trips is not None:
        ends = pl.concat([trips["from_place"], trips["to_place"]]).alias("place_id")
        calls = ends.to_frame().group_by("place_id").len()
    ordered = places.join(calls, on="place_id", how="left").sort(
        ["len", "place_id"], descending=[True, False], nulls_last=True
    )
    dots: list[Html] = []
    names: list[Html] = []
    for name, lat, lon in ordered.select("name", "lat", "lon").iter_rows():
        x, y = view.xy(lat, lon)
        dots.append(tag("circle", tag("title", clip(name, 80)), cx=f"{x:g}", cy=f"{y:g}", r="3"))
        label = clip(name, 26)
        box, anchor = _label_box(x, y, (label,), view)
        if len(names) < view.width / _PX_PER_NAME and not any(_overlap(box, t) for t in taken):
            taken.append(box)
            at = f"{x + 6 if anchor == 'start' else x - 6:g}"
            names.append(tag("text", label, x=at, y=f"{y + 4:g}", text_anchor=anchor))
    return tag("g", *dots, *names, class_="terminals")


def _label_box(x: float, y: float, lines: Sequence[str], view: Projection) -> tuple[Box, str]:
    """Find the box of a mark with its label, and on which side of the mark the label stands."""
    reach = 14 + _LABEL_PX * max(len(line) for line in lines)
    half = 9.0 * len(lines)
    if x + reach > view.width:
        return (x - reach, y - half, x + 8, y + half), "end"
    return (x - 8, y - half, x + reach, y + half), "start"


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def map_on_paper(facts: BusFacts) -> Block | None:
    """Set the map on a sheet; None where there is nothing to draw."""
    if facts.table("places") is None or facts.table("shapes") is None:
        return None
    lines = busiest_lines(facts)
    return blocks.picture(
        text("Lines, terminals and depots"),
        styled(_draw(facts, lines, size="wide", width=PAPER_MAP_PX, height=PAPER_MAP_PX), "map"),
        alt=text("Map of {n} lines with their terminals and depots", n=lines.height),
        legend=[(Html(styled(mark, "map")), label) for mark, label in _legend(lines)],
        caption=_caption(facts, lines),
    )


def _legend(lines: pl.DataFrame) -> list[tuple[Html, str]]:
    def line(css: str) -> Html:
        return swatch(f'<path d="M1 6h20" class="{css}"/>')

    entries = [
        (line(f"route r{i}"), text("Line {name}", name=clip(name or route, 30)))
        for i, (route, name) in enumerate(
            lines.select("route_id", "route_name").head(N_COLOURS).iter_rows()
        )
    ]
    if lines.height > N_COLOURS:
        entries.append((line("route"), text("{n} other lines", n=lines.height - N_COLOURS)))
    depot = swatch('<rect x="6" y="1" width="10" height="10" rx="2" class="depot"/>')
    terminal = swatch('<circle cx="11" cy="6" r="3.5" class="terminal"/>')
    return [*entries, (depot, text("Depot")), (terminal, text("Terminal"))]


def _caption(facts: BusFacts, lines: pl.DataFrame) -> Html:
    """Show what is drawn, and the credit that the licence of the inputs asks for."""
    proposed = (
        text(" The depots are proposals of this study.") if facts.flag("depots_proposed") else ""
    )
    licences = " ".join(f"{i.licence} {i.origin}" for i in facts.study.inputs).lower()
    credit = (
        " \N{COPYRIGHT SIGN} OpenStreetMap contributors (ODbL)."
        if "odbl" in licences or "openstreetmap" in licences
        else ""
    )
    return fill(
        text("{n} lines; those with most trips in colour. North is up.{proposed}{credit}"),
        n=lines.height,
        proposed=proposed,
        credit=credit,
    )
