"""The check of a grid assessment: what is written passes, what is tampered with does not."""

import copy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from viavolta.checks.grid import check_grid
from viavolta.checks.grid_flow import TwinGrid
from viavolta.formats.grids import write_grid
from viavolta.model.progress import silent
from viavolta.services.assess_grid import assess_grid
from viavolta.services.grid.request import AssessRequest, ChargingSource
from viavolta.storage.study_folder import study_document

HERE = str(Path(__file__).parents[1] / "engines" / "grid" / "assess")
if HERE not in sys.path:
    sys.path.append(HERE)

Tables = dict[str, pl.DataFrame]
Tamper = Callable[[dict[str, Any], Tables], None]


def read(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def make(folder: Path, *, phase: str = "abc") -> tuple[dict[str, Any], Tables]:
    """A study of two days with everything in it: dimming, a warm station, sun, a lost step."""
    from assess_grids import station_and_mv  # noqa: PLC0415 - found by the path above

    write_grid(folder / "grid", station_and_mv())
    start = np.datetime64("2025-06-01T00:00", "s")
    hours = [start + np.timedelta64(3600 * t, "s") for t in range(48)]

    def write(name: str, header: str, rows: list[str]) -> Path:
        path = folder / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    heavy = phase == "abc"
    at_end = {12: -520, 36: -520, 40: 3_000}
    base = [
        *(f"n2,{t}Z,{5_300 if heavy else 900},abc" for t in hours),
        *(f"n3,{t}Z,{(450 if i == 5 else 300) if heavy else 60},abc" for i, t in enumerate(hours)),
        *(f"n4,{t}Z,{at_end.get(i, 20) if heavy else 20},{phase}" for i, t in enumerate(hours)),
    ]
    evening = [
        f"n4,{t}Z,{(300 if heavy else 9) if 17 <= i % 24 < 20 else 0}" for i, t in enumerate(hours)
    ]
    request = AssessRequest(
        grid=folder / "grid",
        loads=write("loads.csv", "node_id,start,p_kw,phase", base),
        charging=(ChargingSource(name="ev", path=write("ev.csv", "node_id,start,p_kw", evening)),),
        places=write("places.csv", "node_id,devices", ["n4,9"]),
        dim=("ev",),
    )
    study = assess_grid(request, read=read, progress=silent, clock=lambda: 0.0)
    return study_document(study, []), dict(study.tables)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Tables]:
    return make(tmp_path_factory.mktemp("grid"))


def rules(study: dict[str, Any], tables: Tables) -> set[str]:
    return {finding.rule for finding in check_grid(study, tables)}


def test_what_is_written_passes(made: tuple[dict[str, Any], Tables]) -> None:
    """Every kind of violation is in the study, and every rule holds."""
    study, tables = made
    assert check_grid(study, tables) == []
    kinds = set(tables["violations"]["kind"])
    assert kinds == {
        *("low-voltage", "high-voltage", "overload", "reserve"),
        *("hot-spot", "top-oil", "not-converged"),
    }
    assert {"charging", "sun", "base load"} <= set(tables["violations"]["cause"])


def test_unequal_phases_pass(tmp_path: Path) -> None:
    """The twin solves loads on single phases in symmetrical components."""
    study, tables = make(tmp_path, phase="b")
    assert set(tables["step_voltages"]["phase"]) == {"a", "b", "c"}
    assert check_grid(study, tables) == []


def first(table: str, column: str, change: Callable[[Any], Any], *, where: Any = None) -> Tamper:
    """Change one cell, the first that fits."""

    def tamper(_: dict[str, Any], tables: Tables) -> None:
        rows = tables[table].with_row_index("row")
        chosen = rows if where is None else rows.filter(where)
        row = int(chosen["row"][0])
        value = change(tables[table][column][row])
        assert value != tables[table][column][row]
        series = tables[table][column].to_list()
        series[row] = value
        dtype = tables[table].schema[column]
        tables[table] = tables[table].with_columns(pl.Series(column, series, dtype=dtype))

    return tamper


