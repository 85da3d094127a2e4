"""Room at terminals: which stays find no point, and go back to the planner."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.engines.bus.blocks import Block, Kind, PlannedStay
from viavolta.engines.bus.points import points_needed
from viavolta.engines.bus.problem import BlockProblem
from viavolta.services.bus.sites import ClosedSlots, Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack:
    """Stays that a terminal had no room for: at most `room` buses charge there at once.

    is_connection: whether the connection sets the room, not the points.
    """

    terminal: int
    n_stays: int
    room: int
    is_connection: bool


def without_room(
    blocks: Sequence[Block], terminals: Sequence[Terminal], *, planned_share: float
) -> tuple[ClosedSlots, tuple[SentBack, ...]]:
    """Find the stays beyond the room of each terminal, and the slots to close for them.

    Whoever takes more energy keeps the point, the earlier one of two alike.
    """
    closed = ClosedSlots()
    sent: list[SentBack] = []
    for row, terminal in enumerate(terminals):
        room = terminal.room(planned_share)
        if room is None:
            continue
        stays = [(block, s) for block in blocks for s in block.stays if s.point == row]
        stays.sort(key=lambda one: (-round(one[1].energy_kwh, 6), one[1].arrival_s))
        held: list[tuple[float, float]] = []
        refused: list[tuple[Block, PlannedStay]] = []
        for block, stay in stays:
            interval = (stay.arrival_s, stay.departure_s)
            if points_needed([*held, interval]) <= room:
                held.append(interval)
            else:
                refused.append((block, stay))
        if refused:
            closed = closed.joined(_slots(refused))
            sent.append(
                SentBack(
                    terminal=row,
                    n_stays=len(refused),
                    room=room,
                    is_connection=terminal.max_points is None or room < terminal.max_points,
                )
            )
    return closed, tuple(sent)


def closed_terminals(problem: BlockProblem, rows: Sequence[int]) -> ClosedSlots:
    """Close terminals altogether: after and before every trip."""
    after = before = frozenset[int]()
    if problem.end_point is not None and problem.start_point is not None:
        after = frozenset(np.flatnonzero(np.isin(problem.end_point, rows)).tolist())
        before = frozenset(np.flatnonzero(np.isin(problem.start_point, rows)).tolist())
    return ClosedSlots(after=after, before=before)


def _slots(refused: Sequence[tuple[Block, PlannedStay]]) -> ClosedSlots:
    after, before = set(), set()
    for block, stay in refused:
        rows = block.activities
        trip_before = next(r for r in rows[stay.activity :: -1] if r.kind is Kind.TRIP)
        trip_after = next(r for r in rows[stay.activity :] if r.kind is Kind.TRIP)
        if trip_before.to_node == stay.node:
            after.add(trip_before.trip)
        else:
            before.add(trip_after.trip)
    return ClosedSlots(after=frozenset(after), before=frozenset(before))
