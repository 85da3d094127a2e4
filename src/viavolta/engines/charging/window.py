"""Which steps a stay can use, and how much of each."""

from dataclasses import dataclass

import numpy as np

from viavolta.model.arrays import Floats, Ints
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The steps of all stays, one after the other. K = all steps of all stays.

    Attributes
    ----------
    first_step : (S,), offsets : (S + 1,) as in PowerPlan.
    stay, step : (K,) which stay and which step of the signals.
    share : (K,) part of the step during which the vehicle is there; in (0, 1].
    """

    first_step: Ints
    offsets: Ints
    stay: Ints
    step: Ints
    share: Floats

    def __len__(self) -> int:
        return len(self.step)


def windows(stays: StayTable, signals: SignalTable) -> Windows:
    """Lay every stay over the steps of the signals.

    Raises
    ------
    ValueError: a stay reaches outside the signals.
    """
    origin = signals.start[0]
    begin_s = (stays.arrival - origin).astype(np.int64)
    end_s = (stays.departure - origin).astype(np.int64)
    if (begin_s < 0).any() or (end_s > signals.n_steps * signals.step_s).any():
        msg = "a stay reaches outside the signals"
        raise ValueError(msg)
    first = begin_s // signals.step_s
    last = (end_s - 1) // signals.step_s
    offsets = np.concatenate(([0], np.cumsum(last - first + 1))).astype(np.int64)
    stay = np.repeat(np.arange(len(stays)), np.diff(offsets))
    step = first[stay] + np.arange(offsets[-1]) - offsets[stay]
    from_s = np.maximum(begin_s[stay], step * signals.step_s)
    until_s = np.minimum(end_s[stay], (step + 1) * signals.step_s)
    share = (until_s - from_s) / signals.step_s
    return Windows(first_step=first, offsets=offsets, stay=stay, step=step, share=share)


def sum_by_stay(values: Floats, offsets: Ints) -> Floats:
    """Sum flat values per stay. Shapes: values (K,), offsets (S + 1,), returns (S,)."""
    if len(offsets) == 1:
        return np.zeros(0)
    return np.add.reduceat(values, offsets[:-1])


def cumulate_by_stay(values: Floats, offsets: Ints) -> Floats:
    """Add up within each stay. Shapes: values (K,), offsets (S + 1,), returns (K,)."""
    running = np.cumsum(values)
    before = np.concatenate(([0.0], running))[offsets[:-1]]
    since_arrival: Floats = running - np.repeat(before, np.diff(offsets))
    return since_arrival
