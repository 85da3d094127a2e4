"""The search for a cheap plan of a radial grid: a program, checked by power flow, tightened.

First only with what is proven: bounds on voltages and currents, and cuts. While that goes on, the
optimum of the program is a lower bound, and a plan that holds is the cheapest. Where nothing more
can be proven, the bounds are tightened by what the power flow of the plan shows; what then holds is
a plan with a gap.
"""

from dataclasses import dataclass, field

import numpy as np

from viavolta.engines.grid.reinforce.cuts import Cutter
from viavolta.engines.grid.reinforce.estimate import Estimate
from viavolta.engines.grid.reinforce.program import (
    Demands,
    Problem,
    Side,
    Spot,
    cheapest,
)
from viavolta.engines.grid.reinforce.space import (
    Choice,
    Space,
    chosen,
    edge_shares,
    measures_of,
    state_of,
)
from viavolta.engines.grid.reinforce.sweep import sweep
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import NoSolutionError
from viavolta.model.messages import text
from viavolta.model.progress import StopRule, never

SAFE_PU = 2e-6
"""Distance that the search keeps from voltage limits, so that another solver agrees."""
SAFE_SHARE = 2e-6
"""The same of loadings."""
MAX_ROUNDS = 300
_CUTS_AT_ONCE = 12
_SMALL = 40  # nodes up to which proving goes on as long as anything can be proven
_PATIENCE = 12  # rounds
_RISE = 1e-3  # share by which the bound must rise within them
_MOST_OFF = 0.02  # of squared voltage: a bound that is further off says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that a choice breaks: a voltage, or a loading where `side` is None.

    Attributes
    ----------
    node : the node, or the one below the edge. step : column of the problem. value : pu, or share
        of the rating. excess : beyond the limit, as a share of it.
    """

    node: int
    step: int
    side: Side | None
    value: float
    excess: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Choices by year, whether no others are cheaper, and the proven bound, discounted."""

    choices: tuple[Choice, ...]
    is_exact: bool
    bound_eur: float


@dataclass(slots=True, kw_only=True)
class Loads:
    """Columns of the problem: (N, D) loads, and the year of each."""

    p_kw: Floats
    q_kvar: Floats
    year: Ints


