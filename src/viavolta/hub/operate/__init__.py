"""Run charging stations: map, stations, sessions, limits, prices, tokens, enrolment, commands.

An organisation is the tenant of its stations (`storage.tables.stations`, by its number): readers
see, editors command, owners add and remove stations and open enrolment; nobody else sees anything.
What is asked of a station is a row that a gateway takes (`actions.commands`). Imports studies,
people and frame.
"""
