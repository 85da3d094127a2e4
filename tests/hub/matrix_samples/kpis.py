"""Samples of indicators."""

from matrix import sample

for _route in ("kpi", "kpi-history", "get_indicator"):
    sample("code", route=_route)(lambda _cast: "cities")
