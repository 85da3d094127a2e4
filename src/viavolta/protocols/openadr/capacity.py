"""What events say of import and export capacity, for whom and when.

An event without targets is for everybody in its programme. Of two events for one target at one
moment the one with the smaller priority number counts (0 is the highest; one without any comes
last), of equals the stricter.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from viavolta.protocols.openadr.intervals import (
    FOREVER,
    priority_of,
    spans_of,
    speaks_of,
    targets_of,
    value_of,
)

__all__ = ["FOREVER", "Capacity", "Piece", "capacities_of", "in_force", "pieces"]

_FIELD = {"IMPORT_CAPACITY_LIMIT": "import_kw", "EXPORT_CAPACITY_LIMIT": "export_kw"}
_PER_KW = {"KW": 1.0, "MW": 1000.0, "W": 0.001}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A limit for a while. `target` is the name of a group, resource or VEN; "" for everybody."""

    target: str
    start: dt.datetime
    end: dt.datetime
    priority: int
    import_kw: float | None = None
    export_kw: float | None = None
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What holds for a target without change from `start` to `end`; `event_ids` say so."""

    start: dt.datetime
    end: dt.datetime
    import_kw: float | None
    export_kw: float | None
    event_ids: tuple[str, ...]


def capacities_of(event: Mapping[str, Any], *, received_at: dt.datetime) -> list[Capacity]:
    """The limits that an event sets, interval by interval; payloads of other types are passed over.

    `received_at` (UTC) stands for a start that says "now".

    Raises
    ------
    ValueError: a time, duration, unit or value that is none.
    """
    if not speaks_of(event, _FIELD):
        return []
    unit = _unit(event)
    return [
        Capacity(
            target=target,
            start=span.start,
            end=span.end,
            priority=priority_of(event),
            event_id=str(event.get("id", "")),
            **values,
        )
        for target in targets_of(event) or [""]
        for span in spans_of(event, received_at=received_at, target=target)
        if (values := _values(span.payloads, unit)) and span.start < span.end
    ]


def in_force(
    capacities: Iterable[Capacity], *, target: str, at: dt.datetime
) -> tuple[float | None, float | None]:
    """Import and export limit (kW) of a target at a moment; None where nothing limits it."""
    now = [c for c in capacities if c.target in {"", target} and c.start <= at < c.end]
    return _strongest(now, "import_kw")[0], _strongest(now, "export_kw")[0]


def pieces(capacities: Iterable[Capacity], *, target: str) -> list[Piece]:
    """What is in force for a target over time, piece after piece; gaps where nothing limits it."""
    own = sorted(
        (c for c in capacities if c.target in {"", target}), key=lambda c: c.start, reverse=True
    )
    moments = sorted({moment for c in own for moment in (c.start, c.end)})
    found: list[Piece] = []
    now: list[Capacity] = []
    for start, end in pairwise(moments):
        while own and own[-1].start <= start:
            now.append(own.pop())
        now = [c for c in now if start < c.end]
        import_kw, importer = _strongest(now, "import_kw")
        export_kw, exporter = _strongest(now, "export_kw")
        events = tuple(dict.fromkeys(name for name in (importer, exporter) if name is not None))
        if not events:
            continue
        last = found[-1] if found else None
        same = (import_kw, export_kw, events)
        if last and last.end == start and (last.import_kw, last.export_kw, last.event_ids) == same:
            start = found.pop().start  # noqa: PLW2901 - the piece before goes on
        found.append(
            Piece(start=start, end=end, import_kw=import_kw, export_kw=export_kw, event_ids=events)
        )
    return found


def _strongest(capacities: Sequence[Capacity], field: str) -> tuple[float | None, str | None]:
    """The value that counts, and the event that says it."""
    said = [
        (c.priority, value, c.event_id)
        for c in capacities
        if (value := getattr(c, field)) is not None
    ]
    return min(said)[1:] if said else (None, None)


def _unit(event: Mapping[str, Any]) -> Mapping[str, float]:
    """Kilowatts per unit of each type of payload; OpenADR's default for capacity is KW."""
    units = dict.fromkeys(_FIELD, 1.0)
    for descriptor in event.get("payloadDescriptors") or ():
        kind, unit = descriptor.get("payloadType"), descriptor.get("units")
        if kind in _FIELD and unit is not None:
            if unit not in _PER_KW:
                msg = f"capacity in {str(unit)[:20]!r}; expected KW, MW or W"
                raise ValueError(msg)
            units[kind] = _PER_KW[unit]
    return units


def _values(payloads: Iterable[Mapping[str, Any]], unit: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for payload in payloads:
        kind = payload.get("type")
        if kind not in _FIELD:
            continue
        value = value_of(payload) * unit[kind]
        if not 0 <= value < float("inf"):
            msg = f"a capacity of {value:g} kW; expected 0 or more"
            raise ValueError(msg)
        found[_FIELD[kind]] = value
    return found
