"""What events say of the price of energy and its carbon dioxide, and when.

PRICE is what is paid for energy taken, EXPORT_PRICE what is paid for energy given, GHG the carbon
dioxide of energy taken. Of two events at one moment the one with the smaller priority number
counts, of equals the dearer price: a plan made by it never costs more than it says.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from viavolta.protocols.openadr.intervals import priority_of, spans_of, speaks_of, value_of

_FIELD = {
    "PRICE": "buy_eur_per_kwh",
    "EXPORT_PRICE": "sell_eur_per_kwh",
    "GHG": "co2_g_per_kwh",
}
_PER_KWH = {"KWH": 1.0, "MWH": 0.001, "G/KWH": 1.0, None: 1.0}
_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one event says for one interval; None of what it says nothing."""

    start: dt.datetime
    end: dt.datetime
    priority: int
    buy_eur_per_kwh: float | None = None
    sell_eur_per_kwh: float | None = None
    co2_g_per_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """What counts from `start` to `end`; None of what no event says."""

    start: dt.datetime
    end: dt.datetime
    buy_eur_per_kwh: float
    sell_eur_per_kwh: float | None
    co2_g_per_kwh: float | None


def prices_of(event: Mapping[str, Any], *, received_at: dt.datetime) -> list[Price]:
    """The prices that an event sets, interval by interval; other payloads are passed over.

    Raises
    ------
    ValueError: a time, duration, unit, currency or value that cannot be read.
    """
    if not speaks_of(event, _FIELD):
        return []
    unit = _units(event)
    found = []
    for span in spans_of(event, received_at=received_at):
        values = {
            _FIELD[kind]: _finite(payload) * unit[kind]
            for payload in span.payloads
            if (kind := str(payload.get("type"))) in _FIELD
        }
        if values and span.start < span.end:
            found.append(
                Price(start=span.start, end=span.end, priority=priority_of(event), **values)
            )
    return found


def price_steps(prices: Iterable[Price]) -> list[PriceStep]:
    """What counts over time, step after step, where a price to buy is known."""
    said = list(prices)
    moments = sorted({moment for p in said for moment in (p.start, p.end)})
    found: list[PriceStep] = []
    for start, end in pairwise(moments):
        now = [p for p in said if p.start <= start < p.end]
        buy = _counting(now, "buy_eur_per_kwh")
        if buy is not None:
            found.append(
                PriceStep(
                    start=start,
                    end=end,
                    buy_eur_per_kwh=buy,
                    sell_eur_per_kwh=_counting(now, "sell_eur_per_kwh"),
                    co2_g_per_kwh=_counting(now, "co2_g_per_kwh"),
                )
            )
    return found


def _counting(prices: Sequence[Price], field: str) -> float | None:
    said = [(p.priority, -getattr(p, field)) for p in prices if getattr(p, field) is not None]
    return -min(said)[1] if said else None


def _finite(payload: Mapping[str, Any]) -> float:
    value = value_of(payload)
    if not math.isfinite(value):
        msg = f"{payload.get('type')} of {value}; expected a number"
        raise ValueError(msg)
    return value


def _units(event: Mapping[str, Any]) -> Mapping[str, float]:
    """What each type is multiplied by to be in EUR/kWh, or in g/kWh."""
    units = dict.fromkeys(_FIELD, 1.0)
    for descriptor in event.get("payloadDescriptors") or ():
        kind, unit = descriptor.get("payloadType"), descriptor.get("units")
        if kind not in _FIELD:
            continue
        if unit not in _PER_KWH:
            msg = f"{kind} in {str(unit)[:20]!r}; expected KWH, MWH or G/KWH"
            raise ValueError(msg)
        currency = descriptor.get("currency")
        if kind != "GHG" and currency not in {None, _CURRENCY}:
            msg = f"{kind} in {str(currency)[:20]!r}; expected {_CURRENCY}"
            raise ValueError(msg)
        units[kind] = _PER_KWH[unit]
    return units
