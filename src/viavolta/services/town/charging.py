"""Power of all cars of a town over a year, by strategy.

Unmanaged charging knows no limits. Managed charging is planned week by week by the scheduler: the
stays that begin in a week, on top of the base load and of all that other weeks have planned, until
the last of them has left.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.unmanaged import full_power_kw, wanted_kwh
from viavolta.engines.charging.window import steps_of, windows
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable
from viavolta.services.town.areas import Areas
from viavolta.services.town.calendar import (
    FIRST,
    HOUR_S,
    HOUR_STEPS,
    STEP_H,
    STEP_S,
    WEEK_STEPS,
    n_weeks,
)
from viavolta.services.town.cars import LONGEST_STAY, rows_of
from viavolta.services.town.place import BaseLoad

_TAIL_STEPS = int(LONGEST_STAY / np.timedelta64(STEP_S, "s"))
_NOTHING_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """Power at C connections over T steps, and what it leaves undone.

    Attributes
    ----------
    power_kw : (C, T) of all cars. unmet_kwh, wanted_kwh : (S,) of the stays.
    """

    power_kw: Floats
    unmet_kwh: Floats
    wanted_kwh: Floats


def quarter_signals(n_steps: int) -> SignalTable:
    """Steps of the year in quarter hours; prices play no part in charging at once."""
    return one_zone(FIRST, STEP_S, buy_eur_per_kwh=np.zeros(n_steps))


def unmanaged_charging(
    stays: StayTable, *, n_connections: int, n_steps: int, max_share: Floats | None = None
) -> Charging:
    """Full power from arrival; `max_share` (K,) is the part of it that each step allows."""
    window = windows(stays, quarter_signals(n_steps))
    power = full_power_kw(stays, window, step_h=STEP_H, max_share=max_share)
    place = stays.limit[window.stay] * n_steps + window.step
    total = np.bincount(place, weights=power, minlength=n_connections * n_steps)
    wanted = wanted_kwh(stays)
    taken = np.bincount(window.stay, weights=power, minlength=len(stays))
    stored = np.asarray(taken * STEP_H * stays.charge_efficiency, dtype=np.float64)
    return Charging(
        power_kw=np.asarray(total, np.float64).reshape(n_connections, n_steps),
        unmet_kwh=np.maximum(wanted - stored, 0.0),
        wanted_kwh=wanted,
    )


@dataclass(slots=True, kw_only=True)
class WeeklyPlan:
    """A year of managed charging in the making; weeks can be planned again.

    Attributes
    ----------
    stays : `limit` holds the connection. areas, directly : the tree, and (L, C) who hangs where.
    base : load without cars. price_eur_per_kwh : (T / 4,) by hour.
    import_kw, export_kw : (L, W) what areas may take and give in each week.
    unmet_eur_per_kwh : price of what is not delivered. most_passes : of the scheduler.
    power_kw : (C, T) what is planned. unmet_kwh, week_of_stay : (S,).
    """

    stays: StayTable
    areas: Areas
    directly: Floats
    base: BaseLoad
    price_eur_per_kwh: Floats
    import_kw: Floats
    export_kw: Floats
    unmet_eur_per_kwh: float
    most_passes: int
    power_kw: Floats = field(init=False)
    unmet_kwh: Floats = field(init=False)
    _own: dict[int, tuple[Ints, Ints, Floats]] = field(init=False)
    week_of_stay: Ints = field(init=False)
    _rows: list[Ints] = field(init=False)

    def __post_init__(self) -> None:
        n_steps = self.n_steps
        self.power_kw = np.zeros((self.directly.shape[1], n_steps))
        self.unmet_kwh = np.zeros(len(self.stays))
        self._own = {}
        step = (self.stays.arrival - FIRST).astype(np.int64) // STEP_S
        self.week_of_stay = step // WEEK_STEPS
        self._rows = [np.flatnonzero(self.week_of_stay == w) for w in range(n_weeks(n_steps))]

    @property
    def n_steps(self) -> int:
        """Quarter hours T of the year."""
        return len(self.price_eur_per_kwh) * HOUR_STEPS

    def plan(self, weeks: Iterable[int]) -> None:
        """Plan weeks, one after the other, each in the room that all others leave."""
        for week in weeks:
            if len(self._rows[week]):
                self._plan_week(week)

    def charging(self) -> Charging:
        """What is planned so far."""
        return Charging(
            power_kw=self.power_kw.copy(),
            unmet_kwh=self.unmet_kwh.copy(),
            wanted_kwh=wanted_kwh(self.stays),
        )

    def _plan_week(self, week: int) -> None:
        first = week * WEEK_STEPS
        end = min(first + WEEK_STEPS + _TAIL_STEPS, self.n_steps)
        if week in self._own:
            connection, step, power = self._own[week]
            np.subtract.at(self.power_kw, (connection, step), power)
        rows = self._rows[week]
        stays = rows_of(self.stays, rows)
        connection_of = stays.limit
        hours = slice(first // HOUR_STEPS, end // HOUR_STEPS)
        price = self.price_eur_per_kwh[hours]
        signals = one_zone(
            FIRST + first * np.timedelta64(STEP_S, "s"),
            HOUR_S,
            buy_eur_per_kwh=price,
            sell_eur_per_kwh=price,
        )
        asked = _CountedStop(self.most_passes)
        found = schedule(
            _at_areas(stays, self.directly),
            self._limits(slice(first, end)),
            signals,
            unmet_eur_per_kwh=self.unmet_eur_per_kwh,
            stop=asked,
            n_parts=1,
        )
        stay, step, power = quarters_of(
            found.plan.power_kw,
            stays,
            first_step=found.plan.first_step,
            offsets=found.plan.offsets,
            begin=signals.start[0],
        )
        connection, step = connection_of[stay], step + first
        np.add.at(self.power_kw, (connection, step), power)
        self._own[week] = (connection, step, power)
        self.unmet_kwh[rows] = found.plan.unmet_kwh

    def _limits(self, steps: slice) -> LimitTree:
        load = self.base.p_kw(steps) + self.power_kw[:, steps]
        direct = self.directly @ load
        hourly = direct.reshape(len(direct), -1, HOUR_STEPS).max(axis=2)
        last = self.import_kw.shape[1] - 1
        begin = np.arange(steps.start, steps.stop, HOUR_STEPS)
        of_hour = np.minimum(begin // WEEK_STEPS, last)
        n = self.areas.n_areas
        return LimitTree(
            limit_id=tuple(str(row) for row in range(n)),
            parent=self.areas.parent,
            import_kw=self.import_kw[:, of_hour],
            export_kw=self.export_kw[:, of_hour],
            base_load_kw=hourly,
            peak_eur_per_kw=np.zeros(n),
            peak_so_far_kw=np.zeros(n),
            zone=("",) * n,
        )


class _CountedStop:
    """Ends a search after so many passes, so that the same work gives the same plan anywhere."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self) -> bool:
        self._left -= 1
        return self._left <= 0


