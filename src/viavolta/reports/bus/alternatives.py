"""The plan beside other plans: what each would need and cost, and where the money goes."""

import json
from typing import Any

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.figure import paragraph, section
from viavolta.reports.markup import Html, clip
from viavolta.reports.tables import figures, table, words
from viavolta.services.bus.reasons import alternative_words

_MOST_TYPES = 5


def alternatives(facts: BusFacts) -> list[Html]:
    """Show the alternatives side by side; nothing where the study has no such table."""
    frame = facts.table("alternatives")
    if frame is None:
        return []
    caption = text("Other plans beside this one")
    columns = (
        words(text("Plan")),
        figures(text("Buses")),
        words(text("Buses by type")),
        figures(text("Points at depots")),
        figures(text("Points at terminals")),
        figures(text("Terminals with points")),
        figures(text("Grid connections, kW")),
        figures(text("EUR per year")),
        figures(text("EUR per year more than the plan")),
    )
    chosen = frame.filter(pl.col("is_chosen"))["eur_per_year"]
    plan_eur = float(chosen[0]) if chosen.len() else None
    rows = [_cells(row, plan_eur) for row in frame.iter_rows(named=True)]
    listed = table("alternatives", columns, rows, caption=caption)
    return [section("alternatives", caption, paragraph(_said(facts)), listed)]


def _cells(row: dict[str, Any], plan_eur: float | None) -> tuple[object, ...]:
    name = plan_name(str(row["alternative"]), is_chosen=bool(row["is_chosen"]))
    return (
        name,
        row["vehicles"],
        types_in_words(row["vehicles_by_type"]),
        row["depot_points"],
        row["terminal_points"],
        row["terminals"],
        row["connection_kw"],
        row["eur_per_year"],
        None if plan_eur is None else row["eur_per_year"] - plan_eur,
    )


def plan_name(alternative: str, *, is_chosen: bool) -> str:
    """Name an alternative in a list; the plan of the study says so."""
    name = alternative_words(clip(alternative, 60))
    name = name[:1].upper() + name[1:]
    return text("{name} (this plan)", name=name) if is_chosen else name


def types_in_words(stated: object) -> str:
    """Vehicles by type, from JSON; empty where it cannot be read."""
    try:
        read = json.loads(str(stated))
    except ValueError:
        return ""
    if not isinstance(read, dict):
        return ""
    return ", ".join(f"{clip(name, 60)}: {n}" for name, n in list(read.items())[:_MOST_TYPES])


def _said(facts: BusFacts) -> str:
    """Why the plan was chosen, and what the others would cost, in the planner's words."""
    why = facts.table("why")
    sentences = [
        text(
            "Each row is a plan of its own, with blocks, charging and a costed year; all begin "
            "from the same blocks and are looked for equally hard."
        )
    ]
    if why is not None:
        rows = why.filter(pl.col("figure") == "alternative")
        for row in rows.select("statement", "binds", "one_more").iter_rows():
            sentences += [clip(part) for part in row if part]
    return " ".join(sentences)
