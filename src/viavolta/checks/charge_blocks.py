"""Vehicles side by side: blocks of similar length whose steps are worked through all at once.

A vehicle is one stay, or all stays of one vehicle_id in order of time. Rows are its steps; arrays
of a block are (W, B): W rows of B vehicles, so that a row of all vehicles lies together in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from viavolta.checks.charge_data import ChargeData, StepRows
from viavolta.checks.charge_keys import Floats, Ints

CELLS = 100_000
"""Rows of all vehicles of a block: small enough to stay in the processor's cache."""
Flags = NDArray[np.bool_]
_Cells = TypeVar("_Cells", Floats, Ints, Flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicles:
    """Stays by vehicle: stay (S,) in order; offset (V + 1,) of each vehicle; n_rows (V,)."""

    stay: Ints
    offset: Ints
    n_rows: Ints

    def most(self, values: Ints | Flags) -> Ints:
        """(V,) highest value among the stays of each vehicle, from values (S,)."""
        return np.maximum.reduceat(values.astype(np.int64)[self.stay], self.offset[:-1])

    def total(self, values: Ints | Flags) -> Ints:
        """(V,) sum over the stays of each vehicle, from values (S,)."""
        return np.add.reduceat(values.astype(np.int64)[self.stay], self.offset[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Vehicles of similar length. Shapes: (W, B) but for size (B,).

    stay, step : where a row belongs. share : part of the step the vehicle is there; 0 beyond the
    rows of a vehicle, which repeat its last stay. is_first, is_last : row of a stay. size : rows.
    """

    stay: Ints
    step: Ints
    share: Floats
    is_first: Flags
    is_last: Flags
    size: Ints

    @property
    def is_chain(self) -> bool:
        """Whether a vehicle of the block has more than one stay."""
        return bool(self.is_first.sum() > self.is_first.shape[1])

    def laid_out(self, data: ChargeData, rows: StepRows, column: str, *, empty: float) -> Floats:
        """(W, B) a column of rows per stay and step; `empty` where there is no row."""
        laid: Floats = np.full(self.stay.shape, empty)
        at_row, vehicle = np.nonzero(self.is_first)
        stay = self.stay[at_row, vehicle]
        first, count = rows.offset[stay], rows.offset[stay + 1] - rows.offset[stay]
        of_stay = np.repeat(np.arange(len(stay)), count)
        row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[of_stay]
        within = rows.step[row] - data.first_step[stay][of_stay]
        is_there = (within >= 0) & (within < data.n_rows[stay][of_stay])
        cell = (at_row[of_stay] + within) * laid.shape[1] + vehicle[of_stay]
        laid.ravel()[cell[is_there]] = rows.value[column][row[is_there]]
        return laid

    def held(self, data: ChargeData, rows: StepRows, column: str, *, before: float) -> Floats:
        """(W, B) a column of which each row holds to the stay's next; `before` the first one."""
        laid = self.laid_out(data, rows, column, empty=np.nan)
        laid[self.is_first & np.isnan(laid)] = before
        number = np.arange(len(laid))[:, None]
        latest = np.maximum.accumulate(np.where(np.isnan(laid), 0, number), axis=0)
        return np.take_along_axis(laid, latest, axis=0)


class Rows(NamedTuple):
    """What the rows of a block can do; (W, B) each, or (B,) for one row of all vehicles.

    hours : time at the plug. most_kw, back_kw, least_kw, knee_kw : charging, discharging, minimum
    and knee, means over the step. full_kw : charging power without a power profile. loss_kwh :
    lost where the row charges. standing_kwh : lost always. The rest as in ChargeData.stay.
    """

    hours: Floats
    most_kw: Floats
    back_kw: Floats
    least_kw: Floats
    knee_kw: Floats
    full_kw: Floats
    loss_kwh: Floats
    standing_kwh: Floats
    efficiency: Floats
    efficiency_above: Floats
    efficiency_back: Floats
    wear: Floats
    capacity: Floats
    soc: Floats
    reserve: Floats
    energy: Floats
    target: Floats
    taper: Floats
    aged_kwh: Floats
    ageing: Floats

    def at(self, row: int) -> "Rows":
        """One row of all vehicles."""
        return Rows(*(values[row] for values in self))


def vehicles_of(data: ChargeData) -> Vehicles:
    """Group stays by vehicle, in order of time."""
    n_stays = len(data.stay_id)
    own = np.where(data.vehicle >= 0, n_stays + data.vehicle, np.arange(n_stays))
    stay = np.lexsort((data.begin, own))
    is_new = np.diff(own[stay], prepend=-1) > 0
    first = np.flatnonzero(is_new)
    n_rows = np.add.reduceat(data.n_rows[stay], first) if n_stays else np.zeros(0, dtype=np.int64)
    return Vehicles(stay=stay, offset=np.append(first, n_stays), n_rows=n_rows)


def blocks(
    data: ChargeData, vehicles: Vehicles, kind: Ints | None = None
) -> Iterator[tuple[int, Block]]:
    """Blocks of all vehicles, with their kind: vehicles of different kinds are kept apart."""
    kind = np.zeros(len(vehicles.n_rows), dtype=np.int64) if kind is None else kind
    order = np.lexsort((vehicles.n_rows, kind))
    of_kind, length = kind[order], vehicles.n_rows[order]
    start = 0
    while start < len(order):
        longest = length[start] * 5 // 4 + 2
        same = np.searchsorted(of_kind, of_kind[start], side="right")
        end = start + np.searchsorted(length[start:same], longest, side="right")
        end = min(end, start + max(1, CELLS // int(longest)))
        yield int(of_kind[start]), _block(data, vehicles, order[start:end])
        start = int(end)


def _block(data: ChargeData, vehicles: Vehicles, chosen: Ints) -> Block:
    n_stays = vehicles.offset[chosen + 1] - vehicles.offset[chosen]
    of_vehicle = np.repeat(np.arange(len(chosen)), n_stays)
    within = np.arange(n_stays.sum()) - np.repeat(np.cumsum(n_stays) - n_stays, n_stays)
    stay = vehicles.stay[vehicles.offset[chosen][of_vehicle] + within]
    n_rows = data.n_rows[stay]
    size = vehicles.n_rows[chosen]
    before = np.cumsum(n_rows) - n_rows
    first_row = before - (np.cumsum(size) - size)[of_vehicle]
    shape = (int(size.max()), len(chosen))
    flat = np.repeat(np.arange(len(stay)), n_rows)
    since = np.arange(n_rows.sum()) - before[flat]
    cell = (first_row[flat] + since) * shape[1] + of_vehicle[flat]
    step = data.first_step[stay][flat] + since
    share = np.minimum(data.end[stay][flat], step + 1) - np.maximum(data.begin[stay][flat], step)
    last = stay[np.cumsum(n_stays) - 1]
    return Block(
        stay=_put(np.broadcast_to(last, shape), cell, stay[flat]),
        step=_put(np.zeros(shape, dtype=np.int64), cell, step),
        share=_put(np.zeros(shape), cell, share),
        is_first=_put(np.zeros(shape, dtype=np.bool_), cell, since == 0),
        is_last=_put(np.zeros(shape, dtype=np.bool_), cell, since == n_rows[flat] - 1),
        size=size,
    )


def _put(empty: _Cells, cell: Ints, values: _Cells) -> _Cells:
    full = np.array(empty, order="C")
    full.ravel()[cell] = values
    return full


def rows_of_block(data: ChargeData, block: Block) -> Rows:
    """What the rows of a block can do."""
    of = {name: values[block.stay] for name, values in data.stay.items()}
    share, hours = block.share, block.share * data.step_h
    most_kw, back_kw = of["max_kw"] * share, of["max_discharge_kw"] * share
    if data.power is not None:
        profile = [
            block.held(data, data.power, name, before=np.inf)
            for name in ("max_kw", "max_discharge_kw")
        ]
        most_kw = np.minimum(of["max_kw"], profile[0]) * share
        back_kw = np.minimum(of["max_discharge_kw"], profile[1]) * share
    capacity = of["capacity_kwh"]
    return Rows(
        hours=hours,
        most_kw=most_kw,
        back_kw=back_kw,
        least_kw=of["min_kw"] * share,
        knee_kw=np.where(of["knee_kw"] < np.inf, of["knee_kw"], 0.0) * share
        + np.where(of["knee_kw"] < np.inf, 0.0, np.inf),
        full_kw=of["max_kw"] * share,
        loss_kwh=of["charging_loss_kw"] * hours,
        standing_kwh=of["standing_loss_kw"] * hours,
        efficiency=of["charge_efficiency"],
        efficiency_above=of["efficiency_above_knee"],
        efficiency_back=of["discharge_efficiency"],
        wear=of["wear_eur_per_kwh"],
        capacity=capacity,
        soc=of["soc_arrival_kwh"],
        reserve=of["soc_min_kwh"],
        energy=of["energy_kwh"],
        target=of["target_kwh"],
        taper=of["taper_soc"],
        aged_kwh=of["ageing_soc"] * np.where(capacity < np.inf, capacity, 0.0),
        ageing=of["ageing_eur_per_kwh_h"],
    )
