"""The figures that a service has read, as a study lists them."""

from viavolta.catalogue import Assumptions, Figure
from viavolta.model.study import AssumptionUsed


def used_assumptions(assumptions: Assumptions) -> tuple[AssumptionUsed, ...]:
    """The figures that were read so far, in catalogue order."""
    return tuple(used_figure(figure) for figure in assumptions.used())


def used_figure(figure: Figure) -> AssumptionUsed:
    """A figure as a study lists it."""
    return AssumptionUsed(
        key=figure.key,
        value=figure.value,
        unit=figure.unit,
        source=figure.source,
        year=figure.year,
        status=figure.status,
        minimum=figure.minimum,
        maximum=figure.maximum,
    )
