"""A town study made up by rule: feeders with branches, four strategies, measures over the years."""

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest

from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput

ZERO = dt.datetime(2024, 1, 15, tzinfo=dt.UTC)
EASE = {"unmanaged": 1.0, "dimmed": 0.82, "smart": 0.74, "v2x": 0.66}
"""How much of the uncontrolled loading is left, by strategy."""
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
    hours = violations.group_by("strategy").agg(pl.col("hours").sum())
    cost = dict(measures.group_by("strategy").agg(pl.col("cost_eur").sum()).iter_rows())
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
            "grade": "D",
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
                if s != "unmanaged"
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
            "power": _power(),
            "sites": _sites(),
            "site_profiles": _profiles(),
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
            rows.append((node, strategy, low, high, hours, LOW_PU, HIGH_PU))
    names = ["node_id", "strategy", "min_pu", "max_pu", "hours_outside", "low_pu", "high_pu"]
    return pl.DataFrame(rows, names, orient="row")


def _loadings(branches: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for strategy, ease in EASE.items():
        for i, branch in enumerate(branches["branch_id"]):
            # the second cable is overloaded by what is no charging: no strategy helps it
            percent = 118.0 if i == 1 else (40 + 13 * ((5 * i) % 8)) * ease
            rows.append((branch, strategy, percent, 4.0 * max(0.0, percent - 100)))
    names = ["branch_id", "strategy", "max_percent", "hours_over"]
    return pl.DataFrame(rows, names, orient="row")


def _violations(voltages: pl.DataFrame, loadings: pl.DataFrame) -> pl.DataFrame:
    low = voltages.filter(pl.col("hours_outside") > 0).select(
        element="node_id",
        strategy="strategy",
        kind=pl.lit("voltage_low"),
        hours="hours_outside",
        worst="min_pu",
        cause=pl.lit("charging"),
    )
    full = loadings.filter(pl.col("hours_over") > 0).select(
        element="branch_id",
        strategy="strategy",
        kind=pl.lit("loading"),
        hours="hours_over",
        worst="max_percent",
        cause=pl.when(pl.col("branch_id") == loadings["branch_id"][1])
        .then(pl.lit("base_load"))
        .otherwise(pl.lit("charging")),
    )
    both = pl.concat([low, full])
    return both.with_columns(start=pl.lit(ZERO + dt.timedelta(hours=18)))


def _measures(loadings: pl.DataFrame) -> pl.DataFrame:
    over = loadings.filter(pl.col("max_percent") > 100).with_row_index("i")
    return over.select(
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


def _years(measures: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for strategy in EASE:
        own = measures.filter(pl.col("strategy") == strategy)
        for year in range(2025, 2046):
            spent = float(own.filter(pl.col("year") <= year)["cost_eur"].sum())
            rows.append((year, strategy, 0.7 * spent, spent, 1.4 * spent))
    return pl.DataFrame(rows, ["year", "strategy", "p05_eur", "p50_eur", "p95_eur"], orient="row")


def _hosting(nodes: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for s, strategy in enumerate(("unmanaged", "smart", "v2x")):
        for i, node in enumerate(nodes["node_id"][1:]):
            middle = 22.0 + 11.0 * (i % 7) + 9.0 * s
            rows.append(
                (node, strategy, 0.3, 0.6 * middle, middle, 1.3 * middle, int(middle // 11))
            )
    names = ["node_id", "strategy", "share", "p05_kw", "p50_kw", "p95_kw", "n_vehicles_p50"]
    return pl.DataFrame(rows, names, orient="row")


def _power() -> pl.DataFrame:
    rows = []
    for strategy, ease in EASE.items():
        for k in range(96):
            evening = max(0.0, 1 - abs(k - 74) / 14)
            kw = 900 + 500 * evening * ease + (260 * (1 - ease) if k < 24 else 0)
            rows.append((ZERO + dt.timedelta(minutes=15 * k), strategy, kw))
    return pl.DataFrame(rows, ["start", "strategy", "net_kw"], orient="row")


def _sites() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "site_id": ["depot", "school"],
            "name": ["Bus depot West", "Car park at the school"],
            "node_id": ["N0-5", "N1-2"],
            "lat": [48.21, 48.2],
            "lon": [11.62, 11.63],
            "now_kw": [60.0, 0.0],
            "later_kw": [640.0, 88.0],
            "later_year": [2030, 2028],
            "flexible_kw": [420.0, 60.0],
            "discharge_kw": [150.0, 0.0],
            "dimmable_kw": [480.0, 66.0],
            "energy_kwh_per_day": [3900.0, 310.0],
        }
    )


def _profiles() -> pl.DataFrame:
    rows = []
    for site, top in (("depot", 640.0), ("school", 88.0)):
        for k in range(96):
            plain = top * max(0.0, 1 - abs((k - 78 + 48) % 96 - 48) / 16)
            held = 0.45 * top if k < 22 or k > 84 else 0.12 * top
            rows.append((site, 900 * k, plain, held))
    return pl.DataFrame(rows, ["site_id", "start_s", "unmanaged_kw", "managed_kw"], orient="row")
