"""Planning again and again: each plan knows the vehicles present, its first steps are carried out.

Every plan is a call of the scheduler, which begins with the plan before.
"""

from dataclasses import dataclass, field

import numpy as np

from viavolta.engines.charging.first_come import first_come_kw
from viavolta.engines.charging.reschedule import reschedule
from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.window import Windows, windows
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.progress import StopRule
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable
from viavolta.services.simulation.hold import Guard, guard
from viavolta.services.simulation.outlook import Outlook, outlook
from viavolta.services.simulation.trees import select_stays

_NOTHING_KWH = 1e-6
_MORE_H = 1.0
"""Hours of full power that a vehicle is believed to want more when it still takes some."""


@dataclass(slots=True, kw_only=True)
class _Play:
    """A replay under way. Shapes: S stays, K rows of all stays, L limits, T steps.

    gained_kwh : (S,) net into the battery so far. wanted_kwh, leaves : (S,) what is believed now.
    planned_kw, planned_share : (K,) power and presence as last planned. is_stale : plan anew.
    last : step, stays and schedule of the last plan for all vehicles present.
    """

    stays: StayTable
    believed: StayTable
    limits: LimitTree
    signals: SignalTable
    known_steps: Ints
    window: Windows
    guard: Guard
    unmet_eur_per_kwh: float
    patience_eur_per_kwh_h: float
    gained_kwh: Floats = field(init=False)
    wanted_kwh: Floats = field(init=False)
    leaves: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]] = field(init=False)
    planned_kw: Floats = field(init=False)
    planned_share: Floats = field(init=False)
    done_kw: Floats = field(init=False)
    peak_kw: Floats = field(init=False)
    is_stale: bool = True
    last: tuple[int, StayTable, Schedule] | None = None

    def __post_init__(self) -> None:
        self.gained_kwh = np.zeros(len(self.stays))
        self.wanted_kwh = np.maximum(self.believed.energy_kwh, 0.0)
        # ready by the last whole step: power in the step of departure would be lost time
        since = self.believed.departure - self.signals.start[0]
        self.leaves = self.believed.departure - since % _step(self)
        self.planned_kw = np.zeros(len(self.window))
        self.planned_share = np.ones(len(self.window))
        self.done_kw = np.zeros(len(self.window))
        self.peak_kw = self.limits.peak_so_far_kw.copy()

    def row(self, stays: Ints, step: int) -> Ints:
        """Rows of the flat arrays of stays that are there in a step."""
        rows: Ints = self.window.offsets[stays] + step - self.window.first_step[stays]
        return rows


def rolling_kw(
    stays: StayTable,
    believed: StayTable,
    *,
    limits: LimitTree,
    signals: SignalTable,
    known_steps: Ints,
    unmet_eur_per_kwh: float,
    patience_eur_per_kwh_h: float,
    stop: StopRule,
) -> Floats:
    """(K,) executed power of the stays of one tree, laid out as `windows(stays, signals)`.

    See `follow.follow` for the rules.
    """
    play = _Play(
        stays=stays,
        believed=believed,
        limits=limits,
        signals=signals,
        known_steps=known_steps,
        window=windows(stays, signals),
        guard=guard(limits),
        unmet_eur_per_kwh=unmet_eur_per_kwh,
        patience_eur_per_kwh_h=patience_eur_per_kwh_h,
    )
    last = play.window.first_step + np.diff(play.window.offsets)
    by_arrival = np.lexsort((np.arange(len(stays)), stays.arrival))
    first = play.window.first_step[by_arrival]
    for step in np.unique(play.window.step).tolist():
        come = by_arrival[: np.searchsorted(first, step, side="right")]
        here = come[last[come] > step]
        if stop():
            play.done_kw[play.window.step >= step] = _rest_first_come(play, step)
            break
        _carry_out(play, here, step=step)
    return play.done_kw


def _carry_out(play: _Play, here: Ints, *, step: int) -> None:
    """Plan where something changed, fit in who arrives, and take note of what happens."""
    now = play.signals.start[step]
    old = here[play.stays.arrival[here] <= now]
    arriving = here[play.stays.arrival[here] > now]
    # who arrives with the step itself is planned together with those who are there
    play.is_stale |= bool((play.stays.arrival[old] == now).any())
    _revise(play, old, step=step)
    if play.is_stale:
        active = old[_has_choice(play, old)]
        _forget(play, np.setdiff1d(old, active), step=step)
        if len(active):
            _plan(play, active, step=step, others=old[:0])
        play.is_stale = False
    for which in range(len(arriving)):
        placed = np.concatenate((old, arriving[:which]))
        _plan(play, arriving[which : which + 1], step=step, others=placed)
    wanted_kw = play.planned_kw[play.row(here, step)]
    taken_kw = _taken_kw(play, here, step=step)
    taken_kw = play.guard.held_kw(taken_kw, play.stays.limit[here], step=step)
    _take_note(play, here, step=step, taken_kw=taken_kw)
    gone = play.stays.departure[here]
    some_left = bool(((gone <= now + _step(play)) & (gone < play.leaves[here])).any())
    refused = bool((np.abs(taken_kw - wanted_kw) > _NOTHING_KWH).any())
    play.is_stale |= some_left or refused or bool(len(arriving))


