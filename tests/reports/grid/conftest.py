"""A town study made up by rule: feeders with branches, four strategies, measures over the years."""

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest

from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput

ZERO = dt.datetime(2024, 1, 15, tzinfo=dt.UTC)
EASE = {"none": 0.4, "unmanaged": 1.0, "dimmed": 0.82, "smart": 0.74, "v2x": 0.66}
"""How much of the uncontrolled loading is left, by strategy."""
SHARES = (0.3, 1.0)
"""Shares of electric vehicles; at the first one half of what the last one brings."""
DRAW = 4
LOW_PU, HIGH_PU = 0.95, 1.05

GridStudyMaker = Callable[..., Study]


@pytest.fixture(scope="session")
def make_grid_study() -> GridStudyMaker:
    """Make a consistent town study of a given size."""
    return grid_study


@pytest.fixture(scope="session")
def town() -> Study:
    """A small town study with coordinates: 3 feeders of 8 nodes."""
    return grid_study()


def grid_study(
    *, n_feeders: int = 3, length: int = 8, n_low: int = 0, placed: bool = True
) -> Study:
    """Feeders from one busbar; each node may have a low-voltage grid of `n_low` nodes behind it."""
    nodes, branches = _grid(n_feeders, length, n_low, placed=placed)
    voltages, loadings = _voltages(nodes), _loadings(branches)
    violations = _violations(voltages, loadings)
    measures = _measures(loadings)
    hours = at_most(violations).group_by("strategy").agg(pl.col("hours").sum())
    cost = dict(
        measures.filter(draw=DRAW).group_by("strategy").agg(pl.col("cost_eur").sum()).iter_rows()
    )
    plain = cost.get("unmanaged", 0.0)
    return Study(
        kind="grid",
        title="Reinforcement of Lower Sample, 2025 to 2045",
        seed=1,
        effort="normal",
        service_date=None,
        timezone="UTC",
        inputs=(
            StudyInput(
                name="nodes.csv", sha256="5f" * 32, bytes=12345, origin="made up", licence="CC0-1.0"
            ),
        ),
        assumptions=(
            AssumptionUsed(
                key="cable_eur_per_km",
                value=70000.0,
                unit="EUR/km",
                source="made up for these tests",
                year=2024,
                status="general-knowledge",
                minimum=50000.0,
                maximum=90000.0,
            ),
        ),
        repairs=(
            Repair(
                code="grid-zero-length", file="branches.csv", count=2, example="L3", action="1 m"
            ),
        ),
        warnings=(
            StudyWarning(code="grid-twin", file=None, message="No grid was given: this is a twin."),
        ),
        summary={
            "question": "town",
            "grade": "D",
            "shown_draw": DRAW,
            "strategies": list(EASE),
            "ev_shares": list(SHARES),
            "last_year": 2045,
            "rules": {"low_pu": LOW_PU, "high_pu": HIGH_PU, "loading_share": 0.5},
            "first_year_needed": {
                "unmanaged": {"p05": 2026, "p50": 2027, "p95": 2031},
                "dimmed": {"p05": 2027, "p50": 2031, "p95": 2038},
                "smart": {"p05": 2027, "p50": 2031, "p95": 2038},
                "v2x": None,
            },
            "where_smart_does_not_help": [
                {"element": "L0-1", "kind": "parallel_cable", "cause": "base", "draws_share": 0.98}
            ],
            "cases": _cases(hours, cost),
            "violation_hours": {s: _hours(hours, s) for s in EASE},
            "reinforcement_eur": {
                s: {"p05": 0.7 * cost.get(s, 0), "p50": cost.get(s, 0), "p95": 1.4 * cost.get(s, 0)}
                for s in EASE
            },
            "avoided_share": {
                s: {
                    "p05": 1 - cost.get(s, 0) / plain - 0.12,
                    "p50": 1 - cost.get(s, 0) / plain,
                    "p95": min(1.0, 1 - cost.get(s, 0) / plain + 0.08),
                }
                for s in EASE
                if s not in {"none", "unmanaged"}
            },
            "command": ["viavolta", "grid", "study", "town.toml", "--out", "study"],
        },
        tables={
            "nodes": nodes,
            "branches": branches,
            "voltages": voltages,
            "loadings": loadings,
            "violations": violations,
            "measures": measures,
            "years": _years(measures),
            "hosting": _hosting(nodes),
            "hosting_areas": _hosting_areas(),
            "profile": _profile(),
            "needs": _needs(measures),
            "why": pl.DataFrame(
                {
                    "figure": ["reinforcement_eur"],
                    "statement": ["Charging on winter evenings is what the cables lack."],
                    "binds": ["cable L1-1 between 18:00 and 20:00"],
                    "one_more": ["10 kW more at its end cost 1,200 EUR."],
                }
            ),
        },
        timings_s={"flow": 1.5},
    )


