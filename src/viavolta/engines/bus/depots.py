"""Depots proposed where the user names none: a stated assumption, never a finding."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.errors import NoSolutionError, UsageError, Where
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text
from viavolta.model.trip import Floats, PlaceTable, TripTable

VEHICLES_PER_DEPOT = 150
"""Buses of one depot: city depots mostly hold 100 to 200 (assumption, general knowledge)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedDepots:
    """Proposed depots, each at an existing terminal.

    Attributes
    ----------
    depots
        Name, latitude and longitude of each, the one with most pull-outs and pull-ins first.
    place
        Row of the terminal each lies at.
    reason
        How they were found, for the report.
    """

    depots: tuple[tuple[str, float, float], ...]
    place: tuple[int, ...]
    reason: str


def propose_depots(
    places: PlaceTable,
    trips: TripTable,
    *,
    n_depots: int | None = None,
    max_depots: int | None = None,
    km_worth_a_depot: float | None = None,
) -> ProposedDepots:
    """Propose depots where the day's pull-outs and pull-ins are near.

    The weight of a terminal is the number of buses that must at least begin or end their day there:
    begin, the highest excess of departures over arrivals at any time of the day (the deficit
    function of Linis and Maksim 1967; Ceder, Public Transit Planning and Operation, 2007); end,
    begin plus arrivals minus departures of the day. The depots are the terminals that make the
    weighted sum of great circles to the nearest depot small (k-median: greedy, then exchanges while
    one helps; Teitz and Bart 1968).

    Parameters
    ----------
    n_depots
        By default one per VEHICLES_PER_DEPOT buses out at the busiest moment, at least one.
    max_depots
        Most depots of the default rule; without effect where `n_depots` is given.
    km_worth_a_depot
        Beyond the default rule, another depot is proposed as long as it takes this many kilometres
        a day off the ways out and back (great circles); never where it is not given.

    Raises
    ------
    UsageError
        `depot-count-out-of-range`: fewer than one depot, or more than there are terminals.
    NoSolutionError
        `no-trips`: a day without trips needs no depot.
    """
    if len(trips) == 0:
        raise NoSolutionError(
            code="no-trips",
            message=text("a day without trips needs no depot"),
            hint=text("choose another service day with --date"),
        )
    weight = _pull_weights(trips, len(places))
    terminals = np.flatnonzero(
        np.bincount(np.concatenate([trips.from_place, trips.to_place]), minlength=len(places))
    )
    peak = peak_vehicles(trips)
    wanted = n_depots
    most = len(terminals) if max_depots is None else min(max_depots, len(terminals))
    if wanted is None:
        wanted = max(1, min(round(peak / VEHICLES_PER_DEPOT), most))
    if not 1 <= wanted <= len(terminals):
        raise _out_of_range(wanted, len(terminals))
    lat, lon = places.lat[terminals], places.lon[terminals]
    cost = weight[terminals][:, None] * great_circle_km(lat[:, None], lon[:, None], lat, lon)
    chosen = _k_median(cost, wanted)
    if n_depots is None and km_worth_a_depot is not None:
        chosen = _while_it_pays(cost, chosen, most=most, km_worth_a_depot=km_worth_a_depot)
        wanted = len(chosen)
    served = np.argmin(cost[:, chosen], axis=1)
    load = np.bincount(served, weights=weight[terminals], minlength=wanted)
    chosen = [c for _, c in sorted(zip((-load).tolist(), chosen, strict=True))]
    rows = [int(terminals[c]) for c in chosen]
    return ProposedDepots(
        depots=tuple(
            (name, float(places.lat[row]), float(places.lon[row]))
            for name, row in zip(_names(places, rows), rows, strict=True)
        ),
        place=tuple(rows),
        reason=_reason(wanted, peak, n_depots),
    )


def peak_vehicles(trips: TripTable) -> int:
    """Count the trips under way at the busiest moment of the day; [start, end)."""
    times = np.concatenate([trips.start_s, trips.end_s])
    change = np.concatenate([np.ones(len(trips)), -np.ones(len(trips))])
    return int(np.cumsum(change[np.lexsort((change, times))]).max(initial=0.0))


def _pull_weights(trips: TripTable, n_places: int) -> Floats:
    """Buses that begin or end the day at each place, by its deficit function; (P,)."""
    place = np.concatenate([trips.from_place, trips.to_place])
    times = np.concatenate([trips.start_s, trips.end_s])
    change = np.concatenate([np.ones(len(trips)), -np.ones(len(trips))])
    order = np.lexsort((change, times, place))
    place, change = place[order], change[order]
    running = np.cumsum(change)
    first = np.flatnonzero(np.diff(place, prepend=-1))
    before = (running - change)[first]
    deficit = np.zeros(n_places)
    deficit[place[first]] = np.maximum(np.maximum.reduceat(running, first) - before, 0.0)
    balance = np.bincount(place, weights=change, minlength=n_places)
    return 2.0 * deficit - balance


def _k_median(cost: Floats, n_depots: int) -> list[int]:
    """Choose columns of `cost` (terminals, terminals) whose row minima add up to little."""
    chosen: list[int] = []
    nearest = np.full(len(cost), np.inf)
    for _ in range(n_depots):
        total = np.minimum(nearest[:, None], cost).sum(axis=0)
        total[chosen] = np.inf
        chosen.append(int(np.argmin(total)))
        nearest = np.minimum(nearest, cost[:, chosen[-1]])
    best = float(nearest.sum())
    improved = True
    while improved:
        improved = False
        for k in range(n_depots):
            kept = chosen[:k] + chosen[k + 1 :]
            nearest = cost[:, kept].min(axis=1, initial=np.inf)
            total = np.minimum(nearest[:, None], cost).sum(axis=0)
            total[kept] = np.inf
            candidate = int(np.argmin(total))
            if total[candidate] < best * (1.0 - 1e-9):
                chosen[k], best, improved = candidate, float(total[candidate]), True
    return chosen


def _while_it_pays(
    cost: Floats, chosen: list[int], *, most: int, km_worth_a_depot: float
) -> list[int]:
    """Add depots as long as each shortens the ways by enough."""
    while len(chosen) < most:
        more = _k_median(cost, len(chosen) + 1)
        saved = cost[:, chosen].min(axis=1).sum() - cost[:, more].min(axis=1).sum()
        if saved < km_worth_a_depot:
            break
        chosen = more
    return chosen


def _out_of_range(wanted: int, n_terminals: int) -> UsageError:
    return UsageError(
        code="depot-count-out-of-range",
        message=text("there cannot be so many depots"),
        where=Where(field="n_depots", value=str(wanted)),
        expected=text("1 to {n}, the number of terminals", n=n_terminals),
    )


def _names(places: PlaceTable, rows: list[int]) -> list[str]:
    """Name each depot after its terminal; where two would be the same, add the place's id."""
    names = [places.name[row] for row in rows]
    return [
        text("Depot {name}", name=name)
        if names.count(name) == 1
        else text("Depot {name} ({id})", name=name, id=places.place_id[row])
        for name, row in zip(names, rows, strict=True)
    ]


def _reason(n_depots: int, peak: int, asked: int | None) -> str:
    how = text(
        "at the terminals that lie nearest to where the day's buses must begin and end their work"
    )
    if asked is not None:
        return text("proposed, {n} as asked for: {how}", n=n_depots, how=how)
    return text(
        "{n} for {peak} buses out at the busiest moment, about one per {size} or where the ways"
        " saved pay for another, {how}",
        n=n_depots,
        peak=peak,
        size=VEHICLES_PER_DEPOT,
        how=how,
    )
