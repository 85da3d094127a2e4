"""Power over the day: charging managed against unmanaged, with price and limit."""

from collections.abc import Sequence

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.charts import NARROW_PX, Spec, chart, time_axis
from viavolta.reports.figure import figure, legend_of, missing, paragraph, section, stroke
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import change, clock, known, money, power
from viavolta.reports.picture import Picture
from viavolta.reports.tables import figures, table, times, words

_DEPOTS_DRAWN = 6
_COLOURS = ("--c-trip", "--c-empty", "--ink-soft")
_DASHES = ([1, 0], [6, 3], [2, 3])


def power_over_the_day(facts: BusFacts) -> Html:
    """Build the section: in words, all depots together, then each connection."""
    title = text("Power from the grid")
    frame = facts.table("power")
    if frame is None:
        return section("power", title, missing(text("power over the day")))
    total = _total(frame)
    several = frame["place_id"].n_unique() > 1
    return section(
        "power",
        title,
        _words(facts, total),
        _total_figure(facts, total),
        _depots_figure(facts, frame) if several else None,
    )


def _total(frame: pl.DataFrame) -> pl.DataFrame:
    """All places together per step; the limit only where every place has one."""
    every = pl.col("limit_kw").null_count() == 0
    return (
        frame.group_by("start_s")
        .agg(
            pl.col("unmanaged_kw").sum(),
            pl.col("managed_kw").sum(),
            pl.when(every).then(pl.col("limit_kw").sum()).alias("limit_kw"),
            pl.col("price_eur_per_kwh").mean(),
        )
        .sort("start_s")
    )


def _words(facts: BusFacts, total: pl.DataFrame) -> Html:
    plain, managed = (known(total[c].max()) for c in ("unmanaged_kw", "managed_kw"))
    at = total.sort("managed_kw", "start_s", descending=[True, False])["start_s"][0]
    first = fill(
        text(
            "If every bus charged at full power from the moment it is plugged in, the depots would "
            "draw up to {plain}. Managed by price and limits they draw at most {managed}, at "
            "{time} ({change})."
        ),
        plain=tag("strong", power(plain)),
        managed=tag("strong", power(managed)),
        time=clock(at),
        change=change(managed, plain),
    )
    before = facts.number("energy_cost_eur_unmanaged")
    after = facts.number("energy_cost_eur_managed")
    second = None
    if before is not None and after is not None:
        second = fill(
            text(" Energy and peak cost {after} managed and {before} unmanaged ({change})."),
            after=money(after),
            before=money(before),
            change=change(after, before),
        )
    return paragraph(join((first, second)))


def _long(frame: pl.DataFrame, place: str = "") -> list[dict[str, object]]:
    """Values of the load lines: one entry per step and line."""
    names = {
        "unmanaged_kw": text("Unmanaged"),
        "managed_kw": text("Managed"),
        "limit_kw": text("Connection limit"),
    }
    return [
        {"s": row["start_s"], "kw": value, "line": name, "place": place}
        for column, name in names.items()
        for row in frame.iter_rows(named=True)
        if (value := known(row[column])) is not None
    ]


def _line_names() -> list[str]:
    return [text("Managed"), text("Unmanaged"), text("Connection limit")]


def _legend_entries(values: list[dict[str, object]]) -> list[tuple[Html, str]]:
    present = {value["line"] for value in values}
    return [
        (stroke(colour, " ".join(map(str, dashes))), name)
        for colour, dashes, name in zip(_COLOURS, _DASHES, _line_names(), strict=True)
        if name in present
    ]


def _load_layer(values: list[dict[str, object]]) -> Spec:
    lines = _line_names()
    drawn = [line for line in lines if any(v["line"] == line for v in values)]
    pick = [lines.index(line) for line in drawn]
    return {
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {
            "y": {
                "field": "kw",
                "type": "quantitative",
                "title": text("kW at the grid connection"),
                "axis": {"format": ",.0f", "tickCount": 5},
            },
            "color": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": drawn, "range": [f"var({_COLOURS[i]})" for i in pick]},
                "legend": None,
            },
            "strokeDash": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": drawn, "range": [_DASHES[i] for i in pick]},
                "legend": None,
            },
        },
    }


def _time_x(facts: BusFacts, starts: Sequence[int], *, width: int, label: bool) -> Spec:
    first, last = starts[0], starts[-1] + 900
    return {
        "field": "s",
        "type": "quantitative",
        "scale": {"domain": [first, last], "nice": False},
        "axis": time_axis(first, last, width=width, title=facts.local_time() if label else ""),
    }


def day_picture(facts: BusFacts) -> Picture | None:
    """Draw all depots together over the day; None where the study has no such table."""
    frame = facts.table("power")
    return None if frame is None else _total_picture(facts, _total(frame))


