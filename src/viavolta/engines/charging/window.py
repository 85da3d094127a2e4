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
    first_share, last_share : (S,) part of the first and last step during which the vehicle is
        there, in (0, 1]; steps in between are whole.
    """

    first_step: Ints
    offsets: Ints
    first_share: Floats
    last_share: Floats

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def stay(self) -> Ints:
        """(K,) stay of each row; made anew on each call."""
        return np.repeat(np.arange(len(self.first_step)), np.diff(self.offsets))

    @property
    def step(self) -> Ints:
        """(K,) step of each row; made anew on each call."""
        return steps_of(self.first_step, self.offsets)

    @property
    def share(self) -> Floats:
        """(K,) part of the step during which the vehicle is there; made anew on each call."""
        share = np.ones(len(self))
        if len(self):
            share[self.offsets[1:] - 1] = self.last_share
            share[self.offsets[:-1]] = self.first_share
        return share


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
    first_until = np.minimum(end_s, (first + 1) * signals.step_s)
    last_from = np.maximum(begin_s, last * signals.step_s)
    return Windows(
        first_step=first,
        offsets=offsets,
        first_share=(first_until - begin_s) / signals.step_s,
        last_share=(end_s - last_from) / signals.step_s,
    )


def steps_of(first_step: Ints, offsets: Ints) -> Ints:
    """(K,) step of each row of stays that begin in a step. Shapes: (S,), (S + 1,)."""
    start = np.repeat(first_step - offsets[:-1], np.diff(offsets))
    steps: Ints = start + np.arange(int(offsets[-1]))
    return steps


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
