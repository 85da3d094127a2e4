"""What one strategy does over the horizon, and what really came of it."""

from dataclasses import replace
from typing import assert_never

import numpy as np

from viavolta.engines.charging.cost import plan_of
from viavolta.engines.charging.first_come import first_come_kw
from viavolta.engines.charging.unmanaged import unmanaged
from viavolta.engines.charging.window import windows
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.progress import StopRule, never
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable
from viavolta.services.simulation.rolling import rolling_kw
from viavolta.services.simulation.strategies import Strategy
from viavolta.services.simulation.trees import trees


def follow(
    strategy: Strategy,
    stays: StayTable,
    *,
    believed: StayTable,
    limits: LimitTree,
    signals: SignalTable,
    known_steps: Ints | None = None,
    unmet_eur_per_kwh: float = 10.0,
    patience_eur_per_kwh_h: float = 0.002,
    stop: StopRule = never,
) -> PowerPlan:
    """Replay one strategy; decisions rest on beliefs, the outcome on what really happened.

    A vehicle is unknown before it arrives. It takes power until it has `stays.energy_kwh` more in
    its battery than on arrival, then stops by itself, whoever wants it to take more; discharging
    makes room again. Uncontrolled and first come need no beliefs. The smart strategies plan anew
    for all vehicles present, until their believed departures, whenever something new is known: a
    vehicle arrives, leaves early, stops taking power or outlasts its beliefs, or prices become
    known; in between, the last plan stays the best. A vehicle that arrives inside a step is fitted
    in around what the others do in that step. Plans are ready by the last whole step before the
    believed departure. Who stays beyond its believed departure is charged at once, as it may leave
    any moment; who still takes power when it has its believed energy is believed to want an hour of
    full power more. Where a vehicle leaves that was to feed others, these are cut back at once.

    Parameters
    ----------
    stays
        What really happened. Discharging is used by smart-v2x only.
    believed
        The same rows in the same order, with the departure and energy believed on arrival.
    known_steps
        (T,) how many steps, counted from the first of the signals, have a known price when a step
        begins; later prices are believed to be those of the same hour of the last known day. None:
        all are always known.
    patience_eur_per_kwh_h
        What waiting must save per hour to be chosen; among hours of one price the first is taken.
    stop
        Asked now and then; True lets the rest of the horizon be charged first come, first served.

    Returns
    -------
    The executed power of the true stays, its cost and unmet energy. Only `uncontrolled` may break
    limits.

    Raises
    ------
    ValueError: rows do not correspond, or a table does not fit the signals.
    """
    if stays.stay_id != believed.stay_id or (stays.arrival != believed.arrival).any():
        msg = "stays and beliefs are not about the same arrivals"
        raise ValueError(msg)
    match strategy:
        case Strategy.UNCONTROLLED:
            return unmanaged(
                stays, limits=limits, signals=signals, unmet_eur_per_kwh=unmet_eur_per_kwh
            )
        case Strategy.FIRST_COME:
            power_kw = first_come_kw(
                stays, windows(stays, signals), limits=limits, step_h=signals.step_h
            )
        case Strategy.SMART | Strategy.SMART_V2X:
            gives_back = strategy is Strategy.SMART_V2X
            power_kw = _smart_kw(
                stays if gives_back else without_discharge(stays),
                believed if gives_back else without_discharge(believed),
                limits=limits,
                signals=signals,
                known_steps=known_steps,
                unmet_eur_per_kwh=unmet_eur_per_kwh,
                patience_eur_per_kwh_h=patience_eur_per_kwh_h,
                stop=stop,
            )
        case _ as unknown:
            assert_never(unknown)
    return plan_of(
        power_kw, stays, limits=limits, signals=signals, unmet_eur_per_kwh=unmet_eur_per_kwh
    )


def without_discharge(stays: StayTable) -> StayTable:
    """The same stays, none of which feeds back."""
    return replace(stays, max_discharge_kw=np.zeros(len(stays)))


def _smart_kw(
    stays: StayTable,
    believed: StayTable,
    *,
    limits: LimitTree,
    signals: SignalTable,
    known_steps: Ints | None,
    unmet_eur_per_kwh: float,
    patience_eur_per_kwh_h: float,
    stop: StopRule,
) -> Floats:
    """(K,) power of the rolling plan, one tree after the other: they share nothing but prices."""
    known = np.full(signals.n_steps, signals.n_steps) if known_steps is None else known_steps
    window = windows(stays, signals)
    power_kw = np.zeros(len(window))
    for tree in trees(limits):
        rows = np.flatnonzero(np.isin(stays.limit, tree.rows))
        if not len(rows):
            continue
        power_kw[np.isin(window.stay, rows)] = rolling_kw(
            tree.stays(stays, rows),
            tree.stays(believed, rows),
            limits=tree.limits(limits),
            signals=signals,
            known_steps=known,
            unmet_eur_per_kwh=unmet_eur_per_kwh,
            patience_eur_per_kwh_h=patience_eur_per_kwh_h,
            stop=stop,
        )
    return power_kw
