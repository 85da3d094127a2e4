"""What the depots ask of their grid: what its nodes take, and what must be built."""

from collections.abc import Mapping
from dataclasses import replace

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.figure import paragraph, section
from viavolta.reports.grid.cost import by_strategy as cost_by_strategy
from viavolta.reports.grid.facts import COLUMNS, GridFacts, strategy_label
from viavolta.reports.grid.facts import facts_of as grid_facts_of
from viavolta.reports.grid.grade import grade_sentence
from viavolta.reports.grid.measures import measures
from viavolta.reports.grid.violations import violations
from viavolta.reports.markup import Html
from viavolta.reports.numbers import known, money, number
from viavolta.reports.tables import Column, figures, table, words

_STRATEGIES = ("none", "unmanaged", "managed")


def grid_facts(facts: BusFacts) -> GridFacts | None:
    """The part of a bus study that a report of a grid reads; None where it has no grid."""
    summary = facts.study.summary.get("grid")
    if not isinstance(summary, Mapping):
        return None
    kept = {name: frame for name, frame in facts.study.tables.items() if name in COLUMNS}
    kept.pop("why", None)
    return grid_facts_of(replace(facts.study, kind="grid", summary=dict(summary), tables=kept))


def grid_sections(facts: BusFacts) -> tuple[Html, ...]:
    """Build the sections on the grid; none where the study has no grid."""
    grid = grid_facts(facts)
    if grid is None:
        return ()
    drawing = cost_by_strategy(grid)
    listed = node_rows(facts)
    parts = [
        *(paragraph(said) for said in sentences(grid)),
        table("grid-nodes", node_columns(), listed, caption=text("Depots and their nodes")),
        table("grid-cases", case_columns(), case_rows(grid), caption=text("By way of charging")),
        None if drawing is None else drawing.on_page(grid),
    ]
    found = (
        section("grid", text("What the grid takes, and what must be built"), *parts),
        measures(grid),
        violations(grid),
    )
    return tuple(one for one in found if one is not None)


def sentences(grid: GridFacts) -> list[str]:
    """Give the answer in plain words."""
    summary = grid.study.summary
    limited = summary.get("limited_depots")
    n = len(limited) if isinstance(limited, list) else 0
    said = [
        text("The grid takes all connections as planned, at full power at once.")
        if not n
        else text(
            "The grid takes less than {n} of the depots would have; their charging is planned with "
            "what it takes.",
            n=n,
        )
    ]
    plain, managed = (_eur(grid, case) for case in ("unmanaged", "managed"))
    if plain is None:
        said.append(text("If all buses charged at once, no list of measures would suffice."))
    elif managed is not None and plain > managed:
        said.append(
            text(
                "If all buses charged at once, the grid would have to be strengthened for {plain}; "
                "with managed charging for {managed}.",
                plain=money(plain),
                managed=money(managed) if managed else text("nothing"),
            )
        )
    elif managed:
        said.append(
            text("{eur} must be built in either case: managed charging avoids none of it.",
                 eur=money(managed))
        )  # fmt: skip
    else:
        said.append(text("Nothing must be built, even if all buses charged at once."))
    return [*said, grade_sentence(grid.grade)]


def _eur(grid: GridFacts, case: str) -> float | None:
    kept = grid.study.summary.get("reinforcement_eur")
    return known(kept.get(case)) if isinstance(kept, Mapping) else None


def node_columns() -> list[Column]:
    """Give the columns of the list of nodes."""
    return [
        words(text("Depot")),
        words(text("Node")),
        figures(text("Asked for (kW)")),
        figures(text("Node takes (kW)")),
        figures(text("Connection (kW)")),
        words(text("Binds with one kW more")),
    ]


def node_rows(facts: BusFacts, most: int | None = None) -> list[tuple[object, ...]]:
    """Give the rows of the list of nodes, the largest connection first."""
    frame = facts.study.tables.get("grid_connections")
    if frame is None:
        return []
    ordered = frame.sort(["connection_kw", "place_id"], descending=[True, False])
    shown = ordered if most is None else ordered.head(most)
    return [
        (
            facts.place(row["place_id"]),
            row["node_id"],
            row["asked_kw"],
            row["node_kw"],
            row["connection_kw"],
            row["binds"],
        )
        for row in shown.iter_rows(named=True)
    ]


def case_columns() -> list[Column]:
    """Give the columns of the comparison of cases."""
    return [
        words(text("Charging")),
        figures(text("Hours outside limits in a year")),
        figures(text("on the sizing day")),
        figures(text("To build (EUR)")),
    ]


def case_rows(grid: GridFacts) -> list[tuple[object, ...]]:
    """Give the rows of the comparison of cases; hours are summed over all elements."""
    summary = grid.study.summary

    def value(key: str, case: str) -> float | None:
        kept = summary.get(key)
        return known(kept.get(case)) if isinstance(kept, Mapping) else None

    return [
        (
            strategy_label(case),
            value("violation_hours", case),
            value("violation_hours_sizing_day", case),
            text("no measures suffice") if (eur := _eur(grid, case)) is None else number(eur),
        )
        for case in _STRATEGIES
    ]
