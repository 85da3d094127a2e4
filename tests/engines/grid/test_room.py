"""What nodes take on top of a base load: by hand, monotone, and shared among several."""

import sys
from pathlib import Path

import numpy as np
import pytest

from viavolta.engines.grid.flow import prepare
from viavolta.engines.grid.room import LOST, MOST_KW, Ceiling, room_of, shared_kw
from viavolta.model.grid import BranchKind, Grid

HERE = Path(__file__).parent / "assess"
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))

from assess_grids import make_grid  # noqa: E402 - found by the path above

CABLE = BranchKind.CABLE


def star(n: int = 3, **more: object) -> Grid:
    """A source of 20 kV, one cable to a busbar, and n nodes behind a cable each."""
    ends = [(0, 1), *((1, 2 + k) for k in range(n))]
    return make_grid([20.0] * (n + 2), ends, kinds=[CABLE] * (n + 1), **more)


def ceiling(grid: Grid, base_kw: list[float] | None = None, **more: float) -> Ceiling:
    """Limits of 0.9 to 1.1 pu and the ratings."""
    return Ceiling(
        prepare(grid),
        np.zeros(grid.n_nodes) if base_kw is None else np.array(base_kw),
        np.zeros(grid.n_nodes),
        low_pu=np.full(grid.n_nodes, more.get("low_pu", 0.9)),
        high_pu=np.full(grid.n_nodes, 1.1),
        load_share=np.ones(grid.n_branches),
    )


def test_a_node_takes_what_its_cable_carries() -> None:
    """270 A at 20 kV are 9,353 kVA, less the charging current; one kW more breaks the cable."""
    limits = ceiling(star())
    node, kw = np.array([2]), np.zeros(1)
    room = room_of(limits, node, kw, 0)
    assert room.kw == pytest.approx(np.sqrt(3) * 20 * 270, rel=0.003)
    assert room.binds in {"b0", "b1"}
    assert limits.breaks(node, np.array([float(room.kw)])) is None
    assert limits.breaks(node, np.array([room.kw + 1.0])) == room.binds


def test_base_load_takes_room_away() -> None:
    """Two megawatts at the busbar leave two less for a node."""
    free = room_of(ceiling(star()), np.array([2]), np.zeros(1), 0).kw
    less = room_of(ceiling(star(), [0, 2000, 0, 0, 0]), np.array([2]), np.zeros(1), 0).kw
    assert free - less == pytest.approx(2000, abs=10)


def test_what_the_base_load_breaks_alone_may_not_get_worse() -> None:
    """An overloaded cable elsewhere does not close a node that it does not feed."""
    grid = star(max_a=np.array([1000.0, 270, 270, 270]))
    broken = ceiling(grid, [0, 0, 12000, 0, 0])
    node = np.array([2, 3])
    assert room_of(broken, node, np.zeros(2), 0).kw < 20
    assert room_of(broken, node, np.zeros(2), 1).kw > 5000


def test_no_power_flow_is_no_room() -> None:
    """Where the base load has no solution nothing fits."""
    lost = ceiling(star(), [0, 0, 1e9, 0, 0])
    room = room_of(lost, np.array([3]), np.zeros(1), 0)
    assert (room.kw, room.binds) == (0, LOST)


def test_depots_share_what_binds_them_and_others_go_on() -> None:
    """Two depots behind one weak cable get the same share; the third gets all it asks for."""
    ends = [(0, 1), (1, 2), (1, 3), (0, 4)]
    grid = make_grid([20.0] * 5, ends, kinds=[CABLE] * 4)
    limits = ceiling(grid)
    node, asked = np.array([2, 3, 4]), np.array([9000.0, 3000.0, 9000.0])
    given, binds = shared_kw(limits, node, asked)
    assert given[2] == 9000
    assert given[0] / given[1] == pytest.approx(3, rel=0.01)
    assert given[0] + given[1] == pytest.approx(9350, rel=0.01)
    assert binds == ("b0", "b0", "")
    assert limits.breaks(node, given.astype(float)) is None


def test_depots_at_one_node_add_up() -> None:
    """Two depots at the same node share its room."""
    limits = ceiling(star())
    node = np.array([2, 2])
    given, _ = shared_kw(limits, node, np.array([8000.0, 8000.0]))
    assert given[0] == given[1]
    assert given.sum() == pytest.approx(room_of(limits, node, np.zeros(2), 0).kw, rel=0.01)


def test_adding_load_never_gives_room() -> None:
    """The more others draw, the less is left."""
    limits, node = ceiling(star()), np.array([2, 3])
    rooms = [room_of(limits, node, np.array([0.0, kw]), 0).kw for kw in (0, 1000, 4000, 9000)]
    assert rooms == sorted(rooms, reverse=True)


def test_a_node_without_any_limit_has_the_most_that_is_asked() -> None:
    """A node at a source that holds its voltage, by a cable without rating."""
    grid = make_grid(
        [20.0, 20.0], [(0, 1)], kinds=[CABLE], max_a=np.inf, r_ohm=1e-6, x_ohm=1e-6, c_nf=0.0
    )
    room = room_of(ceiling(grid), np.array([1]), np.zeros(1), 0)
    assert (room.kw, room.binds) == (MOST_KW, "")
