"""Small grids to be strengthened, prices easy to add up, and a search through everything."""

import itertools
from typing import Any

import numpy as np

from viavolta.engines.grid.reinforce import BuildRules, verify
from viavolta.engines.grid.reinforce.options import Site
from viavolta.engines.grid.reinforce.radial import worst_of_feeders
from viavolta.engines.grid.reinforce.search import Loads, Search
from viavolta.engines.grid.reinforce.space import Choice, Space, measures_of, space_of
from viavolta.engines.grid.reinforce.tree import tree_of
from viavolta.model.arrays import Floats
from viavolta.model.grid import BranchKind, Grade, Grid, NodeKind
from viavolta.model.grid_prices import CableType, GridPrices, Level, Region, TransformerType

THIN = {"r": 0.642, "x": 0.083, "c": 210.0, "max_a": 142.0}
"""NAYY 4x50 for each km."""


def cable(type_id: str, r: float, max_a: float, eur: float, level: Level = Level.LV) -> CableType:
    """A cable with a price for each km, without trench."""
    return CableType(
        type_id=type_id,
        level=level,
        r_ohm_per_km=r,
        x_ohm_per_km=0.08,
        c_nf_per_km=260.0,
        r0_ohm_per_km=4 * r,
        x0_ohm_per_km=0.32,
        max_a=max_a,
        eur_per_km=eur,
    )


def transformer(type_id: str, sn_kva: float, price_eur: float) -> TransformerType:
    """A distribution transformer."""
    return TransformerType(
        type_id=type_id,
        level=Level.MV_LV,
        sn_kva=sn_kva,
        uk_percent=4.0,
        pk_kw=0.0073 * sn_kva,
        p0_kw=0.0009 * sn_kva,
        i0_percent=0.2,
        tap_step_percent=2.5,
        tap_min=-2,
        tap_max=2,
        vector_group="Dyn5",
        price_eur=price_eur,
    )


PRICES = GridPrices(
    region=Region.RURAL,
    cables=(cable("150", 0.206, 275.0, 10_000), cable("240", 0.125, 364.0, 20_000)),
    transformers=(
        transformer("250 kVA", 250, 10_000),
        transformer("400 kVA", 400, 13_000),
        transformer("630 kVA", 630, 16_000),
    ),
    trench_lv_eur_per_km=80_000,
    trench_mv_eur_per_km=100_000,
    outlet_lv_eur=2_000,
    outlet_mv_eur=30_000,
    regulated_extra_eur=30_000,
    place_mv_lv_eur=30_000,
    place_hv_mv_eur=800_000,
    interest_share=0.05,
    source="for tests",
)


def lv_tree(
    parents: list[int], lengths_km: list[float], *, sn_kva: float | None = None, **fields: Any
) -> Grid:
    """Thin cables below a source at 0.4 kV, or below a transformer of a rating from 20 kV.

    `parents` counts from 0, the source or the busbar; cable i ends at node i + 1 of that count.
    """
    below = 0 if sn_kva is None else 1
    n, b = len(parents) + 1 + below, len(parents) + below
    is_transformer = np.arange(b) < below
    km = np.array([0.0] * below + list(lengths_km))

    def of(value: float, line: Any) -> Any:
        return np.where(is_transformer, value, line)

    nan = np.nan
    defaults: dict[str, Any] = {
        "node_id": tuple(f"n{row}" for row in range(n)),
        "node_kind": (
            NodeKind.SOURCE,
            *((NodeKind.BUSBAR,) * below),
            *((NodeKind.CONNECTION,) * len(parents)),
        ),
        "nominal_kv": np.array([20.0] * below + [0.4] * (n - below)),
        "lat": nan,
        "lon": nan,
        "u_ref_pu": 1.0,
        "sk_mva": np.inf,
        "branch_id": tuple(["trafo"] * below + [f"c{row + 1}" for row in range(len(parents))]),
        "branch_kind": tuple([BranchKind.TRANSFORMER] * below + [BranchKind.CABLE] * len(parents)),
        "from_node": np.array([0] * below + [one + below for one in parents]),
        "to_node": np.array([1] * below + [row + 1 + below for row in range(len(parents))]),
        "is_closed": True,
        "length_km": km,
        "r_ohm": of(nan, THIN["r"] * km),
        "x_ohm": of(nan, THIN["x"] * km),
        "c_nf": of(nan, THIN["c"] * km),
        "r0_ohm": nan,
        "x0_ohm": nan,
        "c0_nf": nan,
        "max_a": of(np.inf, THIN["max_a"]),
        "n_parallel": 1,
        "sn_kva": of(sn_kva or nan, nan),
        "uk_percent": of(4.0, nan),
        "pk_kw": of(1.75, nan),
        "p0_kw": of(0.2, nan),
        "i0_percent": of(0.3, nan),
        "rated_from_kv": of(20.0, nan),
        "rated_to_kv": of(0.4, nan),
        "tap_pos": 0,
        "tap_step_percent": of(2.5, 0.0),
        "tap_min": of(-2, 0),
        "tap_max": of(2, 0),
        "regulated_pu": nan,
        "vector_group": tuple(["Dyn5"] * below + [""] * len(parents)),
        "grade": Grade.TWIN,
    }
    return Grid(**(defaults | fields))


def space_under(grid: Grid, p_kw: Floats, q_kvar: Floats, rules: BuildRules) -> Space:
    """Everything that may be built in a radial grid, as the engine sees it."""
    tree = tree_of(grid)
    assert tree is not None
    site = Site(grid=grid, tree=tree, prices=PRICES, rules=rules)
    found = verify(grid, p_kw, q_kvar, rules=rules)
    return space_of(site, worst_of_feeders(site, [found]))


def cheapest_of_all(grid: Grid, p_kw: Floats, q_kvar: Floats, rules: BuildRules) -> float:
    """Price of the cheapest choice that holds, by trying all; infinite where none does."""
    space = space_under(grid, p_kw, q_kvar, rules)
    years = np.zeros(p_kw.shape[1], dtype=np.int64)
    search = Search(space, np.ones(1), Loads(p_kw=p_kw, q_kvar=q_kvar, year=years))
    nodes = [node for node in range(grid.n_nodes) if len(space.options[node]) > 1]
    best = np.inf
    for split in _all_splits(space):
        opened = {space.split(first, variant).node for first, (variant, _) in split.items()}
        ranges = [range(1 if node in opened else len(space.options[node])) for node in nodes]
        for picked in itertools.product(*ranges):
            edge = {node: k for node, k in zip(nodes, picked, strict=True) if k}
            choice = Choice(edge=edge, split=split)
            cost = sum(option.cost_eur for _, option in measures_of(space, choice))
            if cost < best and not search.broken((choice,)):
                best = cost
    return best


def _all_splits(space: Space) -> list[dict[int, tuple[int, int]]]:
    every: list[dict[int, tuple[int, int]]] = [{}]
    for first, splits in space.splits.items():
        ways = [
            {first: (variant, k)}
            for variant, split in enumerate(splits)
            for k in range(len(split.options))
        ]
        every = [{**one, **way} for one in every for way in [{}, *ways]]
    return every
