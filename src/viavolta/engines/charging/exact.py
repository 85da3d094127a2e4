"""Small hard tasks to the end: the relaxed task as one linear program.

Where few vehicles share scarce power the augmented Lagrangian creeps, and a linear program of their
size takes a second or two. It says the same as the oracle: the concave envelope of charging, taper,
losses, ageing, early departure, chains, phases. Its powers are settled and repaired like those of
the sweeps, its dual prices prove the bound.

Columns (K rows of stays, S stays, B root steps, Q peaks, C choices): charge 1, charge 2,
discharge, energy, aged, early lack (K each), lack, unfair lack (S each), bought, sold (B each),
peak (Q), on (C).

Choices make it exact: whether a row charges at all, where a vehicle has a minimum power or a
charging loss, or would charge and discharge at once to burn energy below a price of zero.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.charging.network import PEAK, Network
from viavolta.engines.charging.part import Part
from viavolta.engines.charging.vehicles import Batteries, Terms
from viavolta.engines.charging.window import steps_of
from viavolta.engines.kit.milp import Outcome, Program, Solution, solve
from viavolta.model.arrays import Floats, Ints
from viavolta.model.progress import StopRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Optimum of the relaxed task: powers (K,) of the part, multipliers up and down (R, T).

    burning : rows of stays that charge and discharge at once.
    """

    power_kw: Floats
    up: Floats
    down: Floats
    burning: Ints


_MOST_CHOICES, _MOST_NODES = 3000, 400
_NOTHING_KW = 1e-6


class _Rows:
    """Rows of a sparse matrix, gathered block by block."""

    def __init__(self) -> None:
        self.n_rows = 0
        self._row: list[Ints] = []
        self._column: list[Ints] = []
        self._value: list[Floats] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []

    def add(self, lower: Floats, upper: Floats) -> int:
        """Add a block of rows; returns the number of its first row."""
        first = self.n_rows
        self.n_rows += len(lower)
        self._lower.append(lower)
        self._upper.append(upper)
        return first

    def put(self, row: Ints, column: Ints, value: Floats | float) -> None:
        """Set coefficients; those of one place add up."""
        self._row.append(row)
        self._column.append(column)
        self._value.append(np.broadcast_to(value, row.shape))

    def program(
        self, cost: Floats, lower: Floats, *, upper: Floats, is_integer: NDArray[np.bool_] | None
    ) -> Program:
        """Finish: sort the coefficients by row."""
        row, column = np.concatenate(self._row), np.concatenate(self._column)
        order = np.lexsort((column, row))
        counts = np.bincount(row, minlength=self.n_rows)
        return Program(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=np.concatenate(self._lower),
            row_upper=np.concatenate(self._upper),
            row_start=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
            column=column[order].astype(np.int32),
            value=np.concatenate(self._value)[order],
            is_integer=is_integer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flat:
    """Figures per row of stays (K,): its stay, presence, powers, loss standing and floor."""

    stay: Ints
    share: Floats
    most: Floats
    power_1: Floats
    discharge: Floats
    stood: Floats
    floor: Floats
    early: Floats
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]


def _flat(b: Batteries, terms: Terms) -> _Flat:
    lengths = np.diff(b.offset)
    stay = np.repeat(np.arange(len(lengths)), lengths)
    share = np.ones(len(stay))
    share[b.offset[1:] - 1] = b.last_share
    share[b.offset[:-1]] = b.first_share
    most, discharge = b.power[stay] * share, b.discharge[stay] * share
    if b.scale.size:
        most = most * b.scale
    if b.discharge_scale.size:
        discharge = discharge * b.discharge_scale
    stood = b.standing[stay] * share * terms.step_h
    gone = np.cumsum(stood)
    before = np.concatenate(([0.0], gone))[b.offset[:-1]]
    gone -= before[stay]
    is_first, is_last = np.zeros((2, len(stay)), dtype=bool)
    is_first[b.offset[:-1]], is_last[b.offset[1:] - 1] = True, True
    return _Flat(
        stay=stay,
        share=share,
        most=most,
        power_1=np.minimum(most, b.power_1[stay] * share),
        discharge=discharge,
        stood=stood,
        floor=np.minimum(b.low[stay], b.soc[stay] - gone),
        early=b.early if b.early.size else np.zeros(len(stay)),
        is_first=is_first,
        is_last=is_last,
    )


