"""Draws over the cores of this machine: one process for each, a lost one is started again.

Results come in the order of the items, whatever the number of processes.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from viavolta.engines.kit.threads import THREADS_SETTING, n_threads
from viavolta.model.errors import PeerError
from viavolta.model.messages import text
from viavolta.storage.processes import end_with_parent

J = TypeVar("J")
T = TypeVar("T")
R = TypeVar("R")

_MOST_LOSSES = 3
_ONE_THREAD = {THREADS_SETTING: "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Each process works alone: threads within would only take cores from one another."""


class CoreMap:
    """Calls function(job, item) for each item, in as many processes as there are cores.

    Attributes
    ----------
    told : called with the share of the items that are done.
    """

    def __init__(self, told: Callable[[float], None], workers: int | None = None) -> None:
        self._told = told
        self._workers = workers

    def __call__(self, function: Callable[[J, T], R], job: J, items: Sequence[T]) -> list[R]:
        """Results in order of the items.

        Raises
        ------
        PeerError: processes end one after the other, for want of memory for example.
        """
        workers = min(self._workers or n_threads(), len(items))
        if workers <= 1:
            return [self._one(function, job, items, row) for row in range(len(items))]
        done: dict[int, R] = {}
        for _ in range(_MOST_LOSSES):
            try:
                self._rest(function, job, items, done, workers)
                return [done[row] for row in range(len(items))]
            except BrokenProcessPool:
                continue
        raise PeerError(
            code="process-lost",
            message=text("a process that calculates draws ended before it was done"),
            hint=text("there may be too little memory; set VIAVOLTA_THREADS=1, or study less"),
        )

    def _one(self, function: Callable[[J, T], R], job: J, items: Sequence[T], row: int) -> R:
        result = function(job, items[row])
        self._told((row + 1) / len(items))
        return result

    def _rest(
        self,
        function: Callable[[J, T], R],
        job: J,
        items: Sequence[T],
        done: dict[int, R],
        workers: int,
    ) -> None:
        """Fill in what is not done yet."""
        with (
            _environment(_ONE_THREAD),
            ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=end_with_parent,
                initargs=(os.getpid(),),
            ) as pool,
        ):
            left = {
                pool.submit(function, job, items[row]): row
                for row in range(len(items))
                if row not in done
            }
            for future in as_completed(left):
                done[left[future]] = future.result()
                self._told(len(done) / len(items))


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Settings that processes started meanwhile inherit."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
