"""Recorded charging sessions, in the formats in which they are published.

`read.read_sessions` finds out the format, reads and mends; `table.SessionTable` is the result.
Every row that is mended or left out is counted as a repair. May import model only.
"""
