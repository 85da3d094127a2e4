"""Stops merged into places: what a scheduler calls one location."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.engines.bus.shapes import trip_bounds
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.geo import EARTH_RADIUS_KM
from viavolta.model.messages import text
from viavolta.model.timetable import Timetable
from viavolta.model.trip import Floats, Ints, PlaceTable

Pairs = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_MERGE_M = 5000.0
"""Beyond this a place is no place; a guard against a slip of the keyboard."""

MAX_PAIRS = 20_000_000
"""More neighbouring pairs of stops than this is no city but a broken or hostile file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRules:
    """How near two stops must be to be one place, in metres; all are assumptions of viavolta.

    Attributes
    ----------
    same_name_m
        Stops of one name: about three minutes on foot.
    platform_m
        Stops whose names differ only in a platform mark (`1`, `A`, `(2)`) or a direction.
    terminal_m
        Where a route ends and where a trip of the same route begins.
    road_sides_m
        Any two stops: two sides of a road, or two posts of one stop.
    max_diameter_m
        No two stops of a place are farther apart, whatever rule joins them. A bus at 20 km/h drives
        400 m of straight line in about 90 s, which the minimum layover of 120 s covers.
    """

    same_name_m: float = 250.0
    platform_m: float = 150.0
    terminal_m: float = 300.0
    road_sides_m: float = 40.0
    max_diameter_m: float = 400.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 1.0 if field.name == "max_diameter_m" else 0.0
            if not least <= value <= MAX_MERGE_M:
                raise UsageError(
                    code="merge-distance-out-of-range",
                    message=text("stops cannot be merged over such a distance"),
                    where=Where(field=field.name, value=str(value)[:200]),
                    expected=text("{low} to {high} metres", low=least, high=MAX_MERGE_M),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlaces:
    """Places, and the place of every stop: `place_of_stop` (n_stops,) holds rows of `places`."""

    places: PlaceTable
    place_of_stop: Ints


class _Rule(IntEnum):
    """Why two stops are one place, in the order in which pairs are joined.

    Terminals come before names, because a place that is full must not shut a terminal's other stop
    out: in Riga this order keeps 99.4 % of the links of the operator's own blocks in one place, the
    other way round 97.7 %, without merging 48.5 %.
    """

    STATION = 0
    TERMINAL = 1
    SAME_NAME = 2
    PLATFORM = 3
    ROAD_SIDES = 4


def merge_stops(timetable: Timetable, *, rules: MergeRules | None = None) -> StopPlaces:
    """Merge the stops of a day into places.

    Two stops may become one place when they share a parent station, are end and beginning of the
    same route, bear the same name, differ only in a platform mark, or stand on two sides of a road;
    each within the distance that `rules` gives. Pairs are joined in this order of reasons, then by
    distance, and two groups join only if no two of their stops are farther apart than
    `max_diameter_m` (complete linkage), so that no chain of stops grows a place over a city. The
    order of the stops in the feed does not matter.

    Between two stops of one place a bus moves for nothing: the price of merging, kept small by the
    greatest diameter.

    Returns
    -------
    StopPlaces
        Places in order of their id, the smallest stop_id of the place. A place lies at the stop
        with the least sum of distances to its others, so always at a real stop.

    Raises
    ------
    InputError
        `stops-too-dense`: too many stops lie on one spot.
    """
    rules = rules or MergeRules()
    order = timetable.stops["stop_id"].arg_sort().to_numpy().astype(np.int64)
    stops = timetable.stops[order]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    calls = rank[timetable.stop_times["stop"].to_numpy()]
    xyz_m = _globe_m(stops["lat"].to_numpy(), stops["lon"].to_numpy())
    groups = _linked(_candidates(timetable, stops, rank, xyz_m, rules), xyz_m, rules)
    place_of_rank = np.empty(len(order), dtype=np.int32)
    for place, members in enumerate(groups):
        place_of_rank[members] = place
    n_calls = np.bincount(calls, minlength=len(order))
    is_end = np.zeros(len(order), dtype=np.bool_)
    bounds = trip_bounds(timetable)
    is_end[calls[bounds[:-1]]] = True
    is_end[calls[bounds[1:] - 1]] = True
    return StopPlaces(
        places=_place_table(stops, groups, xyz_m, n_calls, is_end),
        place_of_stop=place_of_rank[rank],
    )


_NAME_MAX = 200  # no real name is longer; a hostile one must not keep a pattern busy
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_NOT_WORD = re.compile(r"[\W_]+")
_DIRECTION = re.compile(
    r"\s(?:direction|direccion|dirección|direzione|richtung|towards|smjer|směr|smer|kierunek"
    r"|suund|arah|sens)\s.*$"
)
_MARK = re.compile(
    r"\s(?:(?:platform|plat|stand|bay|stop|gate|steig|bussteig|bstg|gleis|quai|quay|kai|peron"
    r"|nástupiště|andén|anden|dársena|darsena|banchina|binario|stallo|halte|laituri|läge)"
    r"\s)?(?:[^\W\d_]|\d{1,2}[^\W\d_]?|[^\W\d_]\d{1,2})$"
    r"|\s(?:northbound|southbound|eastbound|westbound|nb|sb|eb|wb)$"
)


def plain_name(name: str) -> str:
    """Fold case, width and punctuation of a stop name: `S.Bartolameo` is `s bartolameo`."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", name[:_NAME_MAX]).casefold()).strip()


def base_name(name: str) -> str:
    """Drop what only tells the posts of one stop apart, if a name of two letters or more is left.

    Left out are words in brackets, a direction (`Richtung Zentrum`), and one last platform mark: a
    number of up to two digits or a single letter, with or without a word such as `Bay`. Compass
    words in other forms stay: `Besenello Nord` and `Besenello Sud` are two stops.

    Examples
    --------
    >>> base_name("Stacija 1"), base_name("Bahnhof (Bussteig B)"), base_name("Besenello Nord")
    ('stacija', 'bahnhof', 'besenello nord')
    """
    whole = plain_name(name)
    base = plain_name(_BRACKETS.sub(" ", name[:_NAME_MAX]))
    base = _MARK.sub("", _DIRECTION.sub("", base))
    return base if len(base) > 1 else whole


def _candidates(
    timetable: Timetable, stops: pl.DataFrame, rank: Pairs, xyz_m: Floats, rules: MergeRules
) -> Pairs:
    """Pairs of stops that some rule joins, best first, (n, 2)."""
    names = stops["stop_name"].fill_null("").to_list()
    parent = _codes(stops["parent_station"].fill_null("").to_list())
    name = _codes([plain_name(value) for value in names])
    base = _codes([base_name(value) for value in names])
    turns = _turn_keys(timetable, rank)
    found, kinds, lengths = [], [], []
    for a, b in _neighbours(xyz_m, rules.max_diameter_m):
        apart_m = np.linalg.norm(xyz_m[a] - xyz_m[b], axis=1)
        kind = np.select(
            [
                _same(parent, a, b),
                np.isin(a * len(stops) + b, turns) & (apart_m <= rules.terminal_m),
                _same(name, a, b) & (apart_m <= rules.same_name_m),
                _same(base, a, b) & (apart_m <= rules.platform_m),
                apart_m <= rules.road_sides_m,
            ],
            list(_Rule),
            default=-1,
        )
        is_joined = (kind >= 0) & (apart_m <= rules.max_diameter_m)
        found.append(np.stack([a, b], axis=1)[is_joined])
        kinds.append(kind[is_joined])
        lengths.append(apart_m[is_joined])
    pairs = np.concatenate([np.empty((0, 2), dtype=np.int64), *found])
    # Millimetres: the last bits of a distance must not decide which pair comes first.
    apart_mm = np.round(1000.0 * np.concatenate([np.empty(0), *lengths]))
    kind = np.concatenate([np.empty(0, dtype=np.int64), *kinds])
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0], apart_mm, kind))]


def _turn_keys(timetable: Timetable, rank: Pairs) -> Pairs:
    """Pairs (last stop of a trip, first stop of a trip of the same route), as a * n + b, a < b."""
    bounds = trip_bounds(timetable)
    stop = rank[timetable.stop_times["stop"].to_numpy()]
    route = timetable.trips["route_id"]
    firsts = pl.DataFrame({"route": route, "a": stop[bounds[:-1]]}).unique()
    lasts = pl.DataFrame({"route": route, "b": stop[bounds[1:] - 1]}).unique()
    pairs = firsts.join(lasts, on="route").select("a", "b").unique().to_numpy()
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    return np.unique(low[low < high] * len(rank) + high[low < high])


def _linked(pairs: Pairs, xyz_m: Floats, rules: MergeRules) -> list[list[int]]:
    """Join groups pair by pair while their diameter allows; groups by their smallest stop."""
    group_of = list(range(len(xyz_m)))
    members = [[stop] for stop in range(len(xyz_m))]
    for a, b in pairs.tolist():
        one, other = sorted((group_of[a], group_of[b]))
        if one == other:
            continue
        gaps_m = xyz_m[members[one]][:, None] - xyz_m[members[other]][None]
        if (gaps_m**2).sum(axis=2).max() > rules.max_diameter_m**2:
            continue
        for stop in members[other]:
            group_of[stop] = one
        members[one] += members[other]
        members[other] = []
    return [sorted(group) for group in members if group]


def _place_table(
    stops: pl.DataFrame, groups: list[list[int]], xyz_m: Floats, n_calls: Pairs, is_end: Flags
) -> PlaceTable:
    ids = stops["stop_id"].to_list()
    names = stops["stop_name"].fill_null("").to_list()
    middle = [_medoid(group, xyz_m) for group in groups]
    return PlaceTable(
        place_id=tuple(ids[group[0]] for group in groups),
        name=tuple(_most_used_name(group, names, n_calls) or ids[group[0]] for group in groups),
        lat=stops["lat"].to_numpy()[middle],
        lon=stops["lon"].to_numpy()[middle],
        is_terminal=np.array([bool(is_end[group].any()) for group in groups], dtype=np.bool_),
        merged_stop_ids=tuple(tuple(ids[stop] for stop in group) for group in groups),
    )


def _medoid(group: list[int], xyz_m: Floats) -> int:
    """Find the stop with the least sum of distances to the others; of equals the first."""
    gaps_m = np.linalg.norm(xyz_m[group][:, None] - xyz_m[group][None], axis=2)
    return group[int(np.argmin(np.round(gaps_m.sum(axis=1), 3)))]


def _most_used_name(group: list[int], names: list[str], n_calls: Pairs) -> str:
    """Choose the name with most calls of the day; of equals the first in the alphabet."""
    used: dict[str, int] = {}
    for stop in group:
        used[names[stop]] = used.get(names[stop], 0) + int(n_calls[stop])
    return min(used, key=lambda name: (name == "", -used[name], name))


def _codes(values: list[str]) -> Pairs:
    """Give equal words equal numbers; the empty word is -1."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(value, len(numbers)) if value else -1 for value in values]
    return np.array(codes, dtype=np.int64)


def _same(codes: Pairs, a: Pairs, b: Pairs) -> Flags:
    is_same: Flags = (codes[a] == codes[b]) & (codes[a] >= 0)
    return is_same


def _globe_m(lat: Floats, lon: Floats) -> Floats:
    """Points on the sphere in metres, (S, 3).

    Straight lines between them equal great circles to a millimetre below 1 km, and neither the
    poles nor the date line need a special case.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    unit = [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
    return 1000.0 * EARTH_RADIUS_KM * np.stack(unit, axis=1)


def _neighbours(xyz_m: Floats, reach_m: float) -> Iterator[tuple[Pairs, Pairs]]:
    """Pairs (a < b) in the same or a touching cube of edge `reach_m`; a superset of those in reach.

    Stops are sorted by the number of their cube; each of 14 directions (half of the 27 cubes, the
    other half being the same pairs again) is one look-up for all stops at once.
    """
    n_cells = int(2.0 * 1000.0 * EARTH_RADIUS_KM / reach_m) + 4
    cube = np.floor((xyz_m + 1000.0 * EARTH_RADIUS_KM) / reach_m).astype(np.int64) + 1
    weights = np.array([n_cells * n_cells, n_cells, 1])
    key = cube @ weights
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    n_pairs = 0
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for step in steps[len(steps) // 2 :]:
        target = sorted_key + int(step @ weights)
        start = np.searchsorted(sorted_key, target, side="left")
        count = np.searchsorted(sorted_key, target, side="right") - start
        n_pairs += int(count.sum())
        if n_pairs > MAX_PAIRS:
            raise _too_dense(n_pairs)
        a = np.repeat(np.arange(len(order)), count)
        first_of_run = np.repeat(np.cumsum(count) - count, count)
        b = np.repeat(start, count) + np.arange(len(a)) - first_of_run
        pair = np.sort(np.stack([order[a], order[b]], axis=1), axis=1)
        if not step.any():
            pair = pair[a < b]
        yield pair[:, 0], pair[:, 1]


def _too_dense(n_pairs: int) -> InputError:
    return InputError(
        code="stops-too-dense",
        message=text("the stops lie so close together that no places can be told apart"),
        where=Where(file="stops.txt", field="stop_lat", value=str(n_pairs)),
        expected=text("at most {n} neighbouring pairs of stops", n=MAX_PAIRS),
        hint=text("check that stop_lat and stop_lon are degrees with enough decimals"),
    )
