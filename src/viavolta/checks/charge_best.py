"""The least that vehicles can cost by themselves at given prices, by their cost to go.

The cost still to come is a convex function of the energy in the battery. Going back in time, each
row spreads it by what the row can do, shifts it by what stands lost, and cuts it to the battery;
ageing and the chance of an early departure add to it.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.checks.charge_battery import floor_kwh
from viavolta.checks.charge_blocks import Block, Rows
from viavolta.checks.charge_corners import (
    Corners,
    compacted,
    convex,
    corners_of,
    plus_above,
    plus_below,
    spread,
    tapered,
    trimmed,
    value_at,
)
from viavolta.checks.charge_keys import Floats
from viavolta.checks.charge_steps import Choices, choices

_MANY_CORNERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Prices of unmet energy in EUR/kWh: of all of it, and beyond half of what was wanted."""

    unmet: float
    unfair: float
    carbon_eur_per_t: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Vehicles of a block at their prices. early : (W, B), or None; low_* : (W, B); high : (B,)."""

    block: Block
    rows: Rows
    early: Floats | None
    terms: Terms
    step_h: float
    low_before: Floats
    low_after: Floats
    high: Floats


def task_of(block: Block, rows: Rows, *, early: Floats | None, terms: Terms, step_h: float) -> Task:
    """Find the range of the batteries; where they are not known, what can be reached."""
    before, after = floor_kwh(block, rows)
    is_known = rows.capacity[0] < np.inf
    reach = (rows.most_kw * rows.efficiency).sum(axis=0) * step_h + 1.0
    lowest = -rows.loss_kwh.sum(axis=0) - 1.0
    return Task(
        block=block,
        rows=rows,
        early=early,
        terms=terms,
        step_h=step_h,
        low_before=np.where(is_known, before, lowest),
        low_after=np.where(is_known, after, lowest),
        high=np.where(is_known, rows.capacity[0], reach),
    )


def best_eur(task: Task, price_up: Floats, price_back: Floats) -> Floats:
    """(B,) least cost of each vehicle at prices (W, B) for charging and discharging."""
    found = choices(task.rows, price_up, price_back, step_h=task.step_h)
    x, y = _at_the_end(task)
    n_kept = _MANY_CORNERS
    for row in range(len(price_up) - 1, -1, -1):
        x, y = _departing(task, row, x, y)
        x, y = _held(task, row, x, y)
        x, y = _chosen(task, row, found, x, y)
        x = x + task.rows.standing_kwh[row][:, None]
        x, y = trimmed(x, y, task.low_before[row], task.high)
        if x.shape[1] > n_kept:
            x, y = compacted(x, y)
            n_kept = max(_MANY_CORNERS, x.shape[1] + _MANY_CORNERS // 4)
    return value_at(x, y, task.rows.soc[0])


def _chance_to_stay(task: Task, row: int) -> Floats:
    """(B,) chance that the stay which ends in this row has not ended before."""
    if task.early is None:
        return np.ones(task.block.stay.shape[1])
    stay = task.block.stay
    left: Floats = np.where(stay == stay[row], task.early, 0.0).sum(axis=0)
    return np.maximum(1 - left, 0.0)


def _at_the_end(task: Task) -> Corners:
    """Price of what is missing at the last departure."""
    last, low = task.rows.at(-1), task.low_after[-1]
    half = last.target - np.maximum(last.energy, 0.0) / 2
    x = np.stack((low, *(np.clip(at, low, task.high) for at in (half, last.target)), task.high))
    missing_eur = task.terms.unmet * np.maximum(last.target - x, 0.0)
    beyond_eur = task.terms.unfair * np.maximum(half - x, 0.0)
    return corners_of(x, _chance_to_stay(task, -1) * (missing_eur + beyond_eur))


def _departing(task: Task, row: int, x: Floats, y: Floats) -> Corners:
    """Lay the next stay of the same vehicle over the departure of this one.

    What is above the target comes along; what is missing is charged elsewhere, at its price. Where
    what comes along is worth more than what is missing, this is not convex: its hull is taken.
    """
    if row + 1 == len(task.block.stay):
        return x, y
    goes_on = task.block.is_last[row] & task.block.is_first[row + 1]
    if not goes_on.any():
        return x, y
    now, then = task.rows.at(row), task.rows.at(row + 1)
    low, high = task.low_after[row], task.high
    brought = trimmed(x, y, then.soc, high)
    missing = np.maximum(now.target - low, 0.0)
    half = np.minimum(np.maximum(now.energy, 0.0) / 2, missing)
    chance = _chance_to_stay(task, row)
    half_eur = chance * task.terms.unmet * half
    rest_eur = chance * (task.terms.unmet + task.terms.unfair) * (missing - half)
    above = brought[0] + (now.target - then.soc)[:, None]
    at_target, value = above[:, :1], brought[1][:, :1]
    joined = (
        np.concatenate((at_target - missing[:, None], at_target - half[:, None], above), axis=1),
        np.concatenate(
            (value + (half_eur + rest_eur)[:, None], value + half_eur[:, None], brought[1]), axis=1
        ),
    )
    joined = trimmed(*convex(*joined), low, high)
    kept = [np.concatenate((values, values[:, -1:], values[:, -1:]), axis=1) for values in (x, y)]
    return (
        np.where(goes_on[:, None], joined[0], kept[0]),
        np.where(goes_on[:, None], joined[1], kept[1]),
    )


def _held(task: Task, row: int, x: Floats, y: Floats) -> Corners:
    """Add what the energy after a row costs: ageing, and leaving early with too little."""
    now = task.rows.at(row)
    if (now.ageing > 0).any():
        x, y = plus_above(x, y, now.aged_kwh, now.ageing * now.hours)
    if task.early is not None and task.early[row].any():
        chance = task.early[row]
        x, y = plus_below(x, y, now.target, chance * task.terms.unmet)
        if task.terms.unfair > 0:
            half = now.target - np.maximum(now.energy, 0.0) / 2
            x, y = plus_below(x, y, half, chance * task.terms.unfair)
    return x, y


def _chosen(task: Task, row: int, found: Choices, x: Floats, y: Floats) -> Corners:
    """Spread the cost to go by what a row can do."""
    x = x - found.least_kwh[row][:, None]
    y = y + found.cost_eur[row][:, None]
    for length, slope in zip(found.length_kwh[:, row], found.slope[:, row], strict=True):
        if length.any():
            x, y = spread(x, y, slope, length)
    if found.taper_kwh[row].any():
        x, y = tapered(
            x,
            y,
            found.taper_slope[row],
            found.taper_kwh[row],
            full=task.high,
            alpha=found.alpha[row],
        )
    if found.burn_kwh[row].any():
        x = x + found.burn_kwh[row][:, None]
        x, y = spread(x, y, np.zeros(len(x)), found.burn_kwh[row])
    return x, y


def best_one_way_eur(task: Task, price: Floats) -> Floats:
    """(B,) least cost of stays that only charge, without losses or looks at the way there.

    Energy is bought where it is cheapest, as long as it costs less than its lack, and further
    where it costs less than nothing.
    """
    rows = task.rows
    usable = rows.most_kw >= rows.least_kw * (1 - 1e-9)
    offer_kwh = np.where(usable, rows.most_kw * rows.efficiency * task.step_h, 0.0).T
    slope = (price / rows.efficiency).T
    order = np.argsort(slope, axis=1)
    slope, offer_kwh = (np.take_along_axis(v, order, axis=1) for v in (slope, offer_kwh))
    wanted = np.maximum(rows.energy[0], 0.0)
    room = rows.capacity[0] - rows.soc[0]
    taken = np.zeros(len(slope))
    for price_kwh, most_kwh in (
        (0.0, room),
        (task.terms.unmet, np.minimum(wanted, room)),
        (task.terms.unmet + task.terms.unfair, np.minimum(wanted / 2, room)),
    ):
        reach = np.where(slope < price_kwh, offer_kwh, 0.0).sum(axis=1)
        taken = np.maximum(taken, np.minimum(reach, most_kwh))
    before = np.cumsum(offer_kwh, axis=1) - offer_kwh
    paid = (np.clip(taken[:, None] - before, 0.0, offer_kwh) * slope).sum(axis=1)
    missing = np.maximum(wanted - taken, 0.0)
    beyond = np.maximum(missing - wanted / 2, 0.0)
    value: Floats = paid + task.terms.unmet * missing + task.terms.unfair * beyond
    return value
