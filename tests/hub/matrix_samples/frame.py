"""Samples of the frame."""

from matrix import HIDDEN, VISITORS, row, sample

row("set-theme", post={"theme": "dark"})
row("basemap", outcomes={visitor: {HIDDEN} for visitor in VISITORS})
sample("name", route="basemap")(lambda _cast: "none")  # no basemap is built in tests
