"""Cuts: what a plan that breaks a rule shows about all plans that are no stronger.

In the load case a stronger branch never lowers a voltage and never raises a current elsewhere
(docs/explanation/grid-reinforcement.md). So once a rule stays broken with less than what any plan
must carry, on a way whose other branches are as strong as can be, one of few must become stronger.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.reinforce.options import Option, is_stronger_or_equal
from viavolta.engines.grid.reinforce.program import Cut, Pick, Problem, Side, Spot, held2
from viavolta.engines.grid.reinforce.space import NO_SPLIT, Choice, chosen, edge_shares

_CLEAR = 1e-9  # of squared voltages, and share of currents: less is rounding
_NEAR = 1e-8  # of squared voltages
_COLLAPSE = 0.05  # squared voltage below which there is no solution
_MAX_SWEEPS = 60
_MOST_WHOLE = 80  # edges up to which a cut may name every edge of the grid


@dataclass(slots=True, kw_only=True)
class _Link:
    """An edge on the way to a node: its values, and what the node below draws besides."""

    node: int
    r: float
    x: float
    a: float
    draws: complex


@dataclass(slots=True, kw_only=True)
class _Way:
    """The way from a voltage that is sure (squared) to a node."""

    source_v: float
    links: list[_Link]

    def swept(self) -> tuple[list[float], list[float]]:
        """Squared voltages and squared currents; sweeps fall to the solution from above."""
        m = len(self.links)
        v, ell = [self.source_v] * m, [0.0] * m
        for _ in range(_MAX_SWEEPS):
            below, change = 0j, 0.0
            flow = [0j] * m
            for i in range(m - 1, -1, -1):
                link = self.links[i]
                flow[i] = link.draws + below
                ell[i] = abs(flow[i]) ** 2 / v[i]
                below = flow[i] + complex(link.r, link.x) * ell[i]
            above = self.source_v
            for i, link in enumerate(self.links):
                drop = 2 * (link.r * flow[i].real + link.x * flow[i].imag)
                new = link.a * above - drop - (link.r**2 + link.x**2) * ell[i]
                if new < _COLLAPSE:
                    return [0.0] * m, [float("inf")] * m
                change = max(change, abs(new - v[i]))
                above = v[i] = new
            if change < 1e-12:  # noqa: PLR2004 - of squared voltages
                break
        return v, ell


class Cutter:
    """Makes cuts for a problem."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._space = problem, problem.space
        tree = self._space.site.tree
        self._charge = np.array(
            [max(one.edge.charge_kvar for one in of_node) for of_node in self._space.options]
        )
        for node in reversed(tree.order.tolist()):
            if tree.parent[node] >= 0:
                self._charge[tree.parent[node]] += max(self._charge[node], 0.0)

    def of_voltage(self, choice: Choice, spot: Spot) -> Cut | None:
        """A cut for a voltage that is too low with a choice; None where none is proven."""
        if spot.side is not Side.LOW:
            return None
        limit = float(self._problem.estimate.low[spot.node])

        def is_broken(way: _Way) -> bool:
            return way.swept()[0][-1] < limit - _CLEAR

        return self._cut(choice, spot.node, spot.step, is_broken, is_load=False)

    def of_current(self, choice: Choice, node: int, step: int) -> Cut | None:
        """A cut for an edge that is overloaded with a choice; None where none is proven."""
        if not self._problem.estimate.is_load_case[step]:
            return None
        option = chosen(self._space, choice, node)
        most = option.edge.cap_kva * edge_shares(self._space, node, option)[0]

        def is_broken(way: _Way) -> bool:
            return way.swept()[1][-1] > (most * (1 + _CLEAR)) ** 2

        return self._cut(choice, node, step, is_broken, is_load=True)

    def of_everything(self, choice: Choice, step: int) -> Cut | None:
        """A cut that some edge of a small grid must be stronger; None where none is proven."""
        space, order = self._space, self._space.site.tree.order.tolist()
        open_nodes = [node for node in order if len(space.options[node]) > 1]
        has_taps = any(chosen(space, choice, node).taps is not None for node in order)
        if len(open_nodes) > _MOST_WHOLE or has_taps or not self._is_load_flow(order, step):
            return None
        return self._written(choice, step, open_nodes, None, feeders=set(space.splits))

    def way_v(self, choice: Choice, spot: Spot) -> float:
        """Squared voltage of a node if nothing but the least flowed on its way."""
        return self._way(choice, self._nodes(choice, spot.node), spot.step).swept()[0][-1]

    def assumed_of_voltage(self, choice: Choice, spot: Spot, u_pu: float) -> Cut:
        """A cut for a voltage that is `u_pu` with a choice, as if only its way mattered."""
        estimate = self._problem.estimate
        nodes = self._nodes(choice, spot.node)
        way = self._way(choice, nodes, spot.step)
        sign = 1.0 if spot.side is Side.LOW else -1.0
        band = estimate.low if spot.side is Side.LOW else estimate.high
        # what must be gained, and a little where the choice is right at the limit
        need = max(sign * (float(band[spot.node]) - u_pu**2), _NEAR)
        goal = sign * way.swept()[0][-1] + need
        picks: set[Pick] = set()
        for node in nodes:
            options = self.options(choice, node)
            trials = [self._with(way, node, one, spot.side) for one in options]
            if len(options) == 1 or trials[0] is None:
                continue
            now = sign * way.swept()[0][-1]
            ends = [sign * one.swept()[0][-1] for one in trials if one is not None]
            best = max(range(len(ends)), key=lambda k: ends[k])
            if ends[best] < goal:
                way = (trials[best] or way) if ends[best] > now else way
            else:
                picks |= {self.pick(choice, node, k) for k, v in enumerate(ends) if v > now}
        return Cut(
            year=int(self._problem.year[spot.step]),
            picks=frozenset(picks),
            variants=self._other_variants(choice, self._feeders(nodes)),
        )

    def _with(self, way: _Way, node: int, option: Option, side: Side) -> _Way | None:
        """The way with an option of an edge; None where the edge lies before the way."""
        at = next((i for i, link in enumerate(way.links) if link.node == node), None)
        if at is None:
            return None
        edge, draws = option.edge, way.links[at].draws
        if option.taps is not None:
            new = _Link(node=node, r=0.0, x=0.0, a=1.0, draws=draws)
            return _Way(source_v=held2(option, side), links=[new, *way.links[at + 1 :]])
        new = _Link(node=node, r=edge.r, x=edge.x, a=edge.a, draws=draws)
        return _Way(source_v=way.source_v, links=[*way.links[:at], new, *way.links[at + 1 :]])

    def assumed_of_current(self, choice: Choice, node: int, step: int, i_kva: float) -> Cut:
        """A cut for an edge that carries `i_kva` with a choice, as if only its way mattered."""
        option = chosen(self._space, choice, node)
        load, feed_in = edge_shares(self._space, node, option)
        share = load if self._problem.estimate.is_load_case[step] else feed_in
        nodes = self._nodes(choice, node)
        way = self._way(choice, nodes, step)
        ell = way.swept()[1][-1]
        # at least as loaded as now, however near to the limit that may be
        most = min(option.edge.cap_kva * share, i_kva * (1 - _CLEAR)) ** 2 * ell / i_kva**2

        def is_broken(way: _Way) -> bool:
            return way.swept()[1][-1] > most

        kept = self._kept(choice, nodes[:-1], way, step, is_broken)
        return self._written(choice, step, kept, node, feeders=self._feeders(nodes))

    def _cut(
        self,
        choice: Choice,
        node: int,
        step: int,
        is_broken: Callable[[_Way], bool],
        *,
        is_load: bool,
    ) -> Cut | None:
        """A proven cut; with `is_load` what the last edge of the way bears stays as chosen."""
        nodes = self._nodes(choice, node)
        if not self._is_load_flow(nodes, step):
            return None
        way = self._way(choice, nodes, step)
        if is_load:
            if chosen(self._space, choice, node).taps is not None:
                return None
            last = _strongest(way.links[-1], self.options(choice, node))
            way = _Way(source_v=way.source_v, links=[*way.links[:-1], last])
        if not is_broken(way):
            return None
        others = nodes[:-1] if is_load else nodes
        kept = self._kept(choice, others, way, step, is_broken)
        loaded = node if is_load else None
        return self._written(choice, step, kept, loaded, feeders=self._feeders(nodes))

    def _kept(
        self,
        choice: Choice,
        nodes: list[int],
        way: _Way,
        step: int,
        is_broken: Callable[[_Way], bool],
    ) -> list[int]:
        """Edges that must become stronger, one at least: the others may be as strong as can be."""
        kept = []
        # the cheap ones first, so that the cut can be met by dear ones alone
        for one in sorted(nodes, key=lambda one: self._least_eur(choice, one)):
            options = self.options(choice, one)
            stronger = self._with_best(way, one, options, step)
            if len(options) == 1 or stronger is None:
                continue
            if is_broken(stronger):
                way = stronger
            else:
                kept.append(one)
        return kept

    def _least_eur(self, choice: Choice, node: int) -> float:
        """Price of the cheapest option that builds something at an edge."""
        costs = [one.cost_eur for one in self.options(choice, node) if one.kind is not None]
        return min(costs, default=0.0)

    def _feeders(self, nodes: list[int]) -> set[int]:
        """Split feeders that a way goes through."""
        return {
            first
            for first, splits in self._space.splits.items()
            if any(one in split.trunk for split in splits for one in nodes)
        }

    def _nodes(self, choice: Choice, node: int) -> list[int]:
        """Nodes on the way to one, from the source down, as a choice feeds them."""
        tree, fed = self._space.site.tree, {}
        for first, (variant, _) in choice.split.items():
            split = self._space.split(first, variant)
            fed[split.node] = split.busbar
        nodes = [node]
        while (above := fed.get(nodes[-1], int(tree.parent[nodes[-1]]))) >= 0:
            nodes.append(above)
        return nodes[::-1]

    def _way(self, choice: Choice, nodes: list[int], step: int) -> _Way:
        """The way under a choice; it begins at the last node whose voltage taps hold."""
        estimate, tree = self._problem.estimate, self._space.site.tree
        links: list[_Link] = []
        source_v = float(tree.source_v[nodes[0]])
        for i, node in enumerate(nodes):
            below = nodes[i + 1] if i + 1 < len(nodes) else None
            option = chosen(self._space, choice, node)
            variant = self._variant(choice, node if below is None else below, node)
            draws = estimate.least_at(node, step, variant=variant, below=below)
            if option.taps is not None:
                source_v, links = held2(option, Side.LOW), []
                links.append(_Link(node=node, r=0.0, x=0.0, a=1.0, draws=draws))
                continue
            edge = option.edge
            links.append(_Link(node=node, r=edge.r, x=edge.x, a=edge.a, draws=draws))
        return _Way(source_v=source_v, links=links)

    def _variant(self, choice: Choice, below: int, node: int) -> int:
        """Variant of the feeder that a node of the way, or the one below it, is in."""
        for first, splits in self._space.splits.items():
            trunk = {one for split in splits for one in split.trunk}
            if node in trunk or (below in trunk and splits[0].busbar == node):
                return choice.variant(first)
        return NO_SPLIT

    def options(self, choice: Choice, node: int) -> tuple[Option, ...]:
        """Options of the edge that feeds a node under the variants of a choice."""
        for first, (variant, _) in choice.split.items():
            split = self._space.split(first, variant)
            if split.node == node:
                return split.options
        return self._space.options[node]

    def _with_best(
        self, way: _Way, node: int, options: tuple[Option, ...], step: int
    ) -> _Way | None:
        """The way with an edge as strong as can be; None where it lies before the way."""
        at = next((i for i, link in enumerate(way.links) if link.node == node), None)
        if at is None:
            return None
        link = way.links[at]
        if any(one.taps is not None for one in options):
            most = float(self._problem.estimate.v_most[node, step])
            new = _Link(node=node, r=0.0, x=0.0, a=1.0, draws=link.draws)
            return _Way(source_v=most, links=[new, *way.links[at + 1 :]])
        links = [*way.links[:at], _strongest(link, options), *way.links[at + 1 :]]
        return _Way(source_v=way.source_v, links=links)

    def _is_load_flow(self, nodes: list[int], step: int) -> bool:
        """Whether at least something flows away from the source, charging aside."""
        for node in nodes:
            for variant in (NO_SPLIT, *self._problem.estimate.variants.get(node, ())):
                flow = self._problem.estimate.arrives(node, variant)
                charge = 2 * max(float(self._charge[node]), 0.0)
                if flow.p_low[step] < -_CLEAR or flow.q_low[step] < -charge - _CLEAR:
                    return False
        return True

    def _written(
        self,
        choice: Choice,
        step: int,
        kept: list[int],
        loaded: int | None,
        *,
        feeders: set[int],
    ) -> Cut:
        """One of the kept edges, or the loaded one, or the split of a feeder must change."""
        picks = set()
        for node in kept:
            mine = chosen(self._space, choice, node)
            for k, option in enumerate(self.options(choice, node)):
                if not is_stronger_or_equal(mine, option):
                    picks.add(self.pick(choice, node, k))
        if loaded is not None:
            mine = chosen(self._space, choice, loaded)
            most = mine.edge.cap_kva * edge_shares(self._space, loaded, mine)[0]
            for k, option in enumerate(self.options(choice, loaded)):
                if option.edge.cap_kva * edge_shares(self._space, loaded, option)[0] > most:
                    picks.add(self.pick(choice, loaded, k))
        return Cut(
            year=int(self._problem.year[step]),
            picks=frozenset(picks),
            variants=self._other_variants(choice, feeders),
        )

    def _other_variants(self, choice: Choice, feeders: set[int]) -> frozenset[tuple[int, int]]:
        return frozenset(
            (first, variant)
            for first in feeders
            for variant in range(NO_SPLIT, len(self._space.splits[first]))
            if variant != choice.variant(first)
        )

    def pick(self, choice: Choice, node: int, k: int) -> Pick:
        """The column of an option under the variants of a choice."""
        for first, splits in self._space.splits.items():
            variant = choice.variant(first)
            if variant != NO_SPLIT and splits[variant].node == node:
                return Pick(node, k, variant, is_new=True)
            if any(node in split.trunk for split in splits):
                return Pick(node, k, variant)
        return Pick(node, k, NO_SPLIT)


def _strongest(link: _Link, options: tuple[Option, ...]) -> _Link:
    return _Link(
        node=link.node,
        r=min(one.edge.r for one in options),
        x=min(one.edge.x for one in options),
        a=max(one.edge.a for one in options),
        draws=link.draws,
    )
