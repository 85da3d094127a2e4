"""The sea lies to the right of every shore, within the box, without the islands."""

import math

import pytest

from viavolta.formats.coastline import Line, joined, sea_areas, signed_area

BOX = (0.0, 0.0, 10.0, 10.0)


def area(ring: Line) -> float:
    return abs(signed_area(ring)) / 2


def sea(shores: list[Line]) -> float:
    """The area of all sea without islands."""
    found = sea_areas(shores, BOX)
    return sum(area(a.outer) - sum(area(i) for i in a.islands) for a in found)


@pytest.mark.parametrize(
    ("shores", "expected"),
    [
        ([[(-1.0, 4.0), (11.0, 4.0)]], 40.0),  # land in the north
        ([[(11.0, 4.0), (-1.0, 4.0)]], 60.0),  # land in the south
        ([[(4.0, -1.0), (4.0, 11.0)]], 60.0),  # land in the west
        ([[(-1.0, 4.0), (5.0, 4.0)], [(5.0, 4.0), (11.0, 4.0)]], 40.0),  # two ways of one shore
        ([[(2.0, 4.0), (8.0, 4.0)]], 40.0),  # cut off within the box
        ([[(-1.0, 3.0), (11.0, 3.0)], [(11.0, 7.0), (-1.0, 7.0)]], 60.0),  # two shores, two seas
        ([[(-1.0, 7.0), (11.0, 7.0)], [(11.0, 3.0), (-1.0, 3.0)]], 40.0),  # a strait
        ([], 0.0),
        ([[(20.0, 20.0), (30.0, 20.0)]], 0.0),  # somewhere else
    ],
)
def test_the_sea_lies_to_the_right(shores: list[Line], expected: float) -> None:
    """Areas by hand."""
    assert sea(shores) == pytest.approx(expected)


def test_islands_are_left_out() -> None:
    """An island alone makes all of the box sea but itself; a lagoon in it is water again."""
    island = [(2.0, 2.0), (6.0, 2.0), (6.0, 6.0), (2.0, 6.0), (2.0, 2.0)]
    assert sea([island]) == pytest.approx(84.0)
    assert sea([[(-1.0, 8.0), (11.0, 8.0)], island]) == pytest.approx(64.0)
    lake = [(3.0, 3.0), (3.0, 4.0), (4.0, 4.0), (4.0, 3.0), (3.0, 3.0)]
    assert sea([lake]) == pytest.approx(1.0)


def test_a_round_bay_keeps_its_area() -> None:
    """Half a disc of land in the south leaves the rest of the box."""
    arc = [(5 - 4 * math.cos(a), 4 * math.sin(a)) for a in (math.pi * i / 64 for i in range(65))]
    shore = [(-1.0, 0.0), *arc, (11.0, 0.0)]
    land = area([*arc, arc[0]])
    assert sea([shore[::-1]]) == pytest.approx(100 - land, rel=1e-6)


def test_rings_and_lines_are_joined_once() -> None:
    """Each way is used once, whatever the order."""
    ring = [[(0.0, 0.0), (1.0, 0.0)], [(1.0, 1.0), (0.0, 0.0)], [(1.0, 0.0), (1.0, 1.0)]]
    assert [len(chain) for chain in joined(ring)] == [4]
    assert joined([[(0.0, 0.0), (1.0, 1.0)]]) == [[(0.0, 0.0), (1.0, 1.0)]]
