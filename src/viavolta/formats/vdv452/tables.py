"""The tables of VDV 452 that a timetable needs, their keys, and values as whole numbers.

Names of tables and columns, German and English, are those of the standard as GDAL's vdv452.xml
lists them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from viavolta.formats.vdv452.x10 import MAX_SHOWN, Rows, read_x10
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

Value = int | str | None
Record = dict[str, Value]

_WHOLE = re.compile(r"[+-]?\d{1,18}(?:[.,]0*)?")
_TEXTS = frozenset(
    {"ORT_NAME", "STR_LI_VAR", "LI_KUERZEL", "LIDNAME", "BETRIEBSGEBIET_BEZ", "BEREICH_TEXT"}
)
_NULLABLE = frozenset(
    {"UM_UID", "ORT_POS_LAENGE", "ORT_POS_BREITE", "EINSTEIGEVERBOT", "AUSSTEIGEVERBOT", *_TEXTS}
) - {"STR_LI_VAR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKind:
    """A table: the columns it must have, those it may have, and the columns of its key."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    is_needed: bool = True


VERSION = "BASIS_VERSION"
KINDS: Mapping[str, TableKind] = {
    "FIRMENKALENDER": TableKind(
        required=(VERSION, "BETRIEBSTAG", "TAGESART_NR"), key=(VERSION, "BETRIEBSTAG")
    ),
    "REC_ORT": TableKind(
        required=(VERSION, "ONR_TYP_NR", "ORT_NR", "ORT_NAME", "ORT_POS_LAENGE", "ORT_POS_BREITE"),
        key=(VERSION, "ONR_TYP_NR", "ORT_NR"),
    ),
    "REC_LID": TableKind(
        required=(VERSION, "LI_NR", "STR_LI_VAR", "BEREICH_NR"),
        optional=("LI_KUERZEL", "LIDNAME"),
        key=(VERSION, "LI_NR", "STR_LI_VAR"),
    ),
    "LID_VERLAUF": TableKind(
        required=(VERSION, "LI_LFD_NR", "LI_NR", "STR_LI_VAR", "ONR_TYP_NR", "ORT_NR"),
        optional=("EINSTEIGEVERBOT", "AUSSTEIGEVERBOT"),
        key=(VERSION, "LI_LFD_NR", "LI_NR", "STR_LI_VAR"),
    ),
    "SEL_FZT_FELD": TableKind(
        required=(
            *(VERSION, "BEREICH_NR", "FGR_NR", "ONR_TYP_NR", "ORT_NR"),
            *("SEL_ZIEL_TYP", "SEL_ZIEL", "SEL_FZT"),
        ),
        key=(
            *(VERSION, "BEREICH_NR", "FGR_NR", "ONR_TYP_NR", "ORT_NR"),
            *("SEL_ZIEL_TYP", "SEL_ZIEL"),
        ),
    ),
    "REC_FRT": TableKind(
        required=(
            *(VERSION, "FRT_FID", "FRT_START", "LI_NR", "TAGESART_NR", "FAHRTART_NR"),
            *("FGR_NR", "STR_LI_VAR"),
        ),
        optional=("UM_UID",),
        key=(VERSION, "FRT_FID"),
    ),
    "ORT_HZTF": TableKind(
        required=(VERSION, "FGR_NR", "ONR_TYP_NR", "ORT_NR", "HP_HZT"),
        key=(VERSION, "FGR_NR", "ONR_TYP_NR", "ORT_NR"),
        is_needed=False,
    ),
    "REC_FRT_HZT": TableKind(
        required=(VERSION, "FRT_FID", "ONR_TYP_NR", "ORT_NR", "FRT_HZT_ZEIT"),
        key=(VERSION, "FRT_FID", "ONR_TYP_NR", "ORT_NR"),
        is_needed=False,
    ),
    "BASIS_VER_GUELTIGKEIT": TableKind(
        required=("VER_GUELTIGKEIT", VERSION), key=("VER_GUELTIGKEIT",), is_needed=False
    ),
    "ZUL_VERKEHRSBETRIEB": TableKind(
        required=(VERSION,), optional=("BETRIEBSGEBIET_BEZ",), is_needed=False
    ),
    "MENGE_BEREICH": TableKind(
        required=(VERSION, "BEREICH_NR"), optional=("BEREICH_TEXT",), is_needed=False
    ),
}
_ENGLISH_TABLES = {
    "PERIOD": "FIRMENKALENDER",
    "STOP": "REC_ORT",
    "LINE": "REC_LID",
    "ROUTE_SEQUENCE": "LID_VERLAUF",
    "TRAVEL_TIME": "SEL_FZT_FELD",
    "JOURNEY": "REC_FRT",
    "WAIT_TIME": "ORT_HZTF",
    "JOURNEY_WAIT_TIME": "REC_FRT_HZT",
    "BASE_VERSION_VALID": "BASIS_VER_GUELTIGKEIT",
    "TRANSPORT_COMPANY": "ZUL_VERKEHRSBETRIEB",
    "OPERATING_DEPARTMENT": "MENGE_BEREICH",
}
_ENGLISH_COLUMNS = {
    "BASE_VERSION": VERSION,
    "OPERATING_DAY": "BETRIEBSTAG",
    "DAY_TYPE_NO": "TAGESART_NR",
    "POINT_TYPE": "ONR_TYP_NR",
    "POINT_NO": "ORT_NR",
    "POINT_DESC": "ORT_NAME",
    "POINT_LONGITUDE": "ORT_POS_LAENGE",
    "POINT_LATITUDE": "ORT_POS_BREITE",
    "LINE_NO": "LI_NR",
    "ROUTE_ABBR": "STR_LI_VAR",
    "OP_DEP_NO": "BEREICH_NR",
    "LINE_ABBR": "LI_KUERZEL",
    "LINE_DESC": "LIDNAME",
    "SEQUENCE_NO": "LI_LFD_NR",
    "NO_BOARDING": "EINSTEIGEVERBOT",
    "NO_ALIGHTING": "AUSSTEIGEVERBOT",
    "TIMING_GROUP_NO": "FGR_NR",
    "FROM_POINT_TYPE": "ONR_TYP_NR",
    "FROM_POINT_NO": "ORT_NR",
    "TO_POINT_TYPE": "SEL_ZIEL_TYP",
    "TO_POINT_NO": "SEL_ZIEL",
    "TRAVEL_TIME": "SEL_FZT",
    "JOURNEY_NO": "FRT_FID",
    "DEPARTURE_TIME": "FRT_START",
    "JOURNEY_TYPE": "FAHRTART_NR",
    "BLOCK_NO": "UM_UID",
    "WAIT_TIME": "HP_HZT",
    "JOURNEY_WAIT_TIME": "FRT_HZT_ZEIT",
    "BASE_VERSION_VALID": "VER_GUELTIGKEIT",
    "BUSINESS_AREA_DESC": "BETRIEBSGEBIET_BEZ",
    "OP_DEP_DESC": "BEREICH_TEXT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: its records, and where each stands."""

    name: str
    records: Sequence[Record]
    spots: Sequence[tuple[str, int]]

    def where(self, k: int, field: str) -> Where:
        """The spot of a value."""
        file, row = self.spots[k]
        value = self.records[k][field]
        return Where(file=file, row=row, field=field, value=str(value)[:MAX_SHOWN])


def read_tables(files: Mapping[str, bytes]) -> dict[str, Table]:
    """Read the tables of a timetable from .x10 files, whatever the files are called.

    Raises
    ------
    InputError: `vdv-missing-table`, `vdv-missing-column`, `vdv-bad-value`, `vdv-duplicate-key`,
        and those of `read_x10`.
    """
    parts: dict[str, list[Rows]] = {}
    for name in sorted(files):
        for table, rows in read_x10(name, files[name]):
            german = _ENGLISH_TABLES.get(table, table)
            if german in KINDS:
                parts.setdefault(german, []).append(rows)
    tables = {}
    for name, kind in KINDS.items():
        found = parts.get(name, [])
        if kind.is_needed and not any(rows.values for rows in found):
            raise InputError(
                code="vdv-missing-table",
                message=text("there is no table {table}, or it has no row", table=name),
                where=Where(file=name.lower() + ".x10", field=name),
                expected=text("the tables {names}", names=", ".join(_needed())),
                hint=text("export these tables too, into the same folder"),
            )
        tables[name] = _joined(name, kind, found)
    return tables


def _needed() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.is_needed]


