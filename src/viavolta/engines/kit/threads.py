"""The door to threads: kernels release the interpreter's lock, so parts run side by side."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

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


@cache
def _threads(workers: int) -> ThreadPoolExecutor:
    """Threads that stay: a new set for each of many short calls would cost more than the calls."""
    return ThreadPoolExecutor(workers, thread_name_prefix="viavolta")
