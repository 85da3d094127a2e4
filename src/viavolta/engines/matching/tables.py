"""The facets of many needs or solutions as one array of flags."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viavolta.model.arrays import Flags, require
from viavolta.model.facet_rules import met_share
from viavolta.model.facets import FACET_VALUES, Facet, Facets

COLUMNS: tuple[tuple[Facet, StrEnum], ...] = tuple(
    (facet, value) for facet, values in FACET_VALUES.items() for value in values
)
"""Facet and value of each column of a `FacetTable`."""
SLICES: dict[Facet, slice] = {
    facet: slice(
        min(c for c, (of, _) in enumerate(COLUMNS) if of is facet),
        max(c for c, (of, _) in enumerate(COLUMNS) if of is facet) + 1,
    )
    for facet in Facet
}
"""Columns of each facet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetTable:
    """One row of flags for each need or solution; says has shape (N, C), C = len(COLUMNS).

    `has_said`, shape (N, F), tells whether a row says anything of a facet. Columns lie together in
    memory, since one is read at a time.
    """

    says: Flags
    has_said: Flags = field(init=False)

    def __post_init__(self) -> None:
        require(self.says.shape[1] == len(COLUMNS), "says needs one column for each facet value")
        parts = [self.says[:, part].any(axis=1) for part in SLICES.values()]
        object.__setattr__(self, "has_said", np.asfortranarray(np.stack(parts, axis=1)))
        object.__setattr__(self, "says", np.asfortranarray(self.says))

    @staticmethod
    def of(many: Sequence[Facets]) -> "FacetTable":
        """The table of many, one row each, in their order."""
        says = np.zeros((len(many), len(COLUMNS)), dtype=np.bool_)
        for row, facets in enumerate(many):
            for facet, columns in SLICES.items():
                values = facets.of(facet)
                if values:
                    says[row, columns] = [value in values for value in FACET_VALUES[facet]]
        return FacetTable(says=says)

    def __len__(self) -> int:
        return len(self.says)


def met_shares() -> dict[Facet, NDArray[np.float32]]:
    """For each facet, the share of a wanted value (row) that an offered value (column) meets."""
    return {
        facet: np.array(
            [[met_share(facet, wanted, offered) for offered in values] for wanted in values],
            dtype=np.float32,
        )
        for facet, values in FACET_VALUES.items()
    }
