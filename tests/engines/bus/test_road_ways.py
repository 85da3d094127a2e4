"""Ways without passengers along the roads: one-way streets, turns, islands, and their bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_streets import graph_of, place, rule, slow_metres, street, street_map

from viavolta.engines.bus.distances import deadhead_table
from viavolta.engines.bus.road_graph import road_graph
from viavolta.engines.bus.road_ways import RoadWays, deadheads_by_road, road_ways
from viavolta.model.geo import great_circle_km

BLOCK = (  # a square of four streets, 400 m round
    street(1, (0, 0), (1, 0)),
    street(2, (1, 0), (1, 1)),
    street(3, (1, 1), (0, 1)),
    street(4, (0, 1), (0, 0)),
)
CROSSING = (  # four arms of 200 m at the middle, and a road round the east and north
    street(1, (-2, 0), (0, 0)),
    street(2, (0, 0), (2, 0)),
    street(3, (0, 0), (0, 2)),
    street(4, (0, 0), (0, -2)),
    street(5, (2, 0), (2, 2), (0, 2)),
)


def ways(graph, *places: tuple[float, float], most_m: float = 60.0) -> RoadWays:
    lat, lon = np.array([place(*one) for one in places]).T
    return road_ways(graph, lat, lon, most_m=most_m, off_road_kmh=10.0)


def test_a_one_way_street_is_driven_one_way() -> None:
    """From the west to the east end 100 m; back 300 m round the block."""
    one_way = (street(1, (0, 0), (1, 0), one_way=True), *BLOCK[1:])
    found = ways(graph_of(*one_way), (0.2, 0), (0.8, 0))
    assert found.distance_km[0, 1] == pytest.approx(0.06, abs=1e-6)
    assert found.distance_km[1, 0] == pytest.approx(0.34, abs=1e-6)
    assert found.free_s[0, 1] == pytest.approx(6.0, abs=1e-3)
    assert found.free_s[1, 0] == pytest.approx(34.0, abs=1e-3)


def test_a_bus_does_not_turn_round_between_two_places_of_one_road() -> None:
    """Where both directions are open, it leaves each place on the lane that leads there."""
    found = ways(graph_of(*BLOCK), (0.2, 0), (0.8, 0))
    np.testing.assert_allclose(found.distance_km[[0, 1], [1, 0]], 0.06, atol=1e-6)


def test_a_forbidden_left_turn_is_driven_round() -> None:
    """400 m by the left turn; without it straight on and round the north-east, 800 m."""
    start, goal = (-2, 0), (0, 2)
    assert ways(graph_of(*CROSSING), start, goal).distance_km[0, 1] == pytest.approx(0.4, abs=1e-6)
    no_left = graph_of(*CROSSING, rules=[rule(1, (0, 0), 3)])
    found = ways(no_left, start, goal)
    assert no_left.n_rules == 1
    assert found.distance_km[0, 1] == pytest.approx(0.8, abs=1e-6)
    assert found.distance_km[1, 0] == pytest.approx(0.4, abs=1e-6)


def test_only_straight_on_forbids_every_other_turn() -> None:
    """South of the crossing nothing else leads: it is reached by turning round at the west end."""
    only = graph_of(*CROSSING, rules=[rule(1, (0, 0), 2, only=True)])
    found = ways(only, (-2, 0), (0, 2), (0, -2))
    assert found.distance_km[0, 1] == pytest.approx(0.8, abs=1e-6)
    assert found.distance_km[0, 2] == pytest.approx(
        1.2, abs=1e-6
    )  # round, then down from the north


def test_several_only_rules_at_one_turn_allow_each_of_their_ways() -> None:
    """Only straight on or left: both, and not right."""
    rules = [rule(1, (0, 0), to, only=True) for to in (2, 3)]
    found = ways(graph_of(*CROSSING, rules=rules), (-2, 0), (2, 0), (0, 2), (0, -2))
    np.testing.assert_allclose(found.distance_km[0, 1:3], 0.4, atol=1e-6)
    assert found.distance_km[0, 3] > 0.4 + 1e-6


def test_a_bus_turns_round_where_the_road_ends_and_not_on_the_road() -> None:
    """To the west of the mouth, where nobody may turn to: over the dead end in the east."""
    town = graph_of(
        street(1, (0, 0), (1, 0)),
        street(2, (1, 0), (4, 0)),
        street(3, (0, 1), (1, 1), (1, 0), one_way=True),
        rules=[rule(3, (1, 0), 1)],
    )
    found = ways(town, (0.5, 1), (0.5, 0))
    assert found.distance_km[0, 1] == pytest.approx(0.15 + 0.3 + 0.3 + 0.05, abs=1e-6)
    assert found.free_s[0, 1] == pytest.approx(80.0 + 60.0, abs=1e-3)


def test_a_bollard_lets_nobody_through() -> None:
    """The straight road is closed in its middle: the way leads round the block."""
    road = (street(1, (0, 0), (1, 0), (2, 0)), street(2, (0, 0), (0, 1), (2, 1), (2, 0)))
    open_road, closed = graph_of(*road), graph_of(*road, closed=[(1, 0)])
    assert ways(open_road, (0.5, 0), (1.5, 0)).distance_km[0, 1] == pytest.approx(0.1, abs=1e-6)
    assert ways(closed, (0.5, 0), (1.5, 0)).distance_km[0, 1] == pytest.approx(0.5, abs=1e-6)


def test_places_off_the_road_and_on_an_island_stay_straight() -> None:
    """No way leads to an island, or to a place far from any road; they keep the straight line."""
    island = graph_of(*BLOCK, street(9, (9, 0), (9, 1)))
    places = [(0.5, 0), (0.5, 1), (9, 0.5), (4, 4)]
    found = ways(island, *places)
    assert found.is_on_road.tolist() == [True, True, True, False]
    assert found.is_known.sum() == 2 + 4  # there and back, and each place to itself
    lat, lon = np.array([place(*one) for one in places]).T
    straight = deadhead_table(lat, lon, detour_factor=1.3, speed_kmh=20.0)
    table = deadheads_by_road(found, straight, time_factor=1.49, speed_kmh=None)
    assert table.distance_km[0, 1] == pytest.approx(0.2, abs=1e-6)
    assert table.duration_s[0, 1] == 30  # 20 s on a free road, and nearly half as much again
    assert table.duration_s[0, 2] == straight.duration_s[0, 2]
    assert table.distance_km[0, 2] == straight.distance_km[0, 2]


def test_a_place_beside_the_road_counts_the_piece_in_between() -> None:
    """50 m beside the road at 10 km/h are 18 s."""
    found = ways(graph_of(*BLOCK), (0.2, -0.5), (0.8, 0))
    assert found.distance_km[0, 1] == pytest.approx(0.11, abs=1e-6)
    assert found.free_s[0, 1] == pytest.approx(18.0 + 6.0, abs=1e-3)


def test_a_yard_cut_off_from_the_network_is_no_way_out() -> None:
    """The nearest road is a stump without a connection: the street behind it is taken."""
    graph = graph_of(*BLOCK, street(9, (0, -1), (1, -1)), street(8, (1, 1), (5, 1)))
    found = ways(graph, (0.5, -0.9), (0.5, 1), most_m=150.0)
    assert np.isfinite(found.free_s).all()


def test_a_speed_given_by_the_user_holds_on_every_way() -> None:
    """The length along the road, at that speed."""
    found = ways(graph_of(*BLOCK), (0.2, 0), (0.8, 1))
    lat, lon = np.array([place(0.2, 0), place(0.8, 1)]).T
    straight = deadhead_table(lat, lon, detour_factor=1.0, speed_kmh=20.0)
    table = deadheads_by_road(found, straight, time_factor=3.0, speed_kmh=18.1)
    assert table.duration_s[0, 1] == 40  # 200 m at 5.03 m/s
    fast = deadheads_by_road(found, straight, time_factor=0.1, speed_kmh=None)
    assert fast.duration_s[0, 1] == 12  # nobody is faster than 60 km/h


@st.composite
def towns(draw: st.DrawFn):
    """A grid of streets of one step each, some one-way, some missing, with rules of turns."""
    n = 3
    pairs = [((i, j), (i + 1, j)) for i in range(n - 1) for j in range(n)]
    pairs += [((i, j), (i, j + 1)) for i in range(n) for j in range(n - 1)]
    streets = []
    for number, (a, b) in enumerate(pairs, start=1):
        kind = draw(st.sampled_from(["both", "both", "along", "against", "none"]))
        if kind != "none":
            ends = (b, a) if kind == "against" else (a, b)
            streets.append(street(number, *ends, one_way=kind != "both"))
    if not streets:
        streets.append(street(1, (0, 0), (1, 0)))
    ids = [one.id for one in streets]
    rules = [
        rule(
            draw(st.sampled_from(ids)),
            (draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))),
            draw(st.sampled_from(ids)),
            only=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    known = {node for one in streets for node in one.nodes}
    return street_map(*streets, rules=[one for one in rules if one.via_node in known])


@settings(max_examples=60, deadline=None)
@given(town=towns(), turns=st.booleans())
def test_ways_equal_a_slow_search_and_keep_the_rules_of_the_check(town, turns) -> None:
    """Lengths are those of an obvious search; nothing is shorter than the crow flies."""
    graph = road_graph(town, max_kmh=60.0, turn_round_s=1e-6 if turns else 1e6)
    ends = sorted({n for one in town.streets for n in one.nodes})
    lat, lon = np.array([town.location[n] for n in ends]).T
    found = road_ways(graph, lat, lon, most_m=1.0, off_road_kmh=10.0)
    for i, a in enumerate(ends):
        for j, b in enumerate(ends):
            slow = slow_metres(town, a, b, may_turn_round=turns)
            fast = 1000.0 * found.distance_km[i, j] if found.free_s[i, j] < 1e5 else np.inf
            if len(set(graph.component.tolist())) == 1:
                assert fast == pytest.approx(slow, abs=1e-2)
            else:  # places lie on the main network alone
                assert fast >= slow - 1e-2
    straight = deadhead_table(lat, lon, detour_factor=1.3, speed_kmh=20.0)
    table = deadheads_by_road(found, straight, time_factor=1.2, speed_kmh=None)
    crow_km = great_circle_km(lat[:, None], lon[:, None], lat, lon)
    assert (table.distance_km >= crow_km - 1e-9).all()
    assert (table.duration_s >= np.floor(table.distance_km * 60.0 - 1e-6)).all()
    over = (table.duration_s[:, :, None] + table.duration_s[None]).min(axis=1)
    assert (table.duration_s <= over).all()
