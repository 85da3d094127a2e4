"""What a session costs under a tariff of OCPI, line by line, exact to the last digit.

Rules: OCPI 2.2.1-d2, mod_tariffs (elements, restrictions, min_price, max_price) and mod_cdrs
("Step size"): of the elements with a dimension the first whose restrictions hold counts; step_size
counts once for energy, with the total and the step of the last component used, and once for time,
that of parking where there is any, else that of charging.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from viavolta.protocols.ocpi.slices import Slice, sliced

_SHOWN = Decimal("0.0001")


class Dimension(StrEnum):
    """What a price is for; reservation time is priced by TIME of reservation elements."""

    FLAT = "FLAT"
    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"


_PER_UNIT = {
    Dimension.FLAT: 1,
    Dimension.ENERGY: 1000,
    Dimension.TIME: 3600,
    Dimension.PARKING_TIME: 3600,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of the cost.

    Attributes
    ----------
    amount : Wh, seconds, or 1 for a flat fee; `rounded_up` of it was added by step_size.
    price : per kWh, hour or session, without tax.
    vat : percent, None where the component names none.
    element : index of the tariff's element.
    """

    dimension: Dimension
    is_reservation: bool
    start: dt.datetime
    amount: Decimal
    rounded_up: Decimal
    price: Decimal
    vat: Decimal | None
    step_size: int
    element: int

    @property
    def volume(self) -> Decimal:
        """The amount in kWh, hours, or 1."""
        return self.amount / _PER_UNIT[self.dimension]

    @property
    def excl_vat(self) -> Decimal:
        """Cost without tax."""
        return self.amount * self.price / _PER_UNIT[self.dimension]

    @property
    def incl_vat(self) -> Decimal:
        """Cost with tax."""
        return self.excl_vat * (1 + (self.vat or Decimal(0)) / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """All lines, and the totals after minimum and maximum; `incl_vat` None where no tax is named.

    `limit` is "min_price" or "max_price" where one of them changed a total, else empty.
    """

    lines: tuple[Line, ...]
    excl_vat: Decimal
    incl_vat: Decimal | None
    limit: str

    def of(self, *dimensions: Dimension, is_reservation: bool = False) -> Mapping[str, float]:
        """The price object of some dimensions."""
        chosen = [
            line
            for line in self.lines
            if line.is_reservation == is_reservation and line.dimension in dimensions
        ]
        return price_object(
            sum((line.excl_vat for line in chosen), Decimal(0)),
            None if self.incl_vat is None else sum((line.incl_vat for line in chosen), Decimal(0)),
        )


def price_object(excl_vat: Decimal, incl_vat: Decimal | None) -> dict[str, float]:
    """A Price of the wire: four decimals."""
    shown = {"excl_vat": excl_vat} | ({} if incl_vat is None else {"incl_vat": incl_vat})
    return {k: float(v.quantize(_SHOWN, ROUND_HALF_UP)) for k, v in shown.items()}


def cost_of(tariff: Mapping[str, Any], periods: Sequence[Slice], *, zone: ZoneInfo) -> Cost:
    """What periods cost under a tariff that `objects.findings` has nothing against.

    `zone` is the location's, in which times of day and days are meant.
    """
    elements = tariff["elements"]
    parts = list(sliced(periods, elements, zone=zone))
    lines = [
        *_flat_fees(parts, elements, zone),
        *_stepped(
            [line for part in parts for line in _lines_of(part, elements, zone)],
        ),
    ]
    excl = sum((line.excl_vat for line in lines), Decimal(0))
    is_taxed = any(line.vat is not None for line in lines)
    incl = sum((line.incl_vat for line in lines), Decimal(0)) if is_taxed else None
    return _limited(tariff, tuple(lines), excl, incl)


def _limited(
    tariff: Mapping[str, Any], lines: tuple[Line, ...], excl: Decimal, incl: Decimal | None
) -> Cost:
    found = {"excl_vat": excl, "incl_vat": incl}
    limit = ""
    for name, choose in (("min_price", max), ("max_price", min)):
        for kind, bound in (tariff.get(name) or {}).items():
            now = found.get(kind)
            if now is not None and bound is not None:
                found[kind] = choose(now, _decimal(bound))
                limit = limit if found[kind] == now else name
    return Cost(
        lines=lines,
        excl_vat=found["excl_vat"] or Decimal(0),
        incl_vat=found["incl_vat"],
        limit=limit,
    )


def _flat_fees(
    parts: Iterable[Slice], elements: Sequence[Mapping[str, Any]], zone: ZoneInfo
) -> list[Line]:
    """The fee of the session and that of a reservation: each once, when it first holds."""
    found: dict[bool, Line] = {}
    for part in parts:
        is_reservation = bool(part.reservation)
        if is_reservation in found:
            continue
        line = _line(Dimension.FLAT, part, Decimal(1), elements, zone)
        if line is not None:
            found[is_reservation] = line
    return list(found.values())


def _lines_of(part: Slice, elements: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[Line]:
    time = Dimension.TIME if part.is_charging or part.reservation else Dimension.PARKING_TIME
    amounts = {Dimension.ENERGY: part.energy_kwh * 1000, time: part.seconds}
    found = (
        _line(kind, part, amount, elements, zone) for kind, amount in amounts.items() if amount
    )
    return [line for line in found if line is not None]


def _line(
    dimension: Dimension,
    part: Slice,
    amount: Decimal,
    elements: Sequence[Mapping[str, Any]],
    zone: ZoneInfo,
) -> Line | None:
    """The line of an amount, by the first element that prices it and holds; None without one."""
    for index in part.matching(elements, zone):
        for component in elements[index]["price_components"]:
            if component["type"] == dimension:
                vat = component.get("vat")
                return Line(
                    dimension=dimension,
                    is_reservation=bool(part.reservation),
                    start=part.start,
                    amount=amount,
                    rounded_up=Decimal(0),
                    price=_decimal(component["price"]),
                    vat=None if vat is None else _decimal(vat),
                    step_size=component["step_size"],
                    element=index,
                )
    return None


def _stepped(lines: list[Line]) -> list[Line]:
    """The lines, with the last of each stepped dimension rounded up to its step."""
    last: dict[tuple[Dimension, bool], int] = {}
    for i, line in enumerate(lines):
        last[line.dimension, line.is_reservation] = i
    if (Dimension.PARKING_TIME, False) in last:
        last.pop((Dimension.TIME, False), None)
    for (dimension, is_reservation), i in last.items():
        alike = (
            line.amount
            for line in lines
            if line.dimension is dimension and line.is_reservation == is_reservation
        )
        total, step = sum(alike, Decimal(0)), lines[i].step_size
        if step < 1:
            continue
        more = (total / step).to_integral_value(ROUND_CEILING) * step - total
        lines[i] = replace(lines[i], amount=lines[i].amount + more, rounded_up=more)
    return lines


def _decimal(number: float | int | Decimal) -> Decimal:
    """A number of the wire as it was written."""
    return Decimal(str(number))
