"""Grades, limits, violations and hours of a grid assessment against each other."""

from collections.abc import Iterator

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.grid_data import (
    CAUSES,
    GRADES,
    KINDS,
    NONE,
    WHOLE_GRID,
    GridData,
    found,
)
from viavolta.model.messages import text

_NEAR = 1e-6
_ALL = 100.0  # percent
_SHOWN = 20
BY_NODE = ("low-voltage", "high-voltage")
WORST_IS_LEAST = "low-voltage"


def check_results(data: GridData) -> Iterator[Finding]:
    """All rules that need no power flow."""
    yield from _grades(data)
    yield from _limits(data)
    yield from _violations(data)
    yield from _hours(data)


def _grades(data: GridData) -> Iterator[Finding]:
    grade = data.summary.get("grade")
    if grade not in GRADES:
        yield found("grade", "study", ("summary.grade",), text("{g!r} is no grade", g=grade))
    for name, table in data.tables.items():
        if "grade" in table.columns:
            for other in table["grade"].unique().sort():
                if other != grade:
                    message = text("{a}, the study has {b}", a=other, b=grade)
                    yield found("grade", name, ("grade",), message)


def _limits(data: GridData) -> Iterator[Finding]:
    """Bands lie within EN 50160, and reserves are shares of the rating."""
    low, high = (data.figures[f"grid.band.{side}_pu"] for side in ("low", "high"))
    nodes = data.tables["nodes"]
    wide = nodes.filter(
        (pl.col("low_pu") < low - _NEAR)
        | (pl.col("high_pu") > high + _NEAR)
        | (pl.col("low_pu") > pl.col("high_pu"))
    )
    for name in wide["node_id"]:
        yield found(
            "band", "nodes", (name,), text("the band is wider than {a} to {b}", a=low, b=high)
        )
    branches = data.tables["branches"]
    for name in branches.filter(~pl.col("reserve_percent").is_between(0, 100))["branch_id"]:
        yield found("reserve-percent", "branches", (name,), text("is not from 0 to 100"))


def limited(data: GridData) -> pl.DataFrame:
    """Violations with the limit of their element; null where the element does not fit the kind."""
    nodes = data.tables["nodes"].select(pl.col("node_id").alias("element"), "low_pu", "high_pu")
    branches = data.tables["branches"].select(
        pl.col("branch_id").alias("element"),
        "reserve_percent",
        (pl.col("kind") == "transformer").alias("is_transformer"),
    )
    rows = data.tables["violations"].join(nodes, on="element", how="left")
    rows = rows.join(branches, on="element", how="left")
    kind = pl.col("kind")
    warm = pl.col("is_transformer").fill_null(value=False)
    limit = (
        pl.when(kind == "low-voltage")
        .then(pl.col("low_pu"))
        .when(kind == "high-voltage")
        .then(pl.col("high_pu"))
        .when((kind == "overload") & pl.col("reserve_percent").is_not_null())
        .then(_ALL)
        .when((kind == "reserve") & (pl.col("reserve_percent") < _ALL))
        .then(pl.col("reserve_percent"))
        .when((kind == "hot-spot") & warm)
        .then(data.figures["grid.thermal.hot_spot_most_c"])
        .when((kind == "top-oil") & warm)
        .then(data.figures["grid.thermal.oil_most_c"])
    )
    return rows.with_columns(limit=limit)


