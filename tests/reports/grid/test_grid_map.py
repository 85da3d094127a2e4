"""The picture of the grid: marks, places, schematic, low voltage gathered."""

import dataclasses
from collections.abc import Callable

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.grid.facts import facts_of
from viavolta.reports.grid.layout import layout_of
from viavolta.reports.grid.map import alt, draw
from viavolta.reports.grid.network import MOST_DRAWN, Network, network_of


def network(study: Study, strategy: str = "unmanaged") -> Network:
    found = network_of(facts_of(study), strategy)
    assert found is not None
    return found


def test_every_element_is_drawn_with_what_is_wrong(town: Study) -> None:
    """Marks count as the tables do: triangles for low voltage, the widest lines for overloads."""
    grid = network(town)
    shown = (pl.col("strategy") == "unmanaged") & (pl.col("ev_share") == 1.0)
    low = town.tables["voltages"].filter(shown & (pl.col("hours_outside") > 0))
    over = town.tables["loadings"].filter(shown & (pl.col("max_percent") > 100))
    assert sum(spot.low for spot in grid.spots) == low.height
    drawn = draw(grid, size=None, width=760, height=620)
    assert drawn.count("var(--r0)") == low.height
    assert drawn.count('stroke="var(--r1)"') == over.height
    assert f"{over.height} branches above their rating" in alt(grid)


def test_low_voltage_behind_a_transformer_is_one_mark(
    make_grid_study: Callable[..., Study],
) -> None:
    """A large grid is drawn by its medium voltage; nothing that is wrong gets lost."""
    study = make_grid_study(n_feeders=4, length=10, n_low=9)
    assert study.tables["nodes"].height > MOST_DRAWN
    grid = network(study)
    assert grid.is_gathered
    assert len(grid.spots) == 1 + 40 + 40
    assert sum(spot.n_nodes for spot in grid.spots) == grid.n_nodes == study.tables["nodes"].height
    own = study.tables["voltages"].filter(pl.col("strategy") == "unmanaged")
    assert min(s.min_pu or 1 for s in grid.spots) == own["min_pu"].min()
    loads = study.tables["loadings"].filter(pl.col("strategy") == "unmanaged")
    fullest = [s.loading for s in grid.spots] + [link.percent for link in grid.links]
    assert max(p for p in fullest if p is not None) == loads["max_percent"].max()


def test_without_coordinates_the_grid_is_a_tree(make_grid_study: Callable[..., Study]) -> None:
    """The source is leftmost, each branch leads to the right, no two nodes share a place."""
    grid = network(make_grid_study(placed=False))
    plan = layout_of(grid, width=760, height=620)
    assert plan.view is None
    source = next(i for i, s in enumerate(grid.spots) if s.kind == "source")
    assert plan.xy[source][0] == min(x for x, _ in plan.xy)
    assert all(plan.xy[k.start][0] < plan.xy[k.end][0] for k in grid.links)
    assert len(set(plan.xy)) == len(grid.spots)
    assert all(0 <= x <= plan.width and 0 <= y <= plan.height for x, y in plan.xy)


def test_one_missing_coordinate_makes_a_schematic(town: Study) -> None:
    """A node that cannot be placed is not put just anywhere."""
    nodes = town.tables["nodes"].with_row_index("i")
    holed = nodes.with_columns(lat=pl.when(pl.col("i") != 3).then("lat")).drop("i")
    assert network(town).is_placed
    assert not network(_with(town, nodes=holed)).is_placed


@pytest.mark.parametrize("closed", [True, False])
def test_islands_and_rings_are_drawn(town: Study, *, closed: bool) -> None:
    """A branch that closes a ring or is open, and nodes no branch reaches, break nothing."""
    more = pl.DataFrame(
        {
            "branch_id": ["ring"],
            "kind": ["cable"],
            "from_node": ["N0-7"],
            "to_node": ["N1-7"],
            "length_km": [1.0],
        }
    )
    branches = pl.concat([town.tables["branches"], more]).with_columns(
        is_closed=pl.when(pl.col("branch_id") == "ring")
        .then(pl.lit(closed))
        .otherwise(pl.lit(True))
    )
    alone = town.tables["nodes"].head(1).with_columns(node_id=pl.lit("alone"), kind=pl.lit("joint"))
    nodes = pl.concat([town.tables["nodes"], alone]).with_columns(lat=None)
    grid = network(_with(town, nodes=nodes, branches=branches))
    assert len(layout_of(grid, width=340, height=460).xy) == nodes.height
    assert ('stroke-dasharray="2 4"' in draw(grid, size=None, width=340, height=460)) is not closed


def _with(study: Study, **tables: pl.DataFrame) -> Study:
    return dataclasses.replace(study, tables={**study.tables, **tables})
