"""The check of a bus study accepts a valid one and finds every kind of tampering."""

import copy
import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_bus_study import small_meta, small_tables
from tamper import RULES, TAMPERS, opened

from viavolta.checks.bus import check_bus
from viavolta.checks.finding import Finding
from viavolta.services.check_study import check_study

TABLES = small_tables()
META = small_meta(TABLES)
ODD_NUMBERS = st.one_of(
    st.sampled_from([0, -1, 10**18, -(10**18), 1e308, -1e308, 5e-324, 0.5]),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
)
ODD_JSON = st.recursive(
    st.none() | st.booleans() | ODD_NUMBERS | st.just(10**400) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def findings_in(folder: Path) -> tuple[Finding, ...]:
    return check_study(folder, _read).findings


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_valid_study_has_no_findings(small_study: Path) -> None:
    """Every rule holds in the study worked out by hand."""
    assert findings_in(small_study) == ()


def test_saving_it_again_changes_nothing(small_study: Path) -> None:
    """What the tampering does beside its change (types, hashes) is not found."""
    with opened(small_study) as same:
        for name in same.tables:
            same.rows(name)
    assert findings_in(small_study) == ()


def test_rows_in_another_order_are_as_good() -> None:
    """No rule depends on the order of the rows of a table."""
    shuffled = {n: t.sample(fraction=1, shuffle=True, seed=7) for n, t in TABLES.items()}
    assert check_bus(META, shuffled) == []


@pytest.mark.parametrize("name", sorted(TAMPERS))
def test_tampering_is_found(small_study: Path, name: str) -> None:
    """Each tampering is found by its own rule."""
    TAMPERS[name](small_study)
    assert RULES[name] in {finding.rule for finding in findings_in(small_study)}


NUMBERS = [c for c, kind in TABLES["blocks"].schema.items() if kind.is_numeric()]


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, TABLES["blocks"].height - 1),
    column=st.sampled_from(NUMBERS),
    size=st.floats(0.02, 1e4),
    sign=st.sampled_from([-1, 1]),
)
def test_no_number_of_a_block_can_be_changed(row: int, column: str, size: float, sign: int) -> None:
    """Any single number of `blocks` that is changed beyond its tolerance is found."""
    values = TABLES["blocks"][column].to_list()
    is_whole = TABLES["blocks"].schema[column].is_integer()
    values[row] += sign * (int(size) + 1 if is_whole else size)
    changed = TABLES["blocks"].with_columns(
        pl.Series(column, values, TABLES["blocks"][column].dtype)
    )
    assert check_bus(META, {**TABLES, "blocks": changed})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_odd_values_are_findings_not_crashes(data: st.DataObject) -> None:
    """Whatever value a cell holds, the check ends with findings or none."""
    name = data.draw(st.sampled_from(sorted(TABLES)))
    table = TABLES[name]
    column = data.draw(st.sampled_from(table.columns))
    row = data.draw(st.integers(0, table.height - 1))
    values = table[column].to_list()
    values[row] = data.draw(_odd_value(table.schema[column]))
    series = pl.Series(column, values, table.schema[column], strict=False)
    findings = check_bus(META, {**TABLES, name: table.with_columns(series)})
    assert all(isinstance(f, Finding) and f.rule and f.message for f in findings)


def _odd_value(kind: pl.DataType) -> st.SearchStrategy[Any]:
    if kind.is_integer():
        return st.none() | st.integers(-(2**62), 2**62)
    if kind.is_float():
        return st.none() | st.floats() | ODD_NUMBERS.map(float)
    if kind == pl.Boolean:
        return st.none() | st.booleans()
    if kind.is_temporal():
        moments = st.integers(-(2**33), 2**33)  # the years 1697 to 2242
        return st.none() | moments.map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))
    return st.none() | st.text(max_size=20) | st.sampled_from(["{0}", "{x.__class__}", "D", "T1"])


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_empty_table_is_no_crash(name: str) -> None:
    """A table without rows breaks rules, nothing else."""
    assert check_bus(META, {**TABLES, name: TABLES[name].clear()})


@settings(max_examples=60, deadline=None)
@given(key=st.sampled_from(sorted(META["summary"])), value=ODD_JSON)
def test_odd_summaries_are_findings_not_crashes(key: str, value: Any) -> None:
    """Whatever JSON stands in the summary, the check ends with findings or none."""
    meta = copy.deepcopy(META)
    meta["summary"][key] = value
    findings = check_bus(meta, TABLES)
    assert all(isinstance(f, Finding) and f.rule for f in findings)


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Mars/Base", "", "\x00", "Europe"])
def test_an_unknown_zone_is_a_finding(zone: str) -> None:
    """A time zone from outside is looked up by name only."""
    assert {f.rule for f in check_bus({**META, "timezone": zone}, TABLES)} == {"day-start"}


def test_recuperation_into_a_full_battery_is_lost() -> None:
    """The pull-out downhill of the study starts and ends with a full battery."""
    row = TABLES["blocks"].filter(pl.col("energy_kwh") < 0).row(0, named=True)
    assert row["soc_start_kwh"] == row["soc_end_kwh"] == 270.0
