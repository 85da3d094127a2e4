"""The years of blocks: as good as trying every order, and never against depots or budget."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.bus.phase_in import NEVER, PhaseProblem, phase_in

EXAMPLES = settings(deadline=None, max_examples=30, derandomize=True)


def bools(rows: list[list[int]]) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """A table of true and false."""
    return np.array(rows, dtype=bool)


@st.composite
def problems(draw: st.DrawFn) -> PhaseProblem:
    """Up to five blocks, two depots, three lines, two or three years."""
    n, n_years = draw(st.integers(1, 5)), draw(st.integers(2, 3))
    n_places, n_lines = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    flags = st.lists(st.integers(0, 1), min_size=n_lines, max_size=n_lines)
    homes = draw(st.lists(st.integers(0, n_places - 1), min_size=n, max_size=n))
    steps = draw(st.lists(st.integers(0, 3), min_size=n_years, max_size=n_years))
    money = st.integers(-5, 30)
    return PhaseProblem(
        worth_eur=np.array(draw(st.lists(money, min_size=n, max_size=n)), dtype=float),
        charges_at=bools([[int(home == d) for d in range(n_places)] for home in homes]),
        serves=bools([draw(flags) for _ in range(n)]),
        place_eur=np.array(
            draw(st.lists(st.integers(0, 9), min_size=n_places, max_size=n_places)), float
        ),
        line_eur=np.array(
            draw(st.lists(st.integers(0, 20), min_size=n_lines, max_size=n_lines)), float
        ),
        electric=np.minimum(np.cumsum(steps), n).astype(np.int64),
        places_per_year=draw(st.integers(1, 2)),
    )


def worth(problem: PhaseProblem, years: tuple[int, ...]) -> tuple[int, float] | None:
    """Blocks missing (fewer is better, so negative) and worth; None where it is not allowed."""
    n_years = problem.electric.size
    year = np.array(years)
    first = [
        min(
            (int(y) for y, at in zip(year, problem.charges_at[:, d], strict=True) if at),
            default=n_years,
        )
        for d in range(problem.place_eur.size)
    ]
    # opening early is never useful but where two would open in one year
    opened = _openings(first, n_years, problem.places_per_year)
    if opened is None:
        return None
    missing, total = 0, 0.0
    for k in range(n_years):
        electric = year <= k
        if electric.sum() > problem.electric[k]:
            return None
        missing += int(problem.electric[k] - electric.sum())
        total += float(problem.worth_eur[electric].sum())
        total -= sum(e for e, at in zip(problem.place_eur, opened, strict=True) if at <= k)
        for line in range(problem.line_eur.size):
            serves = problem.serves[:, line]
            total += problem.line_eur[line] if serves.any() and electric[serves].all() else 0.0
    return -missing, total


def _openings(first: list[int], n_years: int, per_year: int) -> list[int] | None:
    """The cheapest years to open places no later than needed; two places at most."""
    if all(first.count(k) <= per_year for k in range(n_years)):
        return first
    return None if first[0] == 0 else [first[0] - 1, first[1]]


@EXAMPLES
@given(problem=problems())
def test_no_order_is_better(problem: PhaseProblem) -> None:
    """All orders tried one by one, where places cost alike."""
    problem = PhaseProblem(
        worth_eur=problem.worth_eur,
        charges_at=problem.charges_at,
        serves=problem.serves,
        place_eur=np.full(problem.place_eur.size, problem.place_eur[0]),
        line_eur=problem.line_eur,
        electric=problem.electric,
        places_per_year=problem.places_per_year,
    )
    n, n_years = problem.worth_eur.size, problem.electric.size
    found = phase_in(problem, gap=0.0)
    assert found.is_proven
    chosen = tuple(n_years if y == NEVER else int(y) for y in found.block_year)
    mine = worth(problem, chosen)
    assert mine is not None
    tried = (worth(problem, years) for years in product(range(n_years + 1), repeat=n))
    best = max(one for one in tried if one is not None)
    assert mine[0] == best[0]
    assert mine[1] == pytest.approx(best[1], abs=1e-6)


def test_a_line_is_made_whole_before_others_begin() -> None:
    """Four equal buses, two lines, two a year: line by line, not half of each."""
    found = phase_in(
        PhaseProblem(
            worth_eur=np.ones(4),
            charges_at=bools([[1]] * 4),
            serves=bools([[1, 0], [0, 1], [1, 0], [0, 1]]),
            place_eur=np.zeros(1),
            line_eur=np.array([5.0, 6.0]),
            electric=np.array([2, 4]),
            places_per_year=1,
        ),
        gap=0.0,
    )
    assert found.block_year.tolist() == [1, 0, 1, 0]
    assert found.line_year.tolist() == [1, 0]
    assert found.place_year.tolist() == [0]


def test_a_depot_a_year_keeps_blocks_waiting() -> None:
    """The better blocks need the second depot too, so they come in the second year."""
    found = phase_in(
        PhaseProblem(
            worth_eur=np.array([1.0, 9.0]),
            charges_at=bools([[1, 0], [1, 1]]),
            serves=bools([[1], [1]]),
            place_eur=np.zeros(2),
            line_eur=np.zeros(1),
            electric=np.array([2, 2]),
            places_per_year=1,
        ),
        gap=0.0,
    )
    assert found.block_year.tolist() == [0, 1]
    assert found.place_year.tolist() == [0, 1]


def test_what_is_not_bought_has_no_year() -> None:
    """Fewer buses than blocks: the line stays unfinished."""
    found = phase_in(
        PhaseProblem(
            worth_eur=np.array([3.0, 2.0]),
            charges_at=bools([[1], [1]]),
            serves=bools([[1], [1]]),
            place_eur=np.zeros(1),
            line_eur=np.ones(1),
            electric=np.array([1]),
            places_per_year=1,
        ),
        gap=0.0,
    )
    assert found.block_year.tolist() == [0, NEVER]
    assert found.line_year.tolist() == [NEVER]
