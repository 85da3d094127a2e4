"""The linear program of charging, as arrays.

Columns, in this order (K = all steps of all stays, D = those of stays that can discharge, G = root
steps at which buying is dearer than selling, Q = limits with a capacity price):

    charge (K), discharge (D), energy (D), unmet (S), net (L x T), bought (G), sold (G), peak (Q)

Rows: net power at each limit and step; energy of stays that cannot discharge (one row each, no
energy columns); battery balance of the others, and their energy at departure; net = bought - sold;
peak >= net.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.tree import headroom, root_prices
from viavolta.engines.charging.window import Windows, windows
from viavolta.engines.kit.milp import Program, Solution
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import LimitPrices
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_NO_PRICE = 1e-9  # EUR/kWh: what the solver's tolerance leaves of a price that is zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be scheduled, with the figures that all parts of the engine need."""

    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    unmet_eur_per_kwh: float
    window: Windows
    discharging: Ints
    """(D,) rows of the window whose stay can discharge."""
    spread: Ints
    """(G,) flat root step, limit * T + step, at which buying is dearer than selling."""
    peaked: Ints
    """(Q,) limits with a capacity price."""


def task_of(
    stays: StayTable, limits: LimitTree, *, signals: SignalTable, unmet_eur_per_kwh: float
) -> Task:
    """Collect the figures of a task.

    Raises
    ------
    ValueError: the three tables do not fit together.
    """
    if len(stays) and int(stays.limit.max()) >= len(limits):
        msg = "a stay hangs on a limit that is not in the tree"
        raise ValueError(msg)
    window = windows(stays, signals)
    roots = root_prices(limits, signals)
    which, step = np.nonzero(roots.buy > roots.sell)
    return Task(
        stays=stays,
        limits=limits,
        signals=signals,
        unmet_eur_per_kwh=unmet_eur_per_kwh,
        window=window,
        discharging=np.flatnonzero(stays.max_discharge_kw[window.stay] > 0),
        spread=roots.root[which] * signals.n_steps + step,
        peaked=np.flatnonzero(limits.peak_eur_per_kw > 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """First column of each block of columns."""

    charge: int
    discharge: int
    energy: int
    unmet: int
    net: int
    bought: int
    sold: int
    peak: int
    end: int


def layout(task: Task) -> Layout:
    """Lay the blocks of columns side by side."""
    n_discharge, n_spread = len(task.discharging), len(task.spread)
    sizes = [
        len(task.window),
        n_discharge,
        n_discharge,
        len(task.stays),
        task.limits.import_kw.size,
        n_spread,
        n_spread,
        len(task.peaked),
    ]
    starts = [0, *np.cumsum(sizes).tolist()]
    return Layout(
        charge=starts[0],
        discharge=starts[1],
        energy=starts[2],
        unmet=starts[3],
        net=starts[4],
        bought=starts[5],
        sold=starts[6],
        peak=starts[7],
        end=starts[8],
    )


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
        """Set coefficients."""
        self._row.append(row)
        self._column.append(column)
        self._value.append(np.broadcast_to(value, row.shape))

    def program(self, cost: Floats, lower: Floats, *, upper: Floats, offset: float) -> Program:
        """Finish: sort the coefficients by row."""
        row = np.concatenate(self._row)
        order = np.argsort(row, kind="stable")
        counts = np.bincount(row, minlength=self.n_rows)
        return Program(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=np.concatenate(self._lower),
            row_upper=np.concatenate(self._upper),
            row_start=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
            column=np.concatenate(self._column)[order].astype(np.int32),
            value=np.concatenate(self._value)[order],
            offset=offset,
        )


def linear_program(task: Task) -> Program:
    """Build the relaxed program: no minimum power, charging and discharging at once allowed."""
    at = layout(task)
    rows = _Rows()
    _net_rows(rows, task, at=at)
    _charge_only_rows(rows, task, at=at)
    _battery_rows(rows, task, at=at)
    _spread_rows(rows, task, at=at)
    _peak_rows(rows, task, at=at)
    cost, lower, upper = _columns(task, at)
    # peaks count from zero in their columns, but cost only above what was reached before
    offset = -float(task.limits.peak_eur_per_kw @ task.limits.peak_so_far_kw)
    return rows.program(cost, lower, upper=upper, offset=offset)


def _columns(task: Task, at: Layout) -> tuple[Floats, Floats, Floats]:
    stays, window, signals = task.stays, task.window, task.signals
    step_h = signals.step_h
    room = headroom(task.limits)
    cost, lower, upper = np.zeros(at.end), np.zeros(at.end), np.full(at.end, np.inf)
    upper[at.charge : at.discharge] = stays.max_kw[window.stay] * window.share
    stay, share = window.stay[task.discharging], window.share[task.discharging]
    upper[at.discharge : at.energy] = stays.max_discharge_kw[stay] * share
    taken_kwh_per_kw = step_h / stays.discharge_efficiency[stay]
    cost[at.discharge : at.energy] = stays.wear_eur_per_kwh[stay] * taken_kwh_per_kw
    lower[at.energy : at.unmet] = np.minimum(stays.soc_min_kwh, stays.soc_arrival_kwh)[stay]
    upper[at.energy : at.unmet] = stays.capacity_kwh[stay]
    lower[at.unmet : at.net] = np.where(
        stays.max_discharge_kw > 0, 0.0, np.maximum(stays.energy_kwh - stays.room_kwh, 0.0)
    )
    cost[at.unmet : at.net] = task.unmet_eur_per_kwh
    lower[at.net : at.bought] = -room.export_kw.ravel()
    upper[at.net : at.bought] = room.import_kw.ravel()
    buy, sell = _flat_root_prices(task)
    is_spread = buy > sell
    net_cost = np.where(is_spread, 0.0, buy)
    cost[at.net : at.bought] = net_cost * step_h
    cost[at.bought : at.sold] = buy[task.spread] * step_h
    cost[at.sold : at.peak] = -sell[task.spread] * step_h
    cost[at.peak : at.end] = task.limits.peak_eur_per_kw[task.peaked]
    lower[at.peak : at.end] = task.limits.peak_so_far_kw[task.peaked]
    return cost, lower, upper


def _flat_root_prices(task: Task) -> tuple[Floats, Floats]:
    """Buying and selling price per flat limit step, zero below the roots."""
    roots = root_prices(task.limits, task.signals)
    buy, sell = np.zeros((2, *task.limits.import_kw.shape))
    buy[roots.root], sell[roots.root] = roots.buy, roots.sell
    return buy.ravel(), sell.ravel()


def _net_rows(rows: _Rows, task: Task, *, at: Layout) -> None:
    """Net power = base load + stays' power + net power of the limits below."""
    limits, window, n_steps = task.limits, task.window, task.signals.n_steps
    base_kw = limits.base_load_kw.ravel()
    rows.add(base_kw, base_kw)
    flat = np.arange(base_kw.size)
    rows.put(flat, at.net + flat, 1.0)
    above = limits.parent[flat // n_steps]
    below = flat[above >= 0]
    rows.put(above[below] * n_steps + below % n_steps, at.net + below, -1.0)
    stay_row = task.stays.limit[window.stay] * n_steps + window.step
    rows.put(stay_row, at.charge + np.arange(len(window)), -1.0)
    n_discharge = len(task.discharging)
    rows.put(stay_row[task.discharging], at.discharge + np.arange(n_discharge), 1.0)


def _charge_only_rows(rows: _Rows, task: Task, *, at: Layout) -> None:
    """Energy delivered + unmet >= energy wanted, and delivered within the battery's room.

    One row serves both: unmet is positive only where less than wanted is delivered, and what the
    battery has no room for is unmet from the start.
    """
    stays, window = task.stays, task.window
    stay = np.flatnonzero(stays.max_discharge_kw == 0)
    wanted = stays.energy_kwh[stay]
    first = rows.add(wanted, np.maximum(wanted, stays.room_kwh[stay]))
    row_of = np.full(len(stays), -1)
    row_of[stay] = first + np.arange(len(stay))
    rows.put(row_of[stay], at.unmet + stay, 1.0)
    flat = np.flatnonzero(row_of[window.stay] >= 0)
    gain = stays.charge_efficiency[window.stay[flat]] * task.signals.step_h
    rows.put(row_of[window.stay[flat]], at.charge + flat, gain)


def _battery_rows(rows: _Rows, task: Task, *, at: Layout) -> None:
    """Energy at the end of a step = energy before + gain - loss; at departure as wanted."""
    stays, window, flat = task.stays, task.window, task.discharging
    stay, n_rows = window.stay[flat], len(flat)
    is_first = window.step[flat] == window.first_step[stay]
    before = np.where(is_first, stays.soc_arrival_kwh[stay], 0.0)
    row = rows.add(before, before) + np.arange(n_rows)
    step_h = task.signals.step_h
    rows.put(row, at.energy + np.arange(n_rows), 1.0)
    rows.put(row[~is_first], at.energy + np.flatnonzero(~is_first) - 1, -1.0)
    rows.put(row, at.charge + flat, -stays.charge_efficiency[stay] * step_h)
    rows.put(row, at.discharge + np.arange(n_rows), step_h / stays.discharge_efficiency[stay])
    last = np.flatnonzero(np.append(is_first[1:], True)) if n_rows else np.zeros(0, dtype=np.int64)
    leaving = stay[last]
    wanted = stays.soc_arrival_kwh[leaving] + stays.energy_kwh[leaving]
    end_row = rows.add(wanted, np.full(len(last), np.inf)) + np.arange(len(last))
    rows.put(end_row, at.energy + last, 1.0)
    rows.put(end_row, at.unmet + leaving, 1.0)


def _spread_rows(rows: _Rows, task: Task, *, at: Layout) -> None:
    """Net power at a root = bought - sold, where the two have different prices."""
    zero = np.zeros(len(task.spread))
    row = rows.add(zero, zero) + np.arange(len(zero))
    rows.put(row, at.net + task.spread, 1.0)
    rows.put(row, at.bought + np.arange(len(zero)), -1.0)
    rows.put(row, at.sold + np.arange(len(zero)), 1.0)


def _peak_rows(rows: _Rows, task: Task, *, at: Layout) -> None:
    """Peak >= net power, at each limit with a capacity price and each step."""
    n_steps = task.signals.n_steps
    which = np.repeat(np.arange(len(task.peaked)), n_steps)
    flat = task.peaked[which] * n_steps + np.tile(np.arange(n_steps), len(task.peaked))
    row = rows.add(np.zeros(len(flat)), np.full(len(flat), np.inf)) + np.arange(len(flat))
    rows.put(row, at.peak + which, 1.0)
    rows.put(row, at.net + flat, -1.0)


def power_of(x: Floats, task: Task) -> Floats:
    """(K,) power at the plug: charging less discharging, without the solver's dust."""
    at = layout(task)
    power_kw = x[at.charge : at.discharge].copy()
    power_kw[task.discharging] -= x[at.discharge : at.energy]
    power_kw[np.abs(power_kw) < _NO_PRICE] = 0.0
    return power_kw


def prices_of(solution: Solution, task: Task) -> LimitPrices:
    """Read the certificate from the optimal duals, cleaned so that it is valid to the last digit.

    The reduced cost of a net power is what its limit costs: negative at the import limit, positive
    at the export limit.
    """
    at, step_h, shape = layout(task), task.signals.step_h, task.limits.import_kw.shape
    reduced = solution.reduced_cost[at.net : at.bought].reshape(shape) / step_h
    buy, sell = _flat_root_prices(task)
    energy = buy.copy()
    n_peak_rows = len(task.peaked) * shape[1]
    first_spread = len(solution.row_dual) - n_peak_rows - len(task.spread)
    spread_dual = solution.row_dual[first_spread : first_spread + len(task.spread)] / step_h
    energy[task.spread] = np.clip(-spread_dual, sell[task.spread], buy[task.spread])
    peak = np.zeros(shape)
    peak_dual = solution.row_dual[len(solution.row_dual) - n_peak_rows :]
    peak[task.peaked] = _valid_peak(peak_dual.reshape(-1, shape[1]) / step_h, task)
    return LimitPrices(
        import_eur_per_kwh=np.where(-reduced > _NO_PRICE, -reduced, 0.0),
        export_eur_per_kwh=np.where(reduced > _NO_PRICE, reduced, 0.0),
        peak_eur_per_kwh=peak,
        energy_eur_per_kwh=energy.reshape(shape),
    )


def _valid_peak(peak: Floats, task: Task) -> Floats:
    """Peak prices that are not negative and in sum not above the capacity price."""
    peak = np.where(peak > _NO_PRICE, peak, 0.0)
    total = peak.sum(axis=1) * task.signals.step_h
    allowed = task.limits.peak_eur_per_kw[task.peaked]
    scale = np.where(total > allowed, allowed / np.where(total > 0, total, 1.0), 1.0)
    return peak * scale[:, np.newaxis]


def prices_without_search(task: Task) -> LimitPrices:
    """Prices that need no solve: no limit binds; at a root, the base load's own price."""
    buy, sell = _flat_root_prices(task)
    zero = np.zeros(task.limits.import_kw.shape)
    energy = np.where(headroom(task.limits).base_kw.ravel() >= 0, buy, sell)
    return LimitPrices(
        import_eur_per_kwh=zero,
        export_eur_per_kwh=zero,
        peak_eur_per_kwh=zero,
        energy_eur_per_kwh=energy.reshape(zero.shape),
    )
