"""Costs and carbon of a year, electric against diesel on the same served trips."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.charts import NARROW_PX, Spec, chart
from viavolta.reports.figure import area, figure, missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import change, known, money, number
from viavolta.reports.picture import Picture
from viavolta.reports.tables import figures, table, words


def costs(facts: BusFacts) -> Html:
    """Show what a year costs, item by item with ranges."""
    title = text("Costs of a year")
    frame = facts.table("costs")
    if frame is None:
        return section("costs", title, missing(text("costs by item")))
    items = frame.filter(pl.col("item") != "total")
    return section("costs", title, _words(facts, items), _costs_figure(items))


def item_name(item: object) -> str:
    """Give a cost item in plain words."""
    words_ = clip(item, 60).replace("_", " ")
    return words_[:1].upper() + words_[1:]


def _sums(items: pl.DataFrame) -> tuple[float, float, float, float]:
    """Electric, lowest, highest and diesel total; an item without range counts at its value."""
    row = items.select(
        pl.col("electric_eur_per_year").fill_null(0).sum().alias("electric"),
        pl.coalesce("min_eur_per_year", "electric_eur_per_year").sum().alias("low"),
        pl.coalesce("max_eur_per_year", "electric_eur_per_year").sum().alias("high"),
        pl.col("diesel_eur_per_year").fill_null(0).sum().alias("diesel"),
    ).row(0)
    return float(row[0]), float(row[1]), float(row[2]), float(row[3])


def _words(facts: BusFacts, items: pl.DataFrame) -> Html:
    electric, low, high, diesel = _sums(items)
    first = fill(
        text(
            "Battery buses cost {electric} a year, the same trips with diesel buses {diesel}: a "
            "difference of {change}. Sources differ on many items; if all of them were at their "
            "lowest or highest at once, the battery buses would cost {low} to {high}."
        ),
        electric=tag("strong", money(electric)),
        diesel=tag("strong", money(diesel)),
        change=change(electric, diesel),
        low=money(low),
        high=money(high),
    )
    if low <= diesel <= high:
        verdict = text(
            " The diesel figure lies within this range, so these sources alone do not settle "
            "which is cheaper."
        )
    elif diesel < low:
        verdict = text(" Even at the lowest figures the battery buses cost more.")
    else:
        verdict = text(" Even at the highest figures the battery buses cost less.")
    days = facts.number("operating_days_per_year")
    yearly = facts.number("yearly_km")
    scale = (
        None
        if days is None or yearly is None
        else text(
            " The year is {d} operating days and {k} km ({note}). Drivers in service, insurance "
            "and value added tax are left out: they are the same for both.",
            d=number(days),
            k=number(yearly),
            note=clip(str(facts.study.summary.get("calendar_note", "")), 200),
        )
    )
    return paragraph(join((first, verdict, scale)))


def cost_picture(facts: BusFacts) -> Picture | None:
    """Draw the yearly costs by item; None where the study has none."""
    frame = facts.table("costs")
    return None if frame is None else _picture(_ordered(frame.filter(pl.col("item") != "total")))


def _ordered(items: pl.DataFrame) -> pl.DataFrame:
    return items.with_columns(
        pl.max_horizontal("electric_eur_per_year", "diesel_eur_per_year").alias("size")
    ).sort(["size", "item"], descending=[True, False])


def _picture(ordered: pl.DataFrame) -> Picture:
    names = {"e": text("Battery buses"), "d": text("Diesel buses")}
    values: list[dict[str, object]] = []
    for row in ordered.iter_rows(named=True):
        item = item_name(row["item"])
        electric, diesel = known(row["electric_eur_per_year"]), known(row["diesel_eur_per_year"])
        low, high = known(row["min_eur_per_year"]), known(row["max_eur_per_year"])
        values.append({"item": item, "kind": names["e"], "eur": electric, "low": low, "high": high})
        values.append({"item": item, "kind": names["d"], "eur": diesel})
    order = [item_name(i) for i in ordered["item"].to_list()]

    def make(width: int) -> Spec:
        return _bars(values, order, list(names.values()), width=width)

    return Picture(
        name="costs",
        title=text("Yearly costs by item"),
        make=make,
        alt=text("Bars: yearly costs by item, battery and diesel"),
        legend=((area("--c-trip"), names["e"]), (area("--quiet"), names["d"])),
        caption=text("Bars: the value used. Thin lines: the range of the sources."),
    )


def _costs_figure(items: pl.DataFrame) -> Html:
    ordered = _ordered(items)
    electric, low, high, diesel = _sums(items)
    columns = (
        words(text("Item")),
        figures(text("Battery buses (EUR per year)")),
        figures(text("lowest (EUR per year)")),
        figures(text("highest (EUR per year)")),
        figures(text("Diesel buses (EUR per year)")),
        words(text("Source")),
    )
    rows = [
        (item_name(item), e, lo, hi, d, source)
        for item, e, lo, hi, d, source in ordered.select(
            "item",
            "electric_eur_per_year",
            "min_eur_per_year",
            "max_eur_per_year",
            "diesel_eur_per_year",
            "source",
        ).iter_rows()
    ]
    return _picture(ordered).on_page(
        table(
            "costs",
            columns,
            rows,
            caption=text("Yearly costs by item"),
            total=(text("Total"), electric, low, high, diesel, ""),
        )
    )


def _bars(
    values: list[dict[str, object]], order: list[str], kinds: list[str], *, width: int
) -> Spec:
    """Two bars per item on one scale, with the range as a thin line."""
    narrow = width <= NARROW_PX
    step = 13
    y = {
        "field": "item",
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"labelLimit": 110 if narrow else 190, "labelColor": "var(--ink)"},
    }
    offset = {"field": "kind", "type": "nominal", "sort": kinds}
    return {
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": {"step": step},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": step - 2},
                "encoding": {
                    "x": {
                        "field": "eur",
                        "type": "quantitative",
                        "title": text("thousand EUR per year"),
                        "axis": {
                            "grid": True,
                            "tickCount": 3 if narrow else 6,
                            "labelExpr": "format(datum.value/1000, ',')",
                        },
                    },
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": kinds, "range": ["var(--c-trip)", "var(--quiet)"]},
                        "legend": None,
                    },
                },
            },
            {
                "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 1.5},
                "encoding": {
                    "x": {"field": "low", "type": "quantitative"},
                    "x2": {"field": "high"},
                },
            },
        ],
        "encoding": {"y": y, "yOffset": offset},
    }  # fmt: skip


def carbon(facts: BusFacts) -> Html:
    """CO2 of a year from well to wheel."""
    title = text("CO\u2082")
    electric, diesel = facts.number("co2_t_per_year"), facts.number("diesel_co2_t_per_year")
    if electric is None or diesel is None:
        return section("carbon", title, missing(text("CO\u2082 figures")))
    yearly = facts.number("yearly_km")
    intro = paragraph(
        fill(
            text(
                "The battery buses cause {a} tonnes of CO\u2082 a year, diesel buses on the same "
                "trips {b}: {change}. Counted from well to wheel: making the electricity or the "
                "fuel and using it; building the vehicles is not in it."
            ),
            a=tag("strong", number(electric)),
            b=tag("strong", number(diesel)),
            change=change(electric, diesel),
        )
    )
    values = [
        {"kind": text("Battery buses"), "t": electric},
        {"kind": text("Diesel buses"), "t": diesel},
    ]

    def make(width: int) -> Spec:
        return {
            "width": width,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "height": {"step": 34},
            "data": {"values": values},
            "mark": {"type": "bar", "height": 22},
            "encoding": {
                "y": {
                    "field": "kind",
                    "type": "nominal",
                    "sort": None,
                    "title": None,
                    "axis": {"labelColor": "var(--ink)"},
                },
                "x": {
                    "field": "t",
                    "type": "quantitative",
                    "title": text("tonnes of CO\u2082 per year, well to wheel"),
                    "axis": {"grid": True, "format": ",.0f", "tickCount": 5},
                },
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "sort": None,
                    "legend": None,
                    "scale": {
                        "domain": [v["kind"] for v in values],
                        "range": ["var(--c-trip)", "var(--quiet)"],
                    },
                },
            },
        }

    columns = (
        words(text("Kind of bus")),
        figures(text("CO\u2082 (t per year)"), 1),
        figures(text("CO\u2082 (g per km)")),
    )
    rows = [(v["kind"], v["t"], _g_per_km(v["t"], yearly)) for v in values]
    return section(
        "carbon",
        title,
        intro,
        figure(
            "carbon",
            title=text("CO\u2082 of a year"),
            picture=chart(
                "carbon", make, alt=text("Two bars: CO\u2082 of battery and diesel buses")
            ),
            caption=text("The emission factors stand among the assumptions."),
            table=table("carbon", columns, rows, caption=text("CO\u2082 of a year")),
        ),
    )


def _g_per_km(tonnes: object, yearly_km: float | None) -> float | None:
    figure_t = known(tonnes)
    return None if not yearly_km or figure_t is None else figure_t * 1e6 / yearly_km
