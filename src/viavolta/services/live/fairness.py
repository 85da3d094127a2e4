"""Who gets how much where limits do not leave enough for all.

The rule: sessions that come first (priority, a boost that was paid, a battery below its driver's
minimum) get what they need as far as limits allow. Of what is left every other session gets power
in proportion to what it needs per hour of its stay, at all times, until it has what it needs: who
has little time is not left behind, and power that one cannot use goes to the others. What a session
gets in this way of what it could get alone is its share; the plan delivers that much, at the hours
that cost least.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from viavolta.engines.charging.tree import headroom
from viavolta.engines.charging.window import windows
from viavolta.model.arrays import Flags, Floats
from viavolta.model.stay import StayTable
from viavolta.services.live.plan import LivePlan

_HALVINGS = 30
_NEEDS_KWH = 1e-3
_LEVEL = 1e-9


def possible_kwh(plan: LivePlan) -> Floats:
    """(S,) what each stay could get into its battery of what it needs, were there no limits."""
    window = windows(_whole_stays(plan), plan.signals)
    hours = np.add.reduceat(window.share, window.offsets[:-1]) if len(plan.stays) else np.zeros(0)
    full = plan.stays.max_kw * hours * plan.signals.step_h * plan.stays.charge_efficiency
    return np.minimum(np.maximum(_need_kwh(plan), 0.0), full)


def is_short(plan: LivePlan, *, tolerance_kwh: float = 0.05) -> bool:
    """Whether limits, and not only time, keep stays from what they need."""
    own = np.maximum(_need_kwh(plan) - possible_kwh(plan), 0.0)
    return bool(np.maximum(plan.lack_kwh - own, 0.0).sum() > tolerance_kwh)


def _whole_stays(plan: LivePlan) -> StayTable:
    """The stays to their departures, though who wants power at once is planned shorter."""
    return replace(plan.stays, departure=plan.latest)


def _need_kwh(plan: LivePlan) -> Floats:
    return np.array([session.energy_kwh for session in plan.sessions])


def fair_shares(plan: LivePlan, first: Sequence[bool]) -> Floats:
    """(S,) part of `possible_kwh` that the rule gives each stay; `first` marks who comes first."""
    need = possible_kwh(plan)
    bounds = headroom(plan.limits)
    room_kw = bounds.import_kw - bounds.base_kw
    given = np.zeros(len(need))
    comes_first = np.array(first, dtype=bool)
    for some in (comes_first, ~comes_first):
        given += _filled(plan, np.where(some, need, 0.0), room_kw)
    return np.where(need > _NEEDS_KWH, np.minimum(given / np.maximum(need, _NEEDS_KWH), 1.0), 1.0)


def _filled(plan: LivePlan, need: Floats, room_kw: Floats) -> Floats:
    """Energy of each stay, step after step; what it takes is taken from `room_kw` (L, T)."""
    stays, window = plan.stays, windows(_whole_stays(plan), plan.signals)
    n_rows = np.diff(window.offsets)
    share, below = window.share, _below(plan)
    hours = np.maximum(n_rows, 1) * plan.signals.step_h
    left, weight = need.copy(), need / hours
    for t in range(plan.signals.n_steps):
        row = t - window.first_step
        here = (row >= 0) & (row < n_rows) & (left > _LEVEL)
        if not here.any():
            continue
        part = np.zeros(len(need))
        part[here] = share[window.offsets[:-1][here] + row[here]]
        per_kw = plan.signals.step_h * stays.charge_efficiency
        cap = np.where(here, np.minimum(stays.max_kw * part, left / per_kw), 0.0)
        power = _level(np.where(here, weight, 0.0), cap, below=below, room=room_kw[:, t])
        left -= power * per_kw
        room_kw[:, t] = np.maximum(room_kw[:, t] - below @ power, 0.0)
    return need - left


def _level(weight: Floats, cap: Floats, *, below: Floats, room: Floats) -> Floats:
    """Powers in proportion to the weights up to the caps; who meets a full limit stops there."""
    power = np.zeros(len(cap))
    growing: Flags = cap > _LEVEL
    frozen = np.zeros(len(cap))
    while growing.any():
        high = float((cap[growing] / weight[growing]).max())
        low, top = 0.0, high
        if not _fits(frozen + np.where(growing, np.minimum(weight * high, cap), 0), below, room):
            for _ in range(_HALVINGS):
                middle = (low + top) / 2
                tried = frozen + np.where(growing, np.minimum(weight * middle, cap), 0.0)
                low, top = (middle, top) if _fits(tried, below, room) else (low, middle)
        else:
            low = high
        power = frozen + np.where(growing, np.minimum(weight * low, cap), 0.0)
        if low == high:
            return power
        over = below @ (frozen + np.where(growing, np.minimum(weight * top, cap), 0.0)) > room
        stopped = growing & ((below[over] > 0).any(axis=0) | (power >= cap))
        if not stopped.any():
            return power
        frozen = np.where(stopped, power, frozen)
        growing &= ~stopped
    return power


def _fits(power: Floats, below: Floats, room: Floats) -> bool:
    return bool((below @ power <= room).all())


def _below(plan: LivePlan) -> Floats:
    """(L, S) 1 where a stay counts under a limit."""
    found = np.zeros((len(plan.limits), len(plan.stays)))
    for s, limit in enumerate(plan.stays.limit.tolist()):
        row = limit
        while row >= 0:
            found[row, s] = 1.0
            row = int(plan.limits.parent[row])
    return found
