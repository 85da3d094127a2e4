"""The master: prices for every limit, vehicles that answer them, until cost and bound meet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from viavolta.engines.charging.bound import constant_eur
from viavolta.engines.charging.fleet import RowShares, batteries, flat_order
from viavolta.engines.charging.network import LIMIT, PEAK, PHASE, PHASES, Network, network_of
from viavolta.engines.charging.part import (
    Part,
    begin_part,
    bound_part,
    broken_part,
    cut_part,
    multipliers,
    powers,
    price_part,
    renew_multipliers,
    repair_part,
    settle_part,
    soften,
    start_part,
    sweep_part,
)
from viavolta.engines.charging.partition import Partition, partition
from viavolta.engines.charging.pool import Pool, ThreadPool
from viavolta.engines.charging.vehicles import Terms
from viavolta.engines.charging.window import Windows
from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.progress import StopRule
from viavolta.model.schedule import SMALLEST_COST_EUR, LimitPrices
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

MakePool = Callable[[list[Part]], Pool]

_STIFFNESS = 0.5
"""Share of the mean price by which a row's price rises when its load doubles. Between 0.3 and 1 the
passes needed differ little; softer rows find their multipliers slowly, stiffer ones make the
vehicles' averages converge slowly."""
_FIRST_STIFFNESS, _SOFTER = 16.0, 0.5
"""The first passes are stiffer, so that multipliers are found fast where limits are exceeded."""
_COARSE_PASSES, _FINE_BELOW, _STALLS = 8, 5_000, 0.9
"""Vehicles look at prices alone in the first passes, at what their own power does to prices later:
with few vehicles at once, with many when a pass leaves more than that share of the last distance.
That takes four times as long and converges where few share a limit."""
_CHECK_EVERY = 24
_BALANCE, _BALANCE_EVERY, _STIFFEST = 2.0, 3, 8.0
"""Once vehicles see their own effect, rows become stiffer where prices are that many times further
from the loads than vehicles from the prices; looked at every few passes."""
_NEAR, _NEARER = 1.7, 0.7
"""An estimate of that many gaps aimed at is worth a check; so is, next time, that share of it."""
_BATCHES = 48
_EASE = 0.02  # of the gap aimed at, per vehicle: below that a vehicle is not asked every time
_RISES = (0.003, 0.03, 0.3)  # of the mean cost of a vehicle: what a repair may cost, pass by pass
_MOST_CUTS = 10
_SMALL = 1e-3  # of the rough cost of a vehicle: what an earlier plan cost at least, near zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be scheduled, with what all parts of the engine need.

    Attributes
    ----------
    phase : (S,) the phase of each stay; the choice is made.
    """

    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    terms: Terms
    rows: RowShares
    window: Windows
    phase: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a check of the state found: powers (K,) that hold every rule, prices and their bound."""

    power_kw: Floats
    prices: LimitPrices
    bound_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An earlier plan to begin with, laid out for the task at hand.

    power_kw : (K,) powers, zero where there is none. prices : its certificate (L, T).
    is_calm : (S,) stays that are as they were. mean_eur : cost per stay of the earlier plan.
    """

    power_kw: Floats
    prices: LimitPrices
    is_calm: Flags
    mean_eur: float


@dataclass(slots=True, kw_only=True)
class Master:
    """A task cut into parts, with the loads of the rows that parts share."""

    task: Task
    network: Network
    cut: Partition
    pool: Pool
    total: Floats
    n_batches: int
    ease_eur: float = 0.0
    n_passes: int = 0
    is_fresh: bool = True

    def sweep(self, *, is_fine: bool) -> tuple[float, float]:
        """Ask every vehicle once; returns what keeps cost and bound apart, about, in EUR.

        First what vehicles could still gain at the prices, then what prices and loads disagree
        about (see renew_multipliers).
        """
        gaps_eur = 0.0
        for batch in range(self.n_batches):
            for given, gap in self.pool.each(
                sweep_part,
                self.total,
                batch=batch,
                n_batches=self.n_batches,
                is_fresh=self.is_fresh,
                is_fine=is_fine and not self.is_fresh,
                ease_eur=self.ease_eur,
            ):
                self.total = self.total + given
                gaps_eur += gap
        distance_eur = 0.0
        for part_eur in self.pool.each(renew_multipliers, self.total):
            distance_eur += part_eur
        self.n_passes += 1
        self.is_fresh = False
        return gaps_eur, distance_eur

    def begin_with(self, start: Start) -> None:
        """Take over powers and multipliers of an earlier plan."""
        up, down = _multipliers_of(self.network, start.prices)
        for index, order in enumerate(self.cut.orders):
            given = self.pool.one(
                index,
                begin_part,
                self.total,
                start.power_kw[flat_order(self.task.window.offsets, order)],
                up=up,
                down=down,
                is_calm=start.is_calm[order],
            )
            self.total = self.total + given
        for given in self.pool.each(settle_part, self.total):
            self.total = self.total + given
        self.pool.each(price_part, self.total)
        self.is_fresh = False

    def soften(self, factor: float) -> None:
        """Multiply the stiffness of all rows."""
        self.pool.each(soften, factor)

    def check(self, mean_cost_eur: float) -> Round:
        """Prove a bound, and turn the powers into a schedule that holds every rule."""
        prices, bound_eur = self.bound(*self.multipliers())
        return Round(power_kw=self.held_powers(mean_cost_eur), prices=prices, bound_eur=bound_eur)

    def held_powers(
        self, mean_cost_eur: float, *, with_stepped: bool = True, asks: bool = True
    ) -> Floats:
        """Turn the powers into a schedule (K,) that holds every rule.

        Without `with_stepped`, the powers of stepped vehicles keep their steps already. Without
        `asks`, what rounding breaks is cut off, and no vehicle is asked again.
        """
        for given in self.pool.each(settle_part, self.total):
            self.total = self.total + given
        n_broken = 1
        for number, share in enumerate((*_RISES, np.inf)):
            if asks and (n_broken or number == 0):
                n_broken = self._one_by_one(
                    repair_part,
                    most_rise_eur=share * mean_cost_eur,
                    with_stepped=with_stepped and number == 0,
                )
        for _ in range(_MOST_CUTS):
            if n_broken:
                n_broken = self._one_by_one(cut_part)
        return self._powers()

    def _one_by_one(self, function: Callable[..., tuple[Floats, int]], **options: Any) -> int:
        """Let part after part hold the bounds; returns how many are still broken."""
        n_broken = 0
        for index in range(self.pool.n_parts):
            self.total, n_broken = self.pool.one(index, function, self.total, **options)
        # a later part may have broken what an earlier one shares with it
        return (
            n_broken
            if self.pool.n_parts == 1
            else sum(broken for _, broken in self.pool.each(broken_part, self.total))
        )

    def multipliers(self) -> tuple[Floats, Floats]:
        """Multipliers up and down of all rows, (R, T) each."""
        shape = self.network.base_kw.shape
        up, down = np.zeros(shape), np.zeros(shape)
        for row, own_up, own_down in self.pool.each(multipliers):
            up[row], down[row] = own_up, own_down
        return up, down

    def prices_at(self, up: Floats, down: Floats) -> Floats:
        """(R, T) prices of all rows at multipliers."""
        at_rows = up - down
        at_rows[self.network.balance >= 0] += self.network.low_eur_per_kwh
        return at_rows

    def bound(self, up: Floats, down: Floats) -> tuple[LimitPrices, float]:
        """Prices that follow from multipliers, and the lower bound that they prove."""
        up = _valid_peaks(self.network, up, step_h=self.task.terms.step_h)
        prices = _limit_prices(self.network, self.task, up=up, down=down)
        vehicles_eur = sum(self.pool.each(bound_part, self.prices_at(up, down)))
        fixed_eur = constant_eur(prices, self.task.limits, step_h=self.task.terms.step_h)
        return prices, fixed_eur + vehicles_eur

    def _powers(self) -> Floats:
        power_kw = np.zeros(len(self.task.window))
        for order, own_kw in self.pool.each(powers):
            power_kw[flat_order(self.task.window.offsets, order)] = own_kw
        return power_kw


def master_of(
    task: Task, *, make_pool: MakePool = ThreadPool, n_parts: int | None = None
) -> Master:
    """Cut a task into parts and put them to work."""
    network, path = network_of(task.stays, task.limits, signals=task.signals, phase=task.phase)
    cut = partition(
        task.stays,
        task.window,
        network=network,
        path=path,
        parent=task.limits.parent,
        n_parts=n_parts,
    )
    is_shared = np.full(network.n_rows, -1)
    is_shared[cut.shared] = np.arange(len(cut.shared))
    echo = np.bincount(np.concatenate(cut.rows), minlength=network.n_rows)
    weight_kw = _weight_kw(task, network)
    stiffness = _STIFFNESS * _FIRST_STIFFNESS * _price_level(task) / weight_kw
    parts = [
        start_part(
            batteries(task.stays, task.window, rows=task.rows, path=path, order=order),
            network,
            order=order,
            row=row,
            is_shared=is_shared,
            echo=echo,
            terms=task.terms,
            stiffness=stiffness,
            weight_kw=weight_kw,
        )
        for order, row in zip(cut.orders, cut.rows, strict=True)
    ]
    return Master(
        task=task,
        network=network,
        cut=cut,
        pool=make_pool(parts),
        total=network.base_kw[cut.shared],
        n_batches=_BATCHES if len(parts) > 1 else 1,
    )


def _weight_kw(task: Task, network: Network) -> Floats:
    """(R,) usual power of a row: its mean limit, or the mean power of all vehicles."""
    signals = task.signals
    hours = signals.n_steps * signals.step_h
    mean_kw = float(np.maximum(task.stays.energy_kwh, 0.0).sum()) / hours
    base_kw = np.abs(network.base_kw).mean(axis=1)
    own_kw = np.where(network.kind == PEAK, 0.0, network.import_kw.mean(axis=1))
    weight: Floats = np.where(own_kw > 0, own_kw, mean_kw + base_kw)
    return np.maximum(weight, 1e-3)


def _price_level(task: Task) -> float:
    """Mean size of prices, EUR/kWh."""
    level = float(np.abs(task.signals.buy_eur_per_kwh).mean())
    return level if level > 0 else max(task.terms.unmet, 1.0) * 1e-2


def _valid_peaks(network: Network, up: Floats, *, step_h: float) -> Floats:
    """Scale the prices of peaks so that they sum to no more than the capacity price."""
    peaks = np.flatnonzero(network.kind == PEAK)
    sums = up[peaks].sum(axis=1) * step_h
    most = network.peak_eur_per_kw[peaks]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(sums > most, most / sums, 1.0)
    valid = up.copy()
    valid[peaks] *= factor[:, np.newaxis]
    return valid


def _limit_prices(network: Network, task: Task, *, up: Floats, down: Floats) -> LimitPrices:
    shape = task.limits.import_kw.shape
    imports, exports, peaks, energy = (np.zeros(shape) for _ in range(4))
    limit, kind = network.limit, network.kind
    imports[limit[kind == LIMIT]] = up[kind == LIMIT]
    exports[limit[kind == LIMIT]] = down[kind == LIMIT]
    peaks[limit[kind == PEAK]] = up[kind == PEAK]
    at_root = network.balance >= 0
    energy[limit[at_root]] = network.low_eur_per_kwh + up[at_root]
    phases = None
    if (kind >= PHASE).any():
        phases = np.zeros((shape[0], PHASES, shape[1]))
        is_phase = kind >= PHASE
        phases[limit[is_phase], kind[is_phase] - PHASE] = up[is_phase]
    return LimitPrices(
        import_eur_per_kwh=imports,
        export_eur_per_kwh=exports,
        peak_eur_per_kwh=peaks,
        energy_eur_per_kwh=energy,
        phase_eur_per_kwh=phases,
    )


def _multipliers_of(network: Network, prices: LimitPrices) -> tuple[Floats, Floats]:
    """(R, T) multipliers up and down that prices stand for; the reverse of `_limit_prices`."""
    limit, kind = network.limit, network.kind
    up, down = np.zeros_like(network.base_kw), np.zeros_like(network.base_kw)
    is_limit, is_peak, at_root = kind == LIMIT, kind == PEAK, network.balance >= 0
    up[is_limit] = prices.import_eur_per_kwh[limit[is_limit]]
    down[is_limit] = prices.export_eur_per_kwh[limit[is_limit]]
    up[is_peak] = prices.peak_eur_per_kwh[limit[is_peak]]
    above_low = prices.energy_eur_per_kwh[limit[at_root]] - network.low_eur_per_kwh
    up[at_root] = np.clip(above_low, 0.0, network.span_eur_per_kwh)
    if prices.phase_eur_per_kwh is not None:
        is_phase = kind >= PHASE
        up[is_phase] = prices.phase_eur_per_kwh[limit[is_phase], kind[is_phase] - PHASE]
    return up, down


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Best schedule and best bound of a search; cost_eur is what the caller's rule makes of it."""

    power_kw: Floats
    cost_eur: float
    prices: LimitPrices
    bound_eur: float
    was_stopped: bool


