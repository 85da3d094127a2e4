"""Rules on the grid of a bus study: connections the grid bears, measures and hours that add up.

All connections at full power are put on the grid by a power flow of the check's own.
"""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

import numpy as np
import polars as pl

from viavolta.checks.bus_summary import is_number
from viavolta.checks.finding import Finding
from viavolta.checks.grid_flow import TwinGrid
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

Tables = Mapping[str, pl.DataFrame]

NONE, UNMANAGED, MANAGED = "none", "unmanaged", "managed"
_KW = 1e-6
_EUR = 0.01
_HOURS = 1e-6
_SHARE = 1e-9
_PER_PHASE_VA = 1e3 / 3
_WORSE_PU, _WORSE_PERCENT = 0.001, 0.1
"""By how much depots may worsen what the base load breaks alone."""
_NEAR_PU, _NEAR_PERCENT = 1e-5, 2e-2
"""How far two power flows may differ."""

_TEXT, _NUMBER, _WHOLE, _TRUTH = (
    Column(kind=kind) for kind in (Kind.TEXT, Kind.NUMBER, Kind.WHOLE, Kind.TRUTH)
)
_MAYBE = Column(kind=Kind.NUMBER, nullable=True)
TABLES: Mapping[str, Mapping[str, Column]] = {
    "grid_connections": {
        **dict.fromkeys(("place_id", "node_id", "binds"), _TEXT),
        **dict.fromkeys(("asked_kw", "alone_kw", "node_kw", "connection_kw"), _NUMBER),
        "distance_m": _MAYBE,
        "is_limited": _TRUTH,
    },
    "measures": {
        **dict.fromkeys(("strategy", "measure_id", "kind", "element", "removes"), _TEXT),
        "year": _WHOLE,
        "cost_eur": _NUMBER,
    },
    "violations": {
        **dict.fromkeys(("strategy", "element", "kind", "cause"), _TEXT),
        **dict.fromkeys(("hours", "hours_sizing_day"), _NUMBER),
        "worst": _MAYBE,
        "start": Column(kind=Kind.MOMENT),
    },
    "nodes": {
        **dict.fromkeys(("node_id", "kind"), _TEXT),
        **dict.fromkeys(
            ("nominal_kv", "u_ref_pu", "low_pu", "high_pu", "base_kw", "base_kvar"), _NUMBER
        ),
        **dict.fromkeys(("sk_mva", "full_pu"), _MAYBE),
    },
    "branches": {
        **dict.fromkeys(("branch_id", "kind", "from_node", "to_node"), _TEXT),
        "vector_group": _TEXT,
        "is_closed": _TRUTH,
        **dict.fromkeys(("n_parallel", "full_tap"), _WHOLE),
        **dict.fromkeys(("reserve_percent", "full_percent"), _NUMBER),
    },
}


def check_bus_grid(summary: Mapping[str, Any], tables: Tables) -> list[Finding]:
    """Check what a bus study says of its grid; nothing where it was planned without one."""
    grid = summary.get("grid")
    if grid is None and "grid_connections" not in tables:
        return []
    broken = [*check_shapes(tables, TABLES), *_keys(grid)]
    broken = broken or list(_references(tables))
    if broken:
        return broken
    assert isinstance(grid, dict)  # noqa: S101 - _keys says so
    return [*_connections(tables), *_full_load(tables), *_sums(grid, tables), *_avoided(grid)]


def _of(rule: str, table: str, where: object, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=str(where), message=message)


def _keys(grid: object) -> Iterator[Finding]:
    if not isinstance(grid, dict):
        yield _of("grid-summary", "study", "summary.grid", text("missing"))
        return
    if grid.get("grade") not in {"A", "B", "C", "D"}:
        yield _of("grid-summary", "study", "summary.grid.grade", text("expected A, B, C or D"))
    for key in ("violation_hours", "violation_hours_sizing_day", "reinforcement_eur"):
        kept = grid.get(key)
        for case in (NONE, UNMANAGED, MANAGED):
            value = kept.get(case) if isinstance(kept, dict) else None
            is_unsolved = value is None and isinstance(kept, dict) and case in kept
            if not is_number(value) and not (key == "reinforcement_eur" and is_unsolved):
                where = f"summary.grid.{key}.{case}"
                yield _of("grid-summary", "study", where, text("is no finite number"))
    if not isinstance(grid.get("avoided_share"), dict):
        yield _of("grid-summary", "study", "summary.grid.avoided_share", text("missing"))


def _references(tables: Tables) -> Iterator[Finding]:
    nodes = tables["nodes"]["node_id"]
    if nodes.n_unique() != nodes.len():
        yield _of("grid-reference", "nodes", "node_id", text("is not unique"))
    known = set(nodes)
    for name, column in (
        ("branches", "from_node"),
        ("branches", "to_node"),
        ("grid_connections", "node_id"),
    ):
        for node in sorted(set(tables[name][column]) - known):
            yield _of("grid-reference", name, column, text("{node} is no node", node=node))


