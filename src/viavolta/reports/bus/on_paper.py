"""A bus plan on paper: two sheets for a council, and a report with what they leave out.

The sheets hold the answer and the money, then the grid and the rest. The report goes on with the
map, the day of the buses, what the cost hangs on, and every figure that the plan rests on.
"""

from collections.abc import Iterator

import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.bus import costs, gantt, phase_in, proof, robustness, sensitivity
from viavolta.reports.bus.answer import answer, kicker, notes
from viavolta.reports.bus.facts import BusFacts, facts_of
from viavolta.reports.bus.grid import grid_facts, node_columns, node_rows, sentences
from viavolta.reports.bus.key_figures import known_figures
from viavolta.reports.bus.map import map_on_paper
from viavolta.reports.bus.power import day_picture, peaks_by_depot
from viavolta.reports.numbers import known
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.pdf.document import Document, fitting, pdf_of
from viavolta.reports.record import command_of
from viavolta.reports.tables import figures, values, words

_CARDS = 8
_CAVEATS = 3
_ROWS = (8, 6, 4, 2, 0)
"""Rows of the lists on the second sheet, fewer and fewer until it fits."""
_SECOND_PX = 760
"""Width at which the day is drawn on the second sheet: smaller type, and less high."""


def council_pdf(study: Study) -> bytes:
    """Set a bus plan on two sheets of A4; the same study gives the same bytes."""
    return pdf_of(Document(title=study.title, blocks=_sheets(facts_of(study))))


def bus_pdf(study: Study) -> bytes:
    """Set the report of a bus plan: the two sheets, then as many as the rest takes."""
    facts = facts_of(study)
    rest = [block for block in _rest(facts) if block is not None]
    more = [blocks.new_page(), *rest] if rest else []
    return pdf_of(Document(title=study.title, blocks=[*_sheets(facts), *more]))


def _sheets(facts: BusFacts) -> list[Block | None]:
    title = facts.study.title
    first = fitting(title, _first_sheets(facts))
    second = fitting(title, _second_sheets(facts))
    return [*first, blocks.new_page(), *second]


def _rest(facts: BusFacts) -> Iterator[Block | None]:
    """The map, the day of the buses, what the cost hangs on, and every assumption."""
    network = map_on_paper(facts)
    if network is not None:
        yield blocks.heading(text("The network and its depots"))
        yield network
    day = gantt.day_on_paper(facts)
    if day is not None:
        yield blocks.heading(text("The day of each bus"))
        yield day
    yield from sensitivity.on_paper(facts)
    yield from robustness.on_paper(facts)
    yield from phase_in.on_paper(facts)
    yield _items(facts)
    if facts.study.assumptions:
        yield blocks.heading(text("Every figure that is not in the inputs"))
        yield blocks.table(
            text("Assumptions"),
            (
                words(text("Figure")),
                values(text("Value")),
                words(text("Unit")),
                words(text("How sure")),
                words(text("Source")),
            ),
            [(a.key, a.value, a.unit, a.status, a.source) for a in facts.study.assumptions],
            wide=(0, 4),
        )


def _items(facts: BusFacts) -> Block | None:
    frame = facts.table("costs")
    if frame is None:
        return None
    shown = frame.filter(pl.col("item") != "total")
    return blocks.table(
        text("Yearly costs by item"),
        (
            words(text("Item")),
            figures(text("Battery buses (EUR per year)")),
            figures(text("lowest (EUR per year)")),
            figures(text("highest (EUR per year)")),
            figures(text("Diesel buses (EUR per year)")),
        ),
        [
            (
                costs.item_name(row["item"]),
                *(
                    known(row[f"{key}_eur_per_year"])
                    for key in ("electric", "min", "max", "diesel")
                ),
            )
            for row in shown.iter_rows(named=True)
        ],
    )


def _first_sheets(facts: BusFacts) -> Iterator[list[Block | None]]:
    """Give the answer, the key figures and the costs; without the picture where it is too long."""
    drawing = costs.cost_picture(facts)
    picture = None if drawing is None else drawing.on_paper()
    cards = [(one.label, one.value, one.beside) for one in known_figures(facts)[:_CARDS]]
    for caveats, shown in ((_CAVEATS, picture), (1, picture), (1, None)):
        yield [
            blocks.kicker(kicker(facts)),
            blocks.heading(facts.study.title, 1),
            blocks.answer(answer(facts)),
            blocks.caveats(notes(facts), most=caveats),
            blocks.cards(cards) if cards else None,
            blocks.heading(text("What a year costs")) if shown else None,
            shown,
        ]


