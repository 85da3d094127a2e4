"""What the depots ask of their grid: what its nodes take, and what must be built."""

from collections.abc import Mapping
from dataclasses import replace

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.figure import paragraph, section
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
    listed = node_rows(facts)
    parts = [
        *(paragraph(said) for said in sentences(grid)),
        table("grid-nodes", node_columns(), listed, caption=text("Depots and their nodes")),
        table("grid-cases", case_columns(), case_rows(grid), caption=text("By way of charging")),
    ]
    found = (
        section("grid", text("What the grid takes, and what must be built"), *parts),
        measures(grid) if _is_known(grid) else None,
        violations(grid),
    )
    return tuple(one for one in found if one is not None)


def sentences(grid: GridFacts) -> list[str]:
    """Give the answer in plain words."""
    summary = grid.study.summary
    limited = summary.get("limited_depots")
    n = len(limited) if isinstance(limited, list) else 0
    if n:
        said = [
            text(
                "At {depots} the grid takes less than the plan would have; charging is planned "
                "with what it takes.",
                depots=text("one depot") if n == 1 else text("{n} depots", n=number(n)),
            )
        ]
    else:
        said = [text("The grid takes all connections as planned, at full power at once.")]
    plain, managed = (_eur(grid, case) for case in ("unmanaged", "managed"))
    if plain is None or managed is None:
        case = text("all buses charged at once") if plain is None else text("charging is managed")
        said.append(
            text("If {case}, no list of measures of the catalogue would suffice.", case=case)
        )
    elif plain > managed:
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
            text(
                "{eur} must be spent on the grid even with managed charging, which avoids nothing.",
                eur=money(managed),
            )
        )
    else:
        said.append(text("Nothing must be built, even if all buses charged at once."))
    return [*said, grade_sentence(grid.grade)]


def _is_known(grid: GridFacts) -> bool:
    """Say whether the list of measures answers: there are some, or no case is without a list."""
    unsolved = [case for case in _STRATEGIES if _eur(grid, case) is None]
    return grid.table("measures") is not None or not unsolved


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
