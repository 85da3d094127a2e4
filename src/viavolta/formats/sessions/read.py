"""From a session file of any known format to a table of sessions that can be replayed."""

import datetime as dt
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from viavolta.formats.sessions.languages import (
    STAY_COLUMNS,
    Language,
    RawSession,
    language_of,
)
from viavolta.formats.sessions.mending import Draft, PowerOf, mended
from viavolta.formats.sessions.moments import in_utc, moment
from viavolta.formats.sessions.notebook import Notebook
from viavolta.formats.sessions.swapped_dates import with_dates_put_right
from viavolta.formats.sessions.table import SessionsRead, SessionTable
from viavolta.formats.sessions.text_table import TextTable, read_text_table
from viavolta.model.arrays import Times
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text


def read_sessions(path: Path, *, power_of: PowerOf, asked: str = "auto") -> SessionsRead:
    """Read a file of recorded sessions.

    Parameters
    ----------
    power_of
        Gives the power of plugs that the file does not tell: (S,) kW for drafts.
    asked
        norway, acn, perth, stays, or auto to find out.

    Raises
    ------
    UsageError: no such file.
    InputError: no table, an unknown format, or no session that can be replayed.
    """
    table = read_text_table(path)
    language = language_of(table, asked)
    notebook = Notebook(file=table.file)
    if language.dates:
        table = with_dates_put_right(table, language.dates, notebook=notebook)
    drafts = _drafts(table, language, notebook=notebook)
    sessions = mended(drafts, power_of=power_of, notebook=notebook)
    if not sessions:
        raise InputError(
            code="sessions-none-usable",
            message=text("{file} has no session that can be replayed", file=table.file),
            where=Where(file=table.file),
            expected=text("rows with arrival, departure and energy"),
            hint=_why_none(notebook),
        )
    ignored = STAY_COLUMNS & set(table.columns) if language.name == "stays" else set()
    return SessionsRead(
        sessions=_table(sessions),
        format=language.name,
        timezone=language.timezone,
        n_rows=len(table),
        repairs=notebook.repairs(),
        ignored=tuple(sorted(ignored)),
    )


def _why_none(notebook: Notebook) -> str:
    counts = ", ".join(f"{repair.code} {repair.count}" for repair in notebook.repairs())
    return text("what was found: {counts}", counts=counts or text("no rows"))


def _drafts(table: TextTable, language: Language, *, notebook: Notebook) -> list[Draft]:
    """All rows of which arrival and energy can be read, each once."""
    names = (*language.required, *language.optional)
    columns = {name: table.cells(name) for name in names if name in table.columns}
    reader = _RowReader(language=language, notebook=notebook)
    seen: dict[str, RawSession] = {}
    drafts = []
    for row, line in enumerate(table.lines):
        raw = language.row({name: cells[row] for name, cells in columns.items()})
        unique = _once(raw, seen, line=line, notebook=notebook)
        draft = None if unique is None else reader.draft(unique, line=line)
        if draft is not None:
            drafts.append(draft)
    return drafts


def _once(
    raw: RawSession, seen: dict[str, RawSession], *, line: int, notebook: Notebook
) -> RawSession | None:
    """The row, under a name of its own; None for a row that was there before."""
    name = raw.session_id or f"row-{line}"
    if name in seen and seen[name] == raw:
        notebook.note(
            code="session-twice", line=line, value=name, action=text("left out: the same row again")
        )
        return None
    if name in seen or not raw.session_id:
        notebook.note(
            code="session-id-not-unique",
            line=line,
            value=raw.session_id,
            action=text("renamed after its row: the name was missing or used before"),
        )
        name = f"{raw.session_id}#{line}" if raw.session_id else name
    seen[name] = raw
    return replace(raw, session_id=name)