def _second_sheets(facts: BusFacts) -> Iterator[list[Block | None]]:
    drawing = day_picture(facts)
    picture = None if drawing is None else drawing.on_paper(width=_SECOND_PX)
    for rows in _ROWS:
        yield [
            blocks.heading(text("What the grid must do")),
            picture if rows else None,
            _depots(facts, rows),
            *_grid(facts, rows),
            blocks.heading(text("How good is the plan?")),
            *(blocks.paragraph(said) for said in proof.sentences(facts)),
            _left_out(facts),
            _hangs_on(facts, rows),
            blocks.heading(text("What it rests on")),
            blocks.paragraph(_assumed(facts)),
            _widest(facts, rows),
            blocks.note(_again(facts)),
        ]


def _hangs_on(facts: BusFacts, rows: int) -> Block | None:
    """Say which figure moves the cost most; left out where the sheet is full."""
    words_ = sensitivity.said(facts)
    return blocks.paragraph(words_) if words_ and rows else None


def _depots(facts: BusFacts, rows: int) -> Block | None:
    """List the depots with their connection and their peaks."""
    frame, chargers = facts.table("power"), facts.table("chargers")
    if frame is None or chargers is None or not rows:
        return None
    peaks = peaks_by_depot(frame).join(
        chargers.select("place_id", "n_points", "connection_kw"), on="place_id", how="left"
    )
    shown = peaks.head(rows)
    return blocks.table(
        text("Depots, highest load first"),
        (
            words(text("Depot")),
            figures(text("Charging points")),
            figures(text("Connection (kW)")),
            figures(text("Highest load, managed (kW)")),
            figures(text("unmanaged (kW)")),
        ),
        [
            (
                facts.place(row["place_id"]),
                row["n_points"],
                row["connection_kw"],
                row["managed_kw"],
                row["unmanaged_kw"],
            )
            for row in shown.iter_rows(named=True)
        ],
        more=_more(peaks.height - shown.height),
    )


def _grid(facts: BusFacts, rows: int) -> Iterator[Block | None]:
    """Say what the grid takes and what must be built in it; nothing where there is no grid."""
    grid = grid_facts(facts)
    if grid is None:
        return
    yield blocks.paragraph(" ".join(sentences(grid)))
    if rows:
        yield blocks.table(
            text("What the nodes of the depots take"),
            node_columns(),
            node_rows(facts, rows),
            more=_more(len(node_rows(facts)) - rows),
        )


def _left_out(facts: BusFacts) -> Block | None:
    """Say which trips cannot be done, and why the first of them cannot."""
    listed = facts.infeasible()
    if not listed:
        return None
    trip, reason = listed[0]
    return blocks.paragraph(
        text(
            "{n} trips cannot be done and are in no figure; {trip}, for example: {reason}.",
            n=len(listed),
            trip=trip[:40],
            reason=reason[:160].rstrip("."),
        )
    )


def _assumed(facts: BusFacts) -> str:
    """Count the assumptions by how sure they are."""
    counts: dict[str, int] = {}
    for one in facts.study.assumptions:
        counts[one.status] = counts.get(one.status, 0) + 1
    if not counts:
        return text("No assumptions are recorded.")
    return text(
        "{n} figures are not in the inputs: {list}. Each has its source in report.html and can be "
        "set (viavolta config bus).",
        n=len(facts.study.assumptions),
        list=", ".join(f"{n} {status}" for status, n in sorted(counts.items())),
    )


def _widest(facts: BusFacts, rows: int) -> Block | None:
    """List the items of cost on which the sources differ most."""
    frame = facts.table("costs")
    if frame is None or not rows:
        return None
    spread = pl.col("max_eur_per_year") - pl.col("min_eur_per_year")
    shown = (
        frame.filter(pl.col("item") != "total")
        .with_columns(spread.alias("spread"))
        .filter(pl.col("spread") > 0)
        .sort(["spread", "item"], descending=[True, False])
        .head(rows)
    )
    if shown.is_empty():
        return None
    return blocks.table(
        text("Items of a year on which sources differ most"),
        (
            words(text("Item")),
            figures(text("Used (EUR)")),
            figures(text("Lowest (EUR)")),
            figures(text("Highest (EUR)")),
            words(text("Source")),
        ),
        [
            (
                costs.item_name(row["item"]),
                known(row["electric_eur_per_year"]),
                row["min_eur_per_year"],
                row["max_eur_per_year"],
                row["source"],
            )
            for row in shown.iter_rows(named=True)
        ],
        wide=(4,),
    )


def _again(facts: BusFacts) -> str:
    """Say where the rest is, and the command that makes this plan again."""
    command = command_of(facts.study)
    said = text(
        "The map, each bus's day, all reasons and all assumptions stand in report.html; "
        "viavolta check verifies the plan from its tables."
    )
    if not command:
        return said
    made = text("Made by: {command}", command=command[:300])
    return f"{said} {made}"


def _more(n: int) -> str:
    return text("{n} more in report.html", n=n) if n > 0 else ""
