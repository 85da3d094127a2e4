"""Blocks over the day: one row per bus, to search, order and leaf through."""

from viavolta.model.messages import text
from viavolta.reports.bus.duties import Duty, duties_of
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.bus.gantt_data import gantt_data
from viavolta.reports.bus.gantt_picture import (
    PAGE_ROWS,
    gantt_legend,
    gantt_on_paper,
    gantt_picture,
)
from viavolta.reports.figure import figure, legend_of, missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, join, json_block, tag
from viavolta.reports.numbers import HOUR_S, clock, hours_minutes, number, percent
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.tables import figures, table, times, words


def blocks(facts: BusFacts) -> Html:
    """Build the section with the Gantt chart."""
    title = text("The day of each bus")
    duties = duties_of(facts)
    if not duties:
        return section("blocks", title, missing(text("blocks and vehicles")))
    first_s, last_s = _hours(duties)
    picture = tag(
        "div",
        gantt_picture(duties, first_s=first_s, last_s=last_s),
        class_="gantt-box",
        tabindex="0",
        role="region",
        aria_label=text("Blocks of all buses, scrolls sideways"),
    )
    return section(
        "blocks",
        title,
        _words(duties),
        _controls(len(duties)),
        figure(
            "blocks",
            title=text("Activities and charge of the battery"),
            picture=picture,
            legend=legend_of(gantt_legend()),
            caption=_caption(facts, len(duties)),
            table=join((_duty_table(duties), _one_bus(duties))),
            table_label=text("The same as tables, and all activities of one bus"),
        ),
        json_block("gantt-data", gantt_data(facts, duties, first_s=first_s, last_s=last_s)),
    )


def day_on_paper(facts: BusFacts) -> Block | None:
    """Set the day of the buses on a sheet; None where the study has none."""
    duties = duties_of(facts)
    if not duties:
        return None
    first_s, last_s = _hours(duties)
    return gantt_on_paper(duties, first_s=first_s, last_s=last_s)


def _hours(duties: list[Duty]) -> tuple[int, int]:
    """The full hours around the day of all buses."""
    first_s = min(d.start_s for d in duties) // HOUR_S * HOUR_S
    last_s = -(-max(d.end_s for d in duties) // HOUR_S) * HOUR_S
    return first_s, max(last_s, first_s + HOUR_S)


def _words(duties: list[Duty]) -> Html:
    tightest = min(duties, key=lambda d: (d.lowest()[0], d.vehicle_id))
    share, at_s = tightest.lowest()
    returning = sum(1 for d in duties if (d.activities["kind"] == "charge").any())
    return paragraph(
        fill(
            text(
                "{n} of {all} buses come back to charge during the day. The tightest is {bus}: at "
                "{time} its battery is down to {share}; it must not fall below {floor}."
            ),
            n=number(returning),
            all=number(len(duties)),
            bus=tag("strong", clip(tightest.vehicle_id, 40)),
            time=clock(at_s),
            share=tag("strong", percent(share)),
            floor=percent(tightest.floor()),
        )
    )


def _controls(n_duties: int) -> Html:
    """Filter, order and pager; hidden until the script is there to answer them."""
    orders = (
        ("start", text("first pull-out")),
        ("low", text("lowest charge")),
        ("name", text("name of the bus")),
    )
    find = tag(
        "input",
        type="search",
        id="gantt-filter",
        autocomplete="off",
        placeholder=text("bus, line, depot, trip"),
    )
    options = (tag("option", label, value=value) for value, label in orders)
    return tag(
        "div",
        tag("label", text("Find"), " ", find),
        tag("label", text("Order by"), " ", tag("select", *options, id="gantt-order")),
        _pager(n_duties),
        class_="controls",
        id="gantt-controls",
        hidden="",
    )


def _pager(n_duties: int) -> Html:
    def arrow(name: str, sign: str, label: str) -> Html:
        return tag("button", sign, type="button", id=name, aria_label=label)

    place = text("{n} buses", n=number(n_duties))
    return tag(
        "span",
        arrow("gantt-back", "\N{LEFTWARDS ARROW}", text("Previous buses")),
        tag("output", place, id="gantt-page", aria_live="polite"),
        arrow("gantt-next", "\N{RIGHTWARDS ARROW}", text("Next buses")),
        class_="pager",
    )


def _caption(facts: BusFacts, n_duties: int) -> str:
    return text(
        "{n} buses, {rows} to a page; {clock}, +1 is the next morning. On the right the lowest "
        "charge of the day as a share of the battery; bold where less than five points above the "
        "floor.",
        n=number(n_duties),
        rows=min(PAGE_ROWS, n_duties),
        clock=facts.local_time(),
    )


def _duty_table(duties: list[Duty]) -> Html:
    columns = (
        words(text("Bus")),
        words(text("Type")),
        words(text("Depot")),
        times(text("Pull-out")),
        times(text("Pull-in")),
        words(text("On duty (h:min)")),
        figures(text("Trips")),
        figures(text("km"), 1),
        figures(text("Energy (kWh)"), 1),
        figures(text("Charged by day (kWh)"), 1),
        figures(text("Lowest charge (%)"), 1),
    )
    rows = [
        (
            d.vehicle_id,
            d.vehicle_type,
            d.depot,
            d.start_s,
            d.end_s,
            hours_minutes(d.end_s - d.start_s),
            int((d.activities["kind"] == "trip").sum()),
            d.total("distance_km"),
            d.total("energy_kwh"),
            d.total("charged_kwh"),
            100 * d.lowest()[0],
        )
        for d in duties
    ]
    return table("buses", columns, rows, caption=text("All buses of the day"))


def _one_bus(duties: list[Duty]) -> Html:
    """Where the script lists the activities of one bus, and saves those of all."""
    options = (tag("option", clip(d.vehicle_id, 60), value=i) for i, d in enumerate(duties))
    save = text("Download all activities of all buses as CSV")
    return tag(
        "div",
        tag("label", text("All activities of"), " ", tag("select", *options, id="gantt-bus")),
        " ",
        tag("button", save, type="button", id="gantt-csv"),
        tag("div", id="gantt-one"),
        id="gantt-detail",
        hidden="",
    )
