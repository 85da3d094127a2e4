"""What `viavolta grid assess` is asked."""

from dataclasses import dataclass
from pathlib import Path

from viavolta.engines.grid.bands import Split

_PAIR = ("nodes.csv", "branches.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSource:
    """One strategy of charging: its name, a study or a table of loads, and which of its own.

    `strategy` is None for the schedule of a charge study, or for a table.
    """

    name: str
    path: Path
    strategy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessRequest:
    """Files and rules of an assessment.

    Attributes
    ----------
    grid : file or folder. loads : what is not charging, or everything. customers : load and roofs
        by profile. charging : strategies to compare. places : where their limits are in the grid.
    dim : names of strategies that are also calculated with the operator dimming them.
    weather : a year of air temperature. split : how the voltage band is shared out.
    year : calendar year in which customers are looked at where no file has times.
    step_s : length of steps; None for that of the files.
    """

    grid: Path
    loads: Path | None = None
    customers: Path | None = None
    charging: tuple[ChargingSource, ...] = ()
    places: Path | None = None
    dim: tuple[str, ...] = ()
    weather: Path | None = None
    split: Split = Split.SHARED
    year: int = 2023
    step_s: int | None = None
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All inputs, in a fixed order, each once."""
        optional = (self.loads, self.customers, self.places, self.weather)
        beside = [self.grid.with_name(name) for name in _PAIR if self.grid.name in _PAIR]
        paths = (
            *(beside or [self.grid]),
            *(path for path in optional if path is not None),
            *(source.path for source in self.charging),
        )
        return tuple(dict.fromkeys(paths))