def without(table: str, where: Any) -> Tamper:
    """Take rows away."""

    def tamper(_: dict[str, Any], tables: Tables) -> None:
        left = tables[table].filter(~where)
        assert left.height < tables[table].height
        tables[table] = left

    return tamper


def summary(key: str, value: Any) -> Tamper:
    def tamper(study: dict[str, Any], _: Tables) -> None:
        assert study["summary"][key] != value
        study["summary"][key] = value

    return tamper


def of_kind(kind: str) -> pl.Expr:
    return pl.col("kind") == kind


MINUTE = np.timedelta64(60, "s")
CASES: list[tuple[str, Tamper]] = [
    ("step-voltage", first("step_voltages", "u_pu", lambda u: u + 1e-4)),
    ("step-loading", first("step_loadings", "percent", lambda p: p + 0.1)),
    ("step-voltage", first("step_loads", "p_kw", lambda p: p * 1.02)),
    (
        "step-voltage",
        first("branches", "x_ohm", lambda x: x * 1.5, where=pl.col("branch_id") == "b3"),
    ),
    ("step-voltage", first("nodes", "u_ref_pu", lambda u: u + 0.01)),
    ("step-power", first("worst_steps", "loss_kw", lambda p: p * 0.9)),
    ("step-power", first("worst_steps", "import_kw", lambda p: p + 10)),
    ("step-extreme", first("worst_steps", "lowest_pu", lambda u: u + 0.01)),
    ("extreme-grid", first("strategies", "peak_import_kw", lambda p: p - 20)),
    ("extreme", first("voltages", "min_pu", lambda _: 0.89, where=pl.col("min_pu") < 0.89)),
    ("extreme-step", first("voltages", "min_pu", lambda u: u + 1e-3)),
    (
        "extreme",
        first("loadings", "max_percent", lambda p: p + 1, where=pl.col("max_percent") > 101),
    ),
    ("hours", first("voltages", "hours_outside", lambda h: h + 1)),
    ("hours", first("loadings", "hours_over", lambda h: h + 1)),
    ("hours", first("loadings", "hours_over_reserve", lambda h: h + 1)),
    ("hours", first("transformers", "hours_over", lambda h: h + 100)),
    ("hours", without("violations", of_kind("reserve"))),
    ("extreme", without("violations", of_kind("hot-spot"))),
    ("strategy-sum", without("violations", of_kind("not-converged"))),
    ("strategy-sum", first("strategies", "violation_hours", lambda h: h - 1)),
    ("violation-kind", first("violations", "kind", lambda _: "sag")),
    ("violation-cause", first("violations", "cause", lambda _: "weather")),
    (
        "violation-element",
        first("violations", "element", lambda _: "b0", where=of_kind("low-voltage")),
    ),
    ("violation-worst", first("violations", "worst", lambda _: 1.0, where=of_kind("low-voltage"))),
    ("violation-hours", first("violations", "hours", lambda h: h + 0.3)),
    ("violation-hours", first("violations", "hours", lambda _: 0.0)),
    (
        "violation-overlap",
        first("violations", "hours", lambda h: h + 24, where=of_kind("low-voltage")),
    ),
    (
        "cause-without-charging",
        first("violations", "cause", lambda _: "charging", where=pl.col("strategy") == "none"),
    ),
    (
        "cause",
        first(
            "violations",
            "cause",
            lambda _: "base load",
            where=(pl.col("cause") == "charging") & of_kind("low-voltage"),
        ),
    ),
    ("band", first("nodes", "low_pu", lambda _: 0.8)),
    ("reserve-percent", first("branches", "reserve_percent", lambda _: 120.0)),
    ("grade", first("violations", "grade", lambda _: "A")),
    ("grade", summary("grade", "A")),
    ("transformer-oil", first("transformer_hours", "oil_c", lambda c: c + 1)),
    ("transformer-hot-spot", first("transformer_hours", "hot_spot_c", lambda c: c - 1)),
    ("transformer-highest", first("transformers", "max_hot_spot_c", lambda c: c - 1)),
    (
        "dimming",
        first("strategies", "unmet_kwh", lambda k: k + 5, where=pl.col("unmet_kwh").is_not_null()),
    ),
    ("dimming", first("strategies", "charging_kwh", lambda k: k + 5)),
    (
        "dimming",
        first("strategies", "charging_kwh", lambda k: k - 5, where=pl.col("strategy") == "ev"),
    ),
    ("summary", summary("n_nodes", 3)),
    ("summary", summary("violation_hours", {"none": 0})),
    ("summary", summary("violation_hours_by_cause", {})),
    ("summary", summary("loss_kwh", {})),
    ("summary", summary("elements_violated", {"none": 1, "ev": 1, "ev-dimmed": 1})),
    ("summary-steps", summary("step_s", 0)),
    ("summary-steps", summary("begin", "yesterday")),
    ("question", summary("question", "why")),
    ("row-repeated", lambda _, t: t.update(nodes=pl.concat([t["nodes"], t["nodes"].head(1)]))),
    ("row-unknown", first("voltages", "node_id", lambda _: "n99")),
    ("row-unknown", first("transformers", "branch_id", lambda _: "b0")),
    ("rows-missing", without("voltages", pl.col("node_id") == "n3")),
    ("rows-missing", without("worst_steps", pl.col("why") == "highest voltage")),
    ("moment-off", first("violations", "start", lambda t: t + MINUTE.astype(object))),
    ("assumption-missing", lambda s, _: s.update(assumptions=[])),
    ("column-missing", lambda _, t: t.update(step_loads=t.pop("step_loads").head(0).drop("start"))),
    ("column-missing", lambda _, t: t.update(nodes=t["nodes"].drop("low_pu"))),
]


