"""The nouns of the system: records and tables that every other room speaks in.

Holds values only: no file access, no clock, no log, no framework. May import nothing of viavolta
but itself. Times of day are whole seconds since 00:00 of the service day as GTFS counts them.
"""
