"""The choice of measures as a mixed-integer program over the years.

Columns: for each year, whether an edge has an option (under each variant of its feeder where that
matters), and which variant a feeder has. Rows: one option each; what is built stays; squared
voltages within their band by linear bounds; cuts. The optimum is a lower bound of the price of
every plan that holds the rules (docs/explanation/grid-reinforcement.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from viavolta.engines.grid.reinforce.estimate import HELD_STEPS, Estimate, is_new_hold
from viavolta.engines.grid.reinforce.options import Option
from viavolta.engines.grid.reinforce.space import NO_SPLIT, Choice, Space, Split, edge_shares
from viavolta.engines.kit.milp import Outcome, Program, solve
from viavolta.model.arrays import Floats, Ints
from viavolta.model.progress import StopRule, never

_BIG = 4.0  # more than any squared voltage
_MOST_KVA = 1e7  # stands for no limit
_MOST_LOSSY = 40  # edges whose losses count by what is built, for one current
_ROUNDING = 1e-12  # of squared voltages


class Side(Enum):
    """Which end of the band a voltage must keep."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Spot:
    """A node at a step, and the end of the band that it must keep."""

    node: int
    step: int
    side: Side


@dataclass(frozen=True, slots=True)
class Pick:
    """An option of an edge under a variant of its feeder (NO_SPLIT where that does not matter).

    `is_new` for the new feeder of a split, whose edge ends at the same node.
    """

    node: int
    option: int
    variant: int
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """At least one of these must be so in a year: picks, or variants (first, variant)."""

    year: int
    picks: frozenset[Pick]
    variants: frozenset[tuple[int, int]]


