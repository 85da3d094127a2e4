"""Grids and their loads as files: read with every bad cell found in one run, and written.

`read_grid` takes a plain CSV pair (nodes.csv and branches.csv), a pandapower JSON, a SimBench CSV
folder or a power-grid-model JSON and says which repairs and warnings came of it. `read_loads` reads
`--loads`, `read_default_loads` the loads that a grid file brings along. `write_grid` writes the
plain CSV pair; `twin_types` reads the shipped typical grids. May import model, samples and the
other formats.
"""

from viavolta.formats.grids.default_loads import DefaultLoads, read_default_loads
from viavolta.formats.grids.loads import read_loads
from viavolta.formats.grids.read import read_grid
from viavolta.formats.grids.write import write_grid

__all__ = ["DefaultLoads", "read_default_loads", "read_grid", "read_loads", "write_grid"]
