"""Years of vehicles that all draws choose from: their stays, and their load unmanaged."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from viavolta.engines.charging.unmanaged import full_power_kw
from viavolta.engines.charging.window import windows
from viavolta.engines.grid.hosting.placement import Pool
from viavolta.model.arrays import Ints, Times
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable
from viavolta.services.ev_behaviour import Behaviour, DrawnStays, draw_stays

_BUY_EUR_PER_KWH = 0.3
_SELL_EUR_PER_KWH = 0.0
_PER_STAY = tuple(
    field.name for field in fields(StayTable) if field.name not in {"stay_id", "vehicle_id"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleYears:
    """P vehicles over T steps.

    Attributes
    ----------
    drawn : their stays; those that can give back may.
    pool : what each draws when it charges at once at full power.
    first_row : (P + 1,) stays of vehicle v are rows first_row[v] to first_row[v + 1].
    """

    drawn: DrawnStays
    pool: Pool
    first_row: Ints

    def stays_of(self, vehicle: Ints, *, first: np.datetime64, end: np.datetime64) -> "Chosen":
        """Stays of some vehicles that begin between two moments; one may be chosen twice."""
        rows = np.concatenate(
            [
                np.zeros(0, dtype=np.int64),
                *(np.arange(self.first_row[v], self.first_row[v + 1]) for v in vehicle.tolist()),
            ]
        )
        place = np.repeat(np.arange(len(vehicle)), np.diff(self.first_row)[vehicle])
        arrival = self.drawn.stays.arrival[rows]
        kept = (arrival >= first) & (arrival < end)
        return Chosen(row=rows[kept], place=place[kept])


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Stays that were chosen: rows of the pool's stays, and for which of the vehicles asked for."""

    row: Ints
    place: Ints


def vehicle_years(
    n_vehicles: int,
    *,
    behaviour: Behaviour,
    start: Times,
    step_s: int,
    rng: np.random.Generator,
    timezone: str,
) -> VehicleYears:
    """Draw the vehicles of a study over the steps of its base load."""
    end = start[-1] + np.timedelta64(step_s, "s")
    drawn = draw_stays(
        n_vehicles,
        behaviour=behaviour,
        first=start[0],
        end=end,
        rng=rng,
        timezone=timezone,
        has_v2x=True,
    )
    signals = flat_signals(start, step_s)
    window = windows(drawn.stays, signals)
    power_kw = full_power_kw(drawn.stays, window, step_h=signals.step_h)
    charges = power_kw > 0
    vehicle = drawn.vehicle[window.stay[charges]]
    return VehicleYears(
        drawn=drawn,
        pool=Pool(
            offsets=np.searchsorted(vehicle, np.arange(n_vehicles + 1)),
            step=window.step[charges],
            power_kw=power_kw[charges],
            plug_kw=drawn.plug_kw,
        ),
        first_row=np.searchsorted(drawn.vehicle, np.arange(n_vehicles + 1)),
    )


def flat_signals(start: Times, step_s: int) -> SignalTable:
    """Prices that are the same at all times: only limits decide when vehicles charge."""
    return one_zone(
        start[0],
        step_s,
        buy_eur_per_kwh=np.full(len(start), _BUY_EUR_PER_KWH),
        sell_eur_per_kwh=np.full(len(start), _SELL_EUR_PER_KWH),
    )


def stays_at(
    stays: StayTable, chosen: Chosen, *, limit: Ints, until: np.datetime64, may_discharge: bool
) -> StayTable:
    """The chosen stays at their limits, cut where the steps end.

    Parameters
    ----------
    limit
        (number of vehicles,) row of the limit tree.
    until
        Where the steps end; a stay that is cut wants the part of its energy that its time allows.
    """
    values: dict[str, Any] = {name: getattr(stays, name)[chosen.row] for name in _PER_STAY}
    values["departure"] = np.minimum(stays.departure[chosen.row], until)
    whole_s = (stays.departure[chosen.row] - values["arrival"]).astype(np.int64)
    part_s = (values["departure"] - values["arrival"]).astype(np.int64)
    values["energy_kwh"] = values["energy_kwh"] * (part_s / whole_s)
    values["limit"] = limit[chosen.place]
    if not may_discharge:
        values["max_discharge_kw"] = np.zeros(len(chosen.row))
    return replace(
        stays,
        stay_id=tuple(str(place) for place in range(len(chosen.row))),
        vehicle_id=(),
        **values,
    )