def exact(part: Part, network: Network, *, stop: StopRule, seed: int) -> Exact | None:
    """Solve the relaxed task of a part that holds all vehicles; None where the search is stopped.

    Raises
    ------
    PeerError: the solver fails.
    """
    flat = _flat(part.batteries, part.terms)
    none = np.zeros(0, dtype=np.int64)
    found = solve(_program(part, network, flat, choice=none), stop=stop, seed=seed)
    if found.outcome is not Outcome.OPTIMAL:
        return None
    up, down = _prices(found, network, step_h=part.terms.step_h)
    return Exact(power_kw=_powers(found, flat), up=up, down=down, burning=_burning(found, flat))


def exact_choices(
    part: Part, network: Network, *, burning: Ints, gap: float, stop: StopRule, seed: int
) -> Floats | None:
    """Powers (K,) of a small task with its choices; None where there are none, or too many.

    Parameters
    ----------
    burning
        Rows of stays that charged and discharged at once in the relaxed task.

    Raises
    ------
    PeerError: the solver fails.
    """
    b, flat = part.batteries, _flat(part.batteries, part.terms)
    of_vehicle = np.repeat(np.arange(part.n_vehicles), np.diff(b.vehicle))
    is_stepped = b.is_stepped[of_vehicle[flat.stay]] > 0
    is_choice = is_stepped & (flat.most > 0)
    if len(burning):
        # the energy moves to rows nearby once one direction is chosen: choose for all of them
        is_choice |= np.isin(flat.stay, flat.stay[burning]) & (flat.discharge > 0)
    choice = np.flatnonzero(is_choice)
    if not 0 < len(choice) <= _MOST_CHOICES:
        return None
    found = solve(
        _program(part, network, flat, choice=choice),
        gap=0.5 * gap,
        stop=stop,
        seed=seed,
        max_nodes=_MOST_NODES,
    )
    return _snapped(_powers(found, flat), b, flat) if found.has_values else None


def _powers(found: Solution, flat: _Flat) -> Floats:
    n = len(flat.stay)
    power_kw: Floats = found.x[:n] + found.x[n : 2 * n] - found.x[2 * n : 3 * n]
    return power_kw


def _burning(found: Solution, flat: _Flat) -> Ints:
    n = len(flat.stay)
    charge, discharge = found.x[:n] + found.x[n : 2 * n], found.x[2 * n : 3 * n]
    return np.flatnonzero((charge > _NOTHING_KW) & (discharge > _NOTHING_KW))


def _snapped(power_kw: Floats, b: Batteries, flat: _Flat) -> Floats:
    """Take the solver's tolerance out of powers at zero and at the minimum."""
    minimum = b.minimum[flat.stay] * flat.share
    is_dust = np.abs(power_kw) < _NOTHING_KW
    is_near = (power_kw > minimum - _NOTHING_KW) & (power_kw < minimum)
    return np.where(is_dust, 0.0, np.where(is_near, minimum, power_kw))


def _program(part: Part, network: Network, flat: _Flat, *, choice: Ints) -> Program:
    b, terms = part.batteries, part.terms
    n, n_stays = len(flat.stay), len(b.step)
    peaks = np.flatnonzero(network.kind == PEAK)
    n_root = network.low_eur_per_kwh.size
    starts = np.cumsum(
        [0, n, n, n, n, n, n, n_stays, n_stays, n_root, n_root, len(peaks), len(choice)]
    )
    cost, lower, upper = np.zeros(starts[-1]), np.zeros(starts[-1]), np.full(starts[-1], np.inf)
    charge, second, discharge, energy, aged, early, lack, unfair, bought, sold, peak, on = starts[
        :-1
    ].tolist()
    every, stays = np.arange(n), np.arange(n_stays)
    knee = np.minimum(flat.most, b.knee[flat.stay] * flat.share)
    first_kw = knee if len(choice) else flat.power_1
    upper[charge + every] = first_kw
    upper[second + every] = flat.most - first_kw
    upper[discharge + every] = flat.discharge
    upper[on:] = 1.0
    cost[discharge + every] = (b.wear * b.loss)[flat.stay] * terms.step_h
    lower[energy + every], upper[energy + every] = flat.floor, b.capacity[flat.stay]
    ages = b.ageing[flat.stay] * flat.share * terms.step_h
    cost[aged + every] = ages
    cost[early + every] = flat.early * terms.unmet
    stayed = np.maximum(1.0 - np.bincount(flat.stay, flat.early, minlength=n_stays), 0.0)
    cost[lack + stays], cost[unfair + stays] = stayed * terms.unmet, stayed * terms.unfair
    roots = np.arange(n_root)
    low, span = network.low_eur_per_kwh.ravel(), network.span_eur_per_kwh.ravel()
    cost[bought + roots], cost[sold + roots] = (low + span) * terms.step_h, -low * terms.step_h
    cost[peak + np.arange(len(peaks))] = network.peak_eur_per_kw[peaks]
    lower[peak + np.arange(len(peaks))] = network.import_kw[peaks, 0]

    rows = _Rows()
    _cell_rows(rows, part, network, columns=(charge, second, discharge, bought, sold, peak))
    _battery_rows(
        rows, b, flat, terms, choice=choice, columns=(charge, second, discharge, energy, lack, on)
    )
    _taper_rows(rows, b, flat, columns=(charge, energy))
    _lack_rows(rows, b, flat, columns=(energy, lack, unfair))
    which = np.flatnonzero(ages > 0)
    first = rows.add(np.full(len(which), -np.inf), b.aged_from[flat.stay[which]])
    rows.put(first + np.arange(len(which)), energy + which, 1.0)
    rows.put(first + np.arange(len(which)), aged + which, -1.0)
    _early_rows(rows, b, flat, terms, columns=(energy, early))
    _choice_rows(rows, b, flat, choice=choice, columns=(charge, second, discharge, on))
    is_integer = np.zeros(len(cost), dtype=bool)
    is_integer[on:] = True
    return rows.program(cost, lower, upper=upper, is_integer=is_integer if len(choice) else None)


