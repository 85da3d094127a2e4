"""What is built, when, at what price, and why."""

from dataclasses import dataclass, replace
from enum import StrEnum

from viavolta.engines.grid.reinforce.rules import BuildRules, MeasureKind
from viavolta.engines.grid.reinforce.verify import FindingKind
from viavolta.model.arrays import Floats, freeze, require
from viavolta.model.grid import Grid


class Method(StrEnum):
    """How a plan was found, and with that what its bound is worth."""

    EXACT = "exact"
    """No plan among the allowed measures is cheaper: the bound equals the price."""
    BOUNDED = "bounded"
    """A search with a proven bound that it did not reach."""
    GREEDY = "greedy"
    """One measure after the other, for grids with meshes; the bound is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The rule that would be broken without a measure, at its worst.

    Attributes
    ----------
    element : node_id or branch_id that binds. year : of the worst step. step : counted in it.
    value, limit : pu, or share of the rating; NaN where the flow has no solution.
    excess_kw : power that would have to be shifted away from the element at this step to do
        without the measure; NaN without solution.
    eur_per_kw : price of the measure per kW of it: what relaxing one kW there is worth.
    """

    kind: FindingKind
    element: str
    year: int
    step: int
    value: float
    limit: float
    excess_kw: float
    eur_per_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is built.

    Attributes
    ----------
    element : branch_id of what is strengthened; of the branch that is opened for a split feeder.
    node : node_id at its lower end. type_id, count : what is built. length_km : of its trench, 0
        for transformers. year : from which on it is needed. cost_eur : at prices of the list.
    removes : what it is for, in words.
    """

    measure_id: str
    kind: MeasureKind
    element: str
    node: str
    type_id: str
    count: int
    length_km: float
    year: int
    cost_eur: float
    removes: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Measures that remove every violation, verified by full power flow over every step.

    Attributes
    ----------
    years : (G,) years looked at. grids, rules : of each year, with what is built by then.
    cost_eur : sum of the measures. present_eur : discounted to the first year.
    lower_bound_eur : no plan of allowed measures costs less, discounted. gap : what is left open,
        as a share of present_eur.
    """

    measures: tuple[Measure, ...]
    years: tuple[int, ...]
    grids: tuple[Grid, ...]
    rules: tuple[BuildRules, ...]
    cost_eur: float
    present_eur: float
    lower_bound_eur: float
    method: Method

    @property
    def grid(self) -> Grid:
        """The grid in the last year."""
        return self.grids[-1]

    @property
    def gap(self) -> float:
        """Share of the price that the bound leaves open."""
        if self.present_eur <= 0:
            return 0.0
        return max(0.0, self.present_eur - self.lower_bound_eur) / self.present_eur

    def with_method(self, method: Method) -> "Plan":
        """The plan as found by a method."""
        return replace(self, method=method)

    def cost_by_year_eur(self) -> dict[int, float]:
        """What is built in each year, at prices of the list."""
        costs = dict.fromkeys(self.years, 0.0)
        for measure in self.measures:
            costs[measure.year] += measure.cost_eur
        return costs


@dataclass(frozen=True, slots=True, kw_only=True)
class YearLoad:
    """Loads of a year.

    Attributes
    ----------
    p_kw, q_kvar : (N, T) drawn at each node; the steps of a year, or the decisive ones.
    """

    year: int
    p_kw: Floats
    q_kvar: Floats

    def __post_init__(self) -> None:
        shape = self.p_kw.shape
        require(len(shape) == 2, "p_kw is (N, T)")  # noqa: PLR2004 - nodes by steps
        freeze(self, "p_kw", "float64", shape)
        freeze(self, "q_kvar", "float64", shape)
