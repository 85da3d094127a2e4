"""Sums up and down a tree of limits."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree, top_down
from viavolta.model.signal import SignalTable


def add_up(values: Floats, parent: Ints) -> Floats:
    """Each limit's own values plus those of all limits below. Shapes: (L, T), (L,) -> (L, T)."""
    total = values.copy()
    for row in reversed(top_down(parent)):
        if parent[row] >= 0:
            total[parent[row]] += total[row]
    return total


def add_down(values: Floats, parent: Ints) -> Floats:
    """Each limit's own values plus those of all limits above. Shapes: (L, T), (L,) -> (L, T)."""
    total = values.copy()
    for row in top_down(parent):
        if parent[row] >= 0:
            total[row] += total[parent[row]]
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Limits as the stays meet them. Shapes: (L, T).

    Attributes
    ----------
    base_kw : base load of the limit and all below.
    import_kw, export_kw : the limits; where the base load alone breaks one, the base load itself,
        so that stays may only lower it and doing nothing is always allowed.
    """

    base_kw: Floats
    import_kw: Floats
    export_kw: Floats


def headroom(limits: LimitTree) -> Headroom:
    """Sum the base load and widen the limits that it breaks alone."""
    base_kw = add_up(limits.base_load_kw, limits.parent)
    return Headroom(
        base_kw=base_kw,
        import_kw=np.maximum(limits.import_kw, base_kw),
        export_kw=np.maximum(limits.export_kw, -base_kw),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RootPrices:
    """Prices at the roots: root (R,) rows of the tree, buy and sell (R, T) in EUR/kWh."""

    root: Ints
    buy: Floats
    sell: Floats


def root_prices(limits: LimitTree, signals: SignalTable) -> RootPrices:
    """Find each root's zone in the signals; where there is only one zone, it serves all roots.

    Raises
    ------
    ValueError: a root's zone is not in the signals, or the numbers of steps differ.
    """
    if limits.n_steps != signals.n_steps:
        msg = f"limits have {limits.n_steps} steps, signals {signals.n_steps}"
        raise ValueError(msg)
    root = np.flatnonzero(limits.parent < 0)
    row_of = {zone: row for row, zone in enumerate(signals.zone)}
    only = len(row_of) == 1
    unknown = sorted({limits.zone[r] for r in root} - set(row_of))
    if unknown and not only:
        msg = f"the signals have no zone {unknown[0]!r}"
        raise ValueError(msg)
    rows = [0 if only else row_of[limits.zone[r]] for r in root]
    return RootPrices(
        root=root, buy=signals.buy_eur_per_kwh[rows], sell=signals.sell_eur_per_kwh[rows]
    )
