"""What needs and solutions say of themselves in fixed words, and when the words of two agree.

A value's code (`cargo-bike`) is what is stored and what stands in an address; its name in six
languages is in `catalogue/words/glossary.csv` under `<facet>.<code>`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType


class Segment(StrEnum):
    """The five market segments of EV4SCC."""

    FLEETS = "fleets"
    LOGISTICS = "logistics"
    PUBLIC_TRANSPORT = "public-transport"
    INFRASTRUCTURE = "infrastructure"
    MULTIMODAL = "multimodal"


class Vehicle(StrEnum):
    """What is driven or charged."""

    BUS = "bus"
    MINIBUS = "minibus"
    COACH = "coach"
    TROLLEYBUS = "trolleybus"
    CAR = "car"
    TAXI = "taxi"
    VAN = "van"
    TRUCK = "truck"
    REFUSE_TRUCK = "refuse-truck"
    SWEEPER = "sweeper"
    CARGO_BIKE = "cargo-bike"
    BICYCLE = "bicycle"
    SCOOTER = "scooter"
    MOPED = "moped"
    FERRY = "ferry"


class Site(StrEnum):
    """Where vehicles stand and charge."""

    DEPOT = "depot"
    TERMINAL = "terminal"
    STOP = "stop"
    STREET = "street"
    CAR_PARK = "car-park"
    PARK_AND_RIDE = "park-and-ride"
    RAIL_STATION = "rail-station"
    MOBILITY_HUB = "mobility-hub"
    WORKPLACE = "workplace"
    APARTMENT_BUILDING = "apartment-building"
    SHOP = "shop"
    HOTEL = "hotel"
    LOGISTICS_CENTRE = "logistics-centre"
    MICRO_HUB = "micro-hub"
    MOTORWAY = "motorway"
    PORT = "port"


class Power(StrEnum):
    """Power of one charging point."""

    UP_TO_7_KW = "up-to-7-kw"
    UP_TO_22_KW = "up-to-22-kw"
    UP_TO_50_KW = "up-to-50-kw"
    UP_TO_150_KW = "up-to-150-kw"
    UP_TO_400_KW = "up-to-400-kw"
    OVER_400_KW = "over-400-kw"


class VoltageLevel(StrEnum):
    """Where the site meets the grid: up to 1 kV, up to 60 kV, above."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Standard(StrEnum):
    """What a product speaks, or must speak."""

    OCPP_1_6 = "ocpp-1.6"
    OCPP_2_0_1 = "ocpp-2.0.1"
    OCPP_2_1 = "ocpp-2.1"
    OCPI = "ocpi"
    OICP = "oicp"
    ISO_15118_2 = "iso-15118-2"
    ISO_15118_20 = "iso-15118-20"
    IEC_61851 = "iec-61851"
    CCS = "ccs"
    TYPE_2 = "type-2"
    CHADEMO = "chademo"
    MCS = "mcs"
    OPPCHARGE = "oppcharge"
    OPENADR = "openadr"
    EEBUS = "eebus"
    IEC_61850 = "iec-61850"
    IEC_60870_5_104 = "iec-60870-5-104"
    MODBUS = "modbus"
    VDV_463 = "vdv-463"
    VDV_452 = "vdv-452"
    ITXPT = "itxpt"
    GTFS = "gtfs"
    NETEX = "netex"
    SIRI = "siri"
    GBFS = "gbfs"
    MDS = "mds"
    TOMP = "tomp"


class Budget(StrEnum):
    """What may be spent, or what it costs, in EUR."""

    UP_TO_50K = "up-to-50k"
    UP_TO_250K = "up-to-250k"
    UP_TO_1M = "up-to-1m"
    UP_TO_5M = "up-to-5m"
    OVER_5M = "over-5m"


class Climate(StrEnum):
    """Weather a solution was proven in, or must bear."""

    COLD_WINTERS = "cold-winters"
    MODERATE = "moderate"
    HOT_SUMMERS = "hot-summers"


