"""Temperatures of transformers, followed again step by step as IEC 60076-7 says."""

import math
from collections.abc import Iterator

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.grid_data import GridData, found
from viavolta.model.messages import text

_NEAR_C = 1e-4
_NAMES = (
    *("oil_rise_k", "gradient_k", "oil_time_min", "winding_time_min"),
    *("oil_exponent", "winding_exponent", "k11", "k21", "k22"),
)
_MOST_RATIO = 100.0


def check_temperatures(data: GridData) -> Iterator[Finding]:
    """Follow the oil from each row to the next, and the hot spot where its parts are known.

    The hot spot of a distribution transformer (k21 = 1) has one part, so that it can be followed
    from any row. The two parts of a power transformer cannot be told apart in the table; its hot
    spot must lie within what both could add to the oil.
    """
    branches = {row["branch_id"]: row for row in data.tables["branches"].iter_rows(named=True)}
    for (strategy, branch_id), rows in _groups(data.tables["transformer_hours"]):
        branch = branches[branch_id]
        is_small = branch["sn_kva"] <= data.figures["grid.thermal.distribution_most_kva"]
        prefix = f"grid.thermal.{'distribution' if is_small else 'power'}."
        missing = [name for name in _NAMES if prefix + name not in data.figures]
        if missing:
            key = prefix + missing[0]
            yield found("assumption-missing", "study", (key,), text("is not an assumption"))
            return
        kind = {name: data.figures[prefix + name] for name in _NAMES}
        yield from _follow(data, (strategy, branch_id), rows, kind=kind, ratio=_ratio(branch))


def _groups(table: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    for key, rows in table.group_by("strategy", "branch_id", maintain_order=True):
        yield (str(key[0]), str(key[1])), rows.sort("start")


def _ratio(branch: dict[str, float]) -> float:
    return branch["pk_kw"] / branch["p0_kw"] if branch["p0_kw"] > 0 else _MOST_RATIO


def _follow(
    data: GridData,
    key: tuple[str, str],
    rows: pl.DataFrame,
    *,
    kind: dict[str, float],
    ratio: float,
) -> Iterator[Finding]:
    load = [0.0 if value is None else value / 100 for value in rows["percent"]]
    known = [value is not None for value in rows["percent"]]
    for t in range(1, rows.height):
        if not known[t]:
            load[t] = load[t - 1]
    oil, spot, air = (rows[name].to_list() for name in ("oil_c", "hot_spot_c", "ambient_c"))
    when = rows["start"].to_list()
    minutes = data.step_s / 60
    oil_keeps = math.exp(-minutes / (kind["k11"] * kind["oil_time_min"]))
    spot_keeps = math.exp(-minutes / (kind["k22"] * kind["winding_time_min"]))
    for t in range(1, rows.height):
        share = (1 + load[t] ** 2 * ratio) / (1 + ratio)
        oil_end = air[t] + share ** kind["oil_exponent"] * kind["oil_rise_k"]
        expected = oil_end + (oil[t - 1] - oil_end) * oil_keeps
        if abs(expected - oil[t]) > _NEAR_C:
            yield _differs("transformer-oil", (*key, when[t]), value=oil[t], wanted=expected)
            return
        rise_end = load[t] ** kind["winding_exponent"] * kind["gradient_k"]
        if kind["k21"] == 1:
            before = spot[t - 1] - oil[t - 1]
            wanted = oil[t] + rise_end + (before - rise_end) * spot_keeps
            if abs(wanted - spot[t]) > _NEAR_C:
                yield _differs(
                    "transformer-hot-spot", (*key, when[t]), value=spot[t], wanted=wanted
                )
                return
    most = 2 * kind["k21"] * kind["gradient_k"] * max(1.0, *load) ** kind["winding_exponent"]
    for t in range(rows.height):
        if not -most <= spot[t] - oil[t] <= most:
            yield _differs("transformer-hot-spot", (*key, when[t]), value=spot[t], wanted=oil[t])
            return
    yield from _highest(data, key, rows)


def _highest(data: GridData, key: tuple[str, str], rows: pl.DataFrame) -> Iterator[Finding]:
    """The last row has the highest hot spot of all, and the table transformers says so."""
    total = data.tables["transformers"].filter(
        (pl.col("strategy") == key[0]) & (pl.col("branch_id") == key[1])
    )
    if total.is_empty():
        yield found("rows-missing", "transformers", key, text("the transformer is missing"))
        return
    highest = total["max_hot_spot_c"][0]
    last, most = rows["hot_spot_c"][-1], rows["hot_spot_c"].max()
    if abs(last - highest) > _NEAR_C or most > highest + _NEAR_C:
        message = text("{a:.3f} degC, the hours have {b:.3f}", a=highest, b=last)
        yield found("transformer-highest", "transformers", key, message)
    if rows["oil_c"].max() > total["max_oil_c"][0] + _NEAR_C:
        yield found("transformer-highest", "transformers", key, text("max_oil_c is too low"))


def _differs(rule: str, key: tuple[object, ...], *, value: float, wanted: float) -> Finding:
    message = text("{a:.3f} degC, expected {b:.3f}", a=value, b=wanted)
    return found(rule, "transformer_hours", key, message)
