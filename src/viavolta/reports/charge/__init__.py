"""The report of a charge study: one module per group of sections, joined by `report.charge_report`.

Reads the study's tables and summary only, so that any folder can be rendered again, whether it has
three stays or a million. Never draws all: roots, levels and limits are picked, and the page says
how. May import the rest of `reports`.
"""
