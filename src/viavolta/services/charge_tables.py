"""The tables of a charge study.

Beside `schedule` and `prices` stands everything that a check from the tables alone needs:

stays : the columns of STAYS.csv (capacity_kwh, soc_arrival_kwh, knee_kw null where there is none),
    then delivered_kwh (net into the battery, losses taken off), unmet_kwh and phase_used (L123, L1,
    L2, L3).
limits : limit_id, parent_id (null for a root), zone, peak_eur_per_kw, peak_so_far_kw, phase_kw
    (null where phases are not looked at), then peak_kw and peak_unmanaged_kw, the highest net
    imports.
limit_profile : per limit and step limit_id, start, import_kw, export_kw, base_load_kw (the
    limit's own), then net_kw and net_unmanaged_kw (with all that is below).
signals : per zone and step zone, start, buy_eur_per_kwh, sell_eur_per_kwh, co2_g_per_kwh (null
    where not known): prices as they were given, before a price of carbon.
schedule : stay_id, start, power_kw (mean over the step; steps with zero power are left out),
    energy_kwh (battery at the end of the step, null where not known).
prices : limit_id, start, import_eur_per_kwh, export_eur_per_kwh, peak_eur_per_kwh,
    energy_eur_per_kwh (what a kWh is worth at a root; zero below); phase_1_eur_per_kwh to
    phase_3_eur_per_kwh where a limit looks at its phases.
early_departures, where departures are uncertain : stay_id, start, share (chance that the vehicle
    leaves at the end of this step already; steps without such a chance are left out).
power_profile, where powers vary : stay_id, start, max_kw, max_discharge_kw (each holds to the
    stay's next row; before its first row, the stay's own).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from viavolta.formats.stay_details import phase_text
from viavolta.formats.stays import stays_frame, utc_series
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import LimitPrices, PowerPlan, Schedule
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable
from viavolta.model.stay import StayTable

_STAYS_AT_ONCE = 1 << 17  # keeps what is built on the way far smaller than the table
_N_PHASES = 3


def charge_tables(
    schedule: Schedule,
    without_management: PowerPlan,
    *,
    stays: StayTable,
    limits: LimitTree,
    signals: SignalTable,
    early_share: Floats | None = None,
    power_shares: tuple[Floats, Floats] | None = None,
) -> dict[str, pl.DataFrame]:
    """Build all tables of a charge study, by name.

    early_share (K,) and power_shares, (K,) of max_kw and of max_discharge_kw, lie over the steps
    of all stays as in PowerPlan; None where departures are certain and powers do not vary.
    """
    plan = schedule.plan
    keys = _limit_steps(limits, signals)
    tables = {
        "stays": _stays(plan, stays, limits=limits, signals=signals),
        "limits": _limits(plan, without_management, limits=limits),
        "limit_profile": _limit_profile(plan, without_management, limits=limits, keys=keys),
        "signals": _signals(signals),
        "schedule": schedule_frame(plan, stays, signals=signals),
        "prices": _prices(schedule.prices, limits, keys=keys),
    }
    if early_share is not None:
        tables["early_departures"] = early_frame(early_share, plan, stays=stays, signals=signals)
    if power_shares is not None:
        tables["power_profile"] = profile_frame(power_shares, plan, stays=stays, signals=signals)
    return tables


def schedule_frame(plan: PowerPlan, stays: StayTable, *, signals: SignalTable) -> pl.DataFrame:
    """Power per stay and step, without the steps of zero power."""
    ids = pl.Series(stays.stay_id, dtype=pl.String)
    parts = [
        pl.DataFrame(
            {
                **_keys(rows, stay, ids=ids, plan=plan, signals=signals),
                "power_kw": plan.power_kw[rows],
                "energy_kwh": pl.Series(plan.energy_kwh[rows]).fill_nan(None),
            }
        )
        for rows, stay in _used_rows(plan.power_kw, plan.offsets)
    ]
    return pl.concat(parts, rechunk=False)


def early_frame(
    early_share: Floats, plan: PowerPlan, *, stays: StayTable, signals: SignalTable
) -> pl.DataFrame:
    """Chance per stay and step that the vehicle leaves at its end, where there is one."""
    ids = pl.Series(stays.stay_id, dtype=pl.String)
    parts = [
        pl.DataFrame(
            {
                **_keys(rows, stay, ids=ids, plan=plan, signals=signals),
                "share": early_share[rows],
            }
        )
        for rows, stay in _used_rows(early_share, plan.offsets)
    ]
    return pl.concat(parts, rechunk=False)


def profile_frame(
    power_shares: tuple[Floats, Floats], plan: PowerPlan, *, stays: StayTable, signals: SignalTable
) -> pl.DataFrame:
    """Powers of each stay where they begin to differ from the step before, or from the stay's."""
    charge, discharge = power_shares
    changes = np.zeros(len(charge))
    for share in power_shares:
        before = np.concatenate(([1.0], share[:-1]))
        before[plan.offsets[:-1]] = 1.0
        changes += share != before
    ids = pl.Series(stays.stay_id, dtype=pl.String)
    parts = [
        pl.DataFrame(
            {
                **_keys(rows, stay, ids=ids, plan=plan, signals=signals),
                "max_kw": charge[rows] * stays.max_kw[stay],
                "max_discharge_kw": discharge[rows] * stays.max_discharge_kw[stay],
            }
        )
        for rows, stay in _used_rows(changes, plan.offsets)
    ]
    return pl.concat(parts, rechunk=False)


