"""Figures about the world, each with unit, year, source and status; and how a user replaces them.

One CSV per subject (`buses.csv`, `costs.csv`, ...). `Assumptions` is what planners ask: it knows
every figure, the user's own values, and which figures were used. May import model only.
"""

from viavolta.catalogue.assumptions import Assumptions, Figure

__all__ = ["Assumptions", "Figure"]
