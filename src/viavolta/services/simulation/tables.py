"""The tables of a simulation study; docs/reference/study-folder.md describes them."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from viavolta.formats.stays import utc_series
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import top_down
from viavolta.services.simulation.accounts import AT_LIMIT, NOTHING_KW, peak_eur, step_price
from viavolta.services.simulation.outcome import Case, Outcome

_STAY_NUMBERS = (
    "energy_kwh",
    "max_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
)
_NOTHING_KWH = 1e-6


def simulation_tables(case: Case, outcomes: Sequence[Outcome]) -> dict[str, pl.DataFrame]:
    """Build all tables, by name."""
    sessions = pl.concat([_sessions(case, outcome) for outcome in outcomes])
    stays = _stays(case)
    return {
        "stays": stays,
        "limits": _limits(case),
        "limit_profile": _limit_profile(case),
        "signals": _signals(case),
        "schedule": pl.concat([_schedule(case, outcome) for outcome in outcomes]),
        "power": pl.concat([_power(case, outcome) for outcome in outcomes]),
        "sessions": sessions,
        "drivers": _drivers(sessions, stays),
        "sites": pl.concat([_sites(case, outcome) for outcome in outcomes]),
    }


def who(case: Case) -> tuple[list[str], list[str]]:
    """Whose stays are added up, and what that is: the driver, or else the plug, or the site."""
    sessions = case.sessions
    names, kinds = [], []
    for driver, plug, site in zip(sessions.driver, sessions.plug, sessions.site, strict=True):
        kind = "driver" if driver else "plug" if plug else "site"
        kinds.append(kind)
        names.append(driver or plug or site)
    return names, kinds


def _stays(case: Case) -> pl.DataFrame:
    stays, believed, sessions = case.world.stays, case.world.believed, case.sessions
    names, kinds = who(case)
    columns: dict[str, object] = {
        "stay_id": pl.Series(stays.stay_id, dtype=pl.String),
        "driver": pl.Series(names, dtype=pl.String),
        "driver_kind": pl.Series(kinds, dtype=pl.String),
        "plug": pl.Series(sessions.plug, dtype=pl.String),
        "site": pl.Series(sessions.site, dtype=pl.String),
        "limit_id": _limit_names(case, stays.limit),
        "arrival": utc_series(stays.arrival),
        "departure": utc_series(stays.departure),
    }
    for name in _STAY_NUMBERS:
        columns[name] = pl.Series(getattr(stays, name)).fill_nan(None)
    columns["believed_departure"] = utc_series(believed.departure)
    columns["believed_energy_kwh"] = believed.energy_kwh
    columns["believed_from"] = pl.Series(case.world.beliefs.source, dtype=pl.String)
    return pl.DataFrame(columns)


def _limit_names(case: Case, rows: Ints) -> pl.Series:
    return pl.Series(case.limits.limit_id, dtype=pl.String).gather(rows)


def _limits(case: Case) -> pl.DataFrame:
    limits = case.limits
    parents = [limits.limit_id[row] if row >= 0 else None for row in limits.parent.tolist()]
    return pl.DataFrame(
        {
            "limit_id": pl.Series(limits.limit_id, dtype=pl.String),
            "parent_id": pl.Series(parents, dtype=pl.String),
            "zone": pl.Series(limits.zone, dtype=pl.String),
            "peak_eur_per_kw": limits.peak_eur_per_kw,
            "peak_so_far_kw": limits.peak_so_far_kw,
        }
    )


def _limit_steps(case: Case) -> dict[str, pl.Series]:
    rows = np.repeat(np.arange(len(case.limits)), case.signals.n_steps)
    return {
        "limit_id": _limit_names(case, rows),
        "start": utc_series(np.tile(case.signals.start, len(case.limits))),
    }


def _limit_profile(case: Case) -> pl.DataFrame:
    return pl.DataFrame(
        {
            **_limit_steps(case),
            "import_kw": case.limits.import_kw.ravel(),
            "export_kw": case.limits.export_kw.ravel(),
            "base_load_kw": case.limits.base_load_kw.ravel(),
        }
    )


def _signals(case: Case) -> pl.DataFrame:
    signals = case.signals
    zone = pl.Series(signals.zone, dtype=pl.String)
    return pl.DataFrame(
        {
            "zone": zone.gather(np.repeat(np.arange(len(signals.zone)), signals.n_steps)),
            "start": utc_series(np.tile(signals.start, len(signals.zone))),
            "buy_eur_per_kwh": signals.buy_eur_per_kwh.ravel(),
            "sell_eur_per_kwh": signals.sell_eur_per_kwh.ravel(),
        }
    )


def _named(outcome: Outcome, columns: dict[str, object]) -> pl.DataFrame:
    frame = pl.DataFrame(columns)
    return frame.select(pl.lit(outcome.strategy.value).alias("strategy"), pl.all())


def _schedule(case: Case, outcome: Outcome) -> pl.DataFrame:
    rows = np.flatnonzero(np.abs(outcome.plan.power_kw) > 0)
    ids = pl.Series(case.world.stays.stay_id, dtype=pl.String)
    return _named(
        outcome,
        {
            "stay_id": ids.gather(case.window.stay[rows]),
            "start": utc_series(case.signals.start[case.window.step[rows]]),
            "power_kw": outcome.plan.power_kw[rows],
        },
    )


def _power(case: Case, outcome: Outcome) -> pl.DataFrame:
    return _named(outcome, {**_limit_steps(case), "power_kw": outcome.plan.net_kw.ravel()})


def _sessions(case: Case, outcome: Outcome) -> pl.DataFrame:
    account, stays = outcome.account, case.world.stays
    connected_h = (stays.departure - stays.arrival).astype(np.int64) / 3600.0
    return _named(
        outcome,
        {
            "stay_id": pl.Series(stays.stay_id, dtype=pl.String),
            "charged_kwh": account.charged_kwh,
            "discharged_kwh": account.discharged_kwh,
            "delivered_kwh": account.delivered_kwh,
            "unmet_kwh": account.unmet_kwh,
            "reason": pl.Series(_reasons(case, outcome), dtype=pl.String),
            "cost_eur": account.cost_eur,
            "connected_h": connected_h,
            "charging_h": account.charging_h,
            "wait_h": pl.Series(account.wait_h).fill_nan(None),
            "ready_h": pl.Series(account.ready_h).fill_nan(None),
        },
    )


def _reasons(case: Case, outcome: Outcome) -> list[str | None]:
    """Why energy was missing: a belief, else the limit, else waiting for a cheaper hour."""
    stays, believed = case.world.stays, case.world.believed
    is_missing = outcome.account.unmet_kwh > _NOTHING_KWH
    was_full = _limit_was_reached(case, outcome)
    left_early = stays.departure < believed.departure
    wanted_more = stays.energy_kwh > believed.energy_kwh + _NOTHING_KWH
    reasons: list[str | None] = []
    for row in range(len(stays)):
        reason = "limit" if was_full[row] or not outcome.strategy.rests_on_beliefs else "waited"
        if outcome.strategy.rests_on_beliefs and left_early[row]:
            reason = "left-early"
        elif outcome.strategy.rests_on_beliefs and wanted_more[row]:
            reason = "more-than-believed"
        reasons.append(reason if is_missing[row] else None)
    return reasons


def _limit_was_reached(case: Case, outcome: Outcome) -> list[bool]:
    """(S,) whether a limit above the plug was reached while the vehicle was there."""
    at_limit = limit_use(case, outcome.plan.net_kw)[0] > 0
    for row in top_down(case.limits.parent):
        if case.limits.parent[row] >= 0:
            at_limit[row] |= at_limit[case.limits.parent[row]]
    first = case.window.first_step
    last = first + np.diff(case.window.offsets)
    limit = case.world.stays.limit
    return [bool(at_limit[limit[s], first[s] : last[s]].any()) for s in range(len(limit))]


def _drivers(sessions: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """Sums per strategy and driver; `cost_share` of what all stays of the strategy cost."""
    named = sessions.join(stays.select("stay_id", "driver", "driver_kind"), on="stay_id")
    order = named.select("driver").unique(maintain_order=True).with_row_index("order")
    total = pl.col("cost_eur").sum().over("strategy")
    return (
        named.group_by("strategy", "driver", "driver_kind", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("stays"),
            pl.col("charged_kwh").sum(),
            pl.col("discharged_kwh").sum(),
            pl.col("delivered_kwh").sum(),
            pl.col("unmet_kwh").sum(),
            (pl.col("unmet_kwh") > _NOTHING_KWH).sum().cast(pl.Int64).alias("unmet_stays"),
            pl.col("cost_eur").sum(),
            pl.col("connected_h").sum(),
            pl.col("charging_h").sum(),
            pl.col("ready_h").mean(),
        )
        .with_columns(
            cost_share=pl.when(total.abs() > 0).then(pl.col("cost_eur") / total).otherwise(0.0),
            idle_h=pl.col("connected_h") - pl.col("charging_h"),
        )
        .join(order, on="driver")
        .sort("strategy", "order", "driver_kind")
        .drop("order")
    )


def _sites(case: Case, outcome: Outcome) -> pl.DataFrame:
    """Per limit: peak, energy, cost (energy counts at roots), hours at and above the limit."""
    limits, net_kw, step_h = case.limits, outcome.plan.net_kw, case.signals.step_h
    price = step_price(outcome.plan, limits, case.signals)
    energy_eur = (price * net_kw).sum(axis=1) * step_h
    at_limit, above_kw = limit_use(case, net_kw)
    return _named(
        outcome,
        {
            "limit_id": pl.Series(limits.limit_id, dtype=pl.String),
            "peak_kw": outcome.plan.peak_kw,
            "energy_kwh": net_kw.sum(axis=1) * step_h,
            "energy_eur": energy_eur,
            "peak_eur": peak_eur(outcome.plan, limits),
            "hours_at_limit": at_limit.sum(axis=1) * step_h,
            "hours_above_limit": (above_kw > 0).sum(axis=1) * step_h,
            "worst_excess_kw": above_kw.max(axis=1),
        },
    )


def limit_use(case: Case, net_kw: Floats) -> tuple[Floats, Floats]:
    """(L, T) whether the import stands at its limit, and kW above (or below that of export)."""
    limits = case.limits
    grace_kw = AT_LIMIT * np.maximum(1.0, limits.import_kw)
    above_kw = np.maximum(net_kw - limits.import_kw, -net_kw - limits.export_kw)
    above_kw = np.where(above_kw > grace_kw, above_kw, 0.0)
    at_limit = (np.abs(net_kw - limits.import_kw) <= grace_kw) & (net_kw > NOTHING_KW)
    return at_limit.astype(np.float64), above_kw
