"""Moments as session files write them: local without offset, or with one."""

import datetime as dt
from zoneinfo import ZoneInfo

from viavolta.formats.sessions.notebook import Notebook
from viavolta.model.messages import text


def moment(cell: str) -> dt.datetime | None:
    """Read a date with time; None for an empty cell. Fractions of a second are cut off.

    Raises
    ------
    ValueError: the cell holds something else.
    """
    if not cell:
        return None
    found = dt.datetime.fromisoformat(cell)
    if not (1990 <= found.year <= 2100):  # noqa: PLR2004 - beyond this, a slip of the pen
        msg = "not a year of electric vehicles"
        raise ValueError(msg)
    return found.replace(microsecond=0)


def in_utc(
    local: dt.datetime,
    zone: ZoneInfo,
    *,
    not_before: dt.datetime | None,
    notebook: Notebook,
    line: int,
) -> dt.datetime:
    """Place a local time on the time line; one with an offset is only converted.

    The hour that a clock shows twice in autumn is read as the first one, unless this lies before
    `not_before` (the arrival, for a departure). The hour that is skipped in spring is read as an
    hour later, as a clock that was not yet set.
    """
    if local.tzinfo is not None:
        return local.astimezone(dt.UTC)
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(dt.UTC)
    if first.astimezone(dt.UTC) > second.astimezone(dt.UTC):  # skipped: offsets are swapped
        notebook.note(
            code="session-time-skipped",
            line=line,
            value=local.isoformat(),
            action=text("read as an hour later: the clocks went forward"),
        )
        return first.astimezone(dt.UTC)
    notebook.note(
        code="session-time-twice",
        line=line,
        value=local.isoformat(),
        action=text(
            "the hour that came twice is read as the first one, or the second where the first "
            "would be before the arrival"
        ),
    )
    early = first.astimezone(dt.UTC)
    return second.astimezone(dt.UTC) if not_before is not None and early < not_before else early