def _total_picture(facts: BusFacts, total: pl.DataFrame) -> Picture:
    """Load above, price below on the same clock: two scales never share one frame."""
    starts = total["start_s"].to_list()
    values = _long(total)
    prices = [
        {"s": s, "price": p}
        for s, p in total.select("start_s", "price_eur_per_kwh").iter_rows()
        if known(p) is not None
    ]

    def make(width: int) -> Spec:
        layer = _load_layer(values)
        load = {
            "width": width - 60,
            "height": 230,
            "data": {"values": values},
            "mark": layer["mark"],
            "encoding": {
                **layer["encoding"],
                "x": _time_x(facts, starts, width=width, label=not prices),
            },
        }
        price = {
            "width": width - 60,
            "height": 70,
            "data": {"values": prices},
            "mark": {
                "type": "area",
                "interpolate": "step-after",
                "color": "var(--c-park)",
                "line": {"color": "var(--ink-soft)", "strokeWidth": 1.5},
            },
            "encoding": {
                "x": _time_x(facts, starts, width=width, label=True),
                "y": {
                    "field": "price",
                    "type": "quantitative",
                    "title": text("EUR per kWh"),
                    "axis": {"tickCount": 3, "format": ".2f"},
                },
            },
        }
        return {"vconcat": [load, price] if prices else [load], "spacing": 34}

    return Picture(
        name="power",
        title=text("All charging, managed against unmanaged"),
        make=make,
        alt=text("Lines: charging power over the day, managed and unmanaged, with the price"),
        legend=_legend_entries(values),
        caption=text(
            "Mean power of each step at the grid connection, all depots together; below, the "
            "price of energy."
        ),
    )


def _total_figure(facts: BusFacts, total: pl.DataFrame) -> Html:
    columns = (
        times(text("From")),
        figures(text("Unmanaged (kW)"), 1),
        figures(text("Managed (kW)"), 1),
        figures(text("Connection limit (kW)"), 1),
        figures(text("Price (EUR per kWh)"), 4),
    )
    return _total_picture(facts, total).on_page(
        table("power", columns, total.iter_rows(), caption=text("Power over the day"))
    )


def peaks_by_depot(frame: pl.DataFrame) -> pl.DataFrame:
    """Give place_id, unmanaged_kw, managed_kw (the highest) and limit_kw, highest load first."""
    return (
        frame.group_by("place_id")
        .agg(
            pl.col("unmanaged_kw").max(),
            pl.col("managed_kw").max(),
            pl.col("limit_kw").min().alias("limit_kw"),
        )
        .sort(["managed_kw", "place_id"], descending=[True, False])
    )


def _depots_figure(facts: BusFacts, frame: pl.DataFrame) -> Html:
    peaks = peaks_by_depot(frame)
    drawn = peaks["place_id"].to_list()[:_DEPOTS_DRAWN]
    starts = sorted(frame["start_s"].unique().to_list())
    names = {p: clip(facts.place(p), 32) for p in drawn}
    values = [
        value
        for p in drawn
        for value in _long(frame.filter(pl.col("place_id") == p).sort("start_s"), names[p])
    ]

    def make(width: int) -> Spec:
        columns = 2 if width > NARROW_PX else 1
        layer = _load_layer(values)
        return {
            "data": {"values": values},
            "facet": {
                "field": "place",
                "type": "nominal",
                "sort": list(names.values()),
                "header": {"labelAnchor": "start", "labelFontWeight": "bold"},
            },
            "columns": columns,
            "spacing": {"row": 24, "column": 40},
            "spec": {
                "width": (width - 56 * columns) / columns,
                "height": 120,
                "mark": layer["mark"],
                "encoding": {
                    **layer["encoding"],
                    "y": {**layer["encoding"]["y"], "title": None},
                    "x": _time_x(facts, starts, width=NARROW_PX, label=True),
                },
            },
        }

    columns = (
        words(text("Depot")),
        figures(text("Highest, unmanaged (kW)")),
        figures(text("Highest, managed (kW)")),
        figures(text("Connection limit (kW)")),
    )
    rows = [(facts.place(p), a, b, c) for p, a, b, c in peaks.iter_rows()]
    left_out = peaks.height - len(drawn)
    note = text(" The {n} smaller ones are in the table.", n=left_out) if left_out > 0 else ""
    return figure(
        "power-by-depot",
        title=text("Each connection by itself (kW)"),
        legend=legend_of(_legend_entries(values)),
        picture=chart("depots", make, alt=text("Charging power over the day for each depot")),
        caption=text("Mean power of each step at each connection.") + note,
        table=table(
            "power-by-depot", columns, rows, caption=text("Highest load of each connection")
        ),
    )
