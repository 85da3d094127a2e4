"""A part of a task: vehicles that lie together in the tree of limits, and the rows they touch.

A part works alone but for the rows that it shares with others: it is told their total load and
tells what it changed. That makes the same result on one thread, on many, or on other machines.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.engines.charging.network import PEAK, Network
from viavolta.engines.charging.repair import (
    cut,
    n_broken,
    own_of_all,
    repair,
    settle,
)
from viavolta.engines.charging.sweep import (
    Rows,
    State,
    bound_sum,
    change_powers,
    find_peaks,
    price_rows,
    sweep,
)
from viavolta.engines.charging.vehicles import Batteries, Room, Terms, room_for
from viavolta.model.arrays import Flags, Floats, Ints

_STIFFER, _STIFFEST, _CALMER = 2.0, 32.0, 0.7
_PROGRESS = 0.5  # a row whose excess did not fall to this share of the last one becomes stiffer
_NEGLIGIBLE = 0.2  # of a row's size: an excess that repair deals with


@dataclass(slots=True, kw_only=True)
class Part:
    """State of a part; its arrays change as it works.

    Attributes
    ----------
    order : (S,) stays of the task, in the order of the part's kernels.
    row : (R,) rows of the network that the part touches; rows of `rows` in this order.
    shared, shared_row : local rows that other parts touch too, and their places among all shared
        rows of the task. echo : (R,) how many parts touch a row.
    weight_kw : (R,) usual power of a row.
    excess : (R,) worst excess after the last pass. start_stiffness : (R,).
    """

    order: Ints
    row: Ints
    shared: Ints
    shared_row: Ints
    echo: Floats
    batteries: Batteries
    rows: Rows
    state: State
    terms: Terms
    room: Room
    is_peak: Ints
    weight_kw: Floats
    excess: Floats
    start_stiffness: Floats

    @property
    def n_vehicles(self) -> int:
        """Number of vehicles."""
        return len(self.batteries.vehicle) - 1


def start_part(
    b: Batteries,
    network: Network,
    *,
    order: Ints,
    row: Ints,
    is_shared: Ints,
    echo: Ints,
    terms: Terms,
    stiffness: Floats,
    weight_kw: Floats,
) -> Part:
    """Make a part in which no vehicle draws power yet.

    Parameters
    ----------
    row
        (R,) rows of the network on the paths of these stays.
    is_shared
        (all rows,) place among the shared rows, or -1. echo : how many parts touch a row.
    stiffness, weight_kw
        (all rows,) see Rows and Part.
    """
    local = np.full(network.n_rows, -1)
    local[row] = np.arange(len(row))
    used, path = np.unique(b.path, return_inverse=True)
    lengths = np.diff(network.path_start)[used]
    at = (
        np.concatenate(
            [np.arange(network.path_start[p], network.path_start[p + 1]) for p in used.tolist()]
        )
        if len(used)
        else np.zeros(0, dtype=np.int64)
    )
    shape = (len(row), network.base_kw.shape[1])
    rows = Rows(
        load=network.base_kw[row],
        price=np.zeros(shape),
        import_kw=network.import_kw[row],
        export_kw=network.export_kw[row],
        up=np.zeros(shape),
        down=np.zeros(shape),
        stiffness=stiffness[row],
        balance=network.balance[row],
        low=network.low_eur_per_kwh,
        span=network.span_eur_per_kwh,
        start=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        row=local[network.path_row[at]],
        share=network.path_share[at],
        reach=network.path_share[at] * echo[network.path_row[at]],
        peak_price=network.peak_eur_per_kw[row],
        so_far=np.where(network.kind[row] == PEAK, network.import_kw[row, 0], 0.0),
    )
    n_vehicles = len(b.vehicle) - 1
    longest = int(np.diff(b.offset[b.vehicle]).max()) if n_vehicles else 0
    shared = np.flatnonzero(is_shared[row] >= 0)
    part = Part(
        order=order,
        row=row,
        shared=shared,
        shared_row=is_shared[row][shared],
        echo=echo[row].astype(np.float64),
        batteries=b._replace(path=path.astype(np.int64)),
        rows=rows,
        state=State(
            power=np.zeros(int(b.offset[-1])),
            own_eur=np.zeros(n_vehicles),
            idle=np.zeros(n_vehicles, dtype=np.int8),
            calm=np.zeros(n_vehicles, dtype=np.int8),
            grain=np.full(n_vehicles, 0.25),
        ),
        terms=terms,
        room=room_for(longest),
        is_peak=(network.kind[row] == PEAK).astype(np.int64),
        weight_kw=weight_kw[row],
        excess=np.zeros(len(row)),
        start_stiffness=stiffness[row],
    )
    _lift_peaks(part, np.maximum(rows.so_far, rows.load.max(axis=1, initial=0.0)))
    own_of_all(part.batteries, terms, part.room, part.state)
    price_rows(rows)
    return part


def _lift_peaks(part: Part, level_kw: Floats) -> None:
    peaks = np.flatnonzero(part.is_peak)
    part.rows.import_kw[peaks] = level_kw[peaks, np.newaxis]


def _take(part: Part, total: Floats) -> None:
    """Take over the loads of shared rows. total: (all shared rows, T)."""
    part.rows.load[part.shared] = total[part.shared_row]


def _given(part: Part, total: Floats) -> Floats:
    """(all shared rows, T) what the part changed in the loads of shared rows."""
    given = np.zeros_like(total)
    echoed = part.rows.load[part.shared] - total[part.shared_row]
    given[part.shared_row] = echoed / part.echo[part.shared, np.newaxis]
    return given


def sweep_part(
    part: Part,
    total: Floats,
    *,
    batch: int,
    n_batches: int,
    is_fresh: bool,
    is_fine: bool,
    ease_eur: float,
) -> tuple[Floats, float]:
    """Let the vehicles of one batch answer; returns the change of shared loads, and their gaps."""
    if len(part.shared) and n_batches > 1:
        _take(part, total)
        _price_shared(part)
    first = part.n_vehicles * batch // n_batches
    end = part.n_vehicles * (batch + 1) // n_batches
    gap = sweep(
        part.batteries,
        part.rows,
        part.state,
        part.terms,
        part.room,
        first,
        end,
        is_fresh,
        is_fine,
        ease_eur,
    )
    return _given(part, total), gap


def _price_shared(part: Part) -> None:
    rows = part.rows
    some = rows._replace(
        **{
            name: getattr(rows, name)[part.shared]
            for name in ("load", "import_kw", "export_kw", "up", "down", "stiffness", "balance")
        },
        price=np.empty((len(part.shared), rows.load.shape[1])),
    )
    price_rows(some)
    rows.price[part.shared] = some.price


def price_part(part: Part, total: Floats) -> None:
    """Renew all prices at the loads of shared rows."""
    _take(part, total)
    price_rows(part.rows)


def renew_multipliers(part: Part, total: Floats) -> float:
    """Close a pass: peaks find their level, multipliers take over the prices, rows stiffen.

    Returns what the multipliers are still away from complementing the loads, in EUR: the sum of
    multiplier times distance from the bound. With the vehicles' gaps that is about the gap.
    """
    _take(part, total)
    rows = part.rows
    find_peaks(rows, part.terms.step_h)
    over = np.maximum(
        np.where(rows.balance[:, None] >= 0, -np.inf, rows.load - rows.import_kw),
        -rows.load - rows.export_kw,
    ).max(axis=1, initial=0.0)
    stiff = rows.stiffness[:, np.newaxis]
    np.maximum(rows.up + stiff * (rows.load - rows.import_kw), 0.0, out=rows.up)
    at_root = np.flatnonzero(rows.balance >= 0)
    rows.up[at_root] = np.minimum(rows.up[at_root], rows.span[rows.balance[at_root]])
    with np.errstate(invalid="ignore"):
        np.maximum(rows.down - stiff * (rows.load + rows.export_kw), 0.0, out=rows.down)
    is_slow = (over > _PROGRESS * part.excess) & (over > _NEGLIGIBLE * part.weight_kw)
    is_slow &= part.is_peak == 0
    rows.stiffness[is_slow] = np.minimum(
        rows.stiffness[is_slow] * _STIFFER, part.start_stiffness[is_slow] * _STIFFEST
    )
    is_calm = ~is_slow & (rows.stiffness > part.start_stiffness)
    rows.stiffness[is_calm] = np.maximum(
        rows.stiffness[is_calm] * _CALMER, part.start_stiffness[is_calm]
    )
    part.excess = over
    price_rows(rows)
    return _distance_eur(part)


def _distance_eur(part: Part) -> float:
    """Sum of multipliers times what lies between loads and bounds; shared rows count once.

    At a root it is what the price of the balance leaves over from buying and selling.
    """
    rows = part.rows
    between = rows.up * np.abs(rows.load - rows.import_kw)
    at_root = np.flatnonzero(rows.balance >= 0)
    bought = rows.span[rows.balance[at_root]] * np.maximum(rows.load[at_root], 0.0)
    between[at_root] = bought - rows.up[at_root] * rows.load[at_root]
    has_export = np.flatnonzero(np.isfinite(rows.export_kw).any(axis=1))
    between[has_export] += rows.down[has_export] * np.abs(
        rows.load[has_export] + rows.export_kw[has_export]
    )
    return float((between.sum(axis=1) / part.echo).sum()) * part.terms.step_h


def bound_part(part: Part, prices: Floats) -> float:
    """Least cost of all vehicles at fixed prices (all rows, T) of the network."""
    rows = part.rows._replace(price=np.ascontiguousarray(prices[part.row]))
    return bound_sum(part.batteries, rows, part.terms, part.room, 0, part.n_vehicles)


def settle_part(part: Part, total: Floats) -> Floats:
    """Make all powers fit their batteries; returns the change of shared loads."""
    _take(part, total)
    settle(part.batteries, part.rows, part.state, part.terms, part.room, 0, part.n_vehicles)
    return _given(part, total)


def repair_part(
    part: Part, total: Floats, *, most_rise_eur: float, with_stepped: bool
) -> tuple[Floats, int]:
    """Hold every bound where that costs no more than a cap per vehicle; one part at a time.

    Returns the loads of shared rows, and how many bounds (rows and steps) are still broken.
    """
    _take(part, total)
    price_rows(part.rows)
    repair(
        part.batteries,
        part.rows._replace(reach=part.rows.share),
        part.state,
        part.terms,
        part.room,
        part.is_peak,
        most_rise_eur,
        with_stepped,
    )
    now = total.copy()
    now[part.shared_row] = part.rows.load[part.shared]
    return now, n_broken(part.rows, part.is_peak)


def cut_part(part: Part, total: Floats) -> tuple[Floats, int]:
    """Hold every bound whatever it costs; one part at a time. Returns as repair_part does."""
    _take(part, total)
    cut(
        part.batteries,
        part.rows._replace(reach=part.rows.share),
        part.state,
        part.terms,
        part.room,
        part.is_peak,
    )
    now = total.copy()
    now[part.shared_row] = part.rows.load[part.shared]
    return now, n_broken(part.rows, part.is_peak)


def broken_part(part: Part, total: Floats) -> tuple[None, int]:
    """Count the bounds that are broken at the loads of shared rows."""
    _take(part, total)
    return None, n_broken(part.rows, part.is_peak)


def soften(part: Part, factor: float) -> None:
    """Multiply all stiffness."""
    part.rows.stiffness[:] *= factor
    part.start_stiffness[:] *= factor
    price_rows(part.rows)


def multipliers(part: Part) -> tuple[Ints, Floats, Floats]:
    """Rows of the network and their multipliers up and down, (R, T) each."""
    return part.row, part.rows.up, part.rows.down


def powers(part: Part) -> tuple[Ints, Floats]:
    """Stays in the order of the part, and the power of all their rows."""
    return part.order, part.state.power


def own_cost_eur(part: Part) -> float:
    """Sum of the vehicles' own costs."""
    return float(part.state.own_eur.sum())


