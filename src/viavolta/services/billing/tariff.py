"""Tariffs: what a driver pays for, in the order in which the law wants it shown.

Prices hold what a driver pays, value added tax included, as consumers must be told them (Directive
98/6/EC). Regulation (EU) 2023/1804 (AFIR), Article 5(4): components are shown as price per kWh, per
minute, per session, then any other; at 50 kW and more an ad-hoc price is per kWh, beside which only
a fee per minute against blocking the point is allowed.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

DAY_MIN = 24 * 60
FAST_KW = 50.0
"""From this power on AFIR allows only a price per kWh and a fee against blocking."""


class Per(StrEnum):
    """What a price is for, in the order of AFIR, Article 5(4)."""

    KWH = "kwh"
    MINUTE = "minute"
    SESSION = "session"
    IDLE_MINUTE = "idle-minute"
    """Per minute at the plug after the vehicle was full."""
    BOOST = "boost"
    """Once, when the driver asks for full power before others."""


class Earned(StrEnum):
    """What a reward is for."""

    DISCHARGED_KWH = "discharged-kwh"
    PLUGGED_HOUR = "plugged-hour"
    FLEXIBLE_HOUR = "flexible-hour"
    CUT = "cut"
    """What is above the most of a session: less than 0."""


ORDER = tuple(Per)
TIMED = (Per.KWH, Per.MINUTE, Per.IDLE_MINUTE)
"""Prices that may differ by the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One price.

    Attributes
    ----------
    eur : per unit, value added tax included.
    from_min, until_min : minutes of the local day in which it holds; until may be smaller: then
        over midnight.
    weekdays : 0 is Monday; empty: every day. Of a time over midnight the day on which it is.
    """

    per: Per
    eur: Decimal
    from_min: int = 0
    until_min: int = DAY_MIN
    weekdays: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not (self.eur.is_finite() and self.eur >= 0):
            msg = "a price is 0 or more"
            raise ValueError(msg)
        if not (0 <= self.from_min < DAY_MIN and 0 < self.until_min <= DAY_MIN):
            msg = "minutes of a day"
            raise ValueError(msg)
        if not set(self.weekdays) <= set(range(7)):
            msg = "weekdays are 0 to 6"
            raise ValueError(msg)
        if self.per not in TIMED and not self.is_always:
            msg = f"a price per {self.per} holds at all hours"
            raise ValueError(msg)

    @property
    def is_always(self) -> bool:
        """Whether it holds at every hour of every day."""
        return not self.weekdays and (self.until_min - self.from_min) % DAY_MIN == 0

    def holds_at(self, local: dt.datetime) -> bool:
        """Whether it holds at a local time."""
        if self.weekdays and local.weekday() not in self.weekdays:
            return False
        minute = local.hour * 60 + local.minute
        if self.from_min < self.until_min:
            return self.from_min <= minute < self.until_min
        return minute >= self.from_min or minute < self.until_min


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What an operator gives a driver for a session, at most `most_eur`.

    Per kWh given back, per hour plugged in, and per hour plugged in while the driver leaves the
    power to the plan (`services.billing.flexible`).
    """

    eur_per_discharged_kwh: Decimal = Decimal(0)
    eur_per_plugged_hour: Decimal = Decimal(0)
    eur_per_flexible_hour: Decimal = Decimal(0)
    most_eur: Decimal | None = None

    def __post_init__(self) -> None:
        if not all(eur.is_finite() and eur >= 0 for eur in (*self.rates.values(), self.most)):
            msg = "a reward is 0 or more"
            raise ValueError(msg)

    @property
    def rates(self) -> dict["Earned", Decimal]:
        """What each unit brings (EUR)."""
        return {
            Earned.DISCHARGED_KWH: self.eur_per_discharged_kwh,
            Earned.PLUGGED_HOUR: self.eur_per_plugged_hour,
            Earned.FLEXIBLE_HOUR: self.eur_per_flexible_hour,
        }

    @property
    def most(self) -> Decimal:
        """The most of a session (EUR); 0 where nothing is given."""
        return Decimal(0) if self.most_eur is None else self.most_eur


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """All prices of a station. Of the components for the same thing the first that holds counts.

    Attributes
    ----------
    zone : name of the time zone in which hours are meant.
    vat_share : of the price without tax, such as 0.2.
    idle_after_min : minutes after the vehicle was full until blocking costs.
    """

    zone: str
    components: tuple[Component, ...]
    vat_share: Decimal = Decimal(0)
    idle_after_min: int = 0
    reward: Reward = Reward()

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        if not 0 <= self.vat_share <= 1 or self.idle_after_min < 0:
            msg = "vat_share is a share, idle_after_min 0 or more"
            raise ValueError(msg)

    def shown(self) -> list[Component]:
        """The components in the order in which they must be shown."""
        return sorted(self.components, key=lambda c: ORDER.index(c.per))

    def of(self, per: Per) -> list[Component]:
        """The components for one thing, in the order in which they count."""
        return [c for c in self.components if c.per is per]