class Terrain(StrEnum):
    """Lie of the land a solution was proven on, or must bear."""

    FLAT = "flat"
    HILLY = "hilly"
    MOUNTAIN = "mountain"
    ISLAND = "island"


class Population(StrEnum):
    """Inhabitants of the town or city; of the ones a solution was proven in."""

    UNDER_10K = "under-10k"
    UNDER_50K = "under-50k"
    UNDER_100K = "under-100k"
    UNDER_250K = "under-250k"
    UNDER_500K = "under-500k"
    FROM_500K = "from-500k"


class Maturity(StrEnum):
    """How far a solution is; for a need, the least that will do."""

    IDEA = "idea"
    PILOT = "pilot"
    PROVEN = "proven"
    MARKET = "market"


class Facet(StrEnum):
    """The facets; each is a field of `Facets`."""

    SEGMENT = "segment"
    VEHICLE = "vehicle"
    SITE = "site"
    POWER = "power"
    VOLTAGE_LEVEL = "voltage_level"
    STANDARD = "standard"
    BUDGET = "budget"
    CLIMATE = "climate"
    TERRAIN = "terrain"
    POPULATION = "population"
    MATURITY = "maturity"


FACET_VALUES: Mapping[Facet, type[StrEnum]] = MappingProxyType(
    {
        Facet.SEGMENT: Segment,
        Facet.VEHICLE: Vehicle,
        Facet.SITE: Site,
        Facet.POWER: Power,
        Facet.VOLTAGE_LEVEL: VoltageLevel,
        Facet.STANDARD: Standard,
        Facet.BUDGET: Budget,
        Facet.CLIMATE: Climate,
        Facet.TERRAIN: Terrain,
        Facet.POPULATION: Population,
        Facet.MATURITY: Maturity,
    }
)
"""The closed choice of each facet, in the order in which it is shown."""

ONE_VALUE_OF_A_NEED = frozenset({Facet.BUDGET, Facet.POPULATION, Facet.MATURITY})
"""Facets of which a need says one value at most; a solution may say several of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What one need or solution says; an empty set says nothing of that facet."""

    segment: frozenset[Segment] = frozenset()
    vehicle: frozenset[Vehicle] = frozenset()
    site: frozenset[Site] = frozenset()
    power: frozenset[Power] = frozenset()
    voltage_level: frozenset[VoltageLevel] = frozenset()
    standard: frozenset[Standard] = frozenset()
    budget: frozenset[Budget] = frozenset()
    climate: frozenset[Climate] = frozenset()
    terrain: frozenset[Terrain] = frozenset()
    population: frozenset[Population] = frozenset()
    maturity: frozenset[Maturity] = frozenset()

    def __post_init__(self) -> None:
        for field in fields(self):
            allowed = FACET_VALUES[Facet(field.name)]
            strays = [
                value for value in getattr(self, field.name) if not isinstance(value, allowed)
            ]
            if strays:
                msg = f"{field.name} knows no {strays[0]!r}"
                raise ValueError(msg)

    def of(self, facet: Facet) -> frozenset[StrEnum]:
        """The values said of one facet."""
        values: frozenset[StrEnum] = getattr(self, facet)
        return values

    @staticmethod
    def from_codes(codes: Mapping[str, list[str]]) -> "Facets":
        """Facets from stored codes, as `{"vehicle": ["bus", "minibus"]}`.

        Raises
        ------
        ValueError: a facet or a code that does not exist.
        """
        chosen: dict[str, frozenset[StrEnum]] = {
            facet: frozenset(map(FACET_VALUES[Facet(facet)], values))
            for facet, values in codes.items()
        }
        return Facets(**chosen)  # type: ignore[arg-type]  # checked in __post_init__

    def as_codes(self) -> dict[str, list[str]]:
        """What `from_codes` reads: only facets that say something, values in their own order."""
        return {
            facet.value: [value.value for value in FACET_VALUES[facet] if value in self.of(facet)]
            for facet in Facet
            if self.of(facet)
        }
