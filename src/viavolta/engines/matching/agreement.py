"""How the facets of one agree with those of many: the share that is met, facet by facet."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.matching.tables import SLICES, FacetTable, met_shares
from viavolta.model.arrays import Flags
from viavolta.model.facet_rules import met_share
from viavolta.model.facets import FACET_VALUES, Facet, Facets

Shares = NDArray[np.float32]

ALL_WANTED = frozenset({Facet.STANDARD})
"""Facets whose every wanted value counts; of the others the value that is met best."""
_MET = met_shares()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One compared with N others; columns in the order of `Facet`.

    Attributes
    ----------
    met: share of what is wanted that is offered, 0 where nothing is known, shape (N, F).
    is_known: both say something of the facet, shape (N, F).
    """

    met: Shares
    is_known: Flags


def agreement_of_solutions(need: Facets, solutions: FacetTable) -> Agreement:
    """Agreement of one need with many solutions."""
    wanted = FacetTable.of([need]).says[0]
    met = np.zeros((len(solutions), len(Facet)), dtype=np.float32, order="F")
    is_known = np.zeros(met.shape, dtype=np.bool_, order="F")
    for column, (facet, part) in enumerate(SLICES.items()):
        rows = _MET[facet][wanted[part]]
        if len(rows):
            offered = solutions.says[:, part]
            rows = rows if facet in ALL_WANTED else rows.max(axis=0, keepdims=True)
            met[:, column] = np.mean([_best(offered, row) for row in rows], axis=0)
            is_known[:, column] = solutions.has_said[:, column]
    return Agreement(met=met, is_known=is_known)


def agreement_of_needs(solution: Facets, needs: FacetTable) -> Agreement:
    """Agreement of many needs with one solution."""
    offered = FacetTable.of([solution]).says[0]
    met = np.zeros((len(needs), len(Facet)), dtype=np.float32, order="F")
    is_known = np.zeros(met.shape, dtype=np.bool_, order="F")
    for column, (facet, part) in enumerate(SLICES.items()):
        columns = _MET[facet][:, offered[part]]
        if columns.shape[1]:
            wanted = needs.says[:, part]
            covered = columns.max(axis=1)
            is_known[:, column] = needs.has_said[:, column]
            if facet in ALL_WANTED:
                met[:, column] = wanted @ covered / np.maximum(wanted.sum(axis=1), 1)
            else:
                met[:, column] = _best(wanted, covered)
    return Agreement(met=met, is_known=is_known)


def _best(says: Flags, share: Shares) -> Shares:
    """The largest share among the values that are said; says (N, V), share (V,), returns (N,)."""
    best = np.zeros(len(says), dtype=np.float32)
    for value in np.flatnonzero(share):
        np.maximum(best, says[:, value] * share[value], out=best)
    return best


def matched_values(
    need: Facets, solution: Facets, *, least: float = 1.0
) -> list[tuple[Facet, StrEnum]]:
    """The need's values that the solution meets to at least a share, in the order of the facets.

    Budget and maturity are named by what the solution says: its price, its state.
    """
    found: list[tuple[Facet, StrEnum]] = []
    for facet in Facet:
        for wanted in FACET_VALUES[facet]:
            if wanted not in need.of(facet):
                continue
            shares = {o: met_share(facet, wanted, o) for o in solution.of(facet)}
            if shares and max(shares.values()) >= least:
                is_bound = facet in {Facet.BUDGET, Facet.MATURITY}
                best = max(shares, key=lambda o: (shares[o], o.value))
                found.append((facet, best if is_bound else wanted))
    return found
