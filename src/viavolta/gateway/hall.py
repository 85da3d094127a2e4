"""The stations that are on the line, one conversation each."""

from collections.abc import Iterable, Iterator

from viavolta.gateway.conversation import Conversation

REPLACED = 1008


class Hall:
    """Conversations by the number of the station's row; who came and went since last asked."""

    def __init__(self) -> None:
        self._there: dict[int, Conversation] = {}
        self._entered: dict[int, Conversation] = {}
        self._left: set[int] = set()

    def __len__(self) -> int:
        return len(self._there)

    def __iter__(self) -> Iterator[Conversation]:
        return iter(list(self._there.values()))

    def get(self, station: int) -> Conversation | None:
        """The conversation with a station."""
        return self._there.get(station)

    def enter(self, conversation: Conversation) -> None:
        """Take a station in; an older link of the same station, half open perhaps, is ended."""
        station = conversation.entry.pk
        old = self._there.get(station)
        self._there[station] = self._entered[station] = conversation
        self._left.discard(station)
        if old is not None:
            old.end(REPLACED, "replaced by a newer connection")

    def leave(self, conversation: Conversation) -> None:
        """Let a station go, if it is still this conversation."""
        station = conversation.entry.pk
        if self._there.get(station) is conversation:
            del self._there[station]
            self._left.add(station)
        conversation.gone()

    def release(self, station: int) -> None:
        """End the link of a station that has come in elsewhere, unless it is back by now."""
        conversation = self._there.get(station)
        if conversation is not None and station not in self._entered:
            del self._there[station]
            conversation.end(REPLACED, "connected at another gateway")

    def put_back(self, entered: Iterable[Conversation], left: Iterable[int]) -> None:
        """Take back changes that could not be noted; who has gone meanwhile came all the same."""
        for conversation in entered:
            station = conversation.entry.pk
            self._entered.setdefault(station, conversation)
            if station not in self._there:
                self._left.add(station)
        self._left |= set(left)
        self._left -= set(self._there)

    def take_changes(self) -> tuple[list[Conversation], set[int]]:
        """Who entered, and then the numbers of those who left, since the last time."""
        entered, self._entered = list(self._entered.values()), {}
        left, self._left = self._left, set()
        return entered, left
