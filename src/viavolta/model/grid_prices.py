"""What a grid can be strengthened with, and what that costs."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from viavolta.model.arrays import require


class Level(StrEnum):
    """Levels of a distribution grid that cables and transformers are made for."""

    LV = "lv"
    MV = "mv"
    MV_LV = "mv_lv"
    HV_MV = "hv_mv"


class Region(StrEnum):
    """Where a trench is dug: what lies above a cable is most of its price."""

    RURAL = "rural"
    URBAN = "urban"


MAX_LV_KV = 1.0
"""Nominal voltage up to which a node is at low voltage (IEC 60038)."""
MAX_MV_KV = 60.0
"""Nominal voltage up to which a node is at medium voltage."""


def level_of(nominal_kv: float) -> Level | None:
    """Level of the cables at a nominal voltage; None above medium voltage."""
    if nominal_kv <= MAX_LV_KV:
        return Level.LV
    return Level.MV if nominal_kv <= MAX_MV_KV else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CableType:
    """A cable that may be laid. Zero sequence: NaN where not known.

    Attributes
    ----------
    eur_per_km : the cable itself, laid into an open trench.
    """

    type_id: str
    level: Level
    r_ohm_per_km: float
    x_ohm_per_km: float
    c_nf_per_km: float
    r0_ohm_per_km: float
    x0_ohm_per_km: float
    max_a: float
    eur_per_km: float

    def __post_init__(self) -> None:
        require(self.level in {Level.LV, Level.MV}, "a cable is for LV or MV")
        require(self.r_ohm_per_km > 0 and self.x_ohm_per_km >= 0, "r_ohm_per_km > 0")
        require(self.max_a > 0 and self.eur_per_km >= 0, "max_a > 0, eur_per_km >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerType:
    """A transformer that may be set up; rated voltages follow from the grid it is put into."""

    type_id: str
    level: Level
    sn_kva: float
    uk_percent: float
    pk_kw: float
    p0_kw: float
    i0_percent: float
    tap_step_percent: float
    tap_min: int
    tap_max: int
    vector_group: str
    price_eur: float

    def __post_init__(self) -> None:
        require(self.level in {Level.MV_LV, Level.HV_MV}, "a transformer is for MV/LV or HV/MV")
        require(self.sn_kva > 0 and self.uk_percent > 0, "sn_kva > 0, uk_percent > 0")
        require(self.price_eur >= 0, "price_eur >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPrices:
    """Price list of the works on a grid, all prices of one year and kind of region.

    Attributes
    ----------
    trench_lv_eur_per_km, trench_mv_eur_per_km : earthworks; cables of one measure share a trench.
    outlet_lv_eur, outlet_mv_eur : each new feeder at its busbar.
    regulated_extra_eur : what a regulated MV/LV transformer costs above a plain one.
    place_mv_lv_eur, place_hv_mv_eur : place and switchgear of each further transformer.
    interest_share : per year; discounts the measures of later years.
    source : where the list is from, in words for a report.
    """

    region: Region
    cables: tuple[CableType, ...]
    transformers: tuple[TransformerType, ...]
    trench_lv_eur_per_km: float
    trench_mv_eur_per_km: float
    outlet_lv_eur: float
    outlet_mv_eur: float
    regulated_extra_eur: float
    place_mv_lv_eur: float
    place_hv_mv_eur: float
    interest_share: float
    source: str

    def __post_init__(self) -> None:
        for field in PRICE_ITEMS:
            require(getattr(self, field) >= 0, f"{field} >= 0")
        require(self.interest_share > -1, "interest_share > -1")
        ids = [*(one.type_id for one in self.cables), *(one.type_id for one in self.transformers)]
        require(len(set(ids)) == len(ids), "type_id is not unique")

    def trench_eur_per_km(self, level: Level) -> float:
        """Earthworks at the level of a cable."""
        return self.trench_lv_eur_per_km if level is Level.LV else self.trench_mv_eur_per_km

    def outlet_eur(self, level: Level) -> float:
        """Outlet of a new feeder at its level."""
        return self.outlet_lv_eur if level is Level.LV else self.outlet_mv_eur

    def place_eur(self, level: Level) -> float:
        """Place of a further transformer at its level."""
        return self.place_mv_lv_eur if level is Level.MV_LV else self.place_hv_mv_eur

    def price_of(self, item: str) -> float:
        """Price of an item: a field of PRICE_ITEMS or a type; KeyError where there is none."""
        if item in PRICE_ITEMS:
            return float(getattr(self, item))
        for cable in self.cables:
            if cable.type_id == item:
                return cable.eur_per_km
        for transformer in self.transformers:
            if transformer.type_id == item:
                return transformer.price_eur
        raise KeyError(item)

    def with_prices(self, prices: dict[str, float], *, source: str) -> "GridPrices":
        """The list with other prices for some items; KeyError for an item that is not in it."""
        for item in prices:
            self.price_of(item)
        changed: dict[str, Any] = {item: prices[item] for item in PRICE_ITEMS if item in prices}
        return replace(
            self,
            cables=tuple(
                replace(one, eur_per_km=prices.get(one.type_id, one.eur_per_km))
                for one in self.cables
            ),
            transformers=tuple(
                replace(one, price_eur=prices.get(one.type_id, one.price_eur))
                for one in self.transformers
            ),
            source=source,
            **changed,
        )

    @property
    def items(self) -> tuple[str, ...]:
        """Every item that has a price."""
        return (
            *PRICE_ITEMS,
            *(one.type_id for one in self.cables),
            *(one.type_id for one in self.transformers),
        )


PRICE_ITEMS = (
    "trench_lv_eur_per_km",
    "trench_mv_eur_per_km",
    "outlet_lv_eur",
    "outlet_mv_eur",
    "regulated_extra_eur",
    "place_mv_lv_eur",
    "place_hv_mv_eur",
)
"""Fields of a price list that are prices, beside those of the types."""
