"""What flows in a tree whatever is built: bounds that every plan within the rules keeps.

Lossless flow is not enough: it is exact for the load case from one side only. So each edge gets an
interval: at least the loads below with the least losses that any option leaves, at most those with
the greatest. Both ends are proven in docs/explanation/grid-reinforcement.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.engines.grid.reinforce.options import Option, SplitFeeder
from viavolta.engines.grid.reinforce.space import NO_SPLIT, Space, Split, edge_shares
from viavolta.model.arrays import Floats, Ints

Bounds = tuple[Floats, ...]
"""Least and most kW, least and most kvar, each (T,) or (N, T)."""
HELD_STEPS = 0.6
"""A voltage that taps hold lies within this many steps of what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrives:
    """Bounds of what arrives at the node below an edge, each (T,): kW, kvar, squared current."""

    p_low: Floats
    p_high: Floats
    q_low: Floats
    q_high: Floats
    ell_low: Floats
    ell_high: Floats

    def drop_low(self, option: Option) -> Floats:
        """(T,) least drop of squared voltage over an option."""
        r, x = option.edge.r, option.edge.x
        return 2 * (r * self.p_low + x * self.q_low) + (r * r + x * x) * self.ell_low

    def drop_high(self, option: Option) -> Floats:
        """(T,) greatest drop of squared voltage over an option."""
        r, x = option.edge.r, option.edge.x
        return 2 * (r * self.p_high + x * self.q_high) + (r * r + x * x) * self.ell_high

    @property
    def s2_low(self) -> Floats:
        """(T,) least squared apparent power."""
        return _least(self.p_low, self.p_high) ** 2 + _least(self.q_low, self.q_high) ** 2


