"""A plan for a grid with meshes: one measure after the other, the most helpful for its price.

No bound is known for such grids: that of the plan is 0.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from viavolta.engines.grid.reinforce.apply import Built, built
from viavolta.engines.grid.reinforce.cable_options import cable_options
from viavolta.engines.grid.reinforce.options import Option, Site
from viavolta.engines.grid.reinforce.plan import Measure, Method, Plan, YearLoad
from viavolta.engines.grid.reinforce.rules import BuildRules
from viavolta.engines.grid.reinforce.transformer_options import transformer_options
from viavolta.engines.grid.reinforce.tree import NO_EDGE, Edge, Tree, beside, edge_of_row
from viavolta.engines.grid.reinforce.verify import Finding, FindingKind, PrepareFlow, verify
from viavolta.engines.grid.reinforce.why import removes, why
from viavolta.engines.grid.reinforce.written import discount_factors, kind_of, length_km
from viavolta.model.errors import NoSolutionError
from viavolta.model.grid import BranchKind, Grid, NodeKind
from viavolta.model.grid_prices import GridPrices
from viavolta.model.messages import text

_MOST_STEPS = 24  # of a year at which measures are compared
_MOST_EDGES = 8  # on the way to a bad voltage that are tried at once
_MAX_MEASURES = 400
_UNSOLVED = 1000.0  # counts for a step without solution
_LINES = {BranchKind.LINE, BranchKind.CABLE}

Pair = tuple[int, int]
"""Ends of an edge, the upper one first."""
Taken = dict[Pair, Option]
"""What is built, in the order in which it was chosen."""


def greedy_plan(
    grid: Grid,
    loads: Sequence[YearLoad],
    *,
    prices: GridPrices,
    rules: BuildRules,
    flow: PrepareFlow,
) -> Plan:
    """A plan for the last year, of which the earlier ones take what they need in its order.

    Raises
    ------
    NoSolutionError: no measure that is tried helps any more.
    """
    run = _Greedy(grid, prices, rules, flow)
    whole = run.enough({}, loads[-1])
    by_year: list[Taken] = []
    so_far: Taken = {}
    for load in loads:
        so_far = run.part_of(whole, so_far, load)
        by_year.append(so_far)
    return run.written(by_year, loads)


class _Greedy:
    """Measures at the edges of a grid, judged by its power flow."""

    def __init__(
        self, grid: Grid, prices: GridPrices, rules: BuildRules, flow: PrepareFlow
    ) -> None:
        self._grid, self._prices, self._rules, self._flow = grid, prices, rules, flow
        self._rows = _pairs(grid)
        self._edge = {pair: _edge(grid, pair, rows) for pair, rows in self._rows.items()}
        self._options: dict[Pair, list[Option]] = {}

    def enough(self, taken: Taken, load: YearLoad) -> Taken:
        """What is taken, and more until the rules hold over all steps of a load."""
        steps: list[int] = []
        while found := self._findings(taken, load):
            steps = _steps(found, steps)
            while True:
                at = YearLoad(
                    year=load.year, p_kw=load.p_kw[:, steps], q_kvar=load.q_kvar[:, steps]
                )
                found = self._findings(taken, at)
                if not found:
                    break
                taken = self._one_more(taken, at, found)
        return taken

    def part_of(self, whole: Taken, before: Taken, load: YearLoad) -> Taken:
        """What a year needs: what was there, then of the whole in its order, then more."""
        taken = {pair: option for pair, option in whole.items() if pair in before}
        taken |= {pair: option for pair, option in before.items() if pair not in whole}
        rest = [pair for pair in whole if pair not in taken]
        while self._findings(taken, load):
            if not rest:
                return self.enough(taken, load)
            pair = rest.pop(0)
            taken = {**taken, pair: whole[pair]}
        return taken

    def written(self, by_year: list[Taken], loads: Sequence[YearLoad]) -> Plan:
        """The plan of what is taken by year."""
        years = tuple(load.year for load in loads)
        discount = discount_factors(years, self._prices.interest_share)
        measures: list[Measure] = []
        present, seen = 0.0, set()
        for index, taken in enumerate(by_year):
            for pair, option in taken.items():
                if (pair, option.kind, option.type_id, option.count) in seen:
                    continue
                seen.add((pair, option.kind, option.type_id, option.count))
                present += option.cost_eur * float(discount[index])
                measures.append(self._measure(len(measures), pair, taken, loads[index]))
        done = [self._built(taken) for taken in by_year]
        return Plan(
            measures=tuple(measures),
            years=years,
            grids=tuple(one.grid for one in done),
            rules=tuple(one.rules for one in done),
            cost_eur=sum(one.cost_eur for one in measures),
            present_eur=present,
            lower_bound_eur=0.0,
            method=Method.GREEDY,
        )

    def _measure(self, number: int, pair: Pair, taken: Taken, load: YearLoad) -> Measure:
        option = taken[pair]
        fewer = {one: what for one, what in taken.items() if one != pair}
        without = self._built(fewer)
        found = verify(without.grid, load.p_kw, load.q_kvar, rules=without.rules, flow=self._flow)
        # the measure may be needed for others alone, or be left over: then the limit it is near
        worst = max(found, key=lambda one: one.excess) if found else _NOTHING
        ohm_pu = sum(self._edge[one].r for one in self._way(worst)) if found else 0.0
        reason = why(without.grid, worst, load, option=option, ohm_pu=ohm_pu)
        return Measure(
            measure_id=f"M{number + 1}",
            kind=kind_of(option),
            element=self._grid.branch_id[self._rows[pair][0]],
            node=self._grid.node_id[pair[1]],
            type_id=option.type_id,
            count=option.count,
            length_km=length_km(self._grid, option, self._rows[pair][0]),
            year=load.year,
            cost_eur=option.cost_eur,
            removes=removes(reason),
            why=reason,
        )

    def _one_more(self, taken: Taken, load: YearLoad, found: tuple[Finding, ...]) -> Taken:
        """The measure that mends most for what it costs more."""
        before = _total(found)
        best, most = None, 0.0
        for pair in self._helpful(found):
            now = taken[pair].cost_eur if pair in taken else 0.0
            for option in self._options_of(pair)[1:]:
                more = option.cost_eur - now
                if more <= 0:
                    continue
                trial = {**taken, pair: option}
                gain = before - _total(self._findings(trial, load))
                if gain / more > most:
                    best, most = trial, gain / more
        if best is None or len(best) > _MAX_MEASURES:
            raise NoSolutionError(
                code="grid-greedy-stuck",
                message=text("no further measure helps this grid with meshes"),
                hint=text("allow more kinds or types of measures, open the meshes, or load less"),
            )
        return best

    def _helpful(self, found: tuple[Finding, ...]) -> list[Pair]:
        """Edges that may mend the worst findings of each kind."""
        pairs: dict[Pair, None] = {}
        for kind in FindingKind:
            worst = next((one for one in found if one.kind is kind), None)
            if worst is not None:
                pairs.update(dict.fromkeys(self._way(worst)[:_MOST_EDGES]))
        return list(pairs)

    def _way(self, finding: Finding) -> list[Pair]:
        """The overloaded edge, or those on the way of least impedance to a node, greatest first."""
        if finding.kind is FindingKind.OVERLOAD:
            row = finding.row
            if row < self._grid.n_branches:
                return [pair for pair, rows in self._rows.items() if row in rows]
            return [pair for pair in self._rows if pair in self._options]
        target = finding.row if finding.row >= 0 else int(self._rest_node())
        return sorted(self._least_impedance(target), key=lambda pair: -_size(self._edge[pair]))

    def _rest_node(self) -> int:
        """The node furthest from the sources, for steps without a solution."""
        distance = self._distances()[0]
        return max(distance, key=lambda node: distance[node])

    def _least_impedance(self, node: int) -> list[Pair]:
        _, above = self._distances()
        way = []
        while node in above:
            pair, before = above[node]
            way.append(pair)
            node = before
        return way

    def _distances(self) -> tuple[dict[int, float], dict[int, tuple[Pair, int]]]:
        """Impedance from the sources to each node, and the edge and node before it."""
        around = defaultdict(list)
        for pair in self._rows:
            around[pair[0]].append((pair, pair[1]))
            around[pair[1]].append((pair, pair[0]))
        distance: dict[int, float] = {}
        above: dict[int, tuple[Pair, int]] = {}
        queue: list[tuple[float, int, Pair | None, int]] = [
            (0.0, int(node), None, -1)
            for node in np.flatnonzero(self._grid.is_kind(NodeKind.SOURCE))
        ]
        while queue:
            far, node, edge_here, before = heapq.heappop(queue)
            if node in distance:
                continue
            distance[node] = far
            if edge_here is not None:
                above[node] = (edge_here, before)
            for edge, other in around[node]:
                if other not in distance:
                    heapq.heappush(queue, (far + _size(self._edge[edge]), other, edge, node))
        return distance, above

    def _options_of(self, pair: Pair) -> list[Option]:
        if pair not in self._options:
            site = Site(
                grid=self._grid,
                tree=self._stub(pair),
                prices=self._prices,
                rules=self._rules,
            )
            kinds = {self._grid.branch_kind[row] for row in self._rows[pair]}
            if kinds == {BranchKind.TRANSFORMER}:
                self._options[pair] = transformer_options(site, pair[1])
            elif kinds <= _LINES:
                self._options[pair] = cable_options(site, pair[1])
            else:
                self._options[pair] = []
        return self._options[pair]

    def _stub(self, pair: Pair) -> Tree:
        """A tree of one edge, to ask for its options."""
        n = self._grid.n_nodes
        parent = np.full(n, -1, dtype=np.int64)
        parent[pair[1]] = pair[0]
        rows: list[tuple[int, ...]] = [()] * n
        edges = [NO_EDGE] * n
        rows[pair[1]], edges[pair[1]] = self._rows[pair], self._edge[pair]
        return Tree(
            order=np.array(pair, dtype=np.int64),
            parent=parent,
            rows=tuple(rows),
            edge=tuple(edges),
            source_v=np.zeros(n),
        )

    def _built(self, taken: Taken) -> Built:
        changes = [one.change for one in taken.values() if one.change is not None]
        return built(self._grid, changes, self._rules)

    def _findings(self, taken: Taken, load: YearLoad) -> tuple[Finding, ...]:
        done = self._built(taken)
        return verify(done.grid, load.p_kw, load.q_kvar, rules=done.rules, flow=self._flow)


def _pairs(grid: Grid) -> dict[Pair, tuple[int, ...]]:
    """Closed branches by their ends; transformers by their upper end, others as first met."""
    pairs: dict[Pair, list[int]] = {}
    for row in np.flatnonzero(grid.is_closed).tolist():
        ends = int(grid.from_node[row]), int(grid.to_node[row])
        if ends not in pairs and ends[::-1] in pairs:
            ends = ends[::-1]
        pairs.setdefault(ends, []).append(row)
    return {pair: tuple(rows) for pair, rows in pairs.items()}


def _edge(grid: Grid, pair: Pair, rows: tuple[int, ...]) -> Edge:
    parts = [edge_of_row(grid, row, above=pair[0]) for row in rows]
    known = [part for part in parts if part is not None]
    joined = beside(known) if known else None
    return joined or (known[0] if known else NO_EDGE)


def _size(edge: Edge) -> float:
    return abs(complex(edge.r, edge.x))


def _total(found: tuple[Finding, ...]) -> float:
    """How far all elements together are beyond their limits."""
    return sum(min(one.excess, _UNSOLVED) * one.n_steps for one in found)


def _steps(found: tuple[Finding, ...], known: list[int]) -> list[int]:
    """Worst steps, the furthest beyond first, with those that are known."""
    worst = sorted(found, key=lambda one: -one.excess)
    fresh = list(dict.fromkeys(one.step for one in worst if one.step not in known))
    return [*known, *fresh[:_MOST_STEPS]]


_NOTHING = Finding(
    kind=FindingKind.NOT_CONVERGED,
    element="",
    row=-1,
    step=-1,
    value=float("nan"),
    limit=float("nan"),
    n_steps=0,
)
