"""A twin that begins at its medium voltage busbar."""

import numpy as np

from viavolta.engines.grid.twin import twin
from viavolta.formats.grids.twin_types import read_twin_types
from viavolta.model.grid import NodeKind
from viavolta.model.grid_twin import Settlement, TwinLevel
from viavolta.services.town.busbar import from_busbar
from viavolta.services.town.place import place_of_twin


def test_the_regulated_transformer_is_cut_and_nobody_is_lost() -> None:
    """The busbar becomes a source at the voltage that was held; all customers stay."""
    made = twin(
        read_twin_types(), settlement=Settlement.RURAL, level=TwinLevel.BOTH, n_households=60
    )
    whole = place_of_twin(made)
    cut = from_busbar(made.grid)
    held = made.grid.regulated_pu[np.isfinite(made.grid.regulated_pu)]
    assert NodeKind.SOURCE in cut.node_kind
    assert cut.nominal_kv.max() < made.grid.nominal_kv.max()
    assert cut.u_ref_pu[cut.is_kind(NodeKind.SOURCE)].tolist() == held[:1].tolist()
    assert not np.isfinite(cut.regulated_pu).any()
    place = whole.in_grid(cut)
    names = [cut.node_id[n] for n in place.node]
    assert names == [made.grid.node_id[n] for n in whole.node]
    assert len(place.home) == 60


def test_a_grid_without_such_a_transformer_stays_as_it_is() -> None:
    """Nothing is cut where a source feeds lines."""
    grid = read_twin_types()["lv-rural1"].grid
    cut = from_busbar(grid)
    assert cut is grid or not np.isfinite(grid.regulated_pu).all()
