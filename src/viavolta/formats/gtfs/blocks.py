"""A feed with the blocks of a plan: `trips.block_id` set, everything else as it lies there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from viavolta.formats.gtfs.records import Record, Records, read_records

HOUR_S, MINUTE_S = 3600, 60
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?")
_TIMES = ("arrival_time", "departure_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One departure of a trip that the feed gives by headway, as a trip of its own."""

    trip_id: str
    block_id: str
    shift_s: int


def with_blocks(
    files: Mapping[str, bytes],
    block_of: Mapping[str, str],
    departures: Mapping[str, Sequence[Departure]],
) -> dict[str, bytes]:
    """Set the blocks of a plan in a feed.

    Parameters
    ----------
    files : the feed's files by name.
    block_of : trip_id -> block_id, empty for a trip that no block has; other trips keep theirs.
    departures : trip_id -> its departures, for trips of frequencies.txt: one trip cannot run in
        several blocks, so each departure becomes a trip of its own, and the headway goes.

    Returns
    -------
    The files. Where no departure is by headway, every byte but the block_id fields of trips.txt
    is the same.
    """
    found = {name.lower(): name for name in files}
    written = dict(files)
    trips = read_records(files[found["trips.txt"]])
    written[found["trips.txt"]] = _trips(trips, block_of, departures)
    if departures:
        name = found["stop_times.txt"]
        written[name] = _stop_times(read_records(files[name]), departures)
        name = found["frequencies.txt"]
        headways = read_records(files[name])
        rest = _without(headways, departures)
        if any(record.fields != (b"",) for record in rest):
            written[name] = headways.to_bytes(rest)
        else:
            del written[name]
    return written


def shifted(time: str, shift_s: int) -> str:
    """A time of day moved by seconds; what is no time stays as it is.

    Examples
    --------
    >>> shifted("23:59:30", 60)
    '24:00:30'
    """
    found = _TIME.fullmatch(time.strip())
    if found is None:
        return time
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return clock_text(hours * HOUR_S + minutes * MINUTE_S + seconds + shift_s)


def clock_text(time_s: int) -> str:
    """Seconds of the service day as HH:MM:SS."""
    return f"{time_s // HOUR_S:02d}:{time_s % HOUR_S // MINUTE_S:02d}:{time_s % MINUTE_S:02d}"


def _trips(
    table: Records, block_of: Mapping[str, str], departures: Mapping[str, Sequence[Departure]]
) -> bytes:
    id_column, block_column = table.column("trip_id"), table.column("block_id")
    header = table.header
    is_new = block_column < 0
    if is_new:
        block_column = len(header.fields)
        header = header.with_value(block_column, "block_id")
    rows: list[Record] = []
    for record in table.records:
        if record.fields == (b"",):
            rows.append(record)
            continue
        trip = record.value(id_column)
        if trip in departures:
            for departure in departures[trip]:
                row = record.with_value(id_column, departure.trip_id)
                rows.append(row.with_value(block_column, departure.block_id))
        elif is_new or record.value(block_column) != block_of.get(trip, record.value(block_column)):
            rows.append(record.with_value(block_column, block_of.get(trip, "")))
        else:
            rows.append(record)
    return Records(mark=table.mark, header=header, records=()).to_bytes(_ended(rows, header))


def _stop_times(table: Records, departures: Mapping[str, Sequence[Departure]]) -> bytes:
    """The calls of all trips but those by headway, then those of their departures."""
    id_column = table.column("trip_id")
    times = [table.column(name) for name in _TIMES if table.column(name) >= 0]
    calls: dict[str, list[Record]] = {}
    for record in table.records:
        if record.value(id_column) in departures:
            calls.setdefault(record.value(id_column), []).append(record)
    rest = table.to_bytes(_without(table, departures))
    parts = [rest if rest.endswith(b"\n") else rest + table.header.end]
    for trip, rows in calls.items():
        for departure in departures[trip]:
            for row in rows:
                moved = row.with_value(id_column, departure.trip_id)
                for column in times:
                    value = shifted(row.value(column), departure.shift_s)
                    moved = moved.with_value(column, value)
                parts.append(b",".join(moved.fields) + table.header.end)
    return b"".join(parts)


def _without(table: Records, trips: Iterable[str]) -> list[Record]:
    id_column, gone = table.column("trip_id"), set(trips)
    return [record for record in table.records if record.value(id_column) not in gone]


def _ended(rows: Sequence[Record], header: Record) -> list[Record]:
    """Rows with a line end after each but the last."""
    return [
        row if row.end or k == len(rows) - 1 else Record(fields=row.fields, end=header.end)
        for k, row in enumerate(rows)
    ]
