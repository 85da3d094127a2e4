"""Results of partners' commands, once the station has answered or can no longer answer."""

from datetime import datetime
from typing import Any

from django.db import transaction

from viavolta.hub.ocpi.models import PartnerCommand
from viavolta.hub.ocpi.profiles import Ask
from viavolta.hub.ocpi.station_asks import tell_result
from viavolta.services.roaming.orders import command_result, profile_result, profile_told
from viavolta.storage.tables.stations import Command, CommandState

MOST_AT_ONCE = 200
_UNDER_WAY = (CommandState.QUEUED, CommandState.SENT)


def conclude(now: datetime) -> int:
    """Queue the results of commands that have ended; how many."""
    expired = Command.objects.filter(
        state=CommandState.QUEUED, expires_at__lte=now, roaming__told_at=None
    ).exclude(roaming=None)
    expired.update(state=CommandState.EXPIRED, ended_at=now)
    ended = PartnerCommand.objects.filter(told_at=None).exclude(command__state__in=_UNDER_WAY)
    keys = list(ended.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_conclude(key, now) for key in keys)


@transaction.atomic
def _conclude(key: int, now: datetime) -> bool:
    row = (
        PartnerCommand.objects.select_for_update(of=("self",))
        .select_related("partner", "command")
        .filter(pk=key, told_at=None)
        .first()
    )
    if row is None:
        return False
    content = _result(row, now)
    tell_result(row, content, content["result"], now)
    return True


def _result(row: PartnerCommand, now: datetime) -> dict[str, Any]:
    command = row.command
    state = CommandState.LOST.value if command is None else command.state
    answer = None if command is None else command.answer
    if row.kind not in set(Ask):
        action = "" if command is None else command.action
        return {"result": command_result(action, state, answer)}
    if row.kind != Ask.GET or state != CommandState.ANSWERED:
        return {"result": profile_result(state, answer)}
    profile = profile_told(answer or {}, now)
    return {"result": "REJECTED"} if profile is None else {"result": "ACCEPTED", "profile": profile}
