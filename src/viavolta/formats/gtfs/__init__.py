"""GTFS timetables as found in the wild: a feed read and repaired, and one service day of it.

`read_feed` gives a `Feed`, `timetable_on` the buses of one day as a `Timetable`. Every repair is
counted with an example; what cannot be repaired is an `InputError`. May import model only.
"""

from viavolta.formats.gtfs.day import DayTimetable, departures_on, timetable_on
from viavolta.formats.gtfs.feed import Feed, read_feed

__all__ = ["DayTimetable", "Feed", "departures_on", "read_feed", "timetable_on"]
