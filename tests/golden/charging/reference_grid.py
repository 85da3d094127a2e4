"""The grid side of the reference: limits, export, peaks, phases, and energy bought and sold."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from highs_rows import INF, Rows, Terms
from stay_rows import StayRows

from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable


class PlugColumns(Protocol):
    """Columns of one row of a stay."""

    phase: tuple[int, int, int]

    def power(self) -> Terms:
        """Power at the plug."""


def add_grid(
    program: Rows,
    limits: LimitTree,
    signals: SignalTable,
    *,
    stays: StayTable,
    rows: StayRows,
    plugs: Sequence[PlugColumns],
) -> None:
    """Add one column per limit and step for the net power of all stays below it, and its rules."""
    at: dict[tuple[int, int], Terms] = defaultdict(list)
    for r, plug in enumerate(plugs):
        at[int(stays.limit[rows.stay[r]]), rows.step[r]] += plug.power()
    base_kw = base_load_with_below(limits)
    for limit in reversed(downward(limits)):
        parent = int(limits.parent[limit])
        peak = -1
        if limits.peak_eur_per_kw[limit] > 0:
            peak = program.add(0.0, INF, cost=float(limits.peak_eur_per_kw[limit]))
        for t in range(limits.n_steps):
            base = float(base_kw[limit, t])
            # base load that breaks a limit alone widens it: stays may only lower it
            upper = max(float(limits.import_kw[limit, t]), base) - base
            lower = -max(float(limits.export_kw[limit, t]), -base) - base
            net = program.add(lower, upper)
            program.equal([(net, -1.0), *at[limit, t]], 0.0)
            if parent >= 0:
                at[parent, t].append((net, 1.0))
            else:
                _trade(program, limits, signals, limit=limit, step=t, net=net, base_kw=base)
            if peak >= 0:
                above_kw = base - float(limits.peak_so_far_kw[limit])
                program.at_least([(peak, 1.0), (net, -1.0)], above_kw)
    _add_phases(program, limits, stays=stays, rows=rows, plugs=plugs)


def downward(limits: LimitTree) -> list[int]:
    """Rows of the tree, parents before their children."""
    return sorted(range(len(limits.parent)), key=lambda row: len(way_up(limits, row)))


def way_up(limits: LimitTree, row: int) -> list[int]:
    """A limit and all above it."""
    way = [row]
    while limits.parent[way[-1]] >= 0:
        way.append(int(limits.parent[way[-1]]))
    return way


def base_load_with_below(limits: LimitTree) -> np.ndarray:
    """(L, T) base load of each limit and of all below it."""
    total = np.zeros(limits.base_load_kw.shape)
    for row in range(len(limits.parent)):
        for above in way_up(limits, row):
            total[above] += limits.base_load_kw[row]
    return total


def zone_row(limits: LimitTree, signals: SignalTable, root: int) -> int:
    """Row of the signals in which a root buys and sells; the only one serves all."""
    return 0 if len(signals.zone) == 1 else signals.zone.index(limits.zone[root])


def _trade(
    program: Rows,
    limits: LimitTree,
    signals: SignalTable,
    *,
    limit: int,
    step: int,
    net: int,
    base_kw: float,
) -> None:
    """Net power is bought less sold."""
    zone = zone_row(limits, signals, limit)
    hours = signals.step_s / 3600
    bought = program.add(0.0, INF, cost=float(signals.buy_eur_per_kwh[zone, step]) * hours)
    sold = program.add(0.0, INF, cost=-float(signals.sell_eur_per_kwh[zone, step]) * hours)
    program.equal([(bought, 1.0), (sold, -1.0), (net, -1.0)], base_kw)


def _add_phases(
    program: Rows,
    limits: LimitTree,
    *,
    stays: StayTable,
    rows: StayRows,
    plugs: Sequence[PlugColumns],
) -> None:
    """A third of the base load and the stays' power on each phase within phase_kw."""
    base_kw = base_load_with_below(limits)
    on: dict[tuple[int, int, int], Terms] = defaultdict(list)
    for r, plug in enumerate(plugs):
        s, t = rows.stay[r], rows.step[r]
        for limit in way_up(limits, int(stays.limit[s])):
            if np.isfinite(limits.phase_kw[limit]):
                for p in range(3):
                    on[limit, p, t] += _on_phase(plug, int(stays.phase[s]), p)
    for (limit, _, t), terms in on.items():
        third_kw = float(base_kw[limit, t]) / 3
        room_kw = max(float(limits.phase_kw[limit]), third_kw) - third_kw
        program.at_most(terms, room_kw)


def _on_phase(plug: PlugColumns, phase: int, p: int) -> Terms:
    """What a stay takes of phase p (0 to 2)."""
    if phase == -1:
        return [(plug.phase[p], 1.0)]
    if phase == 0:
        return [(column, factor / 3) for column, factor in plug.power()]
    return plug.power() if phase == p + 1 else []
