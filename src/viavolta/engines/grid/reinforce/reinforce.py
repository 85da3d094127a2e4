"""The entrance: strengthen a grid for one loading, or over the years."""

from collections.abc import Sequence
from itertools import pairwise

from viavolta.engines.grid.flow import prepare
from viavolta.engines.grid.reinforce.greedy import greedy_plan
from viavolta.engines.grid.reinforce.options import Site
from viavolta.engines.grid.reinforce.plan import Method, Plan, YearLoad
from viavolta.engines.grid.reinforce.radial import radial_plan
from viavolta.engines.grid.reinforce.rules import BuildRules
from viavolta.engines.grid.reinforce.tree import tree_of
from viavolta.engines.grid.reinforce.verify import PrepareFlow, verify
from viavolta.model.arrays import Floats
from viavolta.model.grid import Grid
from viavolta.model.grid_prices import GridPrices
from viavolta.model.progress import StopRule, never


def reinforce(
    grid: Grid,
    p_kw: Floats,
    q_kvar: Floats,
    *,
    prices: GridPrices,
    rules: BuildRules,
    flow: PrepareFlow = prepare,
    year: int = 0,
    stop: StopRule = never,
) -> Plan:
    """A cheap list of measures after which a grid holds its rules under (N, T) loads.

    Without violations the plan is empty. `expand` is the same over several years.

    Raises
    ------
    NoSolutionError: the allowed measures do not suffice.
    """
    load = YearLoad(year=year, p_kw=p_kw, q_kvar=q_kvar)
    return expand(grid, [load], prices=prices, rules=rules, flow=flow, stop=stop)


def expand(
    grid: Grid,
    loads: Sequence[YearLoad],
    *,
    prices: GridPrices,
    rules: BuildRules,
    flow: PrepareFlow = prepare,
    stop: StopRule = never,
) -> Plan:
    """What to build in which year, so that the grid holds its rules in all of them.

    Each edge of the grid is touched at most once: what is built early is chosen with the later
    years in mind. Prices of later years are discounted by the interest of the price list. Every
    year is verified by `flow` over all its steps.

    Raises
    ------
    NoSolutionError: the allowed measures do not suffice.
    ValueError: years that do not rise, or loads that do not fit the grid.
    """
    years = [load.year for load in loads]
    if not years or any(later <= earlier for earlier, later in pairwise(years)):
        msg = "one load per year at least, in rising order"
        raise ValueError(msg)
    if any(len(load.p_kw) != grid.n_nodes for load in loads):
        msg = "loads have one row per node"
        raise ValueError(msg)
    findings = [verify(grid, load.p_kw, load.q_kvar, rules=rules, flow=flow) for load in loads]
    if not any(findings):
        return _nothing(grid, years, rules)
    tree = tree_of(grid)
    if tree is None:
        return greedy_plan(grid, loads, prices=prices, rules=rules, flow=flow)
    site = Site(grid=grid, tree=tree, prices=prices, rules=rules)
    return radial_plan(site, loads, findings, flow=flow, stop=stop)


def _nothing(grid: Grid, years: list[int], rules: BuildRules) -> Plan:
    return Plan(
        measures=(),
        years=tuple(years),
        grids=(grid,) * len(years),
        rules=(rules,) * len(years),
        cost_eur=0.0,
        present_eur=0.0,
        lower_bound_eur=0.0,
        method=Method.EXACT,
    )
