"""What the hub asks of stations: rows, taken by the gateway that holds the station."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import close_old_connections, transaction
from django.utils import timezone

from viavolta.protocols.ocpp.link import End, Outcome
from viavolta.storage.tables.stations import Command, CommandState

MOST_AT_ONCE = 500

_STATE_OF = {
    End.ANSWERED: CommandState.ANSWERED,
    End.REFUSED: CommandState.REFUSED,
    End.MISUNDERSTOOD: CommandState.MISUNDERSTOOD,
    End.TIMED_OUT: CommandState.TIMED_OUT,
    End.LOST: CommandState.LOST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command that this gateway took."""

    pk: int
    station: int
    action: str
    payload: dict[str, Any]
    timeout_s: float


def take(gateway: str, holds: Callable[[int], bool]) -> list[Asked]:
    """Take the commands for stations that this gateway holds; blocking, in a thread.

    Each is taken by one gateway only: the one that the station came to last. Those that waited too
    long are ended as expired.
    """
    close_old_connections()
    now = timezone.now()
    queued = Command.objects.filter(state=CommandState.QUEUED)
    queued.filter(expires_at__lte=now).update(state=CommandState.EXPIRED, ended_at=now)
    here = queued.filter(station__gateway=gateway)
    waiting = here.order_by("id").values_list("pk", "station_id")
    mine = list(islice((pk for pk, station in waiting if holds(station)), MOST_AT_ONCE))
    if not mine:
        return []
    with transaction.atomic():
        # the station may have moved, and the other gateway have been quicker
        here.filter(pk__in=mine).update(state=CommandState.SENT, sent_at=now, gateway=gateway)
        taken = list(Command.objects.filter(pk__in=mine, gateway=gateway, sent_at=now))
    return [
        Asked(
            pk=row.pk,
            station=row.station_id,
            action=row.action,
            payload=row.payload,
            timeout_s=row.timeout_s,
        )
        for row in sorted(taken, key=lambda row: row.pk)
    ]


def note(outcomes: Iterable[tuple[int, Outcome]]) -> None:
    """Write down what became of commands, by their numbers; blocking, in a thread."""
    close_old_connections()
    now = timezone.now()
    with transaction.atomic():
        for pk, outcome in outcomes:
            Command.objects.filter(pk=pk).update(
                state=_STATE_OF[outcome.end],
                answer=outcome.payload,
                error=f"{outcome.error_code} {outcome.description}".strip()[:255],
                ended_at=now,
            )


def refuse(pk: int, why: str) -> None:
    """End a command that could not even be sent; blocking, in a thread."""
    Command.objects.filter(pk=pk).update(
        state=CommandState.REFUSED, error=why[:255], ended_at=timezone.now()
    )


def lose_those_of(gateway: str) -> int:
    """End what a gateway had sent when it died: nobody knows what became of it; how many."""
    return Command.objects.filter(state=CommandState.SENT, gateway=gateway).update(
        state=CommandState.LOST, ended_at=timezone.now()
    )
