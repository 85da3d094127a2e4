"""All that may be built in a radial grid, and one choice among it."""

from dataclasses import dataclass, field

import numpy as np

from viavolta.engines.grid.reinforce.apply import Built, built
from viavolta.engines.grid.reinforce.cable_options import cable_options, split_options
from viavolta.engines.grid.reinforce.options import Option, Site, as_is
from viavolta.engines.grid.reinforce.rules import MeasureKind
from viavolta.engines.grid.reinforce.sweep import TreeState
from viavolta.engines.grid.reinforce.transformer_options import transformer_options
from viavolta.engines.grid.reinforce.tree import Edge
from viavolta.model.arrays import Floats
from viavolta.model.grid import BranchKind

_LINES = {BranchKind.LINE, BranchKind.CABLE}
NO_SPLIT = -1
_SAME = 1e-9  # of turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One way to split a feeder: `node` is fed from `busbar` anew, no longer by way of `first`.

    Attributes
    ----------
    trunk : nodes from first down to node. options : cables of the new feeder.
    """

    busbar: int
    first: int
    node: int
    trunk: tuple[int, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What may be built.

    Attributes
    ----------
    options : (N,) of the edge above each node, as it is first. splits : by feeder, that is the
        node at its busbar's end.
    """

    site: Site
    options: tuple[tuple[Option, ...], ...]
    splits: dict[int, tuple[Split, ...]]

    def split(self, first: int, variant: int) -> Split:
        """A split of a feeder."""
        return self.splits[first][variant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is built: the option of edges that are not as they are, and of split feeders.

    Attributes
    ----------
    edge : option by node. split : (variant, option) by feeder.
    """

    edge: dict[int, int] = field(default_factory=dict)
    split: dict[int, tuple[int, int]] = field(default_factory=dict)

    def variant(self, first: int) -> int:
        """Variant of a feeder, NO_SPLIT without."""
        return self.split[first][0] if first in self.split else NO_SPLIT


def space_of(site: Site, worst: dict[int, int]) -> Space:
    """All options of a grid; feeders are split towards their worst nodes, by feeder."""
    options = [_options(site, node) for node in range(site.grid.n_nodes)]
    splits = {}
    for first, node in worst.items():
        of_feeder = _splits(site, first, node)
        if of_feeder:
            splits[first] = of_feeder
    return Space(site=site, options=tuple(tuple(one) for one in options), splits=splits)


def feeder_of(site: Site, node: int) -> int | None:
    """The node at the busbar's end of the feeder of a node: the last before a transformer."""
    path = site.tree.path(node)
    first = None
    for one in path:
        if site.tree.parent[one] < 0 or not _is_line(site, one):
            first = None
        elif first is None:
            first = one
    return first


def chosen(space: Space, choice: Choice, node: int) -> Option:
    """The option of the edge that feeds a node."""
    for first, (variant, option) in choice.split.items():
        split = space.split(first, variant)
        if split.node == node:
            return split.options[option]
    return space.options[node][choice.edge.get(node, 0)]


def measures_of(space: Space, choice: Choice) -> list[tuple[int, Option]]:
    """What a choice builds: (node below, option), feeders by their split node."""
    found = [(node, space.options[node][k]) for node, k in sorted(choice.edge.items()) if k]
    for first, (variant, option) in sorted(choice.split.items()):
        split = space.split(first, variant)
        found.append((split.node, split.options[option]))
    return found


def less(space: Space, choice: Choice, node: int) -> Choice:
    """A choice without what it builds above a node."""
    split = {
        first: one for first, one in choice.split.items() if space.split(first, one[0]).node != node
    }
    is_split = len(split) < len(choice.split)
    edge = {one: k for one, k in choice.edge.items() if one != node or is_split}
    return Choice(edge=edge, split=split)


def built_choice(space: Space, choice: Choice) -> Built:
    """The grid and the rules with a choice."""
    changes = [one.change for _, one in measures_of(space, choice) if one.change is not None]
    return built(space.site.grid, changes, space.site.rules)


def state_of(space: Space, choice: Choice) -> TreeState:
    """Electrical state of the tree with a choice."""
    tree = space.site.tree
    options = [of_node[0] for of_node in space.options]
    parent = tree.parent.copy()
    for node, k in choice.edge.items():
        options[node] = space.options[node][k]
    for first, (variant, option) in choice.split.items():
        split = space.split(first, variant)
        parent[split.node] = split.busbar
        options[split.node] = split.options[option]
    taps = [one.taps for one in options]
    return TreeState(
        order=tree.order,
        parent=parent,
        source_v=tree.source_v,
        r=_column([one.edge for one in options], "r"),
        x=_column([one.edge for one in options], "x"),
        a=_column([one.edge for one in options], "a"),
        cap_kva=_column([one.edge for one in options], "cap_kva"),
        shunt_kw=_column([one.edge for one in options], "shunt_kw"),
        charge_kvar=_column([one.edge for one in options], "charge_kvar"),
        held_pu=np.array([np.nan if one is None else one.held_pu for one in taps]),
        step_share=np.array([0.0 if one is None else one.step_share for one in taps]),
        tap_low=np.array([0.0 if one is None else one.low for one in taps]),
        tap_high=np.array([0.0 if one is None else one.high for one in taps]),
    )


def edge_shares(space: Space, node: int, option: Option) -> tuple[float, float]:
    """Most loading of the edge that feeds a node, in the load case and with feed-in."""
    rules, tree = space.site.rules, space.site.tree
    rows = list(tree.rows[node])
    if option.kind is MeasureKind.FEEDER_SPLIT:
        split = next(
            one for of_feeder in space.splits.values() for one in of_feeder if one.node == node
        )
        rows = [tree.rows[split.first][0]]
    if not rows:
        return float("inf"), float("inf")
    load = float(rules.load_share[rows].min())
    if option.is_pair:
        load = rules.pair_share
    return load, float(rules.feed_in_share[rows].min())


def _column(edges: list[Edge], name: str) -> Floats:
    return np.array([getattr(edge, name) for edge in edges], dtype=np.float64)


def _options(site: Site, node: int) -> list[Option]:
    kinds = {site.grid.branch_kind[row] for row in site.tree.rows[node]}
    if kinds == {BranchKind.TRANSFORMER}:
        return transformer_options(site, node)
    if kinds and kinds <= _LINES:
        return cable_options(site, node)
    return [as_is(site, node)]


def _is_line(site: Site, node: int) -> bool:
    kinds = {site.grid.branch_kind[row] for row in site.tree.rows[node]}
    return bool(kinds) and BranchKind.TRANSFORMER not in kinds


def _splits(site: Site, first: int, worst: int) -> tuple[Split, ...]:
    """Splits of a feeder on the way to a node, at the first node at or behind each share of it."""
    if MeasureKind.FEEDER_SPLIT not in site.rules.kinds:
        return ()
    path = site.tree.path(worst)
    trunk = path[path.index(first) :]
    lengths = [float(site.grid.length_km[site.tree.rows[node][0]]) for node in trunk]
    reached = np.cumsum(lengths)
    has_turns = any(abs(site.tree.edge[node].a - 1) > _SAME for node in trunk)
    if reached[-1] <= 0 or has_turns:
        return ()
    splits: dict[int, Split] = {}
    for share in site.rules.split_shares:
        at = int(np.argmax(reached >= share * reached[-1] * (1 - 1e-12)))
        node = trunk[at]
        if at == 0 or node in splits:
            continue  # at the first node a cable beside is the same
        busbar = int(site.tree.parent[first])
        options = split_options(site, busbar=busbar, first=first, node=node)
        if options:
            splits[node] = Split(
                busbar=busbar,
                first=first,
                node=node,
                trunk=tuple(trunk[: at + 1]),
                options=tuple(options),
            )
    return tuple(splits[node] for node in sorted(splits, key=trunk.index))
