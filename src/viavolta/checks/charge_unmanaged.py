"""Full power on arrival: what the vehicles would do without a scheduler."""

import numpy as np

from viavolta.checks.charge_battery import Outcome, walk
from viavolta.checks.charge_blocks import Rows, Vehicles, blocks, rows_of_block
from viavolta.checks.charge_data import ChargeData
from viavolta.checks.charge_keys import Floats

_NOTHING_KWH = 1e-9


def unmanaged(data: ChargeData, vehicles: Vehicles) -> tuple[Floats, Outcome]:
    """Net power at each limit, (L, T), and what the stays come to; limits are ignored."""
    outcome = Outcome.empty(len(data.stay_id))
    own_kw = data.profile["base_load_kw"].copy()
    for _, block in blocks(data, vehicles):
        rows = rows_of_block(data, block)
        found = walk(
            block,
            rows,
            lambda _, now, energy_kwh: full_power_kw(now, energy_kwh, step_h=data.step_h),
            step_h=data.step_h,
        )
        cell = data.stay_limit[block.stay] * data.n_steps + block.step
        np.add.at(own_kw.ravel(), cell.ravel(), found.power_kw.ravel())
        outcome.add(data, block, rows, found)
    return data.summed_up(own_kw), outcome


def full_power_kw(now: Rows, energy_kwh: Floats, *, step_h: float) -> Floats:
    """The most that plug, taper, need and room allow in a row, from the energy before it.

    Nothing where the charging loss takes all of it.
    """
    left_kwh = energy_kwh - now.standing_kwh
    wanted_kwh = np.minimum(now.soc + np.maximum(now.energy, 0.0), now.capacity) - left_kwh
    knee_kw = np.minimum(now.knee_kw, now.most_kw)
    below_kwh = knee_kw * now.efficiency * step_h
    gross_kwh = wanted_kwh + now.loss_kwh
    needed_kw = np.where(
        gross_kwh <= below_kwh,
        gross_kwh / (now.efficiency * step_h),
        knee_kw + (gross_kwh - below_kwh) / (now.efficiency_above * step_h),
    )
    power_kw = np.minimum(np.minimum(now.most_kw, needed_kw), _taper_kw(now, left_kwh, step_h))
    below_kw = np.minimum(power_kw, knee_kw)
    stored_kw = below_kw * now.efficiency + (power_kw - below_kw) * now.efficiency_above
    is_worth_it = (wanted_kwh > _NOTHING_KWH) & (stored_kw * step_h > now.loss_kwh)
    return np.where(is_worth_it, power_kw, 0.0)


def _taper_kw(now: Rows, left_kwh: Floats, step_h: float) -> Floats:
    """Power at which the row ends just where the taper meets it; inf without a taper.

    x = steep (capacity - left - efficiency x h + loss), solved for x.
    """
    is_tapered = now.taper < 1
    capacity = np.where(is_tapered, now.capacity, 1.0)
    steep = now.full_kw / (capacity * np.where(is_tapered, 1 - now.taper, 1.0))
    room_kwh = np.maximum(capacity - left_kwh + now.loss_kwh, 0.0)
    return np.where(is_tapered, steep * room_kwh / (1 + steep * now.efficiency * step_h), np.inf)
