"""Roaming in the words of OCPI: our tariffs, our bills, our connectors.

`tariffs` says in OCPI what a driver pays, `records` what a session was and cost. Pure functions of
what the tables hold; no tables, no clock.
"""
