"""Power at limits over time, picked from tables that may hold millions of rows.

The big tables are never copied whole: they are grouped, or filtered for the limits that are shown.
Sums of floats go through numpy, whose order is fixed, so that the same study gives the same bytes.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.tree import Tree

GRACE = 1e-6
"""Power above a limit by less than this share of it is rounding."""

_POWERS = ("import_kw", "export_kw", "net_kw", "net_unmanaged_kw")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLoad:
    """Base load that is not zero. Shapes: all (N,); row of the tree, step, power."""

    row: Ints
    step: Ints
    base_kw: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Power of a study, prepared once for all sections.

    Attributes
    ----------
    roots : row (of the tree), zone, s (seconds since the first step), import_kw, export_kw,
        net_kw, net_unmanaged_kw, base_kw (with all that is below), buy_eur_per_kwh,
        sell_eur_per_kwh, co2_g_per_kwh; ordered by row and s.
    limits : one line per limit that has a profile, in the order of the tree: row, net_kw (the
        highest), loading (highest share of the import limit), unmanaged_over_h (hours in which
        uncontrolled charging is above the import or beyond the export limit).
    """

    tree: Tree
    clock: LocalClock
    base: BaseLoad
    roots: pl.DataFrame
    limits: pl.DataFrame


def flows_of(facts: ChargeFacts) -> Flows | None:
    """Prepare the power of a study; None where one of the tables it needs is not there."""
    profile, signals = facts.table("limit_profile"), facts.table("signals")
    tree, clock = facts.tree, facts.clock
    if profile is None or signals is None or tree is None or clock is None:
        return None
    base = _base_load(profile, tree, clock)
    roots = _picked(profile, tree.roots, tree=tree, clock=clock)
    zones = tree.zone.gather(roots["row"])
    if signals["zone"].n_unique() == 1:  # a single zone serves all roots
        zones = pl.repeat("", roots.height, dtype=pl.String, eager=True)
    roots = roots.with_columns(zones.alias("zone"))
    return Flows(
        tree=tree,
        clock=clock,
        base=base,
        roots=_priced(_with_base(roots, base, clock=clock, owner=tree.root), signals, clock),
        limits=_limits(profile, tree, clock),
    )


def seconds(clock: LocalClock) -> pl.Expr:
    """Seconds since the first step, from the column start."""
    return (pl.col("start").dt.epoch("s") - clock.first_s).alias("s")


def profile_of(facts: ChargeFacts, flows: Flows, rows: Ints) -> pl.DataFrame:
    """Power of some limits over time, in the columns of `Flows.roots` up to base_kw."""
    profile = facts.table("limit_profile")
    if profile is None:
        return pl.DataFrame()
    picked = _picked(profile, rows, tree=flows.tree, clock=flows.clock)
    parts = [
        _with_base(
            picked.filter(pl.col("row") == row),
            flows.base,
            clock=flows.clock,
            owner=np.where(is_below(flows.tree, row), row, -1),
        )
        for row in sorted(int(row) for row in rows)
    ]
    return pl.concat(parts) if parts else picked


def is_below(tree: Tree, row: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """(L,) True for a limit and all limits below it."""
    below = np.zeros(len(tree), dtype=np.bool_)
    below[row] = True
    for level in range(int(tree.level[row]) + 1, int(tree.level.max()) + 1):
        at = np.flatnonzero(tree.level == level)
        below[at] = below[tree.parent[at]]
    return below


def _base_load(profile: pl.DataFrame, tree: Tree, clock: LocalClock) -> BaseLoad:
    loaded = profile.lazy().filter(pl.col("base_load_kw") != 0)
    frame = loaded.select("limit_id", seconds(clock), "base_load_kw").collect()
    row = tree.rows_of(frame["limit_id"])
    step = frame["s"].to_numpy() // clock.step_s
    is_known = (row >= 0) & (step >= 0) & (step < clock.n_steps)
    return BaseLoad(
        row=row[is_known],
        step=step[is_known],
        base_kw=frame["base_load_kw"].to_numpy()[is_known],
    )


def _picked(profile: pl.DataFrame, rows: Ints, *, tree: Tree, clock: LocalClock) -> pl.DataFrame:
    """Row, s and powers of some limits, ordered."""
    names = tree.limit_id.gather(rows)
    picked = (
        profile.lazy()
        .filter(pl.col("limit_id").is_in(names.implode()))
        .select("limit_id", seconds(clock), *_POWERS)
        .collect()
    )
    row = pl.Series("row", tree.rows_of(picked["limit_id"]))
    return picked.select(row, pl.exclude("limit_id")).sort("row", "s")


def _with_base(
    frame: pl.DataFrame, base: BaseLoad, *, clock: LocalClock, owner: Ints
) -> pl.DataFrame:
    """Add base_kw: the base load of all limits whose `owner` (L,) is the limit of the line."""
    rows = frame["row"].unique().sort().to_numpy()
    rank = np.full(len(owner) + 1, -1)
    rank[rows] = np.arange(len(rows))
    at = rank[owner[base.row]]
    here = at >= 0
    total_kw = np.bincount(
        at[here] * clock.n_steps + base.step[here],
        weights=base.base_kw[here],
        minlength=len(rows) * clock.n_steps,
    )
    line = rank[frame["row"].to_numpy()] * clock.n_steps + frame["s"].to_numpy() // clock.step_s
    return frame.with_columns(base_kw=pl.Series(total_kw[line]))


def _priced(roots: pl.DataFrame, signals: pl.DataFrame, clock: LocalClock) -> pl.DataFrame:
    """Add the prices and the carbon of each root's zone."""
    only = signals["zone"].n_unique() == 1
    prices = signals.select(
        pl.lit("").alias("zone") if only else pl.col("zone"),
        seconds(clock),
        "buy_eur_per_kwh",
        "sell_eur_per_kwh",
        pl.col("co2_g_per_kwh").cast(pl.Float64),
    )
    return roots.join(prices, on=["zone", "s"], how="left", maintain_order="left")


def _limits(profile: pl.DataFrame, tree: Tree, clock: LocalClock) -> pl.DataFrame:
    """How hard each limit is used, and how often uncontrolled charging would break it."""
    net, plain = pl.col("net_kw"), pl.col("net_unmanaged_kw")
    limit, back = pl.col("import_kw"), pl.col("export_kw")
    over = (plain > limit + GRACE * limit.clip(1.0)) | (-plain > back + GRACE * back.clip(1.0))
    found = (
        profile.lazy()
        .group_by("limit_id")
        .agg(
            net.max(),
            (net / limit).filter(limit > 0).max().alias("loading"),
            (over.sum() * clock.step_h).alias("unmanaged_over_h"),
        )
        .collect()
    )
    row = pl.Series("row", tree.rows_of(found["limit_id"]))
    return found.select(row, pl.exclude("limit_id")).filter(pl.col("row") >= 0).sort("row")
