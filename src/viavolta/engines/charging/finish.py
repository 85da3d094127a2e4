"""The finish of small tasks that the sweeps leave with a gap (see `exact`)."""

from collections.abc import Callable
from dataclasses import replace

from viavolta.engines.charging.decompose import Found, Master
from viavolta.engines.charging.exact import exact, exact_choices
from viavolta.engines.charging.part import itself, set_powers
from viavolta.model.arrays import Floats
from viavolta.model.progress import StopRule
from viavolta.model.schedule import SMALLEST_COST_EUR

_MOST_ROWS = 150_000
"""Rows of all stays up to which a linear program takes seconds, or a quarter of a minute."""


def is_small(master: Master) -> bool:
    """Whether a task can be finished by one linear program."""
    return master.pool.n_parts == 1 and 0 < len(master.task.window) <= _MOST_ROWS


def finish(
    master: Master,
    found: Found,
    *,
    cost_of: Callable[[Floats], float],
    gap: float,
    stop: StopRule,
    seed: int,
) -> Found:
    """Improve what a search found by the optimum of the relaxed task, then with its choices."""
    part = master.pool.one(0, itself)
    optimum = exact(part, master.network, stop=stop, seed=seed)
    if optimum is None:
        return replace(found, was_stopped=True)
    prices, bound_eur = master.bound(optimum.up, optimum.down)
    if bound_eur > found.bound_eur:
        found = replace(found, prices=prices, bound_eur=bound_eur)
    mean_eur = abs(found.cost_eur) / max(1, part.n_vehicles)

    def improved(power_kw: Floats, *, with_stepped: bool, asks: bool) -> Found:
        master.pool.one(
            0, set_powers, power_kw, up=optimum.up[part.row], down=optimum.down[part.row]
        )
        held_kw = master.held_powers(mean_eur, with_stepped=with_stepped, asks=asks)
        cost_eur = cost_of(held_kw)
        if cost_eur < found.cost_eur:
            return replace(found, power_kw=held_kw, cost_eur=cost_eur)
        return found

    is_stepped = bool(part.batteries.is_stepped.any())
    found = improved(optimum.power_kw, with_stepped=True, asks=is_stepped)
    if found.cost_eur - found.bound_eur > gap * max(abs(found.cost_eur), SMALLEST_COST_EUR):
        chosen_kw = exact_choices(
            part, master.network, burning=optimum.burning, gap=gap, stop=stop, seed=seed
        )
        if chosen_kw is not None:
            found = improved(chosen_kw, with_stepped=False, asks=False)
    return found
