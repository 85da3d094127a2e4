"""Minimum-cost flow in whole numbers, by the network simplex algorithm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.network_simplex import solve_network
from viavolta.model.errors import NoSolutionError
from viavolta.model.messages import text

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_WHOLE = 2.0**60
"""Prices and costs stay below it: whole numbers of 64 bits have room for twice the difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNetwork:
    """A directed network. Shapes: tail, head, cost (A,); supply (V,), sums to zero.

    Arcs carry any amount: what bounds them is the supply.
    """

    tail: Longs
    head: Longs
    cost: Floats
    supply: Longs


def min_cost_flow(network: FlowNetwork, start: Longs | None = None) -> tuple[Longs, float]:
    """Solve a minimum-cost flow exactly; returns (flow per arc (A,), a lower bound of the cost).

    Costs are rounded down to a fine grid, on which the flow is the cheapest and its cost the bound.
    start (A,): a flow to begin with; the arcs it uses form no cycle, whatever their direction.

    Raises
    ------
    NoSolutionError: the supplies cannot be routed. ValueError: `start` does not meet them.
    """
    if start is not None and not _meets_supply(network, start):
        msg = "a flow to begin with must meet the supplies"
        raise ValueError(msg)
    grid = _grid(network)
    cost = np.floor(network.cost * grid).astype(np.int64)
    flow, _, missing = solve_network(network.tail, network.head, cost, network.supply, start)
    if missing:
        raise NoSolutionError(
            code="flow-infeasible",
            message=text("the trips cannot all be covered by vehicles"),
            hint=text("check the depots and the ways between places"),
        )
    used = np.flatnonzero(flow)
    total = sum(n * c for n, c in zip(flow[used].tolist(), cost[used].tolist(), strict=True))
    bound = total / grid
    return flow, float(np.nextafter(bound, -np.inf))


def _meets_supply(network: FlowNetwork, flow: Longs) -> bool:
    n = network.supply.size
    out = np.bincount(network.tail, weights=flow, minlength=n)
    into = np.bincount(network.head, weights=flow, minlength=n)
    return bool((out - into == network.supply).all())


def _grid(network: FlowNetwork) -> float:
    """Steps of cost in one unit: as many as prices along any path leave room for, a power of 2."""
    n_nodes = network.supply.size
    most = float(np.abs(network.cost).max(initial=0.0)) + 1.0
    units = float(np.abs(network.supply).sum()) + n_nodes + 2.0
    return float(2.0 ** np.floor(np.log2(MOST_WHOLE / (most * units))))
