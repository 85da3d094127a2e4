"""Who gets a vehicle where: one after the other, each household as likely as any other.

The rule: households are drawn at random without replacement, so that a connection is drawn in
proportion to its households; second vehicles are drawn, in the same way, after every household has
its first. Which vehicle of the pool it is, is drawn without replacement too, as long as the pool
lasts; then the pool begins anew.
"""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints, freeze, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Years of vehicles that draws choose from. P vehicles, K steps at which one of them charges.

    Attributes
    ----------
    offsets : (P + 1,) vehicle v charges at rows offsets[v] to offsets[v + 1].
    step, power_kw : (K,) mean power over the step, charging positive.
    plug_kw : (P,) power of the charging point.
    """

    offsets: Ints
    step: Ints
    power_kw: Floats
    plug_kw: Floats

    def __post_init__(self) -> None:
        freeze(self, "plug_kw", "float64", np.shape(self.plug_kw))
        freeze(self, "offsets", "int64", (len(self.plug_kw) + 1,))
        freeze(self, "step", "int64", np.shape(self.step))
        freeze(self, "power_kw", "float64", np.shape(self.step))
        require(self.step >= 0, "step >= 0")
        require(self.power_kw >= 0, "power_kw >= 0")

    def __len__(self) -> int:
        return len(self.plug_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One draw: vehicles in the order in which they come. V vehicles.

    Attributes
    ----------
    node : (V,) row of the grid's nodes. vehicle : (V,) row of the pool.
    """

    node: Ints
    vehicle: Ints

    def __len__(self) -> int:
        return len(self.node)


def place(
    households: Ints, *, n_pool: int, rng: np.random.Generator, vehicles_each: int = 2
) -> Placement:
    """Draw an order. `households` is (N,) at each node."""
    seats = np.repeat(np.arange(len(households)), households)
    node = np.concatenate([rng.permutation(seats) for _ in range(vehicles_each)])
    rounds = -(-len(node) // n_pool)
    vehicle = np.concatenate(
        [np.zeros(0, dtype=np.int64), *(rng.permutation(n_pool) for _ in range(rounds))]
    )
    return Placement(node=node, vehicle=vehicle[: len(node)])
