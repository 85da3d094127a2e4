"""Samples of the routes of the guide."""

from cast import Cast
from matrix import sample


@sample("chapter", route="guide:chapter")
def chapter(cast: Cast) -> str:  # noqa: ARG001 - the form of a sample
    """A chapter of the guide."""
    return "grid"
