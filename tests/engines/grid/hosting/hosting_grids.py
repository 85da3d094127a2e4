"""A small low-voltage grid: a transformer, and two feeders of houses."""

import numpy as np

from viavolta.engines.grid.hosting.placement import Pool
from viavolta.engines.grid.hosting.task import HostingTask, hosting_task
from viavolta.model.arrays import Floats
from viavolta.model.grid import BranchKind, Grade, Grid, NodeKind, NodeLoads, Phase

STEP_S = 900
START = np.datetime64("2023-01-02T00:00:00", "s")
NODES = ("station", "bar", "a1", "a2", "a3", "b1", "b2")
WAYS = (("bar", "a1"), ("a1", "a2"), ("a2", "a3"), ("bar", "b1"), ("b1", "b2"))


def street(
    *, sn_kva: float = 100.0, ohm_per_km: float = 0.32, max_a: float = 200.0, order: int = 1
) -> Grid:
    """Houses a1 to a3 and b1, b2; `order` -1 turns the rows of nodes and branches around."""
    node = list(NODES[::order])
    row = {name: number for number, name in enumerate(node)}
    branches = [("transformer", "station", "bar"), *((f"to-{b}", a, b) for a, b in WAYS)][::order]
    kinds = {"station": NodeKind.SOURCE, "bar": NodeKind.BUSBAR}
    is_transformer = np.array([name == "transformer" for name, _, _ in branches])

    def of_transformer(value: float) -> Floats:
        return np.where(is_transformer, value, np.nan)

    def of_line(value: float) -> Floats:
        return np.where(is_transformer, np.nan, value)

    return Grid(
        node_id=tuple(node),
        node_kind=tuple(kinds.get(name, NodeKind.CONNECTION) for name in node),
        nominal_kv=np.array([20.0 if name == "station" else 0.4 for name in node]),
        lat=np.array([50 + 0.001 * number for number in range(len(node))]),
        lon=np.full(len(node), 8.0),
        u_ref_pu=np.ones(len(node)),
        sk_mva=np.full(len(node), np.inf),
        branch_id=tuple(name for name, _, _ in branches),
        branch_kind=tuple(
            BranchKind.TRANSFORMER if name == "transformer" else BranchKind.CABLE
            for name, _, _ in branches
        ),
        from_node=np.array([row[a] for _, a, _ in branches]),
        to_node=np.array([row[b] for _, _, b in branches]),
        is_closed=np.ones(len(branches), dtype=bool),
        length_km=np.where(is_transformer, 0.0, 0.2),
        r_ohm=of_line(0.2 * ohm_per_km),
        x_ohm=of_line(0.2 * 0.08),
        c_nf=of_line(50.0),
        r0_ohm=np.full(len(branches), np.nan),
        x0_ohm=np.full(len(branches), np.nan),
        c0_nf=np.full(len(branches), np.nan),
        max_a=np.where(is_transformer, np.inf, max_a),
        n_parallel=np.ones(len(branches), dtype=np.int64),
        sn_kva=of_transformer(sn_kva),
        uk_percent=of_transformer(4.0),
        pk_kw=of_transformer(0.0175 * sn_kva),
        p0_kw=of_transformer(0.0032 * sn_kva),
        i0_percent=of_transformer(0.9),
        rated_from_kv=of_transformer(20.0),
        rated_to_kv=of_transformer(0.4),
        tap_pos=np.zeros(len(branches), dtype=np.int64),
        tap_step_percent=np.zeros(len(branches)),
        tap_min=np.zeros(len(branches), dtype=np.int64),
        tap_max=np.zeros(len(branches), dtype=np.int64),
        regulated_pu=np.full(len(branches), np.nan),
        vector_group=tuple("Dyn5" if name == "transformer" else "" for name, _, _ in branches),
        grade=Grade.FILLED_IN,
    )


def street_task(
    grid: Grid, *, base_kw: float = 2.0, n_steps: int = 96, low_pu: float = 0.915
) -> HostingTask:
    """Four households at each house, with an evening peak."""
    houses = np.flatnonzero(grid.is_kind(NodeKind.CONNECTION))
    of_day = 1 + 0.5 * np.sin(np.arange(n_steps) * 2 * np.pi / 96 - 2.0)
    p_kw = base_kw * np.tile(of_day, (len(houses), 1))
    households = np.zeros(grid.n_nodes, dtype=np.int64)
    households[houses] = 4
    return hosting_task(
        grid,
        NodeLoads(
            start=START + np.arange(n_steps) * np.timedelta64(STEP_S, "s"),
            step_s=STEP_S,
            node=houses,
            phase=(Phase.ABC,) * len(houses),
            p_kw=p_kw,
            q_kvar=0.1 * p_kw,
        ),
        households=households,
        low_pu=np.where(grid.nominal_kv < 1, low_pu, 0.9),
        limit_share=np.ones(grid.n_branches),
    )


def pool(n_vehicles: int, *, n_steps: int, seed: int = 1) -> Pool:
    """Vehicles that charge for two to four hours from some moment of each day on."""
    rng = np.random.default_rng(seed)
    plug = rng.choice([3.7, 11.0, 22.0], n_vehicles)
    step, power, offsets = [], [], [0]
    for v in range(n_vehicles):
        at = np.unique(
            np.concatenate(
                [
                    day * 96 + rng.integers(60, 84) + np.arange(rng.integers(8, 16))
                    for day in range(n_steps // 96)
                ]
            )
        )
        at = at[at < n_steps]
        step.append(at)
        power.append(np.full(len(at), plug[v]))
        offsets.append(offsets[-1] + len(at))
    return Pool(
        offsets=np.array(offsets),
        step=np.concatenate(step),
        power_kw=np.concatenate(power),
        plug_kw=plug,
    )
