"""Nodes and branches of a study with what is wrong with each, small enough to draw."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from viavolta.reports.grid.facts import GridFacts
from viavolta.reports.numbers import known

MOST_DRAWN = 300
"""From this many nodes on, the low-voltage grid behind a transformer is drawn as one mark."""

_LOW_VOLTAGE_KV = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A node, or a whole low-voltage grid, to be drawn.

    `low` and `high` say whether the voltage leaves its band below or above; `loading` is the
    highest of a grid drawn as one mark, None for a single node.
    """

    name: str
    kind: str
    lat: float
    lon: float
    n_nodes: int
    min_pu: float | None
    max_pu: float | None
    hours: float
    low: bool
    high: bool
    loading: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A branch to be drawn, between two spots."""

    name: str
    kind: str
    start: int
    end: int
    is_closed: bool
    percent: float | None
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a map or a schematic shows for one strategy."""

    spots: tuple[Spot, ...]
    links: tuple[Link, ...]
    n_nodes: int
    n_branches: int

    @property
    def is_gathered(self) -> bool:
        """Whether low-voltage grids are drawn as one mark each."""
        return any(spot.n_nodes > 1 for spot in self.spots)

    @property
    def is_placed(self) -> bool:
        """Whether every spot has coordinates, and not all the same."""
        spots = self.spots
        finite = all(math.isfinite(s.lat) and math.isfinite(s.lon) for s in spots)
        return finite and len({(s.lat, s.lon) for s in spots}) > 1


def network_of(facts: GridFacts, strategy: str | None) -> Network | None:
    """Join the grid with voltages and loadings under a strategy; None without a grid to draw."""
    nodes, branches = facts.table("nodes"), facts.table("branches")
    if nodes is None or branches is None:
        return None
    voltages = _rows(facts.table("voltages", strategy), "node_id")
    loadings = _rows(facts.table("loadings", strategy), "branch_id")
    spots = [
        _spot(row, voltages.get(str(row["node_id"]), {})) for row in nodes.iter_rows(named=True)
    ]
    index = {spot.name: i for i, spot in enumerate(spots)}
    links = []
    for row in branches.iter_rows(named=True):
        ends = index.get(str(row["from_node"])), index.get(str(row["to_node"]))
        load = loadings.get(str(row["branch_id"]), {})
        if ends[0] is not None and ends[1] is not None:
            links.append(
                Link(
                    name=str(row["branch_id"]),
                    kind=str(row["kind"]),
                    start=ends[0],
                    end=ends[1],
                    is_closed=row.get("is_closed") is not False,
                    percent=known(load.get("max_percent")),
                    hours=known(load.get("hours_over")) or 0.0,
                )
            )
    whole = Network(
        spots=tuple(spots), links=tuple(links), n_nodes=len(spots), n_branches=len(links)
    )
    levels = nodes["nominal_kv"].to_list()
    low = [(known(kv) or 0.0) < _LOW_VOLTAGE_KV for kv in levels]
    return _gathered(whole, low) if len(spots) > MOST_DRAWN and not all(low) else whole


def _rows(frame: pl.DataFrame | None, key: str) -> dict[str, dict[str, object]]:
    return {} if frame is None else {str(r[key]): r for r in frame.iter_rows(named=True)}


def _spot(row: dict[str, object], voltage: dict[str, object]) -> Spot:
    low_pu, high_pu = known(voltage.get("min_pu")), known(voltage.get("max_pu"))
    hours = known(voltage.get("hours_outside")) or 0.0
    floor, roof = known(row.get("low_pu")), known(row.get("high_pu"))
    if floor is not None and roof is not None:
        low, high = (low_pu or 1.0) < floor, (high_pu or 1.0) > roof
    else:  # the limits are not told: the side that strays further is the one meant
        low = 1.0 - (low_pu or 1.0) >= (high_pu or 1.0) - 1.0
        high = not low
    return Spot(
        name=str(row["node_id"]),
        kind=str(row["kind"]),
        lat=_coordinate(row["lat"]),
        lon=_coordinate(row["lon"]),
        n_nodes=1,
        min_pu=low_pu,
        max_pu=high_pu,
        hours=hours,
        low=hours > 0 and low,
        high=hours > 0 and high,
        loading=None,
    )


def _coordinate(value: object) -> float:
    degrees = known(value)
    return math.nan if degrees is None else degrees


def _gathered(whole: Network, is_low: list[bool]) -> Network:
    """Draw each connected piece of low voltage as one mark."""
    piece = _pieces(whole, is_low)
    members: dict[int, list[int]] = {}
    for i, p in enumerate(piece):
        members.setdefault(p, []).append(i)
    order = {p: k for k, p in enumerate(members)}
    inside: dict[int, list[Link]] = {}
    links = []
    for link in whole.links:
        start, end = piece[link.start], piece[link.end]
        if start == end:
            inside.setdefault(start, []).append(link)
        else:
            links.append(_moved(link, order[start], order[end]))
    spots = [
        _merged([whole.spots[i] for i in rows], inside.get(p, [])) if is_low[p] else whole.spots[p]
        for p, rows in members.items()
    ]
    return Network(
        spots=tuple(spots),
        links=tuple(links),
        n_nodes=whole.n_nodes,
        n_branches=whole.n_branches,
    )


def _pieces(whole: Network, is_low: list[bool]) -> list[int]:
    """Name the piece of each node by its first row; nodes above low voltage stand alone."""
    parent = list(range(len(whole.spots)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for link in whole.links:
        if is_low[link.start] and is_low[link.end]:
            a, b = sorted((root(link.start), root(link.end)))
            parent[b] = a
    return [root(i) for i in range(len(parent))]


def _moved(link: Link, start: int, end: int) -> Link:
    return Link(
        name=link.name,
        kind=link.kind,
        start=start,
        end=end,
        is_closed=link.is_closed,
        percent=link.percent,
        hours=link.hours,
    )


def _merged(spots: list[Spot], links: list[Link]) -> Spot:
    """Take the worst of everything in a piece; placed where its first node is."""
    first = spots[0]
    return Spot(
        name=first.name,
        kind="low_voltage" if len(spots) > 1 else first.kind,
        lat=first.lat,
        lon=first.lon,
        n_nodes=len(spots),
        min_pu=_extreme(min, (s.min_pu for s in spots)),
        max_pu=_extreme(max, (s.max_pu for s in spots)),
        hours=max(s.hours for s in spots),
        low=any(s.low for s in spots),
        high=any(s.high for s in spots),
        loading=_extreme(max, (link.percent for link in links)),
    )


def _extreme(pick: object, values: Iterable[float | None]) -> float | None:
    there = [v for v in values if v is not None]
    if not there:
        return None
    return min(there) if pick is min else max(there)
