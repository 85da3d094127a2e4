"""The report of a bus study: one module per group of sections, joined by `report.bus_report`.

Reads the study's tables and summary only, so that any folder can be rendered again. A table that
is not there makes its section say so; no figure is invented. May import the rest of `reports`.
"""
