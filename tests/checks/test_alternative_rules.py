"""The rules on the plan beside other plans: each is broken by a change that it must find."""

from typing import Any

import polars as pl
import pytest

from viavolta.checks.bus_alternatives import COLUMNS, check_alternatives

ROWS = [
    ("depot_only", True, False, 2, '{"b": 2}', 2, 0, 0, 100.0, 9.0, 0, 90.0, 2, 50.0),
    ("with_terminals", False, False, 2, '{"b": 2}', 1, 1, 1, 300.0, 8.0, 0, 95.0, 2, 50.0),
]
ITEMS = [("depot_only", "vehicles", 90.0), ("with_terminals", "vehicles", 95.0)]
STUDY = {
    "summary": {
        "vehicles": 2,
        "vehicles_lower_bound": 2,
        "cost_eur_per_year": 90.0,
        "cost_lower_bound_eur": 50.0,
        "deadhead_km": 9.0,
        "infeasible_trips": [],
        "vehicles_by_type": {"b": 2},
    }
}
TABLES = {
    "places": pl.DataFrame({"place_id": ["d"], "is_depot": [True]}),
    "chargers": pl.DataFrame({"place_id": ["d"], "n_points": [2], "connection_kw": [100.0]}),
    "costs": pl.DataFrame({"item": ["vehicles"], "electric_eur_per_year": [90.0]}),
}


def rules(name: str = "", /, **changed: Any) -> set[str]:
    """The rules that a changed row breaks."""
    table = pl.DataFrame(ROWS, schema=list(COLUMNS["alternatives"]), orient="row")
    table = table.with_columns(
        pl.when(pl.col("alternative") == name).then(pl.lit(value)).otherwise(pl.col(key)).alias(key)
        for key, value in changed.items()
    )
    costs = pl.DataFrame(ITEMS, schema=list(COLUMNS["alternative_costs"]), orient="row")
    tables = {**TABLES, "alternatives": table, "alternative_costs": costs}
    return {finding.rule for finding in check_alternatives(STUDY, tables)}


def test_a_sound_table_breaks_no_rule() -> None:
    """Neither a study with the tables nor one without them."""
    assert rules() == set()
    assert list(check_alternatives(STUDY, {})) == []


@pytest.mark.parametrize(
    ("name", "changed", "rule"),
    [
        ("with_terminals", {"alternative": "trams"}, "alternative-name"),
        ("with_terminals", {"is_chosen": True}, "alternative-chosen"),
        ("with_terminals", {"eur_per_year": 80.0}, "alternative-better"),
        ("depot_only", {"infeasible_trips": 1}, "alternative-better"),
        ("with_terminals", {"vehicles": 3}, "alternative-count"),
        ("with_terminals", {"terminals": 0}, "alternative-count"),
        ("with_terminals", {"vehicles_by_type": "two"}, "alternative-count"),
        ("with_terminals", {"cost_lower_bound_eur": 99.0}, "alternative-bound"),
        ("with_terminals", {"eur_per_year": 96.0}, "alternative-items"),
        ("depot_only", {"connection_kw": 90.0}, "alternative-plan"),
        ("depot_only", {"depot_points": 3}, "alternative-plan"),
    ],
)
def test_each_rule_finds_its_change(name: str, changed: dict[str, Any], rule: str) -> None:
    """A change of one value breaks the rule that speaks of it."""
    assert rule in rules(name, **changed)
