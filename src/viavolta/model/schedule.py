"""Schedules: power per stay per step, with the proof of how good they are."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints, freeze, require

SMALLEST_COST_EUR = 0.01
"""Costs below this do not blow up the relative gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItems:
    """Cost by the one rule, item by item, in EUR.

    Attributes
    ----------
    energy : bought less sold at the roots. wear, ageing : of the batteries. peak : capacity prices.
    unmet : energy not delivered by departure. fairness : surcharge beyond half of what was wanted.
    early : expected lack of those who leave early.
    """

    energy: float
    wear: float
    ageing: float
    peak: float
    unmet: float
    fairness: float
    early: float

    @property
    def total(self) -> float:
        """Sum of all items."""
        return (
            self.energy
            + self.wear
            + self.ageing
            + self.peak
            + self.unmet
            + self.fairness
            + self.early
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPlan:
    """Power of every stay over its steps, and what follows from it. K = all steps of all stays.

    Attributes
    ----------
    first_step : (S,) step in which the stay arrives.
    offsets : (S + 1,) steps of stay s are rows offsets[s]:offsets[s + 1] of the flat arrays.
    power_kw : (K,) mean over the step at the plug, charging positive.
    energy_kwh : (K,) in the battery at the end of the step; NaN where the battery is not known.
    unmet_kwh : (S,) energy wanted but not delivered by departure.
    net_kw : (L, T) net power at each limit, base load included.
    peak_kw : (L,) highest net import of the horizon, 0 at least.
    cost_items : cost by the one rule.
    phase_used : (S,) 0 for three phases evenly, 1 to 3 for the one phase of the plug.
    """

    first_step: Ints
    offsets: Ints
    power_kw: Floats
    energy_kwh: Floats
    unmet_kwh: Floats
    net_kw: Floats
    peak_kw: Floats
    cost_items: CostItems
    phase_used: Ints = dataclasses.field(default_factory=lambda: np.array(0))

    def __post_init__(self) -> None:
        n_stays, n_flat = len(self.first_step), len(self.power_kw)
        freeze(self, "first_step", "int64", (n_stays,))
        freeze(self, "offsets", "int64", (n_stays + 1,))
        require(self.offsets[-1] == n_flat, "offsets end with the length of the flat arrays")
        for field in ("power_kw", "energy_kwh"):
            freeze(self, field, "float64", (n_flat,))
        freeze(self, "unmet_kwh", "float64", (n_stays,))
        freeze(self, "net_kw", "float64", np.shape(self.net_kw))
        freeze(self, "peak_kw", "float64", (len(self.net_kw),))
        freeze(self, "phase_used", "int64", (n_stays,))

    @property
    def cost_eur(self) -> float:
        """Cost by the one rule."""
        return self.cost_items.total

    def steps_of(self, stay: int) -> slice:
        """Rows of the flat arrays that belong to a stay."""
        return slice(int(self.offsets[stay]), int(self.offsets[stay + 1]))

    def flat_stay(self) -> Ints:
        """(K,) stay of each row of the flat arrays."""
        return np.repeat(np.arange(len(self.first_step)), np.diff(self.offsets))

    def flat_step(self) -> Ints:
        """(K,) step of each row of the flat arrays."""
        stay = self.flat_stay()
        within = np.arange(len(self.power_kw)) - self.offsets[stay]
        steps: Ints = self.first_step[stay] + within
        return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPrices:
    """The certificate: prices of limits in EUR/kWh, from which anyone can recompute the bound.

    Attributes
    ----------
    import_eur_per_kwh, export_eur_per_kwh : (L, T) what one more kW of the limit would save per
        hour; >= 0.
    peak_eur_per_kwh : (L, T) share of the capacity price that a step bears; >= 0, and its sum over
        the steps times their length is at most peak_eur_per_kw.
    energy_eur_per_kwh : (L, T) at roots what a kWh is worth, between the selling and the buying
        price; 0 elsewhere.
    phase_eur_per_kwh : (L, 3, T) what one more kW of a phase would save per hour; None where no
        limit looks at its phases.
    """

    import_eur_per_kwh: Floats
    export_eur_per_kwh: Floats
    peak_eur_per_kwh: Floats
    energy_eur_per_kwh: Floats
    phase_eur_per_kwh: Floats | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.import_eur_per_kwh)
        if self.phase_eur_per_kwh is not None:
            freeze(self, "phase_eur_per_kwh", "float64", (shape[0], 3, shape[1]))
            require(self.phase_eur_per_kwh >= 0, "phase_eur_per_kwh >= 0")
        for field in (
            "import_eur_per_kwh",
            "export_eur_per_kwh",
            "peak_eur_per_kwh",
            "energy_eur_per_kwh",
        ):
            freeze(self, field, "float64", shape)
            require(np.isfinite(getattr(self, field)), f"{field} is not finite")
        require(self.import_eur_per_kwh >= 0, "import_eur_per_kwh >= 0")
        require(self.export_eur_per_kwh >= 0, "export_eur_per_kwh >= 0")
        require(self.peak_eur_per_kwh >= 0, "peak_eur_per_kwh >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingLimit:
    """A limit that costs money: hours in which it binds, and what one more kW would be worth."""

    limit: int
    hours: float
    value_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A plan with its proof.

    Attributes
    ----------
    plan : the power of every stay.
    prices : the certificate of the bound.
    lower_bound_eur : no schedule costs less; follows from `prices` alone.
    binding_limits : limits with a price, dearest first.
    was_stopped : the search was ended by its stop rule.
    """

    plan: PowerPlan
    prices: LimitPrices
    lower_bound_eur: float
    binding_limits: tuple[BindingLimit, ...]
    was_stopped: bool

    def __post_init__(self) -> None:
        require(self.lower_bound_eur <= self.cost_eur, "the lower bound is above the cost")

    @property
    def cost_eur(self) -> float:
        """Cost of the plan."""
        return self.plan.cost_eur

    @property
    def gap(self) -> float:
        """Proven relative distance of the cost from the best possible."""
        return (self.cost_eur - self.lower_bound_eur) / max(abs(self.cost_eur), SMALLEST_COST_EUR)
