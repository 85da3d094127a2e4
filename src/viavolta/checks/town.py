"""Verify the study of a town from its tables alone: sums, prices, years, intervals."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from viavolta.checks.charge_book import Book
from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.checks.town_prices import check_prices
from viavolta.model.messages import text

NONE, UNMANAGED = "none", "unmanaged"
_EUR = 0.01
_SHARE = 1e-6
_QUANTILES = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))
_CASE = ("draw", "strategy", "ev_share")

_TEXT, _NUMBER, _WHOLE = (Column(kind=k) for k in (Kind.TEXT, Kind.NUMBER, Kind.WHOLE))
_MAYBE = Column(kind=Kind.NUMBER, nullable=True)
_MEASURES = {
    "draw": _WHOLE,
    **dict.fromkeys(("strategy", "measure_id", "kind", "element", "removes", "node"), _TEXT),
    **dict.fromkeys(("type_id", "binds"), _TEXT),
    **dict.fromkeys(("ev_share", "cost_eur", "length_km", "needed_share"), _NUMBER),
    "count": _WHOLE,
    "year": Column(kind=Kind.WHOLE, nullable=True),
}
SHAPES: dict[str, dict[str, Column]] = {
    "nodes": {"node_id": _TEXT, "nominal_kv": _NUMBER},
    "voltages": {
        **dict.fromkeys(("strategy", "node_id"), _TEXT),
        **dict.fromkeys(("ev_share", "min_pu", "max_pu", "hours_outside"), _NUMBER),
    },
    "loadings": {
        **dict.fromkeys(("strategy", "branch_id"), _TEXT),
        **dict.fromkeys(("ev_share", "max_percent", "hours_over"), _NUMBER),
    },
    "violations": {
        **dict.fromkeys(("strategy", "element", "kind", "cause"), _TEXT),
        **dict.fromkeys(("ev_share", "hours"), _NUMBER),
        "start": Column(kind=Kind.MOMENT),
        "worst": _MAYBE,
    },
    "measures": _MEASURES,
    "draw_measures": _MEASURES,
    "draws": {
        **dict.fromkeys(("draw", "n_cars", "n_violated"), _WHOLE),
        "strategy": _TEXT,
        "is_solved": Column(kind=Kind.TRUTH),
        **dict.fromkeys(
            (
                *("ev_share", "energy_kwh", "wanted_kwh", "unmet_kwh", "violation_hours"),
                *("cost_eur", "lower_bound_eur", "reinforcement_eur", "verified_hours"),
            ),
            _NUMBER,
        ),
    },
    "years": {
        "strategy": _TEXT,
        "year": _WHOLE,
        **dict.fromkeys(("ev_share", "p05_eur", "p50_eur", "p95_eur"), _NUMBER),
    },
    "needs": {
        **dict.fromkeys(("strategy", "kind", "element"), _TEXT),
        "draws_share": _NUMBER,
    },
    "prices": {"item": _TEXT, "price_eur": _NUMBER},
}


def check_town(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    """Check the study of a town. Where the tables do not fit together, only that is reported."""
    summary = study["summary"]
    broken = [*check_shapes(tables, SHAPES), *_keys(summary)]
    broken = broken or list(_cases(summary, tables))
    if broken:
        return broken
    book = Book()
    for findings in (
        _sums(tables),
        check_prices(tables),
        _verified(tables),
        _energy(tables),
        _measure_years(tables),
        _years(tables),
        _needs(tables),
        _shown(summary, tables),
        _summary(summary, tables),
    ):
        book.add(findings)
    return book.findings()


def _finding(rule: str, table: str, where: object, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=str(where), message=message)


def _keys(summary: dict[str, Any]) -> Iterator[Finding]:
    for key, kind in (
        *(("draws", int), ("shown_draw", int), ("ev_shares", list), ("strategies", list)),
        *(("cases", list), ("reinforcement_eur", dict), ("avoided_share", dict)),
        *(("violation_hours", dict), ("grade", str), ("first_year", int)),
    ):
        if not isinstance(summary.get(key), kind):
            yield _finding(
                "summary-key", "study", f"summary.{key}", text("missing, or not what it should be")
            )
    if summary.get("grade") not in {"A", "B", "C", "D"}:
        yield _finding("grade", "study", "summary.grade", text("expected A, B, C or D"))


def _cases(summary: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Every strategy stands in every draw at every share once, the town without cars too."""
    draws = tables["draws"]
    numbers = sorted(set(draws["draw"].to_list()))
    if len(numbers) != summary["draws"]:
        message = text("{n} draws, the summary says {m}", n=len(numbers), m=summary["draws"])
        yield _finding("draws-missing", "draws", "draw", message)
    wanted = {
        (draw, name, share)
        for draw in numbers
        for name in summary["strategies"]
        for share in ([0.0] if name == NONE else summary["ev_shares"])
    }
    found = list(draws.select(_CASE).iter_rows())
    for key in sorted(wanted ^ set(found), key=str):
        yield _finding("draws-missing", "draws", key, text("expected exactly once"))
    if len(found) != len(set(found)):
        yield _finding("row-repeated", "draws", "draw", text("a case stands there twice"))
    if UNMANAGED not in summary["strategies"] or NONE not in summary["strategies"]:
        yield _finding("draws-missing", "draws", "strategy", text("none and unmanaged are there"))
    for key in sorted(set(tables["draw_measures"].select(_CASE).iter_rows()) - set(found), key=str):
        yield _finding("row-unknown", "draw_measures", key, text("there is no such case"))


