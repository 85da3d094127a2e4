"""The tree of limits that a grid makes."""

import numpy as np
from tiny_town import tiny_grid

from viavolta.services.town.areas import areas_of, members
from viavolta.services.town.managed import reaches
from viavolta.services.town.place import place_of


def test_transformers_and_heads_of_feeders_are_areas() -> None:
    """One area for the town, the line, each station and each of its feeders."""
    grid = tiny_grid(n_stations=2, n_feeders=2, n_homes=3)
    areas = areas_of(grid, town="Hilltown")
    assert areas.name[0] == "Hilltown"
    assert set(areas.name[1:]) == {
        "line0",
        "station0",
        "station1",
        *(f"cable{s}-{f}-0" for s in range(2) for f in range(2)),
    }
    row = {name: n for n, name in enumerate(areas.name)}
    assert areas.parent[row["cable1-0-0"]] == row["station1"]
    assert areas.parent[row["station1"]] == row["line0"]
    assert areas.parent[row["line0"]] == 0
    np.testing.assert_allclose(areas.capacity_kva[row["station0"]], 100.0)
    np.testing.assert_allclose(areas.capacity_kva[row["cable0-1-0"]], np.sqrt(3) * 0.4 * 150)


def test_parents_come_first() -> None:
    """Rows of the tree are in order from the source outward."""
    areas = areas_of(tiny_grid(n_stations=3), town="T")
    assert (areas.parent[1:] < np.arange(1, areas.n_areas)).all()


def test_every_connection_hangs_on_one_area_and_on_all_above() -> None:
    """Who lies in an area lies in the areas above it too."""
    grid = tiny_grid(n_stations=2, n_feeders=2, n_homes=3)
    place = place_of(grid, n_households=24, household_kwh=3200.0)
    areas = areas_of(grid, town="T")
    directly = members(areas, place)
    assert (directly.sum(axis=0) == 1).all()
    reach = reaches(areas, directly)
    row = {name: n for n, name in enumerate(areas.name)}
    assert reach[0].sum() == 12
    assert reach[row["station1"]].sum() == 6
    assert reach[row["cable0-1-0"]].sum() == 3


def test_a_thin_cable_on_the_way_is_an_area() -> None:
    """A branch that bears less than what lies above it limits what is behind."""
    grid = tiny_grid(n_stations=1, n_feeders=1, n_homes=3)
    max_a = grid.max_a.copy()
    max_a[grid.branch_id.index("cable0-0-1")] = 60.0
    thin = type(grid)(
        **{f: getattr(grid, f) for f in grid.__dataclass_fields__ if f != "max_a"}, max_a=max_a
    )
    areas = areas_of(thin, town="T")
    row = {name: n for n, name in enumerate(areas.name)}
    assert areas.parent[row["cable0-0-1"]] == row["cable0-0-0"]
    assert areas.of_node[thin.node_id.index("home0-0-2")] == row["cable0-0-1"]
