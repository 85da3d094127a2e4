"""The charging task as one linear program, built with arrays and given to HiGHS.

The plain task: stays with a window, energy wanted, charging and discharging; nested limits with
import and export; buying and selling prices; capacity prices; unmet energy at a price. Charging
and discharging in the same step is allowed, as in any linear program. Shares no code with
viavolta, so that its optimum can judge the engine's cost and bound. A task is a mapping of arrays,
see `task_arrays` in charging_instances.py; S stays, K steps of all stays, L limits, T steps.

Usage: python highs_charging.py TASK.npz; prints one line of JSON.
"""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Task = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The answer: cost_eur as the engine counts it, power_kw (K,) stay after stay, seconds."""

    status: str
    cost_eur: float
    power_kw: Floats
    n_columns: int
    n_rows: int
    build_s: float
    solve_s: float


def optimum(task: Task) -> Optimum:
    """Build the program and solve it with the options of HiGHS as they come."""
    begin_s = time.perf_counter()
    window = _window(task)
    program = _program(task, window)
    built_s = time.perf_counter()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)  # noqa: FBT003 - the name of HiGHS's own option
    highs.passModel(program.lp())
    highs.run()
    x = np.array(highs.getSolution().col_value)
    power_kw = program.part(x, "charge")
    power_kw[window.gives_back] -= program.part(x, "discharge")
    return Optimum(
        status=highs.modelStatusToString(highs.getModelStatus()),
        cost_eur=float(highs.getInfo().objective_function_value),
        power_kw=power_kw,
        n_columns=len(x),
        n_rows=program.n_rows,
        build_s=built_s - begin_s,
        solve_s=time.perf_counter() - built_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Steps of all stays: stay, step, share (K,); gives_back: those of stays that discharge."""

    stay: Ints
    step: Ints
    share: Floats
    gives_back: Ints


