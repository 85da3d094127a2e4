"""Typical grids of low and medium voltage, stripped from SimBench (CREDITS.md beside it; ODbL).

A folder for each: nodes.csv, branches.csv and customers.csv. `twin_folders` gives them;
`formats.grids.twin_types` reads them. May import model only.
"""

from importlib import resources
from pathlib import Path

TWIN_NAMES = (
    *("lv-urban6", "lv-semiurb4", "lv-semiurb5", "lv-rural1", "lv-rural2", "lv-rural3"),
    *("mv-urban", "mv-semiurb", "mv-rural"),
)
"""Typical grids, low voltage first."""


def twin_folders() -> dict[str, Path]:
    """Folder of each typical grid by its name."""
    root = resources.files("viavolta.samples.grid_twins")
    return {name: Path(str(root.joinpath(name))) for name in TWIN_NAMES}
