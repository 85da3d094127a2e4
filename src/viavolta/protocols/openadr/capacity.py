"""What an event says of import and export capacity, for whom and when.

An event without targets is for everybody in its programme. Of two events for one target at one
moment the one with the smaller priority number counts (0 is the highest; one without any comes
last), of equals the stricter.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viavolta.protocols.openadr.duration import ENDLESS, duration_of

FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_NOW = ("0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z")
"""What OpenADR 3 writes for a start at once."""

_FIELD = {"IMPORT_CAPACITY_LIMIT": "import_kw", "EXPORT_CAPACITY_LIMIT": "export_kw"}
_PER_KW = {"KW": 1.0, "MW": 1000.0, "W": 0.001}
_NO_PRIORITY = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A limit for a while. `target` is the name of a group, resource or VEN; "" for everybody."""

    target: str
    start: dt.datetime
    end: dt.datetime
    priority: int
    import_kw: float | None = None
    export_kw: float | None = None


def capacities_of(event: Mapping[str, Any], *, received_at: dt.datetime) -> list[Capacity]:
    """The limits that an event sets, interval by interval; payloads of other types are passed over.

    `received_at` (UTC) stands for a start that says "now".

    Raises
    ------
    ValueError: a time, duration, unit or value that is none.
    """
    unit = _unit(event)
    targets = _targets(event)
    found = []
    for interval, start, end in _spans(event, received_at):
        values = _values(interval, unit)
        if values:
            found += [
                Capacity(
                    target=target,
                    start=start,
                    end=end,
                    priority=_priority(event),
                    **values,
                )
                for target in targets
            ]
    return found


def in_force(
    capacities: Iterable[Capacity], *, target: str, at: dt.datetime
) -> tuple[float | None, float | None]:
    """Import and export limit (kW) of a target at a moment; None where nothing limits it."""
    now = [c for c in capacities if c.target in {"", target} and c.start <= at < c.end]
    return _strongest(now, "import_kw"), _strongest(now, "export_kw")


def _strongest(capacities: Sequence[Capacity], field: str) -> float | None:
    said = [(c.priority, getattr(c, field)) for c in capacities if getattr(c, field) is not None]
    return min(said)[1] if said else None


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


def _targets(event: Mapping[str, Any]) -> list[str]:
    """Names, from lists of names (3.1) or of types with values (3.0)."""
    names: list[str] = []
    for target in event.get("targets") or ():
        if isinstance(target, str):
            names.append(target)
        else:
            names += [str(value) for value in target.get("values", ())]
    return names or [""]


def _priority(event: Mapping[str, Any]) -> int:
    priority = event.get("priority")
    return _NO_PRIORITY if priority is None else int(priority)


def _spans(
    event: Mapping[str, Any], received_at: dt.datetime
) -> Iterable[tuple[Mapping[str, Any], dt.datetime, dt.datetime]]:
    """Each interval with its own times, or with those that follow the one before."""
    common = event.get("intervalPeriod") or {}
    start = _start(common, received_at)
    for interval in event.get("intervals") or ():
        own = interval.get("intervalPeriod") or {}
        begin = _start(own, received_at) if own else start
        if begin is None:
            msg = "an interval has no start, neither of its own nor of the event"
            raise ValueError(msg)
        length = duration_of(own.get("duration") or common.get("duration") or ENDLESS)
        start = FOREVER if length is None else begin + length
        yield interval, begin, start


def _start(period: Mapping[str, Any], received_at: dt.datetime) -> dt.datetime | None:
    words = period.get("start")
    if words is None:
        return None
    if words in _NOW:
        return received_at
    try:
        moment = dt.datetime.fromisoformat(words)
    except (TypeError, ValueError) as error:
        msg = f"{str(words)[:40]!r} is no time of ISO 8601"
        raise ValueError(msg) from error
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _values(interval: Mapping[str, Any], unit: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for payload in interval.get("payloads") or ():
        kind = payload.get("type")
        if kind not in _FIELD:
            continue
        value = float(payload["values"][0]) * unit[kind]
        if not 0 <= value < float("inf"):
            msg = f"a capacity of {value:g} kW; expected 0 or more"
            raise ValueError(msg)
        found[_FIELD[kind]] = value
    return found
