"""Rendered parts of pages, kept as long as what they were made from stands."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

MOST = 256


class Kept:
    """The parts used last, by a key that names all they depend on."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._parts: OrderedDict[Hashable, str] = OrderedDict()

    def part(self, key: Hashable, make: Callable[[], str]) -> str:
        """The part of that key, made if it is not kept."""
        with self._lock:
            if key in self._parts:
                self._parts.move_to_end(key)
                return self._parts[key]
        made = make()
        with self._lock:
            self._parts[key] = made
            while len(self._parts) > self._most:
                self._parts.popitem(last=False)
        return made
