"""The charging problem as one exact mixed-integer program, written down rule by rule.

Independent of viavolta's engines and checks: only the tables of viavolta.model are read, and the
program is solved by HiGHS. Slow, and meant to be read beside README.md.
"""

from dataclasses import dataclass

import numpy as np
from highs_rows import INF, Answer, Rows, Terms
from reference_grid import add_grid
from stay_rows import StayRows, rows_of_stays

from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_BOTH_KW = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked beside the tables; the names are those of `schedule`.

    max_share, max_discharge_share : (K,) what a row allows of max_kw and of max_discharge_kw.
    """

    unmet_eur_per_kwh: float = 10.0
    unfair_eur_per_kwh: float = 0.0
    early_share: np.ndarray | None = None
    max_share: np.ndarray | None = None
    max_discharge_share: np.ndarray | None = None

    def full_kw(self, stays: StayTable, rows: StayRows, r: int) -> tuple[float, float]:
        """Most power of a row: charging, discharging."""
        s = rows.stay[r]
        full_kw, back_kw = (
            float(most) * rows.share[r] * (1.0 if share is None else float(share[r]))
            for most, share in (
                (stays.max_kw[s], self.max_share),
                (stays.max_discharge_kw[s], self.max_discharge_share),
            )
        )
        return full_kw, back_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The optimum: cost, proven bound, power per row (K,), phase per stay (S,)."""

    cost_eur: float
    bound_eur: float
    power_kw: np.ndarray
    phase_used: np.ndarray
    n_binaries: int


@dataclass(slots=True)
class Plug:
    """Columns of one row of one stay; -1 where there is none.

    low: charging up to the knee, high: above it, back: discharging, on: charging or not,
    energy: at the end of the row, phase: power on each phase where the scheduler chooses.
    """

    low: int
    high: int = -1
    back: int = -1
    on: int = -1
    energy: int = -1
    phase: tuple[int, int, int] = (-1, -1, -1)

    def charging(self) -> Terms:
        """Charging power."""
        return [(column, 1.0) for column in (self.low, self.high) if column >= 0]

    def power(self) -> Terms:
        """Power at the plug, charging positive."""
        return [*self.charging(), *([(self.back, -1.0)] if self.back >= 0 else [])]


def reference(
    stays: StayTable,
    limits: LimitTree,
    *,
    signals: SignalTable,
    options: Options | None = None,
    gap: float = 1e-9,
) -> Reference:
    """Find the cheapest schedule there is, and prove it; binaries may leave the relative gap.

    Binaries say when a vehicle charges only where it has a minimum power or loses energy while it
    charges; elsewhere they are added where the answer without them does both at once, or charges
    above the knee before below, until none does: the answer is then that of the full program.
    """
    options = options or Options()
    rows = rows_of_stays(stays, signals)
    one_way: set[int] = set()
    in_order: set[int] = set()
    while True:
        program, plugs, chosen = _program(
            stays, limits, signals=signals, options=options, one_way=one_way, in_order=in_order
        )
        answer = program.solve(gap=gap)
        both, disordered = _broken(answer, plugs, rows, stays)
        if not both - one_way and not disordered - in_order:
            break
        one_way |= both
        in_order |= disordered
    power_kw = np.array([sum(f * answer.x[c] for c, f in plug.power()) for plug in plugs])
    return Reference(
        cost_eur=answer.cost,
        bound_eur=answer.bound,
        power_kw=np.where(np.abs(power_kw) < 1e-9, 0.0, power_kw),
        phase_used=np.array(
            [
                1 + int(np.argmax([answer.x[c] for c in chosen[s]])) if s in chosen else phase
                for s, phase in enumerate(stays.phase.tolist())
            ],
            dtype=np.int64,
        ),
        n_binaries=len(program.binaries),
    )


