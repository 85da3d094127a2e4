"""Whether a session gave its driver what she wanted, by when she wanted it."""

import datetime as dt
from collections.abc import Iterable

from viavolta.model.session import Reading
from viavolta.services.live.facts import WishFacts
from viavolta.services.sessions.metered import energy_within_wh

_SOC, _KWH = 0.01, 0.1
"""So little less than wanted counts as kept: meters round."""

_WH = 1000.0


def is_kept(
    wish: WishFacts,
    readings: Iterable[Reading],
    *,
    started_at: dt.datetime,
    ended_at: dt.datetime,
) -> bool | None:
    """Whether a wish was kept; None where it asked for nothing, or cannot be told.

    What is wanted at a time must be there at that time, or at the end where it ended later. Who
    leaves before has not been let down: unless she has all of it, nobody can tell.
    """
    due = ended_at if wish.ready_at is None else min(wish.ready_at, ended_at)
    told = sorted(readings, key=lambda r: r.at)
    reached = [
        one
        for one in (
            _has_charge(wish.target_soc, told, due),
            _has_energy(wish.energy_kwh, told, started_at, due),
        )
        if one is not None
    ]
    if not reached:
        return None
    if all(reached):
        return True
    left_early = wish.ready_at is not None and ended_at < wish.ready_at
    return None if left_early else False


def _has_charge(target: float | None, told: list[Reading], due: dt.datetime) -> bool | None:
    known = [r.soc for r in told if r.soc is not None and r.at <= due]
    return None if target is None or not known else known[-1] >= target - _SOC


def _has_energy(
    wanted_kwh: float | None, told: list[Reading], start: dt.datetime, due: dt.datetime
) -> bool | None:
    drawn = [(r.at, r.import_wh) for r in told if r.import_wh is not None]
    given = [(r.at, r.export_wh) for r in told if r.export_wh is not None]
    if wanted_kwh is None or len(drawn) < 2:  # noqa: PLR2004 - energy is between two readings
        return None
    net_wh = energy_within_wh(drawn, start, due) - energy_within_wh(given, start, due)
    return net_wh / _WH >= wanted_kwh - _KWH
