"""Charging sessions from what stations tell.

`fold` makes a session of its events, whatever their order. Imports model only.
"""
