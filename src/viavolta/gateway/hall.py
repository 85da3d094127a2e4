"""The stations that are on the line, one conversation each."""

from collections.abc import Iterator

from viavolta.gateway.conversation import Conversation

REPLACED = 1008


class Hall:
    """Conversations by the number of the station's row."""

    def __init__(self) -> None:
        self._there: dict[int, Conversation] = {}

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
        self._there[station] = conversation
        if old is not None:
            old.end(REPLACED, "replaced by a newer connection")

    def leave(self, conversation: Conversation) -> None:
        """Let a station go, if it is still this conversation."""
        if self._there.get(conversation.entry.pk) is conversation:
            del self._there[conversation.entry.pk]
        conversation.gone()
