"""Twins: typical grids chosen by settlement, scaled to a place, and put together.

`twin` makes a grid of a number of households from the types that it is given (the shipped ones
come from `formats.grids.twin_types`). `fill_zero_sequence` puts typical ratios where the zero
sequence of lines is not known. May import model.
"""

from viavolta.engines.grid.twin.compose import twin
from viavolta.engines.grid.twin.zero_sequence import fill_zero_sequence

__all__ = ["fill_zero_sequence", "twin"]
