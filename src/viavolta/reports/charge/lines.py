"""How power against its limits is drawn: lines for loads, a band for what is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charts import Spec
from viavolta.reports.figure import area, legend_of, stroke
from viavolta.reports.markup import Html
from viavolta.reports.numbers import known
from viavolta.reports.tables import Column, figures, words

LOADS = ("net_kw", "net_unmanaged_kw", "base_kw")
_COLOURS = ("--c-trip", "--c-empty", "--c-charge")
_DASHES = ([1, 0], [6, 3], [2, 2])
_BAND = "--c-park"
_ROOM_ABOVE = 1.5
"""A limit further above the loads than this is cut off, or it would press them to the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """Power over time in at most as many points as a picture can show.

    `frame` has s, the powers, and whatever else was asked for; `n_steps` steps make one point.
    """

    frame: pl.DataFrame
    n_steps: int


def binned(
    frame: pl.DataFrame, clock: LocalClock, *, points: int, by: Sequence[str] = ()
) -> Binned:
    """Put steps together where there are more than `points`: highest load, narrowest limit."""
    n_steps = clock.steps_together(points)
    if n_steps == 1:
        return Binned(frame=frame.sort(*by, "s"), n_steps=1)
    wide_s = n_steps * clock.step_s
    put = {"import_kw": pl.col("import_kw").min(), "export_kw": pl.col("export_kw").min()}
    every = [put.get(c, pl.col(c).max()) for c in frame.columns if c not in {*by, "s"}]
    grouped = frame.group_by(*by, pl.col("s") // wide_s * wide_s).agg(*every).sort(*by, "s")
    return Binned(frame=grouped, n_steps=n_steps)


def bin_note(n_steps: int, clock: LocalClock) -> str:
    """What a point of the picture stands for, where steps were put together."""
    if n_steps == 1:
        return ""
    return text(
        " Each point stands for {n} steps of {minutes:g} minutes: the highest load and the "
        "narrowest limit among them.",
        n=n_steps,
        minutes=clock.step_s / 60,
    )


def line_names() -> list[str]:
    """Names of the loads, in the order of `LOADS`."""
    return [text("This schedule"), text("Uncontrolled"), text("Base load alone")]


def load_values(frame: pl.DataFrame, *, end_s: int, limit: str = "") -> list[dict[str, object]]:
    """Values of the load lines: one entry per point and line; base load only where there is one.

    The last value stands once more at `end_s`, for the last step has a width, too.
    """
    drawn = [c for c in LOADS if c != "base_kw" or bool((frame["base_kw"] != 0).any())]
    names = dict(zip(LOADS, line_names(), strict=True))
    values: list[dict[str, object]] = []
    for column in drawn:
        line = [
            {"s": s, "kw": figure, "line": names[column], "limit": limit}
            for s, value in frame.select("s", column).iter_rows()
            if (figure := known(value)) is not None
        ]
        values += [*line, *({**last, "s": end_s} for last in line[-1:])]
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is allowed over time, cut to what the picture shows; `is_cut` says that it was."""

    values: list[dict[str, object]]
    low_kw: float
    high_kw: float
    is_cut: bool


def band_of(frame: pl.DataFrame, *, end_s: int, limit: str = "") -> Band:
    """Band between the export and the import limit, and the range of the picture."""
    loads = [value for c in LOADS for value in frame[c].drop_nulls().to_list()]
    top, bottom = max(0.0, *loads), min(0.0, *loads)
    size = max(top, -bottom, 1e-3)
    high = min(max(top, float(frame["import_kw"].max() or 0.0)), top + _ROOM_ABOVE * size)  # type: ignore[arg-type] # a float column
    low = max(min(bottom, -float(frame["export_kw"].max() or 0.0)), bottom - 0.25 * size)  # type: ignore[arg-type] # a float column
    values: list[dict[str, object]] = [
        {"s": s, "up": min(up, high), "down": max(-down, low), "limit": limit}
        for s, up, down in frame.select("s", "import_kw", "export_kw").iter_rows()
    ]
    values.append({**values[-1], "s": end_s})
    is_cut = any(
        up > high or -down < low for up, down in frame.select("import_kw", "export_kw").iter_rows()
    )
    return Band(values=values, low_kw=low, high_kw=high, is_cut=is_cut)  # fmt: skip


def cut_note(bands: Sequence[Band]) -> str:
    """Say where a limit lies outside the picture."""
    if not any(band.is_cut for band in bands):
        return ""
    return text(" Where a limit is far from the loads, the band ends at the edge of the picture.")


def legend(values: Sequence[dict[str, object]], *, more: Sequence[tuple[Html, str]] = ()) -> Html:
    """Which line is which, and the band; `more` are entries after these."""
    return legend_of([*legend_entries(values), *more])


def legend_entries(values: Sequence[dict[str, object]]) -> list[tuple[Html, str]]:
    """Give the mark and the name of each line that is drawn, and of the band."""
    present = {value["line"] for value in values}
    lines = zip(line_names(), _COLOURS, _DASHES, strict=True)
    entries = [
        (stroke(colour, " ".join(map(str, dashes))), name)
        for name, colour, dashes in lines
        if name in present
    ]
    return [*entries, (area(_BAND), text("Within the limits"))]


def layers(x: Spec, *, title: str | None, band: Sequence[object], loads: Sequence[object]) -> Spec:
    """Two layers: the band behind, the lines before it."""
    names = line_names()
    y_axis = {"format": ",.3~f", "tickCount": 5}
    y = {"type": "quantitative", "title": title, "axis": y_axis, "scale": {"nice": False}}
    return {
        "layer": [
            {
                "data": {"values": list(band)},
                "mark": {"type": "area", "interpolate": "step-after", "color": f"var({_BAND})"},
                "encoding": {"x": x, "y": {**y, "field": "up"}, "y2": {"field": "down"}},
            },
            {
                "data": {"values": list(loads)},
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "kw"},
                    "color": _by_line(names, [f"var({c})" for c in _COLOURS]),
                    "strokeDash": _by_line(names, list(_DASHES)),
                },
            },
        ],
    }


def _by_line(names: list[str], look: Sequence[object]) -> Spec:
    scale = {"domain": names, "range": list(look)}
    return {"field": "line", "type": "nominal", "scale": scale, "legend": None}


def table_columns() -> tuple[Column, ...]:
    """Columns of the tables beside these pictures, after the time."""
    return (
        words(text("From")),
        figures(text("This schedule (kW)"), 2),
        figures(text("Uncontrolled (kW)"), 2),
        figures(text("Base load alone (kW)"), 2),
        figures(text("Import limit (kW)"), 2),
        figures(text("Export limit (kW)"), 2),
    )


TABLE_POWERS = ("net_kw", "net_unmanaged_kw", "base_kw", "import_kw", "export_kw")
