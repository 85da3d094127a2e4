"""Which rows a stay has: the steps it touches, and how much of each."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRows:
    """All rows of all stays, one after the other: stay, step, part of the step; offsets (S + 1)."""

    stay: list[int]
    step: list[int]
    share: list[float]
    offsets: list[int]
    step_h: float


def rows_of_stays(stays: StayTable, signals: SignalTable) -> StayRows:
    """One row for each step in which a stay is present at all."""
    stay, step, share, offsets = [], [], [], [0]
    for s in range(len(stays)):
        begin = (stays.arrival[s] - signals.start[0]) / np.timedelta64(signals.step_s, "s")
        end = (stays.departure[s] - signals.start[0]) / np.timedelta64(signals.step_s, "s")
        for t in range(int(np.floor(begin)), int(np.ceil(end))):
            stay.append(s)
            step.append(t)
            share.append(float(min(end, t + 1) - max(begin, t)))
        offsets.append(len(stay))
    return StayRows(
        stay=stay, step=step, share=share, offsets=offsets, step_h=signals.step_s / 3600
    )
