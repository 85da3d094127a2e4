"""Standard types for strengthening grids (grid_equipment.csv), priced by grid_costs.csv."""

from viavolta.catalogue.assumptions import Assumptions
from viavolta.model.grid_prices import (
    PRICE_ITEMS,
    CableType,
    GridPrices,
    Level,
    Region,
    TransformerType,
)
from viavolta.model.messages import text

SUBJECTS = ("grid_costs", "grid_equipment")
"""What the assumptions of a price list must hold."""
_COSTS, _TYPES = SUBJECTS


def grid_prices(region: Region, assumptions: Assumptions) -> GridPrices:
    """The catalogue's price list for a kind of region, at prices of today.

    Every price of 2012 is multiplied by `grid_costs.index_since_2012_share`. `assumptions` holds
    the SUBJECTS; what is read of them counts as used.
    """
    index = assumptions.number(f"{_COSTS}.index_since_2012_share")

    def today(key: str) -> float:
        return index * assumptions.number(f"{_COSTS}.{key}")

    prices = {item: today(_key(item, region)) for item in PRICE_ITEMS}
    types = [_Type(type_id, assumptions) for type_id in _type_ids(assumptions)]
    return GridPrices(
        region=region,
        cables=tuple(
            _cable(one, eur_per_km=today(f"type.{one.type_id}_eur_per_km"))
            for one in types
            if one.word("kind") == "cable"
        ),
        transformers=tuple(
            _transformer(one, price_eur=today(f"type.{one.type_id}_eur"))
            for one in types
            if one.word("kind") == "transformer"
        ),
        interest_share=assumptions.number(f"{_COSTS}.interest_share"),
        source=text("catalogue of viavolta, prices of the German distribution studies"),
        **prices,
    )


def region_of(people_per_km2: float, assumptions: Assumptions) -> Region:
    """Kind of region by density of population, by the rule of dena-Verteilnetzstudie 2012."""
    limit = assumptions.number(f"{_COSTS}.rural_max_people_per_km2")
    return Region.RURAL if people_per_km2 <= limit else Region.URBAN


class _Type:
    """The figures of one type."""

    def __init__(self, type_id: str, assumptions: Assumptions) -> None:
        self.type_id = type_id
        self._assumptions = assumptions
        self._keys = set(assumptions.keys())

    def number(self, field: str) -> float:
        """A figure; NaN where the type has none."""
        key = f"{_TYPES}.{self.type_id}.{field}"
        return self._assumptions.number(key) if key in self._keys else float("nan")

    def word(self, field: str) -> str:
        """A name."""
        return self._assumptions.word(f"{_TYPES}.{self.type_id}.{field}")


def _type_ids(assumptions: Assumptions) -> list[str]:
    ending = ".kind"
    return [
        key.removeprefix(f"{_TYPES}.").removesuffix(ending)
        for key in assumptions.keys()  # noqa: SIM118 - the keys of no dict
        if key.startswith(f"{_TYPES}.") and key.endswith(ending)
    ]


def _key(item: str, region: Region) -> str:
    return item.replace("_eur", f"_{region}_eur") if item.startswith("trench") else item


def _cable(one: _Type, *, eur_per_km: float) -> CableType:
    return CableType(
        type_id=one.type_id,
        level=Level(one.word("level")),
        r_ohm_per_km=one.number("r_ohm_per_km"),
        x_ohm_per_km=one.number("x_ohm_per_km"),
        c_nf_per_km=one.number("c_nf_per_km"),
        r0_ohm_per_km=one.number("r0_ohm_per_km"),
        x0_ohm_per_km=one.number("x0_ohm_per_km"),
        max_a=one.number("max_a"),
        eur_per_km=eur_per_km,
    )


def _transformer(one: _Type, *, price_eur: float) -> TransformerType:
    return TransformerType(
        type_id=one.type_id,
        level=Level(one.word("level")),
        sn_kva=one.number("sn_kva"),
        uk_percent=one.number("uk_percent"),
        pk_kw=one.number("pk_kw"),
        p0_kw=one.number("p0_kw"),
        i0_percent=one.number("i0_percent"),
        tap_step_percent=one.number("tap_step_percent"),
        tap_min=int(one.number("tap_min")),
        tap_max=int(one.number("tap_max")),
        vector_group=one.word("vector_group"),
        price_eur=price_eur,
    )