def _hours(hours: pl.DataFrame, strategy: str) -> float:
    found = hours.filter(pl.col("strategy") == strategy)["hours"].to_list()
    return float(found[0]) if found else 0.0


def _grid(
    n_feeders: int, length: int, n_low: int, *, placed: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    nodes = [("source", "source", 20.0, 48.20, 11.60)]
    branches = []
    for f in range(n_feeders):
        before = "source"
        for k in range(length):
            name = f"N{f}-{k}"
            lat, lon = 48.2 + 0.002 * (k + 1) * (1 - f), 11.6 + 0.003 * (k + 1) * (1 + f % 2)
            nodes.append((name, "connection", 20.0, lat, lon))
            branches.append((f"L{f}-{k}", "cable", before, name, 0.3))
            if n_low:
                branches.append((f"T{f}-{k}", "transformer", name, f"{name}/0", 0.0))
            for j in range(n_low):
                nodes.append((f"{name}/{j}", "connection", 0.4, lat + 1e-5 * j, lon))
                if j:
                    branches.append(
                        (f"{name}/L{j}", "cable", f"{name}/{j - 1}", f"{name}/{j}", 0.05)
                    )
            before = name if k != 3 else f"N{f}-{k - 1}"
    frame = pl.DataFrame(nodes, ["node_id", "kind", "nominal_kv", "lat", "lon"], orient="row")
    if not placed:
        frame = frame.with_columns(lat=pl.lit(None, pl.Float64), lon=pl.lit(None, pl.Float64))
    return frame, pl.DataFrame(
        branches, ["branch_id", "kind", "from_node", "to_node", "length_km"], orient="row"
    )


def _voltages(nodes: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for strategy, ease in EASE.items():
        for i, node in enumerate(nodes["node_id"]):
            drop = 0.0 if node == "source" else (0.02 + 0.006 * (i % 9)) * ease
            low, high = 1.0 - drop, 1.0 + 0.4 * drop
            hours = 60.0 * max(0.0, LOW_PU - low) / 0.01
            rows.append((node, strategy, low, high, hours))
    names = ["node_id", "strategy", "min_pu", "max_pu", "hours_outside"]
    return _over_shares(pl.DataFrame(rows, names, orient="row"), "hours_outside")


def _loadings(branches: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for strategy, ease in EASE.items():
        for i, branch in enumerate(branches["branch_id"]):
            # the second cable is overloaded by what is no charging: no strategy helps it
            percent = 118.0 if i == 1 else (40 + 13 * ((5 * i) % 8)) * ease
            rows.append((branch, strategy, percent, 4.0 * max(0.0, percent - 100)))
    names = ["branch_id", "strategy", "max_percent", "hours_over"]
    return _over_shares(pl.DataFrame(rows, names, orient="row"), "hours_over")


def _over_shares(frame: pl.DataFrame, hours: str) -> pl.DataFrame:
    """The same at a smaller share of electric vehicles, with fewer hours; none has none."""
    few, all_ = SHARES
    none = frame.filter(pl.col("strategy") == "none").with_columns(ev_share=pl.lit(0.0))
    cars = frame.filter(pl.col("strategy") != "none")
    return pl.concat(
        [
            none,
            cars.with_columns(pl.col(hours) / 4, ev_share=pl.lit(few)),
            cars.with_columns(ev_share=pl.lit(all_)),
        ]
    )


def at_most(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the highest share."""
    return frame.filter(pl.col("ev_share").is_in([0.0, SHARES[-1]]))


def _violations(voltages: pl.DataFrame, loadings: pl.DataFrame) -> pl.DataFrame:
    low = voltages.filter(pl.col("hours_outside") > 0).select(
        element="node_id",
        strategy="strategy",
        ev_share="ev_share",
        kind=pl.lit("low-voltage"),
        hours="hours_outside",
        worst="min_pu",
        cause=pl.lit("cars"),
    )
    full = loadings.filter(pl.col("hours_over") > 0).select(
        element="branch_id",
        strategy="strategy",
        ev_share="ev_share",
        kind=pl.lit("overload"),
        hours="hours_over",
        worst="max_percent",
        cause=pl.when(pl.col("branch_id") == loadings["branch_id"][1])
        .then(pl.lit("base"))
        .otherwise(pl.lit("cars")),
    )
    both = pl.concat([low, full])
    return both.with_columns(start=pl.lit(ZERO + dt.timedelta(hours=18)))


def _measures(loadings: pl.DataFrame) -> pl.DataFrame:
    over = at_most(loadings).filter(pl.col("max_percent") > 100).with_row_index("i")
    shown = over.select(
        draw=pl.lit(DRAW),
        ev_share="ev_share",
        measure_id=pl.concat_str(pl.lit("M"), pl.col("i")),
        strategy="strategy",
        kind=pl.when(pl.col("branch_id").str.starts_with("T"))
        .then(pl.lit("larger_transformer"))
        .otherwise(pl.lit("parallel_cable")),
        element="branch_id",
        year=(2045 - (pl.col("max_percent") - 100)).clip(2026).cast(pl.Int64),
        cost_eur=18000 + 700 * (pl.col("max_percent") - 100),
        removes=pl.concat_str(pl.lit("loading of "), pl.col("branch_id")),
    )
    other = shown.with_columns(
        draw=pl.lit(DRAW + 1), cost_eur=pl.lit(1e9), year=pl.lit(2025, pl.Int64)
    )
    return pl.concat([shown, other])


def _needs(measures: pl.DataFrame) -> pl.DataFrame:
    return measures.filter(draw=DRAW).select(
        "strategy",
        "kind",
        "element",
        draws_share=pl.lit(0.9),
        year_p05=pl.col("year") - 1,
        year_p50="year",
        year_p95=pl.col("year") + 3,
        cost_p50_eur="cost_eur",
    )


def _cases(hours: pl.DataFrame, cost: dict[str, float]) -> list[dict[str, object]]:
    return [
        {
            "strategy": strategy,
            "ev_share": share,
            "n_cars": 100,
            "violation_hours": {"p05": 0.0, "p50": _hours(hours, strategy), "p95": 9999.0},
            "reinforcement_eur": {"p05": 1.0, "p50": share * cost.get(strategy, 0.0), "p95": 1e6},
            "avoided_share": None,
            "unmet_share": {"p05": 0.0, "p50": 0.001, "p95": 0.01},
            "peak_kw": {"p05": 900.0, "p50": 1000.0, "p95": 1100.0},
            "cost_energy_eur": None,
        }
        for share in SHARES
        for strategy in ("unmanaged", "smart")
    ]


def _years(measures: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for strategy in EASE:
        own = measures.filter(pl.col("strategy") == strategy, draw=DRAW)
        for year in range(2025, 2046):
            spent = float(own.filter(pl.col("year") <= year)["cost_eur"].sum())
            rows.append((year, strategy, 0.7 * spent, spent, 1.4 * spent))
    return pl.DataFrame(rows, ["year", "strategy", "p05_eur", "p50_eur", "p95_eur"], orient="row")


def _hosting(nodes: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for s, strategy in enumerate(("unmanaged", "smart", "v2x")):
        for i, node in enumerate(nodes["node_id"][1:]):
            kw = 22.0 + 11.0 * (i % 7) + 9.0 * s
            rows.append((node, strategy, 0.0, 0.6 * kw, kw, 1.3 * kw, int(kw // 11)))
            if strategy == "unmanaged":  # with cars elsewhere much less fits
                rows.append((node, strategy, 0.3, 1.0, 2.0, 3.0, 0))
    names = ["node_id", "strategy", "share", "p05_kw", "p50_kw", "p95_kw", "n_vehicles_p50"]
    return pl.DataFrame(rows, names, orient="row")


def _hosting_areas() -> pl.DataFrame:
    rows = []
    for s, strategy in enumerate(("unmanaged", "smart", "v2x")):
        for area, kind, households in (("grid", "grid", 240), ("L0-0", "feeder", 80)):
            n = households // 4 + 20 * s
            full = 1.0 if strategy != "v2x" else 0.2
            rows.append((area, kind, strategy, households, n - 5, n, n + 9, full))
    names = ["area_id", "kind", "strategy", "households"]
    counts = [f"n_vehicles_{p}" for p in ("p05", "p50", "p95")]
    return pl.DataFrame(rows, [*names, *counts, "full_share"], orient="row")


def _profile() -> pl.DataFrame:
    rows = []
    for strategy, ease in EASE.items():
        if strategy == "none":
            continue
        for k in range(96):
            evening = max(0.0, 1 - abs(k - 74) / 14)
            base = 600 + 250 * evening
            kw = base + 300 + 250 * evening * ease + (260 * (1 - ease) if k < 24 else 0)
            rows.append((strategy, 1.0, ZERO + dt.timedelta(minutes=15 * k), kw, base))
    return pl.DataFrame(rows, ["strategy", "ev_share", "start", "load_kw", "base_kw"], orient="row")
