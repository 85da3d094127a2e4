"""A year against limits: extremes, hours, runs of violations, and what drives them."""

import numpy as np
import pytest
from assess_grids import FakeSolver, loads, lv_behind_station, mv_ring, rules

from viavolta.engines.grid.assess.causes import causes
from viavolta.engines.grid.assess.marks import KINDS, Marks, ViolationKind, episodes
from viavolta.engines.grid.assess.watch import GridLoad, Limits, Outcome, blank, blocks, watch
from viavolta.engines.grid.bands import Split, reserve_shares, voltage_bands
from viavolta.model.grid import Grid


def limits(grid: Grid) -> Limits:
    low, high = voltage_bands(grid, rules(), Split.WHOLE)
    return Limits(low_pu=low, high_pu=high, reserve_share=reserve_shares(grid, rules()))


def outcome(grid: Grid, load: GridLoad, *, most_kw: float = np.inf, size: int = 3) -> Outcome:
    """Watch a load in blocks of some steps."""
    seen = blank(grid, load.n_steps, np.array([0]))
    for first in range(0, load.n_steps, size):
        part = slice(first, min(first + size, load.n_steps))
        flow = FakeSolver(grid, most_kw=most_kw).solve(load.at(part))
        watch(seen, flow, first=first, limits=limits(grid), step_h=0.25, x=np.array([0]))
    return seen


def named(found: Marks) -> list[tuple[str, int, int, int, float]]:
    run = episodes(found)
    return [
        (KINDS[k].value, int(e), int(f), int(n), round(float(w), 3))
        for k, e, f, n, w in zip(
            run.kind, run.element, run.first_step, run.n_steps, run.worst, strict=True
        )
    ]


def test_hours_extremes_and_runs() -> None:
    """Two quarter hours of 150 kW at one node: half an hour low, and over every rating."""
    grid = lv_behind_station()
    load = GridLoad(rest=loads(grid, [[10, 150, 140, 10, -120]], node=[3]))
    seen = outcome(grid, load)
    assert seen.u_min_pu[3] == pytest.approx(0.85)
    assert seen.u_max_pu[3] == pytest.approx(1.12)
    assert seen.hours_outside.tolist() == [0, 0, 0, 0.75]
    assert seen.hours_over.tolist() == [0.75] * 3
    assert seen.loading_max == pytest.approx([1.5] * 3)
    assert seen.loss_kw.sum() == pytest.approx(5.0)
    found = named(seen.marks)
    assert ("low-voltage", 3, 1, 2, 0.85) in found
    assert ("high-voltage", 3, 4, 1, 1.12) in found
    assert [row for row in found if row[0] == "overload" and row[1] == 0] == [
        ("overload", 0, 1, 2, 1.5),
        ("overload", 0, 4, 1, 1.2),
    ]
    assert not [row for row in found if row[0] == "reserve"]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 20])
def test_blocks_do_not_matter(size: int) -> None:
    """Runs go on across the borders of blocks."""
    grid = lv_behind_station()
    power = np.random.default_rng(1).normal(0, 120, (1, 17))
    load = GridLoad(rest=loads(grid, power, node=[2]))
    one, other = outcome(grid, load, size=size), outcome(grid, load, size=17)
    assert named(one.marks) == named(other.marks)
    assert one.hours_over.tolist() == other.hours_over.tolist()


def test_reserve_counts_in_the_load_case_only() -> None:
    """60 % of a ring's cable is too much for load, and fine for feed-in."""
    grid = mv_ring()
    seen = outcome(grid, GridLoad(rest=loads(grid, [[60, -60]], node=[2])))
    assert seen.hours_over_reserve.tolist() == [0.25, 0.25]
    assert {row[:3] for row in named(seen.marks)} == {("reserve", 0, 0), ("reserve", 1, 0)}


def test_steps_without_a_solution_are_reported() -> None:
    """A step that does not converge is a violation of the whole grid, and counts nowhere else."""
    grid = lv_behind_station()
    load = GridLoad(rest=loads(grid, [[10, 400, 400, 10]], node=[1]))
    seen = outcome(grid, load, most_kw=300)
    assert seen.n_not_converged == 2
    run = episodes(seen.marks)
    assert [KINDS[k] for k in run.kind] == [ViolationKind.NOT_CONVERGED]
    assert (run.first_step.tolist(), run.n_steps.tolist()) == ([1], [2])
    assert seen.u_min_pu[1] == pytest.approx(0.99)
    assert np.isnan(seen.transformer_share[1:3]).all()


@pytest.mark.parametrize(
    ("base", "sun", "charging", "cause"),
    [
        (60, 0, 60, "charging"),
        (120, 0, 10, "base load"),
        (0, -130, 10, "sun"),
        (0, -60, -60, "discharging"),
        (120, 0, 120, "several"),
        (90, -210, 0, "sun"),
        (0, 0, 500, "charging"),
    ],
)
def test_the_cause_is_what_it_takes_away(
    base: float, sun: float, charging: float, cause: str
) -> None:
    """Each part alone, and two that are each too much."""
    grid = lv_behind_station()
    load = GridLoad(
        rest=loads(grid, [[base], [sun]], node=[1, 2]),
        charging=loads(grid, [[charging]], node=[3]),
    )
    found = episodes(outcome(grid, load, most_kw=300).marks)
    assert len(found)
    solver = FakeSolver(grid, most_kw=300)
    at_branch = [
        name
        for name, kind in zip(causes(solver, load, found, limits(grid)), found.kind, strict=True)
        if KINDS[kind] in {ViolationKind.OVERLOAD, ViolationKind.NOT_CONVERGED}
    ]
    assert set(at_branch) == {cause}


def test_blocks_cover_all_steps() -> None:
    """Every step is in one block."""
    grid = lv_behind_station()
    cut = blocks(grid, 1_000_000)
    assert len(cut) > 1
    assert np.concatenate([np.arange(1_000_000)[part] for part in cut]).tolist() == list(
        range(1_000_000)
    )
