"""Verify a hosting capacity from its tables alone: quantiles, order, strategies, summary."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from viavolta.checks.charge_book import Book
from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

UNMANAGED = "unmanaged"
_TEXT, _NUMBER, _WHOLE = (Column(kind=k) for k in (Kind.TEXT, Kind.NUMBER, Kind.WHOLE))
_QUANTILES = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))
_KW = tuple(f"{name}_kw" for name, _ in _QUANTILES)
_FIRM = tuple(f"firm_{name}" for name in _KW)
_COUNT = tuple(f"n_vehicles_{name}" for name, _ in _QUANTILES)
_LEAST_KW, _MOST_KW = 3.7, 22.0  # of a charging point
_VEHICLES_EACH = 2
_NEAR = 1e-6
_FIRM_NEAR = 0.02  # a firm power is bisected to half a per cent, from either side
SHAPES: dict[str, dict[str, Column]] = {
    "hosting": {
        **dict.fromkeys(("node_id", "strategy", "grade"), _TEXT),
        **dict.fromkeys(("share", *_KW, *_FIRM), _NUMBER),
        **dict.fromkeys((*_COUNT, "n_draws"), _WHOLE),
    },
    "hosting_areas": {
        **dict.fromkeys(("area_id", "kind", "strategy", "method", "grade"), _TEXT),
        **dict.fromkeys((*_KW, "full_share"), _NUMBER),
        **dict.fromkeys(("households", *_COUNT, "n_draws"), _WHOLE),
    },
    "hosting_draws": {
        **dict.fromkeys(("strategy", "area_id"), _TEXT),
        **dict.fromkeys(("draw", "n_vehicles"), _WHOLE),
        "plugs_kw": _NUMBER,
        "is_full": Column(kind=Kind.TRUTH),
    },
    "hosting_nodes": {"node_id": _TEXT, "households": _WHOLE},
}


def check_hosting(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check a hosting capacity. Where the tables do not fit together, only that is reported."""
    findings = list(check_shapes(tables, SHAPES))
    if findings:
        return findings
    book = Book()
    book.add(_keys(tables))
    if book.findings():
        return book.findings()
    for rule in (_grades, _order, _draws, _quantiles, _strategies, _shares, _summary):
        book.add(rule(study, tables))
    return book.findings()


def _found(rule: str, table: str, where: tuple[Any, ...], message: str) -> Finding:
    place = ", ".join(str(part) for part in where)
    return Finding(rule=rule, table=table, where=place[:200], message=message)


