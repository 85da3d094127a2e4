"""A fleet the user limits: whether a plan keeps within it, and in which hour it lacks how many."""

from collections.abc import Sequence

import numpy as np

from viavolta.engines.bus.blocks import Block
from viavolta.model.errors import NoSolutionError, Where
from viavolta.model.messages import text

FIELD = "fleet.max_vehicles"
HOUR_S = 3600.0


def most_at_once(blocks: Sequence[Block]) -> tuple[int, int]:
    """Find the hour of the service day with most vehicles at work at once: (hour, how many).

    A vehicle is at work from its first pull-out to its last pull-in, stays at midday included. Of
    several such hours the first counts.
    """
    begins = np.array([block.activities[0].start_s for block in blocks])
    ends = np.array([block.activities[-1].end_s for block in blocks])
    times = np.concatenate([begins, ends])
    change = np.concatenate([np.ones(begins.size), -np.ones(ends.size)])
    order = np.lexsort((change, times))
    running = np.cumsum(change[order])
    at = int(np.argmax(running))
    return int(times[order][at] // HOUR_S), int(running[at])


def require_fleet(
    blocks: Sequence[Block], max_vehicles: int | None, *, vehicles_without_energy_limit: int
) -> None:
    """Refuse a plan of more vehicles than there are.

    Raises
    ------
    NoSolutionError: `fleet-too-small`, with the hour that lacks most and how many it lacks.
    """
    if max_vehicles is None or len(blocks) <= max_vehicles:
        return
    hour, at_once = most_at_once(blocks)
    least = vehicles_without_energy_limit
    when = {"begin": f"{hour:02d}:00", "end": f"{hour + 1:02d}:00"}
    if at_once > max_vehicles:
        message = text(
            "{lack} buses are missing between {begin} and {end}: {n} are at work at once there,"
            " and the plan takes {all} in all",
            lack=at_once - max_vehicles,
            n=at_once,
            all=len(blocks),
            **when,
        )
    else:
        message = text(
            "the plan takes {all} buses, {lack} too many, though no more than {n} are at work at"
            " once (between {begin} and {end}): batteries do not last for the rest",
            all=len(blocks),
            lack=len(blocks) - max_vehicles,
            n=at_once,
            **when,
        )
    raise NoSolutionError(
        code="fleet-too-small",
        message=message,
        where=Where(field=FIELD, value=str(max_vehicles)),
        expected=text("at least {n} buses", n=len(blocks)),
        hint=text(
            "raise fleet.max_vehicles or leave trips out: even batteries that never empty"
            " take {n} buses",
            n=least,
        )
        if least > max_vehicles
        else text(
            "raise fleet.max_vehicles, allow a larger battery ([fleet] vehicle_types), or look"
            " harder with --effort high: batteries that never empty would take {n} buses",
            n=least,
        ),
    )
