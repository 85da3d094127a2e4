"""Grids and their loads as files: read with every bad cell found in one run, and written.

`read_grid` takes a plain CSV pair (nodes.csv and branches.csv), a pandapower JSON, a SimBench CSV
folder or a power-grid-model JSON and says which repairs and warnings came of it. `read_loads` reads
`--loads`. `write_grid` writes the plain CSV pair. May import model and the other formats.
"""

from viavolta.formats.grids.loads import read_loads
from viavolta.formats.grids.read import read_grid
from viavolta.formats.grids.write import write_grid

__all__ = ["read_grid", "read_loads", "write_grid"]
