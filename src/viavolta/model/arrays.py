"""Read-only arrays for tables whose fields may not change after the constructor checked them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Times = NDArray[np.datetime64]  # always datetime64[s], UTC


def freeze(record: object, field: str, dtype: str, shape: tuple[int, ...]) -> None:
    """Replace a field of a frozen record by a read-only array of the dtype and shape.

    A scalar, or an array that broadcasts (a row for all limits, say), fills the shape.

    Raises
    ------
    ValueError: the field does not fit the shape.
    """
    object.__setattr__(record, field, read_only(getattr(record, field), dtype, shape, name=field))


def read_only(values: ArrayLike, dtype: str, shape: tuple[int, ...], *, name: str) -> NDArray[Any]:
    """Return a read-only copy of values, broadcast to a shape."""
    array = np.asarray(values, dtype=dtype)
    try:
        array = np.array(np.broadcast_to(array, shape))
    except ValueError as error:
        msg = f"{name} has shape {array.shape}, expected {shape}"
        raise ValueError(msg) from error
    array.setflags(write=False)
    return array


def require(fine: ArrayLike, message: str) -> None:
    """Raise a ValueError unless every element of `fine` is true."""
    if not np.all(fine):
        raise ValueError(message)
