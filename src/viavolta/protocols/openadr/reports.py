"""Reports that an event asks for: when each is due, of which intervals, and how it is written.

An event asks by `reportDescriptors`. `startInterval` of -1, the default, asks for one report at the
end; `frequency` for one every so many intervals, `repeat` for how many of them. Reports of what is
to come (`historical` false) are not written.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viavolta.protocols.openadr.intervals import FOREVER, Span, spans_of, targets_of
from viavolta.protocols.openadr.objects import AGGREGATED

WRITTEN = {"USAGE": "KWH", "DEMAND": "KW", "BASELINE": "KWH", "OPERATING_STATE": None}
"""Types of payloads that can be reported, and their units."""
_PER_UNIT = {"KWH": {"KWH": 1.0, "WH": 1000.0, "MWH": 0.001}, "KW": {"KW": 1.0, "W": 1000.0}}
_ALL = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A report that is asked for.

    Attributes
    ----------
    descriptor : its place among the event's descriptors. number : of the report, from 0.
    first : number of its first interval. spans : its intervals. due_at : when they have ended.
    names : of the resources asked for; none for all.
    """

    descriptor: int
    number: int
    kind: str
    units: str | None
    first: int
    spans: tuple[Span, ...]
    due_at: dt.datetime
    names: tuple[str, ...]
    is_aggregated: bool


def reports_of(event: Mapping[str, Any], *, received_at: dt.datetime) -> list[Due]:
    """All reports that an event asks for and that can be written.

    Raises
    ------
    ValueError: an event whose times cannot be read.
    """
    descriptors = event.get("reportDescriptors") or ()
    if not descriptors:
        return []
    spans = [s for s in spans_of(event, received_at=received_at) if s.end != FOREVER]
    return [
        Due(
            descriptor=k,
            number=n,
            kind=one["payloadType"],
            units=_unit(one),
            first=first,
            spans=tuple(spans[first:last]),
            due_at=max(s.end for s in spans[first:last]),
            names=tuple(targets_of(one)),
            is_aggregated=bool(one.get("aggregate")),
        )
        for k, one in enumerate(descriptors)
        if one["payloadType"] in WRITTEN and one.get("historical") is not False and _is_known(one)
        for n, (first, last) in enumerate(_parts(one, len(spans)))
    ]


def not_written(event: Mapping[str, Any]) -> list[str]:
    """Types of payloads that an event asks for and that nobody here can report."""
    asked = [one["payloadType"] for one in event.get("reportDescriptors") or ()]
    return [kind for kind in dict.fromkeys(asked) if kind not in WRITTEN]


def report(
    due: Due,
    values: Mapping[str, Sequence[float | str | None]],
    *,
    program_id: str,
    event_id: str,
    client_name: str,
) -> dict[str, Any]:
    """The report itself; `values` by resource, one for each interval, None where not known.

    Numbers are in kWh or kW and are written in the unit asked for.
    """
    return {
        "programID": program_id,
        "eventID": event_id,
        "clientName": client_name,
        "reportName": f"{due.kind}-{due.descriptor}-{due.number}",
        "payloadDescriptors": [{"payloadType": due.kind, "units": due.units}],
        "resources": [
            {
                "resourceName": AGGREGATED if due.is_aggregated else name,
                "intervals": [
                    {
                        "id": due.first + k,
                        "intervalPeriod": _period(span),
                        "payloads": _payloads(due, value),
                    }
                    for k, (span, value) in enumerate(zip(due.spans, told, strict=True))
                ],
            }
            for name, told in values.items()
        ],
    }


def _payloads(due: Due, value: float | str | None) -> list[dict[str, Any]]:
    if value is None:
        return [{"type": "DATA_QUALITY", "values": ["MISSING"]}]
    if isinstance(value, str):
        return [{"type": due.kind, "values": [value]}]
    factor = _PER_UNIT[str(WRITTEN[due.kind])][str(due.units)]
    told = [{"type": due.kind, "values": [round(value * factor, 6)]}]
    quality = "ESTIMATED" if due.kind == "BASELINE" else "OK"
    return [*told, {"type": "DATA_QUALITY", "values": [quality]}]


def _period(span: Span) -> dict[str, str]:
    seconds = int((span.end - span.start).total_seconds())
    return {"start": f"{span.start:%Y-%m-%dT%H:%M:%SZ}", "duration": f"PT{seconds}S"}


def _unit(descriptor: Mapping[str, Any]) -> str | None:
    return descriptor.get("units") or WRITTEN[descriptor["payloadType"]]


def _is_known(descriptor: Mapping[str, Any]) -> bool:
    own = WRITTEN[descriptor["payloadType"]]
    return own is None or _unit(descriptor) in _PER_UNIT[own]


def _parts(descriptor: Mapping[str, Any], n_intervals: int) -> list[tuple[int, int]]:
    """First and last interval (half-open) of each report."""
    if n_intervals == 0:
        return []
    start = _number(descriptor, "startInterval")
    length = _number(descriptor, "numIntervals")
    every = _number(descriptor, "frequency")
    if start == _ALL and every == _ALL:
        return [(0 if length == _ALL else max(0, n_intervals - length), n_intervals)]
    begin = 0 if start == _ALL else start
    length = n_intervals if length == _ALL else length
    every = length if every == _ALL else every
    if every < 1 or length < 1:
        return []
    repeat = descriptor.get("repeat", 1)
    found = [
        (k, min(k + (length if start != _ALL else every), n_intervals))
        for k in range(begin, n_intervals, every)
    ]
    return found if repeat == _ALL else found[: max(0, repeat)]


def _number(descriptor: Mapping[str, Any], key: str) -> int:
    value = descriptor.get(key)
    return _ALL if value is None else int(value)