class AdHocFault(StrEnum):
    """Why a tariff may not be asked of somebody without a contract."""

    NO_PRICE_PER_KWH = "no-price-per-kwh"
    NOT_PER_KWH_ALONE = "not-per-kwh-alone"


def ad_hoc_faults(tariff: Tariff, *, max_kw: float) -> list[AdHocFault]:
    """What speaks against a tariff at a public charging point of this power (AFIR, Art. 5(4))."""
    if max_kw < FAST_KW or not tariff.components:
        return []
    asked = {c.per for c in tariff.components if c.eur > 0}
    faults = []
    if asked and Per.KWH not in asked:
        faults.append(AdHocFault.NO_PRICE_PER_KWH)
    if asked & {Per.MINUTE, Per.SESSION}:
        faults.append(AdHocFault.NOT_PER_KWH_ALONE)
    return faults


def tariff_of(content: Mapping[str, Any]) -> Tariff:
    """A tariff from its JSON, as `content_of` writes it.

    Raises
    ------
    ValueError: it is not one.
    """
    try:
        return Tariff(
            zone=content["zone"],
            vat_share=Decimal(content["vat_share"]),
            idle_after_min=content["idle_after_min"],
            components=tuple(
                Component(
                    per=Per(c["per"]),
                    eur=Decimal(c["eur"]),
                    from_min=c["from_min"],
                    until_min=c["until_min"],
                    weekdays=tuple(c["weekdays"]),
                )
                for c in content["components"]
            ),
            reward=Reward(
                eur_per_discharged_kwh=Decimal(content["reward"]["eur_per_discharged_kwh"]),
                eur_per_plugged_hour=Decimal(content["reward"]["eur_per_plugged_hour"]),
                eur_per_flexible_hour=Decimal(content["reward"].get("eur_per_flexible_hour", 0)),
                most_eur=None if (most := content["reward"]["most_eur"]) is None else Decimal(most),
            ),
        )
    except (KeyError, TypeError, ArithmeticError) as error:
        msg = "this is no tariff"
        raise ValueError(msg) from error


def content_of(tariff: Tariff) -> dict[str, Any]:
    """A tariff as JSON: amounts as texts, so that no digit is lost."""
    reward = tariff.reward
    return {
        "zone": tariff.zone,
        "vat_share": str(tariff.vat_share),
        "idle_after_min": tariff.idle_after_min,
        "components": [
            {
                "per": c.per.value,
                "eur": str(c.eur),
                "from_min": c.from_min,
                "until_min": c.until_min,
                "weekdays": list(c.weekdays),
            }
            for c in tariff.components
        ],
        "reward": {
            "eur_per_discharged_kwh": str(reward.eur_per_discharged_kwh),
            "eur_per_plugged_hour": str(reward.eur_per_plugged_hour),
            "eur_per_flexible_hour": str(reward.eur_per_flexible_hour),
            "most_eur": None if reward.most_eur is None else str(reward.most_eur),
        },
    }


def local_edges(
    components: Sequence[Component], zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[dt.datetime]:
    """The moments within `(start, end)` at which another price may begin to hold, UTC, in order.

    A local time that comes twice, when clocks go back, is an edge both times.
    """
    minutes = frozenset({0, *(m % DAY_MIN for c in components for m in (c.from_min, c.until_min))})
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found: set[dt.datetime] = set()
    while day <= last:
        found.update(_edges_of_day(day, minutes, zone))
        day += dt.timedelta(days=1)
    return sorted(moment for moment in found if start < moment < end)


@lru_cache(maxsize=4096)
def _edges_of_day(day: dt.date, minutes: frozenset[int], zone: ZoneInfo) -> tuple[dt.datetime, ...]:
    walls = [dt.time(minute // 60, minute % 60) for minute in minutes]
    return tuple(
        dt.datetime.combine(day, wall.replace(fold=fold), tzinfo=zone).astimezone(dt.UTC)
        for wall in walls
        for fold in (0, 1)
    )
