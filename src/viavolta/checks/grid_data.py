"""The tables of a grid assessment: their shapes, and whether they fit together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

Tables = Mapping[str, pl.DataFrame]

NONE, DIMMED, WHOLE_GRID = "none", "-dimmed", "grid"
KINDS = (
    *("low-voltage", "high-voltage", "overload", "reserve"),
    *("hot-spot", "top-oil", "not-converged"),
)
CAUSES = ("charging", "discharging", "sun", "base load", "several")
GRADES = ("A", "B", "C", "D")
FIGURES = (
    "grid.band.low_pu",
    "grid.band.high_pu",
    "grid.thermal.hot_spot_most_c",
    "grid.thermal.oil_most_c",
    "grid.thermal.distribution_most_kva",
)
"""Assumptions that the rules need, beside those of the kinds of transformers."""

_TEXT, _NUMBER, _MOMENT = Column(kind=Kind.TEXT), Column(kind=Kind.NUMBER), Column(kind=Kind.MOMENT)
_MAYBE, _WHOLE, _TRUTH = (
    Column(kind=Kind.NUMBER, nullable=True),
    Column(kind=Kind.WHOLE),
    Column(kind=Kind.TRUTH),
)
_GRADED = {"strategy": _TEXT, "grade": _TEXT}
_STEP = {"strategy": _TEXT, "start": _MOMENT}
SHAPES: dict[str, dict[str, Column]] = {
    "voltages": {
        **_GRADED,
        "node_id": _TEXT,
        "min_pu": _MAYBE,
        "max_pu": _MAYBE,
        "hours_outside": _NUMBER,
    },
    "loadings": {
        **_GRADED,
        "branch_id": _TEXT,
        **dict.fromkeys(("max_percent", "hours_over", "hours_over_reserve"), _NUMBER),
    },
    "transformers": {
        **_GRADED,
        "branch_id": _TEXT,
        **dict.fromkeys(
            ("max_percent", "max_hot_spot_c", "max_oil_c", "hours_over", "ageing_rate"), _NUMBER
        ),
    },
    "violations": {
        **_GRADED,
        **dict.fromkeys(("element", "kind", "cause"), _TEXT),
        **dict.fromkeys(("start", "worst_start"), _MOMENT),
        "hours": _NUMBER,
        "worst": _MAYBE,
    },
    "strategies": {
        **_GRADED,
        **dict.fromkeys(
            (
                *("import_kwh", "export_kwh", "peak_import_kw", "peak_export_kw", "loss_kwh"),
                *("charging_kwh", "violation_hours"),
            ),
            _NUMBER,
        ),
        "steps_not_converged": _WHOLE,
        "dimmed_hours": _MAYBE,
        "unmet_kwh": _MAYBE,
    },
    "profile": {**_STEP, "import_kw": _MAYBE, "rest_kw": _NUMBER, "charging_kw": _NUMBER},
    "nodes": {
        **dict.fromkeys(("node_id", "kind", "level"), _TEXT),
        **dict.fromkeys(("nominal_kv", "u_ref_pu", "low_pu", "high_pu"), _NUMBER),
        **dict.fromkeys(("lat", "lon", "sk_mva"), _MAYBE),
    },
    "branches": {
        **dict.fromkeys(("branch_id", "kind", "from_node", "to_node", "vector_group"), _TEXT),
        "is_closed": _TRUTH,
        **dict.fromkeys(("n_parallel", "tap_pos", "tap_min", "tap_max"), _WHOLE),
        **dict.fromkeys(("length_km", "tap_step_percent", "reserve_percent"), _NUMBER),
        **dict.fromkeys(
            (
                *("r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf", "max_a", "sn_kva"),
                *("uk_percent", "pk_kw", "p0_kw", "i0_percent", "rated_from_kv", "rated_to_kv"),
                "regulated_pu",
            ),
            _MAYBE,
        ),
    },
    "worst_steps": {
        **_STEP,
        "why": _TEXT,
        **dict.fromkeys(
            ("import_kw", "loss_kw", "lowest_pu", "highest_pu", "highest_percent"), _NUMBER
        ),
    },
    "step_loads": {
        **_STEP,
        **dict.fromkeys(("node_id", "phase"), _TEXT),
        "is_charging": _TRUTH,
        "p_kw": _NUMBER,
        "q_kvar": _NUMBER,
    },
    "step_voltages": {**_STEP, **dict.fromkeys(("node_id", "phase"), _TEXT), "u_pu": _MAYBE},
    "step_loadings": {**_STEP, "branch_id": _TEXT, "percent": _NUMBER, "tap_pos": _WHOLE},
    "transformer_hours": {
        **_STEP,
        "branch_id": _TEXT,
        "percent": _MAYBE,
        **dict.fromkeys(("ambient_c", "oil_c", "hot_spot_c"), _NUMBER),
    },
}
_KEYS = {
    "voltages": ["strategy", "node_id"],
    "loadings": ["strategy", "branch_id"],
    "transformers": ["strategy", "branch_id"],
    "violations": ["strategy", "element", "kind", "start"],
    "strategies": ["strategy"],
    "profile": ["strategy", "start"],
    "nodes": ["node_id"],
    "branches": ["branch_id"],
    "worst_steps": ["strategy", "start"],
    "step_loads": ["strategy", "start", "node_id", "phase", "is_charging"],
    "step_voltages": ["strategy", "start", "node_id", "phase"],
    "step_loadings": ["strategy", "start", "branch_id"],
    "transformer_hours": ["strategy", "branch_id", "start"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GridData:
    """A grid assessment whose tables fit together.

    Attributes
    ----------
    tables : by name. summary : of the study. figures : numbers among its assumptions, by key.
    step_s : length of a step. begin_us : the first step, microseconds since 1970.
    """

    tables: Tables
    summary: Mapping[str, Any]
    figures: Mapping[str, float]
    step_s: int
    n_steps: int
    begin_us: int

    @property
    def step_h(self) -> float:
        """Length of a step in hours."""
        return self.step_s / 3600


def read_grid_data(
    study: Mapping[str, Any], tables: Tables
) -> tuple[GridData | None, list[Finding]]:
    """Read the tables; findings, and no data, where they do not fit together."""
    findings = list(check_shapes(tables, SHAPES))
    if findings:
        return None, findings
    for rule in (_repeated, _references, _counts):
        findings += rule(tables)
        if findings:
            return None, findings
    summary = study.get("summary") or {}
    figures = {
        item["key"]: float(item["value"])
        for item in study.get("assumptions", [])
        if isinstance(item.get("value"), int | float)
    }
    findings = [*_summary_steps(summary), *_figures(figures)]
    if findings:
        return None, findings
    begin = pl.Series([summary["begin"]]).str.to_datetime(time_unit="us", time_zone="UTC")
    data = GridData(
        tables=tables,
        summary=summary,
        figures=figures,
        step_s=int(summary["step_s"]),
        n_steps=int(summary["steps"]),
        begin_us=int(begin.to_physical()[0]),
    )
    findings = list(_times(data))
    return (None if findings else data), findings


def _repeated(tables: Tables) -> Iterator[Finding]:
    for name, keys in _KEYS.items():
        table = tables[name].select(keys)
        for row in table.filter(table.is_duplicated()).unique(maintain_order=True).iter_rows():
            yield found("row-repeated", name, row, text("more than one row with the same key"))


def _references(tables: Tables) -> Iterator[Finding]:
    """Every strategy, node and branch that a table names is there."""
    nodes, branches = tables["nodes"]["node_id"], tables["branches"]["branch_id"]
    known = {
        "strategy": tables["strategies"]["strategy"],
        "node_id": nodes,
        "from_node": nodes,
        "to_node": nodes,
        "branch_id": branches,
        "phase": pl.Series(["abc", "a", "b", "c"]),
    }
    for name, columns in SHAPES.items():
        for column, members in known.items():
            if column not in columns:
                continue
            strange = tables[name][column].unique()
            strange = strange.filter(~strange.is_in(members.implode())).sort()
            for word in strange:
                yield found("row-unknown", name, (column, word), text("there is no such one"))
    transformers = branches.filter(tables["branches"]["kind"] == "transformer")
    for name in ("transformers", "transformer_hours"):
        strange = tables[name]["branch_id"].unique()
        for word in strange.filter(~strange.is_in(transformers.implode())).sort():
            yield found("row-unknown", name, (word,), text("is no transformer"))


def _counts(tables: Tables) -> Iterator[Finding]:
    """A row for each strategy and element, and at each worst step for each element."""
    n_strategies, n_steps = tables["strategies"].height, tables["worst_steps"].height
    n_nodes, branches = tables["nodes"].height, tables["branches"]
    used = branches.filter((pl.col("kind") == "transformer") & pl.col("is_closed")).height
    phases = tables["step_voltages"].group_by("strategy", "start").agg(pl.col("phase").n_unique())
    expected = {
        "voltages": n_strategies * n_nodes,
        "loadings": n_strategies * branches.height,
        "transformers": n_strategies * used,
        "step_voltages": n_nodes * int(phases["phase"].sum()),
        "step_loadings": n_steps * branches.height,
    }
    for name, n in expected.items():
        if tables[name].height != n:
            message = text("{n} rows, expected {m}", n=tables[name].height, m=n)
            yield found("rows-missing", name, (name,), message)
    asked = tables["worst_steps"].select("strategy", "start")
    for name in ("step_voltages", "step_loadings", "step_loads"):
        there = tables[name].select("strategy", "start").unique()
        stray = there.join(asked, on=["strategy", "start"], how="anti")
        missing = asked.join(there, on=["strategy", "start"], how="anti")
        if len(stray) or (len(missing) and name != "step_loads"):
            row = (stray if len(stray) else missing).row(0)
            yield found("rows-missing", name, row, text("does not go with worst_steps"))
    if NONE not in tables["strategies"]["strategy"]:
        yield found("rows-missing", "strategies", (NONE,), text("the strategy is missing"))


def _summary_steps(summary: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("steps", "step_s"):
        value = summary.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            yield found("summary-steps", "study", (key,), text("is {value!r}", value=value))
    try:
        parsed = pl.Series([summary.get("begin")], dtype=pl.String, strict=False)
        parsed.str.to_datetime(time_unit="us", time_zone="UTC")
        missing = parsed[0] is None
    except (pl.exceptions.PolarsError, TypeError):
        missing = True
    if missing:
        value = summary.get("begin")
        yield found("summary-steps", "study", ("begin",), text("is {value!r}", value=value))


def _figures(figures: Mapping[str, float]) -> Iterator[Finding]:
    for key in FIGURES:
        if key not in figures:
            yield found("assumption-missing", "study", (key,), text("is not among the assumptions"))


def _times(data: GridData) -> Iterator[Finding]:
    """Every moment is a step of the study."""
    for name, columns in SHAPES.items():
        for column in ("start", "worst_start"):
            if column not in columns:
                continue
            since = data.tables[name][column].to_physical() - data.begin_us
            step_us = data.step_s * 1_000_000
            off = (since % step_us != 0) | (since < 0) | (since >= data.n_steps * step_us)
            if off.any():
                row = data.tables[name].filter(off).row(0)
                yield found("moment-off", name, row[:3], text("{c} is no step", c=column))


def found(rule: str, table: str, where: tuple[Any, ...], message: str) -> Finding:
    """A finding at a key."""
    place = ", ".join(str(part) for part in where)
    return Finding(rule=rule, table=table, where=place[:200], message=message)
