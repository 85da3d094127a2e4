"""A lab's figures for its funder as CSV: what is known is counted, nothing is typed again."""

import csv
import io
from datetime import datetime
from enum import StrEnum

from viavolta.hub.collaborate.zones import wall_time
from viavolta.hub.frame.cells import for_file
from viavolta.hub.labs.models import Lab
from viavolta.hub.labs.queries import held_sessions, participants


class Sheet(StrEnum):
    """The tables a funder gets."""

    SESSIONS = "sessions"
    PARTICIPANTS = "participants"
    PRACTICES = "practices"


def sheet(lab: Lab, which: Sheet, since: datetime, until: datetime) -> str:
    """One table of a lab for `[since, until)`: dates in ISO form, moments on the lab's clock."""
    rows = {
        Sheet.SESSIONS: _sessions,
        Sheet.PARTICIPANTS: _participants,
        Sheet.PRACTICES: _practices,
    }[which](lab, since, until)
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([for_file(value) for value in row])
    return text.getvalue()


def _sessions(lab: Lab, since: datetime, until: datetime) -> list[list[object]]:
    head = ["title", "start", "end", "zone", "place", "registered", "attended", "organisations"]
    rows: list[list[object]] = [[*head, "outcomes"]]
    for session in held_sessions(lab, since, until):
        event = session.gathering
        there = list(event.registrations.all())
        rows.append(
            [
                event.title,
                wall_time(event.starts_at, event.zone),
                wall_time(event.ends_at, event.zone),
                event.zone,
                event.place,
                len(there),
                sum(one.attended for one in there) + event.others_attended,
                len({one.organisation_id for one in there if one.attended and one.organisation_id}),
                session.outcomes,
            ]
        )
    return rows


def _participants(lab: Lab, since: datetime, until: datetime) -> list[list[object]]:
    """Organisations by name; people only as a number, for their names are theirs."""
    rows: list[list[object]] = [["name", "kind", "country", "nuts", "joined"]]
    joined = participants(lab).filter(joined_at__gte=since, joined_at__lt=until)
    for one in joined.order_by("joined_at", "pk"):
        day = one.joined_at.date() if one.joined_at else None
        organisation = one.organisation
        if organisation is None:
            rows.append(["person", "person", "", "", day])
        else:
            rows.append(
                [
                    organisation.name,
                    organisation.kind,
                    organisation.country,
                    organisation.nuts,
                    day,
                ]
            )
    return rows


def _practices(lab: Lab, since: datetime, until: datetime) -> list[list[object]]:
    rows: list[list[object]] = [
        ["title", "organisation", "segment", "language", "state", "written", "published"]
    ]
    written = lab.practices.filter(hidden=False, created_at__gte=since, created_at__lt=until)
    for one in written.select_related("organisation").order_by("created_at", "pk"):
        published = one.published_at.date() if one.published_at else None
        rows.append(
            [
                one.title,
                one.organisation.name,
                one.segment,
                one.language,
                one.state,
                one.created_at.date(),
                published,
            ]
        )
    return rows
