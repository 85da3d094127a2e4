"""The door to numba: one decorator for every kernel of the product."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel to machine code on its first call.

    The code is kept on disk (`cache`), runs without the interpreter's lock (`nogil`) and divides
    as numpy does (`error_model`: x / 0 is inf or NaN, never an exception). No `fastmath`: sums
    keep their order, so that the same input gives the same bytes. `function.py_func` is the
    uncompiled twin.
    """
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled
