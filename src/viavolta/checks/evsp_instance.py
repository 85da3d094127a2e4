"""What the checks of benchmark plans read of an instance."""

from typing import Protocol

from viavolta.model.arrays import Floats


class Instance(Protocol):
    """What the check reads of an instance; vertices are depots, then stations, then trips.

    ready_min, due_min, consumption (V,); deadhead (V, V): minutes, energy units and cost at once.
    """

    @property
    def n_depots(self) -> int: ...  # noqa: D102
    @property
    def n_stations(self) -> int: ...  # noqa: D102
    @property
    def n_trips(self) -> int: ...  # noqa: D102
    @property
    def ready_min(self) -> Floats: ...  # noqa: D102
    @property
    def due_min(self) -> Floats: ...  # noqa: D102
    @property
    def consumption(self) -> Floats: ...  # noqa: D102
    @property
    def deadhead(self) -> Floats: ...  # noqa: D102
    @property
    def max_charge(self) -> float: ...  # noqa: D102
    @property
    def recharge_min_per_unit(self) -> float: ...  # noqa: D102
