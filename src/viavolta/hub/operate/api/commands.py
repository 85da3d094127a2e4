"""Commands in the API: one operation for each, and what became of them."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Body, HeaderEx, P, Query, Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.actions.commands import ask_station, version_of
from viavolta.hub.operate.api.operations import OPERATIONS, Operation
from viavolta.hub.operate.api.payloads import request_body
from viavolta.hub.operate.queries.stations import commands_of, names_of, stations_of
from viavolta.hub.operate.tenants import tenant_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Role
from viavolta.storage.tables.stations import Command, CommandState, Station

router = Router(tags=["commands to stations"])
LONGEST_WAIT_S = 30
_LOOK_EVERY_S = 0.1
_WAITERS = threading.BoundedSemaphore(4)
"""Of a process's threads so many may wait for stations; whoever comes then is answered at once."""

_UNDER_WAY = (CommandState.QUEUED, CommandState.SENT)


class CommandOut(Schema):
    """A command and what became of it."""

    id: int
    station: str
    action: str
    payload: dict[str, Any]
    state: CommandState
    answer: dict[str, Any] | None = Field(description="the station's answer, as on the wire")
    error: str = Field(description="the error that the station answered with")
    asked_by: str
    asked_at: dt.datetime
    expires_at: dt.datetime = Field(description="until when the station may connect")
    sent_at: dt.datetime | None
    ended_at: dt.datetime | None

    @staticmethod
    def resolve_station(row: Command) -> str:
        """The identity of the station."""
        return row.station.identity

    @staticmethod
    def resolve_asked_by(row: Command, context: dict[str, Any]) -> str:
        """The name of who asked; each is looked up once for an answer."""
        known: dict[str, str] = vars(context["request"]).setdefault("names_of_askers", {})
        if row.asked_by not in known:
            known[row.asked_by] = names_of({row.asked_by}).get(row.asked_by, row.asked_by)
        return known[row.asked_by]


class Asking(Schema):
    """How a command is asked."""

    expires_s: int = Field(
        300, ge=1, le=86_400, description="so long the station may take to connect"
    )


class Waiting(Schema):
    """How long to wait for what becomes of a command."""

    wait: int = Field(0, ge=0, le=LONGEST_WAIT_S, description="seconds, at most")


class CommandFilter(Schema):
    """Which commands to list."""

    station: str = Field("", max_length=48)
    action: str = Field("", max_length=40)
    state: CommandState | None = None
    since: dt.datetime | None = None


def station_of(request: HttpRequest, organisation: str, station: str, needs: Role) -> Station:
    """A station of an organisation in which the caller has at least that role.

    Raises
    ------
    Http404: there is none that she may know of. PermissionDenied: her role is too low.
    """
    tenant = tenant_of(request, organisation, needs)
    return get_object_or_404(stations_of(tenant), identity=station)


def _operation(operation: Operation) -> Callable[..., Any]:
    def ask(
        request: HttpRequest,
        organisation: str,
        station: str,
        payload: Body[dict[str, Any]],
        asking: Query[Asking],
        *,
        once: HeaderEx[str, P(alias="Idempotency-Key", max_length=80)] = "",
    ) -> Any:
        row = station_of(request, organisation, station, Role.EDITOR)
        version = version_of(row)
        action = operation.actions.get(version)
        if action is None:
            reason = f"OCPP {version} has no {operation.name}"
            raise RefusedError(reason)
        command = ask_station(
            visitor(request),
            tenant_of(request, organisation, Role.EDITOR),
            row,
            action,
            payload,
            wait=dt.timedelta(seconds=asking.expires_s),
            once=once,
        )
        return Status(202, command)

    versions = ", ".join(f"{action} (OCPP {v})" for v, action in operation.actions.items())
    ask.__doc__ = (
        f"{versions}. Checked against the official schema of the station's version before it is "
        "queued. What becomes of it: the command of the `id` that is answered. A repeat under the "
        "same `Idempotency-Key` asks nothing new and answers with the same command."
    )
    return ask


for _one in OPERATIONS:
    router.post(
        f"/{{organisation}}/stations/{{station}}/{_one.name}",
        response={202: CommandOut},
        operation_id=f"station_{_one.name.replace('-', '_')}",
        summary=_one.summary,
        openapi_extra={"requestBody": request_body(_one)},
    )(api_access(Access.EDITOR)(_operation(_one)))


@router.get(
    "/{organisation}/commands/{command}",
    response=CommandOut,
    operation_id="get_command",
    summary="What became of a command",
)
@api_access(Access.READER)
def get_command(
    request: HttpRequest, organisation: str, command: int, waiting: Query[Waiting]
) -> Command:
    """Waits up to `wait` seconds for its end; a busy hub answers earlier, with how it stands."""
    rows = commands_of(tenant_of(request, organisation, Role.READER))
    row = get_object_or_404(rows, pk=command)
    if not waiting.wait or row.state not in _UNDER_WAY or not _WAITERS.acquire(blocking=False):
        return row
    try:
        until = time.monotonic() + waiting.wait
        while row.state in _UNDER_WAY and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
            row.refresh_from_db()
    finally:
        _WAITERS.release()
    return row


@router.get(
    "/{organisation}/commands",
    response=list[CommandOut],
    operation_id="list_commands",
    summary="Commands and what became of them",
)
@api_access(Access.READER)
@paginate(LimitOffsetPagination)
def list_commands(request: HttpRequest, organisation: str, wanted: Query[CommandFilter]) -> Any:
    """Newest first."""
    rows = commands_of(tenant_of(request, organisation, Role.READER))
    said = {
        "station__identity": wanted.station,
        "action": wanted.action,
        "state": wanted.state,
        "asked_at__gte": wanted.since,
    }
    return rows.filter(**{field: value for field, value in said.items() if value})
