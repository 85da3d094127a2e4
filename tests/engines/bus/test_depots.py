"""Depots that are proposed: near where the day's work begins and ends, and always the same."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.bus.depots import peak_vehicles, propose_depots
from viavolta.model.errors import NoSolutionError, UsageError
from viavolta.model.geo import great_circle_km
from viavolta.model.trip import DistanceSource, PlaceTable, TripTable

DEGREE = 1 / 111_195.08


def _places(points, names=None):
    names = names or [f"Place {k}" for k in range(len(points))]
    return PlaceTable(
        place_id=tuple(f"p{k}" for k in range(len(points))),
        name=tuple(names),
        lat=np.array([north * DEGREE for _, north in points]),
        lon=np.array([east * DEGREE for east, _ in points]),
        is_terminal=np.ones(len(points), dtype=np.bool_),
        merged_stop_ids=tuple((f"p{k}",) for k in range(len(points))),
    )


def _trips(rows):
    """Rows (from place, to place, start_s, end_s)."""
    columns = np.array(rows, dtype=np.int32).reshape(-1, 4)
    n = len(columns)
    return TripTable(
        trip_id=tuple(f"t{k}" for k in range(n)),
        route_id=("r",) * n,
        route_name=("r",) * n,
        from_place=columns[:, 0],
        to_place=columns[:, 1],
        start_s=columns[:, 2],
        end_s=columns[:, 3],
        distance_km=np.ones(n),
        distance_source=(DistanceSource.SHAPE,) * n,
        climb_m=np.full(n, np.nan),
        descent_m=np.full(n, np.nan),
        n_stops=np.full(n, 5, dtype=np.int32),
    )


def test_the_depot_lies_where_buses_begin_and_end():
    """Ten buses begin and end at place 0, one at place 1; place 2 is only passed through at midday.

    At place 2 each arrival leaves again at once, so nobody begins or ends the day there.
    """
    places = _places([(0, 0), (9000, 0), (4500, 3000)])
    rows = [(0, 2, 100 * k, 100 * k + 2000) for k in range(10)]
    rows += [(2, 0, 100 * k + 2000, 100 * k + 4000) for k in range(10)]
    rows += [(1, 1, 0, 4000)]
    result = propose_depots(places, _trips(rows), n_depots=1)
    assert result.place == (0,)
    assert result.depots == (("Depot Place 0", 0.0, 0.0),)
    assert "as asked for" in result.reason


def test_two_depots_share_two_ends_of_a_city():
    """Two clusters of terminals get one depot each, the busier one first."""
    places = _places([(0, 0), (500, 0), (20_000, 0), (20_500, 0)])
    rows = [(0, 1, 0, 1800)] * 3 + [(2, 3, 0, 1800)] * 5
    result = propose_depots(places, _trips(rows), n_depots=2)
    assert {place // 2 for place in result.place} == {0, 1}
    assert result.place[0] // 2 == 1


@pytest.mark.parametrize(("n_buses", "limit", "expected"), [(40, 4, 1), (460, 4, 3), (460, 2, 2)])
def test_the_number_follows_the_fleet(n_buses, limit, expected):
    """About one depot per 150 buses out at once, at least one, at most what the caller allows."""
    places = _places([(1000 * k, 0) for k in range(6)])
    rows = [(k % 6, (k + 1) % 6, 0, 3600) for k in range(n_buses)]
    result = propose_depots(places, _trips(rows), max_depots=limit)
    assert len(result.depots) == expected
    assert str(n_buses) in result.reason


def test_depots_of_one_name_are_told_apart():
    """Two terminals called alike give two names."""
    places = _places([(0, 0), (20_000, 0)], names=["Station", "Station"])
    rows = [(0, 0, 0, 1800), (1, 1, 0, 1800)]
    names = [name for name, _, _ in propose_depots(places, _trips(rows), n_depots=2).depots]
    assert sorted(names) == ["Depot Station (p0)", "Depot Station (p1)"]


@pytest.mark.parametrize("n_depots", [0, -1, 3])
def test_an_impossible_number_of_depots_is_refused(n_depots):
    """Fewer than one or more than there are terminals is a usage error that says the range."""
    with pytest.raises(UsageError) as caught:
        propose_depots(_places([(0, 0), (9, 9)]), _trips([(0, 1, 0, 60)]), n_depots=n_depots)
    assert caught.value.code == "depot-count-out-of-range"
    assert "1 to 2" in caught.value.expected


def test_a_day_without_trips_has_no_depot():
    """No trips: no solution, with a hint, not an arbitrary place."""
    with pytest.raises(NoSolutionError):
        propose_depots(_places([(0, 0)]), _trips([]))


def test_trips_that_touch_do_not_run_at_once():
    """A trip that begins when another ends needs no second bus: [start, end)."""
    assert peak_vehicles(_trips([(0, 1, 0, 600), (1, 0, 600, 1200), (0, 1, 900, 1000)])) == 2


_trip = st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 5000), st.integers(1, 3000))


@settings(max_examples=80, deadline=None)
@given(
    points=st.lists(
        st.tuples(st.integers(0, 9000), st.integers(0, 9000)), min_size=8, max_size=8, unique=True
    ),
    drawn=st.lists(_trip, min_size=1, max_size=25),
    n_depots=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_proposals_are_near_the_best_and_do_not_depend_on_the_order(points, drawn, n_depots, seed):
    """Never worse than 5 times the best choice (Arya et al. 2004: single exchanges), one: the best.

    Weights come from a slow twin: buses that must begin and end at each terminal, minute by minute.
    """
    rows = [(a, b, start, start + length) for a, b, start, length in drawn]
    terminals = sorted({row[0] for row in rows} | {row[1] for row in rows})
    n_depots = min(n_depots, len(terminals))
    places = _places(points)
    result = propose_depots(places, _trips(rows), n_depots=n_depots)
    shuffled = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))]
    assert propose_depots(places, _trips(shuffled), n_depots=n_depots) == result
    km = great_circle_km(places.lat[:, None], places.lon[:, None], places.lat, places.lon)

    def pulls(place):
        out = [start for a, _, start, _ in rows if a == place]
        back = [end for _, b, _, end in rows if b == place]
        begin = max([sum(s <= t for s in out) - sum(e <= t for e in back) for t in out], default=0)
        return max(begin, 0) * 2 + len(back) - len(out)

    def cost(depots):
        return sum(pulls(place) * km[place, list(depots)].min() for place in terminals)

    best = min(cost(choice) for choice in combinations(terminals, n_depots))
    limit = 1.0 if n_depots == 1 else 5.0
    assert cost(result.place) <= limit * best + 1e-9
