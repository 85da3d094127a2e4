"""What is known at one moment, as a task for the scheduler."""

from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.charging.window import Windows, windows
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.limit import LimitTree
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable
from viavolta.model.stay import StayTable
from viavolta.services.simulation.trees import select_stays

_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The vehicles present with what is believed of them, over the steps until the last leaves."""

    stays: StayTable
    limits: LimitTree
    signals: SignalTable

    @property
    def window(self) -> Windows:
        """The steps of the stays, the first of them being the present one."""
        return windows(self.stays, self.signals)


def outlook(
    stays: StayTable,
    rows: Ints,
    *,
    leaves: Times,
    wanted_kwh: Floats,
    gained_kwh: Floats,
    limits: LimitTree,
    signals: SignalTable,
    step: int,
    n_known: int,
    others_kw: Floats,
    peak_kw: Floats,
    patience_eur_per_kwh_h: float,
) -> Outlook:
    """Put together what a plan at the start of a step may use.

    Parameters
    ----------
    rows
        Which stays to plan; each has arrived, or arrives within the step.
    leaves, wanted_kwh, gained_kwh
        (S,) believed departure, believed energy since arrival, and what of it is there already.
    n_known
        Number of steps, from the first of the signals, whose price is known.
    others_kw
        (L, T - step) what other vehicles do, at their own limits.
    peak_kw
        (L,) highest net import so far.
    patience_eur_per_kwh_h
        What waiting must save per hour.
    """
    step_time = np.timedelta64(signals.step_s, "s")
    now = signals.start[step]
    arrival = np.maximum(stays.arrival[rows], now)
    # who is there now is so to the end of the step; beyond the signals nobody can look
    departure = np.minimum(np.maximum(leaves[rows], now + step_time), signals.end)
    n_steps = int(-((now - departure.max()) // step_time))
    ahead = slice(step, step + n_steps)
    return Outlook(
        stays=_believed(
            stays,
            rows,
            arrival=arrival,
            departure=departure,
            left_kwh=wanted_kwh[rows] - gained_kwh[rows],
            gained_kwh=gained_kwh[rows],
        ),
        limits=replace(
            limits,
            import_kw=limits.import_kw[:, ahead],
            export_kw=limits.export_kw[:, ahead],
            base_load_kw=limits.base_load_kw[:, ahead] + others_kw[:, :n_steps],
            peak_so_far_kw=np.maximum(limits.peak_so_far_kw, peak_kw),
        ),
        signals=believed_signals(
            signals,
            step=step,
            n_steps=n_steps,
            n_known=n_known,
            patience_eur_per_kwh_h=patience_eur_per_kwh_h,
        ),
    )


def _believed(
    stays: StayTable,
    rows: Ints,
    *,
    arrival: Times,
    departure: Times,
    left_kwh: Floats,
    gained_kwh: Floats,
) -> StayTable:
    """The stays from now on: what is left of the energy, and the battery as it is by now."""
    floor = np.fmin(stays.soc_min_kwh[rows], stays.soc_arrival_kwh[rows])
    soc = stays.soc_arrival_kwh[rows] + gained_kwh
    return select_stays(
        stays,
        rows,
        arrival=arrival,
        departure=departure,
        energy_kwh=left_kwh,
        soc_arrival_kwh=np.clip(soc, 0.0, stays.capacity_kwh[rows]),
        soc_min_kwh=np.nan_to_num(floor),
        vehicle_id=(),
    )


def believed_signals(
    signals: SignalTable,
    *,
    step: int,
    n_steps: int,
    n_known: int,
    patience_eur_per_kwh_h: float = 0.0,
) -> SignalTable:
    """Prices of the steps ahead: known ones, then those of the same hour of the last known day.

    Where the day before is not there either, the last known price holds on. Buying seems dearer by
    `patience_eur_per_kwh_h` for each hour ahead: who waits may wait in vain.
    """
    per_day = _HOURS_PER_DAY * SECONDS_PER_HOUR // signals.step_s
    at = np.arange(step, step + n_steps)
    n_known = min(max(n_known, step + 1), signals.n_steps)
    days_back = np.maximum(-(-(at - n_known + 1) // per_day), 0)
    known = at - days_back * per_day
    known = np.where(known < 0, n_known - 1, known)
    waiting = patience_eur_per_kwh_h * signals.step_h * np.arange(n_steps)
    co2 = signals.co2_g_per_kwh
    return SignalTable(
        start=signals.start[at],
        step_s=signals.step_s,
        buy_eur_per_kwh=signals.buy_eur_per_kwh[:, known] + waiting,
        sell_eur_per_kwh=signals.sell_eur_per_kwh[:, known],
        co2_g_per_kwh=None if co2 is None else co2[:, known],
        zone=signals.zone,
    )