class Estimate:
    """Bounds for all edges and steps of a space under (N, T) loads.

    Attributes
    ----------
    v_most : (N, T) highest squared voltage of any plan; v_plain : of those without new taps that
        hold a voltage.
    variants : by node, those of its feeder that change what arrives there.
    is_load_case : (T,). n_steps : T.
    """

    def __init__(self, space: Space, p_kw: Floats, q_kvar: Floats) -> None:
        self.space = space
        self.n_steps = p_kw.shape[1]
        self.is_load_case = p_kw.sum(axis=0) >= 0
        rules = space.site.rules
        self.low, self.high = rules.low_pu**2, rules.high_pu**2
        self._options = self._options_of_edges()
        self.variants = _variants(space)
        self._loads = self._with_shunts(p_kw, q_kvar)
        self._arrives: dict[tuple[int, int], Arrives] = {}
        self._sent_up: dict[int, Bounds] = {}
        self._sent_unsplit: dict[int, Bounds] = {}
        self.v_most = np.broadcast_to(self.high[:, None], p_kw.shape)
        self._plain = self._summed(self._loads[0]), self._summed(self._loads[2])
        self._climb()  # with the highest voltage allowed
        self.v_most = self._highest(is_plain=False)
        self._climb()  # again, with what the first pass found
        self.v_plain = self._highest(is_plain=True)

    def arrives(self, node: int, variant: int = NO_SPLIT) -> Arrives:
        """What arrives at a node under a variant of its feeder (by the feeder's first node)."""
        return self._arrives.get((node, variant), self._arrives[node, NO_SPLIT])

    def least_at(self, node: int, step: int, *, variant: int, below: int | None) -> complex:
        """Least kW + j kvar drawn at a node besides what goes to the one `below` on a path.

        `variant` is that of the feeder of `below`, or of the node without one. At a busbar the
        other part of a split feeder counts.
        """
        flow = self.arrives(node, variant)
        p, q = float(flow.p_low[step]), float(flow.q_low[step])
        if below is None:
            return complex(p, q)
        first, split = self._feeder(node, below, variant)
        if first is None:
            parts = [self._sent_of(below, variant)]
            signs = [-1.0]
        else:
            parts, signs = [self._sent_up[first]], [-1.0]
            if split is not None:
                is_new = split.node == below
                parts.append(
                    self._sent_of(first, variant)
                    if is_new
                    else self._sent(self._arrives[split.node, NO_SPLIT], split.options)
                )
                signs.append(1.0)
        for part, sign in zip(parts, signs, strict=True):
            p, q = p + sign * float(part[0][step]), q + sign * float(part[2][step])
        return complex(p, q)

    def _feeder(self, node: int, below: int, variant: int) -> tuple[int | None, Split | None]:
        """The feeder that begins between a busbar and the node below on a path, and its split."""
        for first, splits in self.space.splits.items():
            split = None if variant == NO_SPLIT else splits[variant]
            is_start = below == first or (split is not None and split.node == below)
            if splits[0].busbar == node and is_start:
                return first, split
        return None, None

    def _sent_of(self, node: int, variant: int) -> Bounds:
        """What goes into the edge above a node, under a variant of its feeder."""
        if (node, variant) in self._arrives and variant != NO_SPLIT:
            return self._sent(self._arrives[node, variant], self.space.options[node])
        return self._sent_unsplit.get(node, self._sent_up[node])

    def is_admissible(self, node: int, option: Option, *, variant: int, steps: Ints) -> bool:
        """Whether an option may bear the current at all of some steps."""
        flow = self.arrives(node, variant)
        load, feed_in = edge_shares(self.space, node, option)
        share = np.where(self.is_load_case[steps], load, feed_in)
        cap2 = (option.edge.cap_kva * share) ** 2
        v = self.v_with(self.v_most, node, option, variant=variant)[steps]
        return bool((flow.s2_low[steps] <= cap2 * v * (1 + 1e-9)).all())

    def v_with(self, most: Floats, node: int, option: Option, *, variant: int) -> Floats:
        """(T,) highest squared voltage of a node that an option feeds; `most` is that of all."""
        if option.taps is not None:
            return np.asarray(most[node])
        drop = self.arrives(node, variant).drop_low(option)
        return np.asarray(np.minimum(most[node], self._v_above(most, node, option) - drop))

    def lossless(self, node: int, step: int) -> complex:
        """Least kW + j kvar drawn at a node and below it, without losses on the way."""
        return complex(float(self._plain[0][node, step]), float(self._plain[1][node, step]))

    def _v_above(self, most: Floats, node: int, option: Option) -> Floats:
        """(T,) highest squared voltage above an edge, behind its turns."""
        tree = self.space.site.tree
        above = int(tree.parent[node])
        if isinstance(option.change, SplitFeeder):
            above = option.change.busbar
        highest = most[above] if above >= 0 else np.full(self.n_steps, tree.source_v[node])
        return np.asarray(option.edge.a * highest)

    def _options_of_edges(self) -> list[list[Option]]:
        """(N,) every option that may feed a node, a split's among them."""
        options = [list(of_node) for of_node in self.space.options]
        for of_feeder in self.space.splits.values():
            for split in of_feeder:
                options[split.node] += split.options
        return options

    def _with_shunts(self, p_kw: Floats, q_kvar: Floats) -> Bounds:
        """Loads with no-load losses and charging: least and most p, least and most q, (N, T)."""
        n = len(self._options)
        g_low, g_high, b_low, b_high = np.zeros((4, n))
        parent = self.space.site.tree.parent
        busbar = {
            split.node: split.busbar
            for of_feeder in self.space.splits.values()
            for split in of_feeder
        }
        for node, options in enumerate(self._options):
            g = [one.edge.shunt_kw / 2 for one in options]
            b = [one.edge.charge_kvar / 2 for one in options]
            ends = [(node, 1.0), (int(parent[node]), options[0].edge.a)]
            if node in busbar:  # the upper end is at either of two nodes
                ends.append((busbar[node], 1.0))
            for end, a in ends:
                if end < 0:
                    continue
                is_sure = end == node or node not in busbar
                g_low[end] += a * min(g) if is_sure else 0.0
                g_high[end] += a * max(g)
                b_low[end] += a * min(b) if is_sure else 0.0
                b_high[end] += a * max(b)
        # the least draws are those of conductance at low voltage and charging at high voltage
        most_b = np.where(b_high > 0, b_high * self.high, b_high * self.low)
        least_b = np.where(b_low > 0, b_low * self.low, b_low * self.high)
        return (
            p_kw + (g_low * self.low)[:, None],
            p_kw + (g_high * self.high)[:, None],
            q_kvar - most_b[:, None],
            q_kvar - least_b[:, None],
        )

    def _summed(self, loads: Floats) -> Floats:
        """(N, T) sums of loads at nodes and below."""
        sums, tree = loads.copy(), self.space.site.tree
        for node in reversed(tree.order.tolist()):
            if tree.parent[node] >= 0:
                sums[tree.parent[node]] += sums[node]
        return sums

    def _climb(self) -> None:
        """Sum up from the ends of the tree to the sources."""
        below = self.space.site.tree.children()
        sent = self._sent_up = {}
        for node in reversed(self.space.site.tree.order.tolist()):
            arriving = tuple(one[node].copy() for one in self._loads)
            for child in below[node]:
                arriving = _add(arriving, sent[child])
            flow = self._arrives[node, NO_SPLIT] = self._box(node, arriving, self._options[node])
            sent[node] = self._sent(flow, self.space.options[node])
            if node in self.space.splits:
                self._sent_unsplit[node] = sent[node]
                sent[node] = self._hull(node, sent)

    def _hull(self, first: int, sent: dict[int, Bounds]) -> Bounds:
        """What a feeder draws from its busbar, split or not."""
        hull = sent[first]
        for variant, split in enumerate(self.space.splits[first]):
            at_node = self._arrives[split.node, NO_SPLIT]
            lost = sent[split.node]
            for node in reversed(split.trunk[:-1]):
                whole = self._arrives[node, NO_SPLIT]
                arriving = _subtract((whole.p_low, whole.p_high, whole.q_low, whole.q_high), lost)
                old = sent[node]
                flow = self._box(node, arriving, list(self.space.options[node]))
                self._arrives[node, variant] = flow
                new = self._sent(flow, self.space.options[node])
                lost = tuple(a - b for a, b in zip(old, new, strict=True))
            both = _add(
                self._sent(self._arrives[first, variant], self.space.options[first]),
                self._sent(at_node, split.options),
            )
            hull = (
                np.minimum(hull[0], both[0]),
                np.maximum(hull[1], both[1]),
                np.minimum(hull[2], both[2]),
                np.maximum(hull[3], both[3]),
            )
        return hull

    def _box(self, node: int, arriving: Bounds, options: list[Option]) -> Arrives:
        p_low, p_high, q_low, q_high = arriving
        p2, q2 = _least(p_low, p_high) ** 2, _least(q_low, q_high) ** 2
        p_most = np.maximum(np.abs(p_low), np.abs(p_high))
        q_most = np.maximum(np.abs(q_low), np.abs(q_high))
        bears = max(one.edge.cap_kva * max(edge_shares(self.space, node, one)) for one in options)
        return Arrives(
            p_low=p_low,
            p_high=p_high,
            q_low=q_low,
            q_high=q_high,
            ell_low=(p2 + q2) / self.v_most[node],
            ell_high=np.minimum((p_most**2 + q_most**2) / self.low[node], bears**2),
        )

    def _sent(self, flow: Arrives, options: tuple[Option, ...]) -> Bounds:
        """What the node above sends into an edge."""
        r, x = [one.edge.r for one in options], [one.edge.x for one in options]
        return (
            flow.p_low + min(r) * flow.ell_low,
            flow.p_high + max(r) * flow.ell_high,
            flow.q_low + min(x) * flow.ell_low,
            flow.q_high + max(x) * flow.ell_high,
        )

    def _highest(self, *, is_plain: bool) -> Floats:
        """(N, T) highest squared voltages, from the sources down; plain: without new taps."""
        tree = self.space.site.tree
        v = np.broadcast_to(self.high[:, None], self.v_most.shape).copy()
        splits = {
            split.node: split for of_feeder in self.space.splits.values() for split in of_feeder
        }
        for node in tree.order.tolist():
            above = tree.parent[node]
            v_above = tree.source_v[node] if above < 0 else v[above]
            best = np.full(self.n_steps, -np.inf)
            for variant in (NO_SPLIT, *self.variants.get(node, ())):
                flow = self.arrives(node, variant)
                for one in self.space.options[node]:
                    if is_plain and is_new_hold(self.space.options[node], one):
                        continue
                    if one.taps is not None:
                        held = one.taps.held_pu * (1 + HELD_STEPS * one.taps.step_share)
                        best = np.maximum(best, held**2)
                    else:
                        best = np.maximum(best, one.edge.a * v_above - flow.drop_low(one))
            if node in splits:
                flow = self.arrives(node)
                for one in splits[node].options:
                    best = np.maximum(best, v[splits[node].busbar] - flow.drop_low(one))
            v[node] = np.minimum(v[node], best)
        return v


def is_new_hold(options: Sequence[Option], one: Option) -> bool:
    """Whether taps hold the voltage with an option, and do not as it is."""
    return one.taps is not None and options[0].taps is None


def _variants(space: Space) -> dict[int, list[int]]:
    """Variants of its feeder that change what arrives at a node, by node."""
    variants: dict[int, list[int]] = {}
    for of_feeder in space.splits.values():
        for variant, split in enumerate(of_feeder):
            for node in split.trunk[:-1]:
                variants.setdefault(node, []).append(variant)
    return variants


def _least(low: Floats, high: Floats) -> Floats:
    """Least absolute value in an interval."""
    return np.where((low <= 0) & (high >= 0), 0.0, np.minimum(np.abs(low), np.abs(high)))


def _add(one: Bounds, other: Bounds) -> Bounds:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _subtract(whole: Bounds, part: Bounds) -> Bounds:
    return tuple(a - b for a, b in zip(whole, part, strict=True))
