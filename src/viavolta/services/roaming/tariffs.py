"""A tariff of ours in the words of OCPI 2.2.1 (mod_tariffs).

Our prices hold value added tax, those of OCPI do not, and our minutes count whether the vehicle
charges or not, which are two dimensions there. What OCPI has no words for (boost, rewards, minutes
that pass before blocking costs) is said in the text beside the tariff; the CDR always holds what
is charged. Numbers have four decimals, as OCPI asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from viavolta.services.billing.tariff import DAY_MIN, Component, Per, Tariff

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_PLACES = Decimal("0.0001")
_MIN_PER_H = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """Elements of a tariff; `unsaid` is what they leave out, in words for people (English)."""

    elements: list[dict[str, Any]]
    unsaid: list[str]


FREE = Elements(
    elements=[{"price_components": [{"type": "FLAT", "price": 0.0, "vat": 0.0, "step_size": 1}]}],
    unsaid=[],
)
"""Charging that is given away, as the specification writes it."""


def elements_of(tariff: Tariff) -> Elements:
    """The elements that say what a tariff does; those of a tariff without a price say: free."""
    if not any(component.eur for component in tariff.components):
        return FREE
    parts = [
        *_priced(tariff, Per.SESSION, "FLAT"),
        *_priced(tariff, Per.KWH, "ENERGY"),
        *_priced(tariff, Per.MINUTE, "TIME"),
        *_parking(tariff),
    ]
    return Elements(elements=parts or FREE.elements, unsaid=list(_unsaid(tariff)))


def excl_vat(eur: Decimal, vat_share: Decimal) -> Decimal:
    """A price without the tax that it holds."""
    return (eur / (1 + vat_share)).quantize(_PLACES, rounding=ROUND_HALF_UP)


def _priced(tariff: Tariff, per: Per, dimension: str) -> Iterator[dict[str, Any]]:
    """An element for each price of a kind, in the order in which they count."""
    for component in tariff.of(per):
        yield _element(tariff, dimension, component.eur, component)


def _parking(tariff: Tariff) -> Iterator[dict[str, Any]]:
    """Minutes at the plug without charging: those of the session, and those for blocking."""
    minutes, idle = tariff.of(Per.MINUTE), tariff.of(Per.IDLE_MINUTE)
    steady = minutes[0] if len(minutes) == 1 and minutes[0].is_always else None
    if steady is not None and idle:
        for component in idle:
            yield _element(tariff, "PARKING_TIME", component.eur + steady.eur, component)
        yield _element(tariff, "PARKING_TIME", steady.eur, steady)
        return
    for component in idle or minutes:
        yield _element(tariff, "PARKING_TIME", component.eur, component)


def _element(tariff: Tariff, dimension: str, eur: Decimal, holds: Component) -> dict[str, Any]:
    hourly = dimension in {"TIME", "PARKING_TIME"}
    price = excl_vat(eur * _MIN_PER_H if hourly else eur, tariff.vat_share)
    element: dict[str, Any] = {
        "price_components": [
            {
                "type": dimension,
                "price": float(price),
                "vat": float(tariff.vat_share * 100),
                "step_size": 1,
            }
        ]
    }
    restrictions = _restrictions(holds)
    return element | ({"restrictions": restrictions} if restrictions else {})


def _restrictions(component: Component) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (component.until_min - component.from_min) % DAY_MIN:
        found["start_time"] = _clock(component.from_min)
        found["end_time"] = _clock(component.until_min % DAY_MIN)
    if component.weekdays:
        found["day_of_week"] = [_DAYS[day] for day in sorted(component.weekdays)]
    return found


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _unsaid(tariff: Tariff) -> Iterator[str]:
    idle, minutes = tariff.of(Per.IDLE_MINUTE), tariff.of(Per.MINUTE)
    if idle and tariff.idle_after_min:
        yield f"Blocking costs from {tariff.idle_after_min} minutes after the vehicle is full."
    if idle and minutes and not (len(minutes) == 1 and minutes[0].is_always):
        yield "Beside the fee for blocking, minutes cost as while charging."
    for boost in tariff.of(Per.BOOST):
        yield f"Full power before others, if the driver asks for it: {boost.eur} EUR once."
    reward = tariff.reward
    if reward.eur_per_discharged_kwh or reward.eur_per_plugged_hour:
        yield "Rewards for giving energy back are settled with the driver, not in the CDR."
