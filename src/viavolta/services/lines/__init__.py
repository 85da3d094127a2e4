"""Bus lines laid on roads and given a timetable: what `import_lines` is made of.

`road_graph` is the roads, `paths` finds the way of a bus past its stops, `directions` turns route
relations into lines, `headways` makes departures and times, `feed` the tables of a GTFS
feed, `repairs` tells what was mended.
May import formats, catalogue and model.
"""
