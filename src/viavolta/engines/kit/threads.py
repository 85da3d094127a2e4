"""The door to threads: kernels release the interpreter's lock, so parts run side by side."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from viavolta.model.progress import StopRule, never

T = TypeVar("T")
R = TypeVar("R")

THREADS_SETTING = "VIAVOLTA_THREADS"
"""Setting in the environment: how many threads to use; all cores without it."""


def n_threads() -> int:
    """Return how many threads to use: the setting, or the cores this process may use."""
    setting = os.environ.get(THREADS_SETTING, "")
    if setting.isdigit() and int(setting) > 0:
        return int(setting)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def side_by_side(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Call a function for each item, in threads where that helps; results in order of the items."""
    workers = min(n_threads(), len(items))
    if workers <= 1:
        return [function(item) for item in items]
    return list(_threads(workers).map(function, items))


Halt = NDArray[np.int8]
"""A flag (1,) that kernels read now and then: where it is not 0, they end early."""

ASK_EVERY_S = 0.02
"""How often a stop rule is asked while kernels run."""


def no_halt() -> Halt:
    """Return a flag that lets a kernel run to its end."""
    return np.zeros(1, dtype=np.int8)


def side_by_side_until(
    function: Callable[[T, Halt], R], items: Sequence[T], stop: StopRule
) -> list[R] | None:
    """Call a function for each item as `side_by_side` does; None where told to stop meanwhile.

    The function hands its flag to its kernels. `stop` is asked in this thread alone.
    """
    halt = no_halt()
    if stop is never:
        return side_by_side(lambda item: function(item, halt), items)
    if stop():
        return None
    threads = _threads(max(1, min(n_threads(), len(items))))
    calls = [threads.submit(function, item, halt) for item in items]
    try:
        while wait(calls, timeout=ASK_EVERY_S).not_done:
            halt[0] |= stop()
    finally:
        halt[0] |= any(not call.done() for call in calls)  # an interrupt leaves nothing running on
    return None if halt[0] else [call.result() for call in calls]


@cache
def _threads(workers: int) -> ThreadPoolExecutor:
    """Threads that stay: a new set for each of many short calls would cost more than the calls."""
    return ThreadPoolExecutor(workers, thread_name_prefix="viavolta")
