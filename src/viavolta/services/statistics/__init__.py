"""Statistics of charging that tell nothing of single drivers.

`anonymity` decides what may be published: whole months, in parts that do not overlap, each of k
cards at least. No clock, no tables.
"""
