"""Power over time per strategy: the mean day, and the day on which most was drawn."""

import datetime as dt

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import Spec, chart, time_axis
from viavolta.reports.figure import figure, legend_of, paragraph, section, stroke
from viavolta.reports.markup import Html, clip, fill
from viavolta.reports.numbers import DAY_S, known, power
from viavolta.reports.simulation.facts import COLOURS, DASHES, SimulationFacts
from viavolta.reports.tables import figures, table, times

_LIMIT, _PRICE = "limit", "price"


def power_over_time(facts: SimulationFacts) -> Html:
    """Build the section: a mean day, and the hardest one against the limit."""
    frame = _all_roots(facts)
    hardest = _hardest_day(facts, frame)
    return section(
        "power",
        text("Power over time"),
        _words(facts, hardest),
        _day_figure(
            facts,
            _mean_day(frame),
            name="mean-day",
            title=text("A mean day, all sites together"),
            caption=text("Mean over all days of each time of day; below, the price of buying."),
            with_limit=False,
        ),
        _day_figure(
            facts,
            frame.filter(pl.col("day") == hardest),
            name="hardest-day",
            title=text("The day with the highest load: {day}", day=hardest.isoformat()),
            caption=text(
                "All sites together; the limit is the sum of the limits of all sites, so one site "
                "may stand at its own limit below it."
            ),
            with_limit=True,
        ),
    )


def _all_roots(facts: SimulationFacts) -> pl.DataFrame:
    """One row per step: power of each strategy, limit and price, with local day and second."""
    roots = facts.table("limits").filter(pl.col("parent_id").is_null())["limit_id"]
    at_root = pl.col("limit_id").is_in(roots.implode())
    wide = (
        facts.table("power")
        .filter(at_root)
        .group_by("start", "strategy")
        .agg(pl.col("power_kw").sum())
        .pivot("strategy", index="start", values="power_kw")
    )
    limit = (
        facts.table("limit_profile")
        .filter(at_root)
        .group_by("start")
        .agg(pl.col("import_kw").sum().alias(_LIMIT))
    )
    price = (
        facts.table("signals").group_by("start").agg(pl.col("buy_eur_per_kwh").mean().alias(_PRICE))
    )
    local = pl.col("start").dt.convert_time_zone(facts.zone.key)
    return (
        wide.join(limit, on="start")
        .join(price, on="start")
        .with_columns(
            day=local.dt.date(),
            s=local.dt.hour().cast(pl.Int64) * 3600
            + local.dt.minute().cast(pl.Int64) * 60
            + local.dt.second().cast(pl.Int64),
        )
        .sort("start")
    )


def _hardest_day(facts: SimulationFacts, frame: pl.DataFrame) -> dt.date:
    base = facts.baseline().value
    found: dt.date = frame.sort([base, "start"], descending=[True, False])["day"][0]
    return found


def _mean_day(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("s").agg(pl.exclude("start", "day").mean()).sort("s")


def _words(facts: SimulationFacts, hardest: dt.date) -> Html:
    base = facts.baseline()
    return paragraph(
        fill(
            text("{name}, all sites together drew at most {peak}, on {day}."),
            name=facts.label(base),
            peak=power(facts.of(base, "peak_kw")),
            day=hardest.isoformat(),
        )
    )


def _day_figure(
    facts: SimulationFacts,
    frame: pl.DataFrame,
    *,
    name: str,
    title: str,
    caption: str,
    with_limit: bool,
) -> Html:
    frame = frame.unique("s", keep="first").sort("s")
    lines = _lines(facts, with_limit=with_limit)
    loads = [
        {"s": second, "kw": value, "line": label}
        for column, label, _, _ in lines
        for second, value in frame.select("s", column).iter_rows()
        if known(value) is not None
    ]
    prices = [{"s": s, "price": p} for s, p in frame.select("s", _PRICE).iter_rows()]

    def make(width: int) -> Spec:
        return {
            "vconcat": [
                _load(loads, lines, width=width),
                _price_panel(facts, prices, width=width),
            ],
            "spacing": 30,
        }

    columns = (
        times(text("From")),
        *(figures(text("{name} (kW)", name=label), 1) for _, label, _, _ in lines),
        figures(text("Price (EUR per kWh)"), 4),
    )
    rows = frame.select("s", *(column for column, _, _, _ in lines), _PRICE).iter_rows()
    return figure(
        name,
        title=title,
        legend=legend_of(
            (stroke(colour, " ".join(map(str, dashes))), label)
            for _, label, colour, dashes in lines
        ),
        picture=chart(name, make, alt=text("Lines: power of each strategy over the day")),
        caption=caption,
        table=table(name, columns, rows, caption=title),
    )


def _lines(facts: SimulationFacts, *, with_limit: bool) -> list[tuple[str, str, str, list[int]]]:
    """Column, label, colour and dashes of each line."""
    lines = [(s.value, facts.label(s), COLOURS[s], DASHES[s]) for s in facts.figures]
    if with_limit:
        lines.append((_LIMIT, text("Limit"), "--ink-soft", [3, 4]))
    return lines


def _x(title: str, *, width: int) -> Spec:
    return {
        "field": "s",
        "type": "quantitative",
        "scale": {"domain": [0, DAY_S], "nice": False},
        "axis": time_axis(0, DAY_S, width=width, title=title),
    }


def _load(
    loads: list[dict[str, object]],
    lines: list[tuple[str, str, str, list[int]]],
    *,
    width: int,
) -> Spec:
    domain = [label for _, label, _, _ in lines]
    return {
        "width": width - 60,
        "height": 220,
        "data": {"values": loads},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {
            "x": _x("", width=width),
            "y": {
                "field": "kw",
                "type": "quantitative",
                "title": text("kW"),
                "axis": {"format": ",.0f", "tickCount": 5},
            },
            "color": {
                "field": "line",
                "type": "nominal",
                "scale": {
                    "domain": domain,
                    "range": [f"var({colour})" for _, _, colour, _ in lines],
                },
                "legend": None,
            },
            "strokeDash": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": domain, "range": [dashes for *_, dashes in lines]},
                "legend": None,
            },
        },
    }


def _price_panel(facts: SimulationFacts, prices: list[dict[str, object]], *, width: int) -> Spec:
    title = text("time of day ({timezone})", timezone=clip(facts.study.timezone, 40))
    return {
        "width": width - 60,
        "height": 60,
        "data": {"values": prices},
        "mark": {
            "type": "area",
            "interpolate": "step-after",
            "color": "var(--c-park)",
            "line": {"color": "var(--ink-soft)", "strokeWidth": 1.5},
        },
        "encoding": {
            "x": _x(title, width=width),
            "y": {
                "field": "price",
                "type": "quantitative",
                "title": text("EUR per kWh"),
                "axis": {"tickCount": 3, "format": ".2f"},
            },
        },
    }