def _at_areas(stays: StayTable, directly: Floats) -> StayTable:
    """The same stays with the area of their connection as their limit."""
    fields = {name: getattr(stays, name) for name in StayTable.__dataclass_fields__}
    fields["limit"] = directly.argmax(axis=0)[stays.limit]
    return StayTable(**fields)


def quarters_of(
    power_kw: Floats,
    stays: StayTable,
    *,
    first_step: Ints,
    offsets: Ints,
    begin: np.datetime64,
) -> tuple[Ints, Ints, Floats]:
    """Turn hourly powers (K,) into quarter hours: stay, step since `begin`, power, without zeros.

    Within an hour that a stay covers in part, power is where the vehicle is.
    """
    stay = np.repeat(np.arange(len(stays)), np.diff(offsets))
    hour = steps_of(first_step, offsets)
    some = np.abs(power_kw) > _NOTHING_KW
    stay, hour, power = stay[some], hour[some], power_kw[some]
    quarter_s = (hour * HOUR_S)[:, None] + np.arange(HOUR_STEPS) * STEP_S
    arrival = (stays.arrival - begin).astype(np.int64)[stay][:, None]
    departure = (stays.departure - begin).astype(np.int64)[stay][:, None]
    there = np.minimum(departure, quarter_s + STEP_S) - np.maximum(arrival, quarter_s)
    share = np.clip(there, 0, STEP_S) / STEP_S
    spread = power[:, None] * HOUR_STEPS * share / share.sum(axis=1, keepdims=True)
    there_at_all = spread != 0
    step = hour[:, None] * HOUR_STEPS + np.arange(HOUR_STEPS)
    return (
        np.broadcast_to(stay[:, None], spread.shape)[there_at_all],
        step[there_at_all],
        spread[there_at_all],
    )
