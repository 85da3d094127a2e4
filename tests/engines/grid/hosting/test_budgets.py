"""Whatever charging keeps the limits of a budget keeps those of the grid."""

import numpy as np
import pytest
from hosting_grids import street, street_task

from viavolta.engines.grid.hosting.budgets import Budget, budget_of
from viavolta.engines.grid.hosting.nodes import MOST_KW, firm_kw
from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.engines.grid.hosting.verify import broken_areas
from viavolta.model.arrays import Floats

N_STEPS = 96


def _fullest(task: HostingTask, budget: Budget, *, seed: int) -> Floats:
    """(N, T) power of nodes, drawn at random and raised until no node can have any more."""
    rng = np.random.default_rng(seed)
    power = np.zeros((task.grid.n_nodes, task.n_steps))
    left = np.minimum(budget.import_kw, 1e6).copy()
    nodes = np.flatnonzero(task.households * (budget.node_limit >= 0))
    for node in rng.permutation(nodes).tolist():
        chain, limit = [], int(budget.node_limit[node])
        while limit >= 0:
            chain.append(limit)
            limit = int(budget.parent[limit])
        room = np.minimum(left[chain].min(axis=0), 200.0)
        power[node] = room * (1.0 if rng.random() < 0.5 else rng.random())
        left[chain] -= power[node]
    return power


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("sn_kva", "base_kw"), [(100.0, 2.0), (250.0, 3.0)])
def test_the_grid_bears_all_that_its_budget_allows(
    seed: int, sn_kva: float, base_kw: float
) -> None:
    """All limits used to the full at every step, wherever: no power flow finds a limit broken."""
    task = street_task(street(sn_kva=sn_kva), base_kw=base_kw, n_steps=N_STEPS)
    budget = budget_of(task, 0, n_vehicles=task.households)
    power = _fullest(task, budget, seed=seed)
    assert power.sum() > 0
    assert not len(broken_areas(task, power))


def test_a_budget_is_worth_having() -> None:
    """At the transformer it is within a tenth of what is left of its rating."""
    task = street_task(street(), n_steps=N_STEPS)
    area = task.areas.kind.index("transformer")
    budget = budget_of(task, area, n_vehicles=task.households)
    left_kw = 100.0 - task.p_kw.sum(axis=0)
    assert (budget.import_kw[0] < left_kw).all()
    assert (budget.import_kw[0] > 0.85 * left_kw).all()


def test_discharging_covers_the_load_behind_and_no_more() -> None:
    """So that no power flows backward."""
    task = street_task(street(), n_steps=N_STEPS)
    budget = budget_of(task, 0, n_vehicles=task.households)
    end = budget.node_limit[task.grid.node_id.index("a3")]
    np.testing.assert_allclose(budget.export_kw[end], task.p_kw[task.grid.node_id.index("a3")])
    np.testing.assert_allclose(budget.export_kw[0], task.p_kw.sum(axis=0))


def test_more_base_load_leaves_less() -> None:
    """At every limit and step."""
    budgets = [
        budget_of(
            street_task(street(), base_kw=base_kw, n_steps=N_STEPS),
            0,
            n_vehicles=street_task(street()).households,
        )
        for base_kw in (1.0, 4.0)
    ]
    assert (budgets[1].import_kw <= budgets[0].import_kw + 1e-9).all()


def test_firm_power_is_what_a_node_takes_at_any_time() -> None:
    """With it nothing breaks, with two per cent more something does; far ends take less."""
    task = street_task(street(), n_steps=N_STEPS)
    names = ("a1", "a2", "a3", "b2")
    nodes = np.array([task.grid.node_id.index(name) for name in names])
    found = firm_kw(task, nodes)
    for node, power in zip(nodes.tolist(), found.tolist(), strict=True):
        added = np.zeros_like(task.p_kw)
        added[node] = power
        assert not len(broken_areas(task, added))
        added[node] = 1.02 * power + 0.2
        assert len(broken_areas(task, added))
    assert found[0] >= found[1] >= found[2]


def test_vehicles_elsewhere_leave_less_firm_power() -> None:
    """And none where they break a limit themselves."""
    task = street_task(street(), n_steps=N_STEPS)
    node = np.array([task.grid.node_id.index("b2")])
    added = np.zeros_like(task.p_kw)
    added[task.grid.node_id.index("a1"), 70:80] = 20.0
    some = firm_kw(task, node, added_kw=added)
    assert 0 < some[0] < firm_kw(task, node)[0]
    assert firm_kw(task, node, added_kw=10 * added)[0] == 0


def test_a_source_takes_anything() -> None:
    """Search ends somewhere."""
    task = street_task(street(), n_steps=N_STEPS)
    source = np.array([task.grid.node_id.index("station")])
    assert firm_kw(task, source)[0] == MOST_KW