def _keys(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Keys are unique, and every row is about something that is there."""
    for table, key in (
        ("hosting", ("node_id", "strategy", "share")),
        ("hosting_areas", ("area_id", "strategy")),
        ("hosting_draws", ("draw", "strategy", "area_id")),
        ("hosting_nodes", ("node_id",)),
    ):
        twice = tables[table].filter(tables[table].select(key).is_duplicated())
        for row in twice.select(key).unique(maintain_order=True).iter_rows():
            yield _found("hosting-row-repeated", table, row, text("stands there twice"))
    nodes = set(tables["hosting_nodes"]["node_id"])
    for node in sorted(set(tables["hosting"]["node_id"]) - nodes):
        yield _found("hosting-row-unknown", "hosting", (node,), text("is no node of the grid"))
    areas = tables["hosting_areas"].select("area_id", "strategy")
    drawn = tables["hosting_draws"].select("area_id", "strategy").unique(maintain_order=True)
    for table, one, other in (
        ("hosting_draws", drawn, areas),
        ("hosting_areas", areas, drawn),
    ):
        for row in one.join(other, on=("area_id", "strategy"), how="anti").iter_rows():
            message = text("is not in the other of the tables of areas and draws")
            yield _found("hosting-row-unknown", table, row, message)


def _grades(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    grade = study["summary"].get("grade")
    for table in ("hosting", "hosting_areas"):
        for other in sorted(set(tables[table]["grade"]) - {grade}):
            message = text("grade {a}, that of the study is {b}", a=other, b=grade)
            yield _found("hosting-grade", table, (other,), message)


def _order(_: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """What five per cent take is no more than what half take, and that no more than the rest."""
    for table, keys, kinds in (
        ("hosting", ("node_id", "strategy", "share"), (_KW, _FIRM, _COUNT)),
        ("hosting_areas", ("area_id", "strategy"), (_KW, _COUNT)),
    ):
        for names in kinds:
            low, middle, high = (pl.col(name) for name in names)
            wrong = tables[table].filter(~((low >= 0) & (low <= middle) & (middle <= high)))
            for row in wrong.select(keys).iter_rows():
                message = text("{a}, {b} and {c} do not rise", a=names[0], b=names[1], c=names[2])
                yield _found("hosting-order", table, row, message)


def _draws(_: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Vehicles are no more than two for each household, at charging points of 3.7 to 22 kW."""
    households = tables["hosting_areas"].select("area_id", "households").unique("area_id")
    joined = tables["hosting_draws"].join(households, on="area_id", how="left")
    count, plugs = pl.col("n_vehicles"), pl.col("plugs_kw")
    wrong = joined.filter(
        (count < 0)
        | (count > _VEHICLES_EACH * pl.col("households"))
        | (plugs < _LEAST_KW * count - _NEAR)
        | (plugs > _MOST_KW * count + _NEAR)
    )
    for row in wrong.select("draw", "strategy", "area_id").iter_rows():
        yield _found("hosting-draw", "hosting_draws", row, text("no such number of vehicles"))
    unfinished = joined.filter(
        ~pl.col("is_full")
        & (pl.col("area_id") == "grid")
        & (count != _VEHICLES_EACH * pl.col("households"))
    )
    for row in unfinished.select("draw", "strategy", "area_id").iter_rows():
        message = text("nothing broke, but not all vehicles came")
        yield _found("hosting-draw", "hosting_draws", row, message)


def _quantiles(_: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Figures of areas are those of their draws."""
    parts = dict(tables["hosting_draws"].group_by("area_id", "strategy"))
    for row in tables["hosting_areas"].iter_rows(named=True):
        key = (row["area_id"], row["strategy"])
        mine = parts[key]
        expected = {
            "n_draws": float(mine.height),
            "full_share": float(mine["is_full"].to_numpy().mean()),
        }
        for name, share in _QUANTILES:
            expected[f"{name}_kw"] = _reached(mine["plugs_kw"], share)
            expected[f"n_vehicles_{name}"] = _reached(mine["n_vehicles"], share)
        for name, value in expected.items():
            if abs(row[name] - value) > _NEAR * max(1.0, abs(value)):
                message = text("{name} is {a}, its draws say {b}", name=name, a=row[name], b=value)
                yield _found("hosting-quantile", "hosting_areas", key, message)


def _reached(values: pl.Series, share: float) -> float:
    """The lowest value that at least this share of the draws does not exceed."""
    ranked = np.sort(values.to_numpy())
    return float(ranked[max(int(np.ceil(share * len(ranked) - 1e-9)) - 1, 0)])


def _strategies(_: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """In a draw, management never lets fewer vehicles in; all strategies have the same grid."""
    draws = tables["hosting_draws"]
    plain = draws.filter(pl.col("strategy") == UNMANAGED).select(
        "draw", "area_id", least=pl.col("n_vehicles")
    )
    managed = draws.filter(pl.col("strategy") != UNMANAGED)
    joined = managed.join(plain, on=("draw", "area_id"), how="left")
    wrong = joined.filter(pl.col("least").is_null() | (pl.col("n_vehicles") < pl.col("least")))
    for row in wrong.select("draw", "strategy", "area_id").iter_rows():
        message = text("fewer vehicles than without management, or that is not there")
        yield _found("hosting-strategy", "hosting_draws", row, message)
    firm = tables["hosting"].filter(pl.col("share") == 0)
    differs = firm.group_by("node_id", maintain_order=True).agg(
        (pl.col("firm_p50_kw").max() - pl.col("firm_p50_kw").min()).alias("spread")
    )
    for row in differs.filter(pl.col("spread") > _NEAR).select("node_id").iter_rows():
        message = text("firm power depends on the strategy where nobody charges elsewhere")
        yield _found("hosting-strategy", "hosting", row, message)


def _shares(_: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """More vehicles elsewhere never leave more firm power."""
    ordered = tables["hosting"].sort("node_id", "strategy", "share")
    before = ordered.with_columns(
        pl.col(name).shift(1).over("node_id", "strategy").alias(f"before_{name}") for name in _FIRM
    )
    for name in _FIRM:
        most = pl.col(f"before_{name}") * (1 + _FIRM_NEAR) + 0.5
        for row in before.filter(pl.col(name) > most).iter_rows(named=True):
            key = (row["node_id"], row["strategy"], row["share"])
            message = text("{name} is more than with fewer vehicles elsewhere", name=name)
            yield _found("hosting-share", "hosting", key, message)


def _summary(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """The summary is that of the tables."""
    whole = tables["hosting_areas"].filter(pl.col("kind") == "grid")
    expected: dict[str, Any] = {
        "draws": tables["hosting_draws"]["draw"].n_unique(),
        "households": int(tables["hosting_nodes"]["households"].sum()),
        "strategies": whole["strategy"].to_list(),
        "n_vehicles": {
            row["strategy"]: {name: row[f"n_vehicles_{name}"] for name, _ in _QUANTILES}
            for row in whole.iter_rows(named=True)
        },
        "plugs_kw": {
            row["strategy"]: {name: row[f"{name}_kw"] for name, _ in _QUANTILES}
            for row in whole.iter_rows(named=True)
        },
        "full_share": dict(zip(whole["strategy"], whole["full_share"], strict=True)),
    }
    for key, value in expected.items():
        if study["summary"].get(key) != value:
            message = text("is not what the tables say: {value}", value=str(value)[:200])
            yield _found("hosting-summary", "study", (f"summary.{key}",), message)