def _program(
    stays: StayTable,
    limits: LimitTree,
    *,
    signals: SignalTable,
    options: Options,
    one_way: set[int],
    in_order: set[int],
) -> tuple[Rows, list[Plug], dict[int, list[int]]]:
    program = Rows()
    rows = rows_of_stays(stays, signals)
    full_kw = [options.full_kw(stays, rows, r) for r in range(len(rows.stay))]
    plugs = [_plug(program, stays, rows, r, full_kw=full_kw[r]) for r in range(len(rows.stay))]
    for r in sorted(one_way):
        _forbid_both(program, plugs[r], full_kw=full_kw[r])
    for r in sorted(in_order):
        _fill_below_knee_first(program, plugs[r])
    brought = _chains(program, stays)
    last: dict[int, Terms] = {}
    for s in range(len(stays)):
        last[s] = _battery(
            program, stays, rows, s, plugs=plugs, options=options, surplus=brought.get(s, -1)
        )
    _link_chains(program, stays, brought, last)
    chosen = {
        s: _phase_choice(program, rows, s, plugs=plugs, full_kw=full_kw)
        for s in np.flatnonzero(stays.phase == -1).tolist()
    }
    add_grid(program, limits, signals, stays=stays, rows=rows, plugs=plugs)
    return program, plugs, chosen


def _plug(
    program: Rows, stays: StayTable, rows: StayRows, r: int, *, full_kw: tuple[float, float]
) -> Plug:
    """Power between full discharge and full charge; charging is 0 or at least the minimum."""
    s, share = rows.stay[r], rows.share[r]
    charge_kw, back_kw = full_kw
    knee_kw = min(float(stays.knee_kw[s]) * share, charge_kw)
    wear_eur_per_kw = stays.wear_eur_per_kwh[s] * rows.step_h / stays.discharge_efficiency[s]
    plug = Plug(low=program.add(0.0, knee_kw))
    if knee_kw < charge_kw:
        plug.high = program.add(0.0, charge_kw - knee_kw)
    if back_kw > 0:
        plug.back = program.add(0.0, back_kw, cost=wear_eur_per_kw)
    if stays.min_kw[s] > 0 or stays.charging_loss_kw[s] > 0:
        plug.on = program.binary()
        program.at_most([*plug.charging(), (plug.on, -charge_kw)], 0.0)
        program.at_least([*plug.charging(), (plug.on, -float(stays.min_kw[s]) * share)], 0.0)
        if plug.back >= 0:
            program.at_most([(plug.back, 1.0), (plug.on, back_kw)], back_kw)
    return plug


def _forbid_both(program: Rows, plug: Plug, *, full_kw: tuple[float, float]) -> None:
    """Either charge or discharge."""
    charge_kw, back_kw = full_kw
    on = program.binary()
    program.at_most([*plug.charging(), (on, -charge_kw)], 0.0)
    program.at_most([(plug.back, 1.0), (on, back_kw)], back_kw)


def _fill_below_knee_first(program: Rows, plug: Plug) -> None:
    """Above the knee only where all below it is used."""
    is_above = program.binary()
    program.at_most([(plug.high, 1.0), (is_above, -program.upper[plug.high])], 0.0)
    program.at_least([(plug.low, 1.0), (is_above, -program.upper[plug.low])], 0.0)


def _broken(
    answer: Answer, plugs: list[Plug], rows: StayRows, stays: StayTable
) -> tuple[set[int], set[int]]:
    """Rows that charge and discharge at once with a loss, and that fill above the knee first."""
    both, disordered = set(), set()
    for r, plug in enumerate(plugs):
        s = rows.stay[r]
        charging_kw = sum(answer.x[c] for c, _ in plug.charging())
        is_lossless = (
            stays.charge_efficiency[s] == stays.discharge_efficiency[s] == 1
            and stays.wear_eur_per_kwh[s] == 0
            and plug.high < 0
        )
        is_free = plug.back >= 0 and plug.on < 0 and not is_lossless
        if is_free and min(charging_kw, answer.x[plug.back]) > _BOTH_KW:
            both.add(r)
        if plug.high >= 0:
            free_kw = stays.knee_kw[s] * rows.share[r] - answer.x[plug.low]
            if min(answer.x[plug.high], free_kw) > _BOTH_KW:
                disordered.add(r)
    return both, disordered