def _window(task: Task) -> _Window:
    begin_s, end_s, step_s = task["arrival_s"], task["departure_s"], int(task["step_s"])
    first = begin_s // step_s
    count = -(-end_s // step_s) - first
    stay = np.repeat(np.arange(len(first)), count)
    step = np.arange(len(stay)) - np.repeat(np.cumsum(count) - count - first, count)
    until_s = np.minimum(end_s[stay], (step + 1) * step_s)
    share = (until_s - np.maximum(begin_s[stay], step * step_s)) / step_s
    gives_back = np.flatnonzero(task["max_discharge_kw"][stay] > 0)
    return _Window(stay=stay, step=step, share=share, gives_back=gives_back)


class _Program:
    """Columns and rows of a linear program, gathered block by block."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}
        self.size: dict[str, int] = {}
        self.n_rows = 0
        self.offset = 0.0
        self._columns: list[tuple[Floats, Floats, Floats]] = []
        self._bounds: list[tuple[Floats, Floats]] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []

    def columns(self, name: str, *, lower: Any, upper: Any, cost: Any, size: int) -> None:
        """Add a block of columns; bounds and cost are scalars or (size,)."""
        self.first[name] = sum(self.size.values())
        self.size[name] = size
        full = [np.broadcast_to(np.asarray(v, dtype=float), size) for v in (lower, upper, cost)]
        self._columns.append((full[0], full[1], full[2]))

    def rows(self, lower: Any, upper: Any, *, size: int) -> Ints:
        """Add a block of rows and give their numbers."""
        self._bounds.append(
            (
                np.broadcast_to(np.asarray(lower, dtype=float), size),
                np.broadcast_to(np.asarray(upper, dtype=float), size),
            )
        )
        self.n_rows += size
        return np.arange(self.n_rows - size, self.n_rows)

    def put(self, row: Ints, name: str, *, at: Ints, value: Any) -> None:
        """Put values at rows and columns; `at` counts within the block of columns."""
        full = np.broadcast_to(np.asarray(value, dtype=float), len(row))
        self._entries.append((row, self.first[name] + at, full))

    def part(self, x: Floats, name: str) -> Floats:
        """Copy the values of one block of columns."""
        return x[self.first[name] : self.first[name] + self.size[name]].copy()

    def lp(self) -> highspy.HighsLp:
        """Put the blocks together."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.argsort(row, kind="stable")
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = sum(self.size.values()), self.n_rows
        lp.offset_ = self.offset
        lp.col_lower_, lp.col_upper_, lp.col_cost_ = (
            np.concatenate(part) for part in zip(*self._columns, strict=True)
        )
        lp.row_lower_, lp.row_upper_ = (
            np.concatenate(part) for part in zip(*self._bounds, strict=True)
        )
        counts = np.bincount(row, minlength=self.n_rows)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.append(0, np.cumsum(counts))
        lp.a_matrix_.index_ = column[order]
        lp.a_matrix_.value_ = value[order]
        return lp


def _program(task: Task, window: _Window) -> _Program:
    program = _Program()
    _vehicle_columns(program, task, window=window)
    _grid_columns(program, task)
    _charge_only_rows(program, task, window=window)
    _battery_rows(program, task, window=window)
    _net_rows(program, task, window=window)
    _root_rows(program, task)
    _peak_rows(program, task)
    return program


def _vehicle_columns(program: _Program, task: Task, *, window: _Window) -> None:
    stay, back = window.stay, window.stay[window.gives_back]
    step_h = int(task["step_s"]) / 3600
    most_kw = task["max_kw"][stay] * window.share
    program.columns("charge", lower=0, upper=most_kw, cost=0, size=len(stay))
    program.columns(
        "discharge",
        lower=0,
        upper=task["max_discharge_kw"][back] * window.share[window.gives_back],
        cost=task["wear_eur_per_kwh"][back] * step_h / task["discharge_efficiency"][back],
        size=len(back),
    )
    reserve = np.minimum(task["soc_min_kwh"], task["soc_arrival_kwh"])
    full = task["capacity_kwh"]
    program.columns("energy", lower=reserve[back], upper=full[back], cost=0, size=len(back))
    price = float(task["unmet_eur_per_kwh"])
    program.columns("unmet", lower=0, upper=np.inf, cost=price, size=len(reserve))


def _grid_columns(program: _Program, task: Task) -> None:
    """Net power within limits, widened where base load alone breaks them; trade; peaks."""
    base_kw = _base_below_kw(task)
    least = -np.maximum(task["export_kw"], -base_kw).ravel()
    most = np.maximum(task["import_kw"], base_kw).ravel()
    program.columns("net", lower=least, upper=most, cost=0, size=most.size)
    step_h = int(task["step_s"]) / 3600
    buy, sell = task["buy_eur_per_kwh"].ravel() * step_h, task["sell_eur_per_kwh"].ravel() * step_h
    program.columns("bought", lower=0, upper=np.inf, cost=buy, size=buy.size)
    program.columns("sold", lower=0, upper=np.inf, cost=-sell, size=sell.size)
    peaked = np.flatnonzero(task["peak_eur_per_kw"] > 0)
    so_far_kw, price = task["peak_so_far_kw"][peaked], task["peak_eur_per_kw"][peaked]
    program.columns("peak", lower=so_far_kw, upper=np.inf, cost=price, size=len(peaked))
    program.offset = -float(price @ so_far_kw)


def _base_below_kw(task: Task) -> Floats:
    """(L, T) base load of each limit and all below it."""
    total, parent = task["base_load_kw"].copy(), task["parent"]
    level = _depth(parent)
    for depth in range(int(level.max()), 0, -1):
        rows = np.flatnonzero(level == depth)
        np.add.at(total, parent[rows], total[rows])
    return total


def _depth(parent: Ints) -> Ints:
    """(L,) number of limits above each limit."""
    depth, above = np.zeros(len(parent), dtype=np.int64), parent.copy()
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, parent[above], -1)
    return depth


def _charge_only_rows(program: _Program, task: Task, *, window: _Window) -> None:
    """Gain + unmet at least what is wanted, and gain at most the battery's room."""
    is_plain = task["max_discharge_kw"] == 0
    rows_of = np.flatnonzero(is_plain[window.stay])
    stay = window.stay[rows_of]
    gain = task["charge_efficiency"][stay] * int(task["step_s"]) / 3600
    room_kwh = task["capacity_kwh"] - task["soc_arrival_kwh"]
    for keep, lower, upper in (
        (is_plain & (task["energy_kwh"] > 0), task["energy_kwh"], np.inf),
        (is_plain & ~np.isnan(room_kwh), -np.inf, room_kwh),
    ):
        which = np.flatnonzero(keep)
        bounds = [np.broadcast_to(bound, len(keep))[which] for bound in (lower, upper)]
        number = np.full(len(keep), -1)
        number[which] = program.rows(*bounds, size=len(which))
        of = np.flatnonzero(number[stay] >= 0)
        program.put(number[stay[of]], "charge", at=rows_of[of], value=gain[of])
        if np.isinf(upper).all():
            program.put(number[which], "unmet", at=which, value=1)


