"""Planning again after a change: what was planned is kept where nothing speaks against it."""

import dataclasses
from typing import Any

import numpy as np

from viavolta.engines.charging.decompose import Start
from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.window import windows
from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import LimitPrices, Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable


def reschedule(
    previous: Schedule,
    planned: StayTable,
    *,
    stays: StayTable,
    limits: LimitTree,
    signals: SignalTable,
    elapsed_steps: int = 0,
    **options: Any,
) -> Schedule:
    """Plan again where stays, limits or prices have changed, beginning with an earlier plan.

    The answer is as good, and as well proven, as one from scratch: only the way there is shorter.
    Stays are known again by their names. Those that are as they were keep their powers and are
    asked again once their limits or prices say so; others are asked at once.

    Parameters
    ----------
    previous, planned
        The earlier plan, and the stays it was made for.
    stays, limits, signals
        What is to be planned now. Limits are the same tree; figures may differ.
    elapsed_steps
        How many steps after the earlier horizon's first step the signals begin now.
    options
        As for `schedule`: gap, stop, seed, prices of unmet energy, where to work.

    Raises
    ------
    ValueError: the earlier plan is about other stays or another tree of limits, or the tables do
        not fit together.
    """
    if len(planned) != len(previous.plan.first_step):
        msg = "the earlier plan is about other stays"
        raise ValueError(msg)
    if len(limits) != len(previous.prices.import_eur_per_kwh):
        msg = "the earlier plan is about another tree of limits"
        raise ValueError(msg)
    known = _known_rows(planned, stays)
    start = Start(
        power_kw=_powers_kw(previous, known, stays, signals, elapsed_steps=elapsed_steps),
        prices=_shifted(previous.prices, n_steps=signals.n_steps, elapsed_steps=elapsed_steps),
        is_calm=_is_same(planned, known, stays),
        mean_eur=abs(previous.cost_eur) / max(1, len(planned)),
    )
    return schedule(stays, limits, signals, start=start, **options)


def _known_rows(planned: StayTable, stays: StayTable) -> Ints:
    """(S,) row of each stay in the earlier table, -1 where it is new."""
    if planned.stay_id == stays.stay_id:
        return np.arange(len(stays))
    rows = {name: row for row, name in enumerate(planned.stay_id)}
    return np.array([rows.get(name, -1) for name in stays.stay_id], dtype=np.int64)


def _is_same(planned: StayTable, known: Ints, stays: StayTable) -> Flags:
    """(S,) whether all figures of a stay are as they were."""
    same = known >= 0
    at = np.maximum(known, 0)
    for field in dataclasses.fields(StayTable):
        if field.name in {"stay_id", "vehicle_id"} or not len(planned):
            continue
        before, now = getattr(planned, field.name)[at], getattr(stays, field.name)
        same &= (before == now) | ((before != before) & (now != now))  # noqa: PLR0124 - NaN
    if planned.vehicle_id or stays.vehicle_id:
        before = np.array(planned.vehicle_id or ("",) * len(planned), dtype=object)[at]
        same &= before == np.array(stays.vehicle_id or ("",) * len(stays), dtype=object)
    return same


def _powers_kw(
    previous: Schedule, known: Ints, stays: StayTable, signals: SignalTable, *, elapsed_steps: int
) -> Floats:
    """(K,) planned power of each row of the stays; zero where nothing was planned."""
    window, plan = windows(stays, signals), previous.plan
    stay = known[window.stay]
    step = window.step + elapsed_steps - plan.first_step[stay]
    row = plan.offsets[np.maximum(stay, 0)] + step
    is_planned = (stay >= 0) & (step >= 0) & (row < plan.offsets[np.maximum(stay, 0) + 1])
    power_kw = np.zeros(len(window))
    power_kw[is_planned] = plan.power_kw[row[is_planned]]
    most_kw = np.repeat(stays.max_kw, np.diff(window.offsets)) * window.share
    least_kw = -np.repeat(stays.max_discharge_kw, np.diff(window.offsets)) * window.share
    return np.clip(power_kw, least_kw, most_kw)


def _shifted(prices: LimitPrices, *, n_steps: int, elapsed_steps: int) -> LimitPrices:
    """Prices over the new horizon; steps that are new begin at zero."""
    steps = np.arange(n_steps) + elapsed_steps

    def shifted(values: Floats) -> Floats:
        is_known = steps < values.shape[-1]
        result = np.zeros((*values.shape[:-1], n_steps))
        result[..., is_known] = values[..., steps[is_known]]
        return result

    phases = prices.phase_eur_per_kwh
    return LimitPrices(
        import_eur_per_kwh=shifted(prices.import_eur_per_kwh),
        export_eur_per_kwh=shifted(prices.export_eur_per_kwh),
        peak_eur_per_kwh=shifted(prices.peak_eur_per_kwh),
        energy_eur_per_kwh=shifted(prices.energy_eur_per_kwh),
        phase_eur_per_kwh=None if phases is None else shifted(phases),
    )