def search(
    master: Master,
    *,
    cost_of: Callable[[Floats], float],
    gap: float,
    stop: StopRule,
    most_passes: int,
    start: Start | None = None,
) -> Found:
    """Sweep until the proven gap is reached, the passes are used up, or the stop rule says so."""
    n = max(1, len(master.task.stays))
    best: Round | None = None
    bound: Round | None = None
    cost_eur, mean_eur, last = np.inf, _first_mean_eur(master.task), 0
    near = _NEAR
    stiffness = _FIRST_STIFFNESS
    if start is not None:
        master.begin_with(start)
        master.soften(1.0 / stiffness)
        stiffness, mean_eur = 1.0, max(start.mean_eur, mean_eur * _SMALL)
    apart_eur, is_fine, stopped = np.inf, False, False
    while True:
        master.ease_eur = _EASE * gap * mean_eur
        gaps_eur, distance_eur = master.sweep(is_fine=is_fine)
        before_eur, apart_eur = apart_eur, gaps_eur + distance_eur
        stalls = n <= _FINE_BELOW or apart_eur > _STALLS * before_eur
        is_fine = is_fine or (stalls and master.n_passes >= _COARSE_PASSES)
        stopped = stop()
        is_last = stopped or master.n_passes >= most_passes
        n_gaps = apart_eur / (gap * n * mean_eur)
        is_due = n_gaps <= near or master.n_passes - last >= _CHECK_EVERY
        factor = 1.0
        if master.n_passes < _COARSE_PASSES:
            factor = max(_SOFTER, 1.0 / stiffness)
        elif is_fine and master.n_passes % _BALANCE_EVERY == 0:
            factor = _balance(gaps_eur, distance_eur, stiffness=stiffness)
        if factor != 1.0:
            master.soften(factor)
            stiffness *= factor
        if not (is_due or is_last):
            continue
        last, near = master.n_passes, min(near, _NEARER * n_gaps)
        found = master.check(mean_eur)
        cost = cost_of(found.power_kw)
        if best is None or cost < cost_eur:
            best, cost_eur = found, cost
        if bound is None or found.bound_eur > bound.bound_eur:
            bound = found
        mean_eur = max(abs(cost_eur), SMALLEST_COST_EUR) / n
        is_close = cost_eur - bound.bound_eur <= gap * max(abs(cost_eur), SMALLEST_COST_EUR)
        if is_close or is_last:
            break
    return Found(
        power_kw=best.power_kw,
        cost_eur=cost_eur,
        prices=bound.prices,
        bound_eur=bound.bound_eur,
        was_stopped=stopped and not is_close,
    )


def _balance(gaps_eur: float, distance_eur: float, *, stiffness: float) -> float:
    """Factor for the stiffness: vehicles that lag behind want softer rows, prices stiffer ones."""
    if distance_eur > _BALANCE * gaps_eur:
        return min(2.0, _STIFFEST / stiffness)
    if gaps_eur > distance_eur:
        return max(0.5, 1.0 / stiffness)
    return 1.0


def _first_mean_eur(task: Task) -> float:
    """Rough cost of a vehicle before any is known."""
    wanted = float(np.maximum(task.stays.energy_kwh, 0.0).sum())
    return max(wanted * _price_level(task) / max(1, len(task.stays)), 1e-6)
