"""Extremes of a grid assessment: no worse than its violations, and reached by its worst steps."""

from collections.abc import Iterator

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.grid_data import GridData, found
from viavolta.checks.grid_results import WORST_IS_LEAST, sums_of
from viavolta.checks.grid_steps import NEAR_PERCENT, NEAR_PU
from viavolta.model.messages import text

_NEAR = 1e-6
_NEAR_C = 1e-4
_ALL = 100.0  # percent
_SHOWN = 20


def check_extremes(data: GridData) -> Iterator[Finding]:
    """What is outside a limit has a violation as bad, and no worst step is worse than extremes."""
    nodes = data.tables["nodes"].select("node_id", "low_pu", "high_pu")
    voltages = data.tables["voltages"].join(nodes, on="node_id")
    branches = data.tables["branches"].select("branch_id", "reserve_percent")
    loadings = data.tables["loadings"].join(branches, on="branch_id")
    warm = data.tables["transformers"]
    hot, oil = (data.figures[f"grid.thermal.{name}_most_c"] for name in ("hot_spot", "oil"))
    for rows, table, name, column, limit, kind, near in (
        (voltages, "voltages", "node_id", "min_pu", pl.col("low_pu"), "low-voltage", NEAR_PU),
        (voltages, "voltages", "node_id", "max_pu", pl.col("high_pu"), "high-voltage", NEAR_PU),
        (loadings, "loadings", "branch_id", "max_percent", pl.lit(_ALL), "overload", NEAR_PERCENT),
        (
            warm,
            "transformers",
            "branch_id",
            "max_hot_spot_c",
            pl.lit(hot),
            "hot-spot",
            _NEAR_C,
        ),
        (warm, "transformers", "branch_id", "max_oil_c", pl.lit(oil), "top-oil", _NEAR_C),
    ):
        worst = "least" if kind == WORST_IS_LEAST else "most"
        sums = sums_of(data, kind).rename({"element": name}).select("strategy", name, worst)
        both = rows.join(sums, on=["strategy", name], how="left")
        sign = -1 if worst == "least" else 1
        is_outside = sign * (pl.col(column) - limit) > near
        differs = (pl.col(column) - pl.col(worst)).abs() > near
        wrong = both.filter(
            (is_outside & pl.col(worst).is_null()) | (pl.col(worst).is_not_null() & differs)
        )
        for row in wrong.iter_rows(named=True):
            message = text(
                "{c} {a}, its violations reach {b}", c=column, a=row[column], b=row[worst]
            )
            yield found("extreme", table, (row["strategy"], row[name]), message)
    same = data.tables["transformers"].join(
        loadings, on=["strategy", "branch_id"], suffix="_of_branch"
    )
    for row in same.filter(
        (pl.col("max_percent") - pl.col("max_percent_of_branch")).abs() > NEAR_PERCENT
    ).iter_rows(named=True):
        key = (row["strategy"], row["branch_id"])
        yield found("extreme", "transformers", key, text("max_percent is not that of loadings"))
    yield from _against_steps(data, voltages, loadings)


def _against_steps(
    data: GridData, voltages: pl.DataFrame, loadings: pl.DataFrame
) -> Iterator[Finding]:
    """Worst steps lie within the extremes, and reach the extremes of the grid."""
    steps = data.tables["step_voltages"].join(voltages, on=["strategy", "node_id"])
    wrong = steps.filter(
        (pl.col("u_pu") < pl.col("min_pu") - NEAR_PU)
        | (pl.col("u_pu") > pl.col("max_pu") + NEAR_PU)
    )
    for row in wrong.head(_SHOWN).iter_rows(named=True):
        message = text(
            "{u} pu is outside {a} to {b}", u=row["u_pu"], a=row["min_pu"], b=row["max_pu"]
        )
        yield found("extreme-step", "voltages", (row["strategy"], row["node_id"]), message)
    branch = data.tables["step_loadings"].join(loadings, on=["strategy", "branch_id"])
    for row in (
        branch.filter(pl.col("percent") > pl.col("max_percent") + NEAR_PERCENT)
        .head(_SHOWN)
        .iter_rows(named=True)
    ):
        message = text("{p} % is above {m}", p=row["percent"], m=row["max_percent"])
        yield found("extreme-step", "loadings", (row["strategy"], row["branch_id"]), message)
    worst = (
        data.tables["worst_steps"]
        .group_by("strategy")
        .agg(
            pl.col("lowest_pu").min(),
            pl.col("highest_pu").max(),
            pl.col("highest_percent").max(),
            pl.col("import_kw").max().alias("most_kw"),
            pl.col("import_kw").min().alias("least_kw"),
        )
    )
    for row in worst.iter_rows(named=True):
        name = row["strategy"]
        own = voltages.filter(pl.col("strategy") == name)
        load = loadings.filter(pl.col("strategy") == name)
        total = data.tables["strategies"].filter(pl.col("strategy") == name)
        for what, value, expected, near in (
            ("min_pu", own["min_pu"].min(), row["lowest_pu"], NEAR_PU),
            ("max_pu", own["max_pu"].max(), row["highest_pu"], NEAR_PU),
            ("max_percent", load["max_percent"].max(), row["highest_percent"], NEAR_PERCENT),
            ("peak_import_kw", total["peak_import_kw"][0], max(row["most_kw"], 0.0), _NEAR),
            ("peak_export_kw", total["peak_export_kw"][0], max(-row["least_kw"], 0.0), _NEAR),
        ):
            if not abs(value - expected) <= near:
                message = text("{w} {a}, the worst steps reach {b}", w=what, a=value, b=expected)
                yield found("extreme-grid", "worst_steps", (name,), message)
