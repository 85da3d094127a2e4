"""Ways in which the cars of a town may charge."""

from enum import StrEnum


class Strategy(StrEnum):
    """How charging is managed, from not at all to giving back."""

    UNMANAGED = "unmanaged"
    """Full power from arrival until the energy is there."""
    DIMMED = "dimmed"
    """Unmanaged; where the grid would be broken the operator dims to 4.2 kW (section 14a EnWG)."""
    PRICED = "priced"
    """Every car charges when energy is cheapest, and nobody looks at the grid."""
    SMART = "smart"
    """As cheap as the limits of cables and transformers allow."""
    V2X = "v2x"
    """Smart, and a share of the cars may give back."""


MANAGED = (Strategy.PRICED, Strategy.SMART, Strategy.V2X)
"""Strategies that the scheduler plans."""
WITH_LIMITS = (Strategy.SMART, Strategy.V2X)
"""Strategies that know the grid."""
