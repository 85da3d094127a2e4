"""The rules on how sure the plan is: each is broken by a change that it must find."""

from math import sqrt
from typing import Any

import polars as pl
import pytest

from viavolta.checks.bus_robustness import COLUMNS, SPREADS, check_robustness


def error(k: int, n: int) -> float:
    """The standard deviation of Beta(k + 1, n - k + 1)."""
    p = (k + 1) / (n + 2)
    return sqrt(p * (1 - p) / (n + 3))


def row(block: str, finished: int, low: float, seq: int | None) -> tuple[Any, ...]:
    """A block of 100 drawn days."""
    chance, at_design = finished / 100, 40
    return (
        *(block, block.replace("B", "V"), 100, finished, chance, error(finished, 100), 100),
        *(at_design, at_design / 100, low, 33.0, 30.0, "cold", "traffic", seq),
    )


ROWS = [row("B1", 90, 25.0, 2), row("B2", 100, 50.0, None)]
TABLES = {
    "blocks": pl.DataFrame(
        {
            "block_id": ["B1", "B1", "B2"],
            "vehicle_id": ["V1", "V1", "V2"],
            "seq": [1, 2, 1],
            "soc_start_kwh": [90.0, 60.0, 90.0],
            "soc_end_kwh": [60.0, 33.0, 33.0],
        }
    ),
    "vehicles": pl.DataFrame({"vehicle_id": ["V1", "V2"], "soc_min_kwh": [30.0, 30.0]}),
}
FLEET = {
    "draws": 100,
    "days_all_finish": 90,
    "chance_all": 0.9,
    "standard_error_all": error(90, 100),
    "chance_all_design_day": 0.1,
    "chance_none_empty": 1.0,
    "blocks_short_mean": 0.1,
    "blocks_short_design_day_mean": 1.2,
    "blocks_empty_mean": 0.0,
}


def rules(
    column: str = "",
    value: Any = None,
    *,
    fleet: dict[str, Any] | None = None,
    certain: bool = False,
) -> set[str]:
    """The rules that a changed first row, or a changed summary, breaks."""
    table = pl.DataFrame(ROWS, schema=list(COLUMNS), orient="row")
    if column:
        rows = table.to_dicts()
        rows[0][column] = value
        table = pl.DataFrame(rows, schema=table.schema)
    assumptions = [{"key": key, "value": 0.0 if certain else 0.1} for key in SPREADS]
    study = {"summary": {"robustness": FLEET | (fleet or {})}, "assumptions": assumptions}
    found = check_robustness(study, TABLES | {"robustness": table})
    return {finding.rule for finding in found}


def test_a_sound_table_breaks_no_rule() -> None:
    """Neither a study with the table nor one without it."""
    assert rules() == set()
    assert list(check_robustness({"summary": {}}, {})) == []


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("block_id", "B2", "robust-block"),
        ("vehicle_id", "V2", "robust-block"),
        ("lowest_planned_kwh", 30.0, "robust-lowest"),
        ("reserve_kwh", 20.0, "robust-reserve"),
        ("finished", 101, "robust-count"),
        ("not_empty", 80, "robust-count"),
        ("chance", 0.91, "robust-chance"),
        ("chance_design_day", 0.41, "robust-chance"),
        ("standard_error", 0.0, "robust-chance"),
        ("first_short_seq", None, "robust-short"),
        ("first_short_seq", 3, "robust-short"),
        ("lowest_p05_kwh", 31.0, "robust-low"),
        ("driver", "weather", "robust-driver"),
        ("driver_design_day", "cold", "robust-driver"),
    ],
)
def test_a_change_is_found(column: str, value: Any, rule: str) -> None:
    """Each change breaks the rule that guards against it."""
    assert rule in rules(column, value)


@pytest.mark.parametrize(
    "fleet",
    [
        {"draws": 99},
        {"days_all_finish": 89},
        {"chance_all": 0.95, "days_all_finish": 95},
        {"chance_none_empty": 0.9},
        {"blocks_short_mean": 0.2},
        {"chance_all": None},
    ],
)
def test_a_summary_that_does_not_follow_is_found(fleet: dict[str, Any]) -> None:
    """The fleet's figures are those of its blocks."""
    assert "robust-fleet" in rules(fleet=fleet)


def test_without_spread_nothing_may_fail_on_the_design_day() -> None:
    """A plan that is driven as planned finishes."""
    assert "robust-certain" in rules(certain=True)


def test_a_column_that_is_missing_is_found() -> None:
    """The shape of the table is that of the contract."""
    table = pl.DataFrame(ROWS, schema=list(COLUMNS), orient="row").drop("draws")
    found = check_robustness({"summary": {}}, TABLES | {"robustness": table})
    assert {finding.rule for finding in found} == {"column-missing"}