@dataclass(slots=True, kw_only=True)
class _RowReader:
    """Turns text into figures and moments, and notes what cannot be read."""

    language: Language
    notebook: Notebook
    line: int = 0

    def draft(self, raw: RawSession, *, line: int) -> Draft | None:
        """A row as figures; None where it says too little."""
        self.line = line
        arrival = self._time(raw.arrival, not_before=None)
        if arrival is None:
            action = text("left out: nobody knows when it began")
            self._left_out(code="session-without-start", value=raw.arrival, action=action)
            return None
        efficiency = self._share(raw.charge_efficiency)
        to_plug = 1.0
        if self.language.is_net:  # as in STAYS.csv, where nothing is said nothing is lost
            efficiency = 1.0 if math.isnan(efficiency) else efficiency
            to_plug = 1.0 / efficiency
        energy_kwh = self._number(raw.energy_kwh) * to_plug
        if math.isnan(energy_kwh):
            action = text("left out: nobody knows how much energy it took")
            self._left_out(code="session-without-energy", value=raw.energy_kwh, action=action)
            return None
        if energy_kwh <= 0:
            action = text("left out: nothing was charged")
            self._left_out(code="session-zero-energy", value=raw.energy_kwh, action=action)
            return None
        said, said_kwh = self._said(raw, arrival)
        return Draft(
            raw=raw,
            line=line,
            arrival=arrival,
            departure=self._time(raw.departure, not_before=arrival),
            energy_kwh=energy_kwh,
            max_kw=self._positive(raw.max_kw),
            stated_departure=said,
            stated_energy_kwh=said_kwh * to_plug,
            capacity_kwh=self._positive(raw.capacity_kwh),
            max_discharge_kw=self._number(raw.max_discharge_kw),
            charge_efficiency=efficiency,
        )

    def _left_out(self, *, code: str, value: str, action: str) -> None:
        self.notebook.note(code=code, line=self.line, value=value, action=action)

    def _time(self, cell: str, *, not_before: dt.datetime | None) -> dt.datetime | None:
        try:
            local = moment(cell)
        except ValueError:
            self.notebook.note(
                code="session-time-unreadable",
                line=self.line,
                value=cell,
                action=text("taken as missing"),
            )
            return None
        if local is None:
            return None
        return in_utc(
            local,
            self.language.zone,
            not_before=not_before,
            notebook=self.notebook,
            line=self.line,
        )

    def _number(self, cell: str) -> float:
        """A finite number, NaN for anything else; a decimal comma is taken for a point."""
        if "," in cell and "." not in cell and cell.count(",") == 1:
            self.notebook.note(
                code="session-decimal-comma",
                line=self.line,
                value=cell,
                action=text("the comma is read as a decimal point"),
            )
            cell = cell.replace(",", ".")
        try:
            value = float(cell) if cell else math.nan
        except ValueError:
            value = math.inf
        if math.isinf(value):
            self.notebook.note(
                code="session-number-unreadable",
                line=self.line,
                value=cell,
                action=text("taken as missing"),
            )
            value = math.nan
        return value

    def _positive(self, cell: str) -> float:
        value = self._number(cell)
        return value if value > 0 else math.nan

    def _share(self, cell: str) -> float:
        value = self._number(cell)
        return value if 0 < value <= 1 else math.nan

    def _said(self, raw: RawSession, arrival: dt.datetime) -> tuple[dt.datetime | None, float]:
        """What the driver said; a departure before the arrival, or no energy, says nothing."""
        said = self._time(raw.stated_departure, not_before=arrival)
        said_kwh = self._number(raw.stated_energy_kwh)
        if (said is not None and said <= arrival) or said_kwh <= 0:
            self.notebook.note(
                code="session-statement-impossible",
                line=self.line,
                value=f"{raw.stated_departure} {raw.stated_energy_kwh}",
                action=text("what the driver said is not used"),
            )
            return None, math.nan
        return said, said_kwh


def _table(drafts: list[Draft]) -> SessionTable:
    return SessionTable(
        session_id=tuple(d.raw.session_id for d in drafts),
        driver=tuple(d.raw.driver for d in drafts),
        plug=tuple(d.raw.plug for d in drafts),
        site=tuple(d.raw.site for d in drafts),
        kind=tuple(d.raw.kind for d in drafts),
        arrival=_times([d.arrival for d in drafts]),
        departure=_times([d.departure for d in drafts]),
        energy_kwh=np.array([d.energy_kwh for d in drafts]),
        max_kw=np.array([d.max_kw for d in drafts]),
        stated_departure=_times([d.stated_departure for d in drafts]),
        stated_energy_kwh=np.array([d.stated_energy_kwh for d in drafts]),
        capacity_kwh=np.array([d.capacity_kwh for d in drafts]),
        max_discharge_kw=np.array([d.max_discharge_kw for d in drafts]),
        charge_efficiency=np.array([d.charge_efficiency for d in drafts]),
    )


def _times(moments: list[dt.datetime | None]) -> Times:
    naive = [None if m is None else m.replace(tzinfo=None) for m in moments]
    return np.array(naive, dtype="datetime64[s]")
