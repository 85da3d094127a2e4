"""Totals of a grid assessment, and what dimming takes, against its tables."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.grid_data import DIMMED, NONE, GridData, found
from viavolta.checks.grid_results import BY_NODE
from viavolta.model.messages import text

_NEAR = 1e-6


def check_sums(data: GridData) -> Iterator[Finding]:
    """Totals by strategy, and the summary."""
    yield from _dimming(data)
    yield from _totals(data)


def _dimming(data: GridData) -> Iterator[Finding]:
    """Dimming only puts off or takes energy."""
    rows = {row["strategy"]: row for row in data.tables["strategies"].iter_rows(named=True)}
    if rows[NONE]["charging_kwh"]:
        yield found("dimming", "strategies", (NONE,), text("somebody charges"))
    for name, row in rows.items():
        other = rows.get(name.removesuffix(DIMMED)) if name.endswith(DIMMED) else None
        if other is None:
            if row["unmet_kwh"] is not None or row["dimmed_hours"] is not None:
                yield found("dimming", "strategies", (name,), text("is not a dimmed strategy"))
            continue
        unmet, hours = row["unmet_kwh"], row["dimmed_hours"]
        short = other["charging_kwh"] - row["charging_kwh"]
        near = _NEAR * max(1.0, abs(other["charging_kwh"]))
        if unmet is None or hours is None or unmet < -near or abs(short - unmet) > near:
            message = text("unmet_kwh {a}, {b} kWh less are charged", a=unmet, b=short)
            yield found("dimming", "strategies", (name,), message)


def _totals(data: GridData) -> Iterator[Finding]:
    """Totals are those of the tables."""
    violations, strategies = data.tables["violations"], data.tables["strategies"]
    names = strategies["strategy"].to_list()
    sums = dict(violations.group_by("strategy").agg(pl.col("hours").sum()).iter_rows())
    lost = violations.filter(pl.col("kind") == "not-converged")
    lost_hours = dict(lost.group_by("strategy").agg(pl.col("hours").sum()).iter_rows())
    at = violations.filter(pl.col("kind") != "not-converged").with_columns(
        pl.col("kind").is_in(BY_NODE).alias("at_node")
    )
    elements = dict(
        at.select("strategy", "element", "at_node").unique().group_by("strategy").len().iter_rows()
    )
    causes: dict[str, dict[str, float]] = {name: {} for name in names}
    for name, cause, hours in (
        violations.group_by("strategy", "cause").agg(pl.col("hours").sum()).iter_rows()
    ):
        causes[name][cause] = hours
    for row in strategies.iter_rows(named=True):
        name = row["strategy"]
        expected = {
            "violation_hours": (row["violation_hours"], sums.get(name, 0.0)),
            "steps_not_converged": (
                row["steps_not_converged"],
                lost_hours.get(name, 0.0) / data.step_h,
            ),
        }
        for column, (value, other) in expected.items():
            if abs(value - other) > _NEAR:
                message = text("{c} {a:g}, the violations give {b:g}", c=column, a=value, b=other)
                yield found("strategy-sum", "strategies", (name,), message)
    rows = {row["strategy"]: row for row in strategies.iter_rows(named=True)}
    wanted: dict[str, dict[str, Any]] = {
        "violation_hours": {name: sums.get(name, 0.0) for name in names},
        "elements_violated": {name: elements.get(name, 0) for name in names},
        "violation_hours_by_cause": causes,
        "loss_kwh": {name: rows[name]["loss_kwh"] for name in names},
        "peak_import_kw": {name: rows[name]["peak_import_kw"] for name in names},
        "steps_not_converged": {name: rows[name]["steps_not_converged"] for name in names},
        "unmet_kwh": {
            name: rows[name]["unmet_kwh"] for name in names if rows[name]["unmet_kwh"] is not None
        },
    }
    for key, value in wanted.items():
        if not _same(data.summary.get(key), value):
            message = text("{a}, the tables give {b}", a=data.summary.get(key), b=value)
            yield found("summary", "study", (f"summary.{key}",), message[:500])
    counts = {
        "n_nodes": data.tables["nodes"].height,
        "n_branches": data.tables["branches"].height,
        "strategies": names,
    }
    for key, other in counts.items():
        if data.summary.get(key) != other:
            yield found("summary", "study", (f"summary.{key}",), text("expected {b}", b=other))


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same, numbers to a millionth."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, bool) or not isinstance(one, int | float):
        return False
    return bool(np.isclose(one, other, rtol=_NEAR, atol=_NEAR))