def _connections(tables: Tables) -> Iterator[Finding]:
    """A connection is that of the chargers, and its node takes it."""
    of_depot = dict(tables["chargers"].select("place_id", "connection_kw").iter_rows())
    listed = tables["grid_connections"]
    for place in sorted(set(of_depot) - set(listed["place_id"])):
        yield _of("grid-connection", "grid_connections", place, text("has no node"))
    for row in listed.iter_rows(named=True):
        place, kw = row["place_id"], row["connection_kw"]
        if place in of_depot and abs(of_depot[place] - kw) > _KW:
            message = text("{kw} kW, chargers have {other} kW", kw=kw, other=of_depot[place])
            yield _of("grid-connection", "grid_connections", place, message)
        if kw > row["node_kw"] + _KW:
            message = text("{kw} kW at a node that takes {node} kW", kw=kw, node=row["node_kw"])
            yield _of("grid-node-capacity", "grid_connections", place, message)
        if row["node_kw"] > row["alone_kw"] + _KW:
            message = text(
                "{node} kW beside other depots, {alone} kW alone",
                node=row["node_kw"],
                alone=row["alone_kw"],
            )
            yield _of("grid-node-capacity", "grid_connections", place, message)


def _full_load(tables: Tables) -> Iterator[Finding]:
    """All connections at full power break nothing that the base load leaves whole."""
    nodes, branches = tables["nodes"], tables["branches"]
    twin = TwinGrid(nodes, branches)
    base = _PER_PHASE_VA * (nodes["base_kw"].to_numpy() + 1j * nodes["base_kvar"].to_numpy())
    row_of = {name: row for row, name in enumerate(nodes["node_id"])}
    full = base.copy()
    for node, kw in tables["grid_connections"].select("node_id", "connection_kw").iter_rows():
        full[row_of[node]] += _PER_PHASE_VA * kw
    tap = branches["full_tap"].to_numpy().astype(np.int64)
    flow = twin.flow(tap, np.stack([base, full])[:, :, None])
    if not flow.is_settled.all():
        yield _of("grid-full-load", "nodes", "full load", text("has no power flow"))
        return
    u_pu, percent = flow.u_pu[:, :, 0], flow.percent
    stated = nodes["full_pu"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    for n, name in enumerate(nodes["node_id"]):
        alone, found = float(u_pu[0, n]), float(u_pu[1, n])
        if np.isnan(found):
            continue
        if not abs(stated[n] - found) <= _NEAR_PU:
            message = text("{s:.6f} pu, calculated {f:.6f} pu", s=stated[n], f=found)
            yield _of("grid-full-load", "nodes", name, message)
        low = min(nodes["low_pu"][n], alone - _WORSE_PU if alone < nodes["low_pu"][n] else 9.0)
        if found < low - _NEAR_PU:
            message = text("{f:.6f} pu with all connections, limit {low:.6f}", f=found, low=low)
            yield _of("grid-limit", "nodes", name, message)
    for b, name in enumerate(branches["branch_id"]):
        alone, found = float(percent[0, b]), float(percent[1, b])
        if abs(branches["full_percent"][b] - found) > _NEAR_PERCENT:
            message = text(
                "{s:.3f} %, calculated {f:.3f} %", s=branches["full_percent"][b], f=found
            )
            yield _of("grid-full-load", "branches", name, message)
        most = branches["reserve_percent"][b]
        most = alone + _WORSE_PERCENT if alone > most else most
        if found > most + _NEAR_PERCENT:
            message = text("{f:.3f} % with all connections, limit {m:.3f} %", f=found, m=most)
            yield _of("grid-limit", "branches", name, message)


def _sums(grid: Mapping[str, Any], tables: Tables) -> Iterator[Finding]:
    """Costs of measures and hours of violations are those of the summary."""
    for case in (NONE, UNMANAGED, MANAGED):
        mine = tables["violations"].filter(pl.col("strategy") == case)
        for key, column in (
            ("violation_hours", "hours"),
            ("violation_hours_sizing_day", "hours_sizing_day"),
        ):
            stated, total = grid[key][case], float(mine[column].sum())
            if not isclose(stated, total, rel_tol=1e-9, abs_tol=_HOURS):
                message = text("{s} h, violations add up to {t:.6f} h", s=stated, t=total)
                yield _of("grid-hours", "violations", f"{key}.{case}", message)
        works = tables["measures"].filter(pl.col("strategy") == case)
        eur, total = grid["reinforcement_eur"][case], float(works["cost_eur"].sum())
        if eur is None:
            if works.height:
                message = text("measures of a case in which none suffice")
                yield _of("grid-measures", "measures", case, message)
            continue
        if abs(eur - total) > _EUR:
            message = text("{s:.2f} EUR, measures add up to {t:.2f} EUR", s=eur, t=total)
            yield _of("grid-measures", "measures", case, message)
        if mine.height and not works.height:
            yield _of("grid-measures", "measures", case, text("violations, and nothing is built"))


def _avoided(grid: Mapping[str, Any]) -> Iterator[Finding]:
    plain, managed = (grid["reinforcement_eur"][case] for case in (UNMANAGED, MANAGED))
    stated = grid["avoided_share"].get(MANAGED)
    if plain is None or managed is None or plain <= 0:
        is_right = stated is None
    else:
        is_right = is_number(stated) and abs(stated - (1 - managed / plain)) <= _SHARE
    if not is_right:
        message = text("{s} is not 1 - {m} / {p}", s=stated, m=managed, p=plain)
        yield _of("grid-avoided", "study", "summary.grid.avoided_share", message)
