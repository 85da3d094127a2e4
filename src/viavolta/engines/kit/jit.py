"""The door to numba: one decorator for every kernel of the product."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")

_ENGINES = Path(__file__).parents[1]


def stamp(folder: Path) -> str:
    """Sixteen letters that change with any source file below a folder.

    A kernel holds the machine code of the kernels it calls, but numba looks only at the file of the
    caller to see whether what it kept is still right. So what is kept goes by all of them.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _keep_kernels_by_stamp() -> None:
    """Let numba keep compiled kernels in a folder of this very state of the engines."""
    config: Any = numba.config  # numba sets its names at run time
    chosen = config.CACHE_DIR
    parent = Path(chosen) if chosen else _ENGINES / "__pycache__"
    folder = parent / f"kernels-{stamp(_ENGINES)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only installation does not change: numba's own place for the user is right
    config.CACHE_DIR = str(folder)


_keep_kernels_by_stamp()


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel to machine code on its first call.

    The code is kept on disk (`cache`), runs without the interpreter's lock (`nogil`) and divides
    as numpy does (`error_model`: x / 0 is inf or NaN, never an exception). No `fastmath`: sums
    keep their order, so that the same input gives the same bytes. `function.py_func` is the
    uncompiled twin.
    """
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled
