"""What power does to a battery, row by row: energies, losses, and what they cost."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viavolta.checks.charge_blocks import Block, Rows
from viavolta.checks.charge_data import ChargeData
from viavolta.checks.charge_keys import Floats, Ints

NO_CHARGING_KW = 1e-9
"""Power that counts as none: no charging loss goes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Energy before and after each row of a block, and the power, (W, B) each."""

    power_kw: Floats
    before_kwh: Floats
    after_kwh: Floats


@dataclass(slots=True)
class Outcome:
    """What the stays came to. delivered_kwh, unmet_kwh : (S,), the first net of losses.

    late_kwh : unmet of those that stay to the end, early_kwh : of those that leave before; both as
    expected. beyond_kwh : how much of both is beyond half of what was wanted.
    """

    delivered_kwh: Floats
    unmet_kwh: Floats
    late_kwh: float = 0.0
    early_kwh: float = 0.0
    beyond_kwh: float = 0.0
    wear_eur: float = 0.0
    ageing_eur: float = 0.0

    @classmethod
    def empty(cls, n_stays: int) -> "Outcome":
        """Of no block yet."""
        return cls(np.zeros(n_stays), np.zeros(n_stays))

    def add(self, data: ChargeData, block: Block, rows: Rows, walk: Walk) -> None:
        """Take in a block."""
        first, last = np.nonzero(block.is_first.T), np.nonzero(block.is_last.T)
        stay = block.stay.T[last]
        left_kwh = walk.after_kwh.T[last]
        self.delivered_kwh[stay] = left_kwh - walk.before_kwh.T[first]
        unmet, beyond = _short_kwh(rows.target.T[last], rows.energy.T[last], left_kwh)
        self.unmet_kwh[stay] = unmet
        taken_kwh = np.maximum(-walk.power_kw, 0.0) * data.step_h / rows.efficiency_back
        self.wear_eur += float((taken_kwh * rows.wear).sum())
        above_kwh = np.maximum(walk.after_kwh - rows.aged_kwh, 0.0)
        self.ageing_eur += float((above_kwh * rows.ageing * rows.hours).sum())
        stays_on = np.ones(len(stay))
        if data.early is not None:
            chance = block.laid_out(data, data.early, "share", empty=0.0)
            stays_on -= _by_stay(chance, last)
            early = _short_kwh(rows.target, rows.energy, walk.after_kwh)
            self.early_kwh += float((chance * early[0]).sum())
            self.beyond_kwh += float((chance * early[1]).sum())
        self.late_kwh += float(stays_on @ unmet)
        self.beyond_kwh += float(stays_on @ beyond)


def _by_stay(values: Floats, last: tuple[Ints, ...]) -> Floats:
    """Sum of the rows of each stay, stays in the order of their last rows."""
    running = np.cumsum(values, axis=0).T[last]
    is_same = np.diff(last[0], prepend=-1) == 0
    return running - np.where(is_same, np.concatenate(([0.0], running[:-1])), 0.0)


def _short_kwh(target: Floats, energy: Floats, left_kwh: Floats) -> tuple[Floats, Floats]:
    """What is missing, and how much of it beyond half of what was wanted."""
    missing = np.maximum(target - left_kwh, 0.0)
    return missing, np.maximum(missing - np.maximum(energy, 0.0) / 2, 0.0)


def gain_kwh(rows: Rows, power_kw: Floats, *, step_h: float) -> Floats:
    """Energy that rows bring into the battery, all losses counted."""
    charging = np.maximum(power_kw, 0.0)
    below = np.minimum(charging, rows.knee_kw)
    stored = below * rows.efficiency + (charging - below) * rows.efficiency_above
    taken = np.maximum(-power_kw, 0.0) / rows.efficiency_back
    lost = np.where(power_kw > NO_CHARGING_KW, rows.loss_kwh, 0.0) + rows.standing_kwh
    return (stored - taken) * step_h - lost


def walk(
    block: Block, rows: Rows, power_at: Callable[[int, Rows, Floats], Floats], *, step_h: float
) -> Walk:
    """Follow every vehicle through its rows; power_at says the power of a row, given its energy.

    Between two stays of a vehicle, what is above the target stays in the battery, and what is
    missing is charged elsewhere.
    """
    power, before, after = (np.zeros(block.stay.shape) for _ in range(3))
    energy = rows.soc[0]
    for row in range(len(block.stay)):
        now = rows.at(row)
        if row and block.is_first[row].any():
            arriving = now.soc + np.maximum(energy - rows.target[row - 1], 0.0)
            energy = np.where(block.is_first[row], arriving, energy)
        before[row] = energy
        power[row] = power_at(row, now, energy)
        energy = energy + gain_kwh(now, power[row], step_h=step_h)
        after[row] = energy
    return Walk(power_kw=power, before_kwh=before, after_kwh=after)


def taper_kw(rows: Rows, energy_kwh: Floats) -> Floats:
    """Most charging power where a row ends with an energy; inf without a taper."""
    is_tapered = rows.taper < 1
    capacity = np.where(is_tapered, rows.capacity, 1.0)
    steep = rows.full_kw / np.where(is_tapered, 1 - rows.taper, 1.0)
    return np.where(is_tapered, steep * np.maximum(1 - energy_kwh / capacity, 0.0), np.inf)


def standing_before_kwh(block: Block, rows: Rows) -> Floats:
    """(W, B) what stood losses have taken between the arrival of the stay and each row."""
    before = np.cumsum(rows.standing_kwh, axis=0) - rows.standing_kwh
    on_arrival = np.maximum.accumulate(np.where(block.is_first, before, 0.0), axis=0)
    return before - on_arrival


def floor_kwh(block: Block, rows: Rows) -> tuple[Floats, Floats]:
    """(W, B) least energy before and after each row: the reserve, or what nothing done leaves."""
    lost = standing_before_kwh(block, rows)
    before = np.minimum(rows.reserve, rows.soc - lost)
    return before, np.minimum(rows.reserve, rows.soc - lost - rows.standing_kwh)