def _sums(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Costs are the sums of measures; stages add up."""
    spent = tables["draw_measures"].group_by(_CASE).agg(pl.col("cost_eur").sum().alias("sum"))
    rows = (
        tables["draws"].join(spent, on=_CASE, how="left").with_columns(pl.col("sum").fill_null(0))
    )
    base = {
        row["draw"]: row["cost_eur"]
        for row in rows.iter_rows(named=True)
        if row["strategy"] == NONE
    }
    total: dict[tuple[int, str], float] = {}
    for row in rows.sort(_CASE).iter_rows(named=True):
        key = tuple(row[name] for name in _CASE)
        if abs(row["cost_eur"] - row["sum"]) > _EUR:
            message = text("{a:.2f} EUR, its measures {b:.2f}", a=row["cost_eur"], b=row["sum"])
            yield _finding("cost-sum", "draws", key, message)
        so_far = total.get(key[:2], 0.0 if row["strategy"] == NONE else base[row["draw"]])
        total[key[:2]] = so_far + row["cost_eur"]
        if abs(total[key[:2]] - row["reinforcement_eur"]) > _EUR:
            message = text(
                "{a:.2f} EUR, all stages {b:.2f}", a=row["reinforcement_eur"], b=total[key[:2]]
            )
            yield _finding("stage-sum", "draws", key, message)
        if row["lower_bound_eur"] > row["cost_eur"] + _EUR:
            yield _finding("bound-above-cost", "draws", key, text("the bound is above the cost"))


def _verified(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """With all measures nothing is broken; without violations nothing is built."""
    built = set(tables["draw_measures"].select(_CASE).iter_rows())
    for row in tables["draws"].iter_rows(named=True):
        key = tuple(row[name] for name in _CASE)
        if row["is_solved"] and row["verified_hours"] != 0:
            message = text("{h:g} hours remain outside the limits", h=row["verified_hours"])
            yield _finding("violations-remain", "draws", key, message)
        if (row["violation_hours"] > 0) != (row["n_violated"] > 0) and row["n_violated"]:
            yield _finding("violations-count", "draws", key, text("elements without hours"))
        if row["violation_hours"] == 0 and key in built:
            yield _finding("built-for-nothing", "draws", key, text("nothing was broken"))
        if row["violation_hours"] > 0 and row["is_solved"] and key not in built:
            yield _finding("violations-remain", "draws", key, text("nothing built"))


def _energy(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    for row in tables["draws"].iter_rows(named=True):
        if not -_SHARE <= row["unmet_kwh"] <= row["wanted_kwh"] + _SHARE:
            key = tuple(row[name] for name in _CASE)
            yield _finding("unmet-range", "draws", key, text("between 0 and what was wanted"))


def _measure_years(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """A measure is due in the first year whose uptake reaches the share at which it is needed."""
    uptake = dict(tables["years"].select("year", "ev_share").iter_rows())
    for row in tables["draw_measures"].iter_rows(named=True):
        due = [year for year, share in sorted(uptake.items()) if share >= row["needed_share"]]
        year = min(uptake) if row["strategy"] == NONE else (due[0] if due else None)
        if row["year"] != year:
            message = text("{found}, by the uptake {due}", found=row["year"], due=year)
            yield _finding("measure-year", "draw_measures", row["measure_id"], message)
        if row["needed_share"] > row["ev_share"] + _SHARE:
            message = text("needed later than at the share it is built for")
            yield _finding("measure-share", "draw_measures", row["measure_id"], message)


def _years(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Spent by a year: quantiles over the draws of what is due by then."""
    measures = tables["draw_measures"]
    draws = sorted(set(tables["draws"]["draw"].to_list()))
    for row in tables["years"].iter_rows(named=True):
        due = measures.filter(
            pl.col("strategy").is_in([NONE, row["strategy"]]) & (pl.col("year") <= row["year"])
        )
        by_draw = dict(due.group_by("draw").agg(pl.col("cost_eur").sum()).iter_rows())
        spent = [by_draw.get(draw, 0.0) for draw in draws]
        for name, share in _QUANTILES:
            if abs(float(np.quantile(spent, share)) - row[f"{name}_eur"]) > _EUR:
                key = (row["strategy"], row["year"], name)
                yield _finding("year-interval", "years", key, text("not that of the measures"))


def _needs(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    key = ["strategy", "kind", "element"]
    n = tables["draws"]["draw"].n_unique()
    counted = tables["draw_measures"].group_by(key).agg(pl.col("draw").n_unique())
    wanted = {tuple(row[:3]): row[3] / n for row in counted.iter_rows()}
    found = {tuple(row[:3]): row[3] for row in tables["needs"].select(*key, "draws_share").rows()}
    for name in sorted(wanted.keys() | found.keys()):
        if abs(wanted.get(name, 0.0) - found.get(name, 0.0)) > _SHARE:
            yield _finding("needs-share", "needs", name, text("not the share of the draws"))


def _shown(summary: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Tables of single elements are those of the shown draw, and add up to its hours."""
    shown, last = summary["shown_draw"], summary["ev_shares"][-1]
    mine = tables["draw_measures"].filter(pl.col("draw") == shown)
    if not mine.equals(tables["measures"].select(mine.columns)):
        yield _finding("shown-measures", "measures", shown, text("not those of the shown draw"))
    draws = tables["draws"].filter(pl.col("draw") == shown)
    lost = tables["violations"].filter(pl.col("kind") == "not-converged")
    for row in draws.iter_rows(named=True):
        if row["strategy"] != NONE and row["ev_share"] != last:
            continue
        here = pl.col("strategy") == row["strategy"]
        hours = sum(
            float(sum(table.filter(here)[column]))
            for table, column in (
                (tables["voltages"], "hours_outside"),
                (tables["loadings"], "hours_over"),
                (lost, "hours"),
            )
        )
        told = float(sum(tables["violations"].filter(here)["hours"]))
        for what, value in (("voltages", hours), ("violations", told)):
            if abs(value - row["violation_hours"]) > _SHARE * max(1.0, value):
                message = text("{a:g} h, the draw has {b:g}", a=value, b=row["violation_hours"])
                yield _finding("violation-hours", what, row["strategy"], message)


def _summary(summary: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Intervals and shares avoided follow from the draws."""
    draws, last = tables["draws"].sort("draw"), summary["ev_shares"][-1]

    def of(strategy: str, share: float) -> pl.DataFrame:
        at = 0.0 if strategy == NONE else share
        return draws.filter((pl.col("strategy") == strategy) & (pl.col("ev_share") == at))

    def compare(key: str, found: Any, values: list[float]) -> Iterator[Finding]:
        wanted = {n: float(np.quantile(values, q)) for n, q in _QUANTILES} if values else None
        is_like = found is None and wanted is None
        if wanted is not None and isinstance(found, dict) and set(found) == set(wanted):
            close = [abs(found[n] - wanted[n]) <= _SHARE * max(1.0, abs(wanted[n])) for n in wanted]
            is_like = all(close)
        if not is_like:
            message = text("{found}, the draws give {wanted}", found=found, wanted=wanted)
            yield _finding("summary-interval", "study", f"summary.{key}", message)

    for key, column in (("reinforcement_eur", "reinforcement_eur"), ("violation_hours",) * 2):
        for name in summary["strategies"]:
            yield from compare(
                f"{key}.{name}", summary[key].get(name), of(name, last)[column].to_list()
            )
    for name, found in summary["avoided_share"].items():
        yield from compare(f"avoided_share.{name}", found, _avoided(of, name, last))
    for case in summary["cases"]:
        name, share = case["strategy"], case["ev_share"]
        at = f"cases.{name}.{share}"
        costs = of(name, share)["reinforcement_eur"].to_list()
        yield from compare(f"{at}.reinforcement_eur", case["reinforcement_eur"], costs)
        yield from compare(f"{at}.avoided_share", case["avoided_share"], _avoided(of, name, share))


def _avoided(of: Any, strategy: str, share: float) -> list[float]:
    mine = of(UNMANAGED, share)["reinforcement_eur"].to_list()
    theirs = of(strategy, share)["reinforcement_eur"].to_list()
    return [1 - cost / base for cost, base in zip(theirs, mine, strict=True) if base > 0]
