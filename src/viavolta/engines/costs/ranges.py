"""Figures between their published extremes, and what a formula makes of them."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from viavolta.catalogue import Assumptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A figure with the least and the greatest value that its sources give."""

    value: float
    low: float
    high: float
    source: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            msg = f"range {self.low} to {self.high} is not finite"
            raise ValueError(msg)
        if not self.low <= self.value <= self.high:
            msg = f"{self.value} is not between {self.low} and {self.high}"
            raise ValueError(msg)


Figures = Range | tuple[Range, ...]
"""A figure, or one figure per vehicle type or depot that moves for all of them together."""

Formula = Callable[..., float]
"""Takes each figure by name: a float, or a tuple of floats where several were given."""


def exact(value: float, source: str = "") -> Range:
    """Make a figure that is known, such as the result of a plan or an offer in hand."""
    return Range(value=value, low=value, high=value, source=source)


def figure_range(assumptions: Assumptions, key: str) -> Range:
    """Read a figure with its range, recording the use.

    A figure that the user has set has no range: it is the user's own knowledge.
    """
    value = assumptions.number(key)
    figure = assumptions.figure(key)
    if figure.status == "user":
        return exact(value, figure.source)
    low = value if figure.minimum is None else figure.minimum
    high = value if figure.maximum is None else figure.maximum
    return Range(value=value, low=low, high=high, source=figure.source)


def evaluate(formula: Formula, **figures: Figures) -> Range:
    """Evaluate a formula at its figures, and with each at either end of its range.

    One figure is moved at a time, the others stay: the result spans what the doubt about any
    single figure does to it, not the sum of all doubts.
    """
    base = {name: _at(figure, "value") for name, figure in figures.items()}
    value = formula(**base)
    moved = [
        formula(**{**base, name: _at(figure, end)})
        for name, figure in figures.items()
        for end in ("low", "high")
    ]
    return Range(
        value=value,
        low=min([value, *moved]),
        high=max([value, *moved]),
        source=joined_sources(figures.values()),
    )


def joined_sources(figures: Iterable[Figures]) -> str:
    """Name the distinct sources of figures, in the order of the figures."""
    flat = [one for many in figures for one in (many if isinstance(many, tuple) else (many,))]
    return "; ".join(dict.fromkeys(figure.source for figure in flat if figure.source))


def _at(figure: Figures, end: str) -> float | tuple[float, ...]:
    if isinstance(figure, tuple):
        return tuple(getattr(one, end) for one in figure)
    return float(getattr(figure, end))
