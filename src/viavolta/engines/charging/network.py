"""Everything that prices power, as rows: limits, phases, peaks and the balance at each root.

Every row has a load over time and a price that follows from it: nothing while the load is within
its bounds, and rising with what exceeds them. A stay sees the sum of the prices of the rows on its
way up to the root.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.charging.tree import add_up, headroom, root_prices
from viavolta.model.arrays import Floats, Ints
from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

PHASES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Rows of a task. R rows, T steps, N paths.

    Attributes
    ----------
    limit : (R,) limit of each row. kind : (R,) LIMIT, PEAK, BALANCE, or PHASE + 0, 1, 2.
    base_kw, import_kw, export_kw : (R, T); of a peak row import_kw is the peak so far.
    low_eur_per_kwh, span_eur_per_kwh : (B, T) of balance rows: selling price, and what buying costs
        more. balance : (R,) row of these, or -1.
    peak_eur_per_kw : (R,) zero but for peak rows.
    path_start : (N + 1,), path_row, path_share : rows of a path, and the share of a stay's power
        that counts there; the balance row comes last.
    """

    limit: Ints
    kind: Ints
    base_kw: Floats
    import_kw: Floats
    export_kw: Floats
    low_eur_per_kwh: Floats
    span_eur_per_kwh: Floats
    balance: Ints
    peak_eur_per_kw: Floats
    path_start: Ints
    path_row: Ints
    path_share: Floats

    @property
    def n_rows(self) -> int:
        """Number of rows R."""
        return len(self.limit)


LIMIT, PEAK, BALANCE, PHASE = 0, 1, 2, 3


def network_of(
    stays: StayTable, limits: LimitTree, *, signals: SignalTable, phase: Ints
) -> tuple[Network, Ints]:
    """Lay out the rows, and find the path of every stay.

    Limits that the stays below could never exceed get no row. Returns the network and (S,) paths.

    Parameters
    ----------
    phase
        (S,) 0 for three phases, 1 to 3 for one: the choice is made.
    """
    room = headroom(limits)
    roots = root_prices(limits, signals)
    is_tight = _is_tight(
        stays, limits, base_kw=room.base_kw, imports=room.import_kw, exports=room.export_kw
    )
    has_phases = np.isfinite(limits.phase_kw)
    tight, peaked = np.flatnonzero(is_tight), np.flatnonzero(limits.peak_eur_per_kw > 0)
    phased = np.flatnonzero(has_phases)
    limit = np.concatenate((tight, np.repeat(phased, PHASES), peaked, roots.root))
    kind = np.concatenate(
        (
            np.full(len(tight), LIMIT),
            np.tile(PHASE + np.arange(PHASES), len(phased)),
            np.full(len(peaked), PEAK),
            np.full(len(roots.root), BALANCE),
        )
    )
    shape = (len(limit), signals.n_steps)
    base_kw = room.base_kw[limit]
    base_kw[kind >= PHASE] /= PHASES
    import_kw, export_kw = np.zeros(shape), np.full(shape, np.inf)
    import_kw[: len(tight)] = room.import_kw[tight]
    export_kw[: len(tight)] = room.export_kw[tight]
    is_phase = kind >= PHASE
    import_kw[is_phase] = np.maximum(limits.phase_kw[limit[is_phase]][:, None], base_kw[is_phase])
    import_kw[kind == PEAK] = limits.peak_so_far_kw[peaked][:, None]
    balance = np.full(len(limit), -1)
    balance[kind == BALANCE] = np.arange(len(roots.root))
    start, row, share, path = _paths(stays, limits, limit=limit, kind=kind, phase=phase)
    network = Network(
        limit=limit,
        kind=kind,
        base_kw=base_kw,
        import_kw=import_kw,
        export_kw=export_kw,
        low_eur_per_kwh=roots.sell,
        span_eur_per_kwh=roots.buy - roots.sell,
        balance=balance,
        peak_eur_per_kw=np.where(kind == PEAK, limits.peak_eur_per_kw[limit], 0.0),
        path_start=start,
        path_row=row,
        path_share=share,
    )
    return network, path


def _is_tight(
    stays: StayTable, limits: LimitTree, *, base_kw: Floats, imports: Floats, exports: Floats
) -> NDArray[np.bool_]:
    """(L,) whether the stays below could bring the limit to its import or export."""

    def below(power_kw: Floats) -> Floats:
        own_kw = np.bincount(stays.limit, weights=power_kw, minlength=len(limits))
        return add_up(own_kw.astype(np.float64)[:, np.newaxis], limits.parent)

    could = base_kw + below(stays.max_kw) > imports
    could |= -base_kw + below(stays.max_discharge_kw) > exports
    return np.asarray(could.any(axis=1))


def _paths(
    stays: StayTable, limits: LimitTree, *, limit: Ints, kind: Ints, phase: Ints
) -> tuple[Ints, Ints, Floats, Ints]:
    """Rows on the way from each (limit, phase) that stays use up to its root."""
    code = stays.limit * (PHASES + 1) + phase
    codes, path = np.unique(code, return_inverse=True)
    leaf, on_phase = codes // (PHASES + 1), codes % (PHASES + 1)
    row_of = np.full((PHASE + PHASES, len(limits)), -1)
    row_of[kind, limit] = np.arange(len(limit))
    columns: list[Ints] = []
    shares: list[Floats] = []
    at = leaf.copy()
    while (at >= 0).any():
        here = np.maximum(at, 0)
        for which in range(PHASE + PHASES):
            if which == BALANCE:
                continue
            share = np.ones(len(codes))
            if which >= PHASE:
                share = np.where(on_phase == 0, 1.0 / PHASES, on_phase == which - PHASE + 1)
            rows = np.where((at >= 0) & (share > 0), row_of[which, here], -1)
            if (rows >= 0).any():
                columns.append(rows)
                shares.append(share)
        root = here
        last = np.where(at >= 0, root, -1)
        columns_root = np.where((at >= 0) & (limits.parent[here] < 0), row_of[BALANCE, here], -1)
        if (columns_root >= 0).any():
            columns.append(columns_root)
            shares.append(np.ones(len(codes)))
        at = np.where(last >= 0, limits.parent[here], -1)
    if not columns:
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0), path
    table, share_table = np.stack(columns, axis=1), np.stack(shares, axis=1)
    is_row = table >= 0
    start = np.concatenate(([0], np.cumsum(is_row.sum(axis=1)))).astype(np.int64)
    return start, table[is_row], share_table[is_row], path.astype(np.int64)
