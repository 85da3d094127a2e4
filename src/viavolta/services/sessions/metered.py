"""Energy that a session took within a span of time, read off the registers of its meter."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

Register = tuple[dt.datetime, float]
"""A time (UTC) and the energy ever taken (Wh)."""


def energy_within_wh(registers: Sequence[Register], start: dt.datetime, end: dt.datetime) -> float:
    """What was taken from `start` to `end`: between two readings as if at an even power.

    A register that falls counts for nothing, as in a session's own energy.
    """
    total = 0.0
    for (begin, before), (stop, after) in pairwise(sorted(registers)):
        overlap = (min(stop, end) - max(begin, start)).total_seconds()
        length = (stop - begin).total_seconds()
        if after > before and length > 0 and overlap > 0:
            total += (after - before) * overlap / length
        elif after > before and length == 0 and start <= begin < end:
            total += after - before
    return total