def _lack_rows(rows: _Rows, b: Batteries, flat: _Flat, *, columns: tuple[int, int, int]) -> None:
    """Energy at departure and what lacks make the target; half of the wanted may lack cheaply."""
    energy, lack, unfair = columns
    last, stays = np.flatnonzero(flat.is_last), np.arange(len(b.step))
    first = rows.add(b.target, np.full(len(stays), np.inf))
    rows.put(first + stays, energy + last, 1.0)
    rows.put(first + stays, lack + stays, 1.0)
    first = rows.add(np.full(len(stays), -np.inf), 0.5 * b.wanted)
    rows.put(first + stays, lack + stays, 1.0)
    rows.put(first + stays, unfair + stays, -1.0)


def _choice_rows(
    rows: _Rows, b: Batteries, flat: _Flat, *, choice: Ints, columns: tuple[int, int, int, int]
) -> None:
    """Charging between minimum and most where on, else none; discharging only where off."""
    charge, second, discharge, on = columns
    n, number = len(choice), np.arange(len(choice))
    minimum = b.minimum[flat.stay[choice]] * flat.share[choice]
    for bound, lower, upper in ((flat.most[choice], -np.inf, 0.0), (minimum, 0.0, np.inf)):
        first = rows.add(np.full(n, lower), np.full(n, upper))
        rows.put(first + number, charge + choice, 1.0)
        rows.put(first + number, second + choice, 1.0)
        rows.put(first + number, on + number, -bound)
    first = rows.add(np.full(n, -np.inf), flat.discharge[choice])
    rows.put(first + number, discharge + choice, 1.0)
    rows.put(first + number, on + number, flat.discharge[choice])


def _cell_rows(
    rows: _Rows, part: Part, network: Network, *, columns: tuple[int, int, int, int, int, int]
) -> None:
    """One row per row of the network and step; the first rows of the program."""
    charge, second, discharge, bought, sold, peak = columns
    b, paths = part.batteries, part.rows
    n_steps = network.base_kw.shape[1]
    stay = np.repeat(np.arange(len(b.step)), np.diff(b.offset))
    depth = np.diff(paths.start)[b.path[stay]]
    at = np.repeat(np.arange(len(stay)), depth)
    place = paths.start[b.path[stay]][at] + np.arange(len(at))
    place -= np.repeat(np.cumsum(depth) - depth, depth)
    cell = part.row[paths.row[place]] * n_steps + steps_of(b.step, b.offset)[at]
    at_balance, is_peak = network.balance >= 0, network.kind == PEAK
    lower, upper = -network.export_kw - network.base_kw, network.import_kw - network.base_kw
    lower[at_balance] = upper[at_balance] = -network.base_kw[at_balance]
    lower[is_peak], upper[is_peak] = -np.inf, -network.base_kw[is_peak]
    rows.add(lower.ravel(), upper.ravel())
    rows.put(cell, charge + at, paths.share[place])
    rows.put(cell, second + at, paths.share[place])
    rows.put(cell, discharge + at, -paths.share[place])
    cells = np.arange(network.base_kw.size).reshape(network.base_kw.shape)
    roots = cells[at_balance].ravel()
    rows.put(roots, bought + np.arange(len(roots)), -1.0)
    rows.put(roots, sold + np.arange(len(roots)), 1.0)
    tops = cells[is_peak]
    rows.put(tops.ravel(), peak + np.repeat(np.arange(len(tops)), n_steps), -1.0)


