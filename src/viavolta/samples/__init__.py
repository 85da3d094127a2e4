"""Data of the demo: small, licensed and credited (CREDITS.md beside each city).

`monaco_osm` and `monaco_elevation` give the files, `monaco` what the demo assumes beyond them;
`profiles` holds load and sun over a year, `grid_twins` typical grids. May import model only.
"""

from viavolta.samples.monaco import City, monaco, monaco_elevation, monaco_osm

__all__ = ["City", "monaco", "monaco_elevation", "monaco_osm"]
