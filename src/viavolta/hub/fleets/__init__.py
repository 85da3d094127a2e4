"""Fleets of an organisation: vehicles, when they leave, who will not be ready and why.

Vehicles and departures are in `storage.tables.fleets`; departures become wishes of sessions
(`storage.fleets`), and what plans give those sessions is read here. Imports operate, people, frame.
"""
