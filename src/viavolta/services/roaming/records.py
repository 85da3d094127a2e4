"""What a session was, period by period, and what it cost, in the words of OCPI 2.2.1 (mod_cdrs).

Energy between two readings of the meter is taken to have flowed evenly. Sums of the periods are the
totals of the record.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from viavolta.protocols.ocpi.objects import as_date_time
from viavolta.protocols.ocpi.pricing import price_object
from viavolta.services.billing.price import Register, Use
from viavolta.services.billing.tariff import Per

HOUR_S = 3600
_SHOWN = Decimal("0.0001")
_KINDS = {
    "total_fixed_cost": (Per.SESSION, Per.BOOST),
    "total_energy_cost": (Per.KWH,),
    "total_time_cost": (Per.MINUTE,),
    "total_parking_cost": (Per.IDLE_MINUTE,),
}


def periods_of(use: Use, *, tariff_id: str = "") -> list[dict[str, Any]]:
    """The charging periods: an hour each at most, cut where the vehicle was full.

    There is always one, so that the record of a session without energy is one of OCPI, too.
    """
    edges = [use.started_at, *_cuts(use), use.ended_at]
    found = []
    for start, end in itertools.pairwise(edges):
        if end == start and len(edges) > 2:  # noqa: PLR2004 - begin and end alone
            continue
        is_parking = use.full_at is not None and start >= use.full_at
        hours = Decimal((end - start) // _TICK) / 1_000_000 / HOUR_S
        period: dict[str, Any] = {
            "start_date_time": as_date_time(start),
            "dimensions": [
                {"type": "PARKING_TIME" if is_parking else "TIME", "volume": shown(hours)},
                {"type": "ENERGY", "volume": shown(_kwh_between(use.registers, start, end, use))},
            ],
        }
        found.append(period | ({"tariff_id": tariff_id} if tariff_id else {}))
    return found


def totals_of(use: Use, energy_wh: float) -> dict[str, Any]:
    """Energy (kWh) and times (h) of a record; the energy is that of the bill."""
    parked = dt.timedelta()
    if use.full_at is not None:
        parked = max(dt.timedelta(), use.ended_at - max(use.full_at, use.started_at))
    found: dict[str, Any] = {
        "total_energy": shown(Decimal(repr(energy_wh)) / 1000),
        "total_time": _hours(use.ended_at - use.started_at),
    }
    return found | ({"total_parking_time": _hours(parked)} if parked else {})


def costs_of(
    lines: Sequence[Mapping[str, Any]], *, cents: int, vat_cents: int, sign: int = 1
) -> dict[str, Any]:
    """The costs of a record from the lines of a bill; `sign` -1 takes them back.

    The tax of a part is its share of the tax of the bill.
    """
    found: dict[str, Any] = {"total_cost": _price(cents * sign, vat_cents * sign, cents, cents)}
    for name, kinds in _KINDS.items():
        part = sum(int(line["cents"]) for line in lines if line["per"] in kinds)
        if part:
            found[name] = _price(part * sign, vat_cents * sign, part, cents)
    return found


def no_costs() -> dict[str, Any]:
    """The costs of charging that is given away."""
    return {"total_cost": {"excl_vat": 0.0, "incl_vat": 0.0}}


def shown(value: Decimal) -> float:
    """A number as it goes over the wire: four decimals, as the specification asks at most."""
    return float(value.quantize(_SHOWN, rounding=ROUND_HALF_UP))


_TICK = dt.timedelta(microseconds=1)


def _price(incl_cents: int, vat_cents: int, part: int, whole: int) -> dict[str, float]:
    vat = Decimal(vat_cents) * part / whole if whole else Decimal(0)
    incl = Decimal(incl_cents)
    return price_object((incl - vat) / 100, incl / 100)


def _hours(span: dt.timedelta) -> float:
    return shown(Decimal(span // _TICK) / 1_000_000 / HOUR_S)


def _cuts(use: Use) -> Iterable[dt.datetime]:
    """Full hours within, and the moment from which the vehicle took no more."""
    hour = use.started_at.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
    found = set()
    while hour < use.ended_at:
        found.add(hour)
        hour += dt.timedelta(hours=1)
    if use.full_at is not None and use.started_at < use.full_at < use.ended_at:
        found.add(use.full_at)
    return sorted(found)


def _kwh_between(
    registers: Sequence[Register], start: dt.datetime, end: dt.datetime, use: Use
) -> Decimal:
    """Energy of a period; what readings of one moment add counts to the period that it begins."""
    total = Decimal(0)
    ordered = sorted(set(registers))
    for (before, wh_before), (after, wh_after) in itertools.pairwise(ordered):
        if wh_after <= wh_before:
            continue
        begin, finish = (min(max(at, use.started_at), use.ended_at) for at in (before, after))
        wh = Decimal(repr(wh_after)) - Decimal(repr(wh_before))
        if begin == finish:
            is_here = start <= begin < end or begin == end == use.ended_at
            total += wh if is_here else 0
            continue
        overlap = min(end, finish) - max(start, begin)
        if overlap > dt.timedelta():
            total += wh * Decimal(overlap // _TICK) / Decimal((finish - begin) // _TICK)
    return total / 1000
