"""The rules on what the cost hangs on: each is broken by a change that it must find."""

from typing import Any

import polars as pl
import pytest

from viavolta.checks.bus_sensitivities import COLUMNS, check_sensitivities

ROWS = [
    ("energy_price", "prices", "EUR per kWh", 0.08, 0.10, 0.12, 98.0, 100.0, 101.9, "sources"),
    ("battery_price", "b", "EUR/kWh", 190.0, 250.0, 350.0, 94.0, 100.0, 110.0, "sources"),
    ("wages", "w", "EUR per h", 20.0, 25.0, 25.0, 98.0, 100.0, 100.0, "sources"),
    ("winter", "winter_c", "C", 0.0, 5.0, 10.0, 101.0, 100.0, 99.5, "design_day"),
]
STUDY = {"summary": {"cost_eur_per_year": 100.0}}
COSTS = pl.DataFrame({"item": ["deadhead_drivers"], "electric_eur_per_year": [10.0]})


def rules(subject: str = "", /, **changed: Any) -> set[str]:
    """The rules that a changed row breaks."""
    table = pl.DataFrame(ROWS, schema=list(COLUMNS), orient="row").with_columns(
        pl.when(pl.col("subject") == subject)
        .then(pl.lit(value, dtype=pl.Float64 if isinstance(value, float) else None))
        .otherwise(pl.col(name))
        .alias(name)
        for name, value in changed.items()
    )
    tables = {"sensitivities": table, "costs": COSTS}
    return {finding.rule for finding in check_sensitivities(STUDY, tables)}


def test_a_sound_table_breaks_no_rule() -> None:
    """Neither a study with the table nor one without it."""
    assert rules() == set()
    assert list(check_sensitivities(STUDY, {})) == []


@pytest.mark.parametrize(
    ("subject", "changed", "rule"),
    [
        ("winter", {"subject": "weather"}, "sensitivity-subject"),
        ("winter", {"subject": "wages"}, "sensitivity-subject"),
        ("winter", {"low": 6.0}, "sensitivity-range"),
        ("winter", {"base_eur_per_year": 101.0}, "sensitivity-base"),
        ("energy_price", {"low_eur_per_year": 100.5}, "sensitivity-order"),
        ("energy_price", {"high_eur_per_year": 99.0}, "sensitivity-order"),
        ("battery_price", {"high_eur_per_year": 111.0}, "sensitivity-linear"),
        ("wages", {"low_eur_per_year": 97.0}, "sensitivity-wages"),
    ],
)
def test_a_change_is_found(subject: str, changed: dict[str, Any], rule: str) -> None:
    """Each change breaks the rule that guards against it."""
    assert rule in rules(subject, **changed)


def test_a_column_that_is_missing_is_found() -> None:
    """The shape of the table is that of the contract."""
    table = pl.DataFrame(ROWS, schema=list(COLUMNS), orient="row").drop("unit")
    found = check_sensitivities(STUDY, {"sensitivities": table})
    assert {finding.rule for finding in found} == {"column-missing"}
