"""What `viavolta grid capacity` is asked."""

from dataclasses import dataclass
from pathlib import Path

from viavolta.engines.grid.bands import Split
from viavolta.services.grid.request import AssessRequest

UNMANAGED, SMART, V2X = "unmanaged", "smart", "v2x"
STRATEGIES = (UNMANAGED, SMART, V2X)

N_DRAWS = {"low": 50, "normal": 200, "high": 1000}
"""Draws without management, by effort."""
N_MANAGED = {"low": 4, "normal": 10, "high": 40}
"""Of these, draws in which charging is managed too."""
N_VERIFIED = {"low": 2, "normal": 5, "high": 20}
"""Of these, draws whose answer is checked by power flows over all steps."""
N_SCHEDULED = {"low": 1, "normal": 2, "high": 5}
"""Of these, draws in which managed charging is scheduled and solved over all steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityRequest:
    """Files and rules of a hosting capacity.

    Attributes
    ----------
    grid : file or folder. loads, customers : what is not charging. households : in the whole grid;
        None for as many as the base load of each connection makes, one at least.
    strategies : of STRATEGIES; unmanaged is always among them.
    shares : of households that have a vehicle already, for the capacity of single nodes.
    n_draws, n_managed : None for what the effort says.
    split : how the voltage band is shared out. year : where no file has times.
    """

    grid: Path
    loads: Path | None = None
    customers: Path | None = None
    households: int | None = None
    strategies: tuple[str, ...] = STRATEGIES
    shares: tuple[float, ...] = (0.0, 0.3)
    n_draws: int | None = None
    n_managed: int | None = None
    split: Split = Split.SHARED
    year: int = 2023
    step_s: int | None = None
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None

    @property
    def loads_asked(self) -> AssessRequest:
        """The same files as an assessment reads them."""
        return AssessRequest(
            grid=self.grid,
            loads=self.loads,
            customers=self.customers,
            year=self.year,
            step_s=self.step_s,
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """All inputs, in a fixed order."""
        return self.loads_asked.files

    @property
    def draws(self) -> int:
        """Number of draws."""
        return N_DRAWS[self.effort] if self.n_draws is None else self.n_draws

    @property
    def managed_draws(self) -> int:
        """Number of draws in which charging is managed too."""
        if set(self.strategies) <= {UNMANAGED}:
            return 0
        wanted = N_MANAGED[self.effort] if self.n_managed is None else self.n_managed
        return min(wanted, self.draws)

    @property
    def verified_draws(self) -> int:
        """Number of draws whose answer is checked by power flows over all steps."""
        return min(N_VERIFIED[self.effort], self.draws)

    @property
    def scheduled_draws(self) -> int:
        """Number of draws in which managed charging is scheduled and solved over all steps."""
        return min(N_SCHEDULED[self.effort], self.managed_draws)
