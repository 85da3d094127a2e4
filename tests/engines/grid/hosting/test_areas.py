"""Feeders and transformers of a grid, and who lies below."""

from dataclasses import replace

import numpy as np
from hosting_grids import street

from viavolta.engines.grid.hosting.areas import areas_of
from viavolta.model.grid import BranchKind, NodeKind


def test_a_street_has_a_transformer_and_two_feeders() -> None:
    """Named after the branches at which they begin; the bus belongs to the grid."""
    grid = street()
    areas = areas_of(grid)
    assert areas.area_id == ("grid", "transformer", "to-a1", "to-b1")
    assert areas.kind == ("grid", "transformer", "feeder", "feeder")
    below = [{grid.node_id[n] for n in np.flatnonzero(row)} for row in areas.is_below]
    assert below[1] == {"bar", "a1", "a2", "a3", "b1", "b2"}
    assert below[2] == {"a1", "a2", "a3"}
    assert areas.node_area.tolist() == [0, 0, 2, 2, 2, 3, 3]
    assert [grid.node_id[n] for n in areas.bus[1:]] == ["bar", "bar", "bar"]
    of = dict(zip(grid.branch_id, areas.branch_area.tolist(), strict=True))
    assert of == {"transformer": 1, "to-a1": 2, "to-a2": 2, "to-a3": 2, "to-b1": 3, "to-b2": 3}


def test_a_switch_at_the_bus_makes_no_feeder() -> None:
    """What it joins to the bus is bus."""
    grid = street()
    kinds = tuple(
        BranchKind.SWITCH if name == "to-b1" else kind
        for name, kind in zip(grid.branch_id, grid.branch_kind, strict=True)
    )
    is_switch = np.array([kind is BranchKind.SWITCH for kind in kinds])
    grid = replace(
        grid,
        branch_kind=kinds,
        r_ohm=np.where(is_switch, 0.0, grid.r_ohm),
        x_ohm=np.where(is_switch, 0.0, grid.x_ohm),
    )
    areas = areas_of(grid)
    assert areas.area_id == ("grid", "transformer", "to-a1", "to-b2")
    assert areas.node_area[grid.node_id.index("b1")] == 0


def test_a_grid_without_transformer_has_feeders_at_its_source() -> None:
    """Low voltage alone: the source is the bus."""
    grid = street()
    keep = np.array([name != "transformer" for name in grid.branch_id])
    fields = {
        name: getattr(grid, name)[keep]
        for name in grid.__slots__
        if isinstance(getattr(grid, name), np.ndarray) and len(getattr(grid, name)) == len(keep)
    }
    names = {
        name: tuple(one for one, kept in zip(getattr(grid, name), keep, strict=True) if kept)
        for name in ("branch_id", "branch_kind", "vector_group")
    }
    kinds = tuple(
        NodeKind.SOURCE if name == "bar" else kind
        for name, kind in zip(grid.node_id, grid.node_kind, strict=True)
    )
    areas = areas_of(replace(grid, node_kind=kinds, **fields, **names))
    assert areas.area_id == ("grid", "to-a1", "to-b1")