def _battery_rows(
    rows: _Rows,
    b: Batteries,
    flat: _Flat,
    terms: Terms,
    *,
    choice: Ints,
    columns: tuple[int, int, int, int, int, int],
) -> None:
    """Energy after a row = energy before + what is stored - what is taken - standing loss."""
    charge, second, discharge, energy, lack, on = columns
    every = np.arange(len(flat.stay))
    begins = np.full(len(flat.stay), np.nan)
    starts = b.offset[b.vehicle[:-1]]
    begins[starts] = b.soc[b.vehicle[:-1]]
    joins = flat.is_first & np.isnan(begins)
    trip = np.zeros(len(b.step))
    trip[1:] = b.target[:-1] - b.soc[1:]
    given = np.nan_to_num(begins) - flat.stood - np.where(joins, trip[flat.stay], 0.0)
    first = rows.add(given, given)
    rows.put(first + every, energy + every, 1.0)
    follows = every[np.isnan(begins)]
    rows.put(first + follows, energy + follows - 1, -1.0)
    # what was lacking at the stay before is charged elsewhere
    joined = every[joins]
    rows.put(first + joined, lack + flat.stay[joined] - 1, -1.0)
    one, two = (b.efficiency, b.efficiency_2) if len(choice) else (b.gain_1, b.gain_2)
    rows.put(first + every, charge + every, -one[flat.stay] * terms.step_h)
    rows.put(first + every, second + every, -two[flat.stay] * terms.step_h)
    rows.put(first + every, discharge + every, b.loss[flat.stay] * terms.step_h)
    lost = b.idle_loss[flat.stay[choice]] * flat.share[choice] * terms.step_h
    rows.put(first + choice, on + np.arange(len(choice)), lost)


def _taper_rows(rows: _Rows, b: Batteries, flat: _Flat, *, columns: tuple[int, int]) -> None:
    """Power below what the curve allows at the energy after the row."""
    charge, energy = columns
    which = np.flatnonzero(b.taper[flat.stay] < 1.0)
    stay = flat.stay[which]
    full = b.power[stay] * flat.share[which] / (1.0 - b.taper[stay])
    first = rows.add(np.full(len(which), -np.inf), full)
    rows.put(first + np.arange(len(which)), charge + which, 1.0)
    rows.put(first + np.arange(len(which)), energy + which, full / b.capacity[stay])


def _early_rows(
    rows: _Rows, b: Batteries, flat: _Flat, terms: Terms, *, columns: tuple[int, int]
) -> None:
    """Lack of those who leave early, weighted by its price: at least both lines of its cost."""
    energy, early = columns
    which = np.flatnonzero(flat.early > 0)
    stay = flat.stay[which]
    first = rows.add(b.target[stay], np.full(len(which), np.inf))
    rows.put(first + np.arange(len(which)), energy + which, 1.0)
    rows.put(first + np.arange(len(which)), early + which, 1.0)
    if terms.unfair > 0.0:
        # unmet x and (unmet + unfair) x - unfair wanted / 2, divided by unmet
        first = rows.add(
            (terms.unmet + terms.unfair) / terms.unmet * b.target[stay]
            - 0.5 * terms.unfair / terms.unmet * b.wanted[stay],
            np.full(len(which), np.inf),
        )
        rows.put(
            first + np.arange(len(which)),
            energy + which,
            (terms.unmet + terms.unfair) / terms.unmet,
        )
        rows.put(first + np.arange(len(which)), early + which, 1.0)


def _prices(found: Solution, network: Network, *, step_h: float) -> tuple[Floats, Floats]:
    """Multipliers (R, T) up and down: what one more kW would save per hour."""
    dual = found.row_dual[: network.base_kw.size].reshape(network.base_kw.shape)
    price = -dual / step_h
    up, down = np.maximum(price, 0.0), np.maximum(-price, 0.0)
    at_balance = network.balance >= 0
    low, span = network.low_eur_per_kwh, network.span_eur_per_kwh
    up[at_balance] = np.clip(price[at_balance] - low, 0.0, span)
    down[at_balance] = 0.0
    return up, down
