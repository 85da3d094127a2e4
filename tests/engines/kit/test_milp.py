"""The door to HiGHS: values, duals and bounds of programs small enough to solve in the head."""

from dataclasses import replace

import numpy as np
import pytest

from viavolta.engines.kit.milp import Outcome, Program, solve

# cheapest way to make 5 from a (1 EUR, at most 3) and b (2 EUR, at most 10): 3 a and 2 b, 7 EUR
FIVE = Program(
    cost=np.array([1.0, 2.0]),
    lower=np.zeros(2),
    upper=np.array([3.0, 10.0]),
    row_lower=np.array([5.0]),
    row_upper=np.array([np.inf]),
    row_start=np.array([0, 2], dtype=np.int32),
    column=np.array([0, 1], dtype=np.int32),
    value=np.ones(2),
)


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
def test_a_linear_program_has_values_and_duals(solver):
    """One more costs 2, one more of a saves 1; an offset moves the objective only."""
    answer = solve(replace(FIVE, offset=10.0), solver=solver)
    assert answer.outcome is Outcome.OPTIMAL
    assert answer.x == pytest.approx([3, 2])
    assert (answer.objective, answer.bound) == (pytest.approx(17), pytest.approx(17))
    assert answer.row_dual == pytest.approx([2])
    assert answer.reduced_cost == pytest.approx([-1, 0])


def test_whole_columns_are_whole():
    """4.5 from whole numbers is 5."""
    whole = replace(FIVE, row_lower=np.array([4.5]), is_integer=np.array([True, True]))
    answer = solve(whole)
    assert answer.x == pytest.approx([3, 2])
    assert answer.bound == pytest.approx(7)


def test_what_cannot_be_is_said():
    """No values where there is no feasible or no best point."""
    infeasible = solve(replace(FIVE, upper=np.ones(2)))
    assert (infeasible.outcome, infeasible.has_values) == (Outcome.INFEASIBLE, False)
    unbounded = solve(replace(FIVE, cost=-np.ones(2), upper=np.full(2, np.inf)))
    assert (unbounded.outcome, unbounded.has_values) == (Outcome.UNBOUNDED, False)


def knapsack(n_items: int) -> Program:
    """A program that takes some search: many items, a few coupling rows."""
    rng = np.random.default_rng(1)
    weights = rng.integers(10, 99, (5, n_items)).astype(float)
    columns = np.tile(np.arange(n_items, dtype=np.int32), 5)
    return Program(
        cost=-weights.mean(axis=0) - rng.integers(0, 9, n_items),
        lower=np.zeros(n_items),
        upper=np.ones(n_items),
        row_lower=np.full(5, -np.inf),
        row_upper=weights.sum(axis=1) / 2,
        row_start=(np.arange(6) * n_items).astype(np.int32),
        column=columns,
        value=weights.ravel(),
        is_integer=np.ones(n_items, dtype=bool),
    )


def test_the_stop_rule_ends_the_search():
    """Stopped at once, the bound stays below what a longer search finds."""
    stopped = solve(knapsack(60), gap=0.0, stop=lambda: True)
    assert stopped.outcome is Outcome.STOPPED
    searched = solve(knapsack(60), gap=0.0, max_nodes=50)
    assert stopped.bound <= searched.objective


def test_an_interrupt_during_the_search_is_passed_on():
    """Ctrl-C ends the solver and arrives as what it is."""

    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(knapsack(60), gap=0.0, stop=interrupt)


def test_arrays_that_do_not_fit_are_refused():
    """A cost too many."""
    with pytest.raises(ValueError, match="fit"):
        replace(FIVE, cost=np.ones(3))
