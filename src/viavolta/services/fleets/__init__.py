"""Fleets: when vehicles leave, and whether they will be ready.

`departures` makes the next departures from usual and single ones; `readiness` says of a vehicle
what a dispatcher must know first; `keys` how a station may write the names of a vehicle. No clock,
no tables.
"""
