"""Which blocks go electric in which year, under what can be bought and built.

Every year a number of battery buses comes; each takes over one block of the plan, which diesel
buses drive until then. A block needs the depots where it charges, and only so many depots can be
built in a year. Chosen is what saves most over all years, interest on what is bought early taken
off, lines that are electric as a whole counted once more. Exactly where the fleet is not too large;
else line by line, with the gap to a bound that no order beats.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viavolta.engines.kit.milp import Program, solve
from viavolta.model.trip import Floats

Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]
MAX_NODES = 200
MOST_EXACT = 800
"""Blocks times years up to which the exact program is solved: Trento's 136 over four years take it
7 s to within 0.5 %. Riga's 533 are out of its reach; there the order line by line stands, with the
bound of the program's relaxation."""
NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseProblem:
    """Blocks (B), places where they charge (D), lines (L), years (Y).

    worth_eur (B,): what a block saves in a year as electric, interest on its bus taken off.
    charges_at (B, D), serves (B, L): where it charges and what it drives. place_eur (D,): interest
    of a year on what a place costs to build. line_eur (L,): what a line that is electric as a whole
    counts more in a year. electric (Y,): blocks that shall be electric in each year, never falling.
    places_per_year: how many places can be opened in a year.
    """

    worth_eur: Floats
    charges_at: Bools
    serves: Bools
    place_eur: Floats
    line_eur: Floats
    electric: Longs
    places_per_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phasing:
    """Year number of each block (B,), place (D,) and line (L,); NEVER where it is in none.

    gap: by how much of its worth the choice may miss the best one.
    """

    block_year: Longs
    place_year: Longs
    line_year: Longs
    gap: float
    is_proven: bool


def phase_in(problem: PhaseProblem, *, gap: float, seed: int = 1) -> Phasing:
    """Choose the year of each block; as many blocks as asked for where the places allow it.

    gap: how far from the best the search may stop, as a share of its worth.
    """
    n_blocks, n_places = problem.charges_at.shape
    n_years = problem.electric.size
    rows = _Rows(n_blocks, n_places, problem.line_eur.size, n_years)
    rows.add_all(problem)
    program = rows.program(_cost(problem))
    block = line_by_line(problem)
    start = rows.point(problem, block)
    reached = float(program.cost @ start)
    if n_blocks * n_years <= MOST_EXACT:
        solution = solve(program, gap=gap, seed=seed, max_nodes=MAX_NODES, start=start)
        if solution.has_values and solution.objective < reached:
            block, reached = rows.first_years(solution.x, n_blocks), solution.objective
    else:
        solution = solve(replace(program, is_integer=None), seed=seed)
    missed = max(0.0, reached - solution.bound) / max(abs(reached), 1.0)
    return Phasing(
        block_year=block,
        place_year=_first_use(block, problem.charges_at),
        line_year=_last_use(block, problem.serves),
        gap=missed,
        is_proven=missed <= gap + 1e-9,
    )


def _cost(problem: PhaseProblem) -> Floats:
    """What the program minimises: a block that is missing outweighs everything else."""
    n_years = problem.electric.size
    most = float(
        np.abs(problem.worth_eur).sum() + problem.line_eur.sum() + problem.place_eur.sum() + 1.0
    )
    return np.concatenate(
        [
            -np.tile(problem.worth_eur, n_years),
            np.tile(problem.place_eur, n_years),
            -np.tile(problem.line_eur, n_years),
            np.full(n_years, n_years * most),
        ]
    )


def line_by_line(problem: PhaseProblem) -> Longs:
    """A good order of years (B,), found at once: line after line, the densest in worth first.

    The worth of what a line still needs, its own included, per block it still needs; of its blocks
    the worthiest first. Lines whose depots cannot be opened yet wait.
    """
    block_year = np.full(problem.worth_eur.size, NEVER, dtype=np.int64)
    opened = np.zeros(problem.place_eur.size, dtype=bool)
    for year in range(problem.electric.size):
        may_open = problem.places_per_year
        queue: list[int] = []
        while (block_year >= 0).sum() < problem.electric[year]:
            reach = (problem.charges_at & ~opened).sum(axis=1) <= may_open
            queue = [b for b in queue if block_year[b] < 0 and reach[b]]
            queue = queue or _densest(problem, block_year, reach)
            if not queue:
                break
            b = queue.pop(0)
            new = problem.charges_at[b] & ~opened
            may_open -= int(new.sum())
            opened |= new
            block_year[b] = year
    return block_year


def _densest(problem: PhaseProblem, block_year: Longs, reach: Bools) -> list[int]:
    """Blocks that the densest line still needs, else the worthiest block that can go."""
    waits = block_year < 0
    best: tuple[float, int] | None = None
    for line in range(problem.line_eur.size):
        needs = problem.serves[:, line] & waits
        if not needs.any() or not reach[needs].all():
            continue
        density = (problem.line_eur[line] + problem.worth_eur[needs].sum()) / needs.sum()
        if best is None or density > best[0]:
            best = (float(density), line)
    chosen = waits & reach
    if best is not None:
        chosen = chosen & problem.serves[:, best[1]]
    rows = np.flatnonzero(chosen)
    order: list[int] = rows[np.argsort(-problem.worth_eur[rows], kind="stable")].tolist()
    return order if best is not None else order[:1]


