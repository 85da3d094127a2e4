"""Where the parts of a task live and work: here, in threads, or elsewhere (see storage.compute)."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from viavolta.engines.charging.part import Part
from viavolta.engines.kit.threads import side_by_side


class Pool(Protocol):
    """Holds the parts; calls functions on them that may change them."""

    @property
    def n_parts(self) -> int:
        """Number of parts."""

    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        """Call function(part, *args, **options) on every part; results in order of the parts."""

    def one(self, index: int, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function on one part."""


class ThreadPool:
    """Parts in this process."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = list(parts)

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return len(self._parts)

    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        """Call function(part, *args, **options) on every part; results in order of the parts."""
        return side_by_side(lambda part: function(part, *args, **options), self._parts)

    def one(self, index: int, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function on one part."""
        return function(self._parts[index], *args, **options)