@pytest.mark.parametrize(
    ("rule", "tamper"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)]
)
def test_tampering_is_found(made: tuple[dict[str, Any], Tables], rule: str, tamper: Tamper) -> None:
    """A study in which one thing was changed breaks the rule about it."""
    study, tables = copy.deepcopy(made[0]), dict(made[1])
    tamper(study, tables)
    assert rule in rules(study, tables)


def test_twin_by_hand() -> None:
    """One cable of 0.1 ohm from a source of 400 V, 10 kW at its end: a quadratic equation."""
    nodes = pl.DataFrame(
        {
            "node_id": ["a", "b"],
            "kind": ["source", "connection"],
            "nominal_kv": [0.4, 0.4],
            "u_ref_pu": [1.0, 1.0],
            "sk_mva": pl.Series([None, None], dtype=pl.Float64),
        }
    )
    empty = pl.Series([None], dtype=pl.Float64)
    branches = pl.DataFrame(
        {
            "kind": ["cable"],
            "from_node": ["a"],
            "to_node": ["b"],
            "is_closed": [True],
            "n_parallel": [1],
            "r_ohm": [0.1],
            "x_ohm": [0.0],
            "c_nf": [0.0],
            **dict.fromkeys(("r0_ohm", "x0_ohm", "c0_nf", "sn_kva", "uk_percent"), empty),
            **dict.fromkeys(("pk_kw", "p0_kw", "i0_percent"), empty),
            **dict.fromkeys(("rated_from_kv", "rated_to_kv", "regulated_pu"), empty),
            "max_a": [100.0],
            "tap_step_percent": [0.0],
            "vector_group": [""],
        }
    )
    power = np.array([[[0.0], [10_000 / 3]]], dtype=complex)
    flow = TwinGrid(nodes, branches).flow(np.zeros(1, dtype=np.int64), power)
    volt = 400 / np.sqrt(3)
    expected = (volt + np.sqrt(volt**2 - 4 * 0.1 * 10_000 / 3)) / 2
    assert flow.u_pu[0, 1, 0] == pytest.approx(expected / volt, abs=1e-9)
    current = 10_000 / 3 / expected
    assert flow.percent[0, 0] == pytest.approx(current)
    assert flow.loss_kw[0] == pytest.approx(3 * 0.1 * current**2 / 1e3)
    assert flow.import_kw[0] == pytest.approx(10 + flow.loss_kw[0])