def set_powers(part: Part, power_kw: Floats, *, up: Floats, down: Floats) -> None:
    """Let vehicles do something else, at other multipliers (R, T) of the part's rows.

    Loads of rows that parts share change as if all parts did the same.
    """
    change_powers(part.batteries, part.rows, part.state, part.room, power_kw)
    part.rows.up[:], part.rows.down[:] = up, down
    part.rows.stiffness[:] = part.start_stiffness
    _lift_peaks(part, np.maximum(part.rows.so_far, part.rows.load.max(axis=1, initial=0.0)))
    price_rows(part.rows)


def begin_part(
    part: Part, total: Floats, power_kw: Floats, *, up: Floats, down: Floats, is_calm: Flags
) -> Floats:
    """Begin with powers (K,) of an earlier plan, at its multipliers (all rows of the network, T).

    Vehicles of calm stays (S,) are not asked in the first pass. Returns the change of shared loads.
    """
    _take(part, total)
    set_powers(part, power_kw, up=up[part.row], down=down[part.row])
    if part.n_vehicles:
        firsts = part.batteries.vehicle[:-1]
        part.state.idle[:] = np.logical_and.reduceat(is_calm, firsts)
    return _given(part, total)


def itself(part: Part) -> Part:
    """Hand out the part, for a finish that works on all of it."""
    return part
