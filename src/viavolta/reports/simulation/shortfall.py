"""Who went short of energy under which strategy, and why."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.figure import paragraph, section
from viavolta.reports.markup import Html
from viavolta.reports.simulation.facts import SimulationFacts
from viavolta.reports.tables import figures, table, words

_SHOWN = 30


def shortfall(facts: SimulationFacts) -> Html:
    """Sum up missing energy by reason, and list the worst cases."""
    title = text("Missing energy")
    missing = facts.table("sessions").filter(pl.col("reason").is_not_null())
    if missing.is_empty():
        return section("shortfall", title, paragraph(text("Every vehicle got all its energy.")))
    return section(
        "shortfall",
        title,
        paragraph(
            text(
                "A vehicle goes short where it left before it was believed to leave, took more "
                "than it was believed to want so late that time ran out, where a limit was reached "
                "while it was there, perhaps for vehicles of which nobody knew yet, or where it "
                "outlasted its belief and still waited for a cheaper hour."
            )
        ),
        _by_reason(facts, missing),
        _worst(facts, missing),
    )


def _reason(code: str) -> str:
    return {
        "left-early": text("left before it was believed to"),
        "more-than-believed": text("took more than was believed"),
        "limit": text("the limit left no room"),
        "waited": text("waited for a cheaper hour"),
    }.get(code, code)


def _labels(facts: SimulationFacts) -> dict[str, str]:
    return {s.value: facts.label(s) for s in facts.figures}


def _by_reason(facts: SimulationFacts, missing: pl.DataFrame) -> Html:
    labels = _labels(facts)
    sums = (
        missing.group_by("strategy", "reason", maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("unmet_kwh").sum())
        .sort("strategy", "reason")
    )
    rows = [(labels[s], _reason(r), n, kwh) for s, r, n, kwh in sums.iter_rows()]
    columns = (
        words(text("Strategy")),
        words(text("Reason")),
        figures(text("Stays")),
        figures(text("Missing (kWh)"), 1),
    )
    return table("missing-by-reason", columns, rows, caption=text("Missing energy by reason"))


def _worst(facts: SimulationFacts, missing: pl.DataFrame) -> Html:
    labels = _labels(facts)
    stays = facts.table("stays").select(
        "stay_id", "driver", "energy_kwh", "arrival", "departure", "believed_departure"
    )
    worst = (
        missing.join(stays, on="stay_id")
        .sort(["unmet_kwh", "strategy", "stay_id"], descending=[True, False, False])
        .head(_SHOWN)
    )
    local = (pl.col("arrival", "departure", "believed_departure")).dt.convert_time_zone(
        facts.zone.key
    )
    worst = worst.with_columns(local.dt.strftime("%Y-%m-%d %H:%M"))
    columns = (
        words(text("Strategy")),
        words(text("Stay")),
        words(text("Driver or plug")),
        words(text("Arrived")),
        words(text("Left")),
        words(text("Believed to leave")),
        figures(text("Wanted (kWh)"), 1),
        figures(text("Missing (kWh)"), 1),
        words(text("Reason")),
    )
    rows = [
        (
            labels[row["strategy"]],
            row["stay_id"],
            row["driver"],
            row["arrival"],
            row["departure"],
            row["believed_departure"],
            row["energy_kwh"],
            row["unmet_kwh"],
            _reason(row["reason"]),
        )
        for row in worst.iter_rows(named=True)
    ]
    caption = text("The {n} stays that missed most, local time", n=len(rows))
    return table("missing-worst", columns, rows, caption=caption)
