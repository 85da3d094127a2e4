"""A tenant's limits as the scheduler's tree: of all that holds at a place the smallest counts.

A limit that holds for a part of a step holds for all of what is left of it. Fuses limit each phase
and, three times over, the whole. Loads are what stations do whatever they are told.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats
from viavolta.model.limit import LimitTree
from viavolta.services.live.facts import LimitFacts, LimitSpan
from viavolta.services.live.figures import VOLTS

FREE = "-"
"""The limit of plugs that hang on none; it binds nobody."""

_PHASES = 3
_KW = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The steps of a plan: `first` is the begin of the first one, at or before `now` (UTC)."""

    first: dt.datetime
    now: dt.datetime
    n_steps: int
    step_s: int

    def starts(self) -> list[dt.datetime]:
        """Begin of each step; of the one under way, now."""
        step = dt.timedelta(seconds=self.step_s)
        return [max(self.first + k * step, self.now) for k in range(self.n_steps)]

    def ends(self) -> list[dt.datetime]:
        """End of each step."""
        step = dt.timedelta(seconds=self.step_s)
        return [self.first + (k + 1) * step for k in range(self.n_steps)]


def place_of(limit_id: str, limits: Iterable[LimitFacts]) -> str:
    """The limit that a plug hangs on: the one of that name, or none."""
    return limit_id if any(one.limit_id == limit_id for one in limits) else FREE


def limit_tree(
    limits: Sequence[LimitFacts],
    spans: Iterable[LimitSpan],
    *,
    loads_kw: Mapping[str, Floats],
    roof_kw: float,
    grid: Grid,
) -> LimitTree:
    """The tree of limits over the steps of a plan, with one more that binds nobody.

    Parameters
    ----------
    loads_kw
        By limit, what draws there beside its base load. (T,) each.
    roof_kw
        Power that cannot be reached: it stands where nothing limits.

    Raises
    ------
    ValueError: limits hang on each other in a circle, or a figure is not finite.
    """
    rows = [*sorted(limits, key=lambda one: one.limit_id), LimitFacts(limit_id=FREE)]
    row_of = {one.limit_id: k for k, one in enumerate(rows)}
    parent = np.array([row_of.get(one.parent, -1) for one in rows], dtype=np.int64)
    base_kw = np.array([np.full(grid.n_steps, one.base_load_kw) for one in rows])
    for name, load_kw in loads_kw.items():
        base_kw[row_of.get(name, len(rows) - 1)] += load_kw
    roof_kw += float(np.abs(base_kw).sum(axis=0).max(initial=0.0))
    import_kw = _constant([one.import_kw for one in rows], roof_kw, grid)
    export_kw = _constant([one.export_kw for one in rows], roof_kw, grid)
    for span in spans:
        if span.limit_id in row_of:
            row, steps = row_of[span.limit_id], _steps_of(span, grid)
            _lower(import_kw[row], span.import_kw, steps)
            _lower(export_kw[row], span.export_kw, steps)
    fuse_kw = np.array(
        [np.inf if one.fuse_a is None else max(one.fuse_a, 0.0) * VOLTS * _KW for one in rows]
    )
    whole_kw = np.where(np.isinf(fuse_kw), roof_kw, _PHASES * fuse_kw)
    return LimitTree(
        limit_id=tuple(one.limit_id for one in rows),
        parent=parent,
        import_kw=np.minimum(import_kw, whole_kw[:, np.newaxis]),
        export_kw=np.minimum(export_kw, whole_kw[:, np.newaxis]),
        base_load_kw=base_kw,
        peak_eur_per_kw=np.zeros(len(rows)),
        peak_so_far_kw=np.zeros(len(rows)),
        zone=("",) * len(rows),
        phase_kw=fuse_kw,
    )


def _constant(told: Sequence[float | None], roof_kw: float, grid: Grid) -> Floats:
    row = [roof_kw if kw is None else max(kw, 0.0) for kw in told]
    return np.repeat(np.array(row)[:, np.newaxis], grid.n_steps, axis=1)


def _steps_of(span: LimitSpan, grid: Grid) -> list[int]:
    """The steps of which something that is still to come lies within a span."""
    return [
        k
        for k, (start, end) in enumerate(zip(grid.starts(), grid.ends(), strict=True))
        if span.starts_at < end and (span.ends_at is None or span.ends_at > start)
    ]


def _lower(row_kw: Floats, kw: float | None, steps: list[int]) -> None:
    if kw is not None and steps:
        row_kw[steps] = np.minimum(row_kw[steps], max(kw, 0.0))