def _violations(data: GridData) -> Iterator[Finding]:
    """Each violation is one, lasts whole steps, and does not touch the next of its kind."""
    rows = limited(data)
    lost = pl.col("kind") == "not-converged"
    key = ("strategy", "element", "kind", "start")
    worst = (
        pl.when(pl.col("kind") == WORST_IS_LEAST)
        .then(pl.col("worst") < pl.col("limit"))
        .otherwise(pl.col("worst") > pl.col("limit"))
    )
    steps = pl.col("hours") / data.step_h
    end_us = pl.col("start").to_physical() + pl.col("hours") * 3.6e9
    latest = data.begin_us + data.n_steps * data.step_s * 1_000_000
    at = pl.col("worst_start").to_physical()
    tests = (
        ("violation-kind", ~pl.col("kind").is_in(KINDS)),
        ("violation-cause", ~pl.col("cause").is_in(CAUSES)),
        ("violation-element", ~lost & pl.col("limit").is_null() & pl.col("kind").is_in(KINDS)),
        ("violation-element", lost & (pl.col("element") != WHOLE_GRID)),
        ("violation-worst", ~lost & pl.col("limit").is_not_null() & ~worst.fill_null(value=False)),
        ("violation-worst", lost & pl.col("worst").is_not_null()),
        (
            "violation-hours",
            (pl.col("hours") <= 0)
            | ((steps - steps.round()).abs() > _NEAR)
            | (end_us > latest + 1),
        ),
        ("violation-worst-start", (at < pl.col("start").to_physical()) | (at >= end_us)),
        (
            "cause-without-charging",
            (pl.col("strategy") == NONE) & pl.col("cause").is_in(["charging", "discharging"]),
        ),
    )
    for rule, is_wrong in tests:
        for row in rows.filter(is_wrong).head(_SHOWN).iter_rows(named=True):
            message = text(
                "{hours:g} h, worst {worst}, limit {limit}, cause {cause}",
                hours=row["hours"],
                worst=row["worst"],
                limit=row["limit"],
                cause=row["cause"],
            )
            yield found(rule, "violations", tuple(row[name] for name in key), message)
    ordered = rows.sort(key).with_columns(end_us=end_us)
    before = ordered.with_columns(
        pl.col("end_us").shift(1).over("strategy", "element", "kind").alias("before_us")
    )
    touching = before.filter(pl.col("start").to_physical() < pl.col("before_us") + 1)
    for row in touching.head(_SHOWN).iter_rows(named=True):
        message = text("does not leave a step between itself and the run before")
        yield found("violation-overlap", "violations", tuple(row[n] for n in key), message)


def sums_of(data: GridData, *kinds: str, by: str = "element") -> pl.DataFrame:
    """Hours and extreme values of violations of some kinds, by strategy and element."""
    rows = data.tables["violations"].filter(pl.col("kind").is_in(kinds))
    return rows.group_by("strategy", by).agg(
        pl.col("hours").sum().alias("sum"),
        pl.col("worst").min().alias("least"),
        pl.col("worst").max().alias("most"),
    )


def _hours(data: GridData) -> Iterator[Finding]:
    """Hours of nodes and branches are the sums of their violations."""
    for table, name, column, kinds in (
        ("voltages", "node_id", "hours_outside", BY_NODE),
        ("loadings", "branch_id", "hours_over", ("overload",)),
        ("loadings", "branch_id", "hours_over_reserve", ("reserve",)),
    ):
        sums = sums_of(data, *kinds).rename({"element": name})
        rows = data.tables[table].join(sums, on=["strategy", name], how="left")
        rows = rows.with_columns(pl.col("sum").fill_null(0.0))
        for row in rows.filter((pl.col("sum") - pl.col(column)).abs() > _NEAR).iter_rows(
            named=True
        ):
            message = text(
                "{c} {a:g}, its violations last {b:g} h", c=column, a=row[column], b=row["sum"]
            )
            yield found("hours", table, (row["strategy"], row[name]), message)
    rows = data.tables["transformers"]
    for kind in ("hot-spot", "top-oil"):
        sums = sums_of(data, kind).select("strategy", pl.col("element").alias("branch_id"), "sum")
        sums = sums.rename({"sum": kind})
        rows = rows.join(sums, on=["strategy", "branch_id"], how="left")
    rows = rows.with_columns(pl.col("hot-spot", "top-oil").fill_null(0.0))
    least = pl.max_horizontal("hot-spot", "top-oil") - _NEAR
    most = pl.col("hot-spot") + pl.col("top-oil") + _NEAR
    wrong = rows.filter(~pl.col("hours_over").is_between(least, most))
    for row in wrong.iter_rows(named=True):
        message = text("hours_over {a:g} does not go with its violations", a=row["hours_over"])
        yield found("hours", "transformers", (row["strategy"], row["branch_id"]), message)
