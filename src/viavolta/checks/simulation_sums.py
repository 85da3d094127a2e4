"""Rules on what adds up: energy, hours and cost per stay, driver and site of a simulation."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.simulation_data import (
    HOURS,
    RELATIVE,
    SESSION_NUMBERS,
    SITE_NUMBERS,
    Floats,
    Run,
    SimulationData,
    Tables,
    floats,
    is_far,
)
from viavolta.checks.simulation_power import net_kw
from viavolta.model.messages import text

_SHOWN = 100
_NOTHING = 1e-6
_REASONS = ("left-early", "more-than-believed", "limit", "waited")


def check_sums(data: SimulationData, tables: Tables) -> Iterator[Finding]:
    """Check sessions, drivers and sites of every strategy, and that plugs serve one at a time."""
    yield from _check_overlaps(tables)
    for run in data.runs:
        yield from _check_sessions(data, run, tables=tables)
        yield from _check_sites(data, run, tables=tables)
    yield from _check_drivers(tables)


def _check_overlaps(tables: Tables) -> Iterator[Finding]:
    ordered = tables["stays"].filter(pl.col("plug") != "").sort("site", "plug", "arrival")
    before = pl.col("departure").shift(1).over("site", "plug")
    for stay_id in ordered.filter(pl.col("arrival") < before)["stay_id"][:_SHOWN]:
        message = text("the vehicle before is still at the plug")
        yield Finding(rule="plug-taken", table="stays", where=stay_id, message=message)


def expected_sessions(data: SimulationData, run: Run) -> dict[str, Floats]:
    """Figures per stay (S,), worked out from the schedule."""
    power_kw, stay, step_h, n = run.power_kw, run.stay, data.step_h, len(data.stay_id)

    def by_stay(values: Floats) -> Floats:
        return np.bincount(stay, weights=values, minlength=n).astype(np.float64)

    delivered = by_stay(data.gain_kwh(run))
    missing = data.stay["energy_kwh"] - delivered
    share = np.where(np.abs(power_kw) > _NOTHING, np.maximum(data.share(run), 0.0), 0.0)
    return {
        "charged_kwh": by_stay(np.maximum(power_kw, 0.0)) * step_h,
        "discharged_kwh": by_stay(np.maximum(-power_kw, 0.0)) * step_h,
        "delivered_kwh": delivered,
        "unmet_kwh": np.maximum(missing, 0.0),
        "cost_eur": by_stay(row_cost_eur(data, run)),
        "connected_h": (data.end - data.begin) * step_h,
        "charging_h": by_stay(share) * step_h,
    }


def row_cost_eur(data: SimulationData, run: Run) -> Floats:
    """(R,) energy at the price of the root, wear, and the share of capacity prices."""
    net = net_kw(data, run.stay, run.step, power_kw=run.power_kw)
    root = data.root[data.limit[run.stay]]
    imports = net[root, run.step] >= 0
    price = np.where(imports, data.buy[root, run.step], data.sell[root, run.step])
    taken = np.maximum(-run.power_kw, 0.0) / data.stay["discharge_efficiency"][run.stay]
    cost = run.power_kw * price * data.step_h
    cost += taken * data.step_h * data.stay["wear_eur_per_kwh"][run.stay]
    for limit, eur in enumerate(peak_eur(data, net)):
        if eur > 0:
            at = int(np.argmax(net[limit]))
            rows = np.flatnonzero(
                (run.step == at) & np.isin(data.limit[run.stay], _below(data, limit))
            )
            cost[rows] += eur * run.power_kw[rows] / net[limit, at]
    return cost


def peak_eur(data: SimulationData, net: Floats) -> Floats:
    """(L,) capacity price of each limit."""
    above = np.maximum(net.max(axis=1) - data.peak_so_far_kw, 0.0)
    cost: Floats = above * data.peak_eur_per_kw
    return cost


def _below(data: SimulationData, limit: int) -> list[int]:
    inside = {limit}
    for row in data.order:
        if int(data.parent[row]) in inside:
            inside.add(row)
    return sorted(inside)


def _check_sessions(data: SimulationData, run: Run, *, tables: Tables) -> Iterator[Finding]:
    own = tables["sessions"].filter(pl.col("strategy") == run.strategy)
    own = tables["stays"].select("stay_id").join(own, on="stay_id", maintain_order="left")
    for column, expected in expected_sessions(data, run).items():
        for row in np.flatnonzero(is_far(floats(own[column]), expected))[:_SHOWN].tolist():
            message = text(
                "{column} is {found:.6g}, the schedule makes {expected:.6g}",
                column=column,
                found=own[column][row],
                expected=expected[row],
            )
            where = f"{run.strategy}, {data.stay_id[row][:200]}"
            yield Finding(rule="session-sum", table="sessions", where=where, message=message)
    is_missing = pl.col("unmet_kwh") > _NOTHING
    reason = pl.col("reason")
    odd = own.filter(
        (is_missing & ~reason.is_in(_REASONS).fill_null(value=False))
        | (~is_missing & reason.is_not_null())
    )
    for stay_id in odd["stay_id"][:_SHOWN]:
        message = text("missing energy has a reason, and only that")
        where = f"{run.strategy}, {stay_id[:200]}"
        yield Finding(rule="unmet-reason", table="sessions", where=where, message=message)
    yield from _check_moments(run, own)


def _check_moments(run: Run, own: pl.DataFrame) -> Iterator[Finding]:
    """Waiting is not longer than charging takes to end, and nothing ends after departure."""
    slack_h = RELATIVE * 10
    odd = own.filter(
        (pl.col("wait_h") < 0)
        | (pl.col("wait_h") > pl.col("connected_h") + slack_h)
        | (pl.col("ready_h") > pl.col("connected_h") + slack_h)
        | ((pl.col("charged_kwh") > _NOTHING) & pl.col("ready_h").is_null())
    )
    for stay_id in odd["stay_id"][:_SHOWN]:
        message = text("waiting or charging lasts longer than the stay")
        where = f"{run.strategy}, {stay_id[:200]}"
        yield Finding(rule="session-hours", table="sessions", where=where, message=message)


def expected_sites(data: SimulationData, run: Run) -> dict[str, Floats]:
    """Figures per limit (L,), worked out from the schedule."""
    net = net_kw(data, run.stay, run.step, power_kw=run.power_kw)
    is_root = (data.parent < 0)[:, np.newaxis]
    price = np.where(is_root, np.where(net >= 0, data.buy, data.sell), 0.0)
    grace = RELATIVE * np.maximum(1.0, data.import_kw)
    above = np.maximum(net - data.import_kw, -net - data.export_kw)
    above = np.where(above > grace, above, 0.0)
    at_limit = (np.abs(net - data.import_kw) <= grace) & (net > _NOTHING)
    return {
        "peak_kw": np.maximum(net.max(axis=1), 0.0),
        "energy_kwh": net.sum(axis=1) * data.step_h,
        "energy_eur": (price * net).sum(axis=1) * data.step_h,
        "peak_eur": peak_eur(data, net),
        "hours_at_limit": at_limit.sum(axis=1) * data.step_h,
        "hours_above_limit": (above > 0).sum(axis=1) * data.step_h,
        "worst_excess_kw": above.max(axis=1),
    }


def _check_sites(data: SimulationData, run: Run, *, tables: Tables) -> Iterator[Finding]:
    own = tables["sites"].filter(pl.col("strategy") == run.strategy)
    own = tables["limits"].select("limit_id").join(own, on="limit_id", maintain_order="left")
    expected = expected_sites(data, run)
    for column in SITE_NUMBERS:
        for row in np.flatnonzero(is_far(floats(own[column]), expected[column])).tolist():
            message = text(
                "{column} is {found:.6g}, the schedule makes {expected:.6g}",
                column=column,
                found=own[column][row],
                expected=expected[column][row],
            )
            where = f"{run.strategy}, {data.limit_id[row][:200]}"
            yield Finding(rule="site-sum", table="sites", where=where, message=message)


def _check_drivers(tables: Tables) -> Iterator[Finding]:
    keys = ["strategy", "driver", "driver_kind"]
    named = tables["sessions"].join(
        tables["stays"].select("stay_id", "driver", "driver_kind"), on="stay_id"
    )
    sums = (*SESSION_NUMBERS, *HOURS)
    total = pl.col("cost_eur").sum().over("strategy")
    expected = (
        named.group_by(keys)
        .agg(
            pl.len().alias("stays"),
            (pl.col("unmet_kwh") > _NOTHING).sum().alias("unmet_stays"),
            *(pl.col(name).sum() for name in sums),
            pl.col("ready_h").mean(),
        )
        .with_columns(
            cost_share=pl.when(total.abs() > 0).then(pl.col("cost_eur") / total).otherwise(0.0),
            idle_h=pl.col("connected_h") - pl.col("charging_h"),
        )
    )
    both = tables["drivers"].join(expected, on=keys, how="full", suffix="_expected").sort(keys)
    for column in (*sums, "stays", "unmet_stays", "cost_share", "idle_h", "ready_h"):
        found, right = floats(both[column]), floats(both[f"{column}_expected"])
        far = is_far(found, right) & ~(np.isnan(found) & np.isnan(right))
        for row in np.flatnonzero(far)[:_SHOWN].tolist():
            message = text(
                "{column} is {found:.6g}, the sessions make {expected:.6g}",
                column=column,
                found=found[row],
                expected=right[row],
            )
            where = f"{both['strategy'][row]}, {str(both['driver'][row])[:200]}"
            yield Finding(rule="driver-sum", table="drivers", where=where, message=message)