def _battery_rows(program: _Program, task: Task, *, window: _Window) -> None:
    """Stored energy from step to step, and at departure."""
    flat = window.gives_back
    stay, n_rows = window.stay[flat], len(flat)
    step_h = int(task["step_s"]) / 3600
    is_first = np.diff(stay, prepend=-1) != 0
    is_last = np.diff(stay, append=-1) != 0
    before_kwh = np.where(is_first, task["soc_arrival_kwh"][stay], 0)
    row, own = program.rows(before_kwh, before_kwh, size=n_rows), np.arange(n_rows)
    program.put(row, "energy", at=own, value=1)
    program.put(row[~is_first], "energy", at=own[~is_first] - 1, value=-1)
    gain, loss = task["charge_efficiency"][stay] * step_h, step_h / task["discharge_efficiency"]
    program.put(row, "charge", at=flat, value=-gain)
    program.put(row, "discharge", at=own, value=loss[stay])
    leaving = stay[is_last]
    wanted = (task["soc_arrival_kwh"] + task["energy_kwh"])[leaving]
    end = program.rows(wanted, np.inf, size=len(leaving))
    program.put(end, "energy", at=own[is_last], value=1)
    program.put(end, "unmet", at=leaving, value=1)


def _net_rows(program: _Program, task: Task, *, window: _Window) -> None:
    """Net power = base load + stays at the limit + net power of the limits below."""
    own_kw, parent = task["base_load_kw"], task["parent"]
    n_steps, flat = own_kw.shape[1], np.arange(own_kw.size)
    row = program.rows(own_kw.ravel(), own_kw.ravel(), size=own_kw.size)
    program.put(row, "net", at=flat, value=1)
    below = flat[parent[flat // n_steps] >= 0]
    above = parent[below // n_steps] * n_steps + below % n_steps
    program.put(row[above], "net", at=below, value=-1)
    at_plug = task["limit"][window.stay] * n_steps + window.step
    program.put(row[at_plug], "charge", at=np.arange(len(at_plug)), value=-1)
    back = window.gives_back
    program.put(row[at_plug[back]], "discharge", at=np.arange(len(back)), value=1)


def _root_rows(program: _Program, task: Task) -> None:
    """Net power at a root = bought - sold."""
    roots, n_steps = np.flatnonzero(task["parent"] < 0), task["import_kw"].shape[1]
    at = (roots[:, None] * n_steps + np.arange(n_steps)).ravel()
    row = program.rows(0, 0, size=len(at))
    program.put(row, "net", at=at, value=1)
    program.put(row, "bought", at=np.arange(len(at)), value=-1)
    program.put(row, "sold", at=np.arange(len(at)), value=1)


def _peak_rows(program: _Program, task: Task) -> None:
    """Peak at least the net power of every step."""
    peaked, n_steps = np.flatnonzero(task["peak_eur_per_kw"] > 0), task["import_kw"].shape[1]
    at = (peaked[:, None] * n_steps + np.arange(n_steps)).ravel()
    row = program.rows(0, np.inf, size=len(at))
    program.put(row, "peak", at=np.repeat(np.arange(len(peaked)), n_steps), value=1)
    program.put(row, "net", at=at, value=-1)


def main() -> None:
    """Solve the task of a file and print what it took."""
    found = optimum(dict(np.load(sys.argv[1])))
    print(
        json.dumps(
            {
                "peer": f"HiGHS {highspy.Highs().version()}",
                "status": found.status,
                "cost_eur": found.cost_eur,
                "seconds": found.build_s + found.solve_s,
                "build_s": found.build_s,
                "columns": found.n_columns,
                "rows": found.n_rows,
            }
        )
    )


if __name__ == "__main__":
    main()