def _joined(name: str, kind: TableKind, parts: Sequence[Rows]) -> Table:
    records: list[Record] = []
    spots: list[tuple[str, int]] = []
    seen: dict[tuple[Value, ...], int] = {}
    for rows in parts:
        columns = [_ENGLISH_COLUMNS.get(c, c) for c in rows.columns]
        missing = [c for c in kind.required if c not in columns]
        if missing:
            raise InputError(
                code="vdv-missing-column",
                message=text("{table} has no column {column}", table=name, column=missing[0]),
                where=Where(file=rows.file, field=missing[0], value=", ".join(rows.columns)[:200]),
                expected=", ".join(kind.required),
                hint=text("export the table with all columns of the standard"),
            )
        at = {c: columns.index(c) for c in (*kind.required, *kind.optional) if c in columns}
        for line, values in zip(rows.lines, rows.values, strict=True):
            record = {c: _value(values[k], c, rows.file, line) for c, k in at.items()}
            key = tuple(record[c] for c in kind.key)
            if kind.key and key in seen:
                raise InputError(
                    code="vdv-duplicate-key",
                    message=text(
                        "{table} has two rows of one key; the first is line {line}",
                        table=name,
                        line=spots[seen[key]][1],
                    ),
                    where=Where(
                        file=rows.file,
                        row=line,
                        field=", ".join(kind.key),
                        value=", ".join(map(str, key)),
                    ),
                    expected=text("one row of each key"),
                    hint=text("are there two exports in one folder?"),
                )
            seen[key] = len(records)
            records.append(record)
            spots.append((rows.file, line))
    return Table(name=name, records=records, spots=spots)


def _value(value: str | None, column: str, file: str, line: int) -> Value:
    if column in _TEXTS:
        return value or ""
    if column in _NULLABLE and not value:
        return None
    if value is None or not _WHOLE.fullmatch(value):
        raise InputError(
            code="vdv-bad-value",
            message=text("{column} is no whole number", column=column),
            where=Where(file=file, row=line, field=column, value=str(value)[:MAX_SHOWN]),
            expected=text("a whole number, without quotes"),
            hint=text("do the cells of this row stand under their columns (line `atr`)?"),
        )
    return int(value.replace(",", ".").partition(".")[0])
