"""VDV 452, the German operators' timetable files (.x10), read as the tables of a GTFS feed.

`x10` reads the file language (VDV 451), `tables` the tables that a timetable needs, `feed` puts
trips together and writes them as a feed. May import model and `gtfs_write` only.
"""

from viavolta.formats.vdv452.feed import ReadAsFeed, read_as_feed

__all__ = ["ReadAsFeed", "read_as_feed"]