def _chains(program: Rows, stays: StayTable) -> dict[int, int]:
    """For each stay that follows another of its vehicle, a column for the surplus it brings."""
    return {after: program.add(0.0, INF) for _, after in links(stays)}


def links(stays: StayTable) -> list[tuple[int, int]]:
    """Pairs of consecutive stays of one vehicle."""
    pairs: list[tuple[int, int]] = []
    before: dict[str, int] = {}
    if stays.vehicle_id:
        for s in np.argsort(stays.arrival, kind="stable").tolist():
            vehicle = stays.vehicle_id[s]
            if vehicle and vehicle in before:
                pairs.append((before[vehicle], s))
            before[vehicle] = s
    return pairs


def _link_chains(
    program: Rows, stays: StayTable, brought: dict[int, int], last: dict[int, Terms]
) -> None:
    """What a stay brings is what the one before had above its target, 0 at least.

    surplus = max(e - target, 0); a binary says which of the two it is, since energy that is
    unmet at one plug must not reach the next.
    """
    for before, after in links(stays):
        target = float(stays.soc_arrival_kwh[before] + stays.energy_kwh[before])
        most = max(float(stays.capacity_kwh[before]) - target, 0.0)
        lowest = target - min(program.lower[column] for column, _ in last[before])
        surplus = brought[after]
        is_above = program.binary()
        program.at_least([(surplus, 1.0), *[(c, -f) for c, f in last[before]]], -target)
        program.at_most([(surplus, 1.0), (is_above, -most)], 0.0)
        program.at_most(
            [(surplus, 1.0), *[(c, -f) for c, f in last[before]], (is_above, max(lowest, 0.0))],
            max(lowest, 0.0) - target,
        )


def _battery(
    program: Rows,
    stays: StayTable,
    rows: StayRows,
    s: int,
    *,
    plugs: list[Plug],
    options: Options,
    surplus: int,
) -> Terms:
    """Energy row by row with its range, taper and ageing; what is unmet at the end, at its price.

    Without a known battery energy counts from 0 and has no range. Returns the energy at departure.
    """
    has_battery = not np.isnan(stays.capacity_kwh[s])
    soc = float(stays.soc_arrival_kwh[s]) if has_battery else 0.0
    high = float(stays.capacity_kwh[s]) if has_battery else INF
    target = soc + float(stays.energy_kwh[s])
    early = options.early_share
    of_stay = range(rows.offsets[s], rows.offsets[s + 1])
    before: Terms = [(surplus, 1.0)] if surplus >= 0 else []
    lost_kwh, change_kwh = 0.0, soc
    gains: Terms = []
    for r in of_stay:
        hours = rows.share[r] * rows.step_h
        lost_kwh += float(stays.standing_loss_kw[s]) * hours
        change_kwh -= float(stays.standing_loss_kw[s]) * hours
        gains += _gain(stays, rows, r, plug=plugs[r])
        if r + 1 < rows.offsets[s + 1] and _only_the_end_counts(stays, s, options=options):
            continue
        low = min(float(stays.soc_min_kwh[s]), soc - lost_kwh) if has_battery else -INF
        energy = plugs[r].energy = program.add(low, high)
        program.equal([(energy, 1.0), *[(c, -f) for c, f in before + gains]], change_kwh)
        before, gains, change_kwh = [(energy, 1.0)], [], 0.0
        _add_taper(program, stays, rows, r, plug=plugs[r])
        if stays.ageing_eur_per_kwh_h[s] > 0:
            eur = float(stays.ageing_eur_per_kwh_h[s]) * hours
            above = program.add(0.0, INF, cost=eur)
            kept = float(stays.ageing_soc[s]) * high
            program.at_least([(above, 1.0), (energy, -1.0)], -kept)
        if early is not None and early[r] > 0:
            _unmet(program, stays, s, energy=before, target=target, options=options, part=early[r])
    part = 1.0 - (0.0 if early is None else float(early[of_stay.start : of_stay.stop].sum()))
    _unmet(program, stays, s, energy=before, target=target, options=options, part=max(part, 0.0))
    return before