@dataclass(slots=True, kw_only=True)
class Demands:
    """What the plan must keep; grows while the search goes on.

    Attributes
    ----------
    currents : (node, step) of edges above nodes that must not be overloaded, and how many kVA more
        than is known they carry.
    spots : voltages to be kept, and by how much more than the band says (squared). cuts : what
        must be so.
    """

    spots: dict[Spot, float] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    currents: dict[tuple[int, int], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Choices by year, or None where none holds; price and its lower bound, discounted."""

    choices: tuple[Choice, ...] | None
    cost_eur: float
    bound_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A space over years.

    Attributes
    ----------
    year : (T,) the year of each step, 0..G-1. discount : (G,) factors. weak : what is known to be
        too weak in a year; filled as it is asked.
    """

    space: Space
    estimate: Estimate
    year: Ints
    discount: Floats
    weak: dict[tuple[int, Pick], bool] = field(default_factory=dict)

    def is_admissible(self, year: int, pick: Pick, option: Option) -> bool:
        """Whether an option may bear the currents of a year at all."""
        key = (year, pick)
        if key not in self.weak:
            variant = NO_SPLIT if pick.is_new else pick.variant
            self.weak[key] = not self.estimate.is_admissible(
                pick.node, option, variant=variant, steps=self.steps(year)
            )
        return not self.weak[key]

    def steps(self, year: int) -> Ints:
        """Steps of a year."""
        return np.flatnonzero(self.year == year)


def cheapest(
    problem: Problem, demands: Demands, *, max_nodes: int | None = None, stop: StopRule = never
) -> Answer:
    """The cheapest choices that keep all demands."""
    builder = _Builder(problem, demands)
    program = builder.program()
    if program is None:
        return Answer(choices=None, cost_eur=np.inf, bound_eur=np.inf)
    if not len(program.cost):  # nothing is asked for yet
        return Answer(choices=builder.choices(program.cost), cost_eur=0.0, bound_eur=0.0)
    solution = solve(program, gap=1e-7, max_nodes=max_nodes, stop=stop)
    if solution.outcome is Outcome.INFEASIBLE:
        return Answer(choices=None, cost_eur=np.inf, bound_eur=np.inf)
    bound = max(0.0, solution.bound)
    if not solution.has_values:
        return Answer(choices=None, cost_eur=np.inf, bound_eur=bound)
    return Answer(choices=builder.choices(solution.x), cost_eur=solution.objective, bound_eur=bound)


class _Builder:
    """Columns and rows of the program."""

    def __init__(self, problem: Problem, demands: Demands) -> None:
        self._problem, self._demands = problem, demands
        self._space, self._estimate = problem.space, problem.estimate
        self._n_years = len(problem.discount)
        self._cost: list[float] = []
        self._upper: list[float] = []
        self._is_integer: list[bool] = []
        self._rows: list[tuple[dict[int, float], float, float]] = []
        self._pick: dict[tuple[int, Pick], int] = {}
        self._variant: dict[tuple[int, int, int], int] = {}
        self._held: dict[Spot, int] = {}
        self._trunk = {
            node: first
            for first, splits in self._space.splits.items()
            for split in splits
            for node in split.trunk
        }
        self._lossy = {
            (node, step): self._lossy_below(node, step) for node, step in demands.currents
        }
        self._active = self._active_edges()
        self._is_hopeless = False

    def program(self) -> Program | None:
        """The program; None where a demand cannot be kept at all."""
        for year in range(self._n_years):
            for first in self._space.splits:
                self._add_feeder(year, first)
            for node in sorted(self._active - set(self._trunk)):
                self._one_of(self._add_picks(year, node, NO_SPLIT), None)
        for year in range(1, self._n_years):
            self._keep(year)
        for spot, more in self._demands.spots.items():
            self._add_spot(spot, more)
        for (node, step), more in self._demands.currents.items():
            self._add_current(node, step, more)
        for cut in self._demands.cuts:
            terms = [self._pick[cut.year, one] for one in cut.picks]
            terms += [self._variant[cut.year, first, variant] for first, variant in cut.variants]
            self._row(dict.fromkeys(terms, 1.0), 1.0, np.inf)
        return None if self._is_hopeless else self._assembled()

    def choices(self, x: Floats) -> tuple[Choice, ...]:
        """The choices of a solution, by year."""
        choices = [Choice() for _ in range(self._n_years)]
        for (year, pick), column in self._pick.items():
            if x[column] < 1 / 2:
                continue
            if pick.is_new:
                first = self._trunk[pick.node]
                choices[year].split[first] = (pick.variant, pick.option)
            elif pick.option:
                choices[year].edge[pick.node] = pick.option
        return tuple(choices)

    def _active_edges(self) -> set[int]:
        """Nodes whose edges matter: on the way of a demand, in a cut, or too weak as they are."""
        space = self._space
        active = set(self._trunk)
        nodes = {spot.node for spot in self._demands.spots}
        nodes |= {pick.node for cut in self._demands.cuts for pick in cut.picks}
        nodes |= {node for node, _ in self._demands.currents}
        active |= {node for lossy in self._lossy.values() for node in lossy}
        nodes |= {split.busbar for of_feeder in space.splits.values() for split in of_feeder}
        for node in nodes:
            active |= set(space.site.tree.path(node))
        for node in space.site.tree.order.tolist():
            pick, existing = Pick(node, 0, NO_SPLIT), space.options[node][0]
            if node not in active and not all(
                self._problem.is_admissible(year, pick, existing) for year in range(self._n_years)
            ):
                active.add(node)
        return active

    def _add_feeder(self, year: int, first: int) -> None:
        splits = self._space.splits[first]
        variants = [self._column(integer=True) for _ in range(len(splits) + 1)]
        for variant, column in zip(range(NO_SPLIT, len(splits)), variants, strict=True):
            self._variant[year, first, variant] = column
        self._row(dict.fromkeys(variants, 1.0), 1.0, 1.0)
        nodes = dict.fromkeys(node for split in splits for node in split.trunk)
        for node in nodes:
            for variant in range(NO_SPLIT, len(splits)):
                if variant == NO_SPLIT or splits[variant].node != node:
                    self._one_of(
                        self._add_picks(year, node, variant), self._variant[year, first, variant]
                    )
        for variant, split in enumerate(splits):
            self._one_of(self._add_new(year, split, variant), self._variant[year, first, variant])

    def _add_picks(self, year: int, node: int, variant: int) -> list[int]:
        return [
            self._add_pick(year, Pick(node, k, variant), option)
            for k, option in enumerate(self._space.options[node])
        ]

    def _add_new(self, year: int, split: Split, variant: int) -> list[int]:
        return [
            self._add_pick(year, Pick(split.node, k, variant, is_new=True), option)
            for k, option in enumerate(split.options)
        ]

    def _add_pick(self, year: int, pick: Pick, option: Option) -> int:
        is_fine = self._problem.is_admissible(year, pick, option)
        column = self._column(
            cost=option.cost_eur * self._spread(year), upper=1.0 if is_fine else 0.0, integer=True
        )
        self._pick[year, pick] = column
        return column

    def _spread(self, year: int) -> float:
        """Price in a year less that of the next: what is there in a year is paid when it came."""
        discount = self._problem.discount
        later = discount[year + 1] if year + 1 < self._n_years else 0.0
        return float(discount[year] - later)

    def _one_of(self, columns: list[int], variant: int | None) -> None:
        terms = dict.fromkeys(columns, 1.0)
        if variant is None:
            self._row(terms, 1.0, 1.0)
        else:
            self._row({**terms, variant: -1.0}, 0.0, 0.0)

    def _keep(self, year: int) -> None:
        """What is there in the year before is there in this one."""
        groups: dict[tuple[int, int, int, bool], dict[int, float]] = {}
        for (of_year, pick), column in self._pick.items():
            if of_year not in {year - 1, year} or (not pick.is_new and pick.option == 0):
                continue
            variant = pick.variant if pick.is_new else NO_SPLIT
            terms = groups.setdefault((pick.node, pick.option, variant, pick.is_new), {})
            terms[column] = 1.0 if of_year == year else -1.0
        for terms in groups.values():
            self._row(terms, 0.0, np.inf)

    def _add_spot(self, spot: Spot, more: float) -> None:
        terms, constant = self._voltage(spot)
        if spot.side is Side.LOW:
            need = float(self._estimate.low[spot.node]) + more - constant
            self._row(terms, need, np.inf)
        else:
            need = float(self._estimate.high[spot.node]) - more - constant
            self._row(terms, -np.inf, need)

    def _lossy_below(self, node: int, step: int) -> list[int]:
        """Edges below one whose losses depend most on what is built."""
        savings = []
        for one in self._below(node):
            r = [option.edge.r for option in self._space.options[one]]
            saving = (r[0] - min(r)) * float(self._estimate.arrives(one).ell_low[step])
            savings.append((saving, one))
        return [one for saving, one in sorted(savings, reverse=True)[:_MOST_LOSSY] if saving > 0]

    def _below(self, node: int, opened: int | None = None) -> list[int]:
        """Nodes below a node, without an opened one and what hangs on it."""
        tree, found, is_below = self._space.site.tree, [], {node}
        for one in tree.order.tolist():
            if int(tree.parent[one]) in is_below and one != opened:
                is_below.add(one)
                found.append(one)
        return found

    def _add_current(self, node: int, step: int, more_kva: float) -> None:
        """An edge bears what is drawn below it and the losses there, which depend on what is built.

        Apparent power is at least its part in any direction of P and Q: here that of the flow.
        """
        if node not in self._trunk:
            self._add_current_of((node, step), more_kva, NO_SPLIT, None)
            return
        splits = self._space.splits[self._trunk[node]]
        for variant in range(NO_SPLIT, len(splits)):
            opened = None if variant == NO_SPLIT else splits[variant].node
            if opened != node:
                self._add_current_of((node, step), more_kva, variant, opened)

    def _add_current_of(
        self, at: tuple[int, int], more_kva: float, variant: int, opened: int | None
    ) -> None:
        node, step = at
        year, estimate = int(self._problem.year[step]), self._estimate
        below = self._below(node, opened)
        plain = estimate.lossless(node, step)
        if opened is not None and node in self._space.site.tree.path(opened):
            plain -= estimate.lossless(opened, step)
        towards = complex(max(plain.real, 0.0), max(plain.imag, 0.0))
        towards = towards / abs(towards) if abs(towards) else 1 + 0j
        drawn = plain.real * towards.real + plain.imag * towards.imag + more_kva
        terms: dict[int, float] = {}
        more_held = 0.0
        for k, option in enumerate(self._space.options[node]):
            bears = self._bears(estimate.v_plain, node, option, variant, step)
            held = self._bears(estimate.v_most, node, option, variant, step)
            more_held = max(more_held, held - bears)
            _add(terms, self._pick[year, Pick(node, k, variant)], bears)
        for column in self._new_holds(year, node):
            _add(terms, column, more_held)
        lossy, most = set(self._lossy[node, step]), 0.0
        for one in below:
            for of_variant in self._variants_of(one, node, variant):
                ell = float(estimate.arrives(one, of_variant).ell_low[step])
                losses = [
                    (option.edge.r * towards.real + option.edge.x * towards.imag) * ell
                    for option in self._space.options[one]
                ]
                if one not in lossy:
                    drawn += min(losses) if one not in self._trunk else 0.0
                    continue
                most += max(losses)
                for k, loss in enumerate(losses):
                    pick = year, Pick(one, k, of_variant)
                    if pick in self._pick:
                        _add(terms, self._pick[pick], -loss)
        if node in self._trunk:  # holds under this variant of the feeder alone
            _add(terms, self._variant[year, self._trunk[node], variant], -(drawn + most))
            self._row(terms, -most, np.inf)
        else:
            self._row(terms, drawn, np.inf)

    def _bears(self, most: Floats, node: int, option: Option, variant: int, step: int) -> float:
        """Apparent power that an option bears at a step at the highest voltages."""
        v = float(self._estimate.v_with(most, node, option, variant=variant)[step])
        load, feed_in = edge_shares(self._space, node, option)
        share = load if self._estimate.is_load_case[step] else feed_in
        return min(option.edge.cap_kva * share * float(np.sqrt(max(v, 0.0))), _MOST_KVA)

    def _new_holds(self, year: int, node: int) -> list[int]:
        """Columns of options on the way to a node that would hold a voltage."""
        columns = []
        for one in self._space.site.tree.path(node):
            options = self._space.options[one]
            for k, option in enumerate(options):
                column = self._pick.get((year, Pick(one, k, NO_SPLIT)))
                if column is not None and is_new_hold(options, option):
                    columns.append(column)
        return columns

    def _variants_of(self, one: int, node: int, variant: int) -> list[int]:
        """Variants under which an edge below a node may have a current."""
        first = self._trunk.get(one)
        if first is None:
            return [NO_SPLIT]
        if first == self._trunk.get(node):
            return [variant]
        return list(range(NO_SPLIT, len(self._space.splits[first])))

    def _voltage(self, spot: Spot) -> tuple[dict[int, float], float]:
        """Bound of a squared voltage as terms and a constant: from above for the low side."""
        terms: dict[int, float] = {}
        constant, a = 0.0, 1.0
        node, tree = spot.node, self._space.site.tree
        while node >= 0:
            if node in self._trunk:
                node = self._over_feeder(node, spot, a, terms)
                continue
            if any(one.taps is not None for one in self._space.options[node]):
                return self._from_held(node, spot, a, (terms, constant))
            constant -= self._drops(node, spot, a, terms)
            a *= self._turns(node, spot.side)
            above = int(tree.parent[node])
            if above < 0:
                constant += a * float(tree.source_v[node])
            node = above
        return terms, constant

    def _over_feeder(self, node: int, spot: Spot, a: float, terms: dict[int, float]) -> int:
        """Add the drops from a node of a trunk up to the busbar, by variant; gives the busbar."""
        first = self._trunk[node]
        year = int(self._problem.year[spot.step])
        path = self._space.site.tree.path(node)
        whole = path[path.index(first) :]
        for variant in range(NO_SPLIT, len(self._space.splits[first])):
            way = whole
            split = None if variant == NO_SPLIT else self._space.split(first, variant)
            if split is not None and split.node in whole:
                way = whole[whole.index(split.node) + 1 :]
                for k, option in enumerate(split.options):
                    column = self._pick[year, Pick(split.node, k, variant, is_new=True)]
                    _add(terms, column, -a * self._drop_of(split.node, option, NO_SPLIT, spot))
            for one in way:
                for k, option in enumerate(self._space.options[one]):
                    column = self._pick[year, Pick(one, k, variant)]
                    _add(terms, column, -a * self._drop_of(one, option, variant, spot))
        return int(self._space.site.tree.parent[first])

    def _drops(self, node: int, spot: Spot, a: float, terms: dict[int, float]) -> float:
        """Add the drop of an edge whose flow no variant changes; what is fixed is given back."""
        options = self._space.options[node]
        if node not in self._active:
            return a * self._drop_of(node, options[0], NO_SPLIT, spot)
        year = int(self._problem.year[spot.step])
        for k, option in enumerate(options):
            column = self._pick[year, Pick(node, k, NO_SPLIT)]
            _add(terms, column, -a * self._drop_of(node, option, NO_SPLIT, spot))
        return 0.0

    def _drop_of(self, node: int, option: Option, variant: int, spot: Spot) -> float:
        flow = self._estimate.arrives(node, variant)
        drop = flow.drop_low(option) if spot.side is Side.LOW else flow.drop_high(option)
        return float(drop[spot.step])

    def _from_held(
        self, node: int, spot: Spot, a: float, so_far: tuple[dict[int, float], float]
    ) -> tuple[dict[int, float], float]:
        """Go on from a node whose voltage taps hold, or would hold by one of the options."""
        terms, constant = so_far
        options = self._space.options[node]
        if all(one.taps is not None for one in options):
            return terms, constant + a * held2(options[0], spot.side)
        column = self._held_column(Spot(node, spot.step, spot.side))
        _add(terms, column, a)
        return terms, constant

    def _held_column(self, at: Spot) -> int:
        """The squared voltage of a node that some options hold, as a column with its rows."""
        if at in self._held:
            return self._held[at]
        column = self._held[at] = self._column(upper=_BIG)
        year = int(self._problem.year[at.step])
        options = self._space.options[at.node]
        picks = {k: self._pick.get((year, Pick(at.node, k, NO_SPLIT))) for k in range(len(options))}
        holding = {
            k: one for k, one in picks.items() if options[k].taps is not None and one is not None
        }
        terms, constant = self._plain_voltage(at)
        free = dict.fromkeys(holding.values(), _BIG)
        # the voltage less what arrives from above: at most 0 unless an option holds it
        row = {column: 1.0}
        for one, value in terms.items():
            _add(row, one, -value)
        if at.side is Side.LOW:
            for one, value in free.items():
                _add(row, one, -value)
            self._row(row, -np.inf, constant)
        else:
            for one, value in free.items():
                _add(row, one, value)
            self._row(row, constant, np.inf)
        for k, one in holding.items():
            v = held2(options[k], at.side)
            if at.side is Side.LOW:
                self._row({column: 1.0, one: _BIG - v}, -np.inf, _BIG)
            else:
                self._row({column: 1.0, one: -v}, 0.0, np.inf)
        return column

    def _plain_voltage(self, at: Spot) -> tuple[dict[int, float], float]:
        """Bound of a squared voltage below an edge if no taps hold it."""
        tree = self._space.site.tree
        terms: dict[int, float] = {}
        constant = -self._drops(at.node, at, 1.0, terms)
        a, above = self._turns(at.node, at.side), int(tree.parent[at.node])
        from_above, more = self._voltage(Spot(above, at.step, at.side))
        for column, value in from_above.items():
            _add(terms, column, a * value)
        return terms, constant + a * more

    def _turns(self, node: int, side: Side) -> float:
        """Squared turns of an edge, those of the option that suits a side."""
        turns = [one.edge.a for one in self._space.options[node]]
        return max(turns) if side is Side.LOW else min(turns)

    def _column(self, *, cost: float = 0.0, upper: float = 1.0, integer: bool = False) -> int:
        self._cost.append(cost)
        self._upper.append(upper)
        self._is_integer.append(integer)
        return len(self._cost) - 1

    def _row(self, terms: dict[int, float], lower: float, upper: float) -> None:
        if terms:
            self._rows.append((terms, lower, upper))
        else:
            self._is_hopeless |= lower > _ROUNDING or upper < -_ROUNDING

    def _assembled(self) -> Program:
        starts = np.cumsum([0, *(len(terms) for terms, _, _ in self._rows)])
        return Program(
            cost=np.array(self._cost, dtype=np.float64),
            lower=np.zeros(len(self._cost)),
            upper=np.array(self._upper, dtype=np.float64),
            row_lower=np.array([lower for _, lower, _ in self._rows], dtype=np.float64),
            row_upper=np.array([upper for _, _, upper in self._rows], dtype=np.float64),
            row_start=starts.astype(np.int32),
            column=_joined(terms.keys() for terms, _, _ in self._rows).astype(np.int32),
            value=_joined(terms.values() for terms, _, _ in self._rows),
            is_integer=np.array(self._is_integer, dtype=bool),
        )


def held2(option: Option, side: Side) -> float:
    """Squared voltage that an option's taps hold, at the end of their step that suits a side."""
    if option.taps is None:
        msg = "an option without taps holds no voltage"
        raise ValueError(msg)
    sign = 1.0 if side is Side.LOW else -1.0
    return (option.taps.held_pu * (1 + sign * HELD_STEPS * option.taps.step_share)) ** 2


def _add(terms: dict[int, float], column: int, value: float) -> None:
    terms[column] = terms.get(column, 0.0) + value


def _joined(parts: Iterable[Iterable[float]]) -> Floats:
    return np.array([value for part in parts for value in part], dtype=np.float64)
