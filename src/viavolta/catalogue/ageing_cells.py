"""The cells of the catalogue whose ageing is known: their figures, one mapping per cell.

Keys in ageing.csv: `<cell>.…`, named like the fields of the cell models of engines.energy.ageing.
"""

from viavolta.catalogue.assumptions import Assumptions

SUBJECT = "ageing"
CELLS = ("schmalstieg", "naumann", "xu")
"""Names of the cells: NMC of 2014, LFP of 2018, LMO of 2018."""


def cell_figures(assumptions: Assumptions, cell: str) -> dict[str, float]:
    """All figures of one of CELLS, keys without its name, recorded as used.

    `assumptions` holds SUBJECT.

    Raises
    ------
    KeyError: there is no such cell.
    """
    if cell not in CELLS:
        raise KeyError(cell)
    prefix = f"{SUBJECT}.{cell}."
    return {
        key.removeprefix(prefix): assumptions.number(key)
        for key in assumptions.keys()  # noqa: SIM118 - Assumptions is no mapping
        if key.startswith(prefix)
    }
