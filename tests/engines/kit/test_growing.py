"""Linear programs that grow: the same optimum as solved at once, and duals that price columns."""

import numpy as np
import pytest

from viavolta.engines.kit.growing import GrowingProgram
from viavolta.engines.kit.milp import Program, solve
from viavolta.model.errors import PeerError


def columns(seed: int, n_rows: int, count: int):
    """Random columns of ones: cost (C,), first (C + 1,), rows."""
    rng = np.random.default_rng(seed)
    held = [
        np.sort(rng.choice(n_rows, rng.integers(1, n_rows), replace=False)) for _ in range(count)
    ]
    first = np.concatenate([[0], np.cumsum([rows.size for rows in held])])
    return rng.uniform(1, 9, count), first, np.concatenate(held)


def at_once(n_rows: int, parts) -> float:
    """The optimum of all columns together, each row met exactly once."""
    cost = np.concatenate([part[0] for part in parts])
    sizes = np.concatenate([np.diff(part[1]) for part in parts])
    rows = np.concatenate([part[2] for part in parts])
    order = np.argsort(rows, kind="stable")
    program = Program(
        cost=cost,
        lower=np.zeros(cost.size),
        upper=np.full(cost.size, np.inf),
        row_lower=np.ones(n_rows),
        row_upper=np.ones(n_rows),
        row_start=np.searchsorted(rows[order], np.arange(n_rows + 1)).astype(np.int32),
        column=np.repeat(np.arange(cost.size), sizes)[order].astype(np.int32),
        value=np.ones(rows.size),
    )
    return solve(program).objective


@pytest.mark.parametrize("seed", range(5))
def test_columns_added_later_count_as_if_always_there(seed):
    """After each addition: the optimum of all so far, and no column of negative reduced cost."""
    n_rows = 6
    program = GrowingProgram(np.ones(n_rows), np.ones(n_rows))
    alone = (np.full(n_rows, 10.0), np.arange(n_rows + 1), np.arange(n_rows))
    parts = []
    for part in (alone, *(columns(10 * seed + k, n_rows, 8) for k in range(4))):
        program.add(*part)
        parts.append(part)
        optimum = program.solve()
        assert optimum.objective == pytest.approx(at_once(n_rows, parts))
        assert optimum.x.size == sum(cost.size for cost, _, _ in parts)
        assert optimum.row_dual.sum() == pytest.approx(optimum.objective)
        for cost, first, rows in parts:
            for c in range(cost.size):
                worth = optimum.row_dual[rows[first[c] : first[c + 1]]].sum()
                assert cost[c] - worth >= -1e-6


def test_a_program_without_solution_is_an_error():
    """A row that no column holds cannot be met."""
    program = GrowingProgram(np.ones(2), np.ones(2))
    program.add(np.array([1.0]), np.array([0, 1]), np.array([0]))
    with pytest.raises(PeerError) as raised:
        program.solve()
    assert raised.value.code == "solver-failed"


def test_a_row_that_does_not_exist_is_an_error():
    """HiGHS refuses such a column, and that is said."""
    program = GrowingProgram(np.ones(2), np.ones(2))
    with pytest.raises(PeerError):
        program.add(np.array([1.0]), np.array([0, 1]), np.array([5]))


def test_a_solve_that_is_told_to_stop_has_no_optimum():
    """Stopped before the first step or inside the solve: None."""
    program = GrowingProgram(np.ones(12), np.ones(12))
    parts = [(np.full(12, 10.0), np.arange(13), np.arange(12)), columns(3, 12, 300)]
    for part in parts:
        program.add(*part)
    assert program.solve(lambda: True) is None
    assert program.solve(lambda: False).objective == pytest.approx(at_once(12, parts))
    program.add(*columns(4, 12, 300))
    asked = iter(range(1000))
    assert program.solve(lambda: next(asked) >= 3) is None


def test_an_interrupt_inside_a_solve_reaches_the_caller():
    """Ctrl-C while the solver asks is raised once the solver has ended."""
    program = GrowingProgram(np.ones(12), np.ones(12))
    program.add(np.full(12, 10.0), np.arange(13), np.arange(12))
    program.add(*columns(3, 12, 300))
    asked = iter(range(1000))

    def stop() -> bool:
        if next(asked) >= 2:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        program.solve(stop)
