"""Dimming: what a grid operator may take from charging, and when vehicles make up for it.

Section 14a of the German energy act lets the operator of a low voltage grid reduce controllable
devices while the grid is overloaded, down to a power that depends on how many stand behind one
connection. What they lack they charge later, as far as they are still there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Flags, Floats, Ints, freeze, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """Charging of S stays, each at a point, over its own run of steps; R rows in all.

    Attributes
    ----------
    point : (S,) number of the point, from 0. first_step : (S,) step of the first row.
    offsets : (S + 1,) rows of a stay. is_controllable : (S,) whether it may be dimmed.
    power_kw : (R,) mean over the step, discharging negative. most_kw : (R,) most it could be, less
        in a step that the stay covers in part.
    """

    point: Ints
    first_step: Ints
    offsets: Ints
    is_controllable: Flags
    power_kw: Floats
    most_kw: Floats

    def __post_init__(self) -> None:
        n = len(self.point)
        for field in ("point", "first_step"):
            freeze(self, field, "int64", (n,))
        freeze(self, "offsets", "int64", (n + 1,))
        freeze(self, "is_controllable", "bool", (n,))
        for field in ("power_kw", "most_kw"):
            freeze(self, field, "float64", (int(self.offsets[-1]),))
        require(np.diff(self.offsets) >= 0, "rows of stays are in order")

    @property
    def stay(self) -> Ints:
        """(R,) stay of each row."""
        return np.repeat(np.arange(len(self.point)), np.diff(self.offsets))

    @property
    def step(self) -> Ints:
        """(R,) step of each row."""
        stay = self.stay
        return np.asarray(self.first_step[stay] + np.arange(len(stay)) - self.offsets[stay])

    def at_points(self, n_points: int, n_steps: int) -> Floats:
        """(P, T) power at each point."""
        place = self.point[self.stay] * n_steps + self.step
        power = np.bincount(place, weights=self.power_kw, minlength=n_points * n_steps)
        return np.asarray(power.reshape(n_points, n_steps), dtype=np.float64)


def least_power_kw(n_devices: int, *, device_kw: float, factors: tuple[float, ...]) -> float:
    """Power that devices behind one connection keep when they are dimmed together.

    device_kw is what one keeps; factors are those of simultaneity for 2, 3, ... devices, the last
    for any more: P = device_kw + (n - 1) x factor x device_kw.
    """
    if n_devices <= 1:
        return device_kw * n_devices
    factor = factors[min(n_devices - 2, len(factors) - 1)]
    return device_kw * (1 + (n_devices - 1) * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimmed:
    """Charging as it went while points were dimmed.

    Attributes
    ----------
    charging : with the powers that were left. unmet_kwh : (S,) energy at the plug that a stay did
        not get any more. is_dimmed : (P, T) when the operator dimmed a point.
    """

    charging: Charging
    unmet_kwh: Floats
    is_dimmed: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Stay and step of each row (R,), and the order by step, then point."""

    stay: Ints
    step: Ints
    order: Ints


def _rows(charging: Charging) -> _Rows:
    stay, step = charging.stay, charging.step
    return _Rows(stay=stay, step=step, order=np.lexsort((stay, charging.point[stay], step)))


def dim(charging: Charging, *, is_dimmed: Flags, least_kw: Floats, step_h: float) -> Dimmed:
    """Reduce charging where points are dimmed, and let it catch up later.

    is_dimmed (P, T); least_kw (P,) that all controllable stays at a point keep together, shared in
    the ratio of what they want. A stay catches up with its full power as soon as it may.
    """
    return _dimmed(charging, _rows(charging), is_dimmed, least_kw, step_h)


def _dimmed(
    charging: Charging, rows: _Rows, is_dimmed: Flags, least_kw: Floats, step_h: float
) -> Dimmed:
    power_kw, unmet_kwh = _dim(
        rows.order,
        rows.stay,
        rows.step,
        charging.point,
        charging.is_controllable,
        charging.power_kw,
        charging.most_kw,
        is_dimmed,
        least_kw,
        step_h,
    )
    return Dimmed(
        charging=replace(charging, power_kw=power_kw), unmet_kwh=unmet_kwh, is_dimmed=is_dimmed
    )


Overloaded = Callable[[Charging, Ints], Flags]
"""Where charging overloads the grid: of the given steps (K,), at which points, (P, K)."""


def dim_until_fine(
    charging: Charging,
    overloaded: Overloaded,
    *,
    is_overloaded: Flags,
    least_kw: Floats,
    step_h: float,
    most_rounds: int,
) -> Dimmed:
    """Dim points in every step in which the grid would be overloaded, catching up included.

    is_overloaded (P, T) before anything is dimmed. What is put off may overload the grid later, so
    steps are added until none is new, or for most_rounds. Steps that are overloaded even so stay
    so.
    """
    is_dimmed, rows = is_overloaded.copy(), _rows(charging)  # sorting takes longest: once
    before = charging.at_points(*is_dimmed.shape)
    result = _dimmed(charging, rows, is_dimmed, least_kw, step_h)
    for _ in range(most_rounds):
        after = result.charging.at_points(*is_dimmed.shape)
        steps = np.flatnonzero((after > before).any(axis=0))
        before = after
        if not len(steps):
            break
        new = overloaded(result.charging, steps) & ~is_dimmed[:, steps]
        if not new.any():
            break
        is_dimmed = is_dimmed.copy()
        is_dimmed[:, steps] |= new
        result = _dimmed(charging, rows, is_dimmed, least_kw, step_h)
    return result


@kernel
def _dim(
    order: Ints,
    stay: Ints,
    step: Ints,
    point: Ints,
    is_controllable: Flags,
    planned_kw: Floats,
    most_kw: Floats,
    is_dimmed: Flags,
    least_kw: Floats,
    step_h: float,
) -> tuple[Floats, Floats]:
    """Power of each row (R,) and energy that each stay lacks at its end (S,).

    order sorts rows by step, then point. In one step, all rows of a point stand side by side: they
    first say what they want, then share what there is.
    """
    n_rows = order.size
    power_kw = planned_kw.copy()
    owed_kwh = np.zeros(point.size)
    begin = 0
    while begin < n_rows:
        t, p = step[order[begin]], point[stay[order[begin]]]
        end, wanted_kw = begin, 0.0
        while end < n_rows and step[order[end]] == t and point[stay[order[end]]] == p:
            row = order[end]
            s = stay[row]
            if owed_kwh[s] > 0:
                power_kw[row] = min(most_kw[row], planned_kw[row] + owed_kwh[s] / step_h)
                power_kw[row] = max(power_kw[row], planned_kw[row])
            if is_controllable[s]:
                wanted_kw += max(power_kw[row], 0.0)
            end += 1
        is_short = is_dimmed[p, t] and wanted_kw > least_kw[p]
        for place in range(begin, end):
            row = order[place]
            s = stay[row]
            if is_short and is_controllable[s] and power_kw[row] > 0:
                power_kw[row] *= least_kw[p] / wanted_kw
            owed_kwh[s] += (planned_kw[row] - power_kw[row]) * step_h
        begin = end
    return power_kw, np.maximum(owed_kwh, 0.0)