def _first_use(block_year: Longs, uses: Bools) -> Longs:
    """The first year in which a block uses each column; NEVER where none does."""
    far = np.iinfo(np.int64).max
    years = np.where(uses & (block_year >= 0)[:, None], block_year[:, None], far)
    first = years.min(axis=0, initial=far)
    return np.where(first == far, NEVER, first)


def _last_use(block_year: Longs, uses: Bools) -> Longs:
    """The year from which all blocks of each column are electric; NEVER where one never is."""
    last = np.where(uses, block_year[:, None], NEVER).max(axis=0, initial=NEVER)
    whole = (~uses | (block_year >= 0)[:, None]).all(axis=0)
    return np.where(whole & uses.any(axis=0), last, NEVER)


class _Rows:
    """Columns: block electric by year, place open by year, line whole by year, blocks missing."""

    def __init__(self, n_blocks: int, n_places: int, n_lines: int, n_years: int) -> None:
        self._counts, self._n_years = (n_blocks, n_places, n_lines), n_years
        self._offsets = np.cumsum([0, *(n * n_years for n in self._counts)])
        self._start: list[int] = [0]
        self._column: list[int] = []
        self._value: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def at(self, kind: int, k: int, year: int) -> int:
        """Column of block (0), place (1) or line (2) k in a year; 3: blocks missing."""
        if kind == 3:  # noqa: PLR2004 - the fourth kind
            return int(self._offsets[3]) + year
        return int(self._offsets[kind]) + year * self._counts[kind] + k

    def add(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        """One row."""
        self._column += [column for column, _ in terms]
        self._value += [value for _, value in terms]
        self._start.append(len(self._column))
        self._low.append(low)
        self._high.append(high)

    def add_all(self, problem: PhaseProblem) -> None:
        """All rows of the choice."""
        n_blocks, n_places, n_lines = self._counts
        for year in range(self._n_years):
            everything = [(self.at(0, b, year), 1.0) for b in range(n_blocks)]
            wanted = float(problem.electric[year])
            self.add([*everything, (self.at(3, 0, year), 1.0)], wanted, wanted)
            opened = [(self.at(1, d, year), 1.0) for d in range(n_places)]
            if year:
                opened += [(self.at(1, d, year - 1), -1.0) for d in range(n_places)]
            self.add(opened, -np.inf, float(problem.places_per_year))
            for kind in (0, 1) if year else ():
                for k in range(self._counts[kind]):
                    stays = [(self.at(kind, k, year), 1.0), (self.at(kind, k, year - 1), -1.0)]
                    self.add(stays, 0.0, np.inf)
            for b, d in np.argwhere(problem.charges_at):
                needs = [(self.at(1, int(d), year), 1.0), (self.at(0, int(b), year), -1.0)]
                self.add(needs, 0.0, np.inf)
            for b, line in np.argwhere(problem.serves):
                whole = [(self.at(0, int(b), year), 1.0), (self.at(2, int(line), year), -1.0)]
                self.add(whole, 0.0, np.inf)
            for line in range(n_lines):
                if not problem.serves[:, line].any():
                    self.add([(self.at(2, line, year), 1.0)], 0.0, 0.0)

    def program(self, cost: Floats) -> Program:
        """The program at these costs."""
        n = cost.size
        upper = np.ones(n)
        upper[self._offsets[3] :] = float(self._counts[0])
        is_integer = np.zeros(n, dtype=bool)
        is_integer[: self._offsets[2]] = True
        return Program(
            cost=cost,
            lower=np.zeros(n),
            upper=upper,
            row_lower=np.array(self._low),
            row_upper=np.array(self._high),
            row_start=np.array(self._start, dtype=np.int32),
            column=np.array(self._column, dtype=np.int32),
            value=np.array(self._value),
            is_integer=is_integer,
        )

    def first_years(self, x: Floats, n: int) -> Longs:
        """The first year in which each block is electric (n,); NEVER where it never is."""
        table = x[: self._offsets[1]].reshape(self._n_years, n) > 0.5  # noqa: PLR2004 - rounds
        return np.where(table.any(axis=0), table.argmax(axis=0), NEVER).astype(np.int64)

    def point(self, problem: PhaseProblem, block_year: Longs) -> Floats:
        """The columns of an order of years, for the program to start from."""
        first = _first_use(block_year, problem.charges_at)
        whole = _last_use(block_year, problem.serves)
        k = np.arange(self._n_years)[:, None]
        parts = [((years >= 0) & (years <= k)).ravel() for years in (block_year, first, whole)]
        electric = ((block_year >= 0) & (block_year <= k)).sum(axis=1)
        return np.concatenate([*parts, problem.electric - electric]).astype(np.float64)
