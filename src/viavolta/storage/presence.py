"""Which gateway holds a station, and which gateways live: rows, written by the gateway itself."""

import datetime as dt
from collections.abc import Iterable

from django.db import close_old_connections, transaction
from django.utils import timezone

from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.storage.bulk import in_turn
from viavolta.storage.processes import is_lost, same_machine
from viavolta.storage.tables.stations import GatewaySeen, Station

ALIVE = dt.timedelta(seconds=10)
"""A gateway that said nothing for so long counts as lost."""

MOVED_WITHIN = dt.timedelta(seconds=60)
AT_ONCE = 500


def begin(gateway: str, process: str) -> None:
    """Take a gateway's name; what its forerunner of that name held is on the line no longer.

    Raises
    ------
    UsageError: a gateway of that name lives on another machine.
    """
    close_old_connections()
    other = GatewaySeen.objects.filter(gateway=gateway).exclude(process=process).first()
    is_elsewhere = other is not None and not same_machine(other.process, process)
    if other is not None and is_elsewhere and timezone.now() - other.seen_at < ALIVE:
        raise UsageError(
            code="gateway-name-taken",
            message=text("a gateway named {name} runs on another machine", name=gateway),
            where=Where(field="--name", value=gateway),
            hint=text("give each gateway a --name of its own"),
        )
    Station.objects.filter(gateway=gateway).update(gateway="")
    seen(gateway, process, 0)


def seen(gateway: str, process: str, n_stations: int) -> None:
    """Say that a gateway lives, and how many stations it holds."""
    close_old_connections()
    GatewaySeen.objects.update_or_create(
        gateway=gateway,
        defaults={"process": process, "n_stations": n_stations, "seen_at": timezone.now()},
    )


def end(gateway: str) -> None:
    """A gateway stops: it holds nobody."""
    Station.objects.filter(gateway=gateway).update(gateway="")
    GatewaySeen.objects.filter(gateway=gateway).delete()


def note(gateway: str, entered: Iterable[tuple[int, str]], left: Iterable[int]) -> None:
    """Write down who came in, with the version that it speaks, and then who went."""
    close_old_connections()
    now = timezone.now()
    by_version: dict[str, list[int]] = {}
    for station, version in entered:
        by_version.setdefault(version, []).append(station)
    for version, stations in by_version.items():
        for some in _pieces(stations):
            with transaction.atomic():
                in_turn(some)
                Station.objects.filter(pk__in=some).update(
                    gateway=gateway, connected_at=now, ocpp_version=version
                )
    for some in _pieces(list(left)):
        with transaction.atomic():
            in_turn(some)
            Station.objects.filter(pk__in=some, gateway=gateway).update(gateway="")


def moved_away(gateway: str) -> list[int]:
    """Stations that lately came in at another gateway."""
    lately = Station.objects.filter(connected_at__gt=timezone.now() - MOVED_WITHIN)
    return list(lately.exclude(gateway__in=("", gateway)).values_list("pk", flat=True))


def is_any_gateway_alive() -> bool:
    """Whether a gateway was heard of lately, and is not known to have ended."""
    lately = GatewaySeen.objects.filter(seen_at__gt=timezone.now() - ALIVE)
    return any(not is_lost(process) for process in lately.values_list("process", flat=True))


def _pieces(stations: list[int]) -> Iterable[list[int]]:
    return (stations[k : k + AT_ONCE] for k in range(0, len(stations), AT_ONCE))
