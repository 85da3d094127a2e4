"""What became of commands, as rows for pages."""

import json
from dataclasses import dataclass

from viavolta.hub.operate.queries.stations import commands_of, names_of
from viavolta.hub.operate.words import command_badge
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.stations import Command, Station

_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """A command as a page shows it: who asked, what, and what came of it."""

    command: Command
    badge: str
    who: str
    payload: str
    answer: str


def command_rows(tenant: Organisation, *, station: Station) -> list[CommandRow]:
    """The last commands to a station."""
    rows = list(commands_of(tenant).filter(station=station)[:_MOST])
    names = names_of({row.asked_by for row in rows})
    return [
        CommandRow(
            command=row,
            badge=command_badge(row.state),
            who=names.get(row.asked_by, row.asked_by),
            payload=json.dumps(row.payload, ensure_ascii=False),
            answer=row.error or ("" if row.answer is None else json.dumps(row.answer)),
        )
        for row in rows
    ]
