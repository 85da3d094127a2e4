"""Power over time at the roots: against the limits, uncontrolled, with the price under it."""

from dataclasses import dataclass

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charge import lines
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.words import kilowatts
from viavolta.reports.charts import Spec
from viavolta.reports.figure import missing, paragraph, section, stroke
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import change, known, number
from viavolta.reports.picture import Picture
from viavolta.reports.tables import figures, table

_POINTS = 672  # a week of quarter hours
_ZONES_DRAWN = 3
_PRICE_COLOURS = ("--ink-soft", "--r3", "--r6")


def power_over_time(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Build the section: in words, all roots together, the price below."""
    title = text("Power over time")
    if flows is None:
        return section("power", title, missing(text("power at limits and prices over time")))
    total = _total(flows.roots)
    return section("power", title, _words(facts, flows, total), _figure(flows, total))


def _total(roots: pl.DataFrame) -> pl.DataFrame:
    """All roots together per step; grouped in a fixed order, so that sums repeat to the bit."""
    powers = ("import_kw", "export_kw", "net_kw", "net_unmanaged_kw", "base_kw")
    return roots.group_by("s", maintain_order=True).agg(pl.col(*powers).sum()).sort("s")


def _words(facts: ChargeFacts, flows: Flows, total: pl.DataFrame) -> Html:
    managed, plain = known(total["net_kw"].max()), known(total["net_unmanaged_kw"].max())
    at = total.sort("net_kw", "s", descending=[True, False])["s"][0]
    first = fill(
        text(
            "If every vehicle charged at full power from the moment it is plugged in, the import "
            "would reach {plain}. As scheduled it reaches {managed}, on {time} ({change})."
        ),
        plain=tag("strong", kilowatts(plain)),
        managed=tag("strong", kilowatts(managed)),
        time=flows.clock.moment(at),
        change=change(managed, plain),
    )
    return paragraph(join((first, _roots_note(flows), _excess_note(facts)), " "))


def _roots_note(flows: Flows) -> Html | None:
    n_roots = len(flows.tree.roots)
    if n_roots == 1:
        return None
    return fill(
        text(
            "The {n} roots of the tree are drawn as one: loads and limits are sums over them. "
            "Single limits follow below."
        ),
        n=number(n_roots),
    )


def _excess_note(facts: ChargeFacts) -> Html | None:
    """Say that the base load alone breaks limits, which no schedule can mend."""
    listed = facts.study.summary.get("base_load_excess")
    if not isinstance(listed, list) or not listed:
        return None
    return fill(
        text(
            "At {n} of the limits the base load alone is above what is allowed; there vehicles "
            "may only lower the load."
        ),
        n=number(len(listed)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """The picture with what its table is made of."""

    picture: Picture
    points: pl.DataFrame
    prices: list[dict[str, object]]
    zones: list[str]


def grid_picture(flows: Flows) -> Picture:
    """Draw the roots together over time."""
    return _drawn(flows, _total(flows.roots)).picture


def _figure(flows: Flows, total: pl.DataFrame) -> Html:
    drawn = _drawn(flows, total)
    return drawn.picture.on_page(_table(flows, drawn.points, drawn.prices, drawn.zones))


def _drawn(flows: Flows, total: pl.DataFrame) -> _Drawn:
    clock = flows.clock
    points = lines.binned(total, clock, points=_POINTS)
    wide_s = points.n_steps * clock.step_s
    loads = lines.load_values(points.frame, end_s=clock.length_s)
    band = lines.band_of(points.frame, end_s=clock.length_s)
    prices, zones = _prices(flows, wide_s)

    def make(width: int) -> Spec:
        x = time_x(clock, width=width, with_title=False)
        power = {
            "width": width - 64,
            "height": 230,
            **lines.layers(x, title=text("kW at the grid"), band=band.values, loads=loads),
        }
        price = _price_view(clock, prices, zones, width=width)
        resolve = {"scale": {"color": "independent"}}
        return {"vconcat": [power, price], "spacing": 34, "resolve": resolve}

    caption = text(
        "Mean power of each step at the roots of the tree, base load included; import upwards, "
        "export below zero. Under it the price of energy."
    )
    notes = (lines.bin_note(points.n_steps, clock), lines.cut_note([band]), _zone_note(flows))
    picture = Picture(
        name="power",
        title=text("The grid connection, this schedule against uncontrolled charging"),
        make=make,
        alt=text("Lines: power over time, scheduled and uncontrolled, limits and the price"),
        legend=[*lines.legend_entries(loads), *_price_legend(zones)],
        caption=join((caption, *notes)),
    )
    return _Drawn(picture=picture, points=points.frame, prices=prices, zones=zones)


def time_x(clock: LocalClock, *, width: int, with_title: bool) -> Spec:
    """Give the x encoding of a time axis over the whole study."""
    return {
        "field": "s",
        "type": "quantitative",
        "scale": {"domain": [0, clock.length_s], "nice": False},
        "axis": clock.axis(width=width, with_title=with_title),
    }


def _prices(flows: Flows, wide_s: int) -> tuple[list[dict[str, object]], list[str]]:
    """Price lines of the zones with most import; buying, and selling for a single zone."""
    roots = flows.roots
    sizes = roots.group_by("zone").agg(pl.col("import_kw").max()).sort(
        ["import_kw", "zone"], descending=[True, False]
    )  # fmt: skip
    zones = sizes["zone"].to_list()[:_ZONES_DRAWN]
    of_zone = roots.unique(["zone", "s"], keep="first", maintain_order=True)
    grouped = (
        of_zone.group_by("zone", pl.col("s") // wide_s * wide_s)
        .agg(pl.col("buy_eur_per_kwh", "sell_eur_per_kwh").mean())
        .sort("zone", "s")
    )
    single = len(zones) == 1
    values: list[dict[str, object]] = []
    for zone, s, buy, sell in grouped.iter_rows():
        if zone in zones:
            name = text("Buying") if single else clip(zone, 40)
            values.append({"s": s, "price": buy, "line": name})
            if single:
                values.append({"s": s, "price": sell, "line": text("Selling")})
    names = [text("Buying"), text("Selling")] if single else [clip(z, 40) for z in zones]
    last = {str(value["line"]): value for value in values}
    values += [{**value, "s": flows.clock.length_s} for value in last.values()]
    return values, names


def _price_view(
    clock: LocalClock, prices: list[dict[str, object]], names: list[str], *, width: int
) -> Spec:
    colours = [f"var({colour})" for colour in _PRICE_COLOURS[: len(names)]]
    return {
        "width": width - 64,
        "height": 80,
        "data": {"values": prices},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.6},
        "encoding": {
            "x": time_x(clock, width=width, with_title=True),
            "y": {
                "field": "price",
                "type": "quantitative",
                "title": text("EUR per kWh"),
                "axis": {"tickCount": 3, "format": ".2f"},
            },
            "color": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": None,
            },
        },
    }


def _price_legend(names: list[str]) -> list[tuple[Html, str]]:
    return [
        (stroke(colour), text("Price: {name}", name=name))
        for colour, name in zip(_PRICE_COLOURS, names, strict=False)
    ]


def _zone_note(flows: Flows) -> str:
    """Say which prices are not drawn."""
    left_out = flows.roots["zone"].n_unique() - _ZONES_DRAWN
    if left_out <= 0:
        return ""
    return text(" The prices of {n} more zones are in the table signals.", n=left_out)


def _table(
    flows: Flows, frame: pl.DataFrame, prices: list[dict[str, object]], names: list[str]
) -> Html:
    priced = {(p["s"], p["line"]): p["price"] for p in prices}
    rows = (
        (
            flows.clock.moment(row["s"]),
            *(row[c] for c in lines.TABLE_POWERS),
            *(priced.get((row["s"], name)) for name in names),
        )
        for row in frame.iter_rows(named=True)
    )
    price_columns = (figures(text("{name} (EUR per kWh)", name=name), 4) for name in names)
    return table(
        "power",
        (*lines.table_columns(), *price_columns),
        rows,
        caption=text("Power at the roots over time; the table limit_profile has every limit"),
    )
