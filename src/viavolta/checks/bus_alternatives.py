"""Rules on the plan beside other plans: one is the plan, none is better, items add up."""

import json
from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

TABLE, COSTS = "alternatives", "alternative_costs"
NAMES = ("depot_only", "larger_batteries", "mixed_fleet", "with_terminals")
GRACE_EUR = 0.01
GRACE_SHARE = 1e-6
_TEXT, _NUMBER = Column(kind=Kind.TEXT), Column(kind=Kind.NUMBER)
_WHOLE, _TRUTH = Column(kind=Kind.WHOLE), Column(kind=Kind.TRUTH)
COLUMNS: Mapping[str, Mapping[str, Column]] = {
    TABLE: {
        "alternative": _TEXT,
        **dict.fromkeys(("is_chosen", "is_given"), _TRUTH),
        "vehicles": _WHOLE,
        "vehicles_by_type": _TEXT,
        **dict.fromkeys(("depot_points", "terminal_points", "terminals"), _WHOLE),
        **dict.fromkeys(("connection_kw", "deadhead_km"), _NUMBER),
        "infeasible_trips": _WHOLE,
        "eur_per_year": _NUMBER,
        "vehicles_lower_bound": _WHOLE,
        "cost_lower_bound_eur": _NUMBER,
    },
    COSTS: {"alternative": _TEXT, "item": _TEXT, "eur_per_year": _NUMBER},
}


def check_alternatives(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """All rules on the two tables; a study without them is as good."""
    if TABLE not in tables:
        return
    shaped = {name: tables[name] for name in COLUMNS if name in tables}
    findings = list(check_shapes(shaped, COLUMNS))
    yield from findings
    if findings:
        return
    rows = tables[TABLE].to_dicts()
    yield from _names(rows)
    yield from _order(rows)
    for row in rows:
        yield from _counts(row)
        yield from _items(row, tables[COSTS])
    chosen = [row for row in rows if row["is_chosen"]]
    if len(chosen) != 1:
        message = text("{n} alternatives are the plan, expected one", n=len(chosen))
        yield _of("alternative-chosen", "is_chosen", message)
        return
    yield from _is_the_plan(chosen[0], study["summary"], tables)


def _names(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    seen = set()
    for row in rows:
        name = row["alternative"]
        if name not in NAMES or name in seen:
            message = text("is none of {all}, or stands twice", all=", ".join(NAMES))
            yield _of("alternative-name", name, message)
        seen.add(name)


def _order(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """None that serves as many trips is cheaper than the plan, unless the plan was given."""
    for best in rows:
        if not best["is_chosen"] or best["is_given"]:
            continue
        for row in rows:
            fewer = row["infeasible_trips"] < best["infeasible_trips"]
            alike = row["infeasible_trips"] == best["infeasible_trips"]
            cheaper = row["eur_per_year"] < best["eur_per_year"] - GRACE_EUR
            if fewer or (alike and cheaper):
                message = text("is better than the plan, {name}", name=best["alternative"])
                yield _of("alternative-better", row["alternative"], message)


def _counts(row: dict[str, Any]) -> Iterator[Finding]:
    name = row["alternative"]
    by_type = _types(row["vehicles_by_type"])
    if by_type is None or sum(by_type.values()) != row["vehicles"]:
        message = text("{n} vehicles, by type {types}", n=row["vehicles"], types=by_type)
        yield _of("alternative-count", name, message)
    if (row["terminals"] > 0) != (row["terminal_points"] > 0):
        message = text("{n} points at {m} terminals", n=row["terminal_points"], m=row["terminals"])
        yield _of("alternative-count", name, message)
    if name != NAMES[-1] and row["terminals"]:
        yield _of("alternative-count", name, text("has points at terminals"))
    for bound, value in (
        ("vehicles_lower_bound", "vehicles"),
        ("cost_lower_bound_eur", "eur_per_year"),
    ):
        if row[bound] > row[value] + GRACE_EUR:
            message = text("{low} {bound} is above {v}", low=bound, bound=row[bound], v=row[value])
            yield _of("alternative-bound", name, message)


def _types(stated: str) -> dict[str, int] | None:
    try:
        read = json.loads(stated)
    except ValueError:
        return None
    is_right = isinstance(read, dict) and all(
        isinstance(n, int) and not isinstance(n, bool) for n in read.values()
    )
    return read if is_right else None


def _items(row: dict[str, Any], costs: pl.DataFrame) -> Iterator[Finding]:
    mine = costs.filter(pl.col("alternative") == row["alternative"])
    total = float(mine["eur_per_year"].sum())
    if not _close(row["eur_per_year"], total):
        message = text("{s} EUR, its items add up to {t:.2f}", s=row["eur_per_year"], t=total)
        yield _of("alternative-items", row["alternative"], message)


def _is_the_plan(
    chosen: dict[str, Any], summary: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """The chosen alternative is the plan of the study, in all its figures."""
    name = chosen["alternative"]
    depots = tables["places"].filter(pl.col("is_depot"))["place_id"]
    chargers = tables["chargers"]
    at_depots = chargers["place_id"].is_in(depots.implode())
    expected = {
        "vehicles": summary["vehicles"],
        "vehicles_lower_bound": summary["vehicles_lower_bound"],
        "eur_per_year": summary["cost_eur_per_year"],
        "cost_lower_bound_eur": summary["cost_lower_bound_eur"],
        "deadhead_km": summary["deadhead_km"],
        "infeasible_trips": len(summary["infeasible_trips"]),
        "depot_points": chargers.filter(at_depots)["n_points"].sum(),
        "terminal_points": chargers.filter(~at_depots)["n_points"].sum(),
        "terminals": chargers.filter(~at_depots).height,
        "connection_kw": chargers["connection_kw"].sum(),
    }
    for key, value in expected.items():
        if not _close(chosen[key], value):
            message = text("{key} is {s}, the study has {e}", key=key, s=chosen[key], e=value)
            yield _of("alternative-plan", name, message)
    if _types(chosen["vehicles_by_type"]) != dict(summary["vehicles_by_type"]):
        message = text("{key} differs from the summary", key="vehicles_by_type")
        yield _of("alternative-plan", name, message)
    items = tables[COSTS].filter(pl.col("alternative") == name)
    mine = dict(items.select("item", "eur_per_year").iter_rows())
    for item, eur in tables["costs"].select("item", "electric_eur_per_year").iter_rows():
        if not _close(mine.get(item, 0.0), eur):
            message = text("{item} costs {s}, in costs {e}", item=item, s=mine.get(item), e=eur)
            yield _of("alternative-plan", name, message)


def _close(found: float, expected: float) -> bool:
    return isclose(found, expected, rel_tol=GRACE_SHARE, abs_tol=GRACE_EUR)


def _of(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=TABLE, where=str(where)[:200], message=message)