def _has_choice(play: _Play, stays: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether there is anything to plan: a vehicle that is not full, or that can give back."""
    is_full = play.gained_kwh[stays] >= play.stays.energy_kwh[stays] - _NOTHING_KWH
    choice: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = ~is_full | (
        play.stays.max_discharge_kw[stays] > 0
    )
    return choice


def _forget(play: _Play, stays: Ints, *, step: int) -> None:
    """Plan no power from a step on."""
    for stay in stays.tolist():
        begin = int(play.window.offsets[stay] + step - play.window.first_step[stay])
        play.planned_kw[begin : int(play.window.offsets[stay + 1])] = 0.0


def _step(play: _Play) -> np.timedelta64:
    return np.timedelta64(play.signals.step_s, "s")


def _revise(play: _Play, old: Ints, *, step: int) -> None:
    """Change beliefs that the vehicles present have outlasted, and see what prices are new."""
    now = play.signals.start[step]
    learns_prices = bool(play.known_steps[step] != play.known_steps[max(step - 1, 0)])
    late = old[(play.leaves[old] <= now) & _has_choice(play, old)]
    play.leaves[late] = now + _step(play)  # any moment, as far as anyone knows: charge at once
    eager = old[
        (play.gained_kwh[old] >= play.wanted_kwh[old] - _NOTHING_KWH)
        & (play.gained_kwh[old] < play.stays.energy_kwh[old] - _NOTHING_KWH)
    ]
    hour_kwh = play.stays.max_kw[eager] * play.stays.charge_efficiency[eager] * _MORE_H
    play.wanted_kwh[eager] = play.gained_kwh[eager] + hour_kwh
    play.is_stale |= learns_prices or bool(len(late)) or bool(len(eager))


def _plan(play: _Play, stays: Ints, *, step: int, others: Ints) -> None:
    """Schedule some stays from a step on, around what others do."""
    ahead = outlook(
        play.stays,
        stays,
        leaves=play.leaves,
        wanted_kwh=play.wanted_kwh,
        gained_kwh=play.gained_kwh,
        limits=play.limits,
        signals=play.signals,
        step=step,
        n_known=int(play.known_steps[step]),
        others_kw=_others_kw(play, others, step=step),
        peak_kw=play.peak_kw,
        patience_eur_per_kwh_h=play.patience_eur_per_kwh_h,
    )
    if play.last is None or len(others):
        found = schedule(
            ahead.stays,
            ahead.limits,
            ahead.signals,
            unmet_eur_per_kwh=play.unmet_eur_per_kwh,
        )
    else:
        last_step, planned, previous = play.last
        found = reschedule(
            previous,
            planned,
            stays=ahead.stays,
            limits=ahead.limits,
            signals=ahead.signals,
            elapsed_steps=step - last_step,
            unmet_eur_per_kwh=play.unmet_eur_per_kwh,
        )
    if not len(others):
        play.last = (step, ahead.stays, found)
    _keep(play, stays, step=step, ahead=ahead, power_kw=found.plan.power_kw)


def _keep(play: _Play, stays: Ints, *, step: int, ahead: Outlook, power_kw: Floats) -> None:
    """Lay a plan over the true steps of the stays; beyond what was planned stands nothing."""
    window = ahead.window
    for which, stay in enumerate(stays.tolist()):
        begin = int(play.window.offsets[stay] + step - play.window.first_step[stay])
        end = int(play.window.offsets[stay + 1])
        rows = slice(int(window.offsets[which]), int(window.offsets[which + 1]))
        n_kept = min(end - begin, rows.stop - rows.start)
        play.planned_kw[begin:end] = 0.0
        play.planned_share[begin:end] = 1.0
        play.planned_kw[begin : begin + n_kept] = power_kw[rows][:n_kept]
        play.planned_share[begin : begin + n_kept] = window.share[rows][:n_kept]


def _others_kw(play: _Play, others: Ints, *, step: int) -> Floats:
    """(L, T - step) power planned for others, at their own limits."""
    load_kw = np.zeros((len(play.limits), play.signals.n_steps - step))
    for stay in others.tolist():
        begin = int(play.window.offsets[stay] + step - play.window.first_step[stay])
        planned = play.planned_kw[begin : int(play.window.offsets[stay + 1])]
        load_kw[play.stays.limit[stay], : len(planned)] += planned
    return load_kw


def _taken_kw(play: _Play, here: Ints, *, step: int) -> Floats:
    """What vehicles take of their planned power: none after leaving, none when full or empty."""
    stays, rows, step_h = play.stays, play.row(here, step), play.signals.step_h
    stays_on = np.minimum(1.0, play.window.share[rows] / play.planned_share[rows])
    power_kw = play.planned_kw[rows] * stays_on
    room_kwh = np.maximum(stays.energy_kwh[here] - play.gained_kwh[here], 0.0)
    most_kw = room_kwh / (stays.charge_efficiency[here] * step_h)
    floor = np.fmin(stays.soc_min_kwh[here], stays.soc_arrival_kwh[here])
    above_kwh = stays.soc_arrival_kwh[here] + play.gained_kwh[here] - floor
    above_kwh = np.maximum(np.nan_to_num(above_kwh), 0.0)
    least_kw = -above_kwh * stays.discharge_efficiency[here] / step_h
    taken: Floats = np.clip(power_kw, np.minimum(least_kw, 0.0), most_kw)
    return taken


def _take_note(play: _Play, here: Ints, *, step: int, taken_kw: Floats) -> None:
    """Book the power, and believe a vehicle that stopped by itself to be full."""
    stays, rows = play.stays, play.row(here, step)
    play.done_kw[rows] = taken_kw
    efficiency = np.where(
        taken_kw >= 0, stays.charge_efficiency[here], 1.0 / stays.discharge_efficiency[here]
    )
    play.gained_kwh[here] += taken_kw * efficiency * play.signals.step_h
    full = here[play.gained_kwh[here] >= stays.energy_kwh[here] - _NOTHING_KWH]
    play.wanted_kwh[full] = stays.energy_kwh[full]
    net_kw = play.guard.net_kw(taken_kw, stays.limit[here], step=step)
    play.peak_kw = np.maximum(play.peak_kw, net_kw)


def _rest_first_come(play: _Play, step: int) -> Floats:
    """Power from a step on when planning is cut short: first come, first served."""
    stays, now = play.stays, play.signals.start[step]
    rows = np.flatnonzero(stays.departure > now)
    left_kwh = np.maximum(stays.energy_kwh - play.gained_kwh, 0.0)[rows]
    rest = select_stays(
        stays,
        rows,
        arrival=np.maximum(stays.arrival[rows], now),
        energy_kwh=left_kwh,
        max_discharge_kw=0.0,
        capacity_kwh=left_kwh,
        soc_arrival_kwh=0.0,
        soc_min_kwh=0.0,
    )
    return first_come_kw(
        rest, windows(rest, play.signals), limits=play.limits, step_h=play.signals.step_h
    )