def _only_the_end_counts(stays: StayTable, s: int, *, options: Options) -> bool:
    """Whether energy only rises and nothing looks at it on the way."""
    return bool(
        stays.max_discharge_kw[s] == 0
        and stays.taper_soc[s] == 1
        and stays.ageing_eur_per_kwh_h[s] == 0
        and stays.charging_loss_kw[s] == 0
        and stays.standing_loss_kw[s] == 0
        and options.early_share is None
    )


def _gain(stays: StayTable, rows: StayRows, r: int, *, plug: Plug) -> Terms:
    """Battery energy from the columns of a row."""
    s, step_h = rows.stay[r], rows.step_h
    gain = [(plug.low, step_h * float(stays.charge_efficiency[s]))]
    if plug.high >= 0:
        gain.append((plug.high, step_h * float(stays.efficiency_above_knee[s])))
    if plug.back >= 0:
        gain.append((plug.back, -step_h / float(stays.discharge_efficiency[s])))
    if plug.on >= 0 and stays.charging_loss_kw[s] > 0:
        gain.append((plug.on, -float(stays.charging_loss_kw[s]) * rows.share[r] * step_h))
    return gain


def _add_taper(program: Rows, stays: StayTable, rows: StayRows, r: int, *, plug: Plug) -> None:
    """Charging <= max_kw share (1 - e / capacity) / (1 - taper_soc)."""
    s = rows.stay[r]
    if stays.taper_soc[s] < 1:
        steep = float(stays.max_kw[s]) * rows.share[r] / (1.0 - float(stays.taper_soc[s]))
        factor = steep / float(stays.capacity_kwh[s])
        program.at_most([*plug.charging(), (plug.energy, factor)], steep)


def _unmet(
    program: Rows,
    stays: StayTable,
    s: int,
    *,
    energy: Terms,
    target: float,
    options: Options,
    part: float,
) -> None:
    """Shortfall at its price; beyond half of what is wanted that of unfairness is added."""
    half = max(float(stays.energy_kwh[s]), 0.0) / 2.0
    unmet = program.add(0.0, INF, cost=part * options.unmet_eur_per_kwh)
    program.at_least([(unmet, 1.0), *energy], target)
    if options.unfair_eur_per_kwh > 0:
        beyond = program.add(0.0, INF, cost=part * options.unfair_eur_per_kwh)
        program.at_least([(beyond, 1.0), (unmet, -1.0)], -half)


def _phase_choice(
    program: Rows,
    rows: StayRows,
    s: int,
    *,
    plugs: list[Plug],
    full_kw: list[tuple[float, float]],
) -> list[int]:
    """All power of the stay on one of the three phases; returns the three binaries."""
    chosen = [program.binary() for _ in range(3)]
    program.equal([(c, 1.0) for c in chosen], 1.0)
    for r in range(rows.offsets[s], rows.offsets[s + 1]):
        charge_kw, back_kw = full_kw[r]
        on_phase = [program.add(-back_kw, charge_kw) for _ in range(3)]
        for column, choice in zip(on_phase, chosen, strict=True):
            program.at_most([(column, 1.0), (choice, -charge_kw)], 0.0)
            program.at_least([(column, 1.0), (choice, back_kw)], 0.0)
        program.equal([*[(c, 1.0) for c in on_phase], *[(c, -f) for c, f in plugs[r].power()]], 0.0)
        plugs[r].phase = (on_phase[0], on_phase[1], on_phase[2])
    return chosen
