"""The tables of a charge study.

Beside `schedule` and `prices` stands everything that a check from the tables alone needs:

stays : the columns of STAYS.csv (capacity_kwh, soc_arrival_kwh null where not known), then
    delivered_kwh (net into the battery) and unmet_kwh.
limits : limit_id, parent_id (null for a root), zone, peak_eur_per_kw, peak_so_far_kw, then
    peak_kw and peak_unmanaged_kw, the highest net imports.
limit_profile : per limit and step limit_id, start, import_kw, export_kw, base_load_kw (the
    limit's own), then net_kw and net_unmanaged_kw (with all that is below).
signals : per zone and step zone, start, buy_eur_per_kwh, sell_eur_per_kwh, co2_g_per_kwh (null
    where not known).
schedule : stay_id, start, power_kw (mean over the step; steps with zero power are left out),
    energy_kwh (battery at the end of the step, null where not known).
prices : limit_id, start, import_eur_per_kwh, export_eur_per_kwh, peak_eur_per_kwh,
    energy_eur_per_kwh (what a kWh is worth at a root; zero below).
"""

import numpy as np
import polars as pl

from viavolta.formats.stays import stays_frame, utc_series
from viavolta.model.arrays import Floats
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import LimitPrices, PowerPlan, Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable


def charge_tables(
    schedule: Schedule,
    without_management: PowerPlan,
    *,
    stays: StayTable,
    limits: LimitTree,
    signals: SignalTable,
) -> dict[str, pl.DataFrame]:
    """Build all tables of a charge study, by name."""
    plan = schedule.plan
    return {
        "stays": _stays(plan, stays, limits=limits, signals=signals),
        "limits": _limits(plan, without_management, limits=limits),
        "limit_profile": _limit_profile(plan, without_management, limits=limits, signals=signals),
        "signals": _signals(signals),
        "schedule": schedule_frame(plan, stays, signals=signals),
        "prices": prices_frame(schedule.prices, limits, signals=signals),
    }


def schedule_frame(plan: PowerPlan, stays: StayTable, *, signals: SignalTable) -> pl.DataFrame:
    """Power per stay and step, without the steps of zero power."""
    rows = np.flatnonzero(plan.power_kw != 0)
    ids = pl.Series(stays.stay_id, dtype=pl.String)
    return pl.DataFrame(
        {
            "stay_id": ids.gather(plan.flat_stay()[rows]),
            "start": utc_series(signals.start[plan.flat_step()[rows]]),
            "power_kw": plan.power_kw[rows],
            "energy_kwh": pl.Series(plan.energy_kwh[rows]).fill_nan(None),
        }
    )


def prices_frame(prices: LimitPrices, limits: LimitTree, *, signals: SignalTable) -> pl.DataFrame:
    """Lay the certificate out as a table: one row per limit and step."""
    return pl.DataFrame(
        {
            **_limit_steps(limits, signals),
            "import_eur_per_kwh": prices.import_eur_per_kwh.ravel(),
            "export_eur_per_kwh": prices.export_eur_per_kwh.ravel(),
            "peak_eur_per_kwh": prices.peak_eur_per_kwh.ravel(),
            "energy_eur_per_kwh": prices.energy_eur_per_kwh.ravel(),
        }
    )


def _limit_steps(limits: LimitTree, signals: SignalTable) -> dict[str, pl.Series]:
    """Key columns of a table with one row per limit and step."""
    names = pl.Series(limits.limit_id, dtype=pl.String)
    rows = np.repeat(np.arange(len(limits)), signals.n_steps)
    return {
        "limit_id": names.gather(rows),
        "start": utc_series(np.tile(signals.start, len(limits))),
    }


def _stays(
    plan: PowerPlan, stays: StayTable, *, limits: LimitTree, signals: SignalTable
) -> pl.DataFrame:
    return stays_frame(stays, limits).with_columns(
        delivered_kwh=pl.Series(delivered_kwh(plan, stays, step_h=signals.step_h)),
        unmet_kwh=pl.Series(plan.unmet_kwh),
    )


def delivered_kwh(plan: PowerPlan, stays: StayTable, *, step_h: float) -> Floats:
    """(S,) net energy into each battery."""
    stay = plan.flat_stay()
    gain = np.where(
        plan.power_kw >= 0,
        plan.power_kw * stays.charge_efficiency[stay],
        plan.power_kw / stays.discharge_efficiency[stay],
    )
    per_hour: Floats = np.bincount(stay, weights=gain, minlength=len(stays)).astype(np.float64)
    return per_hour * step_h


def _limits(plan: PowerPlan, without_management: PowerPlan, *, limits: LimitTree) -> pl.DataFrame:
    parents = [limits.limit_id[row] if row >= 0 else None for row in limits.parent.tolist()]
    return pl.DataFrame(
        {
            "limit_id": pl.Series(limits.limit_id, dtype=pl.String),
            "parent_id": pl.Series(parents, dtype=pl.String),
            "zone": pl.Series(limits.zone, dtype=pl.String),
            "peak_eur_per_kw": limits.peak_eur_per_kw,
            "peak_so_far_kw": limits.peak_so_far_kw,
            "peak_kw": plan.peak_kw,
            "peak_unmanaged_kw": without_management.peak_kw,
        }
    )


def _limit_profile(
    plan: PowerPlan, without_management: PowerPlan, *, limits: LimitTree, signals: SignalTable
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            **_limit_steps(limits, signals),
            "import_kw": limits.import_kw.ravel(),
            "export_kw": limits.export_kw.ravel(),
            "base_load_kw": limits.base_load_kw.ravel(),
            "net_kw": plan.net_kw.ravel(),
            "net_unmanaged_kw": without_management.net_kw.ravel(),
        }
    )


def _signals(signals: SignalTable) -> pl.DataFrame:
    n_rows = len(signals.zone) * signals.n_steps
    zone = pl.Series(signals.zone, dtype=pl.String)
    co2 = signals.co2_g_per_kwh
    no_co2 = pl.Series([None] * n_rows, dtype=pl.Float64)
    return pl.DataFrame(
        {
            "zone": zone.gather(np.repeat(np.arange(len(signals.zone)), signals.n_steps)),
            "start": utc_series(np.tile(signals.start, len(signals.zone))),
            "buy_eur_per_kwh": signals.buy_eur_per_kwh.ravel(),
            "sell_eur_per_kwh": signals.sell_eur_per_kwh.ravel(),
            "co2_g_per_kwh": no_co2 if co2 is None else pl.Series(co2.ravel()),
        }
    )