@dataclass(slots=True)
class Search:
    """What a search has learnt; goes on with more steps where another check finds more."""

    space: Space
    discount: Floats
    loads: Loads
    stop: StopRule = never
    is_proving: bool = True
    bound_eur: float = 0.0
    bounds_eur: list[float] = field(default_factory=list)
    n_assumed: int = 0
    proven: Demands = field(default_factory=Demands)
    working: Demands = field(default_factory=Demands)
    problem: Problem = field(init=False)
    cutter: Cutter = field(init=False)

    def __post_init__(self) -> None:
        self._rebuild()

    def add_steps(self, p_kw: Floats, q_kvar: Floats, year: Ints) -> None:
        """Look at further steps: (N, D') loads and their years."""
        self.loads = Loads(
            p_kw=np.concatenate([self.loads.p_kw, p_kw], axis=1),
            q_kvar=np.concatenate([self.loads.q_kvar, q_kvar], axis=1),
            year=np.concatenate([self.loads.year, year]),
        )
        self._rebuild()

    def run(self) -> Found:
        """The cheapest choices that hold by the power flow on the tree.

        Raises
        ------
        NoSolutionError: the allowed measures do not suffice.
        """
        for _ in range(MAX_ROUNDS):
            demands = self.proven if self.is_proving else self.working
            answer = cheapest(self.problem, demands, stop=self.stop)
            if self.is_proving:
                self.bound_eur = max(self.bound_eur, answer.bound_eur)
            if answer.choices is None:
                raise _no_measure() if self.is_proving and not self.stop() else not_verified()
            broken = self.broken(answer.choices)
            if not broken:
                return Found(
                    choices=answer.choices, is_exact=self.is_proving, bound_eur=self.bound_eur
                )
            self.learn(answer.choices, broken)
        raise not_verified()

    def learn(self, choices: tuple[Choice, ...], broken: list[Broken]) -> None:
        """Demand more, so that these choices do not come again."""
        if self.is_proving and not (self._is_rising() and self._prove(choices, broken)):
            self.is_proving = False
            self.working = Demands(
                spots=dict(self.proven.spots),
                cuts=list(self.proven.cuts),
                currents=dict(self.proven.currents),
            )
        if not self.is_proving:
            self.n_assumed += 1
            for one in broken[:_CUTS_AT_ONCE]:
                self._assume(choices, one)

    def proven_bound(self) -> float:
        """The bound of all that is proven, over all steps that were looked at."""
        if not self.is_proving:
            answer = cheapest(self.problem, self.proven, stop=self.stop)
            if np.isfinite(answer.bound_eur):
                self.bound_eur = max(self.bound_eur, answer.bound_eur)
        return self.bound_eur

    def broken(self, choices: tuple[Choice, ...]) -> list[Broken]:
        """Rules that choices break by the power flow on the tree, worst first."""
        found = []
        for year, choice in enumerate(choices):
            steps = self.problem.steps(year)
            if steps.size:
                found += self._broken_in(choice, steps)
        return sorted(found, key=lambda one: -one.excess)

    def _broken_in(self, choice: Choice, steps: Ints) -> list[Broken]:
        space = self.space
        state = state_of(space, choice)
        swept = sweep(state, self.loads.p_kw[:, steps], self.loads.q_kvar[:, steps])
        rules, found = space.site.rules, []
        u = np.sqrt(swept.v)
        for side, over, limit in (
            (Side.LOW, rules.low_pu[:, None] + SAFE_PU - u, rules.low_pu),
            (Side.HIGH, u - rules.high_pu[:, None] + SAFE_PU, rules.high_pu),
        ):
            beyond = np.where(np.isnan(over), -1.0, over)
            worst = beyond.argmax(axis=1)
            for node in np.flatnonzero(beyond.max(axis=1) > 0).tolist():
                at = int(worst[node])
                found.append(
                    Broken(
                        node=node,
                        step=int(steps[at]),
                        side=side,
                        value=float(u[node, at]),
                        excess=float(beyond[node, at] / limit[node]),
                    )
                )
        is_load_case = self.problem.estimate.is_load_case[steps]
        for node in space.site.tree.order.tolist():
            option = chosen(space, choice, node)
            if not np.isfinite(option.edge.cap_kva):
                continue
            load, feed_in = edge_shares(space, node, option)
            share = swept.i_kva[node] / option.edge.cap_kva
            excess = share / np.where(is_load_case, load, feed_in) - 1 + SAFE_SHARE
            at = int(excess.argmax())
            if excess[at] > 0:
                found.append(
                    Broken(
                        node=node,
                        step=int(steps[at]),
                        side=None,
                        value=float(share[at]),
                        excess=float(excess[at]),
                    )
                )
        return found

    def _rebuild(self) -> None:
        estimate = Estimate(self.space, self.loads.p_kw, self.loads.q_kvar)
        self.problem = Problem(
            space=self.space, estimate=estimate, year=self.loads.year, discount=self.discount
        )
        self.cutter = Cutter(self.problem)

    def _prove(self, choices: tuple[Choice, ...], broken: list[Broken]) -> bool:
        """Add what is proven of broken rules; False where nothing new is."""
        known = self._n_proven()
        for one in broken:
            if one.side is not None:
                self.proven.spots.setdefault(Spot(one.node, one.step, one.side), 0.0)
            elif not self._is_new(choices[int(self.loads.year[one.step])], one.node):
                self.proven.currents.setdefault((one.node, one.step), 0.0)
        cuts = set(self.proven.cuts)
        for one in broken[:_CUTS_AT_ONCE]:
            choice = choices[int(self.loads.year[one.step])]
            if one.side is None:
                cut = self.cutter.of_current(choice, one.node, one.step)
            else:
                cut = self.cutter.of_voltage(choice, Spot(one.node, one.step, one.side))
            if cut is not None and cut not in cuts:
                cuts.add(cut)
                self.proven.cuts.append(cut)
        if known == self._n_proven():
            worst = broken[0]
            if worst.side is not Side.HIGH and worst.excess > SAFE_SHARE:
                choice = choices[int(self.loads.year[worst.step])]
                cut = self.cutter.of_everything(choice, worst.step)
                if cut is not None and cut not in cuts:
                    self.proven.cuts.append(cut)
        return known < self._n_proven()

    def _n_proven(self) -> int:
        return len(self.proven.spots) + len(self.proven.cuts) + len(self.proven.currents)

    def _carries_more(self, choice: Choice, one: Broken) -> bool:
        """Take a current for greater than is known; False where that has been tried enough."""
        at = one.node, one.step
        if self._is_new(choice, one.node) or self.n_assumed > _PATIENCE:
            return False
        cap_kva = chosen(self.space, choice, one.node).edge.cap_kva
        before = self.working.currents.get(at, 0.0)
        self.working.currents[at] = max(2 * before, one.excess * cap_kva, SAFE_SHARE * cap_kva)
        return True

    def _is_new(self, choice: Choice, node: int) -> bool:
        """Whether a node is fed by the new feeder of a split."""
        return any(
            self.space.split(first, variant).node == node
            for first, (variant, _) in choice.split.items()
        )

    def _is_rising(self) -> bool:
        """Whether the bound still rises by what is proven, or the grid is small."""
        self.bounds_eur.append(self.bound_eur)
        if len(self.space.options) <= _SMALL or len(self.bounds_eur) <= _PATIENCE:
            return True
        return self.bound_eur > self.bounds_eur[-_PATIENCE] * (1 + _RISE)

    def _assume(self, choices: tuple[Choice, ...], one: Broken) -> None:
        """Take it that only the way to a broken rule can mend it.

        After some rounds: that bounds of voltages are as far off for other choices as for these.
        """
        choice = choices[int(self.loads.year[one.step])]
        if one.side is None:
            if self._carries_more(choice, one):
                return
            i_kva = one.value * chosen(self.space, choice, one.node).edge.cap_kva
            cut = self.cutter.assumed_of_current(choice, one.node, one.step, i_kva)
        else:
            spot = Spot(one.node, one.step, one.side)
            cut = self.cutter.assumed_of_voltage(choice, spot, one.value)
            off = self.cutter.way_v(choice, spot) - one.value**2
            off = off if one.side is Side.LOW else -off
            if self.n_assumed > _PATIENCE and off > 0:
                before = self.working.spots.get(spot, 0.0)
                self.working.spots[spot] = max(before, min(off, _MOST_OFF)) + SAFE_PU
        if cut not in self.working.cuts:
            self.working.cuts.append(cut)


def is_empty(space: Space, choices: tuple[Choice, ...]) -> bool:
    """Whether nothing is built."""
    return not any(measures_of(space, choice) for choice in choices)


def _no_measure() -> NoSolutionError:
    return NoSolutionError(
        code="grid-no-measure-suffices",
        message=text("no choice of allowed measures keeps voltages and loadings within the rules"),
        hint=text("allow more kinds or types of measures, more cables side by side, or less load"),
    )


def not_verified() -> NoSolutionError:
    """No plan was found, though there may be one."""
    return NoSolutionError(
        code="grid-plan-not-verified",
        message=text("no plan was found that full power flow over all steps confirms"),
        hint=text("look at shorter times, or allow more kinds of measures"),
    )
