"""Streets that vehicles may use, as a map gives them: lines of nodes with directions and speeds."""

from dataclasses import dataclass

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A line of nodes, at least two, and whether it may be driven along and against it."""

    id: int
    nodes: tuple[int, ...]
    is_open_along: bool
    is_open_against: bool
    speed_kmh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRule:
    """From one street over a node into another: forbidden, or (`is_only`) the only way on."""

    from_street: int
    via_node: int
    to_street: int
    is_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetMap:
    """Streets of an area.

    Attributes
    ----------
    name : the file they come from.
    streets : by id, ascending.
    location : node -> (lat, lon), for all nodes of `streets`.
    rules : of turns, in the order of the map.
    closed_nodes : nodes that nobody drives over: bollards.
    n_rules_left_out : rules that lead over a street instead of a node, which are not kept.
    """

    name: str
    streets: tuple[Street, ...]
    location: dict[int, Point]
    rules: tuple[TurnRule, ...]
    closed_nodes: frozenset[int]
    n_rules_left_out: int
