"""How well a value that is offered meets a value that is wanted: 1 fully, 0 not at all.

Rules of thumb of the trade, in one place: what is kin (a minibus to a bus), what has an order (a
solution proven in the mountains will do in the hills), and what is a ceiling or a floor (budget,
maturity).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType

from viavolta.model.facets import (
    FACET_VALUES,
    Climate,
    Facet,
    Site,
    Standard,
    Terrain,
    Vehicle,
)

KIN_SHARE = 0.5
"""Kin or neighbours meet half of what is wanted."""
ONE_OFF_SHARE = 0.3
"""One band over the budget, or one step short of the maturity that is asked for."""

_KIN: dict[Facet, tuple[frozenset[StrEnum], ...]] = {
    Facet.VEHICLE: (
        frozenset({Vehicle.BUS, Vehicle.MINIBUS}),
        frozenset({Vehicle.BUS, Vehicle.COACH}),
        frozenset({Vehicle.BUS, Vehicle.TROLLEYBUS}),
        frozenset({Vehicle.CAR, Vehicle.TAXI}),
        frozenset({Vehicle.CAR, Vehicle.VAN}),
        frozenset({Vehicle.VAN, Vehicle.TRUCK}),
        frozenset({Vehicle.TRUCK, Vehicle.REFUSE_TRUCK}),
        frozenset({Vehicle.REFUSE_TRUCK, Vehicle.SWEEPER}),
        frozenset({Vehicle.BICYCLE, Vehicle.CARGO_BIKE}),
        frozenset({Vehicle.BICYCLE, Vehicle.SCOOTER}),
        frozenset({Vehicle.SCOOTER, Vehicle.MOPED}),
    ),
    Facet.SITE: (
        frozenset({Site.TERMINAL, Site.STOP}),
        frozenset({Site.STREET, Site.CAR_PARK}),
        frozenset({Site.CAR_PARK, Site.PARK_AND_RIDE}),
        frozenset({Site.CAR_PARK, Site.WORKPLACE}),
        frozenset({Site.CAR_PARK, Site.SHOP}),
        frozenset({Site.CAR_PARK, Site.HOTEL}),
        frozenset({Site.PARK_AND_RIDE, Site.RAIL_STATION}),
        frozenset({Site.RAIL_STATION, Site.MOBILITY_HUB}),
        frozenset({Site.DEPOT, Site.LOGISTICS_CENTRE}),
        frozenset({Site.DEPOT, Site.WORKPLACE}),
        frozenset({Site.LOGISTICS_CENTRE, Site.MICRO_HUB}),
    ),
    Facet.STANDARD: (
        *map(
            frozenset, combinations((Standard.OCPP_1_6, Standard.OCPP_2_0_1, Standard.OCPP_2_1), 2)
        ),
        frozenset({Standard.ISO_15118_2, Standard.ISO_15118_20}),
    ),
}


def met_share(facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    """Share of a wanted value that an offered value of the same facet meets, 0..1.

    Examples
    --------
    >>> met_share(Facet.VEHICLE, Vehicle.BUS, Vehicle.MINIBUS)
    0.5
    >>> met_share(Facet.TERRAIN, Terrain.HILLY, Terrain.MOUNTAIN)
    1.0
    """
    if wanted is offered:
        return 1.0
    return _RULES.get(facet, _kin)(facet, wanted, offered)


def _kin(facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    return KIN_SHARE if frozenset({wanted, offered}) in _KIN.get(facet, ()) else 0.0


def _neighbour(facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    return KIN_SHARE if abs(_step(facet, wanted, offered)) == 1 else 0.0


def _ceiling(facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    return _floor(facet, offered, wanted)


def _floor(facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    step = _step(facet, wanted, offered)
    return 1.0 if step >= 0 else ONE_OFF_SHARE if step == -1 else 0.0


def _terrain(facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    """Harder land covers easier land; an island is a matter of its own."""
    if Terrain.ISLAND in {wanted, offered}:
        return 0.0
    step = _step(facet, wanted, offered)
    return 1.0 if step > 0 else KIN_SHARE if step == -1 else 0.0


def _climate(_facet: Facet, wanted: StrEnum, offered: StrEnum) -> float:
    """What bears cold winters or hot summers bears a moderate climate; the two do not swap."""
    if wanted is Climate.MODERATE:
        return 1.0
    return ONE_OFF_SHARE if offered is Climate.MODERATE else 0.0


def _step(facet: Facet, wanted: StrEnum, offered: StrEnum) -> int:
    order = list(FACET_VALUES[facet])
    return order.index(offered) - order.index(wanted)


_RULES: Mapping[Facet, Callable[[Facet, StrEnum, StrEnum], float]] = MappingProxyType(
    {
        Facet.POWER: _neighbour,
        Facet.VOLTAGE_LEVEL: _neighbour,
        Facet.POPULATION: _neighbour,
        Facet.BUDGET: _ceiling,
        Facet.MATURITY: _floor,
        Facet.TERRAIN: _terrain,
        Facet.CLIMATE: _climate,
    }
)