def _used_rows(values: Floats, offsets: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Rows of flat values that are not zero, and their stays, some stays at a time."""
    n_stays = len(offsets) - 1
    for first in range(0, max(n_stays, 1), _STAYS_AT_ONCE):
        bounds = offsets[first : first + _STAYS_AT_ONCE + 1]
        rows = np.flatnonzero(values[bounds[0] : bounds[-1]]) + bounds[0]
        n_rows = np.diff(np.searchsorted(rows, bounds))
        yield rows, np.repeat(np.arange(first, first + len(n_rows)), n_rows)


def _keys(
    rows: Ints, stay: Ints, *, ids: pl.Series, plan: PowerPlan, signals: SignalTable
) -> dict[str, pl.Series]:
    """Key columns of a table with one row per stay and step."""
    step = plan.first_step[stay] + rows - plan.offsets[stay]
    return {"stay_id": ids.gather(stay), "start": utc_series(signals.start[step])}


def prices_frame(prices: LimitPrices, limits: LimitTree, *, signals: SignalTable) -> pl.DataFrame:
    """Lay the certificate out as a table: one row per limit and step."""
    return _prices(prices, limits, keys=_limit_steps(limits, signals))


def _prices(prices: LimitPrices, limits: LimitTree, *, keys: dict[str, pl.Series]) -> pl.DataFrame:
    columns = {
        "import_eur_per_kwh": prices.import_eur_per_kwh.ravel(),
        "export_eur_per_kwh": prices.export_eur_per_kwh.ravel(),
        "peak_eur_per_kwh": prices.peak_eur_per_kwh.ravel(),
        "energy_eur_per_kwh": prices.energy_eur_per_kwh.ravel(),
    }
    if np.isfinite(limits.phase_kw).any():
        by_phase = prices.phase_eur_per_kwh
        for phase in range(_N_PHASES):
            columns[f"phase_{phase + 1}_eur_per_kwh"] = (
                np.zeros(limits.import_kw.size) if by_phase is None else by_phase[:, phase].ravel()
            )
    return pl.DataFrame({**keys, **columns})


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
        delivered_kwh=pl.Series(battery_gain_kwh(plan, stays, signals=signals)),
        unmet_kwh=pl.Series(plan.unmet_kwh),
        phase_used=phase_text(plan.phase_used),
    )


def battery_gain_kwh(plan: PowerPlan, stays: StayTable, *, signals: SignalTable) -> Floats:
    """(S,) net energy into each battery between arrival and departure, losses taken off."""
    hours = (stays.departure - stays.arrival) / np.timedelta64(SECONDS_PER_HOUR, "s")
    delivered: Floats = -stays.standing_loss_kw * hours
    for rows, stay in _used_rows(plan.power_kw, plan.offsets):
        step = plan.first_step[stay] + rows - plan.offsets[stay]
        gain_kw = _gain_kw(plan.power_kw[rows], stay, step=step, stays=stays, signals=signals)
        delivered += np.bincount(stay, weights=gain_kw, minlength=len(stays)) * signals.step_h
    return delivered


def _gain_kw(
    power_kw: Floats, stay: Ints, *, step: Ints, stays: StayTable, signals: SignalTable
) -> Floats:
    """(rows,) what the battery gains by charging, or loses by discharging, mean over the step."""
    share = _share(stay, step, stays=stays, signals=signals)
    knee_kw = np.where(stays.knee_kw[stay] < np.inf, stays.knee_kw[stay] * share, np.inf)
    below_kw = np.minimum(power_kw, knee_kw)
    charging = (
        stays.charge_efficiency[stay] * below_kw
        + stays.efficiency_above_knee[stay] * (power_kw - below_kw)
        - stays.charging_loss_kw[stay] * share
    )
    return np.where(power_kw > 0, charging, power_kw / stays.discharge_efficiency[stay])


def _share(stay: Ints, step: Ints, *, stays: StayTable, signals: SignalTable) -> Floats:
    """(rows,) part of the step during which the vehicle is there."""
    begin_s = (stays.arrival - signals.start[0]).astype(np.int64)
    end_s = (stays.departure - signals.start[0]).astype(np.int64)
    from_s = np.maximum(begin_s[stay], step * signals.step_s)
    until_s = np.minimum(end_s[stay], (step + 1) * signals.step_s)
    share: Floats = (until_s - from_s) / signals.step_s
    return share


def _limits(plan: PowerPlan, without_management: PowerPlan, *, limits: LimitTree) -> pl.DataFrame:
    parents = [limits.limit_id[row] if row >= 0 else None for row in limits.parent.tolist()]
    return pl.DataFrame(
        {
            "limit_id": pl.Series(limits.limit_id, dtype=pl.String),
            "parent_id": pl.Series(parents, dtype=pl.String),
            "zone": pl.Series(limits.zone, dtype=pl.String),
            "peak_eur_per_kw": limits.peak_eur_per_kw,
            "peak_so_far_kw": limits.peak_so_far_kw,
            "phase_kw": pl.Series(
                np.where(limits.phase_kw < np.inf, limits.phase_kw, np.nan)
            ).fill_nan(None),
            "peak_kw": plan.peak_kw,
            "peak_unmanaged_kw": without_management.peak_kw,
        }
    )


def _limit_profile(
    plan: PowerPlan, without_management: PowerPlan, *, limits: LimitTree, keys: dict[str, pl.Series]
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            **keys,
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
